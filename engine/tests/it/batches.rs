//! Batches: many changes made in key order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::{Fs, MemFs};
use duramen_engine::{Database, Durability, Error, Options, View};

use crate::support::{entries, open, tiny, verify};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// A budget of which a batch takes a part so small that it writes runs.
fn little_memory() -> Options {
    Options { memory_budget_bytes: 64 << 10, ..tiny() }
}

/// The `n`-th of a row of numbers without order.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
}

/// The `n`-th change of a batch: a key, and the value to put.
fn change(seed: u64, n: u64, keys: u64) -> (Vec<u8>, Option<Vec<u8>>) {
    let number = scattered(seed * 1_000_003 + n);
    let len = if number.is_multiple_of(50) { 700 } else { number % 40 };
    let value = (!number.is_multiple_of(5))
        .then(|| vec![u8::try_from(n % 251).unwrap(); usize::try_from(len).unwrap()]);
    (format!("key {}", scattered(number) % keys).into_bytes(), value)
}

fn note(model: &mut Model, key: Vec<u8>, value: Option<Vec<u8>>) {
    match value {
        Some(value) => model.insert(key, value),
        None => model.remove(&key),
    };
}

#[test]
fn batches_of_all_sizes_leave_what_the_same_changes_one_by_one_leave() {
    for (memory, seed) in [tiny(), little_memory()].into_iter().zip(1..) {
        let fs = Arc::new(MemFs::new());
        let mut db = open(&fs, memory.clone());
        let mut model = Model::new();
        for (round, changes) in [3, 400, 0, 9000, 1, 40, 6000, 2000].into_iter().enumerate() {
            let mut txn = db.begin_write().unwrap();
            let tree = txn.open_tree(b"t").unwrap();
            let mut batch = txn.batch(tree).unwrap();
            for n in 0..changes {
                let (key, value) = change(seed + round as u64, n, 5000);
                match &value {
                    Some(value) => batch.put(&key, value).unwrap(),
                    None => batch.delete(&key).unwrap(),
                }
                note(&mut model, key, value);
            }
            batch.apply().unwrap();
            assert_eq!(entries(&txn, tree), model);
            txn.put(tree, b"after the batch", b"1").unwrap();
            model.insert(b"after the batch".to_vec(), b"1".to_vec());
            txn.commit(Durability::Immediate).unwrap();
            assert_eq!(entries(&db.begin_read().unwrap(), tree), model);
            verify(&db);
            if round % 2 == 1 {
                db.checkpoint().unwrap();
            }
            drop(db);
            db = open(&fs, memory.clone());
            assert_eq!(entries(&db.begin_read().unwrap(), tree), model, "after an open");
        }
    }
}

#[test]
fn write_batches_of_all_sizes_are_there_after_an_open() {
    for (memory, seed) in [tiny(), little_memory()].into_iter().zip(1..) {
        let fs = Arc::new(MemFs::new());
        let mut db = open(&fs, memory.clone());
        let mut model = Model::new();
        // Short ones of puts alone go their own way; every third has deletes as well, every fourth follows other changes.
        for (round, changes) in [1, 1, 3, 400, 0, 9000, 1, 40, 1, 700, 20, 2].into_iter().enumerate() {
            let mut txn = db.begin_write().unwrap();
            let tree = txn.open_tree(b"t").unwrap();
            if round % 4 == 3 {
                let (key, _) = change(seed, 7, 5000);
                txn.put(tree, &key, b"before").unwrap();
                note(&mut model, key, Some(b"before".to_vec()));
            }
            let mut batch = txn.into_batch(tree).unwrap();
            for n in 0..changes {
                let (key, value) = change(seed + round as u64, n, 5000);
                match value {
                    None if round % 3 == 0 => {
                        batch.delete(&key).unwrap();
                        note(&mut model, key, None);
                    }
                    value => {
                        let value = value.unwrap_or_default();
                        batch.put(&key, &value).unwrap();
                        note(&mut model, key, Some(value));
                    }
                }
            }
            let lsn = batch.commit(Durability::Immediate).unwrap();
            assert_eq!((db.last_lsn(), db.durable_lsn()), (lsn, lsn));
            assert_eq!(entries(&db.begin_read().unwrap(), tree), model);
            verify(&db);
            if round % 5 == 4 {
                db.checkpoint().unwrap();
            }
            if round % 2 == 1 {
                drop(db);
                db = open(&fs, memory.clone());
                assert_eq!(entries(&db.begin_read().unwrap(), tree), model, "after an open");
            }
        }
    }
}

