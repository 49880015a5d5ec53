use proptest::prelude::*;

use super::*;
use crate::ids::{Lsn, to_u64};
use crate::io::MemFs;
use crate::io::sim::{Action, CrashImage, CrashModel, Fault, OpKind, SimFs, SyncFailure, Tail, Tear};
use crate::wal::testing::{
    DIR, append, commit, create, names, numbers, open, path, recover, scan, setup, whole, written,
};
use crate::wal::{LogSink, Shutdown};

fn shared(fs: &MemFs) -> Arc<dyn Fs> {
    Arc::new(fs.clone())
}

/// The LSNs of all commits in the log.
fn all(fs: &Arc<dyn Fs>) -> Vec<Lsn> {
    scan(fs, whole()).expect("whole").map_or_else(Vec::new, |(lsns, _)| lsns)
}

fn epochs(lsns: &[Lsn]) -> Vec<u32> {
    lsns.iter().map(|lsn| lsn.epoch).collect()
}

#[test]
fn after_a_clean_close_the_segment_goes_on() {
    let fs = shared(&written(3, 4096, true));
    for round in 2..6 {
        let (log, lsns) = recover(&fs, 4096).expect("whole");
        assert_eq!(to_u64(lsns.len()), 3 * (round - 1));
        for _ in 0..3 {
            commit(&log).expect("memory takes it");
        }
        log.close().expect("memory takes it");
    }
    assert_eq!(names(&*fs), ["00000001.wal"]);
    let lsns = all(&fs);
    assert_eq!(numbers(&lsns), (1..=15).collect::<Vec<_>>());
    assert_eq!(epochs(&lsns), [1; 15], "nothing was lost, so the epoch stays");
}

#[test]
fn opening_a_closed_log_costs_no_sync() {
    let fs = Arc::new(SimFs::on(&written(3, 4096, true)));
    let dynamic: Arc<dyn Fs> = fs.clone();
    let (log, _) = recover(&dynamic, 4096).expect("whole");
    let writes = |fs: &SimFs| {
        let changing = [OpKind::Write, OpKind::Sync, OpKind::SyncDir, OpKind::SetLen, OpKind::Create];
        fs.trace().iter().filter(|op| changing.contains(&op.kind)).count()
    };
    assert_eq!(writes(&fs), 0);
    fs.restart_trace();
    for _ in 0..10 {
        commit(&log).expect("memory takes it");
    }
    log.close().expect("memory takes it");
    assert_eq!(fs.trace().iter().filter(|op| op.kind == OpKind::Sync).count(), 11);
    assert_eq!(fs.trace().iter().filter(|op| op.kind == OpKind::SyncDir).count(), 0);
}

#[test]
fn after_a_kill_a_new_epoch_begins_in_a_new_segment() {
    let fs = shared(&written(3, 4096, false));
    let (log, lsns) = recover(&fs, 4096).expect("whole");
    assert_eq!(numbers(&lsns), [1, 2, 3]);
    assert_eq!(names(&*fs), ["00000001.wal", "00000002.wal"]);
    assert_eq!(log.durable_lsn(), lsns[2], "all that was found is durable now");
    commit(&log).expect("memory takes it");
    drop(log);
    assert_eq!(epochs(&all(&fs)), [1, 1, 1, 2], "what was found keeps its LSNs");

    let (log, _) = recover(&fs, 4096).expect("whole");
    commit(&log).expect("memory takes it");
    log.close().expect("memory takes it");
    let (log, _) = recover(&fs, 4096).expect("whole");
    commit(&log).expect("memory takes it");
    assert_eq!(epochs(&all(&fs)), [1, 1, 1, 2, 3, 3]);
}

#[test]
fn what_is_known_durable_is_not_copied() {
    let fs = shared(&written(100, 64 << 10, false));
    let (_, end) = scan(&fs, whole()).expect("whole").expect("there is one");
    assert_eq!(end.durable, 99);
    Log::resume(setup(Arc::clone(&fs), 64 << 10), &end).expect("memory takes it");
    let mut files = LogFiles { fs: Arc::clone(&fs), dir: DIR.into(), database: None };
    let header = files.open(SegmentId(2), OpenMode::Read).expect("it is there").header;
    assert_eq!((header.first.number, header.durable, header.epoch), (100, 99, 2));
    assert_eq!(header.follows.segment, SegmentId(1));
    let (_, end) = scan(&fs, whole()).expect("whole").expect("there is one");
    assert_eq!((end.last.number, end.durable), (100, 99));
}

