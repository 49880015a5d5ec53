//! Opening a database: what lies in the directory, the newest checkpoint, the log after it.
//!
//! 1. The directory is locked and its files sorted by kind. Without a log and a checkpoint list there is no database.
//! 2. The newest record of the checkpoint list gives trees whose pages are durable. If it is the first of a fork, nobody has
//!    committed to that yet and it may have no log, which an open for writing then makes. Every other database has one.
//! 3. The log from that record's position on is replayed. The reader of the log tells an unfinished tail, which is cut,
//!    from damage, which is an error.
//! 4. The log must not know a newer durable checkpoint than the list holds, and the list must not hold a commit that the
//!    log lacks: either means that something durable was lost.
//! 5. Writers then write the list anew if the log does not name its newest checkpoint, since that may be in a cache only
//!    whose sync failed, remove what unfinished work left behind, and go on with the log: in place after a clean close, in a
//!    new segment and epoch after anything else.
//!
//! A crash in any of these steps leaves what the next open understands: nothing is removed before step 4 has passed, and
//! doing step 5 again changes nothing. Read-only opens leave step 5 out.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use crate::catalog::Catalog;
use crate::checkpoint_list::{self, AppendError, CheckpointList};
use crate::commit_clock::CommitClock;
use crate::error::{Error, Result};
use crate::format::checkpoint::{CheckpointRecord, Orders};
use crate::format::wal::RecordKind;
use crate::ids::{Ancestor, DatabaseId, LogPosition, Lsn, SegmentId, Timestamp, to_usize};
use crate::io::{DirLock, Fs, Io, LockKind};
use crate::options::{Access, Options};
use crate::page::meter::Meter;
use crate::page::segments::Place;
use crate::page::store::{PageOptions, PageStore};
use crate::pressure::Pressure;
use crate::progress::ProgressClock;
use crate::reach::Reach;
use crate::replay::{Replay, root_state};
use crate::scratch;
use crate::shared::{Checkpoints, Holds, Requested, Shared};
use crate::tree::{Root, TreeParams};
use crate::version::{LogEnd, Version, VersionSet};
use crate::wal::{
    Listing, Log, LogEnd as LogScanEnd, LogReader, LogScan, LogSetup, LogStart, Shutdown, TornTail,
};
use crate::writer_lock::WriterLock;

/// What opening a database found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// Whether the database was made by this open.
    pub created: bool,
    /// Whether it had been closed in order, or was at rest when its process ended; if not, the epoch of new commits is
    /// higher than before.
    pub clean: bool,
    /// The commit that the pages held.
    pub checkpoint_lsn: Lsn,
    /// The newest commit recovered.
    pub lsn: Lsn,
    /// How many commits were replayed from the log.
    pub replayed: u64,
    /// Bytes at the end of the log that were no whole commit: an unfinished write. They stay in the old log segment
    /// until that is reclaimed.
    pub torn_tail: Option<TornTail>,
}

/// The files of a directory by kind.
#[derive(Debug, Default)]
struct Found {
    list: bool,
    log: Listing,
    /// Ascending.
    pages: Vec<SegmentId>,
    /// Those of the log apart.
    temporary: Vec<String>,
    foreign: Vec<String>,
}

impl Found {
    fn sort(names: Vec<String>) -> Found {
        let (log, others) = Listing::of(names);
        let mut found = Found { log, ..Found::default() };
        for name in others {
            if name == checkpoint_list::FILE_NAME {
                found.list = true;
            } else if let Some(id) = Place::id_of(&name) {
                found.pages.push(id);
            } else if is_temporary(&name) {
                found.temporary.push(name);
            } else if name != "lock" {
                found.foreign.push(name);
            }
        }
        found.pages.sort_unstable();
        found
    }

    fn is_database(&self) -> bool {
        self.list || !self.log.segments.is_empty()
    }
}

fn is_temporary(name: &str) -> bool {
    name.strip_suffix(".tmp")
        .is_some_and(|rest| rest == checkpoint_list::FILE_NAME || rest.starts_with(scratch::NAME_START))
}

