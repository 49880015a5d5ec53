//! Functions on text and blobs.
//!
//! Texts end at their first NUL byte wherever characters are counted or looked at; where bytes are only passed on,
//! as by `upper` or `replace`, what follows a NUL byte is kept.

use crate::error::{Error, Result};
use crate::expr::pattern::{Pattern, Style};
use crate::func::context::{Call, refused, too_big};
use crate::func::format::{self, Controls};
use crate::func::patience::{PART_BYTES, Patience};
use crate::func::writer::{Writer, text_of_parts};
use crate::value::{ValueRef, utf8};

type Args<'v, 'a> = &'v [ValueRef<'a>];
type Output<'a> = Result<ValueRef<'a>>;

/// So many bytes are compared in the time that one more place takes.
const COMPARED_AT_ONCE: usize = 32;

fn integer(count: usize) -> ValueRef<'static> {
    ValueRef::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `a || b`
pub fn concat_operator<'a>(call: &Call<'_, 'a>, a: ValueRef<'a>, b: ValueRef<'a>) -> Output<'a> {
    let (Some(a), Some(b)) = (call.text_of(a), call.text_of(b)) else {
        return Ok(ValueRef::Null);
    };
    text_of_parts(call, &[a, b])
}

pub(super) fn length<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    Ok(match args[0] {
        ValueRef::Null => ValueRef::Null,
        ValueRef::Text(text) => integer(characters(call, utf8::until_nul(text), utf8::count)?),
        value => call.text_of(value).map_or(ValueRef::Null, |bytes| integer(bytes.len())),
    })
}

pub(super) fn octet_length<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    Ok(call.text_of(args[0]).map_or(ValueRef::Null, |bytes| integer(bytes.len())))
}

/// `substr(x, start, count)`: positions count from 1, negative ones from the end; a negative count takes what stands
/// before the position.
pub(super) fn substr<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let Some(bytes) = call.text_of(args[0]) else {
        return Ok(ValueRef::Null);
    };
    let is_blob = matches!(args[0], ValueRef::Blob(_));
    if is_blob && bytes.is_empty() {
        return Ok(ValueRef::Null);
    }
    let bytes = if is_blob { bytes } else { utf8::until_nul(bytes) };
    let mut start = args[1].to_integer();
    let mut count = args.get(2).map_or(i64::MAX, |count| count.to_integer());
    if args[1..].iter().any(|argument| argument.is_null()) {
        return Ok(ValueRef::Null);
    }
    if start < 0 {
        let len = if is_blob { bytes.len() } else { characters(call, bytes, utf8::count_strays)? };
        start += i64::try_from(len).unwrap_or(i64::MAX);
        if start < 0 {
            count = if count < 0 { 0 } else { count + start };
            start = 0;
        }
    } else if start > 0 {
        start -= 1;
    } else if count > 0 {
        count -= 1;
    }
    if count < 0 {
        count = if count < -start { start } else { -count };
        start -= count;
    }
    let [start, count] = [start, count].map(|n| usize::try_from(n).unwrap_or(0));
    if is_blob {
        let start = start.min(bytes.len());
        return Ok(ValueRef::Blob(&bytes[start..start + count.min(bytes.len() - start)]));
    }
    let rest = &bytes[prefix_len(call, bytes, start)?..];
    Ok(ValueRef::Text(&rest[..prefix_len(call, rest, count)?]))
}

/// How many characters a text has by `count`, which is given parts that end where a character ends.
fn characters(call: &Call<'_, '_>, text: &[u8], count: fn(&[u8]) -> usize) -> Result<usize> {
    let mut patience = Patience::new(call.context);
    let (mut rest, mut characters) = (text, 0);
    while rest.len() > PART_BYTES {
        let more = rest[PART_BYTES..].iter().take_while(|&&byte| byte & 0xc0 == 0x80).count();
        let (part, tail) = rest.split_at(PART_BYTES + more);
        patience.spend(part.len())?;
        characters += count(part);
        rest = tail;
    }
    Ok(characters + count(rest))
}

/// As [`utf8::prefix_len`], for texts of any length.
fn prefix_len(call: &Call<'_, '_>, text: &[u8], characters: usize) -> Result<usize> {
    let mut patience = Patience::new(call.context);
    let (mut len, mut left) = (0, characters.min(text.len()));
    while left > PART_BYTES {
        let part = utf8::prefix_len(&text[len..], PART_BYTES);
        patience.spend(part)?;
        len += part;
        left -= PART_BYTES;
    }
    Ok(len + utf8::prefix_len(&text[len..], left))
}

