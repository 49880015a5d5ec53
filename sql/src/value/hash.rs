//! Hashing values so that equal ones hash alike: for grouping, `DISTINCT`, `IN` and hash joins.

use std::hash::Hasher;

use super::class::{Class, ValueRef};
use super::collation::Collation;
use super::numeric;

/// Feeds a value to a hasher. Values that [`compare`](fn@super::compare) as equal under the collation, and only these but
/// for chance, give the same hash: an integer and the real that is equal to it too.
pub fn hash(value: ValueRef<'_>, collation: &Collation, hasher: &mut impl Hasher) {
    match value {
        ValueRef::Null => hasher.write_u8(tag(Class::Null)),
        ValueRef::Integer(integer) => hasher.write_i64(integer),
        ValueRef::Real(real) => match integer_of(real) {
            Some(integer) => hasher.write_i64(integer),
            None => hasher.write_u64(real.to_bits()),
        },
        ValueRef::Text(text) => {
            hasher.write(&collation.sort_key(text));
            hasher.write_u8(tag(Class::Text));
        }
        ValueRef::Blob(blob) => {
            hasher.write(blob);
            hasher.write_u8(tag(Class::Blob));
        }
    }
}

/// Ends each value, so that those of a row do not run into one another. Numbers need none.
fn tag(class: Class) -> u8 {
    match class {
        Class::Null => 0xfe,
        Class::Blob => 0xfd,
        Class::Integer | Class::Real | Class::Text => 0xff,
    }
}

/// The integer that is equal to a real.
fn integer_of(real: f64) -> Option<i64> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let is_in_range = (-TWO_TO_63..TWO_TO_63).contains(&real);
    let integer = numeric::real_to_integer(real);
    (is_in_range && numeric::integer_to_real(integer) == real).then_some(integer)
}

#[cfg(test)]
mod tests;
