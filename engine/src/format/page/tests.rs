use proptest::prelude::*;

use super::*;

const SEAL: PageSeal = PageSeal { seed: 0x1234_5678 };

#[test]
fn header_has_known_bytes() {
    let header = PageHeader {
        crc: 0x0403_0201,
        len: 0x0807_0605,
        kind: PageKind::Inner,
        slots: SlotWidth::Wide,
        count: 0x0b0a,
        capacity: 0x0d0c,
        prefix_len: 0x1110_0f0e,
    };
    let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 3, 1, 0x0a, 0x0b, 0x0c, 0x0d, 0, 0, 0x0e, 0x0f, 0x10, 0x11];
    assert_eq!(header.encode(), bytes);
    assert_eq!(PageHeader::decode(&bytes), Ok(header));
}

#[test]
fn fields_that_mean_nothing_are_refused() {
    let good = PageHeader::of_extent(7).encode();
    assert!(PageHeader::decode(&good).is_ok());
    for (at, bad) in [(8, 0), (8, 5), (9, 2), (14, 1), (15, 1)] {
        let mut bytes = good;
        bytes[at] = bad;
        assert!(PageHeader::decode(&bytes).is_err(), "{bad} at {at}");
    }
    for len in 0..PAGE_HEADER_BYTES {
        assert!(PageHeader::decode(&good[..len]).is_err());
    }
}

#[test]
fn checksum_covers_place_and_all_bytes_after_it() {
    let mut page = PageHeader::of_extent(3).encode().to_vec();
    page.extend_from_slice(b"abc");
    let crc = SEAL.seal(&mut page, 640);
    assert_eq!(PageHeader::decode(&page).unwrap().crc, crc);
    assert_eq!(SEAL.checksum(&page, 640), crc);
    assert_ne!(SEAL.checksum(&page, 704), crc);
    for at in CRC_BYTES..page.len() {
        page[at] ^= 1;
        assert_ne!(SEAL.checksum(&page, 640), crc);
        page[at] ^= 1;
    }
}

#[test]
fn extents_are_header_and_value() {
    let value = b"a long value";
    let (header, crc) = SEAL.extent_header(value, 128);
    let mut page = header.to_vec();
    page.extend_from_slice(value);
    assert_eq!(SEAL.checksum(&page, 128), crc);
    assert_eq!(extent_value(&page), Ok(&value[..]));
    for (at, bad) in [(4, 1), (8, 1), (9, 1), (10, 1), (12, 1), (16, 1)] {
        let mut bytes = page.clone();
        bytes[at] = bad;
        assert!(extent_value(&bytes).is_err(), "{bad} at {at}");
    }
    assert!(extent_value(&page[..page.len() - 1]).is_err());
}

proptest! {
    #[test]
    fn what_decodes_encodes_to_the_same_bytes(bytes: [u8; PAGE_HEADER_BYTES], kind in 0u8..6, flags in 0u8..3) {
        let mut bytes = bytes;
        bytes[8] = kind;
        bytes[9] = flags;
        bytes[14..16].fill(0);
        if let Ok(header) = PageHeader::decode(&bytes) {
            prop_assert_eq!(header.encode(), bytes);
        }
    }
}
