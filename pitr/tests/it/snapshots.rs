//! Snapshots: the content of one database handed to another one.

use std::sync::Arc;

use duramen_engine::io::{Io, MemFs, SeededEntropy};
use duramen_engine::{CommitKind, Database, View};
use duramen_pitr::Pitr;

use crate::support::{Setup, commit, content, verify};

/// A database in a directory of its own.
fn open(setup: &Setup, dir: &str) -> Database {
    let entropy = Arc::new(SeededEntropy::new(dir.bytes().map(u64::from).sum()));
    Database::open_with(Io { entropy, ..setup.io() }, dir, setup.options.clone()).unwrap()
}

#[test]
fn the_content_of_one_database_becomes_that_of_another_and_can_be_undone() {
    let setup = Setup::new();
    let (source, target) = (open(&setup, "source"), open(&setup, "target"));
    (0..60).for_each(|n| commit(&source, n, 300));
    let (from, to) = (Pitr::new(source.clone()), Pitr::new(target.clone()));
    let snapshot = from.snapshot(None).unwrap();
    let then = content(&source);
    assert_eq!(snapshot.entries().unwrap(), then.len() as u64);
    (0..10).for_each(|n| commit(&source, n, 10));
    commit(&target, 19, 5);
    let own = content(&target);
    let mut told = 0;
    let undo = to.adopt(&snapshot, &mut |done, _| told = told.max(done)).unwrap();
    assert_eq!(content(&target), then);
    commit(&target, 5, 77);
    verify(&target);
    let redo = to.restore(&undo).unwrap();
    assert_eq!(content(&target), own);
    to.restore(&redo).unwrap();
    assert_eq!(content(&target).len(), then.len());
    drop((from, to, snapshot));
    source.close().unwrap();
    target.close().unwrap();
    verify(&open(&setup, "target"));
}

#[test]
fn a_snapshot_that_the_next_session_begins_with_is_seen_by_nobody_before() {
    let setup = Setup::new();
    let (source, target) = (open(&setup, "source"), open(&setup, "target"));
    (0..60).for_each(|n| commit(&source, n, 300));
    (0..9).for_each(|n| commit(&target, n, 30));
    let own = content(&target);
    let held = target.begin_read().unwrap();
    let pitr = Pitr::new(target.clone());
    let snapshot = Pitr::new(source.clone()).snapshot(None).unwrap();
    let undo = pitr
        .on_next_session_adopt(&snapshot, |txn| {
            let tree = txn.open_tree(b"t")?;
            txn.delete(tree, &3u32.to_be_bytes()).map(drop)
        })
        .unwrap();
    let mut expected = content(&source);
    expected.remove(&3u32.to_be_bytes()[..]);
    drop(snapshot);
    source.close().unwrap();
    assert_eq!((content(&target), held.lsn() < target.last_lsn()), (own.clone(), true));
    commit(&target, 12, 40);
    let last = content(&target);
    drop((pitr, held));
    target.close().unwrap();

    let target = open(&setup, "target");
    assert_eq!(content(&target), expected);
    verify(&target);
    let pitr = Pitr::new(target.clone());
    let kinds: Vec<CommitKind> = target
        .history()
        .log_from(duramen_engine::Lsn::ZERO)
        .unwrap()
        .map(|commit| commit.unwrap().kind())
        .collect();
    let bulk = kinds.iter().position(|kind| *kind == CommitKind::Bulk).unwrap();
    assert!(matches!(kinds[bulk + 1], CommitKind::Reset { .. }), "and right back: {kinds:?}");
    pitr.restore(&undo).unwrap();
    assert_eq!(content(&target), last);
    verify(&target);
}

#[test]
fn a_snapshot_goes_from_one_file_system_to_another_and_into_an_empty_database() {
    let (setup, other) = (Setup::new(), Setup { fs: Arc::new(MemFs::new()), ..Setup::new() });
    let source = setup.open();
    (0..60).for_each(|n| commit(&source, n, 300));
    let snapshot = Pitr::new(source.clone()).snapshot(None).unwrap();
    let target = other.open();
    Pitr::new(target.clone()).on_next_session_adopt(&snapshot, |_| Ok(())).unwrap();
    assert!(target.begin_read().unwrap().trees().is_empty());
    target.close().unwrap();
    let target = other.open();
    assert_eq!(content(&target), content(&source));
    verify(&target);
}
