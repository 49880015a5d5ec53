use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::ids::to_u64;
use crate::io::sim::{Action, Fault, OpKind, SimFs, SyncFailure};
use crate::io::{Fs, MemFs, read_file};
use crate::wal::testing::{
    append, commit, create, names, numbers, open, path, recover, scan, setup, time, whole,
};
use crate::wal::{LogScan, LogStart, Shutdown};

fn simulated(segment_bytes: u64) -> (Arc<SimFs>, Log) {
    let fs = Arc::new(SimFs::new());
    let log = create(fs.clone(), segment_bytes);
    fs.restart_trace();
    (fs, log)
}

fn kinds(fs: &SimFs) -> Vec<OpKind> {
    let kinds = fs.trace().iter().map(|op| op.kind).collect();
    fs.restart_trace();
    kinds
}

fn syncs(fs: &SimFs) -> usize {
    kinds(fs).iter().filter(|kind| matches!(kind, OpKind::Sync | OpKind::SyncDir)).count()
}

fn append_bytes(log: &Log, len: usize) -> Result<Lsn> {
    log.reserve(len)?;
    Ok(log.append(RecordKind::Commit, time(1), &vec![7; len]))
}

#[test]
fn ten_commits_cost_twelve_syncs_and_two_kilobytes() {
    let (fs, log) = simulated(64 << 20);
    assert!(names(&*fs).is_empty(), "no file before the first commit");
    for _ in 0..10 {
        let lsn = append_bytes(&log, 120).expect("memory takes it");
        log.flush_to(lsn).expect("memory takes it");
    }
    log.close().expect("memory takes it");
    let syncs = syncs(&fs);
    assert_eq!(syncs, 12, "one for each commit, one for the directory, one to close");
    let len = read_file(&*fs, &path(1)).expect("it is there").len();
    assert!(len < 1800, "{len} bytes");
    assert_eq!(names(&*fs), ["00000001.wal"]);
}

#[test]
fn a_commit_is_one_write_and_one_sync() {
    let (fs, log) = simulated(64 << 20);
    commit(&log).expect("memory takes it");
    assert_eq!(
        kinds(&fs),
        [OpKind::Create, OpKind::Write, OpKind::Write, OpKind::Sync, OpKind::Rename, OpKind::SyncDir]
    );
    commit(&log).expect("memory takes it");
    assert_eq!(kinds(&fs), [OpKind::Write, OpKind::Sync]);
    log.flush_to(log.last_lsn()).expect("it is durable");
    log.flush_to(Lsn::ZERO).expect("it is durable");
    assert_eq!(kinds(&fs), [], "nothing is synced when nothing moved");
    append(&log).expect("memory takes it");
    append(&log).expect("memory takes it");
    assert_eq!(kinds(&fs), [], "appending is done in memory");
    log.flush_to(log.last_lsn()).expect("memory takes it");
    assert_eq!(kinds(&fs), [OpKind::Write, OpKind::Sync], "a group is one write");
}

#[test]
fn what_was_not_used_is_closed_without_a_trace() {
    let (fs, log) = simulated(64 << 20);
    log.close().expect("nothing to do");
    assert_eq!(kinds(&fs), []);
    let log = create(fs.clone(), 64 << 20);
    log.reserve(10).expect("memory takes it");
    log.close().expect("memory takes it");
    assert!(names(&*fs).is_empty());
    commit(&recover(&(fs.clone() as Arc<dyn Fs>), 4096).expect("whole").0).expect("memory takes it");

    let shared: Arc<dyn Fs> = fs.clone();
    recover(&shared, 4096).expect("whole").0.close().expect("memory takes it");
    let before = fs.cached().digest();
    fs.restart_trace();
    let (log, _) = recover(&shared, 4096).expect("whole");
    log.close().expect("nothing to do");
    assert_eq!(syncs(&fs), 0);
    let (log, _) = recover(&shared, 4096).expect("whole");
    log.reserve(5000).expect("memory takes it");
    log.close().expect("memory takes it");
    assert_eq!(fs.cached().digest(), before, "room that was not used is given back");
}

#[test]
fn a_closed_log_takes_nothing() {
    let (_, log) = simulated(4096);
    let lsn = commit(&log).expect("memory takes it");
    log.close().expect("memory takes it");
    log.close().expect("closing again does nothing");
    assert!(matches!(log.reserve(1), Err(Error::InvalidArgument(_))));
    assert!(log.check().is_err());
    log.flush_to(lsn).expect("it is durable");
}

