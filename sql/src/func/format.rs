//! `printf()`, also called `format()`, and what else writes values as they are written in SQL.
//!
//! The format is bytes up to the first NUL. A conversion is `%`, flags, width, `.` and precision, `l` or `ll`, and a
//! letter. One that is not known, or cut off, ends the output. Arguments that are not there count as NULL.

use crate::error::Result;
use crate::func::writer::Writer;
use crate::value::decimal::{self, Decimal, Decoded, Precision};
use crate::value::{NumberText, ValueRef, integer_text, utf8};

/// So many bytes become digits before these are written.
const HEX_AT_ONCE: usize = 256;

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Debug, Default)]
struct Spec {
    /// `-`, or a width below 0 from the arguments
    left: bool,
    /// `+` or a space
    sign: Option<u8>,
    /// `#`
    alternate: bool,
    /// `!`
    bang: bool,
    /// `0`
    zeros: bool,
    /// `,`
    thousands: bool,
    width: u64,
    precision: Option<u64>,
}

impl Spec {
    /// With a width and a precision of at most `most`.
    fn bounded(self, most: u64) -> Spec {
        let precision = self.precision.map(|precision| precision.min(most));
        Spec { width: self.width.min(most), precision, ..self }
    }

    /// Writes what was converted, with blanks up to the width.
    fn pad(self, out: &mut Writer<'_>, converted: &[u8]) -> Result<()> {
        let len = u64::try_from(converted.len()).unwrap_or(u64::MAX);
        let blanks = self.width.saturating_sub(len);
        if !self.left {
            out.repeat(b' ', blanks)?;
        }
        out.push(converted)?;
        if self.left { out.repeat(b' ', blanks) } else { Ok(()) }
    }

    /// As [`Spec::pad`], for what has been written since a place, where the width counts characters if `!` asks for it.
    fn pad_written(mut self, out: &mut Writer<'_>, start: usize) -> Result<()> {
        let converted = out.since(start);
        if self.bang && self.width > 0 {
            self.width += count_continuations(converted);
        }
        let len = u64::try_from(converted.len()).unwrap_or(u64::MAX);
        let blanks = self.width.saturating_sub(len);
        if self.left { out.repeat(b' ', blanks) } else { out.indent(start, blanks) }
    }

    /// [`Spec::pad`], where the width counts characters if `!` asks for it.
    fn pad_characters(mut self, out: &mut Writer<'_>, converted: &[u8]) -> Result<()> {
        if self.bang && self.width > 0 {
            self.width += count_continuations(converted);
        }
        self.pad(out, converted)
    }
}

fn count_continuations(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(byte & 0xc0 == 0x80)).sum()
}

/// The arguments that were not used yet.
struct Arguments<'v, 'a>(std::slice::Iter<'v, ValueRef<'a>>);

impl<'a> Arguments<'_, 'a> {
    fn next(&mut self) -> ValueRef<'a> {
        self.0.next().copied().unwrap_or(ValueRef::Null)
    }

    /// An argument as C's `int`: the lower 32 bits of an integer.
    fn next_int(&mut self) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "the upper bits are to be lost")]
        let int = self.next().to_integer() as i32;
        int
    }
}

