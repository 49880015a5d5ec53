//! Reading and restoring the past.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use duramen_engine::io::MemFs;
use duramen_engine::{
    Access, Change, CommitKind, Diff, Durability, Error, Lsn, Options, PastViews, Retention, View,
};

use crate::support::{entries, open, tiny, verify};

#[test]
fn every_commit_can_be_read_and_restored() {
    let fs = Arc::new(MemFs::new());
    let options = Options { retention: Retention::All, root_spacing_bytes: 4 << 10, ..tiny() };
    let mut db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    let mut versions =
        vec![(txn.commit(Durability::Immediate).unwrap(), entries(&db.begin_read().unwrap(), tree))];
    for round in 0..60u32 {
        let mut txn = db.begin_write().unwrap();
        for i in 0..20u32 {
            txn.put(tree, &(i * round % 97).to_be_bytes(), &vec![1; (i * 13) as usize]).unwrap();
        }
        txn.delete(tree, &(round % 50).to_be_bytes()).unwrap();
        let lsn = txn.commit(Durability::Immediate).unwrap();
        versions.push((lsn, entries(&db.begin_read().unwrap(), tree)));
        if round % 17 == 5 {
            db.close().unwrap();
            db = open(&fs, options.clone());
        }
        if round % 23 == 7 {
            let (target, content) = versions[versions.len() / 2].clone();
            let before = db.last_lsn();
            let lsn = db.history().reset_to(target).unwrap();
            assert!(lsn > before);
            versions.push((lsn, content));
        }
    }
    let history = db.history();
    assert_eq!(history.oldest(), Lsn::ZERO);
    assert!(history.roots().len() > 2, "{:?}", history.roots());
    for (lsn, content) in &versions {
        let view = history.read_at(*lsn).unwrap();
        assert_eq!(view.lsn(), *lsn);
        assert_eq!(&entries(&view, tree), content);
    }
    let mut views = PastViews::of(history.clone());
    // The last of them goes back.
    for (lsn, content) in versions.iter().step_by(3).chain(versions.first()) {
        let view = views.at(*lsn).unwrap();
        assert_eq!(view.lsn(), *lsn);
        assert_eq!(&entries(&view, tree), content);
    }
    for pair in versions.chunks_exact(2) {
        let (before, after) = (history.read_at(pair[0].0).unwrap(), history.read_at(pair[1].0).unwrap());
        let keys: BTreeSet<_> = pair[0].1.keys().chain(pair[1].1.keys()).collect();
        let values = |key: &Vec<u8>| [0, 1].map(|i: usize| pair[i].1.get(key).map(Vec::as_slice));
        let mut expected = keys.into_iter().filter(|key| values(key)[0] != values(key)[1]);
        let mut diff = Diff::new(&before, &after, tree).unwrap();
        while let Some(Change { key, before, after }) = diff.next().unwrap() {
            assert_eq!(Some(key), expected.next().map(Vec::as_slice));
            assert_eq!(values(&key.to_vec()), [before, after]);
        }
        assert_eq!(expected.next(), None);
    }
    assert!(history.read_at(Lsn::ZERO).unwrap().tree(b"t").is_none());
    let beyond = db.last_lsn().next();
    assert!(matches!(history.read_at(beyond), Err(Error::HistoryUnavailable { .. })));

    let commits: Vec<_> = history.log_from(Lsn::ZERO).unwrap().map(Result::unwrap).collect();
    for commit in &commits {
        let from: Vec<_> =
            history.log_at(commit.mark()).unwrap().map(|commit| commit.unwrap().lsn()).collect();
        let lsns = commits.iter().map(duramen_engine::Commit::lsn);
        assert!(lsns.filter(|lsn| *lsn >= commit.lsn()).eq(from));
    }
    assert!(commits.iter().map(duramen_engine::Commit::lsn).eq(versions.iter().map(|(lsn, _)| *lsn)));
    assert!(commits.iter().any(|commit| matches!(commit.kind(), CommitKind::Reset { .. })));
    let ops: usize = commits.iter().map(|commit| commit.operations().count()).sum();
    assert!(ops > 1200, "{ops}");
    verify(&db);
}