/// Opens or makes the database in `dir`.
pub(crate) fn open(io: Io, dir: &Path, options: Options) -> Result<(Shared, RecoveryReport)> {
    let lock = enter(&*io.fs, dir, options.access)?;
    let names = io.fs.list(dir).map_err(|error| Error::io("list", dir, error))?;
    let found = Found::sort(names);
    match (found.is_database(), options.access) {
        (true, Access::CreateNew) => Err(Error::AlreadyExists(dir.to_path_buf())),
        (true, _) => open_existing(io, dir, options, found, lock),
        (false, Access::OpenExisting | Access::ReadOnly) => Err(match found.foreign.first() {
            Some(name) => not_a_database(dir, name),
            None => Error::NotFound(dir.to_path_buf()),
        }),
        (false, Access::OpenOrCreate | Access::CreateNew) => match found.foreign.first() {
            Some(name) => Err(not_a_database(dir, name)),
            None => create(io, dir, options, &found, lock),
        },
    }
}

fn not_a_database(dir: &Path, name: &str) -> Error {
    let reason = format!("the directory holds other files, such as {name}");
    Error::NotADatabase { path: dir.to_path_buf(), reason }
}

/// Makes the directory where the access allows, and locks it.
fn enter(fs: &dyn Fs, dir: &Path, access: Access) -> Result<Box<dyn DirLock>> {
    let kind = if access == Access::ReadOnly { LockKind::Shared } else { LockKind::Exclusive };
    let mut locked = fs.lock_dir(dir, kind);
    if locked.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        if matches!(access, Access::OpenExisting | Access::ReadOnly) {
            return Err(Error::NotFound(dir.to_path_buf()));
        }
        fs.create_dir(dir).map_err(|error| Error::io("create", dir, error))?;
        locked = fs.lock_dir(dir, kind);
    }
    locked.map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => Error::Locked(dir.to_path_buf()),
        ErrorKind::NotADirectory => {
            let reason = "it is a file, and a database is a directory".into();
            Error::NotADatabase { path: dir.to_path_buf(), reason }
        }
        _ => Error::io("lock", dir, error),
    })
}

/// What opening has put together of a database.
struct Parts {
    database: DatabaseId,
    pages: PageStore,
    params: TreeParams,
    log: Option<Arc<Log>>,
    list: CheckpointList,
    catalog_tree: Root,
    orders: Orders,
    progress: ProgressClock,
    ancestors: Vec<Ancestor>,
    replay: Replay,
    /// The end of the log after the newest commit, and where its bytes were at the newest checkpoint.
    log_end: LogEnd,
    checkpointed_log_bytes: u64,
}

impl Parts {
    /// What the newest checkpoint holds.
    fn at_checkpoint(
        io: &Io,
        dir: &Path,
        options: &Options,
        found: &Found,
        list: CheckpointList,
        newest: &CheckpointRecord,
    ) -> Result<Parts> {
        let next = found.pages.last().map_or(SegmentId(1), |last| last.next());
        let next = next.max(newest.state.next_segment);
        // Those that nothing needs are removed after the record that names them was written.
        let mut table = newest.state.segments.clone();
        table.retain(|(id, _)| found.pages.binary_search(id).is_ok());
        let pages = PageStore::open(
            io.fs.clone(),
            dir,
            list.database(),
            &newest.ancestors,
            page_options(options),
            &table,
            next,
        )?;
        let (catalog_tree, catalog) = match newest.number {
            0 => (Root::empty(), Catalog::new()),
            _ => Catalog::load(&newest.state, &*pages.segments(), &list.path())?,
        };
        Ok(Parts {
            database: list.database(),
            pages,
            params: tree_params(options),
            log: None,
            list,
            catalog_tree,
            orders: newest.orders.clone(),
            progress: match newest.number {
                0 => ProgressClock::new(&*io.clock),
                _ => ProgressClock::resume(newest.progress, &*io.clock),
            },
            ancestors: newest.ancestors.clone(),
            replay: Replay::new(catalog, newest.lsn, newest.time),
            log_end: LogEnd { position: newest.replay_from, bytes: newest.log_bytes },
            checkpointed_log_bytes: newest.log_bytes,
        })
    }

