//! [`Database`]: opens, wires the parts together, closes.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use crate::checkpoint::{self, CheckpointReport};
use crate::compact;
use crate::durable::Durable;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::history::History;
use crate::ids::{DatabaseId, Lsn, to_u64};
use crate::io::{Io, MemFs};
use crate::options::Options;
use crate::reclaim::{self, Effort};
use crate::recovery::{self, RecoveryReport};
use crate::txn::{ReadView, View, WriteTxn};
use crate::verify::{self, Progress, VerifyReport};
use crate::version::OldestReader;
use crate::wal::{self, LogSink};
use crate::worker;

/// An open database. Clones are handles to the same one; it closes when the last handle and the last write transaction
/// are gone. Read views stay readable after that.
///
/// All methods may be called from several threads at once.
#[derive(Clone, Debug)]
pub struct Database {
    handle: Arc<Handle>,
    recovery: Arc<RecoveryReport>,
}

/// Sizes and positions of an open database, all from memory except for the sizes of files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// The random id that every file of the database carries.
    pub id: DatabaseId,
    /// The newest commit.
    pub lsn: Lsn,
    /// The newest commit known to be on disk.
    pub durable_lsn: Lsn,
    /// The newest commit whose effects are in pages; recovery replays the log from there.
    pub checkpoint_lsn: Lsn,
    /// How many trees there are.
    pub trees: u64,
    /// How many entries all trees hold together.
    pub entries: u64,
    /// Length of all page segments in bytes.
    pub page_bytes: u64,
    /// How many page segments there are.
    pub page_segments: u64,
    /// Length of the log's records that are kept, in bytes.
    pub log_bytes: u64,
    /// How many log segments there are.
    pub log_segments: u64,
    /// Bytes of log that recovery would replay.
    pub replay_bytes: u64,
    /// Memory that changes hold which no checkpoint has written, in bytes; versions that readers hold included.
    pub dirty_bytes: u64,
    /// How many checkpoint roots are kept.
    pub roots: u64,
    /// The oldest version somebody reads, if it is not the newest.
    pub oldest_reader: Option<OldestReader>,
    /// Why background work failed last. It is tried again when next due.
    pub background_error: Option<Error>,
}

impl Database {
    /// Opens the database in the directory `path` with the files, clock and randomness of the system.
    ///
    /// Opening reads the newest checkpoint and replays the log after it: work in proportion to what was committed since
    /// that checkpoint, not to the size of the database. After an unclean stop the epoch of new commits is raised.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::AlreadyExists`] as the access asks; [`Error::Locked`] where another process, or
    /// another open in this one, has the database; [`Error::NotADatabase`], [`Error::UnsupportedVersion`],
    /// [`Error::Corrupt`] for what lies there; [`Error::InvalidArgument`] for options out of range; [`Error::Io`].
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Database> {
        Database::open_with(Io::os(), path, options)
    }

    /// Opens a database on other files, clock and randomness.
    ///
    /// # Errors
    /// As [`open`](Database::open).
    pub fn open_with(io: Io, path: impl AsRef<Path>, options: Options) -> Result<Database> {
        options.validate()?;
        let (shared, recovery) = recovery::open(io, path.as_ref(), options)?;
        let database = Database { handle: Arc::new(Handle::new(shared)), recovery: Arc::new(recovery) };
        if database.handle.log.is_some() {
            database.history().open_for_writing()?;
        }
        Ok(database)
    }

    /// Makes a database in memory, which is gone with its last handle. Everything works as on disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for options out of range.
    pub fn in_memory(options: Options) -> Result<Database> {
        Database::open_with(Io { fs: Arc::new(MemFs::new()), ..Io::os() }, "memory", options)
    }

    /// The newest version, for reading. Tens of nanoseconds; no I/O.
    ///
    /// # Errors
    /// [`Error::Poisoned`] after a failed flush, since the newest commits may not survive.
    pub fn begin_read(&self) -> Result<ReadView> {
        Ok(ReadView::new(self.handle.pin_newest()?))
    }

    /// Starts the write transaction. One is open at a time; others wait for it up to
    /// [`busy_timeout`](Options::busy_timeout).
    ///
    /// # Errors
    /// [`Error::Busy`]; [`Error::ReadOnly`]; [`Error::Poisoned`].
    pub fn begin_write(&self) -> Result<WriteTxn> {
        WriteTxn::begin(self.handle.clone())
    }

    /// Starts the write transaction if `view` still is the newest version, so that what was read there holds.
    ///
    /// # Errors
    /// [`Error::StaleView`] where something was committed since; else as [`begin_write`](Database::begin_write).
    pub fn begin_write_from(&self, view: &ReadView) -> Result<WriteTxn> {
        let txn = self.begin_write()?;
        if txn.lsn() != view.lsn() {
            return Err(Error::StaleView { read: view.lsn(), newest: txn.lsn() });
        }
        Ok(txn)
    }

    /// The random id that every file of the database carries.
    #[must_use]
    pub fn id(&self) -> DatabaseId {
        self.handle.database
    }

    /// The newest commit, durable or not.
    #[must_use]
    pub fn last_lsn(&self) -> Lsn {
        self.handle.versions.current().lsn
    }

    /// The newest commit known to be on disk. No commit before it can be lost.
    #[must_use]
    pub fn durable_lsn(&self) -> Lsn {
        match &self.handle.log {
            Some(log) => log.durable_lsn(),
            None => self.handle.versions.current().lsn,
        }
    }

