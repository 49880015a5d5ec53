//! Databases on tiny pages and segments, on files and a clock that the test holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use duramen_engine::io::{Io, ManualClock, MemFs, SeededEntropy};
use duramen_engine::{Background, Database, Durability, Options, Retention, Timestamp, TreeId, View, Window};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// The entries of a tree.
pub(crate) type Map = BTreeMap<Vec<u8>, Vec<u8>>;

pub(crate) struct Setup {
    pub(crate) fs: Arc<MemFs>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) options: Options,
}

impl Setup {
    pub(crate) fn new() -> Setup {
        let options = Options {
            background: Background::Inline,
            retention: Retention::All,
            checkpoint_log_bytes: 8 << 10,
            log_segment_bytes: 8 << 10,
            page_segment_bytes: 16 << 10,
            root_spacing_bytes: 16 << 10,
            leaf_bytes: 256,
            inner_fanout: 4,
            delta_entries: 3,
            ..Options::default()
        };
        let start = Timestamp(1_700_000_000_000_000);
        Setup { fs: Arc::new(MemFs::new()), clock: Arc::new(ManualClock::new(start)), options }
    }

    pub(crate) fn with_window(window: Window) -> Setup {
        let mut setup = Setup::new();
        setup.options.retention = Retention::Window(window);
        setup
    }

    pub(crate) fn io(&self) -> Io {
        Io { fs: self.fs.clone(), clock: self.clock.clone(), entropy: Arc::new(SeededEntropy::new(7)) }
    }

    pub(crate) fn open(&self) -> Database {
        Database::open_with(self.io(), "db", self.options.clone()).unwrap()
    }

    /// Lets the wall clock jump.
    pub(crate) fn jump(&self, seconds: i64) {
        use duramen_engine::io::Clock;
        self.clock.set_wall(Timestamp(self.clock.wall().0 + seconds * 1_000_000));
    }
}

pub(crate) fn entries(view: &impl View, tree: TreeId) -> Map {
    let mut cursor = view.cursor(tree).unwrap();
    let mut map = Map::new();
    while cursor.next().unwrap() {
        map.insert(cursor.key().to_vec(), cursor.value().unwrap().to_vec());
    }
    map
}

/// The entries of the tree `t` now.
pub(crate) fn content(db: &Database) -> Map {
    let view = db.begin_read().unwrap();
    view.tree(b"t").map_or_else(Map::new, |tree| entries(&view, tree))
}

/// Makes a commit of about `bytes` bytes.
pub(crate) fn commit(db: &Database, key: u32, bytes: usize) {
    let mut txn = db.begin_write().unwrap();
    let tree = txn.open_tree(b"t").unwrap();
    txn.put(tree, &(key % 20).to_be_bytes(), &vec![u8::try_from(key % 251).unwrap(); bytes]).unwrap();
    txn.commit(Durability::Immediate).unwrap();
}

pub(crate) fn verify(db: &Database) {
    let report = db.verify(&mut |_| {}).unwrap();
    assert!(report.is_clean(), "{:#?}", report.problems);
}
