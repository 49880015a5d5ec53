//! Index keys: values as bytes that sort, byte by byte, as SQLite sorts the values.
//!
//! A key is one column after the other ([`push_value`]), and for an index behind them the rowid
//! ([`push_rowid_suffix`]). Every column says itself where it ends, and no column is the beginning of another one: all
//! entries with given leading columns are those that start with the bytes of these columns. They lie between those
//! bytes and those bytes followed by `0xff`.
//!
//! | first byte | value | bytes that follow |
//! |---|---|---|
//! | 0x10 | NULL | |
//! | 0x20 | real at or below −2^63, or the integer −2^63 | 8: its bits, complemented |
//! | 0x21 to 0x28 | number below 0 with magnitude of 8 to 1 bytes | magnitude, complemented; fraction |
//! | 0x29 to 0x67 | number from −31.x to −0.x, by magnitude from 63 to 1 | fraction |
//! | 0x68 to 0xa7 | number from 0 to 31.x, by magnitude from 0 to 63 | fraction |
//! | 0xa8 to 0xaf | number over 0 with magnitude of 1 to 8 bytes | magnitude; fraction |
//! | 0xb0 | real at or over 2^63 | 8: its bits |
//! | 0xc0 | text | its sort key, in which 0x00 is 0x01 0x01 and 0x01 is 0x01 0x02; 0x00 at the end |
//! | 0xd0 | blob | its bytes, in the same way |
//!
//! The *magnitude* of a number is twice its integer part, without the sign, plus one if it has a fraction; big-endian.
//! Where it has one, the fraction follows as the 8 bytes of the real between 0 and 1, complemented for numbers below 0.
//! So integers and reals are in one order without any rounding, and equal ones are the same bytes.
//!
//! In a descending column all bytes are complemented.
//!
//! What a key does not keep: whether a number without a fraction was an integer or a real, the sign of zero, and text
//! that its collation takes for equal. [`push_value`] tells when that happens ([`Fidelity::Lost`]). A covering index
//! must then keep the original in the entry's value, and a reader that finds one there uses it instead; a column whose
//! affinity is REAL needs no original for integers, since reading makes them reals again.
//!
//! Invariants:
//! 1. Nothing that can follow a column starts with 0xff: no first byte is 0x00 or 0xff, and no rowid suffix starts so.
//! 2. Equal values give equal bytes, whatever their class.

use std::borrow::Cow;

use super::malformed::Malformed;
use crate::value::{Arena, Collation, ValueRef, integer_to_real};

const NULL: u8 = 0x10;
const BELOW_INTEGERS: u8 = 0x20;
const FIRST_INTEGER: u8 = BELOW_INTEGERS + 1;
/// A negative number whose magnitude takes n bytes has this minus n.
const NEGATIVE: u8 = 0x29;
/// A number with the magnitude m up to 63 has this plus or minus m.
const ZERO: u8 = 0x68;
/// A positive number whose magnitude takes n bytes has this plus n.
const POSITIVE: u8 = 0xa7;
const ABOVE_INTEGERS: u8 = 0xb0;
const TEXT: u8 = 0xc0;
const BLOB: u8 = 0xd0;

/// Ends text and blobs, in which it is written as [`ESCAPE`] and 1, and the escape itself as [`ESCAPE`] and 2.
const END: u8 = 0;
const ESCAPE: u8 = 1;

/// The greatest magnitude that is in the first byte.
const MAX_INLINE: u8 = 63;

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// In which direction a column of an index is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first, NULL before everything.
    #[default]
    Ascending,
    /// Largest first, NULL behind everything.
    Descending,
}

impl Direction {
    /// What bytes are combined with.
    fn mask(self) -> u8 {
        match self {
            Direction::Ascending => 0,
            Direction::Descending => 0xff,
        }
    }
}

/// Whether a key column gives back the value it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fidelity {
    /// [`next_value`] gives the very value.
    Kept,
    /// [`next_value`] gives a value that is equal but not the same: `1` for `1.0`, `abc` for `ABC`.
    Lost,
}

