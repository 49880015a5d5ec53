//! What went wrong elsewhere and must not here: one test a fault that other systems had, as far as it needs no archive.
//! docs/reports/pitr.md names the faults.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duramen_engine::io::sim::{CrashModel, SimFs};
use duramen_engine::io::{Clock, Io, MemFs};
use duramen_engine::{
    CommitKind, Database, Diff, Durability, Options, Retention, Timestamp, TreeId, View, Window,
};
use duramen_pitr::{Bookmark, Pitr};

use crate::support::{DAY, Map, Setup, commit, content, entries, verify};

/// A moment and what there was.
#[derive(Clone)]
struct Then {
    bookmark: Bookmark,
    time: Timestamp,
    content: Map,
}

fn now(db: &Database) -> Then {
    let time = db.begin_read().unwrap().time();
    Then { bookmark: Pitr::new(db.clone()).current_bookmark(), time, content: content(db) }
}

fn tree_of(db: &Database) -> TreeId {
    db.begin_read().unwrap().tree(b"t").unwrap()
}

/// Numbers without order.
fn scattered(n: usize) -> usize {
    n.wrapping_mul(0x9e37_79b9) >> 7
}

#[test]
fn a_time_is_found_and_read_before_and_after_every_step_of_thinning() {
    let setup = Setup::with_window(Window::default());
    let db = setup.open();
    let mut versions = Vec::new();
    for n in 0..1500u32 {
        setup.clock.advance(Duration::from_secs(u64::from(n % 3)));
        commit(&db, n, 150);
        versions.push(now(&db));
    }
    let tree = tree_of(&db);
    let (mut asked, mut roots) = (0, Vec::new());
    for wait in [Duration::ZERO, DAY / 12, 2 * DAY, DAY] {
        setup.clock.advance(wait);
        (0..3).for_each(|n| {
            commit(&db, n, 10);
            assert!(db.checkpoint().is_ok());
        });
        let pitr = Pitr::new(db.clone());
        for n in 0..300 {
            let version = &versions[scattered(asked + n) % versions.len()];
            let (moment, view) = pitr.as_of_time(Timestamp(version.time.0 + 1)).unwrap();
            let meant = versions.iter().rfind(|other| other.time <= version.time).unwrap();
            assert_eq!(moment.bookmark, meant.bookmark);
            assert_eq!(entries(&*view, tree), meant.content);
        }
        asked += 300;
        roots.push(db.history().roots().len());
        let back = versions[scattered(asked) % versions.len()].clone();
        pitr.restore(&back.bookmark).unwrap();
        assert_eq!(content(&db), back.content);
    }
    assert!(asked >= 1000 && roots[2] * 2 < roots[0], "{roots:?} roots, the log whole");
    assert_eq!(db.history().oldest().number, 0);
    verify(&db);
}

/// Lets time pass and much be written, so that retention takes all that it may.
fn churn(setup: &Setup, db: &Database) {
    for n in 0..60 {
        setup.clock.advance(DAY / 12);
        commit(db, n, 400);
    }
    (0..3).for_each(|_| assert!(db.checkpoint().is_ok()));
}

#[test]
fn retention_runs_at_every_step_of_a_view_a_restore_and_a_fork() {
    let setup = Setup::with_window(Window { time: DAY, min_keep: Duration::ZERO, ..Window::default() });
    let db = setup.open();
    let mut thens = Vec::new();
    for n in 0..100 {
        commit(&db, n, 300);
        thens.push(now(&db));
    }
    let (pitr, tree) = (Pitr::new(db.clone()), tree_of(&db));
    // Views of several moments, so that the roots of the younger ones are thinned out under them.
    let views: Vec<_> =
        thens.iter().step_by(9).map(|then| (then, pitr.as_of(&then.bookmark).unwrap())).collect();
    churn(&setup, &db);
    for (then, view) in &views {
        assert_eq!(entries(&**view, tree), then.content);
    }
    for (number, (then, _)) in views.iter().enumerate() {
        let mut txn = db.begin_write().unwrap();
        pitr.restore_within(&mut txn, &then.bookmark, &[]).unwrap();
        for pin in ["a", "b"] {
            pitr.pin(pin, &views[0].0.bookmark).unwrap();
            assert!(pitr.unpin(pin).unwrap());
            assert!(db.checkpoint().is_ok());
        }
        txn.put(tree, b"more", &[1; 40]).unwrap();
        txn.commit(Durability::Immediate).unwrap();
        let mut expected = then.content.clone();
        expected.insert(b"more".to_vec(), vec![1; 40]);
        assert_eq!(content(&db), expected);
        churn(&setup, &db);
        let dir = format!("fork{number}");
        pitr.fork(&then.bookmark, Path::new(&dir), &mut |_, _| churn_time(&setup)).unwrap();
        churn(&setup, &db);
        let fork = Database::open_with(setup.io(), &dir, setup.options.clone()).unwrap();
        assert_eq!(content(&fork), then.content);
        verify(&fork);
    }
    let oldest = views[0].0.bookmark;
    drop(views);
    churn(&setup, &db);
    assert!(pitr.as_of(&oldest).is_err(), "it went when nobody needed it");
    verify(&db);
}

