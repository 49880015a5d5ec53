use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::{Action, CrashModel, Fault, SimFs, SyncFailure};
use crate::io::sim::OpKind;
use crate::io::{File, Fs, LockKind, MemFs, OpenMode, read_exact_at, read_file, write_all_at};

const DIR: &str = "db";

fn path(name: &str) -> std::path::PathBuf {
    Path::new(DIR).join(name)
}

/// A file system with a directory and one durable file.
fn sim() -> (SimFs, Arc<dyn File>) {
    let image = MemFs::new();
    image.create_dir(Path::new(DIR)).expect("made");
    image.replace(&path("f"), b"durable").expect("created");
    let fs = SimFs::on(&image);
    let file = fs.open(&path("f"), OpenMode::Write).expect("opened");
    fs.restart_trace();
    (fs, file)
}

fn content(fs: &MemFs) -> String {
    String::from_utf8(read_file(fs, &path("f")).expect("read")).expect("text")
}

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => error.kind(),
    }
}

/// Every kind of operation once.
fn one_of_each(fs: &SimFs) -> io::Result<()> {
    let dir = Path::new(DIR);
    fs.create_dir(dir)?;
    let _lock = fs.lock_dir(dir, LockKind::Exclusive)?;
    let file = fs.open(&path("new"), OpenMode::CreateNew)?;
    file.write_at(b"abc", 1)?;
    file.read_at(&mut [0; 2], 2)?;
    file.set_len(file.len()? + 1)?;
    file.sync_data()?;
    fs.sync_dir(dir)?;
    fs.hard_link(&path("new"), &path("link"))?;
    fs.rename(&path("link"), &path("moved"))?;
    fs.remove(&path("moved"))?;
    fs.open(&path("new"), OpenMode::Read)?;
    fs.list(dir)?;
    Ok(())
}

#[test]
fn every_operation_is_counted_and_traced() {
    use OpKind::*;
    let fs = SimFs::new();
    one_of_each(&fs).expect("no faults");
    let trace = fs.trace();
    let kinds: Vec<OpKind> = trace.iter().map(|op| op.kind).collect();
    assert_eq!(
        kinds,
        [CreateDir, Lock, Create, Write, Read, Len, SetLen, Sync, SyncDir, Link, Rename, Remove, Open, List]
    );
    assert_eq!(fs.operations(), 14);
    let places: Vec<(&Path, u64, u64)> = trace.iter().map(|op| (&*op.path, op.offset, op.len)).collect();
    assert_eq!(places[3..5], [(&*path("new"), 1, 3), (&*path("new"), 2, 2)]);
    assert_eq!(places[6], (&*path("new"), 5, 0));
    assert_eq!(places[13], (Path::new(DIR), 0, 0));
}

#[test]
fn the_hash_tells_runs_apart() {
    let run = |bytes: &[u8], offset| {
        let (fs, file) = sim();
        write_all_at(&*file, bytes, offset).expect("written");
        fs.trace_hash()
    };
    assert_eq!(run(b"ab", 0), run(b"ab", 0));
    assert_ne!(run(b"ab", 0), run(b"ac", 0));
    assert_ne!(run(b"ab", 0), run(b"ab", 1));
    let rename = |to| {
        let (fs, _) = sim();
        fs.rename(&path("f"), &path(to)).expect("renamed");
        fs.trace_hash()
    };
    assert_ne!(rename("g"), rename("h"));
}

#[test]
fn a_sweep_meets_every_operation() {
    let count = {
        let fs = SimFs::new();
        one_of_each(&fs).expect("no faults");
        fs.operations()
    };
    for at in 0..count {
        let fs = SimFs::new();
        fs.inject(Fault::once(at, Action::Fail(ErrorKind::StorageFull)));
        assert_eq!(kind(one_of_each(&fs)), ErrorKind::StorageFull);
        assert_eq!(
            (fs.operations(), fs.faults_hit()),
            (at + 1, 1),
            "a failed operation counts, and ends the run"
        );
    }
}

#[test]
fn a_failed_operation_has_done_nothing() {
    let (fs, file) = sim();
    fs.inject(Fault::always(0, Action::Fail(ErrorKind::Other)));
    assert!(file.write_at(b"x", 0).is_err());
    assert!(file.set_len(0).is_err());
    assert!(fs.remove(&path("f")).is_err());
    assert!(fs.rename(&path("f"), &path("g")).is_err());
    assert!(fs.open(&path("g"), OpenMode::CreateNew).is_err());
    fs.clear_faults();
    assert_eq!(content(&fs.cached()), "durable");
    assert_eq!(fs.list(Path::new(DIR)).expect("listed"), ["f"]);
    assert_eq!(fs.crash_images_now(&CrashModel::default()).count(), 1);
}

#[test]
fn interrupted_and_short_calls_are_gone_through() {
    let (fs, file) = sim();
    fs.inject(Fault { times: 100, ..Fault::once(0, Action::Fail(ErrorKind::Interrupted)) });
    fs.inject(Fault::always(0, Action::Short(1)));
    write_all_at(&*file, b"DUR", 0).expect("written");
    let mut buf = [0; 7];
    read_exact_at(&*file, &mut buf, 0).expect("read");
    assert_eq!(&buf, b"DURable");
    assert_eq!(fs.operations(), 100 + 3 + 7);
}

#[test]
fn a_write_that_takes_nothing_is_an_error_and_no_endless_loop() {
    let (fs, file) = sim();
    fs.inject(Fault::always(0, Action::Short(0)));
    assert_eq!(kind(write_all_at(&*file, b"x", 0)), ErrorKind::WriteZero);
    assert_eq!(file.read_at(&mut [0; 4], 0).expect("read"), 1, "none would be the end of the file");
}

