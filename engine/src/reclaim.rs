//! Reclaim: log and page segments that no kept checkpoint needs are removed, and mostly dead ones are marked to be
//! emptied.
//!
//! Liveness is computed, not tracked: the inner pages of the kept roots are walked and the bytes reachable in each segment
//! summed up; leaves are not read. Nothing on disk records it, so nothing about it can be wrong after a restore or a
//! crash.
//!
//! What may be removed, after the newest checkpoint record is durable:
//! - a page segment in which neither a kept root nor the newest version reaches a page, unless pages are being appended to
//!   it or a transaction that has not ended spilled into it; a root from which a past version was reached is kept for as long
//!   as that is held;
//! - a log segment wholly before the replay position of the oldest kept checkpoint, unless history reaches further back
//!   than that checkpoint.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::checkpoint_list;
use crate::error::Result;
use crate::format::checkpoint::CheckpointRecord;
use crate::ids::{PageAddr, SegmentId};
use crate::options::Retention;
use crate::page::segments::SegmentSet;
use crate::shared::{Checkpoints, Shared};
use crate::tree::MarkedPages;
use crate::version::{LogEnd, Version};

/// Whether liveness is computed in any case, or only when enough was written since it was last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    WhenDue,
    Now,
}

/// Size on disk is let grow by this much beyond what its share of dead bytes allows, so that tiny databases are not
/// rewritten all the time.
const SLACK_BYTES: u64 = 256 << 10;

/// Liveness is computed again after this part of all page bytes was written anew.
const MARK_EVERY: u64 = 32;

/// Removes what nothing needs, and chooses the segments that the next checkpoint empties.
pub(crate) fn run(shared: &Shared, checkpoints: &mut Checkpoints, effort: Effort) -> Result<()> {
    if shared.swap_is_pending() {
        return Ok(());
    }
    remove_log(shared, checkpoints)?;
    shared.pages.sweep()?;
    let total = shared.pages.segments().total_bytes();
    let written = total.saturating_sub(checkpoints.marked_page_bytes);
    if effort == Effort::WhenDue && written < SLACK_BYTES.max(total / MARK_EVERY) {
        return Ok(());
    }
    // Before it is looked at what is reachable: what is written later is not among them.
    let settled = settled(shared);
    let roots: Vec<_> = checkpoints.list.kept().cloned().collect();
    let pages = shared.pages.segments();
    let mut seen = MarkedPages::default();
    let (stay, goes) = without_the_one_that_goes(roots.clone());
    let mut lasting = mark(&stay, &pages, &mut seen)?;
    lasting.add_version(&shared.versions.current(), &mut seen)?;
    let mut liveness = lasting.clone();
    if let Some(root) = goes {
        liveness.add(&root, &pages, Pinned::No, &mut seen)?;
    }
    if shared.options.retention != Retention::Needed {
        let live_page_bytes = live(&roots, &pages)?;
        shared.reach().live_page_bytes = live_page_bytes;
    }
    drop(pages);
    let (dead, used): (Vec<_>, Vec<_>) = settled.into_iter().partition(|(id, _)| liveness.of(*id) == 0);
    remove_pages(shared, &dead)?;
    checkpoints.victims = choose_victims(shared, &used, &lasting);
    checkpoints.marked_page_bytes = shared.pages.segments().total_bytes();
    Ok(())
}

fn remove_log(shared: &Shared, checkpoints: &Checkpoints) -> Result<()> {
    let whole_history = checkpoints.list.newest().is_none_or(|newest| newest.whole_history);
    let Some(oldest) = checkpoints.list.kept().next().filter(|_| !whole_history) else { return Ok(()) };
    if shared.holds.need_the_beginning() {
        return Ok(());
    }
    shared.log()?.remove_before(oldest.replay_from.segment)?;
    Ok(())
}

/// Has the log go on in a new segment, so that the checkpoints made from here on need nothing before it. The caller holds the
/// writer lock.
pub(crate) fn leave_log_behind(shared: &Shared) -> Result<()> {
    let position = shared.log()?.rest_in_new_segment()?;
    let version = (*shared.newest()?).clone();
    let log_end = LogEnd { position, bytes: shared.log_bytes() };
    drop(shared.versions.publish(Version { log_end, ..version }, &*shared.io.clock));
    Ok(())
}

/// Bytes of pages that the newest of some roots reaches, and that any of them does.
pub(crate) fn reachable(roots: &[Arc<CheckpointRecord>], pages: &SegmentSet) -> Result<(u64, u64)> {
    Ok((live(roots, pages)?, mark(roots, pages, &mut MarkedPages::default())?.total()))
}

/// Bytes of pages that the newest of some roots reaches.
fn live(roots: &[Arc<CheckpointRecord>], pages: &SegmentSet) -> Result<u64> {
    let mut newest = Liveness::default();
    if let Some(record) = roots.last() {
        newest.add(record, pages, Pinned::No, &mut MarkedPages::default())?;
    }
    Ok(newest.total())
}

