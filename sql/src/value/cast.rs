//! `CAST(value AS type)`.

use super::affinity::Affinity;
use super::arena::Arena;
use super::class::ValueRef;
use super::numeric::{self, NumberText};

/// The value forced into the type of which `affinity` is the affinity. NULL stays NULL, everything else is converted,
/// with loss if need be: the number at the front of text, the integer part of a real.
#[must_use]
pub fn cast<'a>(value: ValueRef<'a>, affinity: Affinity, arena: &Arena<'a>) -> ValueRef<'a> {
    match (value, affinity) {
        (ValueRef::Null, _) | (_, Affinity::None) => value,
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), Affinity::Blob) => ValueRef::Blob(bytes),
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), Affinity::Text) => ValueRef::Text(bytes),
        (number, Affinity::Blob) => as_text(number, arena, ValueRef::Blob),
        (number, Affinity::Text) => as_text(number, arena, ValueRef::Text),
        (value, Affinity::Integer) => ValueRef::Integer(value.to_integer()),
        (value, Affinity::Real) => ValueRef::Real(value.to_real()),
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), Affinity::Numeric | Affinity::FlexNum) => {
            number_at_front(bytes)
        }
        (number, Affinity::Numeric | Affinity::FlexNum) => number,
    }
}

fn as_text<'a>(number: ValueRef<'a>, arena: &Arena<'a>, wrap: fn(&'a [u8]) -> ValueRef<'a>) -> ValueRef<'a> {
    let mut room = NumberText::new();
    number.to_text(&mut room).map_or(ValueRef::Null, |text| wrap(arena.copy(text)))
}

fn number_at_front<'a>(text: &[u8]) -> ValueRef<'a> {
    let parsed = numeric::parse_real(text);
    if parsed.integral {
        let integer = numeric::parse_integer(text);
        if integer.overflow.is_none() {
            return ValueRef::Integer(integer.integer);
        }
    }
    numeric::small_integer_of(parsed.real).map_or(ValueRef::Real(parsed.real), ValueRef::Integer)
}

#[cfg(test)]
mod tests;
