//! Where lexemes end in SQLite, byte by byte.
//!
//! All functions take a position in the text and give the position after the lexeme; none of them looks at what the lexeme
//! means. Every lexeme ends at the boundary of a character.

use super::token::Kind;

/// Whether the byte can stand inside a word.
fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// The byte at a position, and 0 after the end.
fn byte_at(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// The position after the bytes from `at` on that `wanted` accepts.
fn skip_while(text: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|&byte| !wanted(byte)).map_or(text.len(), |length| at + length)
}

/// The position after the quoted text that opens at `at`; `None` if it is never closed. A doubled quote does not close
/// it, except that `]` cannot be doubled.
fn quoted_end(text: &[u8], at: usize, close: u8) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += text[at..].iter().position(|&byte| byte == close)? + 1;
        if close == b']' || byte_at(text, at) != close {
            return Some(at);
        }
        at += 1;
    }
}

/// The position after the comment that opens at `at`; `None` if none does. It may be ended by the end of the text.
fn comment_end(text: &[u8], at: usize) -> Option<usize> {
    match (text[at], byte_at(text, at + 1)) {
        (b'-', b'-') => Some(skip_while(text, at, |byte| byte != b'\n')),
        (b'/', b'*') if at + 2 < text.len() => {
            let body = &text[at + 2..];
            Some(body.windows(2).position(|pair| pair == b"*/").map_or(text.len(), |length| at + length + 4))
        }
        _ => None,
    }
}

/// What a lexeme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// Blanks, or a comment.
    Blank,
    /// A word without quotes.
    Word,
    /// A token of this kind.
    Token(Kind),
}

/// The lexeme at `at`, where there is a byte, and the position after it.
pub(super) fn read(text: &[u8], at: usize) -> (Lexeme, usize) {
    match text[at] {
        b' ' | b'\t' | b'\n' | b'\r' | 0x0c => {
            (Lexeme::Blank, skip_while(text, at + 1, |byte| matches!(byte, b'\t'..=b'\r' | b' ')))
        }
        b'x' | b'X' if byte_at(text, at + 1) == b'\'' => token(blob(text, at)),
        // The byte order mark, the only character above ASCII that starts no word.
        0xef if text[at..].starts_with(b"\xef\xbb\xbf") => (Lexeme::Blank, at + 3),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => (Lexeme::Word, skip_while(text, at + 1, is_word_byte)),
        _ => match comment_end(text, at) {
            Some(end) => (Lexeme::Blank, end),
            None => token(sign(text, at)),
        },
    }
}

fn token((kind, end): (Kind, usize)) -> (Lexeme, usize) {
    (Lexeme::Token(kind), end)
}

