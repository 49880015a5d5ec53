use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;
use crate::ids::DatabaseId;
use crate::io::{ManualClock, MemFs};
use crate::page::segments::Place;

fn version(number: u64) -> Version {
    let place = Place {
        fs: Arc::new(MemFs::new()),
        dir: Path::new("db").into(),
        database: DatabaseId::default(),
        ancestors: Arc::default(),
        map: None,
    };
    Version {
        lsn: Lsn { epoch: 1, number },
        time: Timestamp::default(),
        catalog: Catalog::new(),
        log_end: LogEnd::default(),
        pages: Arc::new(SegmentSet::new(place, [])),
        existed: Vec::new(),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_version_lives_as_long_as_its_last_view_and_no_longer() {
    let versions = VersionSet::new(version(1));
    let (view, clone) = (versions.pin(), versions.pin());
    let first = Arc::downgrade(&**view.0);
    assert_eq!(versions.oldest_reader(seconds(0)), None);
    let clock = ManualClock::default();
    clock.advance(seconds(5));
    drop(versions.publish(version(2), &clock));
    let oldest = versions.oldest_reader(seconds(7)).unwrap();
    assert_eq!((oldest.lsn.number, oldest.age), (1, seconds(2)));
    drop(view);
    assert!(first.upgrade().is_some());
    drop(clone);
    assert!(first.upgrade().is_none());
    assert_eq!(versions.oldest_reader(seconds(7)), None);
}

#[test]
fn nothing_holds_a_version_that_was_only_read_before() {
    let versions = VersionSet::new(version(1));
    for number in 2..50 {
        let seen = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..5).map(|_| scope.spawn(|| Arc::downgrade(&**versions.pin().0))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        drop(versions.publish(version(number), &ManualClock::default()));
        assert!(seen.iter().all(|version| version.strong_count() == 0));
    }
}

#[test]
fn nobody_gets_a_version_after_somebody_got_a_later_one() {
    const LAST: u64 = 3000;
    let versions = VersionSet::new(version(1));
    let (latest_seen, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let before = latest_seen.load(Ordering::SeqCst);
                    let pinned = versions.pin();
                    assert!(pinned.lsn.number >= before);
                    latest_seen.fetch_max(pinned.lsn.number, Ordering::SeqCst);
                }
            });
        }
        for number in 2..=LAST {
            drop(versions.publish(version(number), &ManualClock::default()));
            assert_eq!(versions.pin().lsn.number, number);
        }
        over.store(true, Ordering::SeqCst);
    });
    assert_eq!(versions.oldest_reader(seconds(0)), None);
}
