//! What history is kept: by time, by bytes, by pins and by what is in use, under clocks that jump.

use std::time::Duration;

use duramen_engine::{Database, Lsn, View, Window};
use duramen_pitr::{Bookmark, Error, Keeper, Pitr};

use crate::support::{DAY, Setup, commit, entries, verify};

/// A commit an hour for so many days; the bookmark after each, with its content.
fn days(setup: &Setup, db: &Database, days: u32) -> Vec<Bookmark> {
    let pitr = Pitr::new(db.clone());
    let mut bookmarks = Vec::new();
    for hour in 0..days * 24 {
        setup.clock.advance(DAY / 24);
        commit(db, hour, 200);
        bookmarks.push(pitr.current_bookmark());
    }
    bookmarks
}

fn oldest_of(db: &Database) -> Lsn {
    db.history().oldest()
}

#[test]
fn a_window_of_time_lets_go_what_is_older_and_nothing_younger() {
    let setup = Setup::with_window(Window { time: 10 * DAY, ..Window::default() });
    let db = setup.open();
    let bookmarks = days(&setup, &db, 10);
    assert_eq!(oldest_of(&db), Lsn::ZERO, "nothing is old enough");
    let later = days(&setup, &db, 20);
    let oldest = oldest_of(&db);
    let all: Vec<Bookmark> = bookmarks.into_iter().chain(later).collect();
    let young = &all[20 * 24..];
    assert!(oldest <= young[0].lsn(), "ten days are there");
    assert!(oldest >= all[17 * 24].lsn(), "and hardly more: {oldest} of {}", all[20 * 24].lsn());
    let pitr = Pitr::new(db.clone());
    for bookmark in young {
        pitr.as_of(bookmark).unwrap();
    }
    let refused = pitr.as_of(&all[5]).unwrap_err();
    assert!(
        matches!(refused, Error::Unavailable { oldest: first, .. } if first.lsn() == oldest),
        "{refused}"
    );
    assert!(refused.to_string().contains("expired"));
    verify(&db);
}

#[test]
fn bytes_are_a_limit_but_for_the_youngest_day() {
    let window = Window { bytes: 20 << 10, ..Window::default() };
    let setup = Setup::with_window(window);
    let db = setup.open();
    for n in 0..2000 {
        commit(&db, n, 200);
    }
    assert_eq!(oldest_of(&db), Lsn::ZERO, "all of it is younger than a day");
    setup.clock.advance(2 * DAY);
    for n in 0..400 {
        commit(&db, n, 200);
    }
    let pitr = Pitr::new(db.clone());
    let reach = pitr.reach().unwrap();
    assert!(reach.oldest.lsn() > Lsn::ZERO);
    assert!(reach.oldest.lsn().number <= 2000, "the youngest day is there");
    setup.clock.advance(2 * DAY);
    for n in 0..400 {
        commit(&db, n, 200);
    }
    assert!(pitr.reach().unwrap().oldest.lsn().number >= 1900);
    verify(&db);
}

#[test]
fn clocks_that_jump_delete_nothing() {
    for jumps in
        [&[-1][..], &[-3600], &[-30 * 86_400], &[3600], &[10 * 365 * 86_400], &[-30 * 86_400, 30 * 86_400]]
    {
        let setup = Setup::with_window(Window { time: 10 * DAY, ..Window::default() });
        let mut db = setup.open();
        let bookmarks = days(&setup, &db, 5);
        for jump in jumps {
            setup.jump(*jump);
            commit(&db, 1, 200);
            db.close().unwrap();
            // Each jump once while it is open, and once while it is closed.
            setup.jump(-jump);
            db = setup.open();
            days(&setup, &db, 1);
            db.close().unwrap();
            setup.jump(*jump);
            db = setup.open();
            let pitr = Pitr::new(db.clone());
            for n in 0..200 {
                commit(&db, n, 200);
            }
            bookmarks.iter().for_each(|bookmark| drop(pitr.as_of(bookmark).unwrap()));
        }
        verify(&db);
    }
}

#[test]
fn an_idle_database_is_trimmed_when_opened_once_its_clock_is_believed() {
    for word in [false, true] {
        let setup = Setup::with_window(Window { time: 10 * DAY, ..Window::default() });
        let db = setup.open();
        days(&setup, &db, 20);
        let oldest = oldest_of(&db);
        db.close().unwrap();
        setup.jump(40 * 86_400);
        let db = setup.open();
        assert_eq!(oldest_of(&db), oldest, "the clock may be wrong");
        let bytes = db.info().unwrap().log_bytes;
        if word {
            db.history().trust_clock();
            commit(&db, 1, 200);
            db.checkpoint().unwrap();
            assert!(oldest_of(&db) > oldest);
            continue;
        }
        drop(db);
        for _ in 0..23 {
            setup.jump(2 * 86_400);
            assert_eq!(oldest_of(&setup.open()), oldest, "a gap says an hour about the one before it");
        }
        setup.jump(2 * 86_400);
        let db = setup.open();
        assert!(oldest_of(&db) > oldest, "it stood for a day");
        assert!(db.info().unwrap().log_bytes < bytes);
        verify(&db);
    }
}