/// The token at `at`, which is no word.
fn sign(text: &[u8], at: usize) -> (Kind, usize) {
    let one = |kind| (kind, at + 1);
    let two = |kind| (kind, at + 2);
    match (text[at], byte_at(text, at + 1)) {
        (quote @ (b'"' | b'`'), _) => closed(text, quoted_end(text, at, quote), Kind::QuotedName),
        (b'[', _) => closed(text, quoted_end(text, at, b']'), Kind::QuotedName),
        (b'\'', _) => closed(text, quoted_end(text, at, b'\''), Kind::Text),
        (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => number(text, at),
        (b'$' | b'@' | b':' | b'#', _) => parameter(text, at),
        (b'?', _) => (Kind::Parameter, skip_while(text, at + 1, |byte| byte.is_ascii_digit())),
        (b'<', b'=') => two(Kind::LessEq),
        (b'<', b'>') | (b'!', b'=') => two(Kind::NotEq),
        (b'<', b'<') => two(Kind::ShiftLeft),
        (b'<', _) => one(Kind::Less),
        (b'>', b'=') => two(Kind::GreaterEq),
        (b'>', b'>') => two(Kind::ShiftRight),
        (b'>', _) => one(Kind::Greater),
        (b'=', b'=') => two(Kind::Eq),
        (b'=', _) => one(Kind::Eq),
        (b'|', b'|') => two(Kind::Concat),
        (b'|', _) => one(Kind::Pipe),
        (b'-', b'>') if byte_at(text, at + 2) == b'>' => (Kind::LongArrow, at + 3),
        (b'-', b'>') => two(Kind::Arrow),
        (b'-', _) => one(Kind::Minus),
        (b'+', _) => one(Kind::Plus),
        (b'*', _) => one(Kind::Star),
        (b'/', _) => one(Kind::Slash),
        (b'%', _) => one(Kind::Percent),
        (b'&', _) => one(Kind::Ampersand),
        (b'~', _) => one(Kind::Tilde),
        (b'.', _) => one(Kind::Dot),
        (b',', _) => one(Kind::Comma),
        (b'(', _) => one(Kind::LeftParen),
        (b')', _) => one(Kind::RightParen),
        (b';', _) => one(Kind::Semicolon),
        _ => one(Kind::Illegal),
    }
}

/// A quoted token; one that is never closed is illegal to the end of the text.
fn closed(text: &[u8], end: Option<usize>, kind: Kind) -> (Kind, usize) {
    end.map_or((Kind::Illegal, text.len()), |end| (kind, end))
}

/// `x'53'`. Anything but pairs of hexadecimal digits makes it illegal up to the closing quote.
fn blob(text: &[u8], at: usize) -> (Kind, usize) {
    let digits_end = skip_while(text, at + 2, |byte| byte.is_ascii_hexdigit());
    if byte_at(text, digits_end) == b'\'' && (digits_end - at).is_multiple_of(2) {
        return (Kind::Blob, digits_end + 1);
    }
    let close = skip_while(text, digits_end, |byte| byte != b'\'');
    (Kind::Illegal, text.len().min(close + 1))
}

/// A number: `12`, `1_000`, `0x1F`, `1.5`, `.5`, `1e-9`. One that runs into a word is illegal with the word. Where its
/// separators stand is not looked at.
fn number(text: &[u8], at: usize) -> (Kind, usize) {
    let mut kind = Kind::Integer;
    let mut end;
    if is_hexadecimal(&text[at..]) {
        end = skip_while(text, at + 2, |byte| byte.is_ascii_hexdigit() || byte == b'_');
    } else {
        let digits = |from| skip_while(text, from, |byte| byte.is_ascii_digit() || byte == b'_');
        end = digits(at);
        if byte_at(text, end) == b'.' {
            kind = Kind::Real;
            end = digits(end + 1);
        }
        if byte_at(text, end) | 0x20 == b'e' {
            let sign = usize::from(matches!(byte_at(text, end + 1), b'+' | b'-'));
            if byte_at(text, end + 1 + sign).is_ascii_digit() {
                kind = Kind::Real;
                end = digits(end + 1 + sign);
            }
        }
    }
    let word_end = skip_while(text, end, is_word_byte);
    if word_end > end {
        kind = Kind::Illegal;
    }
    (kind, word_end)
}

/// Whether a number is written with hexadecimal digits.
pub(super) fn is_hexadecimal(number: &[u8]) -> bool {
    matches!(number, [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit())
}

/// Whether every `_` of a number has a digit on both sides.
pub(super) fn separators_are_between_digits(number: &[u8]) -> bool {
    let is_digit: fn(&u8) -> bool = match is_hexadecimal(number) {
        true => u8::is_ascii_hexdigit,
        false => u8::is_ascii_digit,
    };
    let mut separators = number.iter().enumerate().filter(|&(_, &byte)| byte == b'_');
    separators.all(|(at, _)| at > 0 && is_digit(&number[at - 1]) && is_digit(&byte_at(number, at + 1)))
}

/// A parameter with a name: `:a`, `@a`, `$a`, and the forms of Tcl, `$a::b` and `$a(b)`.
fn parameter(text: &[u8], at: usize) -> (Kind, usize) {
    let mut end = at + 1;
    let mut named = false;
    while end < text.len() {
        match text[end] {
            byte if is_word_byte(byte) => {
                named = true;
                end += 1;
            }
            b':' if byte_at(text, end + 1) == b':' => end += 2,
            b'(' if named => {
                end = skip_while(text, end + 1, |byte| !byte.is_ascii_whitespace() && byte != b')');
                return match byte_at(text, end) {
                    b')' => (Kind::Parameter, end + 1),
                    _ => (Kind::Illegal, end),
                };
            }
            _ => break,
        }
    }
    (if named { Kind::Parameter } else { Kind::Illegal }, end)
}
