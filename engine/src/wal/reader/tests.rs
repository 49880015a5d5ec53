use super::*;
use crate::format::wal::{HEADER_BYTES, Record, seal};
use crate::io::{MemFs, read_file};
use crate::wal::LogSink;
use crate::wal::testing::{
    DATABASE, DIR, commit, create, names, numbers, open, path, payload, scan, whole, written,
};

fn shared(fs: &MemFs) -> Arc<dyn Fs> {
    Arc::new(fs.clone())
}

fn damage(result: Result<Option<(Vec<Lsn>, LogEnd)>>) -> crate::error::Corruption {
    match result {
        Err(Error::Corrupt(corruption)) => *corruption,
        other => panic!("not seen: {other:?}"),
    }
}

/// Where each record of a one-segment log starts, and where the last one ends.
fn starts(fs: &MemFs) -> Vec<u64> {
    let mut reader = open(&shared(fs), whole()).expect("it is whole");
    let mut starts = Vec::new();
    while let Some(record) = reader.next_record().expect("it is whole") {
        starts.push(record.position.offset);
    }
    starts.push(reader.position().offset);
    starts
}

#[test]
fn there_may_be_no_log() {
    let fs = MemFs::new();
    assert!(scan(&shared(&fs), whole()).expect("nothing is no error").is_none());
    let lost = scan(&shared(&fs), LogScan { durable: 1, ..whole() });
    assert_eq!(damage(lost).file, path(1));
}

#[test]
fn all_is_read_over_segments() {
    for close in [false, true] {
        let fs = written(300, 4096, close);
        assert!(names(&fs).len() > 4);
        let (lsns, end) = scan(&shared(&fs), whole()).expect("it is whole").expect("there is one");
        assert_eq!(numbers(&lsns), (1..=300).collect::<Vec<_>>());
        assert_eq!((end.last, end.database), (Lsn { epoch: 1, number: 300 }, DATABASE));
        let clean = matches!(end.shutdown, Shutdown::Clean { .. });
        assert_eq!(clean, close, "{:?}", end.shutdown);
        assert_eq!(end.durable, if close { 300 } else { 299 }, "the last commit's sync is not on record");
    }
}

#[test]
fn reading_starts_anywhere() {
    let fs = shared(&written(120, 4096, true));
    let mut reader = open(&fs, whole()).expect("it is whole");
    let mut places = Vec::new();
    while let Some(record) = reader.next_record().expect("it is whole") {
        places.push((Lsn { number: record.lsn.number - 1, ..record.lsn }, record.position));
    }
    places.push((reader.last(), reader.position()));
    for (lsn, position) in places {
        let start = LogStart::After { lsn, position };
        let (lsns, end) = scan(&fs, LogScan { start, ..whole() }).expect("whole").expect("there is one");
        assert_eq!(numbers(&lsns), (lsn.number + 1..=120).collect::<Vec<_>>());
        assert_eq!(end.last.number, 120);
    }
}

#[test]
fn a_wrong_start_is_noticed() {
    let fs = shared(&written(20, 1 << 20, true));
    let mut reader = open(&fs, whole()).expect("it is whole");
    reader.next_record().expect("it is whole");
    let (lsn, position) = (reader.last(), reader.position());
    let at = |lsn, position| scan(&fs, LogScan { start: LogStart::After { lsn, position }, ..whole() });
    assert!(at(lsn, position).is_ok());
    damage(at(lsn, LogPosition { offset: position.offset + 1, ..position }));
    damage(at(lsn, LogPosition { offset: 1 << 30, ..position }));
    damage(at(lsn, LogPosition { previous_crc: 0, ..position }));
    damage(at(lsn, LogPosition { segment: SegmentId(2), ..position }));
    damage(at(Lsn { number: 2, ..lsn }, position));
}

#[test]
fn reading_stops_where_asked() {
    let fs = shared(&written(120, 4096, false));
    for number in [0, 1, 40, 119, 120] {
        let until = Some(Lsn { epoch: u32::from(number > 0), number });
        let mut reader = open(&fs, LogScan { until, ..whole() }).expect("it is whole");
        let mut last = 0;
        while let Some(record) = reader.next_record().expect("it is whole") {
            last = record.lsn.number;
        }
        assert_eq!(last, number);
        assert!(reader.end().is_none(), "what is behind was not looked at");
    }
}

