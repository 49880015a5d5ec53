use proptest::prelude::*;

use super::*;

const ID: DatabaseId = DatabaseId(*b"0123456789abcdef");

fn sample() -> CheckpointRecord {
    CheckpointRecord {
        number: 3,
        lsn: Lsn { epoch: 1, number: 300 },
        time: Timestamp(1_000_000),
        replay_from: LogPosition { segment: SegmentId(2), offset: 4096, previous_crc: 0x0102_0304 },
        log_bytes: 70_000,
        bulk: true,
        whole_history: true,
        kept: vec![1, 2],
        progress: Progress { wall: Timestamp(2), observed_us: 5, doubted_us: 6, upheld_us: 7, newer_us: 8 },
        orders: Orders {
            pins: vec![Pin { name: "v1".into(), lsn: Lsn { epoch: 0, number: 9 } }],
            wish: Some(Lsn { epoch: 1, number: 8 }),
        },
        ancestors: vec![Ancestor { database: DatabaseId([0xa; 16]), before: SegmentId(3) }],
        state: RootState {
            catalog: vec![9, 8, 7],
            next_tree: 5,
            next_segment: SegmentId(6),
            segments: vec![(SegmentId(1), 640), (SegmentId(4), 64)],
        },
    }
}

#[test]
fn record_has_known_bytes() {
    let (bytes, crc) = sample().encode(ID, 64, 0);
    let payload = [
        3, 1, 0xac, 0x02, 0x40, 0x42, 0x0f, 0, 0, 0, 0, 0, 2, 0x80, 0x20, 4, 3, 2, 1, 0xf0, 0xa2, 0x04, 7, 2,
        1, 1, // kept
        2, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7, 8, // progress
        1, 2, b'v', b'1', 0, 9, 1, 8, // orders
        1, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3, // ancestors
        3, 9, 8, 7, 5, 6, 2, 1, 0x80, 0x05, 3, 0x40,
    ];
    assert_eq!(bytes[0..4], to_u32(payload.len()).to_le_bytes());
    assert_eq!(bytes[4..8], crc.to_le_bytes());
    assert_eq!(bytes[8..], payload);
}

#[test]
fn header_has_known_bytes() {
    let bytes = encode_header(ID);
    assert_eq!(&bytes[..8], b"DURAMENC");
    assert_eq!(bytes[8..12], [3, 0, 0, 0]);
    assert_eq!(bytes[12..28], ID.0);
    assert_eq!(bytes[28..60], [0; 32]);
    assert_eq!(decode_header(&bytes), Ok(ID));
    for i in 0..HEADER_BYTES {
        let mut damaged = bytes;
        damaged[i] ^= 0x10;
        assert!(decode_header(&damaged).is_err(), "byte {i}");
    }
}

#[test]
fn records_chain() {
    let mut file = encode_header(ID).to_vec();
    let (first, first_crc) = sample().encode(ID, 64, 0);
    file.extend_from_slice(&first);
    let second_at = to_u64(file.len());
    let second = CheckpointRecord { number: 4, kept: vec![3], ..sample() };
    file.extend_from_slice(&second.encode(ID, second_at, first_crc).0);

    let Decoded::Record(record, end, crc) = decode_record(&file, 64, ID, 0) else { panic!("first record") };
    assert_eq!((*record, end, crc), (sample(), second_at, first_crc));
    let Decoded::Record(record, end, _) = decode_record(&file, second_at, ID, crc) else {
        panic!("second record")
    };
    assert_eq!(*record, second);
    assert_eq!(decode_record(&file, end, ID, 0), Decoded::End);
    assert!(matches!(decode_record(&file, second_at, ID, 0), Decoded::Bad(_)), "another chain");
    assert!(matches!(decode_record(&file, 64, DatabaseId([0; 16]), 0), Decoded::Bad(_)), "another database");
    for i in 64..to_usize(to_u32(file.len())) {
        let mut damaged = file.clone();
        damaged[i] ^= 1;
        let offset = if to_u64(i) < second_at { 64 } else { second_at };
        let previous = if offset == 64 { 0 } else { first_crc };
        assert!(matches!(decode_record(&damaged, offset, ID, previous), Decoded::Bad(_)), "byte {i}");
    }
}

proptest! {
    #[test]
    fn hostile_payloads_never_panic(payload: Vec<u8>) {
        let _ = CheckpointRecord::decode_payload(&payload);
    }

    #[test]
    fn a_damaged_payload_decodes_to_another_record_or_not_at_all(at in 0usize..75, bit in 0u8..8) {
        let mut payload = Vec::new();
        sample().encode_payload(&mut payload);
        payload[at] ^= 1 << bit;
        if let Ok(record) = CheckpointRecord::decode_payload(&payload) {
            prop_assert_ne!(record, sample());
        }
    }
}
