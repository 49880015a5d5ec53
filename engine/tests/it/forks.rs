//! Forks: what they take with them, and what goes on beside them.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::sim::{CrashImage, CrashModel, SimFs};
use duramen_engine::io::{Fs, Io, MemFs};
use duramen_engine::{
    Access, Background, Database, Durability, Error, Lsn, Options, Result, Retention, TreeId, View,
};

use crate::support::{Odd, entries, open, open_at, tiny, verify};

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

/// A database whose every key was overwritten a few times, with a root of each time; the commit of the first.
fn overwritten(fs: &Arc<MemFs>) -> (Database, TreeId, Lsn) {
    let db = open(fs, Options { root_spacing_bytes: 1, ..whole_history() });
    let (tree, first) = fill(&db, 1);
    db.checkpoint().unwrap();
    for round in 2..6 {
        fill(&db, round);
        db.checkpoint().unwrap();
    }
    (db, tree, first)
}

#[test]
fn a_fork_takes_no_files_that_were_made_after_its_version() {
    let fs = Arc::new(MemFs::new());
    let (db, _, first) = overwritten(&fs);
    let fork = |dir: &str| db.history().fork(first, Path::new(dir), &mut |_, _| {}).unwrap().shared_bytes;
    let before = fork("fork1");
    assert!(before > 0);
    fill(&db, 7);
    db.checkpoint().unwrap();
    assert_eq!(fork("fork2"), before);
}

#[test]
fn files_that_a_fork_does_not_need_go_with_its_first_checkpoint() {
    let fs = Arc::new(MemFs::new());
    let (db, tree, _) = overwritten(&fs);
    let report = db.history().fork(db.last_lsn(), Path::new("fork"), &mut |_, _| {}).unwrap();
    let options = Options { retention: Retention::Needed, ..whole_history() };
    let fork = open_at(&fs, "fork", options).unwrap();
    fork.checkpoint().unwrap();
    assert!(fork.info().unwrap().page_bytes * 2 < report.shared_bytes, "{report:?} {:?}", fork.info());
    assert_eq!(entries(&fork.begin_read().unwrap(), tree), entries(&db.begin_read().unwrap(), tree));
    verify(&fork);
    verify(&db);
}

