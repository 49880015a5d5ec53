use proptest::prelude::*;

use super::*;

const HEADER: PageSegmentHeader =
    PageSegmentHeader { database: DatabaseId([0xd0; 16]), segment: SegmentId(0x0403_0201) };

#[test]
fn header_has_known_bytes() {
    let bytes = HEADER.encode();
    let mut expected = b"DURAMENP\x03\0\0\0".to_vec();
    expected.extend_from_slice(&[0xd0; 16]);
    expected.extend_from_slice(&[1, 2, 3, 4]);
    expected.extend_from_slice(&[0; 28]);
    expected.extend_from_slice(&[0x3b, 0x0a, 0xaa, 0x1c]);
    assert_eq!(bytes.to_vec(), expected);
    assert_eq!(PageSegmentHeader::decode(&bytes), Ok(HEADER));
}

#[test]
fn every_changed_bit_is_noticed() {
    let good = HEADER.encode();
    for bit in 0..good.len() * 8 {
        let mut bytes = good;
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(PageSegmentHeader::decode(&bytes).is_err(), "bit {bit}");
    }
    for len in 0..good.len() {
        assert!(PageSegmentHeader::decode(&good[..len]).is_err());
    }
}

/// A header with some bytes changed and the checksum made to fit.
fn forged(change: impl FnOnce(&mut [u8])) -> Result<PageSegmentHeader, BadSegmentHeader> {
    let mut bytes = HEADER.encode();
    change(&mut bytes);
    let segment = SegmentId(u32::from_le_bytes(*bytes[28..].first_chunk().unwrap()));
    let crc = PageSegmentHeader { segment, ..HEADER }.checksum_of(&bytes[..CHECKSUM_AT]);
    bytes[CHECKSUM_AT..].copy_from_slice(&crc.to_le_bytes());
    PageSegmentHeader::decode(&bytes)
}

#[test]
fn headers_with_a_right_checksum_are_still_looked_at() {
    assert_eq!(forged(|_| {}), Ok(HEADER));
    assert_eq!(forged(|bytes| bytes[8] = 9), Err(BadSegmentHeader::Version(9)));
    assert!(forged(|bytes| bytes[32] = 1).is_err());
    assert!(forged(|bytes| bytes[59] = 1).is_err());
    assert!(forged(|bytes| bytes[28..32].fill(0)).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read(database: [u8; 16], segment in 1u32..) {
        let header = PageSegmentHeader { database: DatabaseId(database), segment: SegmentId(segment) };
        prop_assert_eq!(PageSegmentHeader::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = PageSegmentHeader::decode(&bytes);
    }
}