/// Appends a column to a key.
pub fn push_value(
    key: &mut Vec<u8>,
    value: ValueRef<'_>,
    collation: &Collation,
    direction: Direction,
) -> Fidelity {
    let start = key.len();
    let fidelity = match value {
        ValueRef::Null => {
            key.push(NULL);
            Fidelity::Kept
        }
        ValueRef::Integer(integer) => {
            push_integer(key, integer);
            Fidelity::Kept
        }
        ValueRef::Real(real) => push_real(key, real),
        ValueRef::Text(text) => {
            let sort_key = collation.sort_key(text);
            key.push(TEXT);
            push_escaped(key, &sort_key);
            // A borrowed sort key is the text or its beginning.
            match sort_key {
                Cow::Borrowed(borrowed) if borrowed.len() == text.len() => Fidelity::Kept,
                _ => Fidelity::Lost,
            }
        }
        ValueRef::Blob(blob) => {
            key.push(BLOB);
            push_escaped(key, blob);
            Fidelity::Kept
        }
    };
    if direction == Direction::Descending {
        key[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    fidelity
}

fn push_integer(key: &mut Vec<u8>, integer: i64) {
    match integer.unsigned_abs().checked_mul(2) {
        Some(magnitude) if integer < 0 => push_magnitude(key, magnitude, Sign::Negative),
        Some(magnitude) => push_magnitude(key, magnitude, Sign::Positive),
        // Only −2^63 is left; it is a real as well.
        None => push_beyond(key, integer_to_real(integer)),
    }
}

fn push_real(key: &mut Vec<u8>, real: f64) -> Fidelity {
    if real.abs() >= TWO_TO_63 {
        push_beyond(key, real);
        return if real == -TWO_TO_63 { Fidelity::Lost } else { Fidelity::Kept };
    }
    let fraction = real.abs().fract();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative and below 2^63; the fraction is kept apart"
    )]
    let whole = real.abs() as u64;
    let sign = if real < 0.0 { Sign::Negative } else { Sign::Positive };
    if fraction == 0.0 {
        push_magnitude(key, whole * 2, sign);
        return Fidelity::Lost;
    }
    push_magnitude(key, whole * 2 + 1, sign);
    key.extend_from_slice(&(fraction.to_bits() ^ sign.mask()).to_be_bytes());
    Fidelity::Kept
}

/// A real of which the magnitude is over that of all integers.
fn push_beyond(key: &mut Vec<u8>, real: f64) {
    let sign = if real < 0.0 { Sign::Negative } else { Sign::Positive };
    key.push(match sign {
        Sign::Negative => BELOW_INTEGERS,
        Sign::Positive => ABOVE_INTEGERS,
    });
    key.extend_from_slice(&(real.abs().to_bits() ^ sign.mask()).to_be_bytes());
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Negative,
    Positive,
}

impl Sign {
    /// What bytes are combined with, so that larger magnitudes sort lower below zero.
    fn mask(self) -> u64 {
        match self {
            Sign::Negative => u64::MAX,
            Sign::Positive => 0,
        }
    }
}

fn push_magnitude(key: &mut Vec<u8>, magnitude: u64, sign: Sign) {
    if let Ok(small @ ..=MAX_INLINE) = u8::try_from(magnitude) {
        key.push(match sign {
            Sign::Positive => ZERO + small,
            Sign::Negative => ZERO - small,
        });
        return;
    }
    let skipped = u8::try_from(magnitude.leading_zeros() / 8).unwrap_or(0);
    let len = 8 - skipped;
    key.push(match sign {
        Sign::Positive => POSITIVE + len,
        Sign::Negative => NEGATIVE - len,
    });
    key.extend_from_slice(&(magnitude ^ sign.mask()).to_be_bytes()[usize::from(skipped)..]);
}

/// Appends bytes of any length, ended so that shorter ones sort first: of what is appended only the end is 0.
pub fn push_escaped(key: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(at) = find_escaped(rest) {
        key.extend_from_slice(&rest[..at]);
        key.extend_from_slice(&[ESCAPE, rest[at] + 1]);
        rest = &rest[at + 1..];
    }
    key.extend_from_slice(rest);
    key.push(END);
}

/// Where the first byte is that has to be escaped.
fn find_escaped(bytes: &[u8]) -> Option<usize> {
    const EACH: u64 = u64::MAX / 255;
    let mut chunks = bytes.chunks_exact(8);
    // Eight bytes at once: one below 2 borrows from its own highest bit, which it did not have.
    let has_none = |chunk: &[u8]| {
        let word = chunk.try_into().map_or(0, u64::from_le_bytes);
        word.wrapping_sub(EACH * 2) & !word & EACH << 7 == 0
    };
    let clear = chunks.by_ref().take_while(|chunk| has_none(chunk)).count() * 8;
    bytes[clear..].iter().position(|&byte| byte <= ESCAPE).map(|at| clear + at)
}

/// Takes a column off the front of a key.
///
/// Numbers without a fraction come back as integers where they fit, text as its sort key; see the head of the file.
/// Bytes are borrowed from the key unless they have to be put together.
pub fn next_value<'a>(
    key: &mut &'a [u8],
    direction: Direction,
    arena: &Arena<'a>,
) -> Result<ValueRef<'a>, Malformed> {
    let mask = direction.mask();
    let mut rest = *key;
    let first = byte(&mut rest, mask)?;
    let value = match first {
        NULL => ValueRef::Null,
        BELOW_INTEGERS => {
            let real = -f64::from_bits(word(&mut rest, 8, !mask)?);
            if real == -TWO_TO_63 { ValueRef::Integer(i64::MIN) } else { beyond(real)? }
        }
        ABOVE_INTEGERS => beyond(f64::from_bits(word(&mut rest, 8, mask)?))?,
        FIRST_INTEGER..ABOVE_INTEGERS => number(first, &mut rest, mask)?,
        TEXT => ValueRef::Text(unescape(&mut rest, direction, arena)?),
        BLOB => ValueRef::Blob(unescape(&mut rest, direction, arena)?),
        _ => return Err(Malformed),
    };
    *key = rest;
    Ok(value)
}