#[test]
fn where_there_are_no_links_a_fork_copies_what_its_version_reaches() {
    let fs = Arc::new(MemFs::new());
    let (linked, tree, _) = overwritten(&fs);
    let shared = linked.history().fork(linked.last_lsn(), Path::new("linked"), &mut |_, _| {}).unwrap();
    linked.close().unwrap();

    let io = Io { fs: Arc::new(Odd { links: false, ..Odd::on(&fs) }), ..Io::os() };
    let db = Database::open_with(io, "db", whole_history()).unwrap();
    let mut told = (0, 0);
    let report = db.history().fork(db.last_lsn(), Path::new("fork"), &mut |done, all| told = (done, all));
    let report = report.unwrap();
    assert_eq!(report.shared_bytes, 0);
    assert!(
        report.copied_bytes > 0 && report.copied_bytes * 2 < shared.shared_bytes,
        "{report:?} {shared:?}"
    );
    assert_eq!(told, (shared.shared_bytes, shared.shared_bytes));
    let fork = open_at(&fs, "fork", whole_history()).unwrap();
    assert_eq!(entries(&fork.begin_read().unwrap(), tree), entries(&db.begin_read().unwrap(), tree));
    verify(&fork);
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

fn open_fork(fs: Arc<dyn Fs>, access: Access) -> Result<Database> {
    Database::open_with(Io::repeatable(fs, 5), "fork", Options { access, ..whole_history() })
}

/// How many entries a fork has, opened for reading and then for writing; `None` where there is no database.
fn entries_of_fork(image: &CrashImage) -> Option<u64> {
    let count = |access| {
        let fork = match open_fork(Arc::new(image.fs.clone()), access) {
            Err(Error::NotFound(_)) => return None,
            opened => opened.unwrap_or_else(|error| panic!("{image}: {error}")),
        };
        verify(&fork);
        Some(fork.info().unwrap().entries)
    };
    let found = count(Access::ReadOnly);
    assert_eq!(count(Access::OpenExisting), found, "{image}");
    found
}

#[test]
fn a_loss_of_power_leaves_a_fork_or_none_and_loses_nothing_of_it() {
    let fs = Arc::new(SimFs::new());
    let db = Database::open_with(Io::repeatable(fs.clone(), 4), "db", whole_history()).unwrap();
    fill(&db, 1);
    db.checkpoint().unwrap();
    let (_, lsn) = fill(&db, 2);
    fs.restart_trace();
    db.history().fork(lsn, Path::new("fork"), &mut |_, _| {}).unwrap();
    fs.mark(1);
    let model = CrashModel { images_per_moment: 16, ..CrashModel::default() };
    let mut images = 0;
    for image in fs.crash_images(&model) {
        let found = entries_of_fork(&image);
        assert!(found == Some(400) || (found.is_none() && image.mark == 0), "{image}: {found:?}");
        images += 1;
    }

    // The first open makes the log and the second record; then something is committed.
    let fs = Arc::new(SimFs::on(&fs.durable()));
    let fork = open_fork(fs.clone(), Access::OpenExisting).unwrap();
    fs.mark(1);
    let mut txn = fork.begin_write().unwrap();
    let tree = txn.open_tree(b"t").unwrap();
    txn.put(tree, b"only in the fork", b"").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    fs.mark(2);
    for image in fs.crash_images(&model) {
        let found = entries_of_fork(&image);
        assert!(found == Some(401) || (found == Some(400) && image.mark < 2), "{image}: {found:?}");
        images += 1;
    }
    assert!(images > 100, "{images}");
}

#[test]
fn a_fork_that_nobody_wrote_to_can_be_read() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, whole_history());
    let (tree, lsn) = fill(&db, 1);
    for (dir, lsn, entries) in [("fork", lsn, 400), ("empty", Lsn::ZERO, 0)] {
        db.history().fork(lsn, Path::new(dir), &mut |_, _| {}).unwrap();
        let reader = open_at(&fs, dir, Options { access: Access::ReadOnly, ..whole_history() }).unwrap();
        verify(&reader);
        let info = reader.info().unwrap();
        assert_eq!((info.entries, info.lsn, info.log_bytes), (entries, lsn, 0));
        let history = reader.history();
        assert_eq!(history.log_from(lsn).unwrap().count(), 0);
        assert_eq!(history.log_starts().unwrap(), []);
        assert_eq!(history.read_at(lsn).unwrap().lsn(), lsn);
        let past = reader.as_of(lsn).unwrap();
        assert_eq!(past.begin_read().unwrap().tree(b"t"), (entries > 0).then_some(tree));
    }
    assert!(fs.list(Path::new("fork")).unwrap().iter().all(|name| !name.contains(".wal")));
}

#[test]
fn a_log_that_was_lost_is_missed() {
    let fs = Arc::new(MemFs::new());
    let db = open(&fs, Options { background: Background::Inline, ..whole_history() });
    let (_, lsn) = fill(&db, 1);
    db.checkpoint().unwrap();
    for (dir, lsn) in [("fork", lsn), ("empty", Lsn::ZERO)] {
        db.history().fork(lsn, Path::new(dir), &mut |_, _| {}).unwrap();
        // Nothing is committed.
        open_at(&fs, dir, whole_history()).unwrap().close().unwrap();
    }
    db.close().unwrap();
    for dir in ["db", "fork", "empty"] {
        let logs = fs.list(Path::new(dir)).unwrap();
        let logs: Vec<_> = logs.iter().filter(|name| name.ends_with(".wal")).collect();
        logs.iter().for_each(|name| fs.remove(&Path::new(dir).join(name)).unwrap());
        for access in [Access::ReadOnly, Access::OpenExisting, Access::OpenOrCreate] {
            match open_at(&fs, dir, Options { access, ..whole_history() }) {
                Err(Error::Corrupt(damage)) => {
                    let name = damage.file.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
                    assert!(damage.file.starts_with(dir) && logs.contains(&&name), "{damage}");
                }
                other => panic!("{dir}, {access:?}: {other:?}"),
            }
        }
    }
}