#[test]
fn what_is_not_in_the_log_cannot_be_flushed() {
    let (_, log) = simulated(4096);
    let lsn = commit(&log).expect("memory takes it");
    assert!(matches!(log.flush_to(lsn.next()), Err(Error::InvalidArgument(_))));
}

#[test]
fn a_payload_that_is_too_long_is_refused() {
    let (fs, log) = simulated(4096);
    assert!(matches!(log.reserve(MAX_PAYLOAD_BYTES + 1), Err(Error::InvalidArgument(_))));
    assert_eq!(kinds(&fs), []);
}

#[test]
fn segments_are_rolled_when_full() {
    let (fs, log) = simulated(4096);
    for _ in 0..200 {
        commit(&log).expect("memory takes it");
    }
    let segments = log.segments().expect("headers are whole");
    assert_eq!(segments.len(), names(&*fs).len());
    assert!(segments.len() > 3);
    for pair in segments.windows(2) {
        assert_eq!(pair[0].id.next(), pair[1].id);
        assert!(pair[0].first < pair[1].first);
        assert!(pair[0].bytes <= 4096 && pair[0].bytes > 3900, "{pair:?}");
    }
    let (last, sealed) = segments.split_last().expect("there are some");
    for segment in sealed {
        let len = read_file(&*fs, &path(segment.id.0)).expect("it is there").len();
        assert_eq!(to_u64(len), segment.bytes, "a finished segment ends with its last record");
    }
    assert_eq!((last.id, last.bytes), (log.position().segment, log.position().offset));

    fs.restart_trace();
    while log.position().segment == last.id {
        fs.restart_trace();
        commit(&log).expect("memory takes it");
    }
    assert_eq!(syncs(&fs), 3, "the old segment, the new one, the directory");
}

#[test]
fn a_long_record_has_a_segment_of_its_size() {
    let (fs, log) = simulated(4096);
    for len in [100, 10_000, 100, 4000, 5000] {
        let lsn = append_bytes(&log, len).expect("memory takes it");
        log.flush_to(lsn).expect("memory takes it");
    }
    let segments = log.segments().expect("headers are whole");
    let lens: Vec<u64> = segments.iter().map(|segment| segment.bytes >> 10).collect();
    assert_eq!(lens, [0, 9, 0, 4, 5], "in KiB");
    assert_eq!(names(&*fs).len(), 5);
    // The first record of a log may be long as well.
    let (_, log) = simulated(4096);
    let lsn = append_bytes(&log, 9000).expect("memory takes it");
    log.flush_to(lsn).expect("memory takes it");
    assert_eq!(log.segments().expect("headers are whole").len(), 1);
}

#[test]
fn unsynced_commits_are_flushed_before_a_roll() {
    let (fs, log) = simulated(4096);
    let mut durable = Vec::new();
    for _ in 0..200 {
        append(&log).expect("memory takes it");
        durable.push(log.durable_lsn().number);
    }
    durable.dedup();
    assert!(durable.len() > 2, "each roll makes the old segment durable");
    let (lsns, _) =
        scan(&(Arc::new(fs.durable()) as Arc<dyn Fs>), whole()).expect("whole").expect("there is one");
    assert_eq!(Some(&to_u64(lsns.len())), durable.last());
}

#[test]
fn the_file_grows_ahead_of_the_records() {
    let (fs, log) = simulated(64 << 20);
    let mut grown = 0;
    for _ in 0..2000 {
        commit(&log).expect("memory takes it");
        let len = to_u64(read_file(&*fs, &path(1)).expect("it is there").len());
        assert!(log.position().offset <= len);
        grown = grown.max(len);
    }
    let writes = to_u64(fs.trace().iter().filter(|op| op.kind == OpKind::Write).count());
    assert!(writes <= 2000 + grown.div_ceil(4096), "{writes} writes");
    assert!(grown < 3 * log.position().offset, "{grown} bytes for {}", log.position().offset);
}

#[test]
fn zeroing_ahead_keeps_growth_out_of_commits() {
    let (fs, log) = simulated(1 << 20);
    assert!(!log.zero_ahead().expect("nothing to do"), "there is no segment yet");
    log.reserve(1).expect("memory takes it");
    assert!(!log.zero_ahead().expect("nothing to do"), "the segment was not synced yet");
    commit(&log).expect("memory takes it");
    fs.restart_trace();
    for _ in 0..5000 {
        while log.zero_ahead().expect("memory takes it") {}
        fs.restart_trace();
        commit(&log).expect("memory takes it");
        let kinds = kinds(&fs);
        assert!(kinds == [OpKind::Write, OpKind::Sync] || kinds.contains(&OpKind::Create), "{kinds:?}");
    }
}