/// Formats as `printf(format, arguments...)` does, with widths up to `most_width`.
pub(crate) fn format(
    format: &[u8],
    arguments: &[ValueRef<'_>],
    most_width: u64,
    out: &mut Writer<'_>,
) -> Result<()> {
    let mut arguments = Arguments(arguments.iter());
    let mut rest = utf8::until_nul(format);
    while let Some(percent) = rest.iter().position(|&byte| byte == b'%') {
        out.push(&rest[..percent])?;
        rest = &rest[percent + 1..];
        if rest.is_empty() {
            return out.push(b"%");
        }
        let spec = parse_spec(&mut rest, &mut arguments).bounded(most_width);
        let Some((&letter, tail)) = rest.split_first() else {
            return Ok(());
        };
        rest = tail;
        if !convert(letter, spec, &mut arguments, out)? {
            return Ok(());
        }
    }
    out.push(rest)
}

/// Takes flags, width, precision and length off the front of the format.
fn parse_spec(rest: &mut &[u8], arguments: &mut Arguments<'_, '_>) -> Spec {
    let mut spec = Spec::default();
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'-' => spec.left = true,
            b'+' | b' ' => spec.sign = Some(byte),
            b'#' => spec.alternate = true,
            b'!' => spec.bang = true,
            b'0' => spec.zeros = true,
            b',' => spec.thousands = true,
            _ => break,
        }
        *rest = tail;
    }
    match rest.first() {
        Some(b'*') => {
            *rest = &rest[1..];
            let width = arguments.next_int();
            spec.left |= width < 0;
            spec.width = if width == i32::MIN { 0 } else { u64::from(width.unsigned_abs()) };
        }
        Some(b'1'..=b'9') => spec.width = parse_count(rest),
        _ => {}
    }
    if let [b'.', tail @ ..] = *rest {
        *rest = tail;
        spec.precision = if let [b'*', tail @ ..] = *rest {
            *rest = tail;
            let precision = arguments.next_int();
            (precision != i32::MIN).then_some(u64::from(precision.unsigned_abs()))
        } else {
            Some(parse_count(rest))
        };
    }
    for _ in 0..2 {
        if let [b'l', tail @ ..] = *rest {
            *rest = tail;
        }
    }
    spec
}

/// A number of 31 bits; more digits overflow.
fn parse_count(rest: &mut &[u8]) -> u64 {
    let mut count = 0u32;
    while let [digit @ b'0'..=b'9', tail @ ..] = *rest {
        count = count.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
        *rest = tail;
    }
    u64::from(count & 0x7fff_ffff)
}

/// Does one conversion; false if there is none of this letter.
fn convert(letter: u8, spec: Spec, arguments: &mut Arguments<'_, '_>, out: &mut Writer<'_>) -> Result<bool> {
    let mut room = NumberText::new();
    match letter {
        b'd' | b'i' => integer(spec, signed(spec, arguments), Suffix::None, out)?,
        b'r' => {
            integer(Spec { thousands: false, ..spec }, signed(spec, arguments), Suffix::Ordinal, out)?;
        }
        b'u' => integer(spec, (None, arguments.next().to_integer().cast_unsigned()), Suffix::None, out)?,
        b'x' | b'X' | b'o' | b'p' => radix(letter, spec, arguments, out)?,
        b'f' | b'e' | b'E' | b'g' | b'G' => real(letter, spec, arguments.next().to_real(), out)?,
        b's' | b'z' => {
            let text = c_text(arguments.next(), &mut room).unwrap_or_default();
            spec.pad_characters(out, &text[..precision_len(text, spec)])?;
        }
        b'c' => character(spec, c_text(arguments.next(), &mut room).unwrap_or_default(), out)?,
        b'q' | b'Q' | b'w' => quoted(letter, spec, c_text(arguments.next(), &mut room), out)?,
        b'j' | b'J' => json_string(letter, spec, c_text(arguments.next(), &mut room), out)?,
        b'%' => spec.pad(out, b"%")?,
        b'n' => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// The value as text up to its first NUL byte; `None` for NULL.
fn c_text<'r>(value: ValueRef<'r>, room: &'r mut NumberText) -> Option<&'r [u8]> {
    value.to_text(room).map(utf8::until_nul)
}

/// How much of a text the precision lets through: bytes, or characters with `!`.
fn precision_len(text: &[u8], spec: Spec) -> usize {
    let Some(precision) = spec.precision.and_then(|precision| usize::try_from(precision).ok()) else {
        return text.len();
    };
    if !spec.bang {
        return precision.min(text.len());
    }
    let mut len = 0;
    for _ in 0..precision {
        match utf8::first_len(&text[len..]) {
            0 => break,
            next => len += next,
        }
    }
    len
}

fn signed(spec: Spec, arguments: &mut Arguments<'_, '_>) -> (Option<u8>, u64) {
    let integer = arguments.next().to_integer();
    (if integer < 0 { Some(b'-') } else { spec.sign }, integer.unsigned_abs())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    None,
    /// `st`, `nd`, `rd` or `th`
    Ordinal,
}

fn ordinal(magnitude: u64) -> &'static [u8] {
    match (magnitude % 10, magnitude / 10 % 10) {
        (1, tens) if tens != 1 => b"st",
        (2, tens) if tens != 1 => b"nd",
        (3, tens) if tens != 1 => b"rd",
        _ => b"th",
    }
}

fn integer(
    spec: Spec,
    (sign, magnitude): (Option<u8>, u64),
    suffix: Suffix,
    out: &mut Writer<'_>,
) -> Result<()> {
    let mut digits = magnitude.to_string().into_bytes();
    if suffix == Suffix::Ordinal {
        digits.extend_from_slice(ordinal(magnitude));
    }
    finish_integer(spec, sign, digits, b"", out)
}

fn radix(letter: u8, spec: Spec, arguments: &mut Arguments<'_, '_>, out: &mut Writer<'_>) -> Result<()> {
    let value = arguments.next().to_integer().cast_unsigned();
    let (digits, prefix) = match letter {
        b'o' => (format!("{value:o}"), "0"),
        b'x' => (format!("{value:x}"), "0x"),
        b'p' => (format!("{value:X}"), "0x"),
        _ => (format!("{value:X}"), "0X"),
    };
    let prefix = if spec.alternate && value != 0 { prefix } else { "" };
    finish_integer(Spec { thousands: false, ..spec }, None, digits.into_bytes(), prefix.as_bytes(), out)
}

/// Zeros up to the precision, commas, sign and prefix, blanks up to the width.
fn finish_integer(
    spec: Spec,
    sign: Option<u8>,
    digits: Vec<u8>,
    prefix: &[u8],
    out: &mut Writer<'_>,
) -> Result<()> {
    let mut least = spec.precision.unwrap_or(0);
    if spec.zeros {
        least = least.max(spec.width.saturating_sub(u64::from(sign.is_some())));
    }
    let mut converted = out.another();
    let zeros = least.saturating_sub(u64::try_from(digits.len()).unwrap_or(0));
    converted.repeat(b'0', zeros)?;
    converted.push(&digits)?;
    let mut number = converted.into_bytes();
    if spec.thousands {
        number = with_commas(&number);
    }
    number.splice(..0, [sign.as_slice(), prefix].concat());
    spec.pad(out, &number)
}

fn with_commas(digits: &[u8]) -> Vec<u8> {
    let mut grouped = Vec::with_capacity(digits.len() * 4 / 3);
    for (at, &digit) in digits.iter().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(b',');
        }
        grouped.push(digit);
    }
    grouped
}