#[test]
fn records_longer_than_the_window_are_read() {
    let fs = Arc::new(MemFs::new());
    let log = create(fs.clone(), 4096);
    let lens = [10, 3 * WINDOW_BYTES_MAX, 20, 5 * WINDOW_BYTES_MAX + 1, 30];
    for (i, len) in lens.iter().enumerate() {
        log.reserve(*len).expect("memory takes it");
        let byte = u8::try_from(i).expect("there are five");
        let lsn = log.append(RecordKind::Commit, CommitTime::default(), &vec![byte; *len]);
        log.flush_to(lsn).expect("memory takes it");
    }
    let mut reader = open(&shared(&fs), whole()).expect("it is whole");
    for (i, len) in lens.iter().enumerate() {
        let record = reader.next_record().expect("it is whole").expect("there are five");
        assert_eq!(record.payload.len(), *len);
        assert!(record.payload.iter().all(|&byte| usize::from(byte) == i));
    }
    assert!(reader.next_record().expect("it is whole").is_none());
    assert!(reader.window.bytes.capacity() <= 2 * WINDOW_BYTES_MAX, "memory is let go again");
}

/// Every byte of a log that was closed is flipped. All commits were synced and the log says so.
#[test]
fn any_flipped_bit_of_a_closed_log_is_seen() {
    let fs = written(12, 4096, true);
    let starts = starts(&fs);
    let close = starts[starts.len() - 2..][1];
    let bytes = read_file(&fs, &path(1)).expect("it is there");
    let last_commit_end = {
        let (_, end) = scan(&shared(&fs), whole()).expect("whole").expect("there is one");
        let Shutdown::Clean { close } = end.shutdown else { panic!("it was closed") };
        close
    };
    assert!(last_commit_end < close, "the closing record is behind the last commit");
    for offset in 0..to_u64(bytes.len()) {
        for mask in [1, 0x80, 0xff] {
            let damaged = fs.clone();
            damaged.flip_bits(&path(1), offset, mask).expect("it is there");
            let result = scan(&shared(&damaged), whole());
            if offset < last_commit_end {
                let corruption = damage(result);
                assert_eq!(corruption.file, path(1));
                let unit = starts.iter().rfind(|&&start| start <= offset).copied().unwrap_or(0);
                assert_eq!(corruption.offset, unit, "byte {offset}: {corruption}");
            } else {
                let (lsns, end) = result.expect("nothing is lost").expect("there is one");
                assert_eq!(lsns.len(), 12);
                assert!(matches!(end.shutdown, Shutdown::Unclean { torn: Some(_) }), "byte {offset}");
            }
        }
    }
}

/// Every byte of a log that was not closed is flipped. The sync of the last commit is not on record, so damage there
/// is a torn tail; everything before is known to have been synced.
#[test]
fn a_flipped_bit_of_an_open_log_is_damage_or_the_torn_tail() {
    let fs = written(12, 4096, false);
    let starts = starts(&fs);
    let (last, end) = (starts[11], starts[12]);
    let len = to_u64(read_file(&fs, &path(1)).expect("it is there").len());
    for offset in 0..len {
        let damaged = fs.clone();
        damaged.flip_bits(&path(1), offset, 0x10).expect("it is there");
        let result = scan(&shared(&damaged), whole());
        if offset < last {
            damage(result);
            continue;
        }
        let (lsns, log_end) = result.expect("only the tail is bad").expect("there is one");
        let Shutdown::Unclean { torn: Some(torn) } = log_end.shutdown else { panic!("byte {offset}") };
        assert_eq!((torn.file, torn.segment), (path(1), SegmentId(1)));
        if offset < end {
            assert_eq!((lsns.len(), torn.offset), (11, last), "byte {offset}");
            assert!(torn.bytes <= end - last);
        } else {
            assert_eq!((lsns.len(), torn.offset), (12, end), "byte {offset}");
            assert_eq!(torn.offset + torn.bytes, offset + 1, "up to the last byte that is not zero");
        }
    }
}

#[test]
fn a_lost_write_in_the_middle_is_seen() {
    let fs = written(12, 4096, false);
    let starts = starts(&fs);
    for lost in 0..11 {
        for until in lost + 1..=11 {
            let damaged = fs.clone();
            damaged.zero_fill(&path(1), starts[lost]..starts[until]).expect("it is there");
            let corruption = damage(scan(&shared(&damaged), whole()));
            assert_eq!(corruption.offset, starts[lost]);
            assert_eq!(corruption.found, "zeros");
        }
    }
}

