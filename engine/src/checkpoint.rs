//! Checkpoints: the dirty nodes of one version go to page segments, then a record that names them goes to the list.
//!
//! The steps of [`run`], and what a crash leaves behind at each:
//! 1. the log is flushed up to the version, so that no checkpoint holds a commit the log lacks;
//! 2. dirty nodes are written bottom-up in key order and synced: pages nobody points at;
//! 3. the record is appended and synced: from here on recovery starts at it;
//! 4. the nodes just written are replaced by their addresses in the newest version, in parts, each under the writer lock; when
//!    a writer keeps that for long, the background goes on when it has let go: memory only.
//!
//! The writer goes on while steps 1 to 3 run: they read a published version, which nobody changes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::catalog::{self, Catalog};
use crate::checkpoint_list::AppendError;
use crate::error::Result;
use crate::format::checkpoint::{CheckpointRecord, RootState};
use crate::format::page::PageKind;
use crate::ids::{Lsn, PageAddr, SegmentId, Timestamp, TreeId};
use crate::keep::{Kept, kept_beside_the_next};
use crate::options::Background;
use crate::page::access::PageWrite;
use crate::page::segments::SegmentSet;
use crate::page::store::PageAppender;
use crate::pressure::Running;
use crate::shared::{Checkpoints, Moves, Shared};
use crate::tree::{Existence, Root, Written};
use crate::version::LogEnd;
use crate::wal::LogSink;

/// A checkpoint syncs after so many bytes of pages.
const STEP_BYTES: u64 = 4 << 20;

/// How long the writer lock is waited for, by a thread that has other databases to look after.
const SWAP_PATIENCE: Duration = Duration::from_millis(4);

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointReport {
    /// The commit up to which pages hold everything.
    pub lsn: Lsn,
    /// Bytes of pages written; 0 where nothing had changed.
    pub page_bytes: u64,
}

/// A version written to pages, not yet synced.
pub(crate) struct WrittenState {
    pub(crate) state: RootState,
    pub(crate) catalog: Root,
    pub(crate) moves: Moves,
    nodes: Written,
    pub(crate) page_bytes: u64,
}

/// Makes the pages of the newest version durable and appends their record.
pub(crate) fn run(shared: &Shared, checkpoints: &mut Checkpoints) -> Result<CheckpointReport> {
    let log = shared.log()?;
    append_outstanding(shared, checkpoints)?;
    let version = shared.newest()?;
    let unchanged = checkpoints.list.newest().map_or(Lsn::ZERO, |newest| newest.lsn) == version.lsn;
    if unchanged && checkpoints.victims.is_empty() {
        return Ok(CheckpointReport { lsn: version.lsn, page_bytes: 0 });
    }
    let running = shared.pressure.begin(shared.dirty_bytes(), shared.options.memory_budget_bytes);
    shared.params.era.begin_next();
    log.flush_to(version.lsn)?;
    let written = write_state(shared, &version.catalog, checkpoints, Pace::InSteps(&running))?;
    let report = CheckpointReport { lsn: version.lsn, page_bytes: written.page_bytes };
    let place = LogPlace { lsn: version.lsn, time: version.time, log_end: version.log_end, bulk: false };
    drop(version);
    finish(shared, checkpoints, written, place)?;
    swap_written(shared);
    Ok(report)
}

/// Replaces nodes that were written by their addresses in the newest version. Each part lets commits go on before the next, and
/// what it replaces is freed without the lock.
pub(crate) fn swap_written(shared: &Shared) {
    let patience = match shared.options.background {
        Background::Inline => Duration::ZERO,
        Background::Shared => SWAP_PATIENCE,
    };
    while shared.swap_is_pending() && shared.writer.acquire_for_step(patience) {
        let before = shared.swap_part();
        shared.writer.release();
        drop(before);
    }
}

