//! Values as bytes that sort and compare as they do: what sorting, grouping and joining work on.
//!
//! These keys are never stored, unlike those of indexes: a number is found in them, and sorted, by one word.
//!
//! | first bytes | value | bytes that follow |
//! |---|---|---|
//! | 0x0000 | NULL that comes first | |
//! | 0x000f to 0xfff0 | number: the first two of the eight bytes of the nearest real, sorted as unsigned | six; from 2^53 on two more |
//! | 0xfff8 | text | its sort key, escaped as in the keys of indexes |
//! | 0xfffc | blob | its bytes, escaped so too |
//! | 0xffff | NULL that comes last | |
//!
//! From 2^53 on several integers have the same nearest real: how far the number is from it follows, plus 2^15.
//! Downwards all bytes are complemented, but for those of NULL.
//!
//! Invariants:
//! 1. No value is the beginning of another one, so values follow one another without anything in between.
//! 2. Equal values give equal bytes, whatever their class.

use crate::codec::push_escaped;
use crate::expr::{Env, Scalar};
use crate::plan::SortKey;
use crate::value::{Affinity, ArenaBuffer, Collation, Value, ValueRef, integer_to_real};

const NULL_FIRST: [u8; 2] = [0x00, 0x00];
const NULL_LAST: [u8; 2] = [0xff, 0xff];
const TEXT: [u8; 2] = [0xff, 0xf8];
const BLOB: [u8; 2] = [0xff, 0xfc];

/// From here on reals do not tell all integers apart.
const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
/// What is added to the distance of an integer from the nearest real, which is at most 2^9.
const NO_DISTANCE: i128 = 1 << 15;

/// A value as a column of this affinity stores it.
pub(super) fn converted(affinity: Affinity, value: &Value) -> Value {
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    affinity.apply(value.as_ref(), &arena).to_value()
}

/// Appends a value to sort by.
#[inline]
pub(super) fn push_sort_key(key: &mut Vec<u8>, sort: &SortKey, env: &Env<'_>) {
    push_sorted(key, sort.value.eval(env), sort);
}

/// Appends a value in the order that a sort key asks for.
#[inline]
pub(super) fn push_sorted(key: &mut Vec<u8>, value: ValueRef<'_>, sort: &SortKey) {
    if value.is_null() {
        key.extend_from_slice(if sort.nulls_first { &NULL_FIRST } else { &NULL_LAST });
        return;
    }
    let start = key.len();
    push_key(key, value, &sort.collation);
    if sort.descending {
        key[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// The first eight bytes that [`push_sorted`] appends for a number.
#[inline]
pub(super) fn head_of_number(value: ValueRef<'_>, sort: &SortKey) -> Option<u64> {
    let head = match value {
        ValueRef::Integer(integer) => turned(integer_to_real(integer)),
        ValueRef::Real(real) => turned(real),
        _ => return None,
    };
    Some(if sort.descending { !head } else { head })
}

/// Appends values that are compared for equality only, or sorted upwards.
pub(super) fn push_group_key<'s>(
    key: &mut Vec<u8>,
    values: impl IntoIterator<Item = (&'s Scalar, &'s Collation)>,
    env: &Env<'_>,
) {
    for (value, collation) in values {
        push_key(key, value.eval(env), collation);
    }
}

/// Appends a value that is compared for equality only, or sorted upwards.
#[inline]
pub(super) fn push_key(key: &mut Vec<u8>, value: ValueRef<'_>, collation: &Collation) {
    match value {
        ValueRef::Integer(integer) => {
            let near = integer_to_real(integer);
            push_near(key, near);
            if near.abs() >= TWO_TO_53 {
                push_distance(key, i128::from(integer) - whole(near));
            }
        }
        ValueRef::Real(real) => {
            push_near(key, real);
            if real.abs() >= TWO_TO_53 {
                push_distance(key, 0);
            }
        }
        ValueRef::Text(text) => {
            key.extend_from_slice(&TEXT);
            push_escaped(key, &collation.sort_key(text));
        }
        ValueRef::Blob(blob) => {
            key.extend_from_slice(&BLOB);
            push_escaped(key, blob);
        }
        ValueRef::Null => key.extend_from_slice(&NULL_FIRST),
    }
}

#[inline]
fn push_near(key: &mut Vec<u8>, real: f64) {
    key.extend_from_slice(&turned(real).to_be_bytes());
}

/// A real as a number that sorts unsigned: the negative ones turned over, the others behind them.
#[inline]
fn turned(real: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    // What is added makes -0.0 what 0.0 is.
    let bits = (real + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cold]
fn push_distance(key: &mut Vec<u8>, distance: i128) {
    let shifted = u16::try_from(distance + NO_DISTANCE).unwrap_or(u16::MAX);
    key.extend_from_slice(&shifted.to_be_bytes());
}

/// A real near an integer, which has no fraction, as an integer.
fn whole(near: f64) -> i128 {
    #[expect(clippy::cast_possible_truncation, reason = "2^63 at most, and without a fraction")]
    let whole = near as i128;
    whole
}

#[cfg(test)]
mod tests;
