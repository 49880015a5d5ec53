use std::io::ErrorKind;
use std::sync::Arc;
use std::thread;

use super::*;
use crate::error::Error;
use crate::io::Fs;
use crate::io::sim::{Action, Fault, OpKind, SimFs, SyncFailure};
use crate::wal::LogSink;
use crate::wal::testing::{append, commit, create, numbers, payload, recover, scan, time, whole};

/// A log with two durable commits, and room for the next.
fn two_commits() -> (Arc<SimFs>, Log) {
    let fs = Arc::new(SimFs::new());
    let log = create(fs.clone(), 64 << 20);
    for _ in 0..2 {
        commit(&log).expect("memory takes it");
    }
    fs.restart_trace();
    (fs, log)
}

/// Begins the next commit.
fn begin(log: &Log) -> Result<Option<Begun<'_>>> {
    let number = log.last_lsn().number + 1;
    log.reserve(payload(number).len())?;
    log.begin(time(number), &payload(number))
}

fn begun(log: &Log) -> Begun<'_> {
    begin(log).expect("memory takes it").expect("nobody else commits")
}

fn kinds(fs: &SimFs) -> Vec<OpKind> {
    fs.trace().iter().map(|op| op.kind).collect()
}

/// The commits that an open finds.
fn found(fs: &Arc<SimFs>) -> Vec<u64> {
    let fs: Arc<dyn Fs> = fs.clone();
    numbers(&recover(&fs, 64 << 20).expect("the log is whole").1)
}

fn is_poisoned<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::Poisoned { .. }))
}

#[test]
fn a_commit_that_was_begun_is_one_write_and_one_sync() {
    let (fs, log) = two_commits();
    let mut begun = begun(&log);
    assert_eq!((log.last_lsn().number, log.durable_lsn().number), (2, 2), "it does not count yet");
    let lsn = begun.admit();
    assert_eq!((log.last_lsn(), log.durable_lsn().number), (lsn, 2));
    begun.sync().expect("memory takes it");
    assert_eq!(kinds(&fs), [OpKind::Write, OpKind::Sync]);
    assert_eq!(log.durable_lsn(), lsn);
    commit(&log).expect("memory takes it");
    log.close().expect("memory takes it");
    assert_eq!(found(&fs), [1, 2, 3, 4]);
}

#[test]
fn what_is_taken_back_leaves_its_place_and_its_number_to_the_next() {
    let (fs, log) = two_commits();
    drop(begun(&log));
    let fs_then: Arc<dyn Fs> = Arc::new(fs.cached());
    let (lsns, _) = scan(&fs_then, whole()).expect("the log is whole").expect("it is there");
    assert_eq!(numbers(&lsns), [1, 2]);
    assert_eq!(commit(&log).expect("memory takes it").number, 3);
    drop(begun(&log));
    log.close().expect("memory takes it");
    assert_eq!(found(&fs), [1, 2, 3]);
}

#[test]
fn what_cannot_be_taken_back_poisons() {
    for (kind, action) in [
        (OpKind::Write, Action::Fail(ErrorKind::Other)),
        (OpKind::Sync, Action::FailSync(SyncFailure::CacheKept)),
    ] {
        let (fs, log) = two_commits();
        let begun = begun(&log);
        fs.inject(Fault::once(0, action).on(&[kind]));
        drop(begun);
        assert_eq!(fs.faults_hit(), 1);
        assert!(is_poisoned(log.reserve(1)));
        assert_eq!(log.last_lsn().number, 2);
    }
}

#[test]
fn a_failed_write_or_sync_poisons() {
    let (fs, log) = two_commits();
    fs.inject(Fault::once(0, Action::Fail(ErrorKind::Other)).on(&[OpKind::Write]));
    assert!(is_poisoned(begin(&log).map(drop)));
    assert!(is_poisoned(log.check()));

    let (fs, log) = two_commits();
    fs.inject(Fault::once(0, Action::FailSync(SyncFailure::CacheReverted)).on(&[OpKind::Sync]));
    let mut begun = begun(&log);
    begun.admit();
    assert!(is_poisoned(begun.sync()));
    assert_eq!(log.durable_lsn().number, 2);
}

#[test]
fn only_who_is_alone_begins() {
    let fs = Arc::new(SimFs::new());
    let log = create(fs, 64 << 20);
    assert!(begin(&log).expect("memory takes it").is_none(), "nothing shows yet that LSNs are given out");
    commit(&log).expect("memory takes it");
    append(&log).expect("memory takes it");
    assert!(begin(&log).expect("memory takes it").is_none(), "another record comes before it");
    log.flush_to(log.last_lsn()).expect("memory takes it");
    let first = begun(&log);
    assert!(begin(&log).expect("memory takes it").is_none(), "one is on its way");
    drop(first);
    drop(begun(&log));
}

#[test]
fn whoever_commits_meanwhile_follows_in_the_next_group() {
    let (fs, log) = two_commits();
    let mut begun = begun(&log);
    begun.admit();
    thread::scope(|scope| {
        let waits: Vec<_> = (0..3)
            .map(|_| {
                let lsn = append(&log).expect("appending does not wait");
                let log = &log;
                scope.spawn(move || log.flush_to(lsn))
            })
            .collect();
        begun.sync().expect("memory takes it");
        for wait in waits {
            wait.join().expect("no panic").expect("memory takes it");
        }
    });
    assert_eq!(log.durable_lsn().number, 6);
    log.close().expect("memory takes it");
    assert_eq!(found(&fs), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn who_panics_with_an_admitted_record_keeps_nobody_waiting() {
    let (fs, log) = two_commits();
    let mut begun = begun(&log);
    begun.admit();
    drop(begun);
    assert_eq!(log.durable_lsn().number, 2);
    log.flush_to(log.last_lsn()).expect("memory takes it");
    assert_eq!(log.durable_lsn().number, 3);
    log.close().expect("memory takes it");
    assert_eq!(found(&fs), [1, 2, 3]);
}