/// How the pages of a version are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace<'r> {
    /// As fast as the disk takes them, since somebody waits for all of them.
    AtOnce,
    /// With a sync each [`STEP_BYTES`], so that the syncs of commits beside it never have much before them, and commits are let
    /// on by what was done.
    InSteps(&'r Running<'r>),
}

/// Pages on their way to the disk.
struct Pages<'a> {
    shared: &'a Shared,
    to: PageAppender<'a>,
    pace: Pace<'a>,
    /// Bytes appended since the last step.
    unsynced: u64,
}

impl Pages<'_> {
    fn appended(&mut self, addr: PageAddr) -> Result<PageAddr> {
        self.unsynced += addr.padded_len();
        match self.pace {
            Pace::InSteps(running) if self.unsynced >= STEP_BYTES => {
                self.to.sync_ahead().map_err(|error| self.shared.page_failure(error))?;
                running.advance(std::mem::take(&mut self.unsynced));
            }
            _ => {}
        }
        Ok(addr)
    }
}

impl PageWrite for Pages<'_> {
    fn append(&mut self, kind: PageKind, page: Vec<u8>) -> Result<PageAddr> {
        let addr = self.to.append(kind, page)?;
        self.appended(addr)
    }

    fn append_extent(&mut self, value: &[u8]) -> Result<PageAddr> {
        let addr = self.to.append_extent(value)?;
        self.appended(addr)
    }
}

/// Where in the log a written state stands.
pub(crate) struct LogPlace {
    pub(crate) lsn: Lsn,
    pub(crate) time: Timestamp,
    pub(crate) log_end: LogEnd,
    pub(crate) bulk: bool,
}

/// Writes what is dirty in `catalog`, brings the catalog tree up to date, and syncs the page files.
///
/// After an error of a write, nothing counts as written; a failed sync poisons the database.
pub(crate) fn write_state(
    shared: &Shared,
    catalog: &Catalog,
    checkpoints: &Checkpoints,
    pace: Pace<'_>,
) -> Result<WrittenState> {
    let victims: BTreeSet<SegmentId> = checkpoints.victims.iter().copied().collect();
    let in_victim = |addr: &PageAddr| victims.contains(&addr.segment);
    let relocate: Option<&dyn Fn(&PageAddr) -> bool> =
        if victims.is_empty() { None } else { Some(&in_victim) };
    let pages = shared.pages.segments();
    let mut to = Pages { shared, to: shared.pages.appender(), pace, unsynced: 0 };
    let before = pages.total_bytes();
    let mut moves = Moves::new();
    let mut nodes = Written::default();
    let mut catalog_tree = checkpoints.catalog.clone();
    forget_dropped_trees(shared, catalog, &mut catalog_tree, &pages)?;
    for (id, entry) in catalog.iter() {
        let root =
            entry.root.write_dirty(&*pages, &mut to, relocate, &mut moves, &mut nodes, &shared.params)?;
        let value = catalog::encode_entry(&entry.name, &root);
        if catalog_tree.get(&*pages, &catalog::key(id))? != Some(&value[..]) {
            catalog_tree.put(&*pages, &shared.params, &catalog::key(id), &value[..], Existence::Look)?;
        }
    }
    let root =
        catalog_tree.write_dirty(&*pages, &mut to, relocate, &mut moves, &mut nodes, &shared.params)?;
    let mut encoded = Vec::new();
    root.encode(&mut encoded);
    to.to.flush_and_sync().map_err(|error| shared.page_failure(error))?;
    let state = RootState {
        catalog: encoded,
        next_tree: catalog.next_tree(),
        next_segment: to.to.next_segment(),
        segments: shared.pages.segments().table(),
    };
    Ok(WrittenState {
        state,
        catalog: Root::from_child(root),
        moves,
        nodes,
        page_bytes: shared.pages.segments().total_bytes().saturating_sub(before),
    })
}