/// `instr(haystack, needle)`: the position of the first occurrence, counted from 1; 0 for none.
pub(super) fn instr<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let (Some(haystack), Some(needle)) = (call.text_of(args[0]), call.text_of(args[1])) else {
        return Ok(ValueRef::Null);
    };
    let counts_bytes = matches!((args[0], args[1]), (ValueRef::Blob(_), ValueRef::Blob(_)));
    let mut at = 0;
    let mut position = 1;
    let mut patience = Patience::new(call.context);
    while at + needle.len() <= haystack.len() {
        patience.spend(1 + needle.len() / COMPARED_AT_ONCE)?;
        if haystack[at..].starts_with(needle) {
            return Ok(integer(position));
        }
        position += 1;
        at += 1;
        while !counts_bytes && haystack.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
            at += 1;
        }
    }
    Ok(integer(0))
}

pub(super) fn upper<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    map_text(call, args[0], <[u8]>::make_ascii_uppercase)
}

pub(super) fn lower<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    map_text(call, args[0], <[u8]>::make_ascii_lowercase)
}

/// Changes the letters of a text.
fn map_text<'a>(call: &Call<'_, 'a>, value: ValueRef<'a>, map: fn(&mut [u8])) -> Output<'a> {
    let Some(text) = call.text_of(value) else { return Ok(ValueRef::Null) };
    let mut patience = Patience::new(call.context);
    let mut out = Vec::with_capacity(text.len());
    for part in text.chunks(PART_BYTES) {
        patience.spend(part.len())?;
        let start = out.len();
        out.extend_from_slice(part);
        map(&mut out[start..]);
    }
    call.text(out)
}

pub(super) fn trim<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    trim_sides(call, args, true, true)
}

pub(super) fn ltrim<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    trim_sides(call, args, true, false)
}

pub(super) fn rtrim<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    trim_sides(call, args, false, true)
}

fn trim_sides<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>, left: bool, right: bool) -> Output<'a> {
    let Some(mut text) = call.text_of(args[0]) else {
        return Ok(ValueRef::Null);
    };
    let mut patience = Patience::new(call.context);
    let mut set: Vec<&[u8]> = vec![b" "];
    if let Some(&argument) = args.get(1) {
        let Some(characters) = call.text_of(argument) else {
            return Ok(ValueRef::Null);
        };
        set.clear();
        let mut rest = utf8::until_nul(characters);
        while !rest.is_empty() {
            let (character, tail) = rest.split_at(utf8::first_len(rest));
            patience.spend(character.len())?;
            set.push(character);
            rest = tail;
        }
    }
    while left && let Some(rest) = set.iter().find_map(|character| text.strip_prefix(*character)) {
        patience.spend(set.len())?;
        text = rest;
    }
    while right && let Some(rest) = set.iter().find_map(|character| text.strip_suffix(*character)) {
        patience.spend(set.len())?;
        text = rest;
    }
    Ok(ValueRef::Text(text))
}

/// `replace(text, pattern, replacement)`
pub(super) fn replace<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let [Some(text), Some(pattern), Some(replacement)] =
        [args[0], args[1], args[2]].map(|arg| call.text_of(arg))
    else {
        // An empty pattern replaces nothing by anything, even by NULL.
        return Ok(match (call.text_of(args[0]), call.text_of(args[1])) {
            (Some(text), Some(pattern)) if utf8::until_nul(pattern).is_empty() => ValueRef::Text(text),
            _ => ValueRef::Null,
        });
    };
    if utf8::until_nul(pattern).is_empty() {
        return Ok(ValueRef::Text(text));
    }
    let mut out = Writer::new(call.context).reserve(text.len());
    let (mut start, mut at) = (0, 0);
    while at + pattern.len() <= text.len() {
        out.skip(1 + pattern.len() / COMPARED_AT_ONCE)?;
        if text[at..].starts_with(pattern) {
            out.push(&text[start..at])?;
            out.push(replacement)?;
            at += pattern.len();
            start = at;
        } else {
            at += 1;
        }
    }
    out.push(&text[start..])?;
    Ok(out.into_text(call))
}

pub(super) fn concat<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    join(call, args, b"")
}

pub(super) fn concat_ws<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    match call.text_of(args[0]) {
        Some(separator) => join(call, &args[1..], separator),
        None => Ok(ValueRef::Null),
    }
}

