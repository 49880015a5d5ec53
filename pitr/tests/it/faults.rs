//! A call into the file system fails, once or from there on, while a restore is put down, a moment pinned, a database forked
//! or opened: what was asked for is done or not, and nothing else has changed.

use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::sim::{Action, Fault, SimFs};
use duramen_engine::{Access, Database, Durability, Options};
use duramen_pitr::{Bookmark, KeyChange, Pitr};

use crate::support::{Map, Setup, commit, content, verify};

/// A database with some past, closed.
struct Prepared {
    setup: Setup,
    image: duramen_engine::io::MemFs,
    good: Bookmark,
    then: Map,
    now: Map,
}

impl Prepared {
    fn new() -> Prepared {
        let setup = Setup::new();
        let fs = Arc::new(SimFs::new());
        let db = open(&setup, &fs, "db", Access::OpenOrCreate).unwrap();
        (0..40).for_each(|n| commit(&db, n, 300));
        let (good, then) = (Pitr::new(db.clone()).current_bookmark(), content(&db));
        (0..10).for_each(|n| commit(&db, n + 7, 200));
        let now = content(&db);
        db.close().unwrap();
        Prepared { image: fs.cached(), setup, good, then, now }
    }
}

fn open(setup: &Setup, fs: &Arc<SimFs>, dir: &str, access: Access) -> duramen_engine::Result<Database> {
    let io = duramen_engine::io::Io { fs: fs.clone(), ..setup.io() };
    Database::open_with(io, dir, Options { access, ..setup.options.clone() })
}

/// Does something once for each call into the file system that it makes, with that call failing; on an open database.
/// `after` gets the file system in order again, and whether it was done.
fn sweep(work: impl Fn(&Pitr, &Prepared) -> bool, after: impl Fn(&Prepared, &Arc<SimFs>, bool)) {
    let prepared = Prepared::new();
    let mut hit = 0;
    for call in 0.. {
        let mut reached = false;
        for fault in [Fault::once, Fault::always] {
            let fs = Arc::new(SimFs::on(&prepared.image));
            let db = open(&prepared.setup, &fs, "db", Access::OpenExisting).unwrap();
            fs.inject(fault(fs.operations() + call, Action::Fail(std::io::ErrorKind::Other)));
            let done = work(&Pitr::new(db.clone()), &prepared);
            reached |= fs.faults_hit() > 0;
            drop(db);
            fs.clear_faults();
            after(&prepared, &fs, done);
        }
        if !reached {
            break;
        }
        hit += 1;
    }
    assert!(hit > 2, "{hit} calls failed");
}

#[test]
fn a_feed_that_fails_ends_there() {
    let setup = Setup::new();
    let fs = Arc::new(SimFs::new());
    let db = open(&setup, &fs, "db", Access::OpenOrCreate).unwrap();
    commit(&db, 0, 300);
    let first = Pitr::new(db.clone()).current_bookmark();
    for n in 1..30 {
        commit(&db, n, 300);
        if n % 4 > 1 {
            // The log does not name the keys, so the versions are compared.
            let mut txn = db.begin_write().unwrap();
            let tree = txn.open_tree(b"t").unwrap();
            txn.delete_range(tree, (Bound::Unbounded, Bound::Excluded(&(n % 9).to_be_bytes()))).unwrap();
            txn.commit(Durability::Immediate).unwrap();
        }
    }
    let told = |db: &Database, before: &dyn Fn()| {
        let feed = Pitr::new(db.clone()).changes_since(&first).unwrap();
        before();
        feed.map(|commit| commit.map(|commit| commit.changes)).collect::<Vec<_>>()
    };
    let whole: Vec<_> = told(&db, &|| {}).into_iter().map(Result::unwrap).collect();
    db.close().unwrap();
    let image = fs.cached();
    for call in 0.. {
        let fs = Arc::new(SimFs::on(&image));
        let db = open(&setup, &fs, "db", Access::OpenExisting).unwrap();
        let mut changes = told(&db, &|| {
            fs.inject(Fault::once(fs.operations() + call, Action::Fail(std::io::ErrorKind::Other)));
        });
        if fs.faults_hit() == 0 {
            assert!(call > 20, "{call} calls failed");
            return;
        }
        assert!(changes.pop().unwrap().is_err(), "call {call}");
        let changes: Vec<_> = changes.into_iter().map(Result::unwrap).collect();
        assert_eq!(changes[..], whole[..changes.len()]);
    }
}