#[test]
fn records_say_what_is_durable() {
    let (fs, log) = simulated(64 << 20);
    let shared: Arc<dyn Fs> = fs.clone();
    commit(&log).expect("memory takes it");
    log.set_checkpoint(5);
    log.set_checkpoint(4);
    append(&log).expect("memory takes it");
    commit(&log).expect("memory takes it");
    let (_, end) = scan(&shared, whole()).expect("whole").expect("there is one");
    assert_eq!(
        (end.durable, end.checkpoint),
        (1, 5),
        "the group was written when the first commit was durable"
    );
    commit(&log).expect("memory takes it");
    let (_, end) = scan(&shared, whole()).expect("whole").expect("there is one");
    assert_eq!(end.durable, 3);
}

#[test]
fn positions_lead_to_the_next_record() {
    let (fs, log) = simulated(4096);
    let shared: Arc<dyn Fs> = fs.clone();
    let mut places = vec![(log.last_lsn(), log.position())];
    for _ in 0..150 {
        log.reserve(100).expect("memory takes it");
        let lsn = commit(&log).expect("memory takes it");
        places.push((lsn, log.position()));
    }
    for (lsn, position) in places {
        let start = crate::wal::LogStart::After { lsn, position };
        let scan = scan(&shared, crate::wal::LogScan { start, ..whole() });
        let (lsns, _) = scan.expect("whole").expect("there is one");
        assert_eq!(numbers(&lsns), (lsn.number + 1..=150).collect::<Vec<_>>());
    }
}

#[test]
fn old_segments_are_removed() {
    let (fs, log) = simulated(4096);
    let middle = loop {
        commit(&log).expect("memory takes it");
        if log.position().segment == SegmentId(4) {
            break (log.last_lsn(), log.position());
        }
    };
    for _ in 0..100 {
        commit(&log).expect("memory takes it");
    }
    assert_eq!(log.remove_before(middle.1.segment).expect("memory removes"), 3);
    assert_eq!(log.segments().expect("whole")[0].id, SegmentId(4));
    let start = crate::wal::LogStart::After { lsn: middle.0, position: middle.1 };
    let shared: Arc<dyn Fs> = fs.clone();
    let (lsns, _) =
        scan(&shared, crate::wal::LogScan { start, ..whole() }).expect("whole").expect("there is one");
    assert_eq!(lsns.last(), Some(&log.last_lsn()));
    log.remove_before(SegmentId(u32::MAX)).expect("memory removes");
    assert_eq!(names(&*fs).len(), 1, "the newest stays");
    commit(&log).expect("memory takes it");
    log.close().expect("memory takes it");
}

#[test]
fn a_removed_segment_that_comes_back_is_no_part_of_the_log() {
    let (fs, log) = simulated(4096);
    for _ in 0..300 {
        commit(&log).expect("memory takes it");
    }
    let second = read_file(&*fs, &path(2)).expect("it is there");
    log.remove_before(SegmentId(4)).expect("memory removes");
    log.close().expect("memory takes it");
    let image = fs.cached();
    image.replace(&path(2), &second).expect("memory takes it");
    let shared: Arc<dyn Fs> = Arc::new(image);
    let oldest = crate::wal::LogScan { start: crate::wal::LogStart::Oldest, ..whole() };
    let (lsns, end) = scan(&shared, oldest).expect("whole").expect("there is one");
    let log = Log::resume(setup(Arc::clone(&shared), 4096), &end).expect("memory takes it");
    assert_eq!(log.segments().expect("whole")[0].first, lsns[0]);
    assert!(names(&*shared).contains(&"00000002.wal".into()), "it may be what somebody looks for");
    log.remove_before(SegmentId(4)).expect("memory removes");
    assert_eq!(names(&*shared)[0], "00000004.wal");
}

#[test]
fn a_log_lives_on_real_files() {
    let dir = tempfile::tempdir().expect("the system has a place for temporary files");
    let new = || LogSetup {
        io: Io::os(),
        dir: dir.path().join("log"),
        database: crate::wal::testing::DATABASE,
        segment_bytes: 4096,
    };
    let read = || {
        let setup = new();
        let mut reader = crate::wal::LogReader::open(setup.io.fs, &setup.dir, whole())
            .expect("whole")
            .expect("there is one");
        while reader.next_record().expect("whole").is_some() {}
        reader.end().expect("it was read to its end")
    };
    new().io.fs.create_dir(&new().dir).expect("it can be made");
    let log = Log::create(new());
    for _ in 0..5 {
        append_bytes(&log, 1000).expect("there is space");
        log.flush_to(log.last_lsn()).expect("there is space");
    }
    drop(log);
    let log = Log::resume(new(), &read()).expect("there is space");
    assert_eq!(commit(&log).expect("there is space"), Lsn { epoch: 2, number: 6 });
    log.zero_ahead().expect("there is space");
    log.close().expect("there is space");
    let log = Log::resume(new(), &read()).expect("there is space");
    assert_eq!(commit(&log).expect("there is space"), Lsn { epoch: 2, number: 7 });
}