fn join<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>, separator: &[u8]) -> Output<'a> {
    let mut out = Writer::new(call.context);
    let parts = args.iter().filter_map(|&argument| call.text_of(argument));
    for (at, part) in parts.enumerate() {
        if at > 0 {
            out.push(separator)?;
        }
        out.push(part)?;
    }
    Ok(out.into_text(call))
}

/// `char(code, ...)`: the characters of these code points.
pub(super) fn char<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let mut out = Vec::with_capacity(args.len());
    for code in args {
        let code = u32::try_from(code.to_integer()).ok().filter(|&code| code <= 0x10_ffff);
        utf8::push(&mut out, code.unwrap_or(0xfffd));
    }
    call.text(out)
}

/// The code point of the first character.
pub(super) fn unicode<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let first = call.text_of(args[0]).and_then(|text| utf8::split_first(utf8::until_nul(text)));
    // SQLite gives C's int, so a character that is none of Unicode may come out negative.
    Ok(first.map_or(ValueRef::Null, |(code, _)| ValueRef::Integer(i64::from(code.cast_signed()))))
}

pub(super) fn hex<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let bytes = call.text_of(args[0]).unwrap_or_default();
    call.check_len(bytes.len().saturating_mul(2))?;
    let mut digits = Writer::new(call.context).reserve(bytes.len() * 2);
    format::hex(bytes, &mut digits)?;
    Ok(digits.into_text(call))
}

/// `unhex(digits)` and `unhex(digits, ignored)`: NULL unless the text is pairs of hexadecimal digits, with characters
/// to be ignored between pairs.
pub(super) fn unhex<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let ignored = match args.get(1) {
        Some(&ignored) => call.text_of(ignored),
        None => Some(&b""[..]),
    };
    let (Some(digits), Some(ignored)) = (call.text_of(args[0]), ignored) else {
        return Ok(ValueRef::Null);
    };
    let mut rest = utf8::until_nul(digits);
    let mut out = Vec::with_capacity(rest.len() / 2);
    let mut patience = Patience::new(call.context);
    while let Some(&first) = rest.first() {
        patience.spend(1)?;
        if let Some(high) = digit(first) {
            let Some(low) = rest.get(1).and_then(|&second| digit(second)) else {
                return Ok(ValueRef::Null);
            };
            out.push(high << 4 | low);
            rest = &rest[2..];
        } else {
            match utf8::split_first(rest) {
                Some((code, tail)) if contains_char(ignored, code) => rest = tail,
                _ => return Ok(ValueRef::Null),
            }
        }
    }
    call.blob(out)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn contains_char(text: &[u8], code: u32) -> bool {
    let mut rest = text;
    while let Some((other, tail)) = utf8::split_first(rest) {
        if other == code {
            return true;
        }
        rest = tail;
    }
    false
}

pub(super) fn printf<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    match args.split_first().and_then(|(&format, rest)| Some((call.text_of(format)?, rest))) {
        Some((format, rest)) => {
            let mut out = Writer::new(call.context);
            format::format(format, rest, call.format_width(), &mut out)?;
            Ok(out.into_text(call))
        }
        None => Ok(ValueRef::Null),
    }
}

pub(super) fn quote<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    literal(call, args[0], Controls::Plain)
}

pub(super) fn unistr_quote<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    literal(call, args[0], Controls::Escaped)
}

fn literal<'a>(call: &Call<'_, 'a>, value: ValueRef<'a>, controls: Controls) -> Output<'a> {
    let mut out = Writer::new(call.context);
    format::literal(value, controls, &mut out)?;
    Ok(out.into_text(call))
}

/// `unistr(text)`: `\XXXX`, `\uXXXX`, `\+XXXXXX` and `\UXXXXXXXX` become characters.
pub(super) fn unistr<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let Some(text) = call.text_of(args[0]) else {
        return Ok(ValueRef::Null);
    };
    let mut out = Writer::new(call.context).reserve(text.len());
    // Behind a NUL byte nothing is escaped any more.
    let (mut rest, unescaped) = text.split_at(utf8::until_nul(text).len());
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        out.push(&rest[..at])?;
        rest = &rest[at + 1..];
        let (skipped, digits) = match rest.first() {
            Some(b'\\') => {
                out.push(b"\\")?;
                rest = &rest[1..];
                continue;
            }
            Some(b'+') => (1, 6),
            Some(b'u') => (1, 4),
            Some(b'U') => (1, 8),
            _ => (0, 4),
        };
        let code = rest.get(skipped..skipped + digits).and_then(|digits| {
            digits.iter().try_fold(0, |code: u32, &byte| Some(code << 4 | u32::from(digit(byte)?)))
        });
        let Some(code) = code else {
            return refused("invalid Unicode escape");
        };
        let mut character = Vec::with_capacity(4);
        utf8::push(&mut character, code);
        out.push(&character)?;
        rest = &rest[skipped + digits..];
    }
    out.push(rest)?;
    out.push(unescaped)?;
    Ok(out.into_text(call))
}

