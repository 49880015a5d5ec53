//! What all handles of one open database share. State only: the work is done by the files that borrow it.
//!
//! Locks, in the order in which one thread may take them:
//! 1. the writer lock (one open write transaction, or somebody who publishes a version without one),
//! 2. `checkpoints` (one checkpoint, bulk commit or reclaim at a time); whoever holds it may *try* the writer lock, for some
//!    milliseconds, but never waits for it,
//! 3. `reach` and `pending_swap`, held for operations in memory,
//! 4. the locks inside log, page store and version set, each held for one short step.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::catalog::Catalog;
use crate::checkpoint_list::CheckpointList;
use crate::commit_clock::CommitClock;
use crate::error::{Error, Result};
use crate::format::checkpoint::CheckpointRecord;
use crate::ids::{Ancestor, CommitTime, DatabaseId, LogPosition, Lsn, PageAddr, SegmentId, to_u64};
use crate::io::{DirLock, Io};
use crate::options::Options;
use crate::page::store::PageStore;
use crate::pressure::Pressure;
use crate::reach::Reach;
use crate::swap::PendingSwap;
use crate::tree::{Root, TreeParams};
use crate::version::{LogEnd, Pinned, Version, VersionSet};
use crate::wal::Log;
use crate::writer_lock::WriterLock;

/// What an earlier version as a database of its own comes from. It has no log, so that of all history only it is there.
#[derive(Debug)]
pub(crate) struct PastOf {
    /// The version.
    pub(crate) lsn: Lsn,
    /// The history it was reached through.
    pub(crate) _hold: Box<dyn Any + Send + Sync>,
}

/// One open database.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) io: Io,
    pub(crate) options: Options,
    pub(crate) database: DatabaseId,
    pub(crate) versions: VersionSet,
    pub(crate) writer: WriterLock,
    /// The log; `None` where the database was opened read-only.
    pub(crate) log: Option<Arc<Log>>,
    pub(crate) pages: PageStore,
    pub(crate) params: TreeParams,
    pub(crate) clock: Mutex<CommitClock>,
    pub(crate) checkpoints: Mutex<Checkpoints>,
    pub(crate) reach: Mutex<Reach>,
    /// Checkpointed nodes that the newest version still holds in memory.
    pub(crate) pending_swap: Mutex<Option<PendingSwap>>,
    pub(crate) holds: Holds,
    pub(crate) pressure: Pressure,
    /// Bytes of log written before this open.
    pub(crate) log_bytes_at_open: u64,
    /// Bytes of log up to the newest checkpoint.
    pub(crate) checkpointed_log_bytes: AtomicU64,
    /// What the background was asked for.
    pub(crate) requested: Requested,
    /// The first page segment that the open write transaction spilled into.
    pub(crate) spilled_from: Mutex<Option<SegmentId>>,
    /// Why background work failed last; it is tried again when next due.
    pub(crate) background_error: Mutex<Option<Error>>,
    /// The first failed sync of a page file or of the checkpoint list.
    pub(crate) poison: OnceLock<Error>,
    /// For an earlier version as a database of its own: what it comes from.
    pub(crate) past_of: Option<PastOf>,
    /// The lock on the directory, until the database is closed.
    pub(crate) lock: Mutex<Option<Box<dyn DirLock>>>,
}

/// Which background work was asked for and has not begun, so that nothing is asked for twice.
#[derive(Debug, Default)]
pub(crate) struct Requested {
    /// Until the checkpoint has ended.
    pub(crate) checkpoint: AtomicBool,
    pub(crate) swap: AtomicBool,
    /// As long as the background looks for the moment this database is idle.
    pub(crate) rest: AtomicBool,
    pub(crate) flush: AtomicBool,
    /// Until they have been written.
    pub(crate) zeros: AtomicBool,
    pub(crate) filters: AtomicBool,
}

/// Where a checkpoint moved pages that lay in segments it empties.
pub(crate) type Moves = HashMap<PageAddr, PageAddr>;

/// What checkpoints carry from one to the next.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    pub(crate) list: CheckpointList,
    /// The catalog tree as the newest checkpoint wrote it.
    pub(crate) catalog: Root,
    /// The databases that this one descends from.
    pub(crate) ancestors: Vec<Ancestor>,
    /// A bulk root that is in the log and could not be added to the list; the next checkpoint adds it first.
    pub(crate) outstanding: Option<Arc<CheckpointRecord>>,
    /// Segments that the next checkpoint moves the live pages out of.
    pub(crate) victims: Vec<SegmentId>,
    /// Length of all page segments when liveness was computed last.
    pub(crate) marked_page_bytes: u64,
}

impl Shared {
    /// The log, for whoever is about to write.
    pub(crate) fn log(&self) -> Result<&Arc<Log>> {
        if let Some(cause) = self.poison.get() {
            return Err(Error::Poisoned { source: Arc::new(cause.clone()) });
        }
        self.log.as_ref().ok_or_else(|| Error::ReadOnly(self.dir.clone()))
    }

    /// Accepts nothing more from now on, because a sync failed; gives the error back.
    pub(crate) fn poison(&self, cause: Error) -> Error {
        let first = self.poison.get_or_init(|| cause);
        Error::Poisoned { source: Arc::new(first.clone()) }
    }

    /// A failed write or sync of page files. A full disk is said as it is: what was appended does not count, and that is
    /// all. After anything else it is unknown what the disk holds, so the database accepts nothing more.
    pub(crate) fn page_failure(&self, error: Error) -> Error {
        match error {
            Error::Full { .. } => error,
            error => self.poison(error),
        }
    }

    /// The newest version, unless a failed flush has made it doubtful which commits will survive.
    pub(crate) fn newest(&self) -> Result<Arc<Version>> {
        self.expect_sound()?;
        Ok(self.versions.current())
    }