/// In which way a real is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    Fixed,
    Exponent,
}

fn real(letter: u8, spec: Spec, real: f64, out: &mut Writer<'_>) -> Result<()> {
    /// The greatest precision.
    const MOST: i32 = 100_000_000;
    let precision = spec.precision.map_or(6, |precision| i32::try_from(precision).unwrap_or(MOST).min(MOST));
    let is_general = matches!(letter, b'g' | b'G');
    let rounding = match letter {
        b'f' => Precision::Fraction(precision),
        b'g' | b'G' => Precision::Significant(precision.max(1)),
        _ => Precision::Significant(precision + 1),
    };
    let decimal = match decimal::decode(real, rounding, if spec.bang { 20 } else { 16 }) {
        Decoded::Finite(decimal) => decimal,
        Decoded::Infinite { negative } if spec.zeros => Decimal::beyond(negative),
        Decoded::Infinite { negative } => {
            let sign = if negative { Some(b'-') } else { spec.sign };
            return spec.pad(out, &[sign.as_slice(), b"Inf"].concat());
        }
        Decoded::NotANumber => return spec.pad(out, if spec.zeros { b"null" } else { b"NaN" }),
    };
    // With `#` a zero that was rounded to from below has no sign.
    let is_shown_as_zero = letter == b'f' && decimal.point <= -precision;
    let sign = match decimal.negative {
        true if spec.alternate && spec.sign.is_none() && is_shown_as_zero => None,
        true => Some(b'-'),
        false => spec.sign,
    };
    let exponent = decimal.point - 1;
    let (notation, fraction_digits) = match letter {
        b'f' => (Notation::Fixed, precision),
        _ if !is_general => (Notation::Exponent, precision),
        _ if exponent < -4 || exponent > precision.max(1) - 1 => (Notation::Exponent, precision.max(1) - 1),
        _ => (Notation::Fixed, precision.max(1) - 1 - exponent),
    };
    let drops_zeros = if is_general { !spec.alternate } else { spec.bang };
    let needed = i64::from(exponent.max(0)) * 2 + i64::from(fraction_digits);
    out.check(u64::try_from(needed).unwrap_or(0).saturating_add(spec.width))?;

    let mut number = Vec::new();
    push_decimal(&mut number, &decimal, notation, fraction_digits, spec, drops_zeros);
    if notation == Notation::Exponent {
        number.push(if letter.is_ascii_uppercase() { b'E' } else { b'e' });
        number.push(if exponent < 0 { b'-' } else { b'+' });
        let magnitude = integer_text(i64::from(exponent.abs()));
        if magnitude.as_bytes().len() < 2 {
            number.push(b'0');
        }
        number.extend_from_slice(magnitude.as_bytes());
    }
    if spec.zeros && !spec.left {
        let len = u64::try_from(number.len() + usize::from(sign.is_some())).unwrap_or(0);
        out.push(sign.as_slice())?;
        out.repeat(b'0', spec.width.saturating_sub(len))?;
        return out.push(&number);
    }
    number.splice(..0, sign);
    spec.pad(out, &number)
}