fn beyond<'a>(real: f64) -> Result<ValueRef<'a>, Malformed> {
    if real.abs() >= TWO_TO_63 { Ok(ValueRef::Real(real)) } else { Err(Malformed) }
}

fn number<'a>(first: u8, rest: &mut &[u8], mask: u8) -> Result<ValueRef<'a>, Malformed> {
    let sign = if first < ZERO { Sign::Negative } else { Sign::Positive };
    let mask = if sign == Sign::Negative { !mask } else { mask };
    let magnitude = match first {
        ..NEGATIVE => word(rest, usize::from(NEGATIVE - first), mask)?,
        NEGATIVE..=POSITIVE => u64::from(first.abs_diff(ZERO)),
        _ => word(rest, usize::from(first - POSITIVE), mask)?,
    };
    let whole = i64::try_from(magnitude / 2).map_err(|_| Malformed)?;
    if magnitude % 2 == 0 {
        return Ok(ValueRef::Integer(if sign == Sign::Negative { -whole } else { whole }));
    }
    let fraction = f64::from_bits(word(rest, 8, mask)?);
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(Malformed);
    }
    let real = integer_to_real(whole) + fraction;
    Ok(ValueRef::Real(if sign == Sign::Negative { -real } else { real }))
}

fn byte(rest: &mut &[u8], mask: u8) -> Result<u8, Malformed> {
    let (&first, tail) = rest.split_first().ok_or(Malformed)?;
    *rest = tail;
    Ok(first ^ mask)
}

/// The next `len` bytes, at most 8, as a big-endian number.
fn word(rest: &mut &[u8], len: usize, mask: u8) -> Result<u64, Malformed> {
    let (bytes, tail) = rest.split_at_checked(len).ok_or(Malformed)?;
    *rest = tail;
    Ok(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(byte ^ mask)))
}

/// What was escaped, up to its end, which is taken off as well.
fn unescape<'a>(rest: &mut &'a [u8], direction: Direction, arena: &Arena<'a>) -> Result<&'a [u8], Malformed> {
    let escaped = split_escaped(rest, direction)?;
    if direction == Direction::Ascending && !escaped.contains(&ESCAPE) {
        return Ok(escaped);
    }
    let mask = direction.mask();
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut escaped = escaped.iter().map(|byte| byte ^ mask);
    while let Some(byte) = escaped.next() {
        bytes.push(match byte {
            ESCAPE => match escaped.next() {
                Some(byte @ 1..=2) => byte - 1,
                _ => return Err(Malformed),
            },
            _ => byte,
        });
    }
    Ok(arena.keep(bytes))
}

/// Cuts escaped bytes at their end, which is dropped.
fn split_escaped<'a>(rest: &mut &'a [u8], direction: Direction) -> Result<&'a [u8], Malformed> {
    let end = END ^ direction.mask();
    let all = *rest;
    let len = all.iter().position(|&byte| byte == end).ok_or(Malformed)?;
    *rest = &all[len + 1..];
    Ok(&all[..len])
}

/// Skips a column at the front of a key without decoding it.
pub fn skip_value(key: &mut &[u8], direction: Direction) -> Result<(), Malformed> {
    let mask = direction.mask();
    let mut rest = *key;
    let first = byte(&mut rest, mask)?;
    let len = match first {
        NULL => 0,
        BELOW_INTEGERS | ABOVE_INTEGERS => 8,
        TEXT | BLOB => {
            split_escaped(&mut rest, direction)?;
            0
        }
        FIRST_INTEGER..ABOVE_INTEGERS => number_len(first, rest, mask)?,
        _ => return Err(Malformed),
    };
    *key = rest.get(len..).ok_or(Malformed)?;
    Ok(())
}

/// How many bytes follow the first byte of a number. Its last magnitude byte tells whether there is a fraction.
fn number_len(first: u8, rest: &[u8], mask: u8) -> Result<usize, Malformed> {
    let (len, odd) = if (NEGATIVE..=POSITIVE).contains(&first) {
        (0, first.abs_diff(ZERO))
    } else {
        let (len, mask) = match first {
            ..ZERO => (NEGATIVE - first, !mask),
            _ => (first - POSITIVE, mask),
        };
        let last = rest.get(usize::from(len - 1)).ok_or(Malformed)?;
        (usize::from(len), last ^ mask)
    };
    Ok(if odd % 2 == 1 { len + 8 } else { len })
}