#[test]
fn a_write_batch_that_meets_a_damaged_page_is_taken_back() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, tiny());
    let mut txn = db.begin_write().unwrap();
    let (damaged, whole) = (txn.create_tree(b"damaged").unwrap(), txn.create_tree(b"whole").unwrap());
    for n in 0..200_u32 {
        txn.put(damaged, &n.to_be_bytes(), &[1; 20]).unwrap();
    }
    txn.commit(Durability::Immediate).unwrap();
    db.checkpoint().unwrap();
    db.close().unwrap();
    let dir = Path::new("db");
    let pages = fs.list(dir).unwrap().into_iter().filter(|name| name.ends_with(".pages"));
    pages.for_each(|name| fs.zero_fill(&dir.join(name), 1000..3000).unwrap());

    let db = open(&fs, tiny());
    let put = |tree, n: u32| {
        let mut batch = db.begin_write().unwrap().into_batch(tree).unwrap();
        batch.put(&n.to_be_bytes(), b"v").unwrap();
        batch.commit(Durability::Immediate)
    };
    let first = put(whole, 1).unwrap();
    let failed = (0..200).filter(|n| put(damaged, *n).is_err()).count();
    assert!(failed > 0, "some leaves are damaged");
    let last = put(whole, 2).unwrap();
    assert_eq!(last.number, first.number + 200 - u64::try_from(failed).unwrap() + 1, "no number was lost");
    drop(db);
    let db = open(&fs, tiny());
    assert_eq!(db.last_lsn().number, last.number);
    assert_eq!(db.begin_read().unwrap().len(whole).unwrap(), 2);
}

#[test]
fn keys_that_ascend_and_then_do_not() {
    let db = Database::in_memory(little_memory()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    txn.put(tree, &2_500_u32.to_be_bytes(), b"before").unwrap();
    let mut model = entries(&txn, tree);
    let mut batch = txn.batch(tree).unwrap();
    for n in (0..5000_u32).chain((0..5000).rev().step_by(3)) {
        let value = [u8::try_from(model.len() % 256).unwrap(); 30];
        batch.put(&n.to_be_bytes(), &value).unwrap();
        model.insert(n.to_be_bytes().to_vec(), value.to_vec());
    }
    batch.delete(&77_u32.to_be_bytes()).unwrap();
    model.remove(&77_u32.to_be_bytes()[..]);
    batch.apply().unwrap();
    assert_eq!(entries(&txn, tree), model);
    txn.commit(Durability::Immediate).unwrap();
    assert_eq!(entries(&db.begin_read().unwrap(), tree), model);
    verify(&db);
}

#[test]
fn a_batch_that_is_dropped_or_gone_back_behind_leaves_no_trace() {
    for ascending in [true, false] {
        let db = Database::in_memory(little_memory()).unwrap();
        let mut txn = db.begin_write().unwrap();
        let tree = txn.create_tree(b"t").unwrap();
        let other = txn.create_tree(b"other").unwrap();
        txn.put(other, b"a", b"1").unwrap();
        let fill = |batch: &mut duramen_engine::Batch<'_>| {
            for n in 0..4000_u32 {
                let key = if ascending { n } else { n.wrapping_mul(2_654_435_761) };
                batch.put(&key.to_be_bytes(), &[1; 50]).unwrap();
            }
        };
        let mut batch = txn.batch(tree).unwrap();
        fill(&mut batch);
        drop(batch);
        assert!(txn.is_empty(tree).unwrap());
        let savepoint = txn.savepoint();
        let mut batch = txn.batch(tree).unwrap();
        fill(&mut batch);
        batch.apply().unwrap();
        assert_eq!(txn.len(tree).unwrap(), 4000);
        txn.rollback_to(savepoint).unwrap();
        assert!(txn.is_empty(tree).unwrap());
        assert_eq!(txn.get(other, b"a").unwrap(), Some(&b"1"[..]));
        txn.put(tree, b"b", b"2").unwrap();
        txn.commit(Durability::Immediate).unwrap();
        assert_eq!(entries(&db.begin_read().unwrap(), tree), Model::from([(b"b".to_vec(), b"2".to_vec())]));
        verify(&db);
    }
}

#[test]
fn the_empty_key_twice_with_values_that_fill_memory() {
    let db = Database::in_memory(little_memory()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    let mut batch = txn.batch(tree).unwrap();
    for round in 0..3 {
        batch.put(b"", &[round; 40 << 10]).unwrap();
    }
    batch.apply().unwrap();
    assert_eq!(txn.get(tree, b"").unwrap(), Some(&[2; 40 << 10][..]));
    txn.commit(Durability::Immediate).unwrap();
    verify(&db);
}

#[test]
fn what_a_batch_does_not_take() {
    let db = Database::in_memory(tiny()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    let mut batch = txn.batch(tree).unwrap();
    let long = vec![0; duramen_engine::MAX_KEY_BYTES + 1];
    assert!(matches!(batch.put(&long, b""), Err(Error::KeyTooLarge { .. })));
    batch.put(b"a", b"1").unwrap();
    batch.apply().unwrap();
    assert_eq!(txn.get(tree, b"a").unwrap(), Some(&b"1"[..]));
    txn.drop_tree(tree).unwrap();
    assert!(matches!(txn.batch(tree), Err(Error::NoSuchTree(_))));
}