/// Takes trees out of the catalog tree that `catalog` does not have.
fn forget_dropped_trees(
    shared: &Shared,
    catalog: &Catalog,
    catalog_tree: &mut Root,
    pages: &SegmentSet,
) -> Result<()> {
    let mut dropped: Vec<TreeId> = Vec::new();
    let mut cursor = catalog_tree.cursor(pages);
    let mut more = cursor.first()?;
    while more {
        let id = catalog::id_of_key(cursor.key());
        dropped.extend(id.filter(|id| catalog.get(*id).is_none()));
        more = cursor.next()?;
    }
    drop(cursor);
    for id in dropped {
        catalog_tree.delete(pages, &shared.params, &catalog::key(id), Existence::Known(true))?;
    }
    Ok(())
}

/// Appends the record of a written state and leaves the swap of its nodes pending.
///
/// A bulk root whose record cannot be written is kept for the next checkpoint to add, since the log names it already.
pub(crate) fn finish(
    shared: &Shared,
    checkpoints: &mut Checkpoints,
    written: WrittenState,
    place: LogPlace,
) -> Result<()> {
    let record = CheckpointRecord {
        lsn: place.lsn,
        time: place.time,
        replay_from: place.log_end.position,
        log_bytes: place.log_end.bytes,
        bulk: place.bulk,
        state: written.state,
        ..CheckpointRecord::default()
    };
    append_next(shared, checkpoints, record)?;
    checkpoints.catalog = written.catalog;
    checkpoints.victims.clear();
    written.nodes.publish();
    shared.pending_swap().get_or_insert_default().add(written.moves);
    Ok(())
}

/// Says the newest checkpoint once more, with the orders and the time of now. Nothing but the list is written.
///
/// A crash leaves the record before it, or this one.
pub(crate) fn restate(shared: &Shared, checkpoints: &mut Checkpoints) -> Result<()> {
    append_outstanding(shared, checkpoints)?;
    match checkpoints.list.newest() {
        Some(newest) => {
            let again = CheckpointRecord { bulk: false, ..newest.clone() };
            append_next(shared, checkpoints, again)
        }
        None => Ok(()),
    }
}

/// Adds the record of a bulk root that could not be added when it was committed.
pub(crate) fn append_outstanding(shared: &Shared, checkpoints: &mut Checkpoints) -> Result<()> {
    match checkpoints.outstanding.take() {
        Some(record) => append_next(shared, checkpoints, (*record).clone()),
        None => Ok(()),
    }
}

/// Appends a record as the next one. What it does not keep cannot be reached any more from before it is written.
fn append_next(shared: &Shared, checkpoints: &mut Checkpoints, record: CheckpointRecord) -> Result<()> {
    let log = shared.log()?;
    let record = Arc::new(next_record(shared, checkpoints, record));
    let appended = checkpoints.list.append(record.clone());
    shared.reach().follow(&checkpoints.list);
    match appended {
        Ok(()) => {}
        Err(AppendError::Write(error)) => {
            checkpoints.outstanding = record.bulk.then_some(record);
            return Err(error);
        }
        Err(AppendError::Sync(error)) => return Err(shared.poison(error)),
    }
    log.set_checkpoint(record.number);
    shared.checkpointed_log_bytes.store(record.log_bytes, Ordering::Relaxed);
    Ok(())
}

/// The record with all that is the business of the moment: its number, the time, the orders, and what stays beside it.
fn next_record(shared: &Shared, checkpoints: &Checkpoints, record: CheckpointRecord) -> CheckpointRecord {
    let mut reach = shared.reach();
    let progress = reach.progress.now(&*shared.io.clock);
    let Kept { kept, whole_history } = kept_beside_the_next(shared, &reach, progress);
    reach.reduce_to(&kept, whole_history);
    CheckpointRecord {
        number: checkpoints.list.newest().map_or(1, |newest| newest.number + 1),
        whole_history,
        kept,
        progress,
        orders: reach.orders.clone(),
        ancestors: checkpoints.ancestors.clone(),
        ..record
    }
}