#[test]
fn a_segment_that_was_not_synced_does_not_replace_the_one_before() {
    let (fs, log) = simulated(4096);
    while log.position().segment < SegmentId(2) {
        append(&log).expect("memory takes it");
    }
    assert_eq!(names(&*fs), ["00000001.wal", "00000002.wal.tmp"]);
    assert_eq!(log.segments().expect("whole").len(), 1);
    assert_eq!(log.remove_before(SegmentId(2)).expect("nothing to do"), 0);
}

#[test]
fn without_space_the_log_stays_usable() {
    let (fs, log) = simulated(4096);
    fs.set_free_space(Some(100));
    assert!(matches!(log.reserve(10), Err(Error::Full { .. })));
    assert!(names(&*fs).is_empty());
    fs.set_free_space(Some(4096));
    let mut acked = 0;
    let refused = loop {
        match append(&log) {
            Ok(lsn) => log.flush_to(lsn).expect("room was reserved"),
            Err(error) => break error,
        }
        acked += 1;
    };
    assert!(matches!(refused, Error::Full { .. }), "{refused}");
    for _ in 0..10 {
        let error = append(&log).expect_err("still full");
        assert!(matches!(error, Error::Full { .. }), "{error}");
    }
    assert_eq!(log.last_lsn().number, acked);
    assert_eq!(names(&*fs), ["00000001.wal"]);
    fs.set_free_space(None);
    assert_eq!(commit(&log).expect("there is space").number, acked + 1);
    log.close().expect("there is space");
    let (lsns, _) = scan(&(fs.clone() as Arc<dyn Fs>), whole()).expect("whole").expect("there is one");
    assert_eq!(to_u64(lsns.len()), acked + 1);
}

#[test]
fn a_failed_sync_poisons() {
    for failure in [SyncFailure::CacheKept, SyncFailure::CacheReverted] {
        let (fs, log) = simulated(64 << 20);
        let acked = commit(&log).expect("memory takes it");
        fs.inject(Fault::once(0, Action::FailSync(failure)).on(&[OpKind::Sync]));
        fs.restart_trace();
        let lsn = append(&log).expect("memory takes it");
        let error = log.flush_to(lsn).expect_err("the sync failed");
        assert!(matches!(error, Error::Poisoned { .. }), "{error}");
        assert_eq!(fs.faults_hit(), 1);
        fs.restart_trace();
        for error in [
            log.flush_to(lsn).expect_err("poisoned"),
            log.reserve(1).expect_err("poisoned"),
            log.write_buffered().expect_err("poisoned"),
            log.zero_ahead().expect_err("poisoned"),
            log.ready_to_publish().expect_err("poisoned"),
            log.check().expect_err("poisoned"),
            log.close().expect_err("poisoned"),
        ] {
            assert!(matches!(error, Error::Poisoned { .. }), "{error}");
        }
        log.flush_to(acked).expect("that one is on disk");
        assert_eq!(kinds(&fs), [], "nothing is tried again");
        assert_eq!(log.durable_lsn(), acked);
    }
}

#[test]
fn a_failed_write_or_rename_or_directory_sync_poisons() {
    for kind in [OpKind::Write, OpKind::Rename, OpKind::SyncDir] {
        let (fs, log) = simulated(64 << 20);
        let lsn = append_bytes(&log, 9).expect("memory takes it");
        fs.inject(Fault::once(0, Action::Fail(ErrorKind::Other)).on(&[kind]));
        assert!(matches!(log.flush_to(lsn), Err(Error::Poisoned { .. })));
        fs.restart_trace();
        assert!(matches!(log.flush_to(lsn), Err(Error::Poisoned { .. })));
        assert_eq!(syncs(&fs), 0);
    }
}

#[test]
fn a_failed_sync_of_zeros_poisons() {
    let (fs, log) = simulated(64 << 20);
    while log.position().offset < 3000 {
        commit(&log).expect("memory takes it");
    }
    fs.inject(Fault::once(0, Action::FailSync(SyncFailure::CacheKept)).on(&[OpKind::Sync]));
    let lsn = append(&log).expect("memory takes it");
    assert!(matches!(log.zero_ahead(), Err(Error::Poisoned { .. })));
    assert!(matches!(log.flush_to(lsn), Err(Error::Poisoned { .. })));
}

