use proptest::prelude::*;

use super::*;

const DATABASE: DatabaseId = DatabaseId(*b"sixteen bytes id");
const SEED: u32 = 0x1234_5678;

fn header() -> SegmentHeader {
    SegmentHeader {
        database: DATABASE,
        segment: SegmentId(7),
        salt: 0x0102_0304_0506_0708,
        epoch: 3,
        first: Lsn { epoch: 2, number: 41 },
        follows: LogPosition { segment: SegmentId(5), offset: 4000, previous_crc: 0xaabb_ccdd },
        checkpoint: 9,
        durable: 40,
    }
}

fn record(payload: &[u8]) -> Record<'_> {
    Record {
        kind: RecordKind::Commit,
        lsn: Lsn { epoch: 3, number: 42 },
        time: CommitTime {
            time: Timestamp(1_700_000_000_000_000),
            raw: Timestamp(1_700_000_000_000_000 - 65),
        },
        checkpoint: 300,
        payload,
    }
}

fn sealed(record: &Record<'_>, offset: u64, previous_crc: u32, durable: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.append_to(&mut bytes, SEED, offset, previous_crc);
    seal(&mut bytes, SEED, offset, durable);
    bytes
}

/// Reads a record the way a reader does.
fn read(bytes: &[u8], offset: u64, previous_crc: u32) -> Result<RecordHead, BadRecord> {
    let head = RecordHead::decode(bytes, to_u64(bytes.len()), SEED, offset)?;
    if head.matches(&bytes[..to_usize(head.len)], SEED, offset, previous_crc) {
        Ok(head)
    } else {
        Err(BadRecord::Checksum)
    }
}

#[test]
fn a_header_has_known_bytes() {
    let bytes = header().encode();
    let mut expected = Vec::new();
    expected.extend_from_slice(b"DURAMENL");
    expected.extend_from_slice(&[3, 0, 0, 0]);
    expected.extend_from_slice(b"sixteen bytes id");
    expected.extend_from_slice(&[7, 0, 0, 0]);
    expected.extend_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1]);
    expected.extend_from_slice(&[3, 0, 0, 0]);
    expected.extend_from_slice(&[2, 0, 0, 0, 41, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[5, 0, 0, 0]);
    expected.extend_from_slice(&[0xdd, 0xcc, 0xbb, 0xaa]);
    expected.extend_from_slice(&[0xa0, 0x0f, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[9, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[40, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[0; 36]);
    expected.extend_from_slice(&GOLDEN_HEADER_CHECKSUM);
    assert_eq!(bytes, expected);
    assert_eq!(bytes.len(), HEADER_BYTES);
    assert_eq!(SegmentHeader::decode(&bytes), Ok(header()));
}

const GOLDEN_HEADER_CHECKSUM: [u8; 4] = [0x96, 0xff, 0xa4, 0x55];

#[test]
fn a_record_has_known_bytes() {
    let bytes = sealed(&record(b"payload"), 128, 0xaabb_ccdd, 40);
    let mut expected = Vec::new();
    expected.extend_from_slice(&[48, 0, 0, 0]);
    expected.extend_from_slice(&GOLDEN_GUARD);
    expected.extend_from_slice(&[2, 0, 0, 0]);
    expected.extend_from_slice(&GOLDEN_CHECKSUM);
    expected.push(1);
    expected.extend_from_slice(&[3, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&1_700_000_000_000_000i64.to_le_bytes());
    expected.extend_from_slice(&[0x81, 1]);
    expected.extend_from_slice(&[0xac, 2]);
    expected.extend_from_slice(b"payload");
    assert_eq!(bytes, expected);
    let head = read(&bytes, 128, 0xaabb_ccdd).expect("what was written is read");
    assert_eq!(head.durable, 40);
    assert_eq!(&bytes[head.head_bytes..], b"payload");
}

const GOLDEN_GUARD: [u8; 4] = [0xbc, 0x06, 0xe0, 0xc3];
const GOLDEN_CHECKSUM: [u8; 4] = [0x53, 0x69, 0x6e, 0x6e];

#[test]
fn every_kind_has_its_number() {
    for (tag, kind) in [
        (1, RecordKind::Commit),
        (2, RecordKind::Root),
        (3, RecordKind::Reset),
        (4, RecordKind::Close),
        (5, RecordKind::WishedReset),
    ] {
        assert_eq!(kind as u8, tag);
        assert_eq!(RecordKind::from_tag(tag), Some(kind));
    }
    assert_eq!(RecordKind::from_tag(0), None);
    assert_eq!(RecordKind::from_tag(6), None);
}

#[test]
fn every_flipped_bit_of_a_header_is_seen() {
    let bytes = header().encode();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(SegmentHeader::decode(&damaged), Err(BadHeader::Damaged(_))), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(SegmentHeader::decode(&bytes[..len]).is_err());
    }
}

#[test]
fn every_flipped_bit_of_a_record_is_seen() {
    let bytes = sealed(&record(b"some payload"), 500, 17, 40);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&damaged, 500, 17).is_err(), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len], 500, 17).is_err());
    }
}

