use super::*;
use crate::ids::{LogPosition, Lsn, SegmentId};
use crate::io::sim::{OpKind, SimFs};
use crate::io::{MemFs, read_file};
use crate::wal::testing::{DATABASE, DIR, names, path};

fn header() -> SegmentHeader {
    SegmentHeader {
        database: DATABASE,
        segment: SegmentId(1),
        salt: 1,
        epoch: 1,
        first: Lsn { epoch: 1, number: 1 },
        follows: LogPosition::default(),
        checkpoint: 0,
        durable: 0,
    }
}

fn create(fs: &Arc<dyn Fs>, segment_bytes: u64, record_bytes: u64) -> Result<Segment> {
    fs.create_dir(Path::new(DIR)).expect("memory takes it");
    Segment::create(fs, Path::new(DIR), header(), segment_bytes, record_bytes)
}

#[test]
fn room_doubles_up_to_the_capacity() {
    let fs: Arc<dyn Fs> = Arc::new(MemFs::new());
    let mut segment = create(&fs, 64 << 20, 100).expect("memory takes it");
    assert_eq!(segment.zeroed, 4096);
    assert_eq!(segment.room(128, 3968), Room::Enough);
    let mut steps = Vec::new();
    while let Room::ZeroTo(target) = segment.room(segment.zeroed, 1) {
        steps.push((target - segment.zeroed) >> 10);
        segment.zeroed = target;
    }
    assert_eq!(steps[..8], [4, 8, 16, 32, 64, 64, 64, 64]);
    assert_eq!(segment.zeroed, 64 << 20);
    assert_eq!(segment.room(segment.zeroed, 1), Room::None);
    assert_eq!(segment.room(segment.zeroed - 1, 1), Room::Enough);
}

#[test]
fn a_long_record_gets_what_it_needs() {
    let fs: Arc<dyn Fs> = Arc::new(MemFs::new());
    let segment = create(&fs, 4096, 100_000).expect("memory takes it");
    assert_eq!(segment.capacity, 100_128);
    assert_eq!(segment.room(128, 100_000), Room::Enough);
    let segment = Segment { zeroed: 4096, capacity: 64 << 20, ..segment };
    assert_eq!(segment.room(4000, 100_000), Room::ZeroTo(26 * 4096));
    let segment = Segment { capacity: 10_000, ..segment };
    assert_eq!(segment.room(4000, 5000), Room::ZeroTo(10_000));
    assert_eq!(segment.room(4000, 6001), Room::None);
}

#[test]
fn zeroing_ahead_stops_where_it_is_enough() {
    let fs: Arc<dyn Fs> = Arc::new(MemFs::new());
    let mut segment = create(&fs, 64 << 20, 100).expect("memory takes it");
    assert_eq!(segment.room_ahead(128), Room::Enough);
    assert_eq!(segment.room_ahead(3000), Room::ZeroTo(8192));
    segment.zeroed = 16 << 20;
    assert_eq!(segment.room_ahead(15 << 20), Room::Enough);
    assert_eq!(segment.room_ahead((16 << 20) - (256 << 10)), Room::Enough);
    assert_eq!(segment.room_ahead((16 << 20) - 1000), Room::ZeroTo((16 << 20) + (128 << 10)));
    assert!(segment.wants_zeros_ahead((16 << 20) - 1000, 300));
    assert!(!segment.wants_zeros_ahead((16 << 20) - 1000, 1 << 20), "after a long record");
    segment.zeroed = 8192;
    assert!(!segment.wants_zeros_ahead(8000, 300), "in a short log");
    segment.zeroed = segment.capacity;
    assert_eq!(segment.room_ahead(segment.capacity), Room::Enough);
}

#[test]
fn a_segment_gets_its_name_with_its_first_sync() {
    let fs = Arc::new(SimFs::new());
    let shared: Arc<dyn Fs> = fs.clone();
    let segment = create(&shared, 4096, 100).expect("memory takes it");
    assert_eq!(names(&*fs), ["00000001.wal.tmp"]);
    segment.file.write(b"bytes", 0).expect("memory takes it");
    fs.restart_trace();
    segment.file.sync().expect("memory takes it");
    segment.file.sync().expect("memory takes it");
    let kinds: Vec<OpKind> = fs.trace().iter().map(|op| op.kind).collect();
    assert_eq!(kinds, [OpKind::Sync, OpKind::Rename, OpKind::SyncDir, OpKind::Sync]);
    segment.file.cut(5).expect("memory takes it");
    assert_eq!(read_file(&*fs, &path(1)).expect("it is there"), b"bytes");
}

#[test]
fn what_a_crash_left_of_a_new_segment_is_replaced() {
    let fs = MemFs::new();
    fs.create_dir(Path::new(DIR)).expect("memory takes it");
    fs.replace(&Path::new(DIR).join("00000001.wal.tmp"), &[7; 9999]).expect("memory takes it");
    let fs: Arc<dyn Fs> = Arc::new(fs);
    let segment = create(&fs, 4096, 100).expect("memory takes it");
    segment.file.sync().expect("memory takes it");
    assert_eq!(read_file(&*fs, &path(1)).expect("it is there"), [0; 4096]);
}

#[test]
fn without_space_no_segment_is_left() {
    let fs = Arc::new(SimFs::new());
    let shared: Arc<dyn Fs> = fs.clone();
    for space in [0, 1, 4095] {
        fs.set_free_space(Some(space));
        let error = create(&shared, 4096, 100).expect_err("the disk is full");
        assert!(matches!(error, Error::Full { .. }), "{error}");
        assert!(names(&*fs).is_empty());
    }
    fs.set_free_space(Some(4096));
    create(&shared, 4096, 100).expect("there is space");
}
