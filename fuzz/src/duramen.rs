//! [`Duramen`]: this project's engine behind the seam, on a simulated file system.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use duramen_engine::io::sim::{CrashModel, SimFs};
use duramen_engine::io::{Fs, Io, ManualClock, SeededEntropy};
use duramen_engine::{
    Background, CommitKind, Database, Durability, Error, Lsn, Op, Options, ReadView, Retention, Savepoint,
    TreeId, View, WriteTxn,
};

use crate::engine::{
    Change, Direction, Engine, Entry, Failure, FailureKind, KeyChange, KeyRange, Logged, Move, Outcome, Read,
    Stop, Version, Visit,
};

/// Where the database lies on its file system.
pub const DIR: &str = "db";

/// Options under which a few dozen entries reach every split, merge, roll and reclaim.
#[must_use]
pub fn tiny_options() -> Options {
    Options {
        background: Background::Inline,
        busy_timeout: Duration::ZERO,
        memory_budget_bytes: 64 << 10,
        checkpoint_log_bytes: 8 << 10,
        log_segment_bytes: 4 << 10,
        page_segment_bytes: 16 << 10,
        leaf_bytes: 256,
        inner_fanout: 4,
        delta_entries: 3,
        retention: Retention::Needed,
        root_spacing_bytes: 4 << 10,
        ..Options::default()
    }
}

/// Options for one run, chosen by its seed, so that all combinations are met sooner or later.
#[must_use]
pub fn options_for(seed: u64) -> Options {
    let mut bits = seed;
    let mut choose = |n: u64| {
        let choice = bits % n;
        bits /= n;
        usize::try_from(choice).expect("a small number")
    };
    Options {
        retention: [Retention::Needed, Retention::All][choose(2)],
        leaf_bytes: [256, 128, 512, 1024][choose(4)],
        inner_fanout: [4, 5, 8][choose(3)],
        delta_entries: [3, 1, 2, 8][choose(4)],
        checkpoint_log_bytes: [8 << 10, 2 << 10, 64 << 10][choose(3)],
        log_segment_bytes: [4 << 10, 8 << 10, 64 << 10][choose(3)],
        page_segment_bytes: [16 << 10, 64 << 10][choose(2)],
        root_spacing_bytes: [4 << 10, 1, 32 << 10][choose(3)],
        filter_entries: [0, 20, u64::MAX][choose(3)],
        ..tiny_options()
    }
}

/// This project's engine on a simulated file system.
#[derive(Debug)]
pub struct Duramen {
    fs: Arc<SimFs>,
    io: Io,
    options: Options,
    db: Option<Database>,
    txn: Option<WriteTxn>,
    savepoints: Vec<Savepoint>,
    promised: u64,
}

impl Duramen {
    /// Opens or makes the database on `fs`. The seed gives its identities.
    ///
    /// # Errors
    /// What opening answers.
    pub fn open(fs: SimFs, options: Options, seed: u64) -> Outcome<Duramen> {
        let mut engine = Duramen::closed(fs, options, seed);
        engine.start()?;
        Ok(engine)
    }

    /// The database on `fs`, not opened yet.
    #[must_use]
    pub fn closed(fs: SimFs, options: Options, seed: u64) -> Duramen {
        let fs = Arc::new(fs);
        let io = io_on(fs.clone(), seed);
        Duramen { fs, io, options, db: None, txn: None, savepoints: Vec::new(), promised: 0 }
    }

    /// Opens it.
    ///
    /// # Errors
    /// What opening answers.
    pub fn start(&mut self) -> Outcome<()> {
        let db = Database::open_with(self.io.clone(), DIR, self.options.clone()).map_err(failure)?;
        self.db = Some(db);
        Ok(())
    }

    /// The file system.
    #[must_use]
    pub fn fs(&self) -> &SimFs {
        &self.fs
    }

    /// The open database; `None` after an open that failed.
    #[must_use]
    pub fn database(&self) -> Option<&Database> {
        self.db.as_ref()
    }

    /// Forgets everything in memory, and what the file system may lose; the seed chooses.
    pub fn lose_power(&mut self, seed: u64) {
        let image = self.fs.crashed(&CrashModel { seed, ..CrashModel::default() });
        self.kill();
        self.fs = Arc::new(SimFs::on(&image));
        self.fs.mark(self.promised);
        self.io.fs = self.fs.clone();
    }

    /// Notes on the file system how many commits were promised to be durable, for images of a crash.
    pub fn promise(&mut self, promised: u64) {
        self.promised = promised;
        self.fs.mark(promised);
    }

    fn db(&self) -> Outcome<&Database> {
        self.db.as_ref().ok_or_else(|| Failure {
            kind: FailureKind::MustReopen,
            text: "the last attempt to open it failed".into(),
        })
    }

