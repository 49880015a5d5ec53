//! Type affinity: what a column or expression would like its values to be.
//!
//! A declared type gives a column its affinity; storing applies it ([`Affinity::apply`]), and so do comparisons, with
//! the affinity that both sides agree on ([`Affinity::for_comparison`]).

use super::arena::Arena;
use super::class::ValueRef;
use super::numeric::{self, Number, NumberText};

/// What kind of values a column or expression prefers.
///
/// The order is that of the rules of [`Affinity::for_comparison`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Affinity {
    /// None at all: expressions that are neither columns nor casts.
    #[default]
    None,
    /// A column without affinity. It differs from [`Affinity::None`] only in comparisons.
    Blob,
    /// Numbers become text.
    Text,
    /// Text that is a number becomes one; reals that are integers become integers.
    Numeric,
    /// As [`Affinity::Numeric`]; casts differ.
    Integer,
    /// Numbers become reals.
    Real,
    /// Text that is a number becomes one, and nothing else changes: numeric expressions as columns of views.
    FlexNum,
}

impl Affinity {
    /// The affinity of a declared type: the first of these that its name contains, in any case, counts. `INT` is
    /// integer; `CHAR`, `CLOB`, `TEXT` text; `BLOB` blob; `REAL`, `FLOA`, `DOUB` real; anything else is numeric.
    /// A column without any type has [`Affinity::Blob`].
    #[must_use]
    pub fn of_type(name: &str) -> Affinity {
        let contains = |word: &str| {
            name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        };
        if contains("INT") {
            Affinity::Integer
        } else if ["CHAR", "CLOB", "TEXT"].into_iter().any(contains) {
            Affinity::Text
        } else if contains("BLOB") {
            Affinity::Blob
        } else if ["REAL", "FLOA", "DOUB"].into_iter().any(contains) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    /// The type that a column of a query has by its affinity alone; empty where that says nothing.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Affinity::None => "",
            Affinity::Blob => "BLOB",
            Affinity::Text => "TEXT",
            Affinity::Numeric | Affinity::FlexNum => "NUM",
            Affinity::Integer => "INT",
            Affinity::Real => "REAL",
        }
    }

    /// Whether text that is a number becomes one.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        self >= Affinity::Numeric
    }

    /// The affinity under which values of two affinities are compared: numeric if one side is numeric and both have
    /// any, else that of the only side that has one. [`Affinity::Blob`] and [`Affinity::None`] convert nothing.
    #[must_use]
    pub fn for_comparison(self, other: Affinity) -> Affinity {
        match (self, other) {
            (Affinity::None, affinity) | (affinity, Affinity::None) => affinity,
            (a, b) if a.is_numeric() || b.is_numeric() => Affinity::Numeric,
            _ => Affinity::Blob,
        }
    }

    /// The value as a column of this affinity stores it. What cannot be converted without loss stays as it is.
    #[inline]
    #[must_use]
    pub fn apply<'a>(self, value: ValueRef<'a>, arena: &Arena<'a>) -> ValueRef<'a> {
        match (self, value) {
            (_, ValueRef::Null | ValueRef::Blob(_))
            | (Affinity::Integer | Affinity::Numeric, ValueRef::Integer(_)) => value,
            (Affinity::Text, ValueRef::Integer(_) | ValueRef::Real(_)) => {
                let mut room = NumberText::new();
                value.to_text(&mut room).map_or(ValueRef::Null, |text| ValueRef::Text(arena.copy(text)))
            }
            (Affinity::None | Affinity::Blob | Affinity::Text, _) => value,
            _ => self.apply_numeric(value),
        }
    }

    /// [`Affinity::apply`] for the numeric ones, which need no memory. Others leave the value as it is.
    #[must_use]
    pub fn apply_numeric(self, value: ValueRef<'_>) -> ValueRef<'_> {
        if !self.is_numeric() {
            return value;
        }
        let value = match value {
            ValueRef::Text(text) => match numeric::whole_number(text) {
                Some(Number::Real(real)) => integer_if_same(real),
                Some(Number::Integer(integer)) => ValueRef::Integer(integer),
                None => return value,
            },
            ValueRef::Real(real) if self != Affinity::FlexNum => integer_if_same(real),
            _ => value,
        };
        match (self, value) {
            (Affinity::Real, ValueRef::Integer(integer)) => ValueRef::Real(numeric::integer_to_real(integer)),
            _ => value,
        }
    }
}

/// A real that is an integer, as that integer, unless it is at the very ends of what integers can be.
fn integer_if_same<'a>(real: f64) -> ValueRef<'a> {
    let integer = numeric::real_to_integer(real);
    if numeric::integer_to_real(integer) == real && integer > i64::MIN && integer < i64::MAX {
        ValueRef::Integer(integer)
    } else {
        ValueRef::Real(real)
    }
}

#[cfg(test)]
mod tests;
