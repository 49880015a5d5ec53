//! Values as text: for people, and as SQL that gives the same value again.

use std::borrow::Cow;

use duramen_sql::ValueRef;
use duramen_sql::value::real_text;

/// A value as it is shown; `null` stands for NULL.
pub(crate) fn shown<'v>(value: ValueRef<'v>, null: &'v str) -> Cow<'v, str> {
    match value {
        ValueRef::Null => null.into(),
        ValueRef::Integer(integer) => integer.to_string().into(),
        ValueRef::Real(real) => String::from_utf8_lossy(real_text(real).as_bytes()).into_owned().into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text),
        ValueRef::Blob(blob) => blob_literal(blob).into(),
    }
}

/// A text whose control characters, line ends apart, cannot do anything to a terminal.
pub(crate) fn tame(text: Cow<'_, str>) -> Cow<'_, str> {
    let wild = |c: char| c.is_control() && c != '\n';
    if !text.contains(wild) {
        return text;
    }
    let mut tamed = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => tamed.push_str("    "),
            '\u{7f}' => tamed.push_str("^?"),
            c if wild(c) && c.is_ascii() => {
                tamed.push('^');
                tamed.extend(char::from_u32(u32::from(c) + 0x40));
            }
            c if wild(c) => tamed.push('\u{fffd}'),
            c => tamed.push(c),
        }
    }
    tamed.into()
}

/// A literal that gives exactly this value.
pub(crate) fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".into(),
        ValueRef::Integer(integer) => integer.to_string(),
        ValueRef::Real(real) => real_literal(real),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) if !text.contains('\0') => quoted(text, '\''),
            _ => format!("CAST({} AS TEXT)", blob_literal(text)),
        },
        ValueRef::Blob(blob) => blob_literal(blob),
    }
}

/// Up to 15 digits any reader gives back the same real. Where they are not enough, 17 stand for it alone, and as far
/// from its neighbours as can be.
fn real_literal(real: f64) -> String {
    if real.is_infinite() {
        return if real > 0.0 { "9.0e+999" } else { "-9.0e+999" }.into();
    }
    let short = format!("{real:?}");
    let digits = short.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    if digits <= 15 { short } else { format!("{real:.16e}") }
}

/// A blob as a literal.
pub(crate) fn blob_literal(blob: &[u8]) -> String {
    format!("x'{}'", hex(blob, "0123456789abcdef"))
}

/// The digits of a blob, as `hex()` gives them.
pub(crate) fn hex_digits(blob: &[u8]) -> String {
    hex(blob, "0123456789ABCDEF")
}

fn hex(blob: &[u8], digits: &str) -> String {
    let digits = digits.as_bytes();
    let digit = |nibble: u8| char::from(digits[usize::from(nibble)]);
    blob.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A text between quotes, those in it doubled.
pub(crate) fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars() {
        if c == quote {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests;
