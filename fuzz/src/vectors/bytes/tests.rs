use super::*;

#[test]
fn bytes_become_digits_and_back() {
    assert_eq!(to_hex(&[0, 0xff, 0x1a]), "00ff1a");
    assert_eq!(from_hex("00ff1a"), Some(vec![0, 0xff, 0x1a]));
    assert_eq!(from_hex(""), Some(Vec::new()));
    assert_eq!(from_hex("0g"), None);
}

#[test]
fn the_hash_is_the_published_one() {
    assert_eq!(fnv1a64(b""), "cbf29ce484222325");
    assert_eq!(fnv1a64(b"a"), "af63dc4c8601ec8c");
    assert_eq!(fnv1a64(b"foobar"), "85944171f73967e8");
}