    fn txn(&mut self) -> Outcome<&mut WriteTxn> {
        if self.txn.is_none() {
            self.txn = Some(self.db()?.begin_write().map_err(failure)?);
        }
        Ok(self.txn.as_mut().expect("it was begun where none was open"))
    }

    /// The transaction and the tree of this name in it.
    fn tree(&mut self, name: &[u8]) -> Outcome<(&mut WriteTxn, TreeId)> {
        let txn = self.txn()?;
        let tree = find(txn, name)?;
        Ok((txn, tree))
    }

    fn savepoint_at(&self, savepoint: usize) -> Outcome<Savepoint> {
        self.savepoints.get(savepoint).copied().ok_or_else(|| failure(Error::NoSuchSavepoint))
    }

    /// Closes it.
    ///
    /// # Errors
    /// What closing answers; it is closed all the same.
    pub fn close(&mut self) -> Outcome<()> {
        self.abort();
        match self.db.take() {
            Some(db) => db.close().map_err(failure),
            None => Ok(()),
        }
    }

    /// Forgets everything in memory without any I/O, as a process does that is killed.
    pub fn kill(&mut self) {
        self.fs.crash_at(0);
        self.txn = None;
        self.savepoints.clear();
        self.db = None;
        self.fs.clear_faults();
    }
}

/// Files, a clock that stands still and random numbers from a seed.
#[must_use]
pub fn io_on(fs: Arc<dyn Fs>, seed: u64) -> Io {
    Io { fs, clock: Arc::new(ManualClock::default()), entropy: Arc::new(SeededEntropy::new(seed)) }
}

/// The position of a commit as a version.
#[must_use]
pub fn version_of(lsn: Lsn) -> Version {
    Version(u128::from(lsn.epoch) << 64 | u128::from(lsn.number))
}

fn lsn_of(version: Version) -> Lsn {
    let epoch = u32::try_from(version.0 >> 64).expect("a version made from an LSN");
    let number = u64::try_from(version.0 & u128::from(u64::MAX)).expect("masked to 64 bits");
    Lsn { epoch, number }
}

/// What an error of the engine means.
#[must_use]
pub fn failure(error: Error) -> Failure {
    let kind = match &error {
        Error::Busy { .. } | Error::InUse(_) | Error::Locked(_) | Error::StaleView { .. } => {
            FailureKind::Busy
        }
        Error::Full { .. } => FailureKind::Full,
        Error::Io { .. } => FailureKind::Disk,
        Error::Poisoned { .. } => FailureKind::MustReopen,
        Error::Corrupt(_)
        | Error::NotADatabase { .. }
        | Error::UnsupportedVersion { .. }
        | Error::NotFound(_) => FailureKind::Corrupt,
        Error::HistoryUnavailable { .. } => FailureKind::Unavailable,
        _ => FailureKind::Refused,
    };
    Failure { kind, text: error.to_string() }
}

/// A view behind the seam.
#[must_use]
pub fn reading(view: ReadView) -> Box<dyn Read> {
    Box::new(Seen(Box::new(view)))
}

fn find(view: &impl View, name: &[u8]) -> Outcome<TreeId> {
    view.tree(name).ok_or_else(|| failure(Error::NoSuchTree(String::from_utf8_lossy(name).into_owned())))
}

/// A view of the engine, owned or borrowed, as the seam wants it.
struct Seen<P>(P);

impl<P: Deref<Target: View + Sized>> Read for Seen<P> {
    fn trees(&self) -> Outcome<Vec<Vec<u8>>> {
        Ok(self.0.trees().into_iter().map(|(name, _)| name.to_vec()).collect())
    }

    fn get(&self, tree: &[u8], key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        let value = self.0.get(find(&*self.0, tree)?, key).map_err(failure)?;
        Ok(value.map(<[u8]>::to_vec))
    }

    fn get_many(&self, tree: &[u8], keys: &[&[u8]]) -> Outcome<Vec<Option<Vec<u8>>>> {
        let values = self.0.get_many(find(&*self.0, tree)?, keys).map_err(failure)?;
        Ok(values.into_iter().map(|value| value.map(<[u8]>::to_vec)).collect())
    }

    fn len(&self, tree: &[u8]) -> Outcome<u64> {
        self.0.len(find(&*self.0, tree)?).map_err(failure)
    }

    fn count(&self, tree: &[u8], range: KeyRange<'_>) -> Outcome<u64> {
        self.0.count(find(&*self.0, tree)?, range).map_err(failure)
    }

    fn rank(&self, tree: &[u8], key: &[u8]) -> Outcome<u64> {
        self.0.rank(find(&*self.0, tree)?, key).map_err(failure)
    }

