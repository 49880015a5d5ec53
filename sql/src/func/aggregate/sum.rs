//! The sum behind `sum`, `total` and `avg`.
//!
//! Integers are summed as integers until one overflows or a real comes; from then on it is a sum of reals with the
//! error of each addition carried along (Kahan, Babuška, Neumaier). Results depend on the order of the rows and equal
//! SQLite's for the same order, so nothing may be summed in lanes or out of turn.

use crate::error::Result;
use crate::func::context::refused;
use crate::value::{Number, ValueRef, integer_to_real};

/// A running sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    count: i64,
    integer: i64,
    /// Set once the sum is one of reals.
    reals: Option<Reals>,
    /// Whether integers overflowed and no real came after that.
    has_overflowed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Reals {
    sum: f64,
    error: f64,
}

/// From here on an integer may not be a real exactly.
const LARGE: i64 = 1 << 52;

impl Reals {
    fn of(integer: i64) -> Reals {
        let low = if (-LARGE + 1..LARGE).contains(&integer) { 0 } else { integer % 16_384 };
        Reals { sum: integer_to_real(integer - low), error: integer_to_real(low) }
    }

    #[inline]
    fn add(&mut self, real: f64) {
        let sum = self.sum + real;
        self.error +=
            if self.sum.abs() > real.abs() { (self.sum - sum) + real } else { (real - sum) + self.sum };
        self.sum = sum;
    }

    /// Large integers are added in two parts, each of which is a real exactly.
    fn add_integer(&mut self, integer: i64) {
        if (-LARGE + 1..LARGE).contains(&integer) {
            self.add(integer_to_real(integer));
        } else {
            let low = integer % 16_384;
            self.add(integer_to_real(integer - low));
            self.add(integer_to_real(low));
        }
    }

    fn total(&self) -> f64 {
        if self.error.is_finite() { self.sum + self.error } else { self.sum }
    }
}

impl Sum {
    /// Takes a value in. NULL is not counted; text that is no number counts as the number at its front.
    #[inline]
    pub fn add(&mut self, value: &ValueRef<'_>) {
        match *value {
            ValueRef::Null => {}
            ValueRef::Integer(integer) => self.add_integer(integer),
            ValueRef::Real(real) => self.add_real(real),
            text => match text.as_number() {
                Some(Number::Integer(integer)) => self.add_integer(integer),
                _ => self.add_real(text.to_real()),
            },
        }
    }

    /// Takes an integer in.
    #[inline]
    pub fn add_integer(&mut self, integer: i64) {
        self.count += 1;
        match &mut self.reals {
            Some(reals) => reals.add_integer(integer),
            None => match self.integer.checked_add(integer) {
                Some(sum) => self.integer = sum,
                None => {
                    self.has_overflowed = true;
                    self.as_reals().add_integer(integer);
                }
            },
        }
    }

    /// Takes a real in.
    #[inline]
    pub fn add_real(&mut self, real: f64) {
        self.count += 1;
        self.has_overflowed = false;
        self.as_reals().add(real);
    }

    fn as_reals(&mut self) -> &mut Reals {
        self.reals.get_or_insert_with(|| Reals::of(self.integer))
    }

    /// Lets a value go that was taken in before.
    pub fn remove(&mut self, value: ValueRef<'_>) {
        let number = match value {
            ValueRef::Null => return,
            value => value.as_number().unwrap_or(Number::Real(value.to_real())),
        };
        self.count -= 1;
        if self.reals.is_none() {
            // Only integers were taken in, so this is one of them.
            let integer = value.to_integer();
            if let Some(sum) = self.integer.checked_sub(integer) {
                self.integer = sum;
                return;
            }
            self.has_overflowed = true;
        }
        let reals = self.as_reals();
        match number {
            Number::Integer(i64::MIN) => {
                reals.add_integer(i64::MAX);
                reals.add_integer(1);
            }
            Number::Integer(integer) => reals.add_integer(-integer),
            Number::Real(real) => reals.add(-real),
        }
    }

    /// `sum()`: NULL for nothing, an integer if only integers came.
    pub fn sum(&self) -> Result<ValueRef<'static>> {
        match self.reals {
            _ if self.count <= 0 => Ok(ValueRef::Null),
            None => Ok(ValueRef::Integer(self.integer)),
            Some(_) if self.has_overflowed => refused("integer overflow"),
            Some(reals) => Ok(ValueRef::real(reals.total())),
        }
    }

    /// `total()`: always a real (but NULL for ∞ − ∞).
    #[must_use]
    pub fn total(&self) -> ValueRef<'static> {
        ValueRef::real(self.real())
    }

    /// `avg()`: NULL for nothing.
    #[must_use]
    pub fn average(&self) -> ValueRef<'static> {
        if self.count <= 0 {
            ValueRef::Null
        } else {
            ValueRef::real(self.real() / integer_to_real(self.count))
        }
    }

    fn real(&self) -> f64 {
        self.reals.map_or(integer_to_real(self.integer), |reals| reals.total())
    }
}