/// The digits before and behind the point.
fn push_decimal(
    number: &mut Vec<u8>,
    decimal: &Decimal,
    notation: Notation,
    fraction_digits: i32,
    spec: Spec,
    drops_zeros: bool,
) {
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    let digits = decimal.digits();
    let point = if notation == Notation::Exponent { 1 } else { decimal.point };
    let (whole, fraction) = digits.split_at(count(point).min(digits.len()));
    let zeros = count(point) - whole.len();
    if point <= 0 {
        number.push(b'0');
    } else if spec.thousands {
        let padded = [whole, &vec![b'0'; zeros]].concat();
        number.extend_from_slice(&with_commas(&padded));
    } else {
        number.extend_from_slice(whole);
        number.resize(number.len() + zeros, b'0');
    }
    let mut room = count(fraction_digits);
    if room == 0 && !spec.alternate && !spec.bang {
        return;
    }
    number.push(b'.');
    let leading = count(-point).min(room);
    number.resize(number.len() + leading, b'0');
    room -= leading;
    let shown = fraction.len().min(room);
    number.extend_from_slice(&fraction[..shown]);
    if !drops_zeros {
        number.resize(number.len() + room - shown, b'0');
        return;
    }
    while number.last() == Some(&b'0') {
        number.pop();
    }
    if number.last() == Some(&b'.') {
        if spec.bang {
            number.push(b'0');
        } else {
            number.pop();
        }
    }
}

/// `%c`: the first character of a text, as often as the precision says; a NUL byte for no text.
fn character(mut spec: Spec, text: &[u8], out: &mut Writer<'_>) -> Result<()> {
    let character: &[u8] = match text {
        [] => b"\0",
        [first, ..] if first & 0xc0 == 0xc0 => &text[..utf8::first_len(text).min(4)],
        _ => &text[..1],
    };
    let more = spec.precision.map_or(0, |precision| precision.saturating_sub(1));
    if more > 0 {
        let width = spec.width.saturating_sub(more);
        spec.width = width;
        if width > 1 && !spec.left {
            out.repeat(b' ', width - 1)?;
            spec.width = 0;
        }
        out.check(more.saturating_mul(u64::try_from(character.len()).unwrap_or(1)))?;
        for _ in 0..more {
            out.push(character)?;
        }
    }
    Spec { bang: true, ..spec }.pad_characters(out, character)
}