fn churn_time(setup: &Setup) {
    setup.clock.advance(DAY);
}

#[test]
fn restores_and_forks_hold_their_own_against_a_writer_and_retention_beside_them() {
    let setup = Setup::with_window(Window { time: DAY, min_keep: Duration::ZERO, ..Window::default() });
    let db = setup.open();
    (0..50).for_each(|n| commit(&db, n, 300));
    let (pitr, tree, over) = (Pitr::new(db.clone()), tree_of(&db), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                setup.clock.advance(DAY / 4);
                commit(&db, 7, 300);
                assert!(db.checkpoint().is_ok());
            }
        });
        let _stop = Stop(&over);
        for round in 0..25 {
            // A day passes quickly here: a moment may expire before it is held.
            let (then, view) = std::iter::repeat_with(|| pitr.current_bookmark())
                .find_map(|then| pitr.as_of(&then).ok().map(|view| (then, view)))
                .expect("it is tried for ever");
            let dir = format!("fork{round}");
            pitr.fork(&then, Path::new(&dir), &mut |_, _| {}).unwrap();
            let fork = Database::open_with(setup.io(), &dir, setup.options.clone()).unwrap();
            assert_eq!(content(&fork), entries(&*view, tree));
            verify(&fork);
            pitr.restore(&then).unwrap();
            assert_eq!(entries(&*pitr.as_of(&then).unwrap(), tree), content(&fork));
        }
    });
    verify(&db);
}

/// Tells other threads to end, also when an assertion fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_history_of_a_thousand_files_costs_what_lies_between_two_roots() {
    let mut setup = Setup::new();
    setup.options.log_segment_bytes = 4 << 10;
    let fs = Arc::new(SimFs::new());
    let io = Io { fs: fs.clone(), ..setup.io() };
    let db = Database::open_with(io, "db", setup.options.clone()).unwrap();
    let (pitr, mut costs, mut thens) = (Pitr::new(db.clone()), Vec::new(), Vec::new());
    for n in 0..24_000u32 {
        setup.clock.advance(Duration::from_millis(1));
        commit(&db, n, 120);
        if n % 12_000 == 11_900 {
            thens.push(now(&db));
        }
        if n % 12_000 == 11_999 {
            fs.restart_trace();
            let before = fs.operations();
            let then = thens.last().unwrap();
            assert_eq!(content_at(&pitr, then), then.content);
            costs.push(fs.operations() - before);
        }
    }
    let info = db.info().unwrap();
    assert!(info.log_segments >= 1000, "{info:?}");
    assert!(
        costs[1] < costs[0] * 3 / 2 + 50,
        "{costs:?} calls into the file system after half of it and all"
    );
    // Far back the heads of the files after it are read, and no more.
    let before = fs.operations();
    for then in &thens {
        assert_eq!(content_at(&pitr, then), then.content);
        let (moment, _) = pitr.as_of_time(then.time).unwrap();
        assert_eq!(moment.bookmark, then.bookmark);
    }
    let calls = fs.operations() - before;
    assert!(calls < info.log_segments * 60, "{calls} calls for {} files", info.log_segments);
}

fn content_at(pitr: &Pitr, then: &Then) -> Map {
    let view = pitr.as_of(&then.bookmark).unwrap();
    let tree = view.tree(b"t").unwrap();
    entries(&*view, tree)
}

