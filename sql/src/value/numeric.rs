//! Numbers in text, and numbers as text.
//!
//! Reading takes the longest prefix that is a number and tells what stood behind it; whitespace around is skipped.
//! Hexadecimal is no number here (only SQL literals know it). For reals a NUL byte ends the text; for integers it is
//! a byte like any other, so `'12' || char(0)` reads as the real 12.0 in whole, but as the integer 12 with excess.
//!
//! Writing gives what SQLite gives: reals with up to 17 significant digits, always with a decimal point.

use super::class::ValueRef;
use super::decimal::{self, Decoded, Precision};

/// Significant digits of a real as text; SQLite's default.
const REAL_DIGITS: i32 = 17;

/// Whitespace, as SQLite knows it.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 9..=13 | b' ')
}

fn skip_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|&&byte| is_space(byte)).count();
    &text[spaces..]
}

/// How much of a text is the number that was read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// No part of it.
    Nothing,
    /// The front, with something else behind.
    Prefix,
    /// All, whitespace apart.
    Whole,
}

/// A real read from the front of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RealText {
    pub(crate) real: f64,
    pub(crate) extent: Extent,
    /// Whether neither a decimal point nor an exponent was seen. True also for no number at all.
    pub(crate) integral: bool,
}

/// Reads a real.
pub(crate) fn parse_real(text: &[u8]) -> RealText {
    const FULL: u64 = (u64::MAX - 9) / 10;
    let digit = |text: &[u8]| text.first().map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10);
    let mut rest = skip_spaces(text);
    let negative = rest.first() == Some(&b'-');
    if negative || rest.first() == Some(&b'+') {
        rest = &rest[1..];
    }
    let mut mantissa = 0u64;
    let mut power = 0i32;
    let mut any_digit = false;
    let mut full = false;
    while let Some(value) = digit(rest) {
        any_digit = true;
        // Digits past the nineteenth or so are not looked at, only counted.
        if full {
            power = power.saturating_add(1);
        } else {
            mantissa = mantissa * 10 + u64::from(value);
            full = mantissa >= FULL;
        }
        rest = &rest[1..];
    }
    let mut integral = true;
    if rest.first() == Some(&b'.') && (any_digit || digit(&rest[1..]).is_some()) {
        integral = false;
        any_digit = true;
        rest = &rest[1..];
        while let Some(value) = digit(rest) {
            if mantissa < FULL {
                mantissa = mantissa * 10 + u64::from(value);
                power = power.saturating_sub(1);
            }
            rest = &rest[1..];
        }
    }
    if !any_digit {
        return RealText { real: 0.0, extent: Extent::Nothing, integral: true };
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let (sign, digits) = match tail {
            [b'-', digits @ ..] => (-1, digits),
            [b'+', digits @ ..] => (1, digits),
            digits => (1, digits),
        };
        if digit(digits).is_some() {
            integral = false;
            rest = digits;
            let mut exponent = 0i32;
            while let Some(value) = digit(rest) {
                exponent = if exponent < 10_000 { exponent * 10 + i32::from(value) } else { 10_000 };
                rest = &rest[1..];
            }
            power = power.saturating_add(sign * exponent);
        }
    }
    let real = decimal::from_decimal(mantissa, power);
    let real = if negative { -real } else { real };
    let rest = skip_spaces(rest);
    let whole = matches!(rest, [] | [0, ..]);
    RealText { real, extent: if whole { Extent::Whole } else { Extent::Prefix }, integral }
}

/// An integer read from the front of a text, and how it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IntegerText {
    /// The integer; the nearest one where it does not fit 64 bits.
    pub(crate) integer: i64,
    pub(crate) extent: Extent,
    /// Whether it lies outside of 64 bits.
    pub(crate) overflow: Option<Overflow>,
}

/// In which way digits are too large for an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overflow {
    /// Exactly 9223372036854775808, which only a minus sign would make an integer.
    ByOne,
    /// Anything else.
    Far,
}

impl IntegerText {
    /// The integer, if all of the text is one that fits.
    pub(crate) fn exact(self) -> Option<i64> {
        (self.extent == Extent::Whole && self.overflow.is_none()).then_some(self.integer)
    }
}