#[test]
fn evidence_is_found_across_windows() {
    for gap in [100, WINDOW_BYTES_MIN - MAX_HEAD_BYTES, WINDOW_BYTES_MIN, 3 * WINDOW_BYTES_MAX + 1] {
        for shift in 0..80 {
            let fs = Arc::new(MemFs::new());
            let log = create(fs.clone(), 64 << 20);
            for len in [gap + shift, 5] {
                log.reserve(len).expect("memory takes it");
                let lsn = log.append(RecordKind::Commit, CommitTime::default(), &vec![3; len]);
                log.flush_to(lsn).expect("memory takes it");
            }
            let len = log.position().offset;
            fs.flip_bits(&path(1), FIRST_RECORD + 2, 0x7f).expect("it is there");
            let corruption = damage(scan(&shared(&fs), whole()));
            assert_eq!(corruption.offset, FIRST_RECORD);
            let evidence = len - to_u64(MIN_HEAD_BYTES) - 5;
            assert!(corruption.expected.contains(&format!("byte {evidence}")), "{corruption}");
        }
    }
}

#[test]
fn what_the_caller_knows_to_be_durable_must_be_there() {
    for close in [false, true] {
        let fs = shared(&written(12, 4096, close));
        assert!(scan(&fs, LogScan { durable: 12, ..whole() }).is_ok());
        let corruption = damage(scan(&fs, LogScan { durable: 13, ..whole() }));
        assert_eq!(corruption.unit, "log record");
    }
    let fs = written(12, 4096, false);
    let last = starts(&fs)[11];
    fs.flip_bits(&path(1), last + 5, 1).expect("it is there");
    assert!(scan(&shared(&fs), LogScan { durable: 11, ..whole() }).is_ok());
    assert_eq!(damage(scan(&shared(&fs), LogScan { durable: 12, ..whole() })).offset, last);
}

#[test]
fn only_the_newest_segment_may_be_torn() {
    let fs = written(120, 4096, false);
    let segments = names(&fs).len();
    assert!(segments > 2);
    for segment in 1..u32::try_from(segments).expect("few") {
        let damaged = fs.clone();
        let len = to_u64(read_file(&fs, &path(segment)).expect("it is there").len());
        damaged.flip_bits(&path(segment), len - 1, 1).expect("it is there");
        assert_eq!(damage(scan(&shared(&damaged), whole())).file, path(segment));
        damaged.truncate(&path(segment), len - 1).expect("it is there");
        assert_eq!(damage(scan(&shared(&damaged), whole())).file, path(segment));
    }
}

