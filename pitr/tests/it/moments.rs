//! Bookmarks, times, views of the past and restores over a history with restarts.

use std::time::Duration;

use duramen_engine::{Database, Durability, Lsn, Timestamp, View};
use duramen_pitr::{Bookmark, Error, Pitr};

use crate::support::{Map, Setup, commit, content, entries, verify};

/// One commit of the model.
struct Version {
    bookmark: Bookmark,
    time: Timestamp,
    content: Map,
}

#[test]
fn each_moment_is_found_read_and_restored() {
    let setup = Setup::new();
    let mut db = setup.open();
    let mut pitr = Pitr::new(db.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    let mut versions: Vec<Version> = Vec::new();
    let note = |db: &Database, pitr: &Pitr, versions: &mut Vec<Version>| {
        let view = db.begin_read().unwrap();
        let content = entries(&view, tree);
        versions.push(Version { bookmark: pitr.current_bookmark(), time: view.time(), content });
    };
    note(&db, &pitr, &mut versions);
    for round in 0..700u32 {
        // Now and then several commits at one time.
        if round % 7 < 4 {
            setup.clock.advance(Duration::from_micros(u64::from(round % 5) * 1000));
        }
        let mut txn = db.begin_write().unwrap();
        txn.put(tree, &(round * 31 % 97).to_be_bytes(), &vec![1; (round % 60) as usize]).unwrap();
        txn.delete(tree, &(round % 50).to_be_bytes()).unwrap();
        txn.commit(Durability::Immediate).unwrap();
        note(&db, &pitr, &mut versions);
        if round % 170 == 60 {
            let target = &versions[versions.len() / 3];
            let (bookmark, content) = (target.bookmark, target.content.clone());
            assert_eq!(pitr.restore(&bookmark).unwrap(), versions.last().unwrap().bookmark);
            note(&db, &pitr, &mut versions);
            assert_eq!(versions.last().unwrap().content, content);
        }
        if round % 230 == 100 {
            drop(pitr);
            db.close().unwrap();
            db = setup.open();
            pitr = Pitr::new(db.clone());
        }
    }
    assert!(db.history().roots().len() > 3);
    assert!(versions.windows(2).all(|pair| pair[0].bookmark < pair[1].bookmark));
    for version in &versions {
        assert_eq!(entries(&*pitr.as_of(&version.bookmark).unwrap(), tree), version.content);
        assert_eq!(version.bookmark.to_string().parse::<Bookmark>().unwrap(), version.bookmark);
    }
    for version in &versions {
        for time in [version.time, Timestamp(version.time.0 - 1), Timestamp(version.time.0 + 1)] {
            let found = pitr.bookmark_for_time(time).unwrap();
            let at = versions.partition_point(|version| version.time <= time);
            let next = versions.get(at).map(|version| version.time);
            let Some(expected) = at.checked_sub(1).map(|at| &versions[at]) else { continue };
            assert_eq!((found.bookmark, found.time, found.next), (expected.bookmark, expected.time, next));
        }
    }
}

#[test]
fn bookmarks_out_of_reach_are_refused() {
    let db = Setup::new().open();
    let pitr = Pitr::new(db.clone());
    let mut txn = db.begin_write().unwrap();
    txn.create_tree(b"t").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    let current = pitr.current_bookmark();
    let future = Bookmark::new(db.id(), Lsn { number: current.lsn().number + 1, ..current.lsn() });
    let refused = pitr.as_of(&future).unwrap_err();
    assert!(matches!(refused, Error::Unavailable { newest, .. } if newest == current), "{refused}");
    assert!(refused.to_string().contains("future"));
    assert!(pitr.restore(&future).is_err());
    let foreign = Bookmark::new(duramen_engine::DatabaseId([9; 16]), current.lsn());
    assert!(matches!(pitr.as_of(&foreign), Err(Error::ForeignBookmark(bookmark)) if bookmark == foreign));
    assert_eq!(pitr.current_bookmark(), current);
}

#[test]
fn the_moment_before_the_first_commit_is_an_empty_database() {
    let setup = Setup::new();
    let db = setup.open();
    (0..30).for_each(|n| commit(&db, n, 300));
    let (pitr, full) = (Pitr::new(db.clone()), content(&db));
    let empty = Bookmark::new(db.id(), Lsn::ZERO);
    assert!(pitr.as_of(&empty).unwrap().trees().is_empty());
    pitr.fork(&empty, std::path::Path::new("fork"), &mut |_, _| {}).unwrap();
    for _ in 0..2 {
        let fork = Database::open_with(setup.io(), "fork", setup.options.clone()).unwrap();
        assert!(fork.begin_read().unwrap().tree(b"u").is_none());
        let mut txn = fork.begin_write().unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        txn.put(tree, b"k", b"v").unwrap();
        txn.commit(Durability::Immediate).unwrap();
        verify(&fork);
        fork.close().unwrap();
    }
    let undo = pitr.restore(&empty).unwrap();
    assert!(db.begin_read().unwrap().trees().is_empty());
    pitr.restore(&undo).unwrap();
    assert_eq!(content(&db), full);
    verify(&db);
}