#[test]
fn zeros_that_find_no_space_change_nothing() {
    let (fs, log) = simulated(64 << 20);
    while log.position().offset < 3000 {
        commit(&log).expect("memory takes it");
    }
    fs.set_free_space(Some(0));
    assert!(matches!(log.zero_ahead(), Err(Error::Full { .. })));
    commit(&log).expect("there is room");
}

#[test]
fn a_failed_write_of_the_old_segment_leaves_no_new_one() {
    let (fs, log) = simulated(4096);
    append_bytes(&log, 3000).expect("memory takes it");
    fs.inject(Fault::always(0, Action::Fail(ErrorKind::Other)).on(&[OpKind::Sync]));
    assert!(matches!(log.reserve(4000), Err(Error::Poisoned { .. })));
    assert_eq!(names(&*fs), ["00000001.wal.tmp"]);
}

/// How long a test waits for what comes at once unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// What syncs wait at: in the order in which they began, until the test lets them go on.
#[derive(Debug)]
struct Gate {
    begun: mpsc::Sender<()>,
    syncs: AtomicU64,
    go_on: Mutex<(mpsc::Receiver<()>, u64)>,
}

impl Gate {
    fn new(begun: mpsc::Sender<()>, go_on: mpsc::Receiver<()>) -> Arc<Gate> {
        Arc::new(Gate { begun, syncs: AtomicU64::new(0), go_on: Mutex::new((go_on, 0)) })
    }