/// Bytes that kept roots reach in each segment.
#[derive(Clone, Debug, Default)]
struct Liveness {
    live: HashMap<SegmentId, u64>,
    /// Segments with pages of roots that stay kept after the next checkpoints.
    pinned: HashSet<SegmentId>,
}

impl Liveness {
    fn of(&self, segment: SegmentId) -> u64 {
        self.live.get(&segment).copied().unwrap_or(0)
    }

    fn total(&self) -> u64 {
        self.live.values().sum()
    }

    /// Adds what the newest version reaches and no root does: a leaf that changed while the newest checkpoint merged it still has
    /// the base that it had, and nodes in memory may have been written by a transaction that was then dropped.
    fn add_version(&mut self, version: &Version, seen: &mut MarkedPages) -> Result<()> {
        let mut visit = |addr: &PageAddr| *self.live.entry(addr.segment).or_default() += addr.padded_len();
        version.catalog.iter().try_for_each(|(_, entry)| entry.root.mark(&*version.pages, seen, &mut visit))
    }

    /// Adds what a root reaches that was not `seen` yet.
    fn add(
        &mut self,
        record: &CheckpointRecord,
        pages: &SegmentSet,
        pinned: Pinned,
        seen: &mut MarkedPages,
    ) -> Result<()> {
        let mut visit = |addr: &PageAddr| {
            *self.live.entry(addr.segment).or_default() += addr.padded_len();
            if pinned == Pinned::Yes {
                self.pinned.insert(addr.segment);
            }
        };
        let named_by = checkpoint_list::path(&pages.place().dir);
        let (catalog_tree, catalog) = Catalog::load(&record.state, pages, &named_by)?;
        catalog_tree.mark(pages, seen, &mut visit)?;
        for (_, entry) in catalog.iter() {
            entry.root.mark(pages, seen, &mut visit)?;
        }
        Ok(())
    }
}

/// Whether a root stays kept after the next checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pinned {
    Yes,
    No,
}

/// What some roots reach. Pages that are `seen` are added.
fn mark(roots: &[Arc<CheckpointRecord>], pages: &SegmentSet, seen: &mut MarkedPages) -> Result<Liveness> {
    let mut liveness = Liveness::default();
    // The newest root comes last, so that a page it shares with older ones counts as pinned.
    for (index, record) in roots.iter().enumerate() {
        let pinned = if index + 1 < roots.len() { Pinned::Yes } else { Pinned::No };
        liveness.add(record, pages, pinned, seen)?;
    }
    Ok(liveness)
}

/// Kept roots without the second newest, and that one: unless history needs it, it is let go by the next checkpoint.
fn without_the_one_that_goes(
    mut roots: Vec<Arc<CheckpointRecord>>,
) -> (Vec<Arc<CheckpointRecord>>, Option<Arc<CheckpointRecord>>) {
    let goes = roots.len().checked_sub(2).map(|at| roots.remove(at));
    (roots, goes)
}

/// Segments that nobody appends to and no open transaction spilled into.
fn settled(shared: &Shared) -> Vec<(SegmentId, u64)> {
    // In this order: what a transaction writes from here on lies in none of the table, or is excepted.
    let mut table = shared.pages.segments().table();
    let open = shared.pages.open_segments();
    let limit = shared.spilled_from();
    table.retain(|(id, _)| !open.contains(id) && limit.is_none_or(|limit| *id < limit));
    table
}

fn remove_pages(shared: &Shared, dead: &[(SegmentId, u64)]) -> Result<()> {
    if dead.is_empty() {
        return shared.pages.sweep();
    }
    let dead: Vec<SegmentId> = dead.iter().map(|(id, _)| *id).collect();
    shared.pages.remove(&dead)?;
    shared.let_go_of_removed_segments();
    shared.pages.sweep()
}

/// The emptiest segments, until the size would be within three halves of the live bytes; nothing while the size is within
/// five thirds. What goes with the next checkpoint in any case counts as gone.
fn choose_victims(shared: &Shared, used: &[(SegmentId, u64)], liveness: &Liveness) -> Vec<SegmentId> {
    let live = liveness.total();
    let goes: u64 = used.iter().filter(|(id, _)| liveness.of(*id) == 0).map(|(_, len)| len).sum();
    let mut total = shared.pages.segments().total_bytes().saturating_sub(goes);
    if total <= live + live / 3 * 2 + SLACK_BYTES {
        return Vec::new();
    }
    let mut candidates: Vec<(u64, u64, SegmentId)> = used
        .iter()
        .filter(|(id, _)| liveness.of(*id) > 0 && !liveness.pinned.contains(id))
        .map(|&(id, len)| (liveness.of(id) * 1000 / len.max(1), len, id))
        .collect();
    candidates.sort_unstable();
    let mut victims = Vec::new();
    for (permille, len, id) in candidates {
        if total <= live + live / 2 || permille > 900 {
            break;
        }
        total = total.saturating_sub(len - len * permille / 1000);
        victims.push(id);
    }
    victims
}
