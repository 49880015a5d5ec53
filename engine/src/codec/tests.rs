use proptest::prelude::*;

use super::*;

#[test]
fn varints_have_known_bytes() {
    for (value, bytes) in [
        (0u64, &[0u8][..]),
        (127, &[0x7f]),
        (128, &[0x80, 0x01]),
        (300, &[0xac, 0x02]),
        (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ] {
        let mut out = Vec::new();
        out.put_varint(value);
        assert_eq!(out, bytes);
        assert_eq!(Reader::new(&out).varint(), Ok(value));
    }
}

#[test]
fn bad_varints_are_refused() {
    assert_eq!(Reader::new(&[]).varint(), Err(Short));
    assert_eq!(Reader::new(&[0x80]).varint(), Err(Short));
    assert_eq!(Reader::new(&[0xff; 11]).varint(), Err(Short));
    assert_eq!(
        Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).varint(),
        Err(Short)
    );
    assert_eq!(Reader::new(&[0x80, 0x00]).varint(), Err(Short), "a longer form than needed");
    assert_eq!(Reader::new(&[5, 1, 2]).sized(), Err(Short));
}

proptest! {
    #[test]
    fn what_is_written_is_read(a: u64, b: i64, c: u32, d: Vec<u8>) {
        let mut out = Vec::new();
        out.put_varint(a);
        out.put_i64(b);
        out.put_u32(c);
        out.put_sized(&d);
        let mut reader = Reader::new(&out);
        prop_assert_eq!(reader.varint(), Ok(a));
        prop_assert_eq!(reader.i64(), Ok(b));
        prop_assert_eq!(reader.u32(), Ok(c));
        prop_assert_eq!(reader.sized(), Ok(&d[..]));
        prop_assert!(reader.is_empty());
    }
}