    fn pass(&self, sync: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<()> {
        let number = self.syncs.fetch_add(1, Ordering::SeqCst);
        self.begun.send(()).expect("the test listens");
        loop {
            let mut turn = self.go_on.lock().expect("nobody panics here");
            if turn.1 == number {
                turn.0.recv_timeout(PATIENCE).expect("the test lets it go on");
                turn.1 += 1;
                return sync();
            }
            drop(turn);
            thread::yield_now();
        }
    }
}

/// A file system whose syncs wait at a gate.
#[derive(Debug)]
struct Gated {
    fs: Arc<dyn Fs>,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct GatedFile {
    file: Arc<dyn crate::io::File>,
    gate: Arc<Gate>,
}

impl Fs for Gated {
    fn open(&self, path: &Path, mode: crate::io::OpenMode) -> std::io::Result<Arc<dyn crate::io::File>> {
        let file = self.fs.open(path, mode)?;
        Ok(Arc::new(GatedFile { file, gate: Arc::clone(&self.gate) }))
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.fs.rename(from, to)
    }
    fn hard_link(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.fs.hard_link(from, to)
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        self.fs.remove(path)
    }
    fn list(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        self.fs.list(dir)
    }
    fn create_dir(&self, dir: &Path) -> std::io::Result<()> {
        self.fs.create_dir(dir)
    }
    fn sync_dir(&self, dir: &Path) -> std::io::Result<()> {
        self.fs.sync_dir(dir)
    }
    fn lock_dir(
        &self,
        dir: &Path,
        kind: crate::io::LockKind,
    ) -> std::io::Result<Box<dyn crate::io::DirLock>> {
        self.fs.lock_dir(dir, kind)
    }
}

impl crate::io::File for GatedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.file.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> std::io::Result<usize> {
        self.file.write_at(buf, offset)
    }
    fn len(&self) -> std::io::Result<u64> {
        self.file.len()
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> std::io::Result<()> {
        self.gate.pass(|| self.file.sync_data())
    }
    fn map(&self, capacity: u64, advice: crate::io::Advice) -> std::io::Result<Option<crate::io::Mapping>> {
        self.file.map(capacity, advice)
    }
}

/// A log whose syncs wait at a gate, with one durable commit.
struct GatedLog {
    sim: Arc<SimFs>,
    log: Log,
    first: Lsn,
    has_begun: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

impl GatedLog {
    /// The commit's payload is of `len` bytes.
    fn new(len: usize) -> GatedLog {
        let sim = Arc::new(SimFs::new());
        let (begun, has_begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let fs = Gated { fs: sim.clone(), gate: Gate::new(begun, may_go_on) };
        let log = create(Arc::new(fs), 64 << 20);
        let first = append_bytes(&log, len).expect("memory takes it");
        let gated = GatedLog { sim, log, first, has_begun, go_on };
        gated.let_go_on();
        gated.log.flush_to(first).expect("memory takes it");
        gated.wait_for_sync();
        gated
    }

    /// Waits until a sync has begun that was not waited for yet.
    fn wait_for_sync(&self) {
        self.has_begun.recv_timeout(PATIENCE).expect("somebody syncs");
    }

    /// Lets the oldest sync that was not let go on do so.
    fn let_go_on(&self) {
        self.go_on.send(()).expect("the gate is there");
    }
}

#[test]
fn the_next_group_gathers_while_one_is_synced() {
    let gated = GatedLog::new(10);
    let log = &gated.log;
    thread::scope(|scope| {
        let first = append(log).expect("memory takes it");
        let leader = scope.spawn(move || log.flush_to(first));
        gated.wait_for_sync();
        // The leader is in the middle of its sync. Eight others append, and wait.
        let others: Vec<_> = (0..8)
            .map(|_| {
                let lsn = append(log).expect("appending does not wait for a sync");
                scope.spawn(move || log.flush_to(lsn))
            })
            .collect();
        assert_eq!(log.durable_lsn().number, 1);
        gated.sim.restart_trace();
        gated.let_go_on();
        leader.join().expect("no panic").expect("memory takes it");
        gated.wait_for_sync();
        gated.let_go_on();
        for other in others {
            other.join().expect("no panic").expect("memory takes it");
        }
        assert_eq!(log.durable_lsn(), log.last_lsn());
    });
    let syncs = kinds(&gated.sim).iter().filter(|kind| **kind == OpKind::Sync).count();
    assert_eq!(syncs, 2, "nine commits, two syncs");
}

#[test]
fn everybody_who_waits_hears_of_a_failure() {
    let gated = GatedLog::new(10);
    let log = &gated.log;
    gated.sim.inject(Fault::once(0, Action::FailSync(SyncFailure::CacheKept)).on(&[OpKind::Sync]));
    thread::scope(|scope| {
        let first = append(log).expect("memory takes it");
        let leader = scope.spawn(move || log.flush_to(first));
        gated.wait_for_sync();
        let second = append(log).expect("appending does not wait for a sync");
        let follower = scope.spawn(move || log.flush_to(second));
        gated.let_go_on();
        for thread in [leader, follower] {
            let result = thread.join().expect("no panic");
            assert!(matches!(result, Err(Error::Poisoned { .. })));
        }
    });
    assert!(gated.has_begun.try_recv().is_err(), "nothing is synced after the failure");
}

#[test]
fn a_failed_sync_of_zeros_is_not_hidden_by_one_of_records_that_succeeds() {
    let gated = GatedLog::new(3000);
    let (log, first) = (&gated.log, gated.first);
    gated.sim.inject(Fault::once(0, Action::FailSync(SyncFailure::CacheKept)).on(&[OpKind::Sync]));
    thread::scope(|scope| {
        let zeros = scope.spawn(|| log.zero_ahead());
        gated.wait_for_sync();
        // A commit is written meanwhile, so the sync that is about to fail covers its record too.
        let second = append_bytes(log, 10).expect("appending does not wait for a sync");
        let records = scope.spawn(move || log.flush_to(second));
        gated.wait_for_sync();
        gated.let_go_on();
        gated.let_go_on();
        assert!(matches!(zeros.join().expect("no panic"), Err(Error::Poisoned { .. })));
        assert!(matches!(records.join().expect("no panic"), Err(Error::Poisoned { .. })));
    });
    assert_eq!(log.durable_lsn(), first);
}

#[test]
fn a_write_without_a_sync_waits_for_no_sync_of_zeros() {
    let gated = GatedLog::new(3000);
    let (log, first) = (&gated.log, gated.first);
    thread::scope(|scope| {
        let zeros = scope.spawn(|| log.zero_ahead());
        gated.wait_for_sync();
        append_bytes(log, 10).expect("appending does not wait for a sync");
        log.write_pending().expect("memory takes it");
        gated.let_go_on();
        assert!(zeros.join().expect("no panic").expect("memory takes it"));
    });
    assert_eq!(log.durable_lsn(), first, "no sync of records was begun");
}

#[test]
fn records_are_put_over_zeros_that_are_not_synced_yet() {
    let gated = GatedLog::new(3000);
    let (log, first) = (&gated.log, gated.first);
    thread::scope(|scope| {
        let zeros = scope.spawn(|| log.zero_ahead());
        gated.wait_for_sync();
        let second = append_bytes(log, 3000).expect("there is room");
        let records = scope.spawn(move || log.flush_to(second));
        gated.wait_for_sync();
        assert_eq!(log.durable_lsn(), first);
        gated.let_go_on();
        gated.let_go_on();
        assert!(zeros.join().expect("no panic").expect("memory takes it"));
        records.join().expect("no panic").expect("memory takes it");
        assert_eq!(log.durable_lsn(), second);
    });
    let mut reader = open(&(Arc::new(gated.sim.durable()) as Arc<dyn Fs>), whole()).expect("whole");
    let mut found = Vec::new();
    while let Some(record) = reader.next_record().expect("what is durable is whole") {
        found.push(record.lsn);
    }
    assert_eq!(found, [first, log.durable_lsn()]);
}

#[test]
fn many_threads_commit_at_once() {
    let fs = Arc::new(MemFs::new());
    let log = create(fs.clone(), 16 << 10);
    let writer = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let lsn = {
                        let _one_at_a_time = writer.lock().expect("nobody panics here");
                        append(&log).expect("memory takes it")
                    };
                    log.flush_to(lsn).expect("memory takes it");
                    assert!(log.durable_lsn() >= lsn);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                log.zero_ahead().expect("memory takes it");
                log.write_buffered().expect("memory takes it");
                thread::yield_now();
            }
        });
    });
    for segment in log.segments().expect("headers are whole").iter().rev().skip(1) {
        let len = read_file(&*fs, &path(segment.id.0)).expect("it is there").len();
        assert_eq!(to_u64(len), segment.bytes, "nobody writes to a finished segment");
    }
    log.close().expect("memory takes it");
    let (lsns, end) = scan(&(fs as Arc<dyn Fs>), whole()).expect("whole").expect("there is one");
    assert_eq!(numbers(&lsns), (1..=1600).collect::<Vec<_>>());
    assert_eq!(end.durable, 1600);
}

