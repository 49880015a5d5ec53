//! Transactions, savepoints and views.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use duramen_engine::io::MemFs;
use duramen_engine::{Database, Durability, Error, Options, View};

use crate::support::{entries, open, tiny, verify};

#[test]
fn what_is_committed_is_read_and_what_is_not_is_not() {
    let db = Database::in_memory(tiny()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    assert!(!txn.put(tree, b"a", b"1").unwrap());
    assert!(txn.put(tree, b"a", b"2").unwrap());
    assert!(db.begin_read().unwrap().tree(b"t").is_none(), "nothing is visible before the commit");
    let before = db.begin_read().unwrap();
    let lsn = txn.commit(Durability::Immediate).unwrap();
    assert_eq!((lsn.number, db.last_lsn(), db.durable_lsn()), (1, lsn, lsn));
    assert!(before.tree(b"t").is_none(), "a view stays as it was");
    let view = db.begin_read().unwrap();
    assert_eq!(view.get(tree, b"a").unwrap(), Some(&b"2"[..]));
    assert_eq!(view.get(tree, b"b").unwrap(), None);

    let mut txn = db.begin_write().unwrap();
    txn.put(tree, b"b", b"3").unwrap();
    drop(txn);
    assert_eq!(db.begin_read().unwrap().get(tree, b"b").unwrap(), None);
    let lsn_of_nothing = db.begin_write().unwrap().commit(Durability::Immediate).unwrap();
    assert_eq!(lsn_of_nothing, lsn, "a transaction without changes makes no commit");
}

#[test]
fn savepoints_nest() {
    let db = Database::in_memory(tiny()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..200u32 {
        txn.put(tree, &i.to_be_bytes(), b"old").unwrap();
    }
    let outer = txn.savepoint();
    let before = entries(&txn, tree);
    for i in (0..400u32).step_by(3) {
        txn.put(tree, &i.to_be_bytes(), b"new").unwrap();
    }
    let inner = txn.savepoint();
    let between = entries(&txn, tree);
    txn.clear(tree).unwrap();
    let second = txn.create_tree(b"u").unwrap();
    txn.rollback_to(inner).unwrap();
    assert_eq!(entries(&txn, tree), between);
    assert!(matches!(txn.get(second, b""), Err(Error::NoSuchTree(_))));
    txn.rollback_to(outer).unwrap();
    assert_eq!(entries(&txn, tree), before);
    assert!(matches!(txn.rollback_to(inner), Err(Error::NoSuchSavepoint)));
    txn.delete(tree, &5u32.to_be_bytes()).unwrap();
    txn.release(outer).unwrap();
    assert!(matches!(txn.release(outer), Err(Error::NoSuchSavepoint)));
    txn.commit(Durability::Immediate).unwrap();
    assert_eq!(db.begin_read().unwrap().len(tree).unwrap(), 199);
}

#[test]
fn a_second_writer_waits_and_then_is_told() {
    let options = Options { busy_timeout: Duration::from_millis(1), ..tiny() };
    let db = Database::in_memory(options).unwrap();
    let txn = db.begin_write().unwrap();
    assert!(matches!(db.begin_write(), Err(Error::Busy { .. })));
    drop(txn);
    let view = db.begin_read().unwrap();
    let mut txn = db.begin_write_from(&view).unwrap();
    txn.create_tree(b"t").unwrap();
    txn.commit(Durability::None).unwrap();
    assert!(matches!(db.begin_write_from(&view), Err(Error::StaleView { .. })));
}

#[test]
fn limits_have_errors_of_their_own() {
    let db = Database::in_memory(tiny()).unwrap();
    let mut txn = db.begin_write().unwrap();
    assert!(matches!(txn.create_tree(b""), Err(Error::InvalidArgument(_))));
    assert!(matches!(txn.create_tree(&[0; 5000]), Err(Error::InvalidArgument(_))));
    let tree = txn.create_tree(b"t").unwrap();
    assert!(matches!(txn.create_tree(b"t"), Err(Error::TreeExists(_))));
    let long = vec![0; duramen_engine::MAX_KEY_BYTES + 1];
    assert!(matches!(txn.put(tree, &long, b""), Err(Error::KeyTooLarge { .. })));
    assert!(!txn.put(tree, &long[1..], b"longest").unwrap());
    txn.drop_tree(tree).unwrap();
    assert!(matches!(txn.put(tree, b"a", b""), Err(Error::NoSuchTree(_))));
    txn.commit(Durability::Immediate).unwrap();
    let wrong = Options { inner_fanout: 3, ..tiny() };
    assert!(matches!(Database::in_memory(wrong), Err(Error::InvalidArgument(_))));
}

#[test]
fn a_transaction_larger_than_memory_spills() {
    let fs = Arc::new(MemFs::new());
    let options = Options { memory_budget_bytes: 64 << 10, ..tiny() };
    let mut model = BTreeMap::new();
    let db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..5000u32 {
        let key = i.wrapping_mul(2_654_435_761).to_be_bytes();
        txn.put(tree, &key, &[3; 40]).unwrap();
        model.insert(key.to_vec(), vec![3; 40]);
    }
    let savepoint = txn.savepoint();
    for i in 0..5000u32 {
        txn.put(tree, &i.wrapping_mul(2_654_435_761).to_be_bytes(), &[4; 60]).unwrap();
    }
    txn.rollback_to(savepoint).unwrap();
    txn.commit(Durability::Immediate).unwrap();
    assert_eq!(entries(&db.begin_read().unwrap(), tree), model);
    assert!(db.info().unwrap().dirty_bytes < 64 << 10, "{:?}", db.info());
    verify(&db);
    db.close().unwrap();
    let db = open(&fs, options);
    assert_eq!(entries(&db.begin_read().unwrap(), tree), model);
    verify(&db);
}

#[test]
fn an_aborted_spill_leaves_no_trace() {
    let fs = Arc::new(MemFs::new());
    let options = Options { memory_budget_bytes: 64 << 10, ..tiny() };
    let db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    txn.put(tree, b"kept", b"1").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    let mut txn = db.begin_write().unwrap();
    for i in 0..5000u32 {
        txn.put(tree, &i.to_be_bytes(), &[3; 40]).unwrap();
    }
    db.checkpoint().unwrap();
    drop(txn);
    db.checkpoint().unwrap();
    db.checkpoint().unwrap();
    assert_eq!(entries(&db.begin_read().unwrap(), tree), BTreeMap::from([(b"kept".to_vec(), b"1".to_vec())]));
    verify(&db);
    db.close().unwrap();
    let db = open(&fs, options);
    assert_eq!(entries(&db.begin_read().unwrap(), tree), BTreeMap::from([(b"kept".to_vec(), b"1".to_vec())]));
}

#[test]
fn leaves_that_could_exceed_a_page_are_refused() {
    let too_large = Options { leaf_bytes: (128 << 10) + 1, ..tiny() };
    assert!(matches!(Database::in_memory(too_large), Err(Error::InvalidArgument(_))));
}
