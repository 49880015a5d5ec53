//! Reclaim: log and page segments that no kept checkpoint needs are removed, and mostly dead ones are marked to be
//! emptied.
//!
//! Liveness is computed, not tracked: the inner pages of the kept roots are walked and the bytes reachable in each segment
//! summed up; leaves are not read. Nothing on disk records it, so nothing about it can be wrong after a restore or a
//! crash.
//!
//! What may be removed, after the newest checkpoint record is durable:
//! - a page segment in which no kept root reaches a page, unless pages are being appended to it or a transaction that has
//!   not ended spilled into it; a root from which a past version was reached is kept for as long as that is held;
//! - a log segment wholly before the replay position of the oldest kept checkpoint, unless history reaches further back
//!   than that checkpoint.

use std::collections::{HashMap, HashSet};

use crate::catalog::Catalog;
use crate::error::Result;
use crate::format::checkpoint::CheckpointRecord;
use crate::ids::{PageAddr, SegmentId};
use crate::options::Retention;
use crate::shared::{Checkpoints, Shared};

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
const MARK_EVERY: u64 = 8;

/// Removes what nothing needs, and chooses the segments that the next checkpoint empties.
pub(crate) fn run(shared: &Shared, checkpoints: &mut Checkpoints, effort: Effort) -> Result<()> {
    if shared.swap_is_pending() {
        return Ok(());
    }
    remove_log(shared, checkpoints)?;
    let total = shared.pages.segments().total_bytes();
    let written = total.saturating_sub(checkpoints.marked_page_bytes);
    if effort == Effort::WhenDue && written < SLACK_BYTES.max(total / MARK_EVERY) {
        return Ok(());
    }
    let liveness = mark(shared, checkpoints)?;
    if shared.options.retention != Retention::Needed {
        checkpoints.live_page_bytes = live(shared, checkpoints)?;
    }
    remove_pages(shared, &liveness)?;
    checkpoints.victims = choose_victims(shared, &liveness);
    checkpoints.marked_page_bytes = shared.pages.segments().total_bytes();
    Ok(())
}

fn remove_log(shared: &Shared, checkpoints: &Checkpoints) -> Result<()> {
    let whole_history = checkpoints.list.newest().is_none_or(|newest| newest.whole_history);
    let Some(oldest) = checkpoints.list.kept().next().filter(|_| !whole_history) else { return Ok(()) };
    shared.log()?.remove_before(oldest.replay_from.segment)?;
    Ok(())
}

/// Bytes of pages that the newest checkpoint reaches, and that any kept one does.
pub(crate) fn reachable(shared: &Shared, checkpoints: &Checkpoints) -> Result<(u64, u64)> {
    Ok((live(shared, checkpoints)?, mark(shared, checkpoints)?.total()))
}

/// Bytes of pages that the newest checkpoint reaches.
fn live(shared: &Shared, checkpoints: &Checkpoints) -> Result<u64> {
    let mut newest = Liveness::default();
    if let Some(record) = checkpoints.list.newest() {
        newest.add(shared, checkpoints, record, Pinned::No, &mut HashSet::new())?;
    }
    Ok(newest.total())
}

/// Bytes that kept roots reach in each segment.
#[derive(Debug, Default)]
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

    /// Adds what a root reaches that was not `seen` yet.
    fn add(
        &mut self,
        shared: &Shared,
        checkpoints: &Checkpoints,
        record: &CheckpointRecord,
        pinned: Pinned,
        seen: &mut HashSet<PageAddr>,
    ) -> Result<()> {
        let pages = shared.pages.segments();
        let mut visit = |addr: &PageAddr| {
            *self.live.entry(addr.segment).or_default() += addr.padded_len();
            if pinned == Pinned::Yes {
                self.pinned.insert(addr.segment);
            }
        };
        let (catalog_tree, catalog) = Catalog::load(&record.state, &*pages, &checkpoints.list.path())?;
        catalog_tree.mark(&*pages, seen, &mut visit)?;
        for (_, entry) in catalog.iter() {
            entry.root.mark(&*pages, seen, &mut visit)?;
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

fn mark(shared: &Shared, checkpoints: &Checkpoints) -> Result<Liveness> {
    let mut liveness = Liveness::default();
    let mut seen: HashSet<PageAddr> = HashSet::new();
    // The two newest roots come last, so that a page they share with older ones counts as pinned.
    let count = checkpoints.list.kept().count();
    for (index, record) in checkpoints.list.kept().enumerate() {
        let pinned = if index + 2 < count { Pinned::Yes } else { Pinned::No };
        liveness.add(shared, checkpoints, record, pinned, &mut seen)?;
    }
    Ok(liveness)
}

/// Segments that nobody appends to and no open transaction spilled into.
fn settled(shared: &Shared) -> Vec<(SegmentId, u64)> {
    let limit = shared.spilled_from();
    let mut table = shared.pages.segments().table();
    // The newest one may be appended to.
    table.pop();
    table.retain(|(segment, _)| limit.is_none_or(|limit| *segment < limit));
    table
}

fn remove_pages(shared: &Shared, liveness: &Liveness) -> Result<()> {
    let dead: Vec<SegmentId> =
        settled(shared).into_iter().map(|(id, _)| id).filter(|id| liveness.of(*id) == 0).collect();
    if dead.is_empty() {
        return shared.pages.sweep();
    }
    shared.pages.remove(&dead)?;
    shared.let_go_of_removed_segments();
    shared.pages.sweep()
}

/// The emptiest segments, until the size would be within four thirds of the live bytes; nothing while the size is within
/// three halves.
fn choose_victims(shared: &Shared, liveness: &Liveness) -> Vec<SegmentId> {
    let live = liveness.total();
    let mut total = shared.pages.segments().total_bytes();
    if total <= live + live / 2 + SLACK_BYTES {
        return Vec::new();
    }
    let mut candidates: Vec<(u64, u64, SegmentId)> = settled(shared)
        .into_iter()
        .filter(|(id, _)| !liveness.pinned.contains(id))
        .map(|(id, len)| (liveness.of(id) * 1000 / len.max(1), len, id))
        .collect();
    candidates.sort_unstable();
    let mut victims = Vec::new();
    for (permille, len, id) in candidates {
        if total <= live + live / 3 || permille > 900 {
            break;
        }
        total = total.saturating_sub(len - len * permille / 1000);
        victims.push(id);
    }
    victims
}
