use super::Writer;

#[test]
fn there_is_a_limit() {
    let mut out = Writer::unstoppable(5);
    assert!(out.push(b"abc").is_ok());
    assert!(out.repeat(b'x', 3).is_err());
    assert!(out.repeat(b'x', 2).is_ok());
    assert!(out.push(b"y").is_err());
    assert_eq!(out.into_bytes(), b"abcxx");
}

#[test]
fn what_is_escaped_stands_between_what_is_not() {
    let mut out = Writer::unstoppable(usize::MAX);
    out.push_escaped(b"'a''b", |byte| (byte == b'\'').then_some(b"''")).unwrap();
    assert_eq!(out.into_bytes(), b"''a''''b");
    let long = vec![b'x'; 1 << 20];
    let mut out = Writer::unstoppable(usize::MAX);
    out.push_escaped(&long, |byte| (byte == b'\'').then_some(b"''")).unwrap();
    assert_eq!(out.into_bytes(), long);
}

#[test]
fn an_indent_stands_before_what_was_written_since() {
    let mut out = Writer::unstoppable(10);
    out.push(b"ab").unwrap();
    let start = out.len();
    out.push(b"cd").unwrap();
    out.indent(start, 2).unwrap();
    assert_eq!(out.since(0), b"ab  cd");
    assert!(out.indent(start, 9).is_err());
}
