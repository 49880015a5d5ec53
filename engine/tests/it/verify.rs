//! What verification must find.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::{Fs, MemFs};
use duramen_engine::{Database, Durability, Error, Lsn, Options, Progress, Retention, TreeId};

use crate::support::{entries, open, tiny, verify};

/// A hundred commits of one entry each in a new tree, and a checkpoint.
fn fill(db: &Database) -> TreeId {
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    for i in 0..100u32 {
        let mut txn = db.begin_write().unwrap();
        txn.put(tree, &i.to_be_bytes(), &[0; 200]).unwrap();
        txn.commit(Durability::Immediate).unwrap();
    }
    db.checkpoint().unwrap();
    tree
}

#[test]
fn a_missing_piece_of_history_is_found() {
    let fs = Arc::new(MemFs::new());
    let options = Options { retention: Retention::All, log_segment_bytes: 4 << 10, ..tiny() };
    let db = open(&fs, options.clone());
    fill(&db);
    verify(&db);
    db.close().unwrap();
    for missing in ["db/00000001.wal", "db/00000003.wal"] {
        let damaged = Arc::new((*fs).clone());
        damaged.remove(Path::new(missing)).unwrap();
        let db = open(&damaged, options.clone());
        let report = db.verify(&mut |_| {}).unwrap();
        assert_eq!(report.problems.len(), 1, "{missing}: {:?}", report.problems);
    }
}

#[test]
fn a_database_of_the_past_reaches_and_checks_itself_alone() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { retention: Retention::Needed, log_segment_bytes: 4 << 10, ..tiny() });
    let tree = fill(&db);
    let history = db.history();
    assert!(history.oldest() > Lsn { epoch: 0, number: 1 }, "the log was reclaimed");
    let lsn = history.newest().unwrap();
    let past = db.as_of(lsn).unwrap();
    verify(&past);
    let history = past.history();
    assert_eq!((history.oldest(), history.newest().unwrap()), (lsn, lsn));
    assert_eq!(entries(&*history.read_at(lsn).unwrap(), tree).len(), 100);
    assert_eq!(history.log_from(lsn).unwrap().count(), 0);
    let earlier = history.read_at(Lsn { number: lsn.number - 1, ..lsn });
    assert!(matches!(earlier, Err(Error::HistoryUnavailable { oldest, .. }) if oldest == lsn), "{earlier:?}");
}

#[test]
fn whoever_is_told_how_far_it_is_may_use_the_database() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { log_segment_bytes: 4 << 10, ..tiny() });
    let tree = fill(&db);
    let mut told = 0u8;
    let mut use_it = |_: Progress| {
        told = told.saturating_add(1);
        if told > 9 {
            return;
        }
        let mut txn = db.begin_write().unwrap();
        for key in 0..100u32 {
            txn.put(tree, &key.to_be_bytes(), &[told; 200]).unwrap();
        }
        txn.commit(Durability::Immediate).unwrap();
        if told.is_multiple_of(3) { db.compact(&mut |_, _| {}).map(drop) } else { db.checkpoint().map(drop) }
            .unwrap();
    };
    let report = db.verify(&mut use_it).unwrap();
    assert!(report.is_clean() && report.pages > 0 && report.log_records > 0, "{report:?}");
    verify(&db);
    // What it kept goes afterwards.
    (0..2).for_each(|_| assert!(db.checkpoint().is_ok()));
    assert_eq!(db.history().held_from(), None);
}