    fn assemble(self, io: Io, dir: &Path, options: Options, lock: Box<dyn DirLock>) -> Shared {
        let Parts { mut replay, log_end, pages, .. } = self;
        replay.catalog.change_roots(|_| true, |root| root.watch(&self.params));
        let version = Version {
            lsn: replay.lsn,
            time: replay.time,
            catalog: replay.catalog,
            log_end,
            pages: pages.segments(),
            existed: Vec::new(),
        };
        let reach = Reach::new(&self.list, self.orders, self.progress);
        Shared {
            dir: dir.to_path_buf(),
            io,
            options,
            database: self.database,
            versions: VersionSet::new(version),
            writer: WriterLock::default(),
            log: self.log,
            pages,
            params: self.params,
            clock: Mutex::new(CommitClock::after(replay.time)),
            checkpoints: Mutex::new(Checkpoints {
                list: self.list,
                catalog: self.catalog_tree,
                ancestors: self.ancestors,
                outstanding: None,
                victims: Vec::new(),
                marked_page_bytes: 0,
            }),
            reach: Mutex::new(reach),
            pending_swap: Mutex::default(),
            holds: Holds::default(),
            pressure: Pressure::default(),
            log_bytes_at_open: log_end.bytes,
            checkpointed_log_bytes: AtomicU64::new(self.checkpointed_log_bytes),
            requested: Requested::default(),
            spilled_from: Mutex::default(),
            background_error: Mutex::default(),
            poison: OnceLock::new(),
            past_of: None,
            lock: Mutex::new(Some(lock)),
        }
    }
}

pub(crate) fn page_options(options: &Options) -> PageOptions {
    PageOptions { segment_size_bytes: options.page_segment_bytes, map: options.page_access.advice() }
}

fn tree_params(options: &Options) -> TreeParams {
    let leaf_bytes = to_usize(options.leaf_bytes);
    TreeParams {
        inner_fanout: to_usize(options.inner_fanout),
        delta_entries: to_usize(options.delta_entries),
        filter_entries: options.filter_entries,
        ..TreeParams::for_leaves(leaf_bytes, Meter::new())
    }
}

fn log_setup(io: &Io, dir: &Path, database: DatabaseId, options: &Options) -> LogSetup {
    LogSetup { io: io.clone(), dir: dir.to_path_buf(), database, segment_bytes: options.log_segment_bytes }
}

fn create(
    io: Io,
    dir: &Path,
    options: Options,
    found: &Found,
    lock: Box<dyn DirLock>,
) -> Result<(Shared, RecoveryReport)> {
    remove_unfinished(&*io.fs, dir, found)?;
    let database = random_id(&io);
    let pages =
        PageStore::open(io.fs.clone(), dir, database, &[], page_options(&options), &[], SegmentId(1))?;
    let parts = Parts {
        database,
        pages,
        params: tree_params(&options),
        log: Some(Arc::new(Log::create(log_setup(&io, dir, database, &options)))),
        list: CheckpointList::new(io.fs.clone(), dir, database),
        catalog_tree: Root::empty(),
        orders: Orders::default(),
        progress: ProgressClock::new(&*io.clock),
        ancestors: Vec::new(),
        replay: Replay::new(Catalog::new(), Lsn::ZERO, Timestamp(i64::MIN)),
        log_end: LogEnd::default(),
        checkpointed_log_bytes: 0,
    };
    let report = RecoveryReport { created: true, clean: true, ..RecoveryReport::default() };
    Ok((parts.assemble(io, dir, options, lock), report))
}

/// Removes what a process left behind that was killed before its first commit, or while it made a fork.
fn remove_unfinished(fs: &dyn Fs, dir: &Path, found: &Found) -> Result<()> {
    remove_all(fs, dir, found.temporary.iter().chain(&found.log.temporary).cloned())?;
    remove_all(fs, dir, found.pages.iter().map(|id| page_file_name(*id)))
}

/// Locks a directory for a new database, made where there is none, and clears it of what was left unfinished.
pub(crate) fn claim(fs: &dyn Fs, dir: &Path) -> Result<Box<dyn DirLock>> {
    let lock = enter(fs, dir, Access::CreateNew)?;
    let found = Found::sort(fs.list(dir).map_err(|error| Error::io("list", dir, error))?);
    match found.foreign.first() {
        _ if found.is_database() => Err(Error::AlreadyExists(dir.to_path_buf())),
        Some(name) => Err(not_a_database(dir, name)),
        None => remove_unfinished(fs, dir, &found).map(|()| lock),
    }
}