/// The key of a row in a table: its rowid in 2 to 9 bytes that sort as the rowids do.
///
/// The first byte is 0x80 plus the number of bytes that follow for rowids from 0 on, and less that number for those
/// below 0; these bytes are the lowest of the rowid, big-endian, as few as tell it. So the keys of up to 16 million
/// rows are no longer than what a node compares at once.
#[derive(Clone, Copy, Debug)]
pub struct RowidKey {
    bytes: [u8; 16],
    len: usize,
}

impl std::ops::Deref for RowidKey {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Between the first bytes of the keys of rowids below 0 and those of the others.
const ROWID_SIGN: u8 = 0x80;

/// How many bytes tell a rowid apart from all others of its sign.
#[inline]
fn payload_len(rowid: i64) -> u8 {
    let used = 64 - (rowid ^ rowid >> 63).leading_zeros();
    u8::try_from(used.div_ceil(8).max(1)).unwrap_or(8)
}

/// The key of a row in a table. It is put together as one number: bytes that are stored one by one have to arrive in
/// memory before they can be read together.
#[inline]
#[must_use]
pub fn rowid_key(rowid: i64) -> RowidKey {
    let len = payload_len(rowid);
    let first = if rowid < 0 { ROWID_SIGN - len } else { ROWID_SIGN + len };
    let payload = rowid.cast_unsigned() << (u64::BITS - 8 * u32::from(len));
    let key = u128::from(first) << 120 | u128::from(payload) << 56;
    RowidKey { bytes: key.to_be_bytes(), len: usize::from(len) + 1 }
}

/// Appends [`rowid_key`].
pub fn push_rowid(key: &mut Vec<u8>, rowid: i64) {
    key.extend_from_slice(&rowid_key(rowid));
}

/// The rowid that [`push_rowid`] made a key of.
#[inline]
pub fn rowid_of(key: &[u8]) -> Result<i64, Malformed> {
    let (&first, payload) = key.split_first().ok_or(Malformed)?;
    let len = u8::try_from(payload.len()).map_err(|_| Malformed)?;
    if len != first.abs_diff(ROWID_SIGN) || !(1..=8).contains(&len) {
        return Err(Malformed);
    }
    let word = payload.iter().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    let ones = if first < ROWID_SIGN { u64::MAX.checked_shl(8 * u32::from(len)).unwrap_or(0) } else { 0 };
    let rowid = (word | ones).cast_signed();
    if (rowid < 0) == (first < ROWID_SIGN) { Ok(rowid) } else { Err(Malformed) }
}

/// Appends the rowid to the key of an index entry: 2 to 9 bytes that sort as the rowids do and can be found from
/// the end of the key, where [`split_rowid_suffix`] looks.
///
/// The first four bits are 7 plus the number of payload bytes for rowids from 0 on, and 8 less that number for those
/// below 0; the last four are the number of payload bytes less one. In between is the payload, big-endian.
pub fn push_rowid_suffix(key: &mut Vec<u8>, rowid: i64) {
    let len = u32::from(payload_len(rowid));
    let class = if rowid < 0 { 8 - len } else { 7 + len };
    let payload = rowid.cast_unsigned() & u64::MAX >> (64 - 8 * len);
    let whole = u128::from(class) << (8 * len + 4) | u128::from(payload) << 4 | u128::from(len - 1);
    let skipped = usize::try_from(16 - (len + 1)).unwrap_or(0);
    key.extend_from_slice(&whole.to_be_bytes()[skipped..]);
}

/// Cuts the key of an index entry into its columns and the rowid.
#[inline]
pub fn split_rowid_suffix(key: &[u8]) -> Result<(&[u8], i64), Malformed> {
    let last = key.last().ok_or(Malformed)?;
    let len = u32::from(last & 0x0f) + 1;
    if len > 8 {
        return Err(Malformed);
    }
    let at = key.len().checked_sub(usize::try_from(len).map_err(|_| Malformed)? + 1).ok_or(Malformed)?;
    let (columns, suffix) = key.split_at(at);
    let whole = suffix.iter().fold(0u128, |whole, &byte| whole << 8 | u128::from(byte));
    let payload =
        u64::try_from(whole >> 4 & u128::from(u64::MAX) >> (64 - 8 * len)).map_err(|_| Malformed)?;
    let class = u32::from(suffix[0] >> 4);
    if class == 7 + len {
        Ok((columns, i64::try_from(payload).map_err(|_| Malformed)?))
    } else if class == 8 - len {
        let ones = u64::MAX.checked_shl(8 * len).unwrap_or(0);
        let rowid = (payload | ones).cast_signed();
        if rowid < 0 { Ok((columns, rowid)) } else { Err(Malformed) }
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests;