/// `%q`, `%Q` and `%w`: text as it is written between quotes in SQL.
fn quoted(letter: u8, spec: Spec, text: Option<&[u8]>, out: &mut Writer<'_>) -> Result<()> {
    let is_null = text.is_none();
    let text = text.unwrap_or(if letter == b'Q' { b"NULL" } else { b"(NULL)" });
    let text = &text[..precision_len(text, spec)];
    let quote = if letter == b'w' { b'"' } else { b'\'' };
    let has_controls = text.iter().any(|&byte| byte <= 0x1f);
    let escapes = spec.alternate && letter != b'w' && (has_controls || letter == b'q');
    let (open, close): (&[u8], &[u8]) = match (letter, is_null, escapes) {
        (b'Q', false, true) => (b"unistr('", b"')"),
        (b'Q', false, false) => (b"'", b"'"),
        _ => (b"", b""),
    };
    let start = out.len();
    out.push(open)?;
    out.push_escaped(text, |byte| match byte {
        b'\\' if escapes => Some(b"\\\\".to_vec()),
        ..=0x1f if escapes => Some(format!("\\u{byte:04x}").into_bytes()),
        _ if byte == quote => Some(vec![quote, quote]),
        _ => None,
    })?;
    out.push(close)?;
    spec.pad_written(out, start)
}

/// `%j` and `%J`: text as it is written in JSON, without and with its quotes.
fn json_string(letter: u8, spec: Spec, text: Option<&[u8]>, out: &mut Writer<'_>) -> Result<()> {
    let quotes: &[u8] = if letter == b'J' { b"\"" } else { b"" };
    let start = out.len();
    match text {
        None if letter == b'J' => out.push(b"null")?,
        None => {}
        Some(text) => {
            out.push(quotes)?;
            out.push_escaped(&text[..json_precision_len(text, spec)], |byte| match byte {
                b'"' | b'\\' => Some(vec![b'\\', byte]),
                0x08 => Some(b"\\b".to_vec()),
                0x09 => Some(b"\\t".to_vec()),
                0x0a => Some(b"\\n".to_vec()),
                0x0c => Some(b"\\f".to_vec()),
                0x0d => Some(b"\\r".to_vec()),
                ..=0x1f => Some(format!("\\u{byte:04x}").into_bytes()),
                _ => None,
            })?;
            out.push(quotes)?;
        }
    }
    spec.pad_written(out, start)
}

/// As [`precision_len`], but with `!` continuation bytes at the very front come along for nothing.
fn json_precision_len(text: &[u8], spec: Spec) -> usize {
    match spec.precision.and_then(|precision| usize::try_from(precision).ok()) {
        Some(precision) if spec.bang => {
            let starts = text.iter().enumerate().filter(|(_, byte)| *byte & 0xc0 != 0x80);
            starts.map(|(at, _)| at).nth(precision).unwrap_or(text.len())
        }
        _ => precision_len(text, spec),
    }
}

/// How `quote()` writes text with control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controls {
    /// As they are.
    Plain,
    /// As escapes in a call of `unistr()`.
    Escaped,
}

/// The value as a literal of SQL: what `quote()` and `unistr_quote()` give.
pub(crate) fn literal(value: ValueRef<'_>, controls: Controls, out: &mut Writer<'_>) -> Result<()> {
    match value {
        ValueRef::Null => out.push(b"NULL"),
        ValueRef::Integer(integer) => out.push(integer_text(integer).as_bytes()),
        ValueRef::Real(value) => {
            // An infinity is written as a number that is read as one.
            let spec = Spec { bang: true, zeros: true, precision: Some(17), ..Spec::default() };
            real(b'g', spec, value, out)
        }
        ValueRef::Text(text) => {
            let spec = Spec { alternate: controls == Controls::Escaped, ..Spec::default() };
            quoted(b'Q', spec, Some(utf8::until_nul(text)), out)
        }
        ValueRef::Blob(blob) => {
            out.check(u64::try_from(blob.len()).unwrap_or(u64::MAX).saturating_mul(2))?;
            out.push(b"X'")?;
            hex(blob, out)?;
            out.push(b"'")
        }
    }
}

/// Bytes as capital hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], out: &mut Writer<'_>) -> Result<()> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for part in bytes.chunks(HEX_AT_ONCE) {
        let mut digits = [0; HEX_AT_ONCE * 2];
        for (byte, pair) in part.iter().zip(digits.as_chunks_mut::<2>().0) {
            *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        }
        out.push(&digits[..part.len() * 2])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
