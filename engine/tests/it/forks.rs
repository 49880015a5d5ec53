//! Forks: what they take with them, and what goes on beside them.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::MemFs;
use duramen_engine::{Database, Durability, Lsn, Options, Retention, TreeId};

use crate::support::{entries, open, open_at, tiny, verify};

fn whole_history() -> Options {
    Options { retention: Retention::All, checkpoint_log_bytes: 64 << 20, ..tiny() }
}

/// Sets every key to a value of this byte.
fn fill(db: &Database, byte: u8) -> (TreeId, Lsn) {
    let mut txn = db.begin_write().unwrap();
    let tree = txn.open_tree(b"t").unwrap();
    for i in 0..400u32 {
        txn.put(tree, &i.to_be_bytes(), &[byte; 200]).unwrap();
    }
    (tree, txn.commit(Durability::Immediate).unwrap())
}

#[test]
fn a_fork_needs_no_files_that_were_reclaimed() {
    let fs = Arc::new(MemFs::new());
    let options = Options { retention: Retention::Needed, ..whole_history() };
    let db = open(&fs, options.clone());
    fill(&db, 1);
    db.checkpoint().unwrap();
    let (tree, lsn) = fill(&db, 2);
    // The newest record says what there was when it was made; files go after that.
    db.compact(&mut |_, _| {}).unwrap();
    db.history().pin("here", db.last_lsn()).unwrap();
    db.checkpoint().unwrap();
    db.close().unwrap();
    let db = open(&fs, options.clone());
    let report = db.history().fork(db.last_lsn(), Path::new("fork"), &mut |_, _| {}).unwrap();
    assert!(report.shared_bytes > 0, "{report:?}");
    let fork = open_at(&fs, "fork", options).unwrap();
    assert!(fork.last_lsn() >= lsn);
    assert_eq!(entries(&fork.begin_read().unwrap(), tree), entries(&db.begin_read().unwrap(), tree));
    verify(&fork);
}

#[test]
fn a_fork_takes_what_its_version_reaches_and_no_more() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { root_spacing_bytes: 1, ..whole_history() });
    let (_, first) = fill(&db, 1);
    db.checkpoint().unwrap();
    let mut sizes = Vec::new();
    for round in 2..6 {
        fill(&db, round);
        db.checkpoint().unwrap();
        let dir = format!("fork{round}");
        sizes.push(db.history().fork(first, Path::new(&dir), &mut |_, _| {}).unwrap().shared_bytes);
    }
    assert!(sizes[0] > 0);
    assert!(sizes.windows(2).all(|pair| pair[0] == pair[1]), "{sizes:?}");
}

#[test]
fn a_fork_of_the_beginning_is_an_empty_database() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, whole_history());
    fill(&db, 1);
    db.history().fork(Lsn::ZERO, Path::new("fork"), &mut |_, _| {}).unwrap();
    for byte in [2, 3] {
        let fork = open_at(&fs, "fork", whole_history()).unwrap();
        assert_eq!(fork.info().unwrap().entries, if byte == 2 { 0 } else { 400 });
        fill(&fork, byte);
        verify(&fork);
        fork.close().unwrap();
    }
}

#[test]
fn whoever_is_told_how_far_a_fork_is_may_use_the_database() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, whole_history());
    let (tree, lsn) = fill(&db, 1);
    db.checkpoint().unwrap();
    let before = entries(&db.begin_read().unwrap(), tree);
    let mut told = 0;
    let mut look = |_: u64, _: u64| {
        told += 1;
        fill(&db, 2);
        db.checkpoint().unwrap();
        assert!(db.history().oldest() <= lsn);
    };
    db.history().fork(lsn, Path::new("fork"), &mut look).unwrap();
    assert!(told > 0);
    let fork = open_at(&fs, "fork", whole_history()).unwrap();
    assert_eq!(entries(&fork.begin_read().unwrap(), tree), before);
    verify(&fork);
}