/// Reads a decimal integer.
pub(crate) fn parse_integer(text: &[u8]) -> IntegerText {
    const LIMIT: u64 = 1 << 63;
    let mut rest = skip_spaces(text);
    let negative = rest.first() == Some(&b'-');
    if negative || rest.first() == Some(&b'+') {
        rest = &rest[1..];
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = rest.split_at(digits);
    let extent = match (digits, skip_spaces(rest)) {
        (0, _) => Extent::Nothing,
        (_, []) => Extent::Whole,
        _ => Extent::Prefix,
    };
    let magnitude = number.iter().try_fold(0u64, |value, byte| {
        value.checked_mul(10)?.checked_add(u64::from(byte - b'0')).filter(|&value| value <= LIMIT)
    });
    match magnitude {
        Some(magnitude) if negative => {
            IntegerText { integer: 0i64.wrapping_sub_unsigned(magnitude), extent, overflow: None }
        }
        Some(magnitude) => match i64::try_from(magnitude) {
            Ok(integer) => IntegerText { integer, extent, overflow: None },
            Err(_) => IntegerText { integer: i64::MAX, extent, overflow: Some(Overflow::ByOne) },
        },
        None => {
            let integer = if negative { i64::MIN } else { i64::MAX };
            IntegerText { integer, extent, overflow: Some(Overflow::Far) }
        }
    }
}

/// The integer part of a real, or the nearest integer for a real beyond them all.
#[must_use]
pub fn real_to_integer(real: f64) -> i64 {
    const LARGEST: f64 = 9_223_372_036_854_774_784.0;
    if real < -LARGEST {
        i64::MIN
    } else if real > LARGEST {
        i64::MAX
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "in range, and the fraction is to be cut off")]
        let integer = real as i64;
        integer
    }
}

/// The real nearest to an integer.
#[must_use]
pub fn integer_to_real(integer: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the nearest real is what is asked for")]
    let real = integer as f64;
    real
}

/// The integer that a real stands for, if it is small enough for the two to be the same thing to SQLite (51 bits).
pub(crate) fn small_integer_of(real: f64) -> Option<i64> {
    const BOUND: i64 = 1 << 51;
    let integer = real_to_integer(real);
    let same = integer_to_real(integer) == real && (-BOUND..BOUND).contains(&integer);
    same.then_some(integer)
}

/// A number: what is left of a value when arithmetic looks at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Integer(i64),
    /// A real; never NaN.
    Real(f64),
}

impl Number {
    /// The number as a real.
    #[must_use]
    pub fn to_real(self) -> f64 {
        match self {
            Number::Integer(integer) => integer_to_real(integer),
            Number::Real(real) => real,
        }
    }
}

impl From<Number> for ValueRef<'_> {
    fn from(number: Number) -> Self {
        match number {
            Number::Integer(integer) => ValueRef::Integer(integer),
            Number::Real(real) => ValueRef::Real(real),
        }
    }
}

/// The number that all of a text is, if it is one; integers only where it looks like an integer.
pub(crate) fn whole_number(text: &[u8]) -> Option<Number> {
    let parsed = parse_real(text);
    if parsed.extent != Extent::Whole {
        return None;
    }
    let integer = if parsed.integral {
        small_integer_of(parsed.real).or_else(|| parse_integer(text).exact())
    } else {
        None
    };
    Some(integer.map_or(Number::Real(parsed.real), Number::Integer))
}

impl<'a> ValueRef<'a> {
    /// The value as an integer: the integer part of a real, the integer at the front of text; 0 for NULL.
    #[must_use]
    pub fn to_integer(self) -> i64 {
        match self {
            ValueRef::Null => 0,
            ValueRef::Integer(integer) => integer,
            ValueRef::Real(real) => real_to_integer(real),
            ValueRef::Text(text) | ValueRef::Blob(text) => parse_integer(text).integer,
        }
    }

    /// The value as a real: the number at the front of text; 0 for NULL.
    #[must_use]
    pub fn to_real(self) -> f64 {
        match self {
            ValueRef::Null => 0.0,
            ValueRef::Integer(integer) => integer_to_real(integer),
            ValueRef::Real(real) => real,
            ValueRef::Text(text) | ValueRef::Blob(text) => parse_real(text).real,
        }
    }

    /// SQL's truth: numbers other than 0 are true, NULL is unknown.
    #[must_use]
    pub fn to_bool(self) -> Option<bool> {
        match self {
            ValueRef::Null => None,
            ValueRef::Integer(integer) => Some(integer != 0),
            value => Some(value.to_real() != 0.0),
        }
    }

