//! Space: it stays near the live data under churn, and compaction brings it close.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::{Fs, MemFs, OpenMode};
use duramen_engine::{Background, Durability, Options};

use crate::support::{entries, open, tiny, verify};

#[test]
fn churn_does_not_grow_the_database() {
    let fs = Arc::new(MemFs::new());
    let options = Options { leaf_bytes: 2048, inner_fanout: 32, ..tiny() };
    let db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..4000u32 {
        txn.put(tree, &i.to_be_bytes(), &[7; 200]).unwrap();
    }
    txn.commit(Durability::Immediate).unwrap();
    let mut peaks = [0; 3];
    for round in 0..300u32 {
        let mut txn = db.begin_write().unwrap();
        for i in 0..100u32 {
            let key = (round * 100 + i).wrapping_mul(2_654_435_761) % 4000;
            txn.put(tree, &key.to_be_bytes(), &[8; 200]).unwrap();
        }
        txn.commit(Durability::Immediate).unwrap();
        let peak = &mut peaks[round as usize / 100];
        *peak = db.info().unwrap().page_bytes.max(*peak);
    }
    let content = entries(&db.begin_read().unwrap(), tree);
    for _ in 0..3 {
        db.checkpoint().unwrap();
    }
    let info = db.info().unwrap();
    let data = 4000 * 204;
    assert!(info.background_error.is_none(), "{:?}", info.background_error);
    assert!(peaks[2] <= peaks[0].max(peaks[1]) * 11 / 10, "it grows: {peaks:?}");
    assert!(peaks[2] < data * 4, "{peaks:?} bytes of pages at worst for {data} of data");
    assert!(info.page_bytes < data * 8 / 3, "{} bytes of pages for {data} of data", info.page_bytes);
    verify(&db);
    db.compact(&mut |_, _| {}).unwrap();
    let info = db.info().unwrap();
    assert!(info.page_bytes < data * 9 / 8, "{} bytes of pages for {data} of data", info.page_bytes);
    assert!(info.log_bytes < 300, "{} bytes of log that nothing needs", info.log_bytes);
    assert_eq!(entries(&db.begin_read().unwrap(), tree), content);
    verify(&db);
    db.close().unwrap();
    let db = open(&fs, options);
    assert_eq!(entries(&db.begin_read().unwrap(), tree), content);
    verify(&db);
    let view = db.begin_read().unwrap();
    let mut txn = db.begin_write().unwrap();
    txn.drop_tree(tree).unwrap();
    txn.commit(Durability::Immediate).unwrap();
    for _ in 0..3 {
        db.checkpoint().unwrap();
    }
    assert_eq!(entries(&view, tree), content, "a view outlives the files of its pages");
    drop(view);
}

#[test]
fn leaves_that_change_while_a_checkpoint_merges_them_keep_what_they_stand_on() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { leaf_bytes: 1024, inner_fanout: 8, delta_entries: 8, ..tiny() });
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..500u32 {
        txn.put(tree, &i.to_be_bytes(), &[7; 40]).unwrap();
    }
    txn.commit(Durability::Immediate).unwrap();
    let mut content = entries(&db.begin_read().unwrap(), tree);
    for round in 0..200u32 {
        let mut txn = db.begin_write().unwrap();
        for i in 0..40u32 {
            let key = ((round * 40 + i).wrapping_mul(2_654_435_761) % 500).to_be_bytes();
            let value = (round + i).to_be_bytes().repeat(10);
            // Each round changes half of the leaves before the checkpoint and half beside it.
            if i == 20 {
                txn.commit(Durability::Immediate).unwrap();
                txn = db.begin_write().unwrap();
            }
            txn.put(tree, &key, &value).unwrap();
            content.insert(key.to_vec(), value);
        }
        db.checkpoint().unwrap();
        txn.commit(Durability::Immediate).unwrap();
        if round % 3 == 0 {
            db.checkpoint().unwrap();
        }
    }
    assert_eq!(entries(&db.begin_read().unwrap(), tree), content);
    verify(&db);
    drop(db);
    let db = open(&fs, tiny());
    assert_eq!(entries(&db.begin_read().unwrap(), tree), content);
}

#[test]
fn closing_leaves_no_log_that_is_a_good_part_of_the_database() {
    let fs = Arc::new(MemFs::new());
    let options = Options { background: Background::Inline, ..Options::default() };
    let db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..1000u32 {
        txn.put(tree, &i.to_be_bytes(), &[1; 170]).unwrap();
    }
    txn.commit(Durability::Immediate).unwrap();
    let content = entries(&db.begin_read().unwrap(), tree);
    db.close().unwrap();
    let log = file_bytes(&fs, ".wal");
    assert!(log < 300, "{log} bytes of log");
    let db = open(&fs, options);
    assert!(db.recovery_report().clean, "it opens as a closed one");
    assert_eq!(entries(&db.begin_read().unwrap(), tree), content);
    let mut txn = db.begin_write().unwrap();
    txn.put(tree, b"one", b"more").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    verify(&db);
}

fn page_file_bytes(fs: &MemFs) -> u64 {
    file_bytes(fs, ".pages")
}

fn file_bytes(fs: &MemFs, suffix: &str) -> u64 {
    let names = fs.list(Path::new("db")).unwrap();
    let pages = names.iter().filter(|name| name.ends_with(suffix));
    pages.map(|name| fs.open(&Path::new("db").join(name), OpenMode::Read).unwrap().len().unwrap()).sum()
}

#[test]
fn files_that_nothing_needs_do_not_wait_for_another_commit() {
    let fs = Arc::new(MemFs::new());
    let options = Options { memory_budget_bytes: 64 << 10, ..tiny() };
    let db = open(&fs, options);
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for i in 0..4000u32 {
        txn.put(tree, &i.wrapping_mul(2_654_435_761).to_be_bytes(), &[3; 40]).unwrap();
    }
    let spilled = page_file_bytes(&fs);
    txn.commit(Durability::Immediate).unwrap();
    assert_eq!(page_file_bytes(&fs), db.info().unwrap().page_bytes, "what was removed is gone");
    assert!(page_file_bytes(&fs) < spilled, "the commit gives back of what was spilled and replaced");
    db.compact(&mut |_, _| {}).unwrap();
    assert_eq!(page_file_bytes(&fs), db.info().unwrap().page_bytes, "after a compaction as well");
    verify(&db);
}