#[test]
fn with_nothing_to_copy_nothing_is_written() {
    let fs = Arc::new(SimFs::on(&written(5, 4096, false)));
    let dynamic: Arc<dyn Fs> = fs.clone();
    let known = crate::wal::LogScan { durable: 5, ..whole() };
    let (_, end) = scan(&dynamic, known).expect("whole").expect("there is one");
    let log = Log::resume(setup(Arc::clone(&dynamic), 4096), &end).expect("memory takes it");
    assert_eq!(names(&*fs), ["00000001.wal"]);
    assert_eq!(log.position(), end.position);
    log.close().expect("nothing to do");
    assert_eq!(names(&*fs), ["00000001.wal"]);

    let log = Log::resume(setup(Arc::clone(&dynamic), 4096), &end).expect("memory takes it");
    log.reserve(0).expect("memory takes it");
    fs.restart_trace();
    let lsn = append(&log).expect("memory takes it");
    assert_eq!(log.durable_lsn(), lsn, "the first commit of an epoch is durable before it is published");
    append(&log).expect("memory takes it");
    assert_eq!(log.durable_lsn(), lsn, "later ones need not be");
    assert_eq!(epochs(&all(&dynamic)), [1, 1, 1, 1, 1, 2]);
}

#[test]
fn what_was_given_up_is_removed() {
    // Three kills in a row without a commit: each recovery copies what the one before had copied.
    let fs = shared(&written(2, 4096, false));
    for segment in 2..5 {
        let (log, lsns) = recover(&fs, 4096).expect("whole");
        assert_eq!(numbers(&lsns), [1, 2]);
        assert_eq!(names(&*fs), ["00000001.wal".into(), format!("{}.wal", SegmentId(segment))]);
        drop(log);
    }
    // A log of which nothing is known durable gives up its only segment.
    let fs = shared(&written(1, 4096, false));
    recover(&fs, 4096).expect("whole");
    assert_eq!(names(&*fs), ["00000002.wal"]);
    assert_eq!(numbers(&all(&fs)), [1]);
}

#[test]
fn what_a_crash_left_unnamed_is_removed() {
    for close in [false, true] {
        let fs = written(2, 4096, close);
        for name in ["00000002.wal.tmp", "00000009.wal.tmp"] {
            fs.replace(&Path::new(DIR).join(name), &[1; 100]).expect("memory takes it");
        }
        let fs = shared(&fs);
        recover(&fs, 4096).expect("whole");
        assert!(names(&*fs).iter().all(|name| name.ends_with(".wal")), "{:?}", names(&*fs));
    }
}

#[test]
fn a_torn_tail_stays_where_it_is() {
    let fs = written(5, 4096, false);
    let mut reader = open(&shared(&fs), whole()).expect("whole");
    let mut last = None;
    while let Some(record) = reader.next_record().expect("whole") {
        last = Some(record.position.offset);
    }
    let last = last.expect("there are five");
    fs.flip_bits(&path(1), last + 4, 1).expect("it is there");
    let before = crate::io::read_file(&fs, &path(1)).expect("it is there");
    let fs = shared(&fs);
    let (log, lsns) = recover(&fs, 4096).expect("a torn tail is no damage");
    assert_eq!(numbers(&lsns), [1, 2, 3, 4]);
    let lsn = commit(&log).expect("memory takes it");
    assert_eq!(lsn, Lsn { epoch: 2, number: 5 }, "the number is used again, in a new epoch");
    assert_eq!(crate::io::read_file(&*fs, &path(1)).expect("it is there"), before);
    assert_eq!(epochs(&all(&fs)), [1, 1, 1, 1, 2]);
}