    /// A handle that resolves when the commit `lsn` is on disk: wait for it blocking, or await it as a future on any
    /// executor. It asks for the flush where nobody has yet.
    ///
    /// # Errors
    /// [`Error::ReadOnly`]; [`Error::Poisoned`].
    pub fn when_durable(&self, lsn: Lsn) -> Result<Durable> {
        let durable = Durable::new(self.handle.log()?.clone(), lsn);
        if lsn > self.durable_lsn() {
            worker::request_flush(self.handle.shared());
        }
        Ok(durable)
    }

    /// Makes everything committed so far durable. One flush, or none where nothing moved.
    ///
    /// # Errors
    /// [`Error::ReadOnly`]; [`Error::Poisoned`] where the flush fails, now or earlier.
    pub fn sync(&self) -> Result<()> {
        let log = self.handle.log()?;
        log.flush_to(log.last_lsn())
    }

    /// Writes everything committed so far to pages, so that the next open has nothing to replay, and reclaims space.
    /// Readers and the writer go on meanwhile.
    ///
    /// # Errors
    /// [`Error::Full`] and other errors of the disk, after which the database is as before; [`Error::Poisoned`] where a
    /// sync fails; [`Error::ReadOnly`].
    pub fn checkpoint(&self) -> Result<CheckpointReport> {
        let mut checkpoints = self.handle.checkpoints();
        let report = checkpoint::run(&self.handle, &mut checkpoints)?;
        reclaim::run(&self.handle, &mut checkpoints, Effort::Now)?;
        if checkpoints.victims.is_empty() {
            return Ok(report);
        }
        let emptied = checkpoint::run(&self.handle, &mut checkpoints)?;
        Ok(CheckpointReport { page_bytes: report.page_bytes + emptied.page_bytes, ..emptied })
    }

    /// Writes every tree anew, packed and in key order, and removes what is then dead. Readers go on; writers wait.
    /// `progress` is told the entries written and their total.
    ///
    /// # Errors
    /// As [`checkpoint`](Database::checkpoint), and [`Error::Busy`]. It needs room for the live data once more while it
    /// runs; on [`Error::Full`] nothing has changed.
    pub fn compact(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckpointReport> {
        compact::run(&self.handle, progress)
    }

    /// Reads everything that is kept and checks it: every page of every kept root, order, counts and checksums of the
    /// trees, every record of the log. Reads past all caches; readers and the writer go on meanwhile.
    ///
    /// Damage is listed in the report and is no error.
    ///
    /// # Errors
    /// [`Error::Io`] where the log or the list of checkpoints cannot be read at all.
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<VerifyReport> {
        verify::run(&self.handle, progress)
    }

    /// Sizes and positions.
    ///
    /// # Errors
    /// [`Error::Poisoned`] after a failed flush.
    pub fn info(&self) -> Result<Info> {
        let shared = &*self.handle;
        let version = shared.newest()?;
        let reach = shared.reach();
        let (checkpoint_lsn, roots) =
            (reach.newest().map_or(Lsn::ZERO, |newest| newest.lsn), reach.roots.len());
        drop(reach);
        let log = match &shared.log {
            Some(log) => log.segments()?,
            None => wal::segments(&shared.io.fs, &shared.dir, shared.database, version.log_end.position)?,
        };
        Ok(Info {
            id: shared.database,
            lsn: version.lsn,
            durable_lsn: self.durable_lsn(),
            checkpoint_lsn,
            trees: to_u64(version.catalog.iter().count()),
            entries: version.catalog.iter().map(|(_, entry)| entry.root.count()).sum(),
            page_bytes: shared.pages.segments().total_bytes(),
            page_segments: to_u64(shared.pages.segments().table().len()),
            log_bytes: log.iter().map(|segment| segment.bytes).sum(),
            log_segments: to_u64(log.len()),
            replay_bytes: shared.log_bytes_since_checkpoint(),
            dirty_bytes: shared.dirty_bytes(),
            roots: to_u64(roots),
            oldest_reader: shared.versions.oldest_reader(shared.io.clock.monotonic()),
            background_error: shared.background_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }

    /// The past of the database: kept roots, the log, views of earlier commits.
    #[must_use]
    pub fn history(&self) -> History {
        History::new(self.handle.clone())
    }

    /// The database as it was right after the commit `lsn`: read-only, beside this one, which it keeps open. For layers that
    /// work on databases; [`History::read_at`] gives a view, at the same cost.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; errors of the disk.
    pub fn as_of(&self, lsn: Lsn) -> Result<Database> {
        let handle = Arc::new(Handle::new(self.history().past(lsn)?));
        Ok(Database { handle, recovery: self.recovery.clone() })
    }

    /// What recovery found when the database was opened.
    #[must_use]
    pub fn recovery_report(&self) -> &RecoveryReport {
        &self.recovery
    }

    /// The directory that was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.handle.dir
    }

    /// The options it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.handle.options
    }

    /// Closes the database and says whether that went well. Dropping the last handle closes it too, in silence.
    ///
    /// # Errors
    /// [`Error::InUse`] where another handle or a write transaction is left, which then goes on working; errors of the
    /// disk, after which the next open recovers as after a crash: nothing that was durable is lost.
    pub fn close(self) -> Result<()> {
        match Arc::try_unwrap(self.handle) {
            Ok(handle) => handle.close(),
            Err(_) => Err(Error::InUse(
                "other handles or a write transaction of the database are left; drop them before closing it"
                    .into(),
            )),
        }
    }
}