#[test]
fn a_live_log_is_read_up_to_what_is_durable() {
    let (fs, log) = simulated(4096);
    let shared: Arc<dyn Fs> = fs.clone();
    for _ in 0..100 {
        commit(&log).expect("memory takes it");
        append(&log).expect("memory takes it");
        log.write_pending().expect("memory takes it");
        let durable = log.durable_lsn();
        let scan = crate::wal::LogScan { until: Some(durable), durable: durable.number, ..whole() };
        let mut reader = crate::wal::testing::open(&shared, scan).expect("whole");
        let mut last = Lsn::ZERO;
        while let Some(record) = reader.next_record().expect("what is durable is whole") {
            last = record.lsn;
        }
        assert_eq!(last, durable);
    }
}

#[test]
fn commits_that_nobody_waits_for_are_written_in_big_steps() {
    let (fs, log) = simulated(64 << 20);
    commit(&log).expect("memory takes it");
    fs.restart_trace();
    for _ in 0..1000 {
        append_bytes(&log, 1000).expect("memory takes it");
        log.write_buffered().expect("memory takes it");
    }
    let ops = fs.trace();
    assert!(ops.iter().all(|op| op.kind == OpKind::Write), "nothing is synced");
    let records = ops.iter().filter(|op| op.len >= to_u64(WRITE_AT_BYTES));
    assert!((15..40).contains(&records.count()));
    assert_eq!(log.durable_lsn().number, 1);
    log.flush_to(log.last_lsn()).expect("memory takes it");
    assert_eq!(log.durable_lsn().number, 1001);
}

#[test]
fn a_log_at_rest_is_closed_until_the_next_commit() {
    let (fs, log) = simulated(4096);
    let shared: Arc<dyn Fs> = fs.clone();
    log.rest().expect("nothing to do");
    assert!(names(&*fs).is_empty());
    let is_clean = |fs: &Arc<dyn Fs>| {
        let (_, end) = scan(fs, whole()).expect("whole").expect("there is one");
        matches!(end.shutdown, Shutdown::Clean { .. })
    };
    for _ in 0..200 {
        let lsn = commit(&log).expect("memory takes it");
        assert!(!is_clean(&shared));
        append(&log).expect("memory takes it");
        log.set_checkpoint(lsn.number);
        fs.restart_trace();
        log.rest().expect("memory takes it");
        assert!(is_clean(&(Arc::new(fs.durable()) as Arc<dyn Fs>)), "after a power cut");
        assert!(log.durable_lsn() == log.last_lsn());
        fs.restart_trace();
        log.rest().expect("nothing to do");
        assert_eq!(kinds(&fs), []);
    }
    append(&log).expect("memory takes it");
    let left: Arc<dyn Fs> = Arc::new(fs.durable());
    let (lsns, end) = scan(&left, whole()).expect("whole").expect("there is one");
    assert_eq!((lsns.len(), end.checkpoint), (401, 399), "a commit that others saw left a trace");
    let log = Log::resume(setup(left, 4096), &end).expect("memory takes it");
    assert_eq!(commit(&log).expect("memory takes it"), Lsn { epoch: 2, number: 402 });
}