    /// The number that arithmetic takes the value for; `None` for NULL. Text counts as an integer if it starts with
    /// one that fits and is followed by nothing that makes it a real.
    #[must_use]
    pub fn to_number(self) -> Option<Number> {
        match self {
            ValueRef::Null => None,
            ValueRef::Integer(integer) => Some(Number::Integer(integer)),
            ValueRef::Real(real) => Some(Number::Real(real)),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                let real = parse_real(text);
                let integer = parse_integer(text);
                let takes_prefix = real.extent != Extent::Whole;
                let fits = integer.overflow.is_none() && (takes_prefix || integer.extent == Extent::Whole);
                Some(if real.integral && fits {
                    Number::Integer(integer.integer)
                } else {
                    Number::Real(real.real)
                })
            }
        }
    }

    /// The number that the value is, without loss: itself, or text that is a number from end to end. `None` for
    /// anything else, blobs included.
    #[must_use]
    pub fn as_number(self) -> Option<Number> {
        match self {
            ValueRef::Integer(integer) => Some(Number::Integer(integer)),
            ValueRef::Real(real) => Some(Number::Real(real)),
            ValueRef::Text(text) => whole_number(text),
            ValueRef::Null | ValueRef::Blob(_) => None,
        }
    }

    /// The value as text: numbers are written into `room`, the bytes of a blob are taken as they are; `None` for NULL.
    #[must_use]
    pub fn to_text<'r>(self, room: &'r mut NumberText) -> Option<&'r [u8]>
    where
        'a: 'r,
    {
        match self {
            ValueRef::Null => None,
            ValueRef::Integer(integer) => {
                *room = integer_text(integer);
                Some(room.as_bytes())
            }
            ValueRef::Real(real) => {
                *room = real_text(real);
                Some(room.as_bytes())
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        }
    }
}

/// A number as text, without a heap.
#[derive(Clone, Copy, Debug)]
pub struct NumberText {
    buffer: [u8; Self::LEN],
    len: usize,
}

impl NumberText {
    /// Sign, 17 digits, decimal point and `e-324`, or zeros up to the point.
    const LEN: usize = 32;

    /// Empty.
    #[must_use]
    pub fn new() -> NumberText {
        NumberText { buffer: [0; Self::LEN], len: 0 }
    }

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.buffer[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

impl Default for NumberText {
    fn default() -> NumberText {
        NumberText::new()
    }
}

/// An integer as text.
#[must_use]
pub fn integer_text(integer: i64) -> NumberText {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = integer.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let mut text = NumberText::new();
    if integer < 0 {
        text.push(b"-");
    }
    text.push(&digits[start..]);
    text
}

/// A real as text: at most 17 significant digits, fewer where they name the same real.
#[must_use]
pub fn real_text(real: f64) -> NumberText {
    let mut text = NumberText::new();
    let decimal = match decimal::decode(real, Precision::Significant(REAL_DIGITS), 20) {
        Decoded::Finite(decimal) => decimal,
        Decoded::Infinite { negative } => {
            text.push(if negative { b"-Inf" } else { b"Inf" });
            return text;
        }
        Decoded::NotANumber => {
            text.push(b"NaN");
            return text;
        }
    };
    if decimal.negative {
        text.push(b"-");
    }
    let digits = decimal.digits();
    let exponent = decimal.point - 1;
    if (-4..REAL_DIGITS).contains(&exponent) {
        let whole = usize::try_from(decimal.point).unwrap_or(0);
        let (before, after) = digits.split_at(whole.min(digits.len()));
        text.push(if whole == 0 { b"0" } else { before });
        text.push(&b"00000000000000000"[..whole - before.len()]);
        text.push(b".");
        text.push(&b"000"[..usize::try_from(-decimal.point).unwrap_or(0)]);
        text.push(if after.is_empty() { b"0" } else { after });
    } else {
        text.push(&digits[..1]);
        text.push(b".");
        text.push(if digits.len() > 1 { &digits[1..] } else { b"0" });
        text.push(if exponent < 0 { b"e-" } else { b"e+" });
        let magnitude = integer_text(i64::from(exponent.abs()));
        if magnitude.len < 2 {
            text.push(b"0");
        }
        text.push(magnitude.as_bytes());
    }
    text
}

#[cfg(test)]
mod tests;
