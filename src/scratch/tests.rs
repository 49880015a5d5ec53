use super::*;

#[test]
fn content_is_the_same_short_and_long() {
    for step in [1, 3, SHORT - 1, SHORT, SHORT + 1] {
        let wanted: Vec<u8> = (0..=u8::MAX).collect();
        let mut scratch = Scratch::new();
        for part in wanted.chunks(step) {
            scratch.extend(part);
        }
        assert_eq!(scratch.as_slice(), wanted);
        scratch.push(7);
        assert_eq!(scratch.as_slice().last(), Some(&7));
    }
}

#[test]
fn nothing_appended_is_empty() {
    let mut scratch = Scratch::new();
    scratch.extend(&[]);
    assert_eq!(scratch.as_slice(), b"");
}