/// Removes what was made in a claimed directory, after a failure, as far as that can be done: first what makes it a
/// database. What is left then the next claim removes.
pub(crate) fn abandon(fs: &dyn Fs, dir: &Path) -> Result<()> {
    let names = fs.list(dir).map_err(|error| Error::io("list", dir, error))?;
    let found = Found::sort(names);
    remove_all(fs, dir, found.list.then(|| checkpoint_list::FILE_NAME.to_owned()).into_iter())?;
    fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))?;
    remove_unfinished(fs, dir, &found)
}

fn page_file_name(id: SegmentId) -> String {
    format!("{id}.pages")
}

pub(crate) fn random_id(io: &Io) -> DatabaseId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&io.entropy.next_u64().to_le_bytes());
    id[8..].copy_from_slice(&io.entropy.next_u64().to_le_bytes());
    DatabaseId(id)
}

fn remove_all(fs: &dyn Fs, dir: &Path, names: impl Iterator<Item = String>) -> Result<()> {
    for name in names {
        let path = dir.join(name);
        match fs.remove(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove", &path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn open_existing(
    io: Io,
    dir: &Path,
    options: Options,
    mut found: Found,
    lock: Box<dyn DirLock>,
) -> Result<(Shared, RecoveryReport)> {
    let read_only = options.access == Access::ReadOnly;
    let list = match found.list {
        true => Some(CheckpointList::open(io.fs.clone(), dir)?),
        false => None,
    };
    let newest = list.as_ref().and_then(CheckpointList::newest).cloned();
    let scan = LogScan {
        database: list.as_ref().map(CheckpointList::database),
        start: newest.as_ref().map_or(LogStart::Beginning, |record| LogStart::After {
            lsn: record.lsn,
            position: record.replay_from,
        }),
        until: None,
        durable: newest.as_ref().map_or(0, |record| record.lsn.number),
    };
    let newest = newest.unwrap_or_default();
    let needs_no_log =
        found.log.segments.is_empty() && list.as_ref().is_some_and(CheckpointList::begins_a_fork);
    if let (Some(list), true, false) = (&list, needs_no_log, read_only) {
        Log::begin_after(log_setup(&io, dir, list.database(), &options), newest.lsn, newest.number)?;
        found.log.segments.push(SegmentId(1));
    }
    let (list, reader) = match list {
        Some(list) if needs_no_log && read_only => (list, None),
        list => {
            let listing = found.log.clone();
            let reader = LogReader::open_listed(io.fs.clone(), dir, scan, listing)?;
            let reader = reader.ok_or_else(|| no_log(dir, scan))?;
            let new = || CheckpointList::new(io.fs.clone(), dir, reader.database());
            (list.unwrap_or_else(new), Some(reader))
        }
    };
    let mut parts = Parts::at_checkpoint(&io, dir, &options, &found, list, &newest)?;
    let mut report =
        RecoveryReport { checkpoint_lsn: newest.lsn, lsn: newest.lsn, ..RecoveryReport::default() };
    let Some(mut reader) = reader else {
        return Ok((parts.assemble(io, dir, options, lock), RecoveryReport { clean: true, ..report }));
    };
    let unlisted = replay_log(&mut reader, &io, dir, &mut parts, &mut report)?;
    let end = reader.end().expect("the log was read to its end");
    check_against_list(&parts.list, &newest, &end)?;
    match &end.shutdown {
        Shutdown::Clean { .. } => report.clean = true,
        Shutdown::Unclean { torn } => report.torn_tail = torn.clone(),
    }
    parts.log_end.position = end.position;
    if !read_only {
        if end.checkpoint < newest.number {
            // Nothing says that the sync of the newest record ever succeeded.
            parts.list.make_durable().map_err(AppendError::into_error)?;
        }
        remove_leftovers(&*io.fs, dir, &found, &parts)?;
        let log = Arc::new(Log::resume(log_setup(&io, dir, parts.database, &options), &end)?);
        log.set_checkpoint(newest.number);
        parts.log_end.position = log.position();
        if let Some(record) = unlisted {
            list_root(&io, &log, dir, &mut parts, scan, record)?;
        }
        parts.log = Some(log);
    }
    Ok((parts.assemble(io, dir, options, lock), report))
}

/// There is no log, and there has to be one.
fn no_log(dir: &Path, scan: LogScan) -> Error {
    let first =
        if let LogStart::After { position, .. } = scan.start { position.segment } else { SegmentId(1) };
    Error::corrupt(&dir.join(format!("{first}.wal")), 0, "log segment", "a file", "none")
}

/// Replays the log to its end. A bulk root met on the way that the checkpoint list does not have is given back as the
/// record to add.
fn replay_log(
    reader: &mut LogReader,
    io: &Io,
    dir: &Path,
    parts: &mut Parts,
    report: &mut RecoveryReport,
) -> Result<Option<CheckpointRecord>> {
    let mut unlisted = None;
    while let Some(record) = reader.next_record()? {
        parts.log_end.bytes += record.bytes;
        if let Some(state) = root_state(record.kind, record.payload) {
            parts.pages.extend(&state.segments);
            if record.kind == RecordKind::WishedReset {
                parts.orders.wish = None;
            }
            unlisted = Some(CheckpointRecord {
                number: parts.list.newest().map_or(1, |newest| newest.number + 1),
                lsn: record.lsn,
                time: record.time.time,
                replay_from: LogPosition::default(),
                log_bytes: parts.log_end.bytes,
                bulk: true,
                whole_history: parts.list.newest().is_none_or(|newest| newest.whole_history),
                kept: parts.list.kept().map(|kept| kept.number).collect(),
                // Later than it was, so that it counts as younger than it is.
                progress: parts.progress.now(&*io.clock),
                orders: parts.orders.clone(),
                ancestors: parts.ancestors.clone(),
                state,
            });
        }
        parts.replay.apply(&record, dir, &parts.pages.segments(), &parts.params)?;
        report.replayed += 1;
    }
    parts.replay.settle(&parts.pages.segments(), &parts.params)?;
    report.lsn = parts.replay.lsn;
    Ok(unlisted)
}

/// The log and the list are two accounts of what is durable; neither may know of something the other lost.
fn check_against_list(list: &CheckpointList, newest: &CheckpointRecord, end: &LogScanEnd) -> Result<()> {
    if end.checkpoint > newest.number {
        let (offset, why) = list.bad_tail().unwrap_or((0, "the end of the file"));
        let expected = format!("checkpoint {}, which the log names as durable", end.checkpoint);
        return Err(Error::corrupt(&list.path(), offset, "checkpoint record", expected, why));
    }
    if end.last < newest.lsn {
        let expected = format!("commit {}, which a checkpoint holds", newest.lsn);
        let found = format!("an end at commit {}", end.last);
        return Err(Error::corrupt(&list.path(), 0, "log", expected, found));
    }
    Ok(())
}

/// Removes what unfinished work left: temporary files, and page segments that no kept root knows.
fn remove_leftovers(fs: &dyn Fs, dir: &Path, found: &Found, parts: &Parts) -> Result<()> {
    remove_all(fs, dir, found.temporary.iter().cloned())?;
    let known: BTreeSet<SegmentId> = parts
        .list
        .kept()
        .flat_map(|record| record.state.segments.iter())
        .map(|(id, _)| *id)
        .chain(parts.pages.segments().table().into_iter().map(|(id, _)| id))
        .collect();
    let unknown = found.pages.iter().filter(|id| !known.contains(id));
    remove_all(fs, dir, unknown.map(|id| page_file_name(*id)))
}

/// Adds a bulk root to the checkpoint list, which the process that committed it did not get to do. The log is read once
/// more, because resuming it may have copied the root's record to another place.
fn list_root(
    io: &Io,
    log: &Log,
    dir: &Path,
    parts: &mut Parts,
    scan: LogScan,
    mut record: CheckpointRecord,
) -> Result<()> {
    let scan = LogScan { until: Some(record.lsn), ..scan };
    let mut reader = LogReader::open(io.fs.clone(), dir, scan)?.ok_or_else(|| no_log(dir, scan))?;
    while reader.next_record()?.is_some() {}
    record.replay_from = reader.position();
    let (number, log_bytes) = (record.number, record.log_bytes);
    let file = dir.join(format!("{}.wal", record.replay_from.segment));
    let (catalog_tree, _) = Catalog::load(&record.state, &*parts.pages.segments(), &file)?;
    parts.list.append(Arc::new(record)).map_err(AppendError::into_error)?;
    log.set_checkpoint(number);
    parts.catalog_tree = catalog_tree;
    parts.checkpointed_log_bytes = log_bytes;
    Ok(())
}
