//! Restores that are put off to the next session.

use std::sync::Arc;

use duramen_engine::io::sim::SimFs;
use duramen_engine::io::{Fs, Io};
use duramen_engine::{Access, CommitKind, Database, Durability, Lsn, Options, View};
use duramen_pitr::{Bookmark, Pitr};

use crate::support::{Setup, commit, content, verify};

fn delete_all(db: &Database) {
    let mut txn = db.begin_write().unwrap();
    let trees: Vec<_> = txn.trees().into_iter().map(|(_, tree)| tree).collect();
    trees.into_iter().for_each(|tree| txn.drop_tree(tree).unwrap());
    txn.commit(Durability::Immediate).unwrap();
}

#[test]
fn the_next_session_begins_with_the_moment_and_can_be_undone() {
    let setup = Setup::new();
    let db = setup.open();
    (0..5).for_each(|n| commit(&db, n, 10));
    let pitr = Pitr::new(db.clone());
    let (good, was) = (pitr.current_bookmark(), content(&db));
    delete_all(&db);
    let undo = pitr.on_next_session_restore(&good).unwrap();
    assert_eq!(pitr.pending_restore(), Some(good));
    assert_eq!(undo.to_string().parse::<Bookmark>().unwrap(), undo);
    // What is still done in this session is in the moment before the restore.
    commit(&db, 77, 10);
    let last = content(&db);
    assert_eq!(pitr.as_of(&undo).unwrap().lsn(), db.last_lsn(), "not there yet: the newest");
    let before = db.last_lsn();
    drop(pitr);
    db.close().unwrap();

    let reader =
        Database::open_with(setup.io(), "db", Options { access: Access::ReadOnly, ..setup.options.clone() });
    assert_eq!(content(&reader.unwrap()), last, "who only reads changes nothing");

    let db = setup.open();
    let pitr = Pitr::new(db.clone());
    assert_eq!(content(&db), was);
    assert_eq!(pitr.pending_restore(), None);
    assert_eq!(pitr.as_of(&undo).unwrap().lsn(), before);
    let kinds: Vec<_> = db.history().log_from(before).unwrap().map(|commit| commit.unwrap().kind()).collect();
    assert_eq!(kinds, [CommitKind::WishedReset { to: good.lsn() }]);
    commit(&db, 78, 10);
    drop(pitr);
    db.close().unwrap();

    let db = setup.open();
    let pitr = Pitr::new(db.clone());
    assert_eq!(content(&db).len(), was.len() + 1, "once is enough");
    pitr.restore(&undo).unwrap();
    assert_eq!(content(&db), last);
    verify(&db);
}

#[test]
fn what_undoes_it_names_nothing_that_a_loss_of_power_takes() {
    let setup = Setup::new();
    let fs = Arc::new(SimFs::new());
    let open =
        |fs: Arc<dyn Fs>| Database::open_with(Io { fs, ..setup.io() }, "db", setup.options.clone()).unwrap();
    let db = open(fs.clone());
    commit(&db, 1, 10);
    let good = Pitr::new(db.clone()).current_bookmark();
    commit(&db, 2, 10);
    // From here on orders are put down without a checkpoint.
    db.checkpoint().unwrap();
    let last = content(&db);
    let mut txn = db.begin_write().unwrap();
    let tree = txn.open_tree(b"t").unwrap();
    txn.put(tree, b"soon lost", b"").unwrap();
    txn.commit(Durability::None).unwrap();
    let undo = Pitr::new(db.clone()).on_next_session_restore(&good).unwrap();

    let db = open(Arc::new(fs.durable()));
    let pitr = Pitr::new(db.clone());
    assert_eq!(content(&db).len(), 1);
    pitr.restore(&undo).unwrap();
    assert_eq!(content(&db), last);
}

#[test]
fn a_wish_is_replaced_and_taken_back() {
    let setup = Setup::new();
    let mut db = setup.open();
    let mut moments = Vec::new();
    for n in 0..4 {
        commit(&db, n, 10);
        moments.push((Pitr::new(db.clone()).current_bookmark(), content(&db)));
    }
    let wish =
        |db: &Database, n: usize| Pitr::new(db.clone()).on_next_session_restore(&moments[n].0).unwrap();
    wish(&db, 0);
    wish(&db, 1);
    db.close().unwrap();
    db = setup.open();
    assert_eq!(content(&db), moments[1].1);
    wish(&db, 2);
    Pitr::new(db.clone()).cancel_restore().unwrap();
    db.close().unwrap();
    db = setup.open();
    assert_eq!(content(&db), moments[1].1);
    // A restore at once does not take the wish back.
    wish(&db, 0);
    Pitr::new(db.clone()).restore(&moments[3].0).unwrap();
    assert_eq!(content(&db), moments[3].1);
    db.close().unwrap();
    db = setup.open();
    assert_eq!(content(&db), moments[0].1);
}

#[test]
fn what_is_no_moment_is_refused_before_anything_is_put_down() {
    let setup = Setup::new();
    let db = setup.open();
    commit(&db, 1, 10);
    let pitr = Pitr::new(db.clone());
    let future = Bookmark::new(db.id(), Lsn { number: 99, epoch: 0 });
    let foreign = Bookmark::new(duramen_engine::DatabaseId([9; 16]), db.last_lsn());
    assert!(pitr.on_next_session_restore(&future).is_err());
    assert!(pitr.on_next_session_restore(&foreign).is_err());
    assert_eq!(pitr.pending_restore(), None);
}

#[test]
fn a_thousand_restores_leave_nothing_behind() {
    let setup =
        Setup::with_window(duramen_engine::Window { time: std::time::Duration::ZERO, ..Default::default() });
    let db = setup.open();
    (0..50).for_each(|n| commit(&db, n, 200));
    let pitr = Pitr::new(db.clone());
    let mut undo = pitr.current_bookmark();
    delete_all(&db);
    let mut sizes = Vec::new();
    for round in 0..1000 {
        undo = pitr.restore(&undo).unwrap();
        if round % 250 == 249 {
            (0..3).for_each(|_| assert!(db.checkpoint().is_ok()));
            let info = db.info().unwrap();
            sizes.push(info.page_bytes + info.log_bytes);
        }
    }
    verify(&db);
    assert!(sizes[3] <= sizes[0] + (32 << 10), "{sizes:?}");
    commit(&db, 1, 1);
    verify(&db);
}