#[test]
fn a_fork_that_fails_leaves_nothing() {
    let fork = |pitr: &Pitr, prepared: &Prepared| {
        pitr.fork(&prepared.good, Path::new("fork"), &mut |_, _| {}).is_ok()
    };
    sweep(fork, |prepared, fs, done| {
        let setup = &prepared.setup;
        let db = open(setup, fs, "db", Access::OpenExisting).unwrap();
        assert_eq!(content(&db), prepared.now);
        verify(&db);
        // What could not be removed after the failure does not stand in the way, or is the whole fork.
        let again = fork(&Pitr::new(db), prepared);
        assert!(!(done && again), "made twice");
        let forked = open(setup, fs, "fork", Access::OpenExisting).unwrap();
        assert_eq!(content(&forked), prepared.then);
        verify(&forked);
    });
}

#[test]
fn a_wish_that_fails_is_there_or_not() {
    let wish = |pitr: &Pitr, prepared: &Prepared| pitr.on_next_session_restore(&prepared.good).is_ok();
    sweep(wish, |prepared, fs, done| {
        let db = open(&prepared.setup, fs, "db", Access::OpenExisting).unwrap();
        let found = content(&db);
        assert!(found == prepared.then || (!done && found == prepared.now), "done: {done}");
        verify(&db);
    });
}

#[test]
fn a_pin_that_fails_is_there_or_not() {
    let pin = |pitr: &Pitr, prepared: &Prepared| pitr.pin("p", &prepared.good).is_ok();
    sweep(pin, |prepared, fs, done| {
        let db = open(&prepared.setup, fs, "db", Access::OpenExisting).unwrap();
        let pins = Pitr::new(db.clone()).reach().unwrap().pins;
        assert!(pins.len() == 1 || (!done && pins.is_empty()), "done: {done}");
        assert_eq!(content(&db), prepared.now);
        verify(&db);
    });
}

#[test]
fn an_open_that_fails_to_restore_leaves_it_to_the_next() {
    let prepared = Prepared::new();
    let fs = Arc::new(SimFs::on(&prepared.image));
    let db = open(&prepared.setup, &fs, "db", Access::OpenExisting).unwrap();
    Pitr::new(db.clone()).on_next_session_restore(&prepared.good).unwrap();
    db.close().unwrap();
    let image = fs.cached();
    for call in 0.. {
        let mut reached = false;
        for fault in [Fault::once, Fault::always] {
            let fs = Arc::new(SimFs::on(&image));
            fs.inject(fault(call, Action::Fail(std::io::ErrorKind::Other)));
            let opened = open(&prepared.setup, &fs, "db", Access::OpenExisting);
            reached |= fs.faults_hit() > 0;
            fs.clear_faults();
            if let Ok(db) = opened {
                assert_eq!(content(&db), prepared.then, "call {call}: it is open and not restored");
            }
            let db = open(&prepared.setup, &fs, "db", Access::OpenExisting).unwrap();
            assert_eq!(content(&db), prepared.then, "call {call}");
            verify(&db);
        }
        if !reached {
            break;
        }
    }
}

#[test]
fn a_feed_over_many_clears_reads_the_log_once() {
    let setup = Setup::new();
    let operations = |clears: u32| {
        let fs = Arc::new(SimFs::new());
        let io = duramen_engine::io::Io { fs: fs.clone(), ..setup.io() };
        // One root, at the beginning.
        let options =
            Options { root_spacing_bytes: 1 << 30, checkpoint_log_bytes: 1 << 30, ..setup.options.clone() };
        let db = Database::open_with(io, "db", options).unwrap();
        for n in 0..clears {
            commit(&db, n, 3000);
            let mut txn = db.begin_write().unwrap();
            let tree = txn.open_tree(b"t").unwrap();
            txn.delete_range(tree, (Bound::Unbounded, Bound::Unbounded)).unwrap();
            txn.commit(Durability::Immediate).unwrap();
        }
        let before = fs.operations();
        let feed = Pitr::new(db.clone()).changes_since(&Pitr::new(db.clone()).oldest_bookmark()).unwrap();
        let removed = |changes: &[KeyChange]| changes.iter().filter(|change| change.value.is_none()).count();
        let changes: usize = feed.map(|commit| removed(&commit.unwrap().changes)).sum();
        assert_eq!(changes, clears as usize);
        fs.operations() - before
    };
    let (few, many) = (operations(20), operations(80));
    assert!(many < 5 * few, "{few} operations for 20 clears, {many} for 80");
}
