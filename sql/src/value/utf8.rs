//! Characters of text that need not be valid UTF-8.
//!
//! SQLite cuts any bytes into characters by a lenient rule, and functions such as `length` and `substr` show it: a
//! byte from `0xc0` on starts a character that takes along all continuation bytes behind it. A continuation byte
//! that follows nothing of the kind is read as a character by itself where code points are wanted ([`split_first`]),
//! but runs of them count as one character in `length` and `substr` ([`count`], [`prefix_len`]).
//! Where a text holds a NUL byte, most functions see its end there; [`until_nul`] cuts it.

/// The text before its first NUL byte.
#[must_use]
pub(crate) fn until_nul(text: &[u8]) -> &[u8] {
    // Looking for one byte is fast, and there hardly ever is one.
    if !text.contains(&0) {
        return text;
    }
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    &text[..end]
}

/// How many bytes the first character takes; 0 for no text.
#[must_use]
pub(crate) fn first_len(text: &[u8]) -> usize {
    match text {
        [] => 0,
        [0..0xc0, ..] => 1,
        [_, rest @ ..] => 1 + rest.iter().take_while(|&&byte| byte & 0xc0 == 0x80).count(),
    }
}

/// The code point of the first character and the text behind it. Surrogates and characters that hide an ASCII one are
/// read as U+FFFD; a stray continuation byte is read as itself.
#[must_use]
pub(crate) fn split_first(text: &[u8]) -> Option<(u32, &[u8])> {
    let len = first_len(text);
    let (first, rest) = text.split_at_checked(len)?;
    let (&lead, tail) = first.split_first()?;
    let lead_bits = match lead {
        ..0xc0 => return Some((u32::from(lead), rest)),
        0xc0..0xe0 => lead & 0x1f,
        0xe0..0xf0 => lead & 0x0f,
        0xf0..0xf8 => lead & 0x07,
        0xf8..0xfc => lead & 0x03,
        0xfc..0xfe => lead & 0x01,
        0xfe.. => 0,
    };
    let code = tail.iter().fold(u32::from(lead_bits), |code, byte| code << 6 | u32::from(byte & 0x3f));
    let code = if code < 0x80 || code & 0xffff_f800 == 0xd800 { 0xfffd } else { code };
    Some((code, rest))
}

/// As [`first_len`], but a run of stray continuation bytes is one character.
fn first_len_joined(text: &[u8]) -> usize {
    match text {
        [0x80..=0xff, rest @ ..] => 1 + rest.iter().take_while(|&&byte| byte & 0xc0 == 0x80).count(),
        _ => first_len(text),
    }
}

/// How many characters there are, runs of stray continuation bytes counted once.
#[must_use]
pub(crate) fn count(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut rest = text;
    let mut count = 0;
    while !rest.is_empty() {
        rest = &rest[first_len_joined(rest)..];
        count += 1;
    }
    count
}

/// How many characters there are, each stray continuation byte counted.
#[must_use]
pub(crate) fn count_strays(text: &[u8]) -> usize {
    let mut rest = text;
    let mut count = 0;
    while !rest.is_empty() {
        rest = &rest[first_len(rest)..];
        count += 1;
    }
    count
}

/// The number of bytes that the first `characters` characters of [`count`] take, at most the whole text.
#[must_use]
pub(crate) fn prefix_len(text: &[u8], characters: usize) -> usize {
    let mut at = 0;
    for _ in 0..characters {
        match first_len_joined(&text[at..]) {
            0 => break,
            len => at += len,
        }
    }
    at
}

/// Appends a code point, without regard to whether it is one: the upper bits of a number over 0x1fffff are lost.
pub(crate) fn push(out: &mut Vec<u8>, code: u32) {
    let bits = |shift: u32, mask: u32| u8::try_from(code >> shift & mask).unwrap_or(0);
    match code {
        ..0x80 => out.push(bits(0, 0x7f)),
        0x80..0x800 => out.extend([0xc0 | bits(6, 0x1f), 0x80 | bits(0, 0x3f)]),
        0x800..0x10000 => out.extend([0xe0 | bits(12, 0x0f), 0x80 | bits(6, 0x3f), 0x80 | bits(0, 0x3f)]),
        0x10000.. => out.extend([
            0xf0 | bits(18, 0x07),
            0x80 | bits(12, 0x3f),
            0x80 | bits(6, 0x3f),
            0x80 | bits(0, 0x3f),
        ]),
    }
}

#[cfg(test)]
mod tests;