pub(super) fn soundex<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let text = utf8::until_nul(call.text_of(args[0]).unwrap_or_default());
    let mut rest = text.iter().skip_while(|byte| !byte.is_ascii_alphabetic()).peekable();
    let Some(first) = rest.peek() else {
        return Ok(ValueRef::Text(b"?000"));
    };
    let mut out = vec![first.to_ascii_uppercase()];
    let mut before = soundex_code(**first);
    let mut patience = Patience::new(call.context);
    for &byte in rest {
        patience.spend(1)?;
        let code = soundex_code(byte);
        if let Some(digit) = code
            && code != before
            && out.len() < 4
        {
            out.push(digit);
        }
        before = code;
    }
    out.resize(4, b'0');
    call.text(out)
}

fn soundex_code(byte: u8) -> Option<u8> {
    match (byte & 0x7f).to_ascii_lowercase() {
        b'b' | b'f' | b'p' | b'v' => Some(b'1'),
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => Some(b'2'),
        b'd' | b't' => Some(b'3'),
        b'l' => Some(b'4'),
        b'm' | b'n' => Some(b'5'),
        b'r' => Some(b'6'),
        _ => None,
    }
}

/// The pattern of a `LIKE` or `GLOB`, for callers that match one against many texts; `None` if something is NULL.
pub fn compile_pattern<'a>(
    call: &Call<'_, 'a>,
    style: Style,
    pattern: ValueRef<'a>,
    escape: Option<ValueRef<'a>>,
) -> Result<Option<Pattern>> {
    let pattern = call.text_of(pattern);
    if pattern.map_or(0, <[u8]>::len) > call.context.limits().like_pattern_bytes {
        return refused("LIKE or GLOB pattern too complex");
    }
    let escape = match escape {
        None => None,
        Some(escape) => {
            let Some(text) = call.text_of(escape) else {
                return Ok(None);
            };
            match utf8::split_first(utf8::until_nul(text)) {
                Some((code, [])) => Some(code),
                _ => return refused("ESCAPE expression must be a single character"),
            }
        }
    };
    Ok(pattern.map(|text| Pattern::compile(text, style, escape)))
}

/// `like(pattern, text)` and `like(pattern, text, escape)`, which are `text LIKE pattern ESCAPE escape`.
pub(super) fn like<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let style = if call.context.is_like_case_sensitive() { Style::LikeCaseSensitive } else { Style::Like };
    matches(call, args, style)
}

/// `glob(pattern, text)`, which is `text GLOB pattern`.
pub(super) fn glob<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    matches(call, args, Style::Glob)
}

fn matches<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>, style: Style) -> Output<'a> {
    let pattern = compile_pattern(call, style, args[0], args.get(2).copied())?;
    let text = call.text_of(args[1]);
    let Some((pattern, text)) = pattern.zip(text) else { return Ok(ValueRef::Null) };
    let found = pattern.matches_unless(text, &|| call.context.is_interrupted());
    found.map(ValueRef::boolean).ok_or(Error::Interrupted)
}

/// `zeroblob(n)`
pub(super) fn zeroblob<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let len = usize::try_from(args[0].to_integer().max(0)).map_err(|_| too_big())?;
    call.check_len(len)?;
    call.blob(vec![0; len])
}

/// `randomblob(n)`
pub(super) fn randomblob<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let len = usize::try_from(args[0].to_integer().max(1)).map_err(|_| too_big())?;
    call.check_len(len)?;
    let mut blob = vec![0; len];
    let mut patience = Patience::new(call.context);
    for part in blob.chunks_mut(PART_BYTES) {
        patience.spend(part.len())?;
        call.context.random(part);
    }
    call.blob(blob)
}

#[cfg(test)]
mod tests;