#[test]
fn a_record_belongs_to_one_place() {
    let bytes = sealed(&record(b"x"), 500, 17, 40);
    assert!(read(&bytes, 500, 17).is_ok());
    assert_eq!(read(&bytes, 501, 17), Err(BadRecord::Guard), "another offset");
    assert_eq!(read(&bytes, 500, 18), Err(BadRecord::Checksum), "another predecessor");
    assert_eq!(RecordHead::decode(&bytes, 99, SEED ^ 1, 500), Err(BadRecord::Guard), "another segment");
}

#[test]
fn salt_database_and_segment_seed_the_records() {
    let base = header().record_seed();
    assert_ne!(base, SegmentHeader { salt: 1, ..header() }.record_seed());
    assert_ne!(base, SegmentHeader { segment: SegmentId(8), ..header() }.record_seed());
    assert_ne!(base, SegmentHeader { database: DatabaseId([0; 16]), ..header() }.record_seed());
    assert_eq!(base, SegmentHeader { epoch: 99, ..header() }.record_seed());
}

#[test]
fn impossible_headers_are_refused() {
    let none = LogPosition::default();
    let good = header();
    for bad in [
        SegmentHeader { segment: SegmentId(0), follows: none, ..good },
        SegmentHeader { segment: SegmentId(u32::MAX), ..good },
        SegmentHeader { segment: SegmentId(5), ..good },
        SegmentHeader { epoch: 0, ..good },
        SegmentHeader { epoch: u32::MAX, ..good },
        SegmentHeader { epoch: 1, ..good },
        SegmentHeader { first: Lsn { epoch: 2, number: 0 }, durable: 0, ..good },
        SegmentHeader { first: Lsn { epoch: 2, number: u64::MAX }, ..good },
        SegmentHeader { durable: 41, ..good },
        SegmentHeader { follows: LogPosition { offset: 127, ..good.follows }, ..good },
        SegmentHeader { follows: LogPosition { offset: 1, ..none }, ..good },
    ] {
        assert_eq!(
            SegmentHeader::decode(&bad.encode()),
            Err(BadHeader::Damaged("a header with impossible fields")),
            "{bad:?}"
        );
    }
    assert!(SegmentHeader::decode(&SegmentHeader { follows: none, ..good }.encode()).is_ok());
}

/// The header with other bytes at `at`, and the checksum that makes them pass.
fn resealed(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut all = header().encode();
    all[at..at + bytes.len()].copy_from_slice(bytes);
    let crc =
        checksum(seed(UnitKind::LogSegmentHeader, DATABASE, SegmentId(7)), 0, &all[..HEADER_CHECKSUM_AT]);
    all[HEADER_CHECKSUM_AT..].copy_from_slice(&crc.to_le_bytes());
    all
}

#[test]
fn newer_versions_and_unknown_codecs_are_refused() {
    assert_eq!(SegmentHeader::decode(&resealed(8, &[4])), Err(BadHeader::Version(4)));
    assert_eq!(SegmentHeader::decode(&resealed(8, &[0])), Err(BadHeader::Version(0)));
    let reserved = Err(BadHeader::Damaged("an unknown codec, or reserved bytes that are not zero"));
    assert_eq!(SegmentHeader::decode(&resealed(88, &[1])), reserved);
    assert_eq!(SegmentHeader::decode(&resealed(123, &[1])), reserved);
}

#[test]
fn impossible_records_are_refused() {
    let close = Record { kind: RecordKind::Close, ..record(b"") };
    assert!(read(&sealed(&close, 128, 0, 42), 128, 0).is_ok());
    assert_eq!(
        read(&sealed(&close, 128, 0, 41), 128, 0),
        Err(BadRecord::Fields),
        "closed before all was synced"
    );
    let close = Record { kind: RecordKind::Close, ..record(b"x") };
    assert_eq!(read(&sealed(&close, 128, 0, 42), 128, 0), Err(BadRecord::Fields), "a close with content");
    let synced = sealed(&record(b""), 128, 0, 42);
    assert_eq!(read(&synced, 128, 0), Err(BadRecord::Fields), "a commit synced before it was written");
    let endless = Record { lsn: Lsn { epoch: 1, number: u64::MAX }, ..record(b"") };
    assert_eq!(read(&sealed(&endless, 128, 0, u64::MAX - 1), 128, 0), Err(BadRecord::Fields));
}