#[test]
fn much_is_copied_in_steps() {
    let fs = Arc::new(MemFs::new());
    let dynamic: Arc<dyn Fs> = fs.clone();
    let log = create(dynamic.clone(), 64 << 20);
    let payload = vec![5; 100_000];
    for number in 1..60 {
        log.reserve(payload.len()).expect("memory takes it");
        log.append(crate::format::wal::RecordKind::Root, crate::wal::testing::time(number), &payload);
    }
    log.flush_to(Lsn { epoch: 1, number: 1 }).expect("memory takes it");
    drop(log);
    let mut reader = open(&dynamic, whole()).expect("whole");
    while reader.next_record().expect("whole").is_some() {}
    let end = reader.end().expect("it was read to the end");
    assert_eq!((end.last.number, end.durable), (59, 0));
    // The segment is smaller than what has to be copied into it.
    let log = Log::resume(setup(dynamic.clone(), 4096), &end).expect("memory takes it");
    assert_eq!(log.durable_lsn().number, 59);
    assert_eq!(names(&*fs), ["00000002.wal"]);
    commit(&log).expect("memory takes it");
    assert_eq!(names(&*fs), ["00000002.wal", "00000003.wal"]);
    let mut reader = open(&dynamic, whole()).expect("whole");
    let mut kinds = Vec::new();
    while let Some(record) = reader.next_record().expect("whole") {
        kinds.push(record.kind);
        assert_eq!(record.time, crate::wal::testing::time(record.lsn.number));
    }
    assert_eq!(kinds.len(), 60);
    assert_eq!(kinds[30], crate::format::wal::RecordKind::Root);
}

/// A step of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A durable commit.
    Commit,
    /// A commit that is not synced.
    Append,
    /// What is pending is written, not synced.
    Write,
    /// What is pending is synced.
    Flush,
    /// A commit too long for the segment.
    Roll,
    /// The worker's step.
    ZeroAhead,
    /// The worker's step once nothing was committed for a while.
    Rest,
    /// The log is closed and opened again.
    Reopen,
    /// The process ends and another one opens the log.
    Kill,
}

use Step::{Append, Commit, Flush, Kill, Reopen, Rest, Roll, Write, ZeroAhead};

/// A history on a simulated disk, and what was promised along the way.
struct Run {
    fs: Arc<SimFs>,
    dynamic: Arc<dyn Fs>,
    log: Log,
    /// Whether the log was left, and no other process could open it yet.
    left: bool,
    /// Every commit that readers may have seen, and the operation before which they could.
    published: Vec<(Lsn, u64)>,
    acked: u64,
}

const SEGMENT_BYTES: u64 = 4096;

impl Run {
    fn new(image: &MemFs) -> Result<Run> {
        let fs = Arc::new(SimFs::on(image));
        let dynamic: Arc<dyn Fs> = fs.clone();
        dynamic.create_dir(Path::new(DIR)).expect("memory takes it");
        fs.restart_trace();
        let (log, lsns) = recover(&dynamic, SEGMENT_BYTES)?;
        let acked = to_u64(lsns.len());
        fs.mark(acked);
        let published = lsns.into_iter().map(|lsn| (lsn, 0)).collect();
        Ok(Run { fs, dynamic, log, left: false, published, acked })
    }

    fn step(&mut self, step: Step) -> Result<()> {
        match step {
            Append | Commit => self.publish(append)?,
            Roll => self.publish(|log| {
                let last = log.last_lsn();
                while log.last_lsn() == last || log.position().offset < 3800 {
                    append(log)?;
                }
                Ok(log.last_lsn())
            })?,
            Write => self.log.write_pending()?,
            Flush => {}
            ZeroAhead => {
                self.log.zero_ahead()?;
            }
            Rest => self.log.rest()?,
            Reopen => {
                self.log.close()?;
                self.ack();
                self.open()?;
            }
            Kill => self.open()?,
        }
        if matches!(step, Commit | Flush) {
            self.log.flush_to(self.log.last_lsn())?;
        }
        self.ack();
        Ok(())
    }

    /// Appends, and notes what readers can see from now on.
    fn publish(&mut self, append: impl Fn(&Log) -> Result<Lsn>) -> Result<()> {
        let before = self.log.last_lsn().number;
        let lsn = append(&self.log)?;
        let operation = self.fs.operations();
        self.published.extend((before + 1..=lsn.number).map(|number| (Lsn { number, ..lsn }, operation)));
        Ok(())
    }