#[test]
fn pins_outlive_retention_and_restarts() {
    let setup = Setup::with_window(Window { time: 2 * DAY, ..Window::default() });
    let mut db = setup.open();
    let bookmarks = days(&setup, &db, 3);
    let pinned = bookmarks[40];
    let pitr = Pitr::new(db.clone());
    let tree = db.begin_read().unwrap().tree(b"t").unwrap();
    let content = entries(&*pitr.as_of(&pinned).unwrap(), tree);
    pitr.pin("release 1", &pinned).unwrap();
    pitr.pin("other", &bookmarks[50]).unwrap();
    assert!(pitr.unpin("other").unwrap());
    assert!(!pitr.unpin("other").unwrap());
    assert!(pitr.pin("", &pinned).is_err());
    drop(pitr);
    for _ in 0..2 {
        days(&setup, &db, 10);
        db.close().unwrap();
        db = setup.open();
    }
    let pitr = Pitr::new(db.clone());
    assert_eq!(entries(&*pitr.as_of(&pinned).unwrap(), tree), content);
    let reach = pitr.reach().unwrap();
    assert!(reach.oldest.lsn() <= pinned.lsn());
    assert_eq!((reach.pins.len(), reach.pins[0].bookmark), (1, pinned));
    assert_eq!(reach.pins[0].name, "release 1");
    assert!(reach.bytes_a_day().is_some_and(|bytes| bytes > 24 * 200));
    assert!(pitr.unpin("release 1").unwrap());
    days(&setup, &db, 3);
    assert!(pitr.as_of(&pinned).is_err());
    verify(&db);
}

#[test]
fn what_is_read_stays() {
    let setup = Setup::with_window(Window { time: DAY, min_keep: Duration::ZERO, ..Window::default() });
    let db = setup.open();
    let bookmarks = days(&setup, &db, 1);
    let pitr = Pitr::new(db.clone());
    let tree = db.begin_read().unwrap().tree(b"t").unwrap();
    let view = pitr.as_of(&bookmarks[10]).unwrap();
    let content = entries(&*view, tree);
    let mut log = db.history().log_from(bookmarks[0].lsn()).unwrap();
    assert_eq!(log.next().unwrap().unwrap().lsn(), bookmarks[1].lsn());
    days(&setup, &db, 10);
    assert_eq!(entries(&*view, tree), content);
    assert_eq!(log.map(Result::unwrap).count(), bookmarks.len() - 2);
    drop(view);
    days(&setup, &db, 3);
    assert!(pitr.as_of(&bookmarks[10]).is_err());
}

#[test]
fn what_keeps_more_than_the_window_is_named() {
    let setup = Setup::with_window(Window { time: 2 * DAY, bytes: 8 << 10, min_keep: DAY });
    let db = setup.open();
    let bookmarks = days(&setup, &db, 1);
    let pitr = Pitr::new(db.clone());
    assert_eq!(pitr.reach().unwrap().conflicts, []);
    pitr.pin("release", &bookmarks[3]).unwrap();
    let view = pitr.as_of(&bookmarks[12]).unwrap();
    days(&setup, &db, 6);
    let keepers = |pitr: &Pitr| -> Vec<Keeper> {
        pitr.reach().unwrap().conflicts.into_iter().map(|conflict| conflict.keeper).collect()
    };
    assert_eq!(keepers(&pitr), [Keeper::Pin("release".into()), Keeper::Hold]);
    drop(view);
    pitr.on_next_session_restore(&bookmarks[13]).unwrap();
    assert_eq!(keepers(&pitr), [Keeper::Pin("release".into()), Keeper::NextSession]);
    pitr.cancel_restore().unwrap();
    assert!(pitr.unpin("release").unwrap());
    days(&setup, &db, 1);
    assert_eq!(keepers(&pitr), []);
    (0..300).for_each(|n| commit(&db, n, 400));
    assert_eq!(keepers(&pitr), [Keeper::MinKeep], "a day is kept, though it takes more than it may");
}

#[test]
fn roots_are_fewer_with_age() {
    let setup = Setup::with_window(Window::default());
    let db = setup.open();
    (0..2000).for_each(|n| commit(&db, n, 200));
    let dense = db.history().roots().len();
    let thinned = [DAY / 12, 2 * DAY].map(|wait| {
        setup.clock.advance(wait);
        commit(&db, 1, 200);
        (0..2).for_each(|_| assert!(db.checkpoint().is_ok()));
        db.history().roots().len()
    });
    assert!(thinned[0] <= dense && thinned[1] * 5 < dense, "{dense}, then {thinned:?}");
    assert_eq!(oldest_of(&db), Lsn::ZERO, "every commit is there");
    verify(&db);
}
