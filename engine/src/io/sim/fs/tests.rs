use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

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

/// A call that may or may not succeed; small numbers stand for names.
#[derive(Clone, Debug)]
enum Call {
    Create(u8),
    Write(u8, u64, Vec<u8>),
    SetLen(u8, u64),
    Sync(u8),
    SyncDir,
    Rename(u8, u8),
    Link(u8, u8),
    Remove(u8),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let name = || 0..4u8;
    let call = prop_oneof![
        3 => name().prop_map(Call::Create),
        6 => (name(), 0..6000u64, prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(n, o, b)| Call::Write(n, o, b)),
        1 => (name(), 0..6000u64).prop_map(|(n, len)| Call::SetLen(n, len)),
        2 => name().prop_map(Call::Sync),
        1 => Just(Call::SyncDir),
        1 => (name(), name()).prop_map(|(a, b)| Call::Rename(a, b)),
        1 => (name(), name()).prop_map(|(a, b)| Call::Link(a, b)),
        1 => name().prop_map(Call::Remove),
    ];
    prop::collection::vec(call, 0..25)
}

fn make(fs: &dyn Fs, call: &Call) -> io::Result<()> {
    let path = |name: &u8| path(&name.to_string());
    let open = |name: &u8| fs.open(&path(name), OpenMode::Write);
    match call {
        Call::Create(name) => fs.open(&path(name), OpenMode::CreateNew).map(drop),
        Call::Write(name, offset, bytes) => write_all_at(&*open(name)?, bytes, *offset),
        Call::SetLen(name, len) => open(name)?.set_len(*len),
        Call::Sync(name) => open(name)?.sync_data(),
        Call::SyncDir => fs.sync_dir(Path::new(DIR)),
        Call::Rename(from, to) => fs.rename(&path(from), &path(to)),
        Call::Link(from, to) => fs.hard_link(&path(from), &path(to)),
        Call::Remove(name) => fs.remove(&path(name)),
    }
}

proptest! {
    #[test]
    fn the_medium_may_hold_all_or_nothing_of_what_is_pending(calls in calls()) {
        let plain = MemFs::new();
        plain.create_dir(Path::new(DIR)).expect("made");
        let fs = SimFs::on(&plain);
        for call in &calls {
            let (here, there) = (make(&fs, call), make(&plain, call));
            prop_assert_eq!(here.map_err(|error| error.kind()), there.map_err(|error| error.kind()));
        }
        prop_assert_eq!(fs.cached().digest(), plain.digest());

        let model = CrashModel { images_per_moment: 200, ..CrashModel::default() };
        let everything = CrashModel { tear: crate::io::sim::Tear::None, tails: Vec::new(), ..CrashModel::default() };
        let images: BTreeSet<u64> = fs.crash_images_now(&everything).map(|image| image.fs.digest()).collect();
        prop_assert!(images.contains(&plain.digest()) && images.contains(&fs.durable().digest()));
        let again = SimFs::on(&fs.crashed(&model));
        prop_assert_eq!(again.cached().digest(), again.durable().digest());

        for name in fs.list(Path::new(DIR)).expect("listed") {
            fs.open(&path(&name), OpenMode::Write).expect("listed before").sync_data().expect("synced");
        }
        fs.sync_dir(Path::new(DIR)).expect("synced");
        let images: Vec<u64> = fs.crash_images_now(&model).map(|image| image.fs.digest()).collect();
        prop_assert_eq!(images, [plain.digest()]);
        fs.drop_caches();
        prop_assert_eq!(fs.cached().digest(), plain.digest());
    }
}
