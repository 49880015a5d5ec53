use super::{Reader, Text, array_index};

fn reader(bytes: &[u8]) -> Reader<'_> {
    Reader { bytes, position: 0, view_flags: true, workerd: false }
}

#[test]
fn array_indexes_have_one_form() {
    for (key, index) in [("0", 0), ("7", 7), ("10", 10), ("4294967294", 4_294_967_294)] {
        assert_eq!(array_index(key), Some(index));
    }
    for key in
        ["", "-1", "+1", "01", "00", "1.0", "1e3", " 1", "4294967295", "4294967296", "99999999999", "١"]
    {
        assert_eq!(array_index(key), None, "{key}");
    }
}

#[test]
fn numbers_of_variable_length() {
    for (bytes, value) in [
        (&[0][..], 0),
        (&[0x7f], 127),
        (&[0x80, 0x01], 128),
        (&[0xff, 0xff, 0xff, 0xff, 0x0f], u32::MAX),
        (&[0x83, 0x80, 0x80, 0x80, 0x00], 3),
    ] {
        assert_eq!(reader(bytes).varint().unwrap(), value);
    }
    for (bytes, value) in [([0], 0), ([1], -1), ([2], 1), ([3], -2)] {
        assert_eq!(reader(&bytes).zigzag().unwrap(), value);
    }
}

#[test]
fn ascii_text_is_borrowed() {
    let text = reader(b"\x03abc").text(b'"').unwrap();
    assert!(matches!(text, Some(Text::Utf8(std::borrow::Cow::Borrowed("abc")))));
}

#[test]
fn padding_is_skipped_before_tags_only() {
    let mut reader = reader(b"\0\0I\0");
    assert_eq!(reader.peek(), Some(b'I'));
    assert_eq!(reader.position(), 2);
    assert_eq!(reader.value_tag().unwrap(), b'I');
    assert_eq!(reader.zigzag().unwrap(), 0);
    assert_eq!(reader.peek(), None);
}