#[test]
fn a_full_disk_takes_what_fits_and_gives_back_what_is_removed() {
    let (fs, file) = sim();
    fs.set_free_space(Some(3));
    assert_eq!(file.write_at(b"DURABLE and more", 0).expect("written in part"), 10);
    assert_eq!(kind(file.write_at(b"x", 10)), ErrorKind::StorageFull);
    assert_eq!(kind(file.set_len(11)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.open(&path("g"), OpenMode::CreateNew)), ErrorKind::StorageFull);
    write_all_at(&*file, b"durable", 0).expect("what is there can be written over");
    assert_eq!(content(&fs.cached()), "durable an");

    file.set_len(9).expect("cut");
    fs.open(&path("g"), OpenMode::CreateNew).expect("room again");
    assert_eq!(file.write_at(b"xy", 9).expect("written in part"), 1);
    fs.set_free_space(None);
    write_all_at(&*file, &[0; 1000], 0).expect("no limit");
}

#[test]
fn nothing_happens_after_a_crash() {
    let (fs, file) = sim();
    fs.crash_at(1);
    write_all_at(&*file, b"DUR", 0).expect("before the crash");
    assert!(write_all_at(&*file, b"ABLE", 3).is_err());
    assert!(file.sync_data().is_err());
    assert!(fs.list(Path::new(DIR)).is_err());
    assert_eq!(content(&fs.cached()), "DURable");
    let whole = CrashModel { tear: crate::io::sim::Tear::None, ..CrashModel::default() };
    let after: Vec<String> = fs.crash_images_now(&whole).map(|image| content(&image.fs)).collect();
    assert_eq!(after, ["durable", "DURable"]);
}

#[test]
fn a_lost_write_is_seen_until_the_cache_is_dropped() {
    let (fs, file) = sim();
    fs.inject(Fault::once(0, Action::LoseWrite));
    write_all_at(&*file, b"DUR", 0).expect("so it says");
    write_all_at(&*file, b"ABLE", 3).expect("written");
    file.sync_data().expect("so it says");
    assert_eq!(content(&fs.cached()), "DURABLE");
    assert_eq!(content(&fs.durable()), "durABLE");
    fs.drop_caches();
    assert_eq!(content(&fs.cached()), "durABLE");
}

#[test]
fn dropping_the_cache_keeps_what_waits_to_be_written() {
    let (fs, file) = sim();
    write_all_at(&*file, b"DUR", 0).expect("written");
    let new = fs.open(&path("g"), OpenMode::CreateNew).expect("created");
    write_all_at(&*new, b"new", 0).expect("written");
    fs.drop_caches();
    assert_eq!(content(&fs.cached()), "DURable");
    assert_eq!(read_file(&fs.cached(), &path("g")).expect("read"), b"new");
    assert_eq!(content(&fs.durable()), "durable");
}

/// Writes, fails to sync, writes more and syncs again.
fn after_failed_sync(failure: SyncFailure) -> (SimFs, Arc<dyn File>) {
    let (fs, file) = sim();
    write_all_at(&*file, b"DUR", 0).expect("written");
    fs.inject(Fault::once(0, Action::FailSync(failure)));
    let failed = file.sync_data();
    match failure {
        SyncFailure::ReportedLate => failed.expect("reported late"),
        _ => assert!(failed.is_err()),
    }
    (fs, file)
}

#[test]
fn a_failed_sync_that_keeps_the_cache_shows_what_will_never_be_durable() {
    let (fs, file) = after_failed_sync(SyncFailure::CacheKept);
    assert_eq!(content(&fs.cached()), "DURable");
    write_all_at(&*file, b"E", 6).expect("written");
    file.sync_data().expect("the retry succeeds");
    assert_eq!(content(&fs.durable()), "durablE");
    assert_eq!(content(&fs.cached()), "DURablE");
    fs.drop_caches();
    assert_eq!(content(&fs.cached()), "durablE");
}

#[test]
fn a_failed_sync_that_reverts_the_cache_shows_the_medium() {
    let (fs, file) = after_failed_sync(SyncFailure::CacheReverted);
    assert_eq!(content(&fs.cached()), "durable");
    file.sync_data().expect("the retry succeeds");
    assert_eq!(content(&fs.durable()), "durable");
}

#[test]
fn a_failed_sync_may_be_reported_by_the_next_one() {
    let (fs, file) = after_failed_sync(SyncFailure::ReportedLate);
    assert_eq!(content(&fs.durable()), "durable");
    write_all_at(&*file, b"E", 6).expect("written");
    assert!(file.sync_data().is_err());
    assert_eq!(content(&fs.durable()), "durable");
    file.sync_data().expect("reported once");
}

#[test]
fn a_sync_that_merely_fails_may_be_repeated() {
    let (fs, file) = sim();
    write_all_at(&*file, b"DUR", 0).expect("written");
    fs.inject(Fault::once(0, Action::Fail(ErrorKind::Other)).on(&[OpKind::Sync]));
    assert!(file.sync_data().is_err());
    assert_eq!(content(&fs.durable()), "durable");
    file.sync_data().expect("the retry succeeds");
    assert_eq!(content(&fs.durable()), "DURable");
}

#[test]
fn a_new_trace_begins_with_the_present_state() {
    let (fs, file) = sim();
    write_all_at(&*file, b"DUR", 0).expect("written");
    file.sync_data().expect("synced");
    fs.mark(7);
    fs.restart_trace();
    assert_eq!((fs.operations(), fs.trace().len()), (0, 0));
    let images: Vec<_> = fs.crash_images(&CrashModel::default()).collect();
    assert_eq!(images.len(), 1);
    assert_eq!((images[0].mark, content(&images[0].fs).as_str()), (7, "DURable"));
}