#[test]
fn lengths_are_checked_before_they_are_used() {
    let decode = |bytes: &[u8], available| RecordHead::decode(bytes, available, SEED, 128);
    assert_eq!(decode(&[], 0), Err(BadRecord::Empty));
    assert_eq!(decode(&[0, 0], 2), Err(BadRecord::Empty));
    assert_eq!(decode(&[0, 1], 2), Err(BadRecord::CutShort));
    assert_eq!(decode(&[0; 64], 64), Err(BadRecord::Empty));
    assert_eq!(decode(&[38, 0, 0, 0, 1, 1], 6), Err(BadRecord::Length));
    assert_eq!(decode(&[0xff; 64], u64::MAX), Err(BadRecord::Length));
    assert_eq!(decode(&[65, 0, 0, 0, 1, 1], 64), Err(BadRecord::CutShort));
    assert_eq!(decode(&[64, 0, 0, 0, 1, 1], 64), Err(BadRecord::Guard));
    let mut over_end = sealed(&record(b""), 128, 0, 41);
    over_end[0] = 39;
    assert!(decode(&over_end, 99).is_err());
}

#[test]
fn a_value_that_imitates_a_record_does_not_pass() {
    // Somebody who knows everything but the salt writes a record into a value, right where a record could start.
    let honest = header();
    let forged_seed = SegmentHeader { salt: 0, ..honest }.record_seed();
    let mut forged = Vec::new();
    record(b"forged").append_to(&mut forged, forged_seed, 4096, 0);
    seal(&mut forged, forged_seed, 4096, 41);
    assert!(RecordHead::may_start(&forged, to_u64(forged.len()), &(1..=100)), "it looks right");
    let decoded = RecordHead::decode(&forged, to_u64(forged.len()), honest.record_seed(), 4096);
    assert_eq!(decoded, Err(BadRecord::Guard));
}

#[test]
fn a_record_can_be_recognised_by_its_look() {
    let bytes = sealed(&record(b"x"), 128, 0, 41);
    let len = to_u64(bytes.len());
    assert!(RecordHead::may_start(&bytes, len, &(42..=42)));
    assert!(!RecordHead::may_start(&bytes, len - 1, &(42..=42)));
    assert!(!RecordHead::may_start(&bytes, len, &(43..=50)));
    assert!(!RecordHead::may_start(&bytes[..20], 20, &(0..=50)));
    assert!(!RecordHead::may_start(&[0; 60], 60, &(0..=50)));
}

fn any_record() -> impl Strategy<Value = (RecordKind, u32, u64, i64, i64, u64, Vec<u8>)> {
    let kind = prop_oneof![Just(RecordKind::Commit), Just(RecordKind::Root), Just(RecordKind::Reset)];
    (kind, any::<u32>(), 1..=MAX_NUMBER, any::<i64>(), any::<i64>(), any::<u64>(), any::<Vec<u8>>())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        records in prop::collection::vec(any_record(), 1..8),
        seed: u32, start: u32, first_crc: u32, durable in 0..=MAX_NUMBER,
    ) {
        let mut bytes = Vec::new();
        let mut crcs = vec![first_crc];
        for (kind, epoch, number, time, raw, checkpoint, payload) in &records {
            let record = Record {
                kind: *kind,
                lsn: Lsn { epoch: *epoch, number: *number },
                time: CommitTime { time: Timestamp(*time), raw: Timestamp(*raw) },
                checkpoint: *checkpoint,
                payload,
            };
            let offset = u64::from(start) + to_u64(bytes.len());
            let before = bytes.len();
            crcs.push(record.append_to(&mut bytes, seed, offset, crcs[crcs.len() - 1]));
            prop_assert!(to_u64(bytes.len() - before) <= record_bytes_at_most(payload.len()));
        }
        let numbers: Vec<u64> = records.iter().map(|record| record.2).collect();
        let durable = durable.min(numbers.iter().min().expect("there are records") - 1);
        seal(&mut bytes, seed, start.into(), durable);
        let mut at = 0;
        for (i, (kind, epoch, number, time, raw, checkpoint, payload)) in records.iter().enumerate() {
            let rest = &bytes[at..];
            let offset = u64::from(start) + to_u64(at);
            let head = RecordHead::decode(rest, to_u64(rest.len()), seed, offset);
            let head = head.map_err(|bad| TestCaseError::fail(bad.found()))?;
            let record = &rest[..to_usize(head.len)];
            prop_assert!(head.matches(record, seed, offset, crcs[i]));
            prop_assert_eq!(head.crc, crcs[i + 1]);
            prop_assert_eq!((head.kind, head.lsn), (*kind, Lsn { epoch: *epoch, number: *number }));
            prop_assert_eq!((head.time.time.0, head.time.raw.0, head.checkpoint), (*time, *raw, *checkpoint));
            prop_assert_eq!(head.durable, durable.max(number.saturating_sub(u32::MAX.into())));
            prop_assert_eq!(&record[head.head_bytes..], &payload[..]);
            at += record.len();
        }
        prop_assert_eq!(at, bytes.len());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, available: u64, offset: u64, seed: u32) {
        prop_assert!(RecordHead::decode(&bytes, available, seed, offset).is_err());
        prop_assert!(SegmentHeader::decode(&bytes).is_err());
    }

    #[test]
    fn zigzag_goes_both_ways(value: i64) {
        prop_assert_eq!(unzigzag(zigzag(value)), value);
    }
}
