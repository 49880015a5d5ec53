//! Opening, closing and reopening.

use std::sync::Arc;

use duramen_engine::io::MemFs;
use duramen_engine::{Access, Database, Durability, Error, Options, PageAccess, View};

use crate::support::{entries, open, open_result, tiny, verify};

#[test]
fn access_is_as_asked() {
    let fs = Arc::new(MemFs::new());
    let with = |access| Options { access, ..tiny() };
    assert!(matches!(open_result(&fs, with(Access::OpenExisting)), Err(Error::NotFound(_))));
    assert!(matches!(open_result(&fs, with(Access::ReadOnly)), Err(Error::NotFound(_))));
    let db = open(&fs, with(Access::CreateNew));
    assert!(matches!(open_result(&fs, tiny()), Err(Error::Locked(_))));
    assert!(matches!(open_result(&fs, with(Access::ReadOnly)), Err(Error::Locked(_))));
    let mut txn = db.begin_write().unwrap();
    txn.create_tree(b"t").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    let other = db.clone();
    assert!(matches!(db.close(), Err(Error::InUse(_))));
    other.close().unwrap();
    assert!(matches!(open_result(&fs, with(Access::CreateNew)), Err(Error::AlreadyExists(_))));

    let reader = open(&fs, with(Access::ReadOnly));
    let second = open(&fs, with(Access::ReadOnly));
    assert!(matches!(open_result(&fs, tiny()), Err(Error::Locked(_))));
    assert!(matches!(reader.begin_write(), Err(Error::ReadOnly(_))));
    assert!(matches!(reader.checkpoint(), Err(Error::ReadOnly(_))));
    assert!(second.begin_read().unwrap().tree(b"t").is_some());
    verify(&second);
}

#[test]
fn pages_are_the_same_however_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let db = Database::open(&path, Options::default()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    for n in 0..20_000u32 {
        txn.put(tree, &n.to_be_bytes(), &[7; 200]).unwrap();
    }
    txn.commit(Durability::Immediate).unwrap();
    let expected = entries(&db.begin_read().unwrap(), tree);
    db.close().unwrap();
    for page_access in [PageAccess::Mapped, PageAccess::MappedRandom, PageAccess::Read] {
        let db = Database::open(&path, Options { page_access, ..Options::default() }).unwrap();
        assert_eq!(entries(&db.begin_read().unwrap(), tree), expected, "{page_access:?}");
        verify(&db);
        db.close().unwrap();
    }
}

#[test]
fn everything_is_there_after_reopening() {
    let fs = Arc::new(MemFs::new());
    let mut expected = Vec::new();
    for round in 0..6u32 {
        let db = open(&fs, tiny());
        let mut txn = db.begin_write().unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        for i in 0..150u32 {
            let key = (i * 7 + round).to_be_bytes();
            txn.put(tree, &key, &[u8::try_from(round).unwrap(); 30]).unwrap();
        }
        txn.delete_range(
            tree,
            (
                std::ops::Bound::Included(&(round * 20).to_be_bytes()),
                std::ops::Bound::Excluded(&(round * 20 + 10).to_be_bytes()),
            ),
        )
        .unwrap();
        txn.commit(Durability::Immediate).unwrap();
        let now = entries(&db.begin_read().unwrap(), tree);
        verify(&db);
        drop(db);
        let db = open(&fs, tiny());
        assert!(db.recovery_report().clean);
        assert_eq!(entries(&db.begin_read().unwrap(), tree), now);
        assert_ne!(Some(&now), expected.last());
        expected.push(now);
        verify(&db);
    }
}

#[test]
fn real_files_work_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sub").join("db");
    let options = Options { background: duramen_engine::Background::Shared, ..tiny() };
    let db = Database::open(&path, options.clone()).unwrap();
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    for i in 0..300u32 {
        let mut txn = db.begin_write().unwrap();
        txn.put(tree, &i.to_be_bytes(), &[1; 100]).unwrap();
        txn.commit(Durability::Deferred).unwrap();
    }
    let last = db.last_lsn();
    db.when_durable(last).unwrap().wait().unwrap();
    assert_eq!(db.durable_lsn(), last);
    db.checkpoint().unwrap();
    verify(&db);
    db.close().unwrap();
    let db = Database::open(&path, options).unwrap();
    assert_eq!(entries(&db.begin_read().unwrap(), tree).len(), 300);
    verify(&db);

    let file = dir.path().join("file");
    std::fs::write(&file, "text").unwrap();
    assert!(matches!(Database::open(&file, tiny()), Err(Error::NotADatabase { .. })));
    assert!(matches!(Database::open(dir.path(), tiny()), Err(Error::NotADatabase { .. })));
}

#[test]
fn a_record_of_operations_is_not_taken_for_a_root() {
    // Among the operations of these commits are some whose bytes can also be read as a root.
    for key in 0..=300u16 {
        let fs = Arc::new(MemFs::new());
        let db = open(&fs, tiny());
        let mut txn = db.begin_write().unwrap();
        let tree = txn.create_tree(b"t").unwrap();
        txn.commit(Durability::Immediate).unwrap();
        let mut txn = db.begin_write().unwrap();
        txn.put(tree, &key.to_be_bytes(), b"").unwrap();
        txn.commit(Durability::Immediate).unwrap();
        db.close().unwrap();
        let db = open(&fs, tiny());
        assert_eq!(db.begin_read().unwrap().len(tree).unwrap(), 1);
    }
}

#[test]
fn compacting_an_empty_database_leaves_one_that_opens() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, tiny());
    db.compact(&mut |_, _| {}).unwrap();
    db.close().unwrap();
    open(&fs, tiny()).close().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn an_open_database_takes_two_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::open(dir.path(), tiny()).unwrap();
    for round in 0..300u32 {
        let mut txn = db.begin_write().unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        txn.put(tree, &round.to_be_bytes(), &[1; 200]).unwrap();
        txn.commit(Durability::Immediate).unwrap();
    }
    db.checkpoint().unwrap();
    db.history().log_from(db.history().oldest()).unwrap().for_each(|commit| drop(commit.unwrap()));
    let path = dir.path().canonicalize().unwrap();
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let mut open: Vec<_> = targets.filter(|target| target.starts_with(&path)).collect();
    open.sort();
    // The directory, which carries the lock, and the end of the log.
    assert!(
        open.len() == 2 && open[0] == path && open[1].extension().is_some_and(|x| x == "wal"),
        "{open:?}"
    );
}