#[test]
fn a_log_that_rests_in_a_new_segment_needs_nothing_before_it() {
    let (fs, log) = simulated(64 << 10);
    let shared: Arc<dyn Fs> = fs.clone();
    for _ in 0..50 {
        append(&log).expect("memory takes it");
    }
    let last = log.last_lsn();
    let position = log.rest_in_new_segment().expect("memory takes it");
    assert_eq!((log.durable_lsn(), position.segment), (last, SegmentId(2)));
    fs.restart_trace();
    assert_eq!(log.rest_in_new_segment().expect("nothing to do"), position);
    assert_eq!(kinds(&fs), []);
    assert_eq!(log.remove_before(position.segment).expect("memory takes it"), 1);
    let from = |durable| LogScan { start: LogStart::After { lsn: last, position }, durable, ..whole() };
    let (lsns, end) = scan(&shared, from(last.number)).expect("whole").expect("there is one");
    assert_eq!((lsns.len(), end.last), (0, last));
    assert!(matches!(end.shutdown, Shutdown::Clean { .. }));
    // A crash loses nothing of what follows, though the segment begins with no commit.
    commit(&log).expect("memory takes it");
    let left: Arc<dyn Fs> = Arc::new(fs.durable());
    let (lsns, end) = scan(&left, from(last.number)).expect("whole").expect("there is one");
    assert_eq!(numbers(&lsns), [51]);
    let log = Log::resume(setup(left.clone(), 64 << 10), &end).expect("memory takes it");
    commit(&log).expect("memory takes it");
    log.close().expect("memory takes it");
    let (lsns, _) = scan(&left, from(last.number)).expect("whole").expect("there is one");
    assert_eq!(numbers(&lsns), [51, 52]);
}

#[test]
fn a_segment_that_begins_with_a_closing_record_of_an_earlier_epoch_is_read_from_its_start() {
    let fs = Arc::new(MemFs::new());
    let shared: Arc<dyn Fs> = fs.clone();
    let log = create(fs.clone(), 64 << 10);
    for _ in 0..5 {
        commit(&log).expect("memory takes it");
    }
    drop(log);
    let (log, lsns) = recover(&shared, 64 << 10).expect("an unclean stop");
    assert_eq!(numbers(&lsns), [1, 2, 3, 4, 5]);
    log.rest_in_new_segment().expect("memory takes it");
    let sixth = commit(&log).expect("memory takes it");
    assert!(sixth.epoch > lsns[4].epoch);
    let newest = *log.segments().expect("memory reads").last().expect("there are some");
    let start = LogStart::After { lsn: newest.after, position: newest.start };
    let scan_from_there = LogScan { start, until: Some(sixth), ..whole() };
    let mut reader = open(&shared, scan_from_there).expect("memory reads");
    assert_eq!(reader.next_record().expect("in order").map(|record| record.lsn), Some(sixth));
}

#[test]
fn a_closing_record_that_names_an_older_checkpoint_is_followed_by_one_that_names_the_newest() {
    let fs = Arc::new(MemFs::new());
    let shared: Arc<dyn Fs> = fs.clone();
    let log = create(fs.clone(), 64 << 10);
    commit(&log).expect("memory takes it");
    log.rest().expect("memory takes it");
    log.set_checkpoint(7);
    log.close().expect("memory takes it");
    let (lsns, end) = scan(&shared, whole()).expect("whole").expect("there is one");
    assert_eq!((numbers(&lsns), end.checkpoint), (vec![1], 7));
    assert!(matches!(end.shutdown, Shutdown::Clean { .. }));
}

#[test]
fn a_leader_that_somebody_was_ahead_of_wakes_those_who_waited_for_it() {
    let (_, log) = simulated(4096);
    commit(&log).expect("memory takes it");
    let first = append(&log).expect("memory takes it");
    thread::scope(|scope| {
        let log = &log;
        // The leader of the first group lets others join it, and somebody finishes the segment meanwhile.
        log.lock().gathering = true;
        log.reserve(5000).expect("memory takes it");
        assert_eq!(log.durable_lsn(), first);
        let second = append(log).expect("memory takes it");
        let (done, is_done) = mpsc::channel();
        scope.spawn(move || done.send(log.flush_to(second)));
        while log.lock().asleep == 0 {
            thread::yield_now();
        }
        // The leader goes on, and has nothing to do.
        drop(log.gather(log.lock(), first));
        let flushed = is_done.recv_timeout(Duration::from_secs(10));
        // Whoever is asleep still is to end too.
        log.flush_to(second).expect("memory takes it");
        flushed.expect("it was woken").expect("memory takes it");
    });
}