    /// The same, for a reader.
    pub(crate) fn pin_newest(&self) -> Result<Pinned> {
        self.expect_sound()?;
        Ok(self.versions.pin())
    }

    fn expect_sound(&self) -> Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        log.check()?;
        match self.poison.get() {
            Some(cause) => Err(Error::Poisoned { source: Arc::new(cause.clone()) }),
            None => Ok(()),
        }
    }

    pub(crate) fn checkpoints(&self) -> MutexGuard<'_, Checkpoints> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reach(&self) -> MutexGuard<'_, Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces a part of the nodes that a checkpoint wrote by their addresses in the newest version, if any are left. The
    /// caller holds the writer lock. The version before, to be dropped where nobody waits: many nodes may go with it.
    pub(crate) fn swap_part(&self) -> Option<Arc<Version>> {
        let mut pending = self.pending_swap();
        let swap = pending.as_mut()?;
        let mut is_last = false;
        let before = self.renew_newest(|catalog| is_last = swap.part(catalog));
        if is_last {
            *pending = None;
        }
        Some(before)
    }

    /// Has the newest version refer to the page segments that there are now, so that the files of those that are gone
    /// need not wait for the next commit. Where a writer is busy they wait.
    pub(crate) fn let_go_of_removed_segments(&self) {
        if self.writer.try_acquire_for_step() {
            let before = self.renew_newest(|_| {});
            self.writer.release();
            drop(before);
        }
    }

    /// Publishes the newest version again, held in another way; the one before. The caller holds the writer lock.
    fn renew_newest(&self, change: impl FnOnce(&mut Catalog)) -> Arc<Version> {
        let current = self.versions.current();
        let mut catalog = current.catalog.clone();
        change(&mut catalog);
        let pages = self.pages.segments();
        let version = Version {
            lsn: current.lsn,
            time: current.time,
            catalog,
            log_end: current.log_end,
            pages,
            existed: current.existed.clone(),
        };
        drop(current);
        self.versions.publish(version, &*self.io.clock)
    }

    pub(crate) fn pending_swap(&self) -> MutexGuard<'_, Option<PendingSwap>> {
        self.pending_swap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something is left to be swapped.
    pub(crate) fn swap_is_pending(&self) -> bool {
        self.pending_swap().is_some()
    }

    /// The first page segment that the open write transaction spilled into.
    pub(crate) fn spilled_from(&self) -> Option<SegmentId> {
        *self.spilled_from.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_spilled_from(&self, segment: Option<SegmentId>) {
        *self.spilled_from.lock().unwrap_or_else(PoisonError::into_inner) = segment;
    }

    /// The times of the commit that is being made.
    pub(crate) fn next_commit_time(&self) -> CommitTime {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).tick(&*self.io.clock)
    }

    /// Bytes of log since the newest checkpoint.
    pub(crate) fn log_bytes_since_checkpoint(&self) -> u64 {
        self.log_bytes().saturating_sub(self.checkpointed_log_bytes.load(Ordering::Relaxed))
    }

    /// Bytes of log written since the database was made.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log_bytes_at_open + self.log.as_ref().map_or(0, |log| log.appended_bytes())
    }

    /// The end of the log. The caller holds the writer lock.
    pub(crate) fn log_end(&self) -> LogEnd {
        let position = self.log.as_ref().map_or_else(LogPosition::default, |log| log.position());
        LogEnd { position, bytes: self.log_bytes() }
    }

    /// Memory that dirty nodes hold, those of versions that readers keep included, in bytes.
    pub(crate) fn dirty_bytes(&self) -> u64 {
        to_u64(self.params.meter.held_bytes())
    }

    /// Whether enough was logged or is dirty for a checkpoint.
    pub(crate) fn checkpoint_is_due(&self) -> bool {
        let logged = self.log_bytes_since_checkpoint();
        let budget = self.options.memory_budget_bytes;
        // Memory that readers of old versions keep is not freed by one checkpoint after the other.
        logged >= self.options.checkpoint_log_bytes
            || (self.dirty_bytes() > budget / 4 * 3 && logged > budget / 16)
    }
}

/// The commits whose past somebody wants kept.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// With each the number of the root that it is reached from; none where that is the beginning.
    held: Mutex<BTreeMap<(Lsn, u64), Option<u64>>>,
    next: AtomicU64,
    /// What is before this commit may go, whatever the retention says.
    retained_from: Mutex<Lsn>,
}

impl Holds {
    /// Keeps everything from `lsn` on, and a root; the number to let it go by.
    pub(crate) fn add(&self, lsn: Lsn, root: Option<u64>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.held().insert((lsn, id), root);
        id
    }

    pub(crate) fn remove(&self, lsn: Lsn, id: u64) {
        self.held().remove(&(lsn, id));
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<(Lsn, u64), Option<u64>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The commit before which history was let go.
    pub(crate) fn retained_from(&self) -> Lsn {
        *self.retained_from.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the history before `lsn` go.
    pub(crate) fn release_before(&self, lsn: Lsn) {
        let mut from = self.retained_from.lock().unwrap_or_else(PoisonError::into_inner);
        *from = lsn.max(*from);
    }

    /// Whether something is reached from the beginning of the log.
    pub(crate) fn need_the_beginning(&self) -> bool {
        self.held().values().any(Option::is_none)
    }

    /// The numbers of the roots held.
    pub(crate) fn roots(&self) -> BTreeSet<u64> {
        self.held().values().flatten().copied().collect()
    }

    /// The oldest commit held.
    pub(crate) fn oldest(&self) -> Option<Lsn> {
        self.held().keys().next().map(|(lsn, _)| *lsn)
    }
}