#[test]
fn segments_that_are_not_the_right_ones_are_seen() {
    let fs = written(120, 4096, true);
    let swapped = fs.clone();
    swapped.swap_files(&path(1), &path(2)).expect("both are there");
    damage(scan(&shared(&swapped), whole()));

    let copied = fs.clone();
    copied.replace(&path(3), &read_file(&fs, &path(2)).expect("it is there")).expect("memory takes it");
    damage(scan(&shared(&copied), whole()));

    for segment in [1, 2] {
        let missing = fs.clone();
        missing.remove(&path(segment)).expect("it is there");
        assert_eq!(damage(scan(&shared(&missing), whole())).file, path(segment));
    }
    let oldest = LogScan { start: LogStart::Oldest, ..whole() };
    fs.remove(&path(1)).expect("it is there");
    let (lsns, end) = scan(&shared(&fs), oldest).expect("it is whole").expect("there is one");
    assert_eq!((lsns[lsns.len() - 1].number, end.last.number), (120, 120));
    assert!(lsns[0].number > 1);

    // The same segment as it was written in another life of the database: all of it is valid, but it is not what the
    // next one follows.
    let other = {
        let fs = Arc::new(MemFs::new());
        let log = create(fs.clone(), 4096);
        for number in 1..=120 {
            let len = payload(number).len();
            log.reserve(len).expect("memory takes it");
            let lsn = log.append(RecordKind::Commit, CommitTime::default(), &vec![9; len]);
            log.flush_to(lsn).expect("memory takes it");
        }
        read_file(&*fs, &path(2)).expect("it is there")
    };
    let stale = written(120, 4096, true);
    stale.replace(&path(2), &other).expect("memory takes it");
    let mut reader = open(&shared(&stale), whole()).expect("headers are whole");
    let error = loop {
        match reader.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the other life was not noticed"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Corrupt(_)), "{error}");
    assert_eq!(reader.next_record().expect_err("it stays").to_string(), error.to_string());
}

#[test]
fn a_forged_record_in_a_value_is_not_found() {
    // The value holds records that look right everywhere, made by somebody who knows all but the salt.
    let forged_seed = SegmentHeader {
        database: DATABASE,
        segment: SegmentId(1),
        salt: 0,
        epoch: 1,
        first: Lsn { epoch: 1, number: 1 },
        follows: LogPosition::default(),
        checkpoint: 0,
        durable: 0,
    }
    .record_seed();
    let mut value = Vec::new();
    for number in 2..40 {
        let offset = FIRST_RECORD + to_u64(MIN_HEAD_BYTES) + 1 + to_u64(value.len());
        let mut forged = Vec::new();
        let record = Record {
            kind: RecordKind::Commit,
            lsn: Lsn { epoch: 1, number },
            time: CommitTime::default(),
            checkpoint: 0,
            payload: b"forged",
        };
        record.append_to(&mut forged, forged_seed, offset, 0);
        seal(&mut forged, forged_seed, offset, number - 1);
        value.extend_from_slice(&forged);
    }
    let fs = Arc::new(MemFs::new());
    let log = create(fs.clone(), 1 << 20);
    log.reserve(value.len()).expect("memory takes it");
    let lsn = log.append(RecordKind::Commit, CommitTime::default(), &value);
    log.flush_to(lsn).expect("memory takes it");
    // The record is torn so that the forged ones come where records are looked for.
    fs.flip_bits(&path(1), FIRST_RECORD + 20, 1).expect("it is there");
    let mut reader = open(&shared(&fs), whole()).expect("the header is whole");
    assert!(reader.next_record().expect("a torn tail is no damage").is_none());
    let end = reader.end().expect("it was read to the end");
    assert_eq!(end.last, Lsn::ZERO);
    assert!(matches!(end.shutdown, Shutdown::Unclean { torn: Some(_) }));
}

#[test]
fn hostile_bytes_after_the_header_are_refused_or_a_torn_tail() {
    let fs = written(1, 1 << 20, false);
    let header = read_file(&fs, &path(1)).expect("it is there")[..HEADER_BYTES].to_vec();
    let mut random = 1u64;
    for len in 0..300 {
        let mut bytes = header.clone();
        for _ in 0..len {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.push(random.to_le_bytes()[7] & 0x0f);
        }
        fs.replace(&path(1), &bytes).expect("memory takes it");
        let (lsns, end) = scan(&shared(&fs), whole()).expect("not damage").expect("there is one");
        assert!(lsns.is_empty());
        assert!(matches!(end.shutdown, Shutdown::Unclean { .. }));
    }
}

#[test]
fn marks_stay_few_and_lead_to_what_is_not_durable() {
    let fs = Arc::new(MemFs::new());
    let log = create(fs.clone(), 64 << 20);
    let durable = (1..=1000).map(|_| commit(&log).expect("memory takes it")).last().expect("a thousand");
    for _ in 0..1000 {
        crate::wal::testing::append(&log).expect("memory takes it");
    }
    log.write_buffered().expect("memory takes it");
    let (lsns, end) = scan(&shared(&fs), whole()).expect("it is whole").expect("there is one");
    assert_eq!(lsns.len(), 2000, "all was written");
    assert_eq!(end.durable, durable.number);
    let (lsn, position) = end.mark;
    assert!(lsn <= durable);
    let start = LogStart::After { lsn, position };
    let (rest, _) = scan(&shared(&fs), LogScan { start, ..whole() }).expect("whole").expect("there is one");
    assert_eq!(rest.len(), usize::try_from(2000 - lsn.number).expect("few"));
    let between = durable.number - lsn.number;
    assert!(between * to_u64(MIN_HEAD_BYTES) < 2 * MARK_SPACING_BYTES, "{between} records are read again");
}

#[test]
fn a_reader_keeps_its_error() {
    let fs = written(12, 4096, true);
    fs.flip_bits(&path(1), starts(&fs)[3], 1).expect("it is there");
    let mut reader = open(&shared(&fs), whole()).expect("the header is whole");
    for _ in 0..3 {
        assert!(reader.next_record().expect("three are whole").is_some());
    }
    let first = reader.next_record().expect_err("the fourth is not").to_string();
    assert_eq!(reader.next_record().expect_err("it stays").to_string(), first);
    assert!(reader.end().is_none());
}

#[test]
fn the_directory_may_be_that_of_another_database() {
    let fs = shared(&written(2, 4096, true));
    let scan_for =
        |database| LogReader::open(Arc::clone(&fs), Path::new(DIR), LogScan { database, ..whole() });
    assert!(scan_for(Some(DatabaseId([0; 16]))).is_err());
    let reader = scan_for(None).expect("anybody's").expect("there is one");
    assert_eq!(reader.database(), DATABASE);
}