    fn scan(&self, tree: &[u8], direction: Direction, visit: Visit<'_>) -> Outcome<()> {
        let mut cursor = self.0.cursor(find(&*self.0, tree)?).map_err(failure)?;
        loop {
            let found = match direction {
                Direction::Forward => cursor.next(),
                Direction::Backward => cursor.prev(),
            };
            if !found.map_err(failure)? || !visit(cursor.key(), cursor.value().map_err(failure)?) {
                return Ok(());
            }
        }
    }

    fn walk(&self, tree: &[u8], moves: &[Move]) -> Outcome<Vec<Option<Entry>>> {
        let mut cursor = self.0.cursor(find(&*self.0, tree)?).map_err(failure)?;
        let mut places = Vec::with_capacity(moves.len());
        for step in moves {
            let found = match step {
                Move::First => cursor.first(),
                Move::Last => cursor.last(),
                Move::Next => cursor.next(),
                Move::Prev => cursor.prev(),
                Move::Seek(key) => cursor.seek(key),
                Move::SeekForPrev(key) => cursor.seek_for_prev(key),
                Move::Nth(n) => cursor.nth(*n),
            };
            let found = found.map_err(failure)?;
            if found != cursor.is_valid() {
                let text = format!("{step:?} answered {found}, but the cursor says the opposite");
                return Err(Failure { kind: FailureKind::Refused, text });
            }
            places.push(match found {
                true => Some((cursor.key().to_vec(), cursor.value().map_err(failure)?.to_vec())),
                false => None,
            });
        }
        Ok(places)
    }
}

impl Engine for Duramen {
    fn put(&mut self, tree: &[u8], key: &[u8], value: &[u8]) -> Outcome<bool> {
        let (txn, tree) = self.tree(tree)?;
        txn.put(tree, key, value).map_err(failure)
    }

    fn delete(&mut self, tree: &[u8], key: &[u8]) -> Outcome<bool> {
        let (txn, tree) = self.tree(tree)?;
        txn.delete(tree, key).map_err(failure)
    }

    fn batch(&mut self, tree: &[u8], changes: &[KeyChange]) -> Outcome<()> {
        let (txn, tree) = self.tree(tree)?;
        let mut batch = txn.batch(tree).map_err(failure)?;
        for (key, value) in changes {
            match value {
                Some(value) => batch.put(key, value),
                None => batch.delete(key),
            }
            .map_err(failure)?;
        }
        batch.apply().map_err(failure)
    }

    fn delete_range(&mut self, tree: &[u8], range: KeyRange<'_>) -> Outcome<Option<u64>> {
        let (txn, tree) = self.tree(tree)?;
        txn.delete_range(tree, range).map(Some).map_err(failure)
    }

    fn create_tree(&mut self, name: &[u8]) -> Outcome<()> {
        self.txn()?.create_tree(name).map(drop).map_err(failure)
    }

    fn drop_tree(&mut self, name: &[u8]) -> Outcome<()> {
        let (txn, tree) = self.tree(name)?;
        txn.drop_tree(tree).map_err(failure)
    }

    fn savepoint(&mut self) -> Outcome<()> {
        let savepoint = self.txn()?.savepoint();
        self.savepoints.push(savepoint);
        Ok(())
    }

    fn rollback_to(&mut self, savepoint: usize) -> Outcome<()> {
        let kept = self.savepoint_at(savepoint)?;
        self.txn()?.rollback_to(kept).map_err(failure)?;
        self.savepoints.truncate(savepoint + 1);
        Ok(())
    }

    fn release(&mut self, savepoint: usize) -> Outcome<()> {
        let kept = self.savepoint_at(savepoint)?;
        self.txn()?.release(kept).map_err(failure)?;
        self.savepoints.truncate(savepoint);
        Ok(())
    }

    fn commit_puts(&mut self, tree: &[u8], puts: &[KeyChange], durability: Durability) -> Outcome<Version> {
        let (_, tree) = self.tree(tree)?;
        self.savepoints.clear();
        let txn = self.txn.take().expect("it was begun where none was open");
        let mut batch = txn.into_batch(tree).map_err(failure)?;
        for (key, value) in puts {
            batch.put(key, value.as_deref().unwrap_or_default()).map_err(failure)?;
        }
        batch.commit(durability).map(version_of).map_err(failure)
    }

    fn commit(&mut self, durability: Durability) -> Outcome<Version> {
        self.savepoints.clear();
        match self.txn.take() {
            Some(txn) => txn.commit(durability).map(version_of).map_err(failure),
            None => {
                if durability == Durability::Immediate {
                    self.sync()?;
                }
                Ok(self.version())
            }
        }
    }

    fn abort(&mut self) {
        self.savepoints.clear();
        self.txn = None;
    }

