//! Pins, and the reset that an open carries out.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::sim::SimFs;
use duramen_engine::io::{Fs, Io, MemFs};
use duramen_engine::{
    Access, Database, Durability, Error, Lsn, MAX_PINS, Options, PendingRestore, Retention, TreeId, View,
};

use crate::support::{entries, open, open_result, tiny, verify};

fn whole_history() -> Options {
    Options { retention: Retention::All, ..tiny() }
}

fn tree_of(db: &Database) -> TreeId {
    db.begin_read().unwrap().tree(b"t").unwrap()
}

/// Makes commits that put a key each; the newest one.
fn put(db: &Database, keys: Range<u32>) -> Lsn {
    for key in keys {
        let mut txn = db.begin_write().unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        txn.put(tree, &key.to_be_bytes(), &[7; 100]).unwrap();
        txn.commit(Durability::Immediate).unwrap();
    }
    db.last_lsn()
}

/// A database that the next open should reset to its fortieth key, which cannot be done any more because its files of then with
/// this suffix are damaged; how many keys it has.
fn with_a_reset_that_fails(options: &Options, suffix: &str) -> (Arc<MemFs>, Lsn, usize) {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, options.clone());
    let then = put(&db, 0..40);
    db.checkpoint().unwrap();
    let files = fs.list(Path::new("db")).unwrap();
    put(&db, 40..90);
    // What there is now lies in other page files than what there was.
    db.compact(&mut |_, _| {}).unwrap();
    db.history().wish_reset(Some(then)).unwrap();
    db.close().unwrap();
    for name in files.iter().filter(|name| name.ends_with(suffix)) {
        fs.zero_fill(&Path::new("db").join(name), 1000..u64::MAX).unwrap();
    }
    (fs, then, 90)
}

fn a_reset_that_fails_keeps_nobody_out(options: Options, suffix: &str) {
    let (fs, then, keys) = with_a_reset_that_fails(&options, suffix);
    for _ in 0..2 {
        let failed = open_result(&fs, options.clone()).map(drop);
        let Err(Error::PendingRestore { to, source }) = failed else { panic!("{suffix}: {failed:?}") };
        assert!(to == then && matches!(*source, Error::Corrupt(_)), "{source}");
    }
    let reader = open(&fs, Options { access: Access::ReadOnly, ..options.clone() });
    assert_eq!(entries(&reader.begin_read().unwrap(), tree_of(&reader)).len(), keys);
    assert_eq!(reader.history().wished_reset(), Some(then));
    reader.close().unwrap();

    let leave = Options { pending_restore: PendingRestore::Leave, ..options.clone() };
    let db = open(&fs, leave.clone());
    put(&db, 100..101);
    db.close().unwrap();
    assert!(matches!(open_result(&fs, options.clone()), Err(Error::PendingRestore { .. })), "it is left");

    let db = open(&fs, leave);
    db.history().wish_reset(None).unwrap();
    db.close().unwrap();
    let db = open(&fs, options);
    assert_eq!(entries(&db.begin_read().unwrap(), tree_of(&db)).len(), keys + 1);
}

#[test]
fn a_reset_across_a_damaged_log_record_keeps_nobody_out() {
    // Only the beginning is a root of the fortieth key.
    a_reset_that_fails_keeps_nobody_out(whole_history(), ".wal");
}

#[test]
fn a_reset_to_a_damaged_page_keeps_nobody_out() {
    let options = Options { root_spacing_bytes: 1, ..whole_history() };
    a_reset_that_fails_keeps_nobody_out(options, ".pages");
}

#[test]
fn there_is_a_limit_to_pins() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, whole_history());
    let lsn = put(&db, 0..1);
    let history = db.history();
    let name = |n: usize| format!("pin {n}");
    (0..MAX_PINS).for_each(|n| history.pin(&name(n), lsn).unwrap());
    let refused = history.pin("one more", lsn);
    assert!(matches!(refused, Err(Error::TooManyPins { max: 1000 })), "{refused:?}");
    assert_eq!(history.pins().len(), MAX_PINS);
    let later = put(&db, 1..2);
    history.pin(&name(7), later).unwrap();
    assert!(history.unpin(&name(8)).unwrap());
    history.pin("one more", lsn).unwrap();
    assert!(history.pin(&"n".repeat(256), lsn).is_err());
    drop(history);
    db.close().unwrap();
    let db = open(&fs, whole_history());
    assert_eq!(db.history().pins().len(), MAX_PINS);
    assert!(db.history().pins().contains(&(name(7), later)));
    verify(&db);
}

#[test]
fn a_pin_is_set_on_what_can_be_read() {
    let mut fs = Arc::new(SimFs::new());
    let reopen = |fs: &Arc<SimFs>| {
        let io = Io::repeatable(fs.clone(), 3);
        Database::open_with(io, "db", Options { log_segment_bytes: 4 << 10, ..whole_history() }).unwrap()
    };
    let mut db = reopen(&fs);
    for round in 0..4 {
        put(&db, 0..30 + round);
        let mut txn = db.begin_write().unwrap();
        txn.put(tree_of(&db), b"soon lost", b"").unwrap();
        txn.commit(Durability::None).unwrap();
        fs = Arc::new(SimFs::on(&fs.durable()));
        db = reopen(&fs);
    }
    put(&db, 0..10);
    let (history, newest) = (db.history(), db.last_lsn());
    let (mut there, mut lost) = (0, 0);
    for (epoch, number) in
        (0..=newest.epoch).flat_map(|epoch| (0..=newest.number + 1).map(move |n| (epoch, n)))
    {
        let lsn = Lsn { epoch, number };
        let readable = history.read_at(lsn).is_ok();
        assert_eq!(history.pin("p", lsn).is_ok(), readable, "{lsn}");
        *(if readable { &mut there } else { &mut lost }) += 1;
    }
    assert_eq!(there, newest.number + 1, "of {lost} others");
    verify(&db);
}

#[test]
fn what_is_pinned_survives_that_files_before_it_go() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, tiny());
    put(&db, 0..60);
    let pinned = put(&db, 60..61);
    db.history().pin("p", pinned).unwrap();
    put(&db, 61..200);
    (0..3).for_each(|_| assert!(db.checkpoint().is_ok()));
    assert!(fs.list(Path::new("db")).unwrap().iter().all(|name| name != "00000001.wal"));
    assert_eq!(db.history().read_at(pinned).unwrap().len(tree_of(&db)).unwrap(), 61);
}