#[test]
fn roots_stay_as_near_to_the_spacing_as_checkpoints_allow() {
    const RECORD: u64 = 1 << 10;
    // A checkpoint each eight commits, so a root each sixteen is nearer to a spacing of 18 than one each 24, and farther from 22.
    for (spacing, expected) in [(18, 16), (22, 24), (1, 8), (8, 8)] {
        let fs = Arc::new(MemFs::new());
        let root_spacing_bytes = spacing * RECORD;
        let checkpoint_log_bytes = 1 << 30;
        let retention = Retention::All;
        let db = open(&fs, Options { retention, root_spacing_bytes, checkpoint_log_bytes, ..tiny() });
        let mut txn = db.begin_write().unwrap();
        let tree = txn.create_tree(b"t").unwrap();
        txn.commit(Durability::Immediate).unwrap();
        db.checkpoint().unwrap();
        for n in 0..240u64 {
            let mut txn = db.begin_write().unwrap();
            txn.put(tree, &n.to_be_bytes(), &[0; 960]).unwrap();
            txn.commit(Durability::Immediate).unwrap();
            if n % 8 == 7 {
                db.checkpoint().unwrap();
            }
        }
        let roots = db.history().roots();
        let apart: Vec<u64> = roots.windows(2).map(|pair| pair[1].lsn.number - pair[0].lsn.number).collect();
        // The two newest checkpoints stay in any case.
        let inner = &apart[..apart.len() - 2];
        assert!(inner.len() > 5 && inner.iter().all(|apart| *apart == expected), "{spacing}: {apart:?}");
    }
}

#[test]
fn without_retention_history_goes_and_holds_keep_it() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, tiny());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    let first = txn.commit(Durability::Immediate).unwrap();
    let hold = db.history().hold(first).unwrap();
    let churn = || {
        for round in 0..400u32 {
            let mut txn = db.begin_write().unwrap();
            txn.put(tree, &(round % 10).to_be_bytes(), &[0; 100]).unwrap();
            txn.commit(Durability::Immediate).unwrap();
        }
        db.checkpoint().unwrap();
    };
    churn();
    assert_eq!(db.history().read_at(first).unwrap().len(tree).unwrap(), 0);
    drop(hold);
    churn();
    db.checkpoint().unwrap();
    assert!(matches!(db.history().read_at(first), Err(Error::HistoryUnavailable { .. })));
    assert!(db.history().oldest() > first);
    verify(&db);
}

#[test]
fn a_bulk_commit_whose_root_was_let_go_is_no_history() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { memory_budget_bytes: 64 << 10, log_segment_bytes: 1 << 20, ..tiny() });
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..40u32 {
        txn.put(tree, &i.to_be_bytes(), &[1; 1000]).unwrap();
    }
    let bulk = txn.commit(Durability::Immediate).unwrap();
    let mut txn = db.begin_write().unwrap();
    txn.clear(tree).unwrap();
    txn.commit(Durability::Immediate).unwrap();
    db.compact(&mut |_, _| {}).unwrap();
    let history = db.history();
    assert!(history.oldest() > bulk);
    assert!(matches!(history.read_at(bulk), Err(Error::HistoryUnavailable { .. })));
    assert!(matches!(history.read_at(Lsn::ZERO), Err(Error::HistoryUnavailable { .. })));
}

#[test]
fn a_transaction_goes_back_and_goes_on() {
    let fs = Arc::new(MemFs::new());
    let options = Options { retention: Retention::All, ..tiny() };
    let db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let (data, notes) = (txn.create_tree(b"data").unwrap(), txn.create_tree(b"notes").unwrap());
    for i in 0..100u32 {
        txn.put(data, &i.to_be_bytes(), b"old").unwrap();
    }
    let target = txn.commit(Durability::Immediate).unwrap();
    let old = entries(&db.begin_read().unwrap(), data);
    let mut txn = db.begin_write().unwrap();
    txn.clear(data).unwrap();
    txn.put(notes, b"kept", b"1").unwrap();
    let later = txn.create_tree(b"later").unwrap();
    let undo = txn.commit(Durability::Immediate).unwrap();

    // Rolled back to before, it is an ordinary commit.
    let mut txn = db.begin_write().unwrap();
    txn.put(notes, b"before", b"1").unwrap();
    let savepoint = txn.savepoint();
    txn.reset_to(target, &[]).unwrap();
    assert_eq!(entries(&txn, data), old);
    assert!(txn.tree(b"later").is_none());
    txn.put(data, b"new", b"1").unwrap();
    txn.rollback_to(savepoint).unwrap();
    assert!(txn.is_empty(data).unwrap());
    let plain = txn.commit(Durability::Immediate).unwrap();

    // Twice, with changes around it, and one tree that stays.
    let mut txn = db.begin_write().unwrap();
    txn.put(data, b"lost", b"1").unwrap();
    txn.reset_to(undo, &[]).unwrap();
    txn.put(notes, b"lost", b"1").unwrap();
    let future = plain.next();
    assert!(matches!(txn.reset_to(future, &[]), Err(Error::HistoryUnavailable { .. })));
    txn.reset_to(target, &[notes]).unwrap();
    txn.put(data, b"new", b"1").unwrap();
    txn.put(notes, b"undo", b"2").unwrap();
    assert_ne!(txn.create_tree(b"fresh").unwrap(), later);
    let reset = txn.commit(Durability::Immediate).unwrap();
    assert!(db.begin_read().unwrap().tree(b"later").is_none());

    let check = |db: &duramen_engine::Database| {
        let view = db.begin_read().unwrap();
        let mut expected = old.clone();
        expected.insert(b"new".to_vec(), b"1".to_vec());
        assert_eq!(entries(&view, data), expected);
        let keys: Vec<_> = entries(&view, notes).into_keys().collect();
        assert_eq!(keys, [&b"kept"[..], b"lost", b"undo"]);
        verify(db);
        let commits: Vec<_> = db.history().log_from(undo).unwrap().map(Result::unwrap).collect();
        let kinds: Vec<_> = commits.iter().map(|commit| (commit.lsn(), commit.kind())).collect();
        assert_eq!(kinds, [(plain, CommitKind::Operations), (reset, CommitKind::Reset { to: target })]);
    };
    check(&db);
    db.close().unwrap();
    let db = open(&fs, options);
    check(&db);
    db.history().reset_to(undo).unwrap();
    let view = db.begin_read().unwrap();
    assert!(view.is_empty(data).unwrap());
    assert_eq!(view.tree(b"later"), Some(later));
    verify(&db);
}

