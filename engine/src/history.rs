//! [`History`]: the past of a database, the seam on which point-in-time recovery stands.
//!
//! A past version is the newest kept root at or before it plus a replay of the log up to it. Going back to one is a new
//! commit whose content is that version; nothing of the history in between is lost.

use std::ops::{Deref, RangeInclusive};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::checkpoint_list;
use crate::commits::{CommitKind, Commits, LogMark};
use crate::error::{Error, Result};
use crate::fork::{self, ForkReport};
use crate::format::checkpoint::CheckpointRecord;
use crate::handle::Handle;
use crate::hold::Hold;
use crate::ids::{Lsn, Timestamp, TreeId};
use crate::keep;
use crate::options::{Durability, Retention};
use crate::page::meter::Meter;
use crate::past;
use crate::reach::Reach;
use crate::reclaim;
use crate::replay::Replay;
use crate::shared::Shared;
use crate::tree::{Root, TreeParams};
use crate::txn::{ReadView, View, WriteTxn};
use crate::version::{LogEnd, Pinned, Version};
use crate::wal::{self, LogReader, LogScan, LogSink, LogStart};

/// The past of an open database.
#[derive(Clone, Debug)]
pub struct History {
    pub(crate) handle: Arc<Handle>,
}

/// A version whose pages are kept, from which later ones are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptRoot {
    /// The commit.
    pub lsn: Lsn,
    /// Its time.
    pub time: Timestamp,
    /// Bytes of log up to it since the database was made.
    pub log_bytes: u64,
    /// How long ago it was made, as far as that was observed.
    pub age: Duration,
}

/// Sizes of the history of a database, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistorySpace {
    /// Log from the oldest kept root on.
    pub log_bytes: u64,
    /// Pages that the newest checkpoint needs.
    pub live_page_bytes: u64,
    /// Pages that any kept root needs, those included.
    pub kept_page_bytes: u64,
}

/// A view of an earlier version. It keeps the history it was reached through.
#[derive(Debug)]
pub struct PastView {
    view: ReadView,
    hold: Hold,
}

impl PastView {
    fn new(version: Version, hold: Hold) -> PastView {
        PastView { view: ReadView::new(Pinned::new(version)), hold }
    }
}

impl Deref for PastView {
    type Target = ReadView;

    fn deref(&self) -> &ReadView {
        &self.view
    }
}

/// What a past version is reached from.
pub(crate) struct Start {
    /// The newest kept root at or before it; without one, the beginning of everything.
    root: Option<Arc<CheckpointRecord>>,
    /// Keeps the root, and the log from it on.
    hold: Hold,
}

impl Start {
    /// The commit that it is the version of.
    pub(crate) fn lsn(&self) -> Lsn {
        self.root.as_ref().map_or(Lsn::ZERO, |root| root.lsn)
    }

    /// Where the log after it begins.
    fn log(&self) -> LogStart {
        self.root.as_ref().map_or(LogStart::Beginning, |record| LogStart::After {
            lsn: record.lsn,
            position: record.replay_from,
        })
    }
}

/// A version with nodes of its own, on its way up through the log.
#[derive(Debug)]
pub(crate) struct Ascent {
    replay: Replay,
    /// What of the log comes next.
    log: Option<LogReader>,
    /// The commit that it can lead to.
    until: Lsn,
    params: TreeParams,
    /// Keeps what it began with, and the log from there on.
    hold: Hold,
}

impl Ascent {
    /// The commits that it leads to from where it has come.
    pub(crate) fn ahead(&self) -> RangeInclusive<Lsn> {
        self.replay.lsn..=self.until
    }
}

impl History {
    pub(crate) fn new(handle: Arc<Handle>) -> History {
        History { handle }
    }

    /// The roots that are kept, oldest first.
    #[must_use]
    pub fn roots(&self) -> Vec<KeptRoot> {
        let mut reach = self.handle.reach();
        let now = reach.progress.now(&*self.handle.io.clock);
        let root = |record: &Arc<CheckpointRecord>| KeptRoot {
            lsn: record.lsn,
            time: record.time,
            log_bytes: record.log_bytes,
            age: now.since(&record.progress),
        };
        let mut roots: Vec<KeptRoot> = reach.roots.iter().map(root).collect();
        roots.dedup_by_key(|root| root.lsn);
        roots
    }

    /// The oldest commit that can be read. Every commit from it to the newest can be.
    #[must_use]
    pub fn oldest(&self) -> Lsn {
        oldest(&self.handle, &self.handle.reach())
    }

    /// The newest commit.
    ///
    /// # Errors
    /// [`Error::Poisoned`] after a failed flush.
    pub fn newest(&self) -> Result<Lsn> {
        Ok(self.handle.newest()?.lsn)
    }