    fn ack(&mut self) {
        self.acked = self.log.durable_lsn().number;
        self.fs.mark(self.acked);
    }

    /// Opens the log in another process. What is not there any more was never durable.
    fn open(&mut self) -> Result<()> {
        self.left = true;
        let (log, lsns) = recover(&self.dynamic, SEGMENT_BYTES)?;
        self.left = false;
        assert!(to_u64(lsns.len()) >= self.acked, "{} of {} commits", lsns.len(), self.acked);
        let known: Vec<Lsn> = self.published.iter().map(|(lsn, _)| *lsn).take(lsns.len()).collect();
        assert_eq!(lsns, known);
        self.published.truncate(lsns.len());
        self.log = log;
        self.ack();
        Ok(())
    }
}

/// Opens what a crash left, checks it against what was promised, and uses it. What recovery found.
fn check_image(run: &Run, image: &CrashImage) -> Vec<Lsn> {
    let dynamic = shared(&image.fs);
    let (log, lsns) =
        recover(&dynamic, SEGMENT_BYTES).unwrap_or_else(|error| panic!("{image}: not opened: {error}"));
    assert!(to_u64(lsns.len()) >= image.mark, "{image}: {} of {} acked commits", lsns.len(), image.mark);
    let known: Vec<Lsn> = run.published.iter().map(|(lsn, _)| *lsn).collect();
    // What was appended and not published when the power was lost may be there too, by its LSN if no other was given
    // to the same number later.
    assert_eq!(lsns, known[..lsns.len().min(known.len())], "{image}: not the first commits");
    drop(log);
    let (log, again) = recover(&dynamic, SEGMENT_BYTES).expect("it was opened before");
    assert_eq!(lsns, again, "{image}: another recovery finds something else");
    for _ in 0..3 {
        let lsn = commit(&log).expect("memory takes it");
        let seen = usize::try_from(lsn.number).ok().and_then(|number| run.published.get(number - 1));
        let seen = seen.filter(|(_, operation)| *operation <= image.operation);
        assert_ne!(seen.map(|(lsn, _)| *lsn), Some(lsn), "{image}: an LSN names two commits");
    }
    log.close().expect("memory takes it");
    let found = all(&dynamic);
    assert_eq!(numbers(&found), (1..=to_u64(lsns.len()) + 3).collect::<Vec<_>>(), "{image}");
    lsns
}

fn run(image: &MemFs, steps: &[Step]) -> Run {
    let mut run = Run::new(image).expect("no fault was injected");
    for &step in steps {
        run.step(step).expect("no fault was injected");
    }
    run
}

/// Few images of each moment, but of each kind.
fn quick() -> CrashModel {
    CrashModel { exhaustive_up_to: 6, random_subsets: 8, images_per_moment: 80, ..CrashModel::default() }
}

#[test]
fn every_crash_of_short_histories_keeps_the_promise() {
    let mut images = 0;
    let starts = [MemFs::new(), written(3, SEGMENT_BYTES, true), written(3, SEGMENT_BYTES, false)];
    let steps = [Commit, Append, Write, Flush, Roll, ZeroAhead, Rest, Reopen, Kill];
    for start in &starts {
        for first in steps {
            for second in steps {
                let run = run(start, &[first, Commit, second, Append]);
                for image in run.fs.crash_images(&quick()) {
                    check_image(&run, &image);
                    images += 1;
                }
            }
        }
    }
    assert!(images > 10_000, "{images} images");
}