    fn working(&self) -> Outcome<Box<dyn Read + '_>> {
        match &self.txn {
            Some(txn) => Ok(Box::new(Seen(txn))),
            None => self.view().map(|view| view as Box<dyn Read + '_>),
        }
    }

    fn view(&self) -> Outcome<Box<dyn Read>> {
        let view = self.db()?.begin_read().map_err(failure)?;
        Ok(reading(view))
    }

    fn version(&self) -> Version {
        self.db.as_ref().map_or(Version(0), |db| version_of(db.last_lsn()))
    }

    fn durable_version(&self) -> Version {
        self.db.as_ref().map_or(Version(0), |db| version_of(db.durable_lsn()))
    }

    fn sync(&mut self) -> Outcome<()> {
        self.db()?.sync().map_err(failure)
    }

    fn checkpoint(&mut self) -> Outcome<()> {
        self.db()?.checkpoint().map(drop).map_err(failure)
    }

    fn compact(&mut self) -> Outcome<()> {
        self.db()?.compact(&mut |_, _| {}).map(drop).map_err(failure)
    }

    fn verify(&mut self) -> Outcome<Vec<String>> {
        let report = self.db()?.verify(&mut |_| {}).map_err(failure)?;
        Ok(report.problems.iter().map(ToString::to_string).collect())
    }

    fn read_at(&self, version: Version) -> Outcome<Box<dyn Read>> {
        let view = self.db()?.history().read_at(lsn_of(version)).map_err(failure)?;
        Ok(Box::new(Seen(Box::new(view))))
    }

    fn reset_to(&mut self, version: Version) -> Outcome<Version> {
        self.db()?.history().reset_to(lsn_of(version)).map(version_of).map_err(failure)
    }

    fn log_after(&self, version: Version) -> Outcome<Vec<Logged>> {
        let history = self.db()?.history();
        let commits = history.log_from(lsn_of(version)).map_err(failure)?;
        // The log names trees by number: those there were at first, and those made since.
        let mut names = BTreeMap::new();
        if let Ok(before) = history.read_at(lsn_of(version)) {
            names.extend(before.trees().into_iter().map(|(name, tree)| (tree, name.to_vec())));
        }
        let mut log = Vec::new();
        for commit in commits {
            let commit = commit.map_err(failure)?;
            let changes = match commit.kind() {
                CommitKind::Operations => {
                    let ops = commit.operations().map(|op| change_of(&op.map_err(failure)?, &mut names));
                    Some(ops.collect::<Outcome<Vec<Change>>>()?)
                }
                _ => {
                    if let Ok(after) = history.read_at(commit.lsn()) {
                        names.extend(after.trees().into_iter().map(|(name, tree)| (tree, name.to_vec())));
                    }
                    None
                }
            };
            log.push(Logged { version: version_of(commit.lsn()), changes });
        }
        Ok(log)
    }

    fn dirty_bytes(&self) -> Outcome<(u64, u64)> {
        let info = self.db()?.info().map_err(failure)?;
        Ok((info.dirty_bytes, self.options.memory_budget_bytes))
    }

    fn reopen(&mut self, stop: Stop) -> Outcome<()> {
        match stop {
            Stop::Close => self.close()?,
            Stop::Kill => self.kill(),
            Stop::PowerLoss { seed } => self.lose_power(seed),
        }
        self.start()
    }
}

/// An operation of the log with the names of trees.
fn change_of(op: &Op<'_>, names: &mut BTreeMap<TreeId, Vec<u8>>) -> Outcome<Change> {
    let name_of = |tree: &TreeId| {
        names.get(tree).cloned().ok_or_else(|| Failure {
            kind: FailureKind::Corrupt,
            text: format!("the log names tree {}, which nobody made", tree.0),
        })
    };
    Ok(match op {
        Op::CreateTree { tree, name } => {
            if names.insert(*tree, name.to_vec()).is_some() {
                let text = format!("the number of tree {} was given out twice", tree.0);
                return Err(Failure { kind: FailureKind::Corrupt, text });
            }
            Change::CreateTree { name: name.to_vec() }
        }
        Op::DropTree { tree } => Change::DropTree { name: name_of(tree)? },
        Op::Put { tree, key, value, existed } => {
            Change::Put { tree: name_of(tree)?, key: key.to_vec(), value: value.to_vec(), existed: *existed }
        }
        Op::Delete { tree, key } => Change::Delete { tree: name_of(tree)?, key: key.to_vec() },
        Op::DeleteRange { tree, start, end, removed } => Change::DeleteRange {
            tree: name_of(tree)?,
            start: start.map(<[u8]>::to_vec),
            end: end.map(<[u8]>::to_vec),
            removed: *removed,
        },
    })
}
