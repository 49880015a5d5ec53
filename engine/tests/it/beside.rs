//! What goes on beside a checkpoint.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use duramen_engine::io::{Io, MemFs};
use duramen_engine::{Database, Durability, Hold, Lsn, Options, Retention, View, Window};

use crate::support::{Hook, Odd, tiny, verify};

/// How long a test waits for what comes at once unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// So many of the newest holds are kept.
const HOLDS: usize = 5;

/// A counter in a database, and which value it has had after which commit.
struct Counter {
    db: Database,
    values: Mutex<BTreeMap<Lsn, u64>>,
    holds: Mutex<Vec<Hold>>,
    looks: AtomicUsize,
}

impl Counter {
    fn commit(&self) {
        let mut values = self.values.lock().unwrap();
        let value = values.len() as u64;
        let mut txn = self.db.begin_write().unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        txn.put(tree, b"counter", &value.to_be_bytes()).unwrap();
        txn.put(tree, &value.to_be_bytes(), &[1; 100]).unwrap();
        values.insert(txn.commit(Durability::Immediate).unwrap(), value);
    }

    fn check(&self, lsn: Lsn) {
        let view = self.db.history().read_at(lsn).unwrap();
        let value = self.values.lock().unwrap().get(&lsn).map(|value| value.to_be_bytes().to_vec());
        let tree = view.tree(b"t");
        let found = tree.and_then(|tree| view.get(tree, b"counter").unwrap());
        assert_eq!(found.map(<[u8]>::to_vec), value, "{lsn}");
    }

    /// Looks at all that can be looked at without waiting for a checkpoint, holds the oldest moment there is, and commits.
    fn look(&self) {
        let history = self.db.history();
        let hold = history.hold(history.oldest()).unwrap();
        self.check(hold.lsn());
        self.check(self.db.last_lsn());
        self.check(history.roots().last().map_or(Lsn::ZERO, |root| root.lsn));
        assert!(history.retained_from() >= Lsn::ZERO);
        assert!(history.pins().is_empty() && history.wished_reset().is_none());
        history.space().unwrap();
        history.log_starts().unwrap();
        assert_eq!(self.db.info().unwrap().lsn, self.db.last_lsn());
        let log = history.log_from(hold.lsn()).unwrap();
        assert_eq!(
            log.last().map(|last| last.unwrap().lsn()),
            (hold.lsn() < self.db.last_lsn()).then(|| self.db.last_lsn())
        );
        self.commit();
        let mut holds = self.holds.lock().unwrap();
        holds.push(hold);
        let many = holds.len().saturating_sub(HOLDS);
        holds.drain(..many);
        self.looks.fetch_add(1, Ordering::Relaxed);
    }
}

/// Does `look` in the middle of the checkpoints of a database, in a thread of its own.
fn look_beside_checkpoints(retention: Retention) {
    let fs = Arc::new(MemFs::new());
    let odd = Odd::on(&fs);
    let in_dir_sync = odd.in_dir_sync.clone();
    let options = Options {
        retention,
        root_spacing_bytes: 1 << 10,
        checkpoint_log_bytes: 1 << 30,
        log_segment_bytes: 64 << 20,
        ..tiny()
    };
    let db = Database::open_with(Io { fs: Arc::new(odd), ..Io::memory(1) }, "db", options).unwrap();
    let counter = Arc::new(Counter {
        db,
        values: Mutex::default(),
        holds: Mutex::default(),
        looks: AtomicUsize::new(0),
    });
    counter.commit();
    let beside = counter.clone();
    let hook: Hook = Box::new(move || {
        let (done, is_done) = mpsc::channel();
        let beside = beside.clone();
        thread::spawn(move || {
            beside.look();
            done.send(()).unwrap();
        });
        is_done.recv_timeout(PATIENCE).expect("it waits for nothing");
    });
    assert!(in_dir_sync.set(hook).is_ok());
    for _ in 0..200 {
        counter.commit();
        counter.db.checkpoint().unwrap();
        counter.holds.lock().unwrap().iter().for_each(|hold| counter.check(hold.lsn()));
    }
    assert!(counter.looks.load(Ordering::Relaxed) > 3);
    verify(&counter.db);
}

#[test]
fn looks_and_commits_do_not_wait_for_a_checkpoint() {
    look_beside_checkpoints(Retention::Needed);
    look_beside_checkpoints(Retention::All);
    let short = Window { bytes: 4 << 10, min_keep: Duration::ZERO, ..Window::default() };
    look_beside_checkpoints(Retention::Window(short));
}