#[test]
fn a_time_is_on_the_right_side_of_a_commit_and_what_it_names_does_not_expire_meanwhile() {
    let setup = Setup::with_window(Window { time: DAY, min_keep: Duration::ZERO, ..Window::default() });
    let db = setup.open();
    let mut thens = Vec::new();
    for n in 0..40 {
        // Four commits at one time.
        setup.clock.advance(Duration::from_micros(u64::from(n % 4 == 0)));
        commit(&db, n, 200);
        thens.push(now(&db));
    }
    let (pitr, tree) = (Pitr::new(db.clone()), tree_of(&db));
    for (at, then) in thens.iter().enumerate() {
        let (moment, view) = pitr.as_of_time(then.time).unwrap();
        assert_eq!(moment.bookmark, thens[at / 4 * 4 + 3].bookmark, "all commits of the time are in");
        if let Some(before) = (at / 4 * 4).checked_sub(1) {
            let (moment, _) = pitr.as_of_time(Timestamp(then.time.0 - 1)).unwrap();
            assert_eq!(moment.bookmark, thens[before].bookmark, "and none after it");
        }
        if at == 21 {
            churn(&setup, &db);
            assert_eq!(entries(&*view, tree), thens[23].content);
            break;
        }
    }
}

#[test]
fn the_bookmark_that_undoes_a_restore_is_found_in_the_history() {
    let setup = Setup::new();
    let db = setup.open();
    (0..9).for_each(|n| commit(&db, n, 20));
    let good = now(&db);
    (0..9).for_each(|n| commit(&db, n, 5));
    let bad = now(&db);
    let undo = Pitr::new(db.clone()).restore(&good.bookmark).unwrap();
    commit(&db, 1, 1);
    db.close().unwrap();
    let db = setup.open();
    let pitr = Pitr::new(db.clone());
    let mut before = good.bookmark;
    let mut found = Vec::new();
    for commit in pitr.changes_since(&good.bookmark).unwrap() {
        let commit = commit.unwrap();
        if let CommitKind::Reset { to } = commit.kind {
            found.push((before, to));
        }
        before = commit.bookmark;
    }
    assert_eq!(found, [(undo, good.bookmark.lsn())]);
    assert_eq!(undo, bad.bookmark);
    pitr.restore(&found[0].0).unwrap();
    assert_eq!(content(&db), bad.content);
}

#[test]
fn restores_mixed_with_writes_twice_and_nested_stay_sound_for_a_thousand_commits() {
    let setup = Setup::new();
    let db = setup.open();
    let mut thens = Vec::new();
    for n in 0..200 {
        commit(&db, n * 7, 250);
        thens.push(now(&db));
    }
    let (pitr, tree) = (Pitr::new(db.clone()), tree_of(&db));
    let expect = |txn: &duramen_engine::WriteTxn, then: &Then, more: &[&[u8]]| {
        let mut expected = then.content.clone();
        expected.extend(more.iter().map(|key| (key.to_vec(), b"x".to_vec())));
        assert_eq!(entries(txn, tree), expected);
    };
    for round in 0..10 {
        let [a, b] = [&thens[round * 13], &thens[190 - round * 11]];
        let mut txn = db.begin_write().unwrap();
        txn.put(tree, b"before", b"x").unwrap();
        pitr.restore_within(&mut txn, &a.bookmark, &[]).unwrap();
        expect(&txn, a, &[]);
        txn.put(tree, b"one", b"x").unwrap();
        let outer = txn.savepoint();
        pitr.restore_within(&mut txn, &b.bookmark, &[]).unwrap();
        txn.put(tree, b"two", b"x").unwrap();
        let inner = txn.savepoint();
        pitr.restore_within(&mut txn, &a.bookmark, &[]).unwrap();
        txn.clear(tree).unwrap();
        txn.rollback_to(inner).unwrap();
        expect(&txn, b, &[b"two"]);
        if round % 2 == 0 {
            txn.rollback_to(outer).unwrap();
            expect(&txn, a, &[b"one"]);
        }
        txn.put(tree, b"last", b"x").unwrap();
        let expected = entries(&txn, tree);
        txn.commit(Durability::Immediate).unwrap();
        assert_eq!(content(&db), expected);
        for n in 0..100 {
            commit(&db, u32::try_from(n * round).unwrap(), 90);
            if n % 33 == 5 {
                assert!(db.checkpoint().is_ok());
            }
        }
        if round == 5 {
            db.compact(&mut |_, _| {}).unwrap();
        }
        verify(&db);
    }
    for then in thens.iter().step_by(17) {
        assert_eq!(entries(&*pitr.as_of(&then.bookmark).unwrap(), tree), then.content);
    }
}