    /// Keeps history back to `lsn` from being reclaimed.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`] where it already was, or where there is no such commit yet.
    pub fn hold(&self, lsn: Lsn) -> Result<Hold> {
        Ok(self.start_for(lsn)?.hold)
    }

    /// Where `lsn` is reached from. What that is made of stays, from the moment it was looked for.
    pub(crate) fn start_for(&self, lsn: Lsn) -> Result<Start> {
        // What is in there is not removed while this is held, nor is what the hold names afterwards.
        let reach = self.handle.reach();
        let (oldest, newest) = (oldest(&self.handle, &reach), self.handle.newest()?.lsn);
        if lsn < oldest || lsn > newest {
            return Err(Error::HistoryUnavailable { lsn, oldest, newest });
        }
        let root = reach.root_of(lsn).cloned();
        let hold = Hold::new(self.handle.clone(), lsn, root.as_ref().map(|root| root.number));
        Ok(Start { root, hold })
    }

    /// A hold on a commit that no crash takes away any more. Whether there is that commit is read from the log, at most one
    /// file of it.
    pub(crate) fn hold_durable(&self, lsn: Lsn) -> Result<Hold> {
        let start = self.start_for(lsn)?;
        self.handle.log()?.flush_to(lsn)?;
        if self.commit_up_to(&start, lsn)? != lsn {
            return Err(self.unavailable(lsn));
        }
        Ok(start.hold)
    }

    /// The newest commit up to `lsn`, which is not before the start. What lies between commits is the number of one that a
    /// crash took.
    fn commit_up_to(&self, start: &Start, lsn: Lsn) -> Result<Lsn> {
        let files = self.log_starts()?;
        let nearer = |mark: &LogMark| mark.after > start.lsn() && mark.after.number < lsn.number;
        let from = files.into_iter().rfind(nearer).map_or(start.log(), LogMark::start);
        let Some(mut reader) = self.reader(from, lsn)? else { return Ok(start.lsn()) };
        while reader.next_record()?.is_some() {}
        Ok(reader.last())
    }

    /// That a commit is not there.
    fn unavailable(&self, lsn: Lsn) -> Error {
        let newest = self.handle.versions.current().lsn;
        Error::HistoryUnavailable { lsn, oldest: self.oldest(), newest }
    }

    /// Lets the history before `lsn` go, whatever the retention says. The next checkpoints reclaim it.
    pub fn release_before(&self, lsn: Lsn) {
        self.handle.holds.release_before(lsn);
    }

    /// Believes the wall clock about how long the database was closed, so that a [`Window`](crate::Window) need not wait a
    /// day to see whether it is put right.
    pub fn trust_clock(&self) {
        self.handle.reach().progress.trust(&*self.handle.io.clock);
    }

    /// The moment before the first reset after `lsn` that an open carried out because it had been wished for; the newest
    /// one where there is none.
    ///
    /// # Errors
    /// As [`log_from`](History::log_from).
    pub fn before_wished_reset(&self, lsn: Lsn) -> Result<Lsn> {
        let mut last = lsn;
        for commit in self.log_from(lsn)? {
            let commit = commit?;
            if matches!(commit.kind(), CommitKind::WishedReset { .. }) {
                break;
            }
            last = commit.lsn();
        }
        Ok(last)
    }

    /// The commit from which on the retention of the options keeps history. What is there of the time before is kept by
    /// pins, a wish, views and reads of the log, or until the next checkpoint.
    #[must_use]
    pub fn retained_from(&self) -> Lsn {
        let mut reach = self.handle.reach();
        let now = reach.progress.now(&*self.handle.io.clock);
        keep::retained_from(&self.handle, &reach, now)
    }