#[test]
fn every_crash_of_a_long_history_keeps_the_promise() {
    let history = [
        Commit, Append, Append, Flush, Commit, Roll, Append, Commit, Reopen, Append, Commit, ZeroAhead, Roll,
        Write, Commit, Kill, Append, Write, Append, Write, Kill, Commit, Reopen, Kill, Append, Kill, Commit,
        Roll, Roll, Reopen, Append, Append, Write, Roll, Write, Kill, Commit, Rest, Kill, Append, Rest,
        Append, Write, Kill, Rest, Commit,
    ];
    let run = run(&MemFs::new(), &history);
    let model = CrashModel { images_per_moment: 40, ..quick() };
    for image in run.fs.crash_images(&model) {
        check_image(&run, &image);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_crash_of_any_history_keeps_the_promise(history in prop::collection::vec(any_step(), 1..16)) {
        let run = run(&MemFs::new(), &history);
        let model = CrashModel { images_per_moment: 20, ..quick() };
        for image in run.fs.crash_images(&model) {
            check_image(&run, &image);
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    prop::sample::select(&[Commit, Append, Write, Flush, Roll, ZeroAhead, Rest, Reopen, Kill][..])
}

#[test]
fn tails_of_every_kind_are_no_damage() {
    for tear in [Tear::Bytes, Tear::Blocks, Tear::None] {
        for tail in [Tail::Short, Tail::Zeros, Tail::Noise, Tail::Stale] {
            let model = CrashModel { tear, tails: vec![tail], ..quick() };
            let run = run(&MemFs::new(), &[Commit, Append, Append, Write, Append, Write]);
            for image in run.fs.crash_images_now(&model) {
                check_image(&run, &image);
            }
        }
    }
}

#[test]
fn a_crash_during_the_recovery_from_a_crash_keeps_the_promise() {
    let history = [Commit, Commit, Append, Write, Roll, Append, Write, Append, Write];
    let first = run(&MemFs::new(), &history);
    let mut images = 0;
    for image in first.fs.crash_images(&quick()).step_by(2) {
        let again = run(&image.fs, &[Commit]);
        assert!(again.acked > image.mark);
        let model = CrashModel { images_per_moment: 12, ..quick() };
        for second in again.fs.crash_images(&model) {
            let found = check_image(&again, &second);
            assert!(to_u64(found.len()) >= image.mark, "{image}, then {second}");
            images += 1;
        }
    }
    assert!(images > 1000, "{images} images");
}

/// Runs a history with a fault, and goes on after it as a program would: with the same log where that can be, and
/// otherwise by opening it again. `restart` is what the next process finds.
fn run_with_fault(history: &[Step], fault: Fault, restart: impl Fn(&SimFs) -> MemFs) -> Option<u64> {
    let Ok(mut run) = Run::new(&MemFs::new()) else { panic!("nothing is there to fail on") };
    run.fs.inject(fault);
    for &step in history {
        let went_well = run.step(step).is_ok();
        if run.left {
            break;
        }
        run.ack();
        if !went_well && run.log.check().is_err() {
            run.log.flush_to(run.log.durable_lsn()).expect("what is durable stays so");
            break;
        }
    }
    let hits = run.fs.faults_hit();
    let (acked, known) = (run.acked, run.published);
    let found = shared(&restart(&run.fs));
    let (log, lsns) = recover(&found, SEGMENT_BYTES).expect("nothing that was durable is lost");
    assert!(to_u64(lsns.len()) >= acked, "{} of {acked} commits", lsns.len());
    assert!(lsns.len() <= known.len() + 200, "no more than was appended");
    commit(&log).expect("memory takes it");
    log.close().expect("memory takes it");
    assert_eq!(all(&found).len(), lsns.len() + 1);
    (hits > 0).then_some(hits)
}

#[test]
fn every_failing_operation_keeps_the_promise() {
    let history = [
        Commit, Append, Flush, Roll, Commit, Append, Write, ZeroAhead, Commit, Rest, Append, Reopen, Commit,
        Kill, Append, Kill, Commit, Reopen, Append, Flush,
    ];
    let restarts: [fn(&SimFs) -> MemFs; 3] = [
        |fs| {
            fs.clear_faults();
            fs.cached()
        },
        |fs| {
            fs.clear_faults();
            fs.drop_caches();
            fs.cached()
        },
        SimFs::durable,
    ];
    let faults: [fn(u64) -> Fault; 8] = [
        |at| Fault::once(at, Action::Fail(ErrorKind::Other)),
        |at| Fault::always(at, Action::Fail(ErrorKind::Other)),
        |at| Fault::once(at, Action::Fail(ErrorKind::StorageFull)).on(&[OpKind::Write, OpKind::Create]),
        |at| Fault::always(at, Action::Fail(ErrorKind::StorageFull)).on(&[OpKind::Write, OpKind::Create]),
        |at| Fault::once(at, Action::FailSync(SyncFailure::CacheKept)).on(&[OpKind::Sync]),
        |at| Fault::once(at, Action::FailSync(SyncFailure::CacheReverted)).on(&[OpKind::Sync]),
        |at| Fault { times: 5, ..Fault::once(at, Action::Short(3)) }.on(&[OpKind::Read, OpKind::Write]),
        |at| {
            Fault { times: 50, ..Fault::once(at, Action::Fail(ErrorKind::Interrupted)) }
                .on(&[OpKind::Read, OpKind::Write])
        },
    ];
    for fault in faults {
        let mut hits = 0;
        for at in 0.. {
            let outcomes = restarts.map(|restart| run_with_fault(&history, fault(at), restart));
            if outcomes == [None; 3] {
                break;
            }
            hits += 1;
        }
        assert!(hits > 20, "the sweep met {hits} operations");
    }
}

#[test]
fn a_failed_close_is_opened_again() {
    for failure in [SyncFailure::CacheKept, SyncFailure::CacheReverted] {
        let mut run = Run::new(&MemFs::new()).expect("nothing is there to fail on");
        for step in [Commit, Commit, Append] {
            run.step(step).expect("memory takes it");
        }
        run.step(Flush).expect("memory takes it");
        run.fs.inject(Fault::once(0, Action::FailSync(failure)).on(&[OpKind::Sync]));
        run.log.close().expect_err("its sync failed");
        // The cache may show a clean close that is not on the medium. New commits must not leave a hole there.
        let (log, lsns) = recover(&run.dynamic, SEGMENT_BYTES).expect("whole");
        assert_eq!(lsns.len(), 3);
        for _ in 0..20 {
            commit(&log).expect("memory takes it");
        }
        run.fs.drop_caches();
        assert_eq!(numbers(&all(&run.dynamic)), (1..=23).collect::<Vec<_>>());
        assert_eq!(numbers(&all(&shared(&run.fs.durable()))), (1..=23).collect::<Vec<_>>());
    }
}

#[test]
fn what_a_failed_sync_lost_is_not_built_upon() {
    let mut run = Run::new(&MemFs::new()).expect("nothing is there to fail on");
    for step in [Commit, Commit, Append] {
        run.step(step).expect("memory takes it");
    }
    run.fs.inject(Fault::once(0, Action::FailSync(SyncFailure::CacheKept)).on(&[OpKind::Sync]));
    run.step(Flush).expect_err("its sync failed");
    // The next process sees the third commit in the cache, though it is not on the medium.
    let (log, lsns) = recover(&run.dynamic, SEGMENT_BYTES).expect("whole");
    assert_eq!(lsns.len(), 3);
    commit(&log).expect("memory takes it");
    let durable = shared(&run.fs.durable());
    assert_eq!(numbers(&all(&durable)), [1, 2, 3, 4]);
    let (_, end) = scan(&durable, whole()).expect("whole").expect("there is one");
    assert!(matches!(end.shutdown, Shutdown::Unclean { torn: None }));
}

#[test]
fn a_lost_write_is_noticed_or_the_last() {
    let mut noticed = 0;
    for lost in 0..40 {
        let mut run = Run::new(&MemFs::new()).expect("nothing is there to fail on");
        run.fs.inject(Fault::once(lost, Action::LoseWrite).on(&[OpKind::Write]));
        for step in [Commit, Commit, Commit, Roll, Commit, Commit, Commit] {
            run.step(step).expect("nobody notices yet");
        }
        let durable = shared(&run.fs.durable());
        match scan(&durable, crate::wal::LogScan { durable: run.acked - 1, ..whole() }) {
            Ok(found) => {
                let count = to_u64(found.map_or(0, |(lsns, _)| lsns.len()));
                assert!(count + 1 >= run.acked, "{count} of {} commits, without an error", run.acked);
            }
            Err(Error::Corrupt(_)) => noticed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(noticed > 4, "{noticed} lost writes were noticed");
}

#[test]
fn the_same_history_gives_the_same_operations() {
    let history = [Commit, Append, Roll, Reopen, Commit, Kill, Append, Write, Kill, Commit];
    let hashes: Vec<u64> = (0..2).map(|_| run(&MemFs::new(), &history).fs.trace_hash()).collect();
    assert_eq!(hashes[0], hashes[1]);
}
