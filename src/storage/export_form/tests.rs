use super::*;

#[test]
fn a_header_has_these_bytes() {
    let mut golden = b"DURAMENX\x01\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    golden.extend_from_slice(&crc32fast::hash(&golden).to_le_bytes());
    assert_eq!(header(7).as_slice(), golden);
    assert_eq!(entries_of(&header(7)), Ok(7));
}

#[test]
fn a_header_of_something_else_is_told_apart() {
    let mut newer = header(7);
    newer[8] = 2;
    assert_eq!(entries_of(&newer), Err(HeaderFault::Version(2)));
    let mut damaged = header(7);
    damaged[12] = 8;
    assert_eq!(entries_of(&damaged), Err(HeaderFault::Damaged));
    assert_eq!(entries_of(&[b'x'; HEADER_BYTES]), Err(HeaderFault::Foreign));
}

#[test]
fn a_block_has_these_bytes() {
    let mut content = Vec::new();
    assert!(push_entry(&mut content, b"k", b"value"));
    assert_eq!(content, b"\x01\0\0\0\x05\0\0\0kvalue");
    let head = Head::new(Kind::Entries, 3, &content).expect("it is short");
    let bytes = head.to_bytes();
    assert_eq!(bytes[..12], *b"\x02\0\0\0\x0e\0\0\0\x03\0\0\0");
    assert_eq!(Head::from_bytes(&bytes), Some(head));
    assert!(head.fits(&content) && !head.fits(b"another"));
    assert_eq!(take_entry(&mut content.as_slice()), Some((&b"k"[..], &b"value"[..])));
}

#[test]
fn lengths_are_not_trusted() {
    assert_eq!(take_entry(&mut &b"\xff\xff\xff\xff\0\0\0\0k"[..]), None);
    assert_eq!(take_entry(&mut &b"\x01\0\0"[..]), None);
    assert_eq!(Head::from_bytes(&[0; BLOCK_HEAD_BYTES]), None);
}
