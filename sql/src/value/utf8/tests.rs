use super::{count, count_strays, first_len, prefix_len, push, split_first, until_nul};

#[test]
fn valid_text_is_cut_into_its_characters() {
    let text = "aß€🂡z";
    let mut rest = text.as_bytes();
    for expected in text.chars() {
        assert_eq!(first_len(rest), expected.len_utf8());
        let (code, tail) = split_first(rest).unwrap();
        assert_eq!(code, u32::from(expected));
        rest = tail;
    }
    assert_eq!(split_first(rest), None);
    assert_eq!(count(text.as_bytes()), 5);
    assert_eq!(prefix_len(text.as_bytes(), 3), "aß€".len());
    assert_eq!(prefix_len(text.as_bytes(), 99), text.len());
}

#[test]
fn code_points_are_written_as_the_standard_library_does() {
    for code in ['\0', 'a', '\u{7f}', '\u{80}', '\u{7ff}', '\u{800}', '\u{ffff}', '\u{10000}', '\u{10ffff}'] {
        let mut out = Vec::new();
        push(&mut out, u32::from(code));
        assert_eq!(out, code.to_string().as_bytes());
    }
}

#[test]
fn invalid_text_is_cut_as_sqlite_cuts_it() {
    assert_eq!(split_first(b"\x80\x80"), Some((0x80, &b"\x80"[..])), "a stray byte is itself");
    assert_eq!(split_first(b"\xc1\x81"), Some((0xfffd, &b""[..])), "no ASCII in two bytes");
    assert_eq!(split_first(b"\xed\xa0\x80"), Some((0xfffd, &b""[..])), "no surrogates");
    assert_eq!(split_first(b"\xc3"), Some((0xfffd, &b""[..])), "cut short");
    assert_eq!(split_first(b"\xff\x81\x82"), Some((0xfffd, &b""[..])));
    assert_eq!(count(b"a\x80\x80b"), 3, "stray bytes count once");
    assert_eq!(count_strays(b"a\x80\x80b"), 4);
    assert_eq!(count(b"\xc3\x80\x80\x80\x80\x80"), 1);
    assert_eq!(prefix_len(b"\x80\x80b", 1), 2);
    assert_eq!(until_nul(b"ab\0c"), b"ab");
    assert_eq!(until_nul(b"ab"), b"ab");
}
