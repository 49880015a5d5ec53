use super::*;

fn encoded<K: TreeKey>(key: &K::Given<'_>) -> Vec<u8> {
    let mut scratch = Scratch::new();
    K::bytes(key, &mut scratch).to_vec()
}

/// Asserts that keys given in their own order keep it as bytes, and come back as what they were.
fn in_order<'a, K: TreeKey<Owned: PartialEq<K::Given<'a>> + std::fmt::Debug>>(keys: &[K::Given<'a>]) {
    let all: Vec<Vec<u8>> = keys.iter().map(encoded::<K>).collect();
    assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    for (key, bytes) in keys.iter().zip(&all) {
        let back = K::decode(bytes).expect("what was encoded decodes");
        assert!(back == *key, "{back:?}");
        let mut part = Scratch::new();
        K::encode_part(key, &mut part);
        part.extend(b"rest");
        let mut rest = part.as_slice();
        assert!(K::decode_part(&mut rest).expect("what was encoded decodes") == *key);
        assert_eq!(rest, b"rest");
    }
}

#[test]
fn integers_sort_by_value() {
    in_order::<u8>(&[0, 1, 127, 128, 255]);
    in_order::<u64>(&[0, 1, 255, 256, u64::MAX - 1, u64::MAX]);
    in_order::<u128>(&[0, 1 << 64, u128::MAX]);
    in_order::<i8>(&[-128, -1, 0, 1, 127]);
    in_order::<i64>(&[i64::MIN, -256, -255, -1, 0, 1, 255, 256, i64::MAX]);
    in_order::<bool>(&[false, true]);
}

#[test]
fn strings_and_bytes_sort_by_content() {
    in_order::<&[u8]>(&[
        b"", b"\0", b"\0\0", b"\0\x01", b"\0\xFF", b"\x01", b"a", b"a\0", b"a\0b", b"aa", b"\xFF",
    ]);
    in_order::<&str>(&["", "\0", "a", "a\0", "aa", "b", "é", "\u{10000}"]);
    in_order::<[u8; 2]>(&[[0, 0], [0, 1], [1, 0]]);
}

#[test]
fn tuples_sort_part_by_part() {
    let pairs: Vec<(&str, u16)> = ["", "\0", "\0\x01", "\0\u{ff}", "\x01", "a", "a\0", "a\0a", "aa"]
        .iter()
        .flat_map(|&s| [(s, 0), (s, 257)])
        .collect();
    let bytes: Vec<Vec<u8>> = pairs.iter().map(encoded::<(&str, u16)>).collect();
    assert!(bytes.is_sorted_by(|a, b| a < b), "{bytes:?}");
    for (pair, bytes) in pairs.iter().zip(&bytes) {
        let (text, number) = <(&str, u16)>::decode(bytes).expect("what was encoded decodes");
        assert_eq!((text.as_str(), number), *pair);
    }
}

#[test]
fn nested_tuples_come_back() {
    type Key = ((&'static [u8], i32), &'static str, &'static [u8]);
    let bytes = encoded::<Key>(&((b"\0x", -7), "", b"\0\x01"));
    let ((a, b), c, d) = <Key>::decode(&bytes).expect("what was encoded decodes");
    assert_eq!((&*a, b, c.as_str(), &*d), (&b"\0x"[..], -7, "", &b"\0\x01"[..]));
}

#[test]
fn other_bytes_do_not_decode() {
    assert_eq!(u32::decode(b"abc"), None);
    assert_eq!(u32::decode(b"abcde"), None);
    assert_eq!(bool::decode(&[2]), None);
    assert_eq!(<&str>::decode(b"\xFF"), None);
    for bytes in [&b""[..], b"a", b"a\0", b"a\0\x02", b"a\0\xFF", b"a\0\x01", b"a\0\x01b"] {
        assert_eq!(<(&str, u16)>::decode(bytes), None, "{bytes:?}");
    }
}