#[test]
fn a_transaction_that_goes_back_keeps_the_root_it_came_from() {
    let fs = Arc::new(MemFs::new());
    let options = Options { retention: Retention::All, checkpoint_log_bytes: 64 << 20, ..tiny() };
    let db = open(&fs, options.clone());
    let fill = |byte: u8| {
        let mut txn = db.begin_write().unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        for i in 0..400u32 {
            txn.put(tree, &i.to_be_bytes(), &[byte; 200]).unwrap();
        }
        let lsn = txn.commit(Durability::Immediate).unwrap();
        db.checkpoint().unwrap();
        (tree, lsn)
    };
    let (tree, first) = fill(1);
    let before = entries(&db.begin_read().unwrap(), tree);
    let (_, second) = fill(2);
    let mut txn = db.begin_write().unwrap();
    txn.reset_to(first, &[]).unwrap();
    // As another thread might do: the roots are so near that a later one would do for the history.
    db.history().pin("second", second).unwrap();
    db.checkpoint().unwrap();
    txn.commit(Durability::Immediate).unwrap();
    verify(&db);
    db.close().unwrap();
    let db = open(&fs, options);
    assert_eq!(entries(&db.begin_read().unwrap(), tree), before);
    verify(&db);
}

#[test]
fn who_only_reads_changes_no_orders() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, tiny());
    let mut txn = db.begin_write().unwrap();
    txn.create_tree(b"t").unwrap();
    let lsn = txn.commit(Durability::Immediate).unwrap();
    db.history().pin("here", lsn).unwrap();
    db.close().unwrap();
    let db = open(&fs, Options { access: Access::ReadOnly, ..tiny() });
    let before = fs.digest();
    for _ in 0..2 {
        assert!(matches!(db.history().unpin("here"), Err(Error::ReadOnly(_))));
        assert!(matches!(db.history().wish_reset(None), Err(Error::ReadOnly(_))));
    }
    assert_eq!(fs.digest(), before);
    assert_eq!(db.history().pins(), [("here".into(), lsn)]);
}

#[test]
fn a_range_that_is_taken_from_another_tree_counts_the_keys_that_change() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { retention: Retention::All, ..tiny() });
    let filled = |entries: &[(&str, &str)]| {
        let mut txn = db.begin_write().unwrap();
        if let Some(old) = txn.tree(b"t") {
            txn.drop_tree(old).unwrap();
        }
        let tree = txn.create_tree(b"t").unwrap();
        for (key, value) in entries {
            txn.put(tree, key.as_bytes(), value.as_bytes()).unwrap();
        }
        (tree, txn.commit(Durability::Immediate).unwrap())
    };
    let (tree_then, lsn) = filled(&[("a", "1"), ("c", "1"), ("e", "1"), ("f", "1")]);
    let (tree, _) = filled(&[("b", "1"), ("c", "1"), ("d", "1"), ("e", "2"), ("g", "1")]);
    assert_ne!(tree, tree_then);
    let then = db.history().read_at(lsn).unwrap();
    let mut txn = db.begin_write().unwrap();
    let range = (Bound::Unbounded, Bound::Unbounded);
    assert_eq!(txn.adopt_range(tree, &*then, tree_then, range).unwrap(), 6, "all but c");
    assert_eq!(entries(&txn, tree), entries(&*then, tree_then));
}
