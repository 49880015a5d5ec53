//! Databases on tiny pages and segments, and what tests ask of them again and again.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use duramen_engine::io::{DirLock, File, Fs, Io, LockKind, ManualClock, MemFs, OpenMode, SeededEntropy};
use duramen_engine::{Background, Database, Options, Timestamp, TreeId, View};

/// Options under which a few hundred entries reach every split, roll and checkpoint.
pub(crate) fn tiny() -> Options {
    Options {
        background: Background::Inline,
        checkpoint_log_bytes: 8 << 10,
        log_segment_bytes: 8 << 10,
        page_segment_bytes: 16 << 10,
        leaf_bytes: 256,
        inner_fanout: 4,
        delta_entries: 3,
        ..Options::default()
    }
}

pub(crate) fn open(fs: &Arc<MemFs>, options: Options) -> Database {
    open_result(fs, options).expect("the database opens")
}

pub(crate) fn open_result(fs: &Arc<MemFs>, options: Options) -> duramen_engine::Result<Database> {
    open_at(fs, "db", options)
}

pub(crate) fn open_at(fs: &Arc<MemFs>, dir: &str, options: Options) -> duramen_engine::Result<Database> {
    let io = Io {
        fs: fs.clone(),
        clock: Arc::new(ManualClock::new(Timestamp(1_700_000_000_000_000))),
        entropy: Arc::new(SeededEntropy::new(7)),
    };
    Database::open_with(io, dir, options)
}

/// Every entry of a tree, read forwards, after checking that reading backwards and counting agree.
pub(crate) fn entries(view: &impl View, tree: TreeId) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut forwards = Vec::new();
    let mut cursor = view.cursor(tree).expect("the tree exists");
    while cursor.next().expect("pages are readable") {
        forwards.push((cursor.key().to_vec(), cursor.value().expect("pages are readable").to_vec()));
    }
    let mut backwards = Vec::new();
    let mut cursor = view.cursor(tree).expect("the tree exists");
    while cursor.prev().expect("pages are readable") {
        backwards.push((cursor.key().to_vec(), cursor.value().expect("pages are readable").to_vec()));
    }
    backwards.reverse();
    assert_eq!(forwards, backwards);
    let counted = view.count(tree, (Bound::Unbounded, Bound::Unbounded)).expect("pages are readable");
    assert_eq!(counted, forwards.len() as u64);
    assert_eq!(view.len(tree).expect("the tree exists"), counted);
    let len = forwards.len();
    let map: BTreeMap<_, _> = forwards.into_iter().collect();
    assert_eq!(map.len(), len, "keys are in order and each is there once");
    map
}

/// Fails with the list of damage where the database is not whole.
pub(crate) fn verify(db: &Database) {
    let report = db.verify(&mut |_| {}).expect("the database is readable");
    assert!(report.is_clean(), "{:#?}", report.problems);
}

/// What is done in the middle of an operation of a file system.
pub(crate) type Hook = Box<dyn Fn() + Send + Sync>;

/// A file system in memory that is unlike others.
pub(crate) struct Odd {
    pub(crate) fs: Arc<MemFs>,
    /// Whether it can give a file a second name.
    pub(crate) links: bool,
    /// What is done while names are made durable.
    pub(crate) in_dir_sync: Arc<OnceLock<Hook>>,
}

impl Odd {
    pub(crate) fn on(fs: &Arc<MemFs>) -> Odd {
        Odd { fs: fs.clone(), links: true, in_dir_sync: Arc::default() }
    }
}

impl fmt::Debug for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fs.fmt(f)
    }
}

impl Fs for Odd {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        self.fs.open(path, mode)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fs.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.links { self.fs.hard_link(from, to) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.fs.remove(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.fs.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.fs.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if let Some(hook) = self.in_dir_sync.get() {
            hook();
        }
        self.fs.sync_dir(dir)
    }

    fn lock_dir(&self, dir: &Path, kind: LockKind) -> io::Result<Box<dyn DirLock>> {
        self.fs.lock_dir(dir, kind)
    }
}
