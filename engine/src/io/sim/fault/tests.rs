use std::io::ErrorKind;
use std::path::Path;

use super::{Action, Fault, Op, OpKind, Script, SyncFailure};

fn op(kind: OpKind, path: &str) -> Op {
    Op { kind, path: Path::new(path).into(), offset: 0, len: 0 }
}

/// Which of ten operations of a kind a fault hits.
fn hits(fault: Fault, kind: OpKind) -> Vec<u64> {
    let mut script = Script::default();
    script.add(fault);
    let hits: Vec<u64> =
        (0..10).filter(|index| !matches!(script.next(*index, &op(kind, "a.wal")), Ok(None))).collect();
    assert_eq!(script.hits(), hits.len() as u64);
    hits
}

#[test]
fn a_fault_hits_once_or_for_good_or_so_many_times() {
    let action = Action::Fail(ErrorKind::StorageFull);
    assert_eq!(hits(Fault::once(3, action), OpKind::Write), [3]);
    assert_eq!(hits(Fault::always(7, action), OpKind::Write), [7, 8, 9]);
    assert_eq!(hits(Fault { times: 2, ..Fault::once(3, action) }, OpKind::Write), [3, 4]);
    assert!(hits(Fault::once(10, action), OpKind::Write).is_empty());
}

#[test]
fn a_fault_hits_the_kinds_and_files_it_is_for() {
    let action = Action::Fail(ErrorKind::Other);
    assert_eq!(hits(Fault::once(3, action).on(&[OpKind::Sync, OpKind::Write]), OpKind::Write), [3]);
    assert!(hits(Fault::once(3, action).on(&[OpKind::Sync]), OpKind::Write).is_empty());
    assert_eq!(hits(Fault::once(3, action).in_files(".wal"), OpKind::Write), [3]);
    assert!(hits(Fault::once(3, action).in_files(".pages"), OpKind::Write).is_empty());
}

#[test]
fn an_action_happens_only_where_it_can() {
    for (action, can, cannot) in [
        (Action::Short(1), OpKind::Read, OpKind::Sync),
        (Action::LoseWrite, OpKind::Write, OpKind::Read),
        (Action::FailSync(SyncFailure::CacheKept), OpKind::Sync, OpKind::SyncDir),
    ] {
        assert_eq!(hits(Fault::once(0, action), can), [0]);
        assert!(hits(Fault::always(0, action), cannot).is_empty());
    }
}

#[test]
fn the_error_is_of_the_kind_asked_for_and_says_where_it_comes_from() {
    let mut script = Script::default();
    script.add(Fault::once(0, Action::Fail(ErrorKind::StorageFull)));
    let error = script.next(5, &op(OpKind::Write, "f")).expect_err("injected");
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(error.to_string(), "fault injected at operation 5");
}

#[test]
fn nothing_works_after_a_crash() {
    let mut script = Script::default();
    script.crash_at(2);
    script.crash_at(7);
    let read = op(OpKind::Read, "f");
    assert!(script.next(1, &read).is_ok());
    assert!(script.next(2, &read).is_err() && script.next(3, &read).is_err());
    script.clear();
    assert!(script.next(4, &read).is_ok());
}