    /// Bytes of log since the database was made.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        self.handle.log_bytes()
    }

    /// What history the options keep.
    #[must_use]
    pub fn retention(&self) -> Retention {
        self.handle.options.retention
    }

    /// The oldest commit back to which a view, a read of the log or another hold of this process keeps history.
    #[must_use]
    pub fn held_from(&self) -> Option<Lsn> {
        self.handle.holds.oldest()
    }

    /// Sizes of what is kept. Walks the inner pages of the kept roots, some thousandths of the data.
    ///
    /// # Errors
    /// Errors of the disk.
    pub fn space(&self) -> Result<HistorySpace> {
        let reach = self.handle.reach();
        let log_bytes = self.handle.log_bytes().saturating_sub(reach.log_bytes_before());
        // What the roots name is among these files, which stay while somebody has them.
        let (roots, pages) = (reach.roots.clone(), self.handle.pages.segments());
        drop(reach);
        let (live_page_bytes, kept_page_bytes) = reclaim::reachable(&roots, &pages)?;
        Ok(HistorySpace { log_bytes, live_page_bytes, kept_page_bytes })
    }

    /// The commits after `after`, oldest first, up to the newest at the time of the call. Reads the log files as it goes
    /// and holds the history it has yet to read.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`] where the log does not reach back that far; errors of the disk.
    pub fn log_from(&self, after: Lsn) -> Result<Commits> {
        let start = self.start_for(after)?;
        let until = self.handle.newest()?.lsn;
        let reader = self.reader(start.log(), until)?;
        Ok(Commits::new(reader, after, start.lsn(), start.hold))
    }

    /// The commits from a mark on, its own the first, up to the newest at the time of the call. Unlike
    /// [`log_from`](History::log_from) it reads nothing before the mark.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`] where the log does not reach back that far; errors of the disk.
    pub fn log_at(&self, mark: LogMark) -> Result<Commits> {
        let hold = self.hold(mark.after)?;
        let until = self.handle.newest()?.lsn;
        let reader = self.reader(mark.start(), until)?;
        Ok(Commits::new(reader, mark.after, mark.after, hold))
    }

    /// The commits from a mark on up to that before a later mark. Looks at no file but those that they lie in.
    ///
    /// # Errors
    /// As [`log_at`](History::log_at).
    pub fn log_between(&self, from: LogMark, to: LogMark) -> Result<Commits> {
        let hold = self.hold(from.after)?;
        let scan = self.scan(from.start(), to.after)?;
        let fs = self.handle.io.fs.clone();
        let reader = LogReader::open_up_to(fs, &self.handle.dir, scan, to.position)?;
        Ok(Commits::new(reader, from.after, from.after, hold))
    }

    /// Places of the log from which it can be read on without reading what is before: where its files begin, oldest first, as
    /// far as history reaches. Reads the heads of the files.
    ///
    /// # Errors
    /// Errors of the disk.
    pub fn log_starts(&self) -> Result<Vec<LogMark>> {
        let handle = &self.handle;
        let segments = match &handle.log {
            Some(log) => log.segments()?,
            None => {
                let end = handle.newest()?.log_end.position;
                wal::segments(&handle.io.fs, &handle.dir, handle.database, end)?
            }
        };
        let oldest = self.oldest();
        let marks = segments.iter().map(|segment| LogMark { after: segment.after, position: segment.start });
        let newest = handle.newest()?.lsn;
        Ok(marks.filter(|mark| mark.after >= oldest && mark.after < newest).collect())
    }

    /// The version right after the commit `lsn`, or the empty database for [`Lsn::ZERO`].
    ///
    /// Cost: the log between the newest kept root at or before it and `lsn` is replayed in memory, at about a million
    /// operations a second; nothing is replayed at a kept root.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; errors of the disk.
    pub fn read_at(&self, lsn: Lsn) -> Result<PastView> {
        let start = self.start_for(lsn)?;
        let current = self.handle.newest()?;
        if current.lsn == lsn {
            let version = Version { log_end: LogEnd::default(), ..(*current).clone() };
            return Ok(PastView::new(version, start.hold));
        }
        self.ascend(&mut self.ascent_from(start, lsn)?, lsn)
    }

    /// What [`Database::as_of`](crate::Database::as_of) is made of.
    pub(crate) fn past(&self, lsn: Lsn) -> Result<Shared> {
        let PastView { view, hold } = self.read_at(lsn)?;
        past::shared(&self.handle, view.version(), hold)
    }

    /// Makes a database of its own in the directory `dir`, whose content is the version right after the commit `lsn`.
    /// `progress` is told the bytes shared or copied and their total.
    ///
    /// Cost: that of [`read_at`](History::read_at), and a second name for each page file; where the file system cannot give
    /// one, a copy. Both databases are independent from then on. The history of the new one begins with the fork.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NotADatabase`] where something is in `dir`; [`Error::HistoryUnavailable`]; errors
    /// of the disk. What was made is removed then, and can be forked over where the disk refuses that too, unless it is the
    /// whole database by then. After a crash it is the whole database, or none.
    pub fn fork(&self, lsn: Lsn, dir: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ForkReport> {
        let start = self.start_for(lsn)?;
        self.handle.log()?.flush_to(lsn)?;
        let mut ascent = self.ascent_from(start, lsn)?;
        // Not the nodes of the newest version, which get addresses in later segments while the fork is made.
        let view = self.ascend(&mut ascent, lsn)?;
        fork::run(&self.handle, view.view.version(), &ascent.replay.files, dir, progress)
    }

    /// The way up from a start to a commit, with nothing replayed.
    pub(crate) fn ascent_from(&self, start: Start, until: Lsn) -> Result<Ascent> {
        let mut replay = Replay::new(Catalog::new(), Lsn::ZERO, Timestamp(i64::MIN));
        if let Some(record) = &start.root {
            let named_by = checkpoint_list::path(&self.handle.dir);
            let pages = self.handle.pages.segments();
            let (_, catalog): (Root, Catalog) = Catalog::load(&record.state, &*pages, &named_by)?;
            replay = Replay::new(catalog, record.lsn, record.time);
            replay.files.clone_from(&record.state.segments);
        }
        // What a reader of the past needs is no memory of changes that a checkpoint has to write.
        let params = TreeParams { meter: Meter::new(), ..self.handle.params.clone() };
        Ok(Ascent { replay, log: self.reader(start.log(), until)?, until, params, hold: start.hold })
    }

    /// Replays the log up to a commit, which is not before the one that the ascent has come to. After an error the ascent
    /// leads nowhere.
    pub(crate) fn ascend(&self, ascent: &mut Ascent, lsn: Lsn) -> Result<PastView> {
        let Ascent { replay, log, params, hold, .. } = ascent;
        // The files of the root that it began with, and of those that the log after it names, are among them.
        let pages = self.handle.pages.segments();
        if let Some(log) = log {
            while log.last() < lsn
                && let Some(record) = log.next_record()?
            {
                replay.apply(&record, &self.handle.dir, &pages, params)?;
            }
            replay.settle(&pages, params)?;
        }
        if replay.lsn != lsn {
            return Err(self.unavailable(lsn));
        }
        let (catalog, log_end) = (replay.catalog.clone(), LogEnd::default());
        let version = Version { lsn, time: replay.time, catalog, log_end, pages, existed: Vec::new() };
        Ok(PastView::new(version, hold.clone()))
    }

    /// A reader of the log up to `until`; none where there is nothing to read, and perhaps no log.
    fn reader(&self, start: LogStart, until: Lsn) -> Result<Option<LogReader>> {
        let handle = &self.handle;
        let after = if let LogStart::After { lsn, .. } = start { lsn } else { Lsn::ZERO };
        if until <= after || handle.past_of.is_some() {
            return Ok(None);
        }
        LogReader::open(handle.io.fs.clone(), &handle.dir, self.scan(start, until)?)
    }

    /// What to read of the log up to `until`, which is on disk then.
    fn scan(&self, start: LogStart, until: Lsn) -> Result<LogScan> {
        if let Some(log) = &self.handle.log {
            log.flush_to(until)?;
        }
        Ok(LogScan { database: Some(self.handle.database), start, until: Some(until), durable: until.number })
    }

    /// Makes the version after commit `lsn` the newest one, as a new commit, which is durable when this returns. What
    /// was committed since stays in the history, so the position before the call undoes it.
    ///
    /// [`WriteTxn::reset_to`] does so as a part of a transaction.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; [`Error::Busy`]; errors of the disk, after which nothing has changed. After
    /// [`Error::Poisoned`] the next open shows whether the commit is there.
    pub fn reset_to(&self, lsn: Lsn) -> Result<Lsn> {
        let mut txn = WriteTxn::begin(self.handle.clone())?;
        txn.reset_to(lsn, &[])?;
        txn.commit(Durability::Immediate)
    }
}

/// The oldest commit that can be read.
fn oldest(shared: &Shared, reach: &Reach) -> Lsn {
    shared.past_of.as_ref().map_or_else(|| reach.oldest(), |past| past.lsn)
}

impl WriteTxn {
    /// Makes the content of the database what it was right after the commit `lsn`, except for the trees in `keep`, which
    /// stay as they are in this transaction. More changes may follow, and a savepoint goes back to before.
    ///
    /// What was committed since `lsn` stays in the history, so going back to [`lsn`](View::lsn) later undoes it. Cost: that
    /// of [`History::read_at`]; the commit then writes what is not in pages yet.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`], after which the transaction is as before; errors of the disk.
    pub fn reset_to(&mut self, lsn: Lsn, keep: &[TreeId]) -> Result<()> {
        let PastView { view, hold } = History::new(self.handle().clone()).read_at(lsn)?;
        self.reset_to_version(view.version(), hold, keep);
        Ok(())
    }
}

impl View for PastView {
    fn lsn(&self) -> Lsn {
        self.view.lsn()
    }
}

impl crate::txn::Sealed for PastView {
    fn source(&self) -> crate::txn::Source<'_> {
        self.view.source()
    }
}