#[test]
fn a_crash_while_recovering_from_a_crash_takes_nothing_back() {
    let setup = Setup::new();
    let fs = Arc::new(SimFs::new());
    let open = |fs: Arc<dyn duramen_engine::io::Fs>| {
        Database::open_with(Io { fs, ..setup.io() }, "db", setup.options.clone()).unwrap()
    };
    let db = open(fs.clone());
    (0..30).for_each(|n| commit(&db, n, 200));
    let good = now(&db);
    (0..30).for_each(|n| commit(&db, n, 50));
    let (before, pitr) = (now(&db), Pitr::new(db.clone()));
    fs.restart_trace();
    pitr.restore(&good.bookmark).unwrap();
    commit(&db, 3, 3);
    let after = now(&db);
    let model = CrashModel { images_per_moment: 6, ..CrashModel::default() };
    let restored = fs.crash_images(&model);
    let mut twice = 0;
    for image in restored {
        let first = Arc::new(SimFs::on(&image.fs));
        let db = open(first.clone());
        let found = content(&db);
        let known = [&before.content, &good.content, &after.content].contains(&&found);
        assert!(known, "{image}: neither before the restore nor after it");
        drop(db);
        for again in first.crash_images(&model) {
            let db = open(Arc::new(again.fs.clone()));
            assert_eq!(content(&db), found, "{image}, then {again}");
            let pitr = Pitr::new(db.clone());
            assert_eq!(content_at(&pitr, &before), before.content, "{image}, then {again}");
            verify(&db);
            twice += 1;
        }
    }
    assert!(twice >= 40, "{twice} double crashes");
}

#[test]
fn a_database_in_memory_has_the_whole_past() {
    let db = Database::in_memory(Options { retention: Retention::All, ..Options::default() }).unwrap();
    let pitr = Pitr::new(db.clone());
    (0..9).for_each(|n| commit(&db, n, 20));
    let good = now(&db);
    pitr.pin("good", &good.bookmark).unwrap();
    (0..9).for_each(|n| commit(&db, n, 5));
    let bad = now(&db);
    assert_eq!(content_at(&pitr, &good), good.content);
    assert!(pitr.bookmark_for_time(good.time).unwrap().bookmark >= good.bookmark);
    let (then, live) = (pitr.as_of(&good.bookmark).unwrap(), db.begin_read().unwrap());
    assert!(Diff::new(&*then, &live, tree_of(&db)).unwrap().next().unwrap().is_some());
    assert_eq!(pitr.changes_since(&good.bookmark).unwrap().count(), 9);
    let undo = pitr.restore(&good.bookmark).unwrap();
    assert_eq!(content(&db), good.content);
    pitr.restore(&undo).unwrap();
    assert_eq!(content(&db), bad.content);
    let copy = Database::in_memory(Options::default()).unwrap();
    let snapshot = pitr.snapshot(Some(&good.bookmark)).unwrap();
    Pitr::new(copy.clone()).adopt(&snapshot, &mut |_, _| {}).unwrap();
    assert_eq!(content(&copy), good.content);
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let db = Database::open_with(io.clone(), "db", Options::default()).unwrap();
    commit(&db, 1, 1);
    let pitr = Pitr::new(db.clone());
    pitr.fork(&pitr.current_bookmark(), Path::new("fork"), &mut |_, _| {}).unwrap();
    assert_eq!(content(&Database::open_with(io, "fork", Options::default()).unwrap()), content(&db));
}

#[test]
fn a_clock_that_stands_still_or_goes_back_leaves_bookmarks_in_order() {
    let setup = Setup::new();
    let db = setup.open();
    let mut bookmarks = Vec::new();
    for n in 0..50 {
        setup.clock.set_wall(Timestamp(setup.clock.wall().0 - i64::from(n % 5) * 1_000_000));
        commit(&db, n, 5);
        bookmarks.push(now(&db));
    }
    assert!(bookmarks.is_sorted_by(|a, b| a.bookmark < b.bookmark && a.time <= b.time));
    assert!(bookmarks.is_sorted_by(|a, b| a.bookmark.to_string() < b.bookmark.to_string()));
}
