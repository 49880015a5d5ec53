//! How values sort and when they are equal.
//!
//! NULL < numbers < text < blobs. Integers and reals are in one order, compared exactly: no integer is rounded to a
//! real for it. Text sorts by its collation, blobs by their bytes.

use std::cmp::Ordering;

use super::affinity::Affinity;
use super::class::ValueRef;
use super::collation::Collation;
use super::numeric::{self, NumberText};

/// The order of two values, in which NULL is equal to NULL: that of sorting, grouping and `IS`.
#[inline]
#[must_use]
pub fn compare(a: ValueRef<'_>, b: ValueRef<'_>, collation: &Collation) -> Ordering {
    match (a, b) {
        (ValueRef::Integer(a), ValueRef::Integer(b)) => a.cmp(&b),
        (ValueRef::Real(a), ValueRef::Real(b)) => compare_reals(a, b),
        (ValueRef::Integer(a), ValueRef::Real(b)) => compare_integer_to_real(a, b),
        (ValueRef::Real(a), ValueRef::Integer(b)) => compare_integer_to_real(b, a).reverse(),
        (ValueRef::Text(a), ValueRef::Text(b)) => collation.compare(a, b),
        (ValueRef::Blob(a), ValueRef::Blob(b)) => a.cmp(b),
        _ => a.class().cmp(&b.class()),
    }
}

/// The order of two values as the comparison operators see it: unknown if one of them is NULL, and after `affinity`
/// (that of [`Affinity::for_comparison`]) was applied to both.
#[inline]
#[must_use]
pub fn compare_with_affinity(
    a: ValueRef<'_>,
    b: ValueRef<'_>,
    affinity: Affinity,
    collation: &Collation,
) -> Option<Ordering> {
    match (a, b) {
        // Numbers stay numbers, whatever the affinity: against another number none is made text.
        (ValueRef::Integer(a), ValueRef::Integer(b)) => Some(a.cmp(&b)),
        (ValueRef::Real(a), ValueRef::Real(b)) => Some(compare_reals(a, b)),
        (ValueRef::Null, _) | (_, ValueRef::Null) => None,
        (ValueRef::Text(a), ValueRef::Text(b)) if !affinity.is_numeric() => Some(collation.compare(a, b)),
        _ => compare_converted(a, b, affinity, collation),
    }
}

fn compare_converted(
    a: ValueRef<'_>,
    b: ValueRef<'_>,
    affinity: Affinity,
    collation: &Collation,
) -> Option<Ordering> {
    let (mut room_a, mut room_b) = (NumberText::new(), NumberText::new());
    let (a, b) = match affinity {
        Affinity::None | Affinity::Blob => (a, b),
        // Numbers are made text only against text; two numbers stay numbers.
        Affinity::Text => match (a, b) {
            (ValueRef::Text(_), _) => (a, as_text(b, &mut room_b)),
            (_, ValueRef::Text(_)) => (as_text(a, &mut room_a), b),
            _ => (a, b),
        },
        _ => (as_number(a), as_number(b)),
    };
    Some(compare(a, b, collation))
}

fn as_text<'r>(value: ValueRef<'r>, room: &'r mut NumberText) -> ValueRef<'r> {
    match value {
        ValueRef::Integer(_) | ValueRef::Real(_) => value.to_text(room).map_or(value, ValueRef::Text),
        _ => value,
    }
}

fn as_number(value: ValueRef<'_>) -> ValueRef<'_> {
    match value {
        ValueRef::Text(text) => numeric::whole_number(text).map_or(value, ValueRef::from),
        _ => value,
    }
}

/// The order of two reals; NaN, which no value holds, counts as equal to everything.
fn compare_reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// The exact order of an integer and a real.
#[must_use]
pub fn compare_integer_to_real(integer: i64, real: f64) -> Ordering {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if real < -TWO_TO_63 {
        return Ordering::Greater;
    }
    if real >= TWO_TO_63 {
        return Ordering::Less;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range, and the fraction is compared apart")]
    let whole = real.trunc() as i64;
    integer.cmp(&whole).then_with(|| compare_reals(0.0, real.fract()))
}

#[cfg(test)]
mod tests;
