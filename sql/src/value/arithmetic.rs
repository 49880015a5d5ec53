//! The arithmetic and bit operators.
//!
//! NULL gives NULL. Operands are taken for numbers ([`ValueRef::to_number`]); two integers give an integer unless it
//! overflows, and then the operation is done over in reals. Division by zero is NULL, not an error.

use super::class::ValueRef;
use super::numeric::{self, Number};

type Out = ValueRef<'static>;

/// `a + b`
#[must_use]
pub fn add(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    calculate(a, b, i64::checked_add, |a, b| a + b)
}

/// `a - b`
#[must_use]
pub fn subtract(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    calculate(a, b, i64::checked_sub, |a, b| a - b)
}

/// `a * b`
#[must_use]
pub fn multiply(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    calculate(a, b, i64::checked_mul, |a, b| a * b)
}

/// `a / b`: of integers the integer part of the quotient.
#[must_use]
pub fn divide(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    calculate(a, b, i64::checked_div, |a, b| if b == 0.0 { f64::NAN } else { a / b })
}

/// `a % b`, always of the integer parts; a real if one operand is.
#[must_use]
pub fn remainder(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    let (Some(x), Some(y)) = (a.to_number(), b.to_number()) else {
        return ValueRef::Null;
    };
    let integers = |a: i64, b: i64| if b == 0 { None } else { Some(a.wrapping_rem(b)) };
    match (x, y) {
        (Number::Integer(x), Number::Integer(y)) => integers(x, y).map_or(ValueRef::Null, ValueRef::Integer),
        _ => integers(a.to_integer(), b.to_integer())
            .map_or(ValueRef::Null, |rest| ValueRef::Real(numeric::integer_to_real(rest))),
    }
}

/// `-a`
#[must_use]
pub fn negate(a: ValueRef<'_>) -> Out {
    subtract(ValueRef::Integer(0), a)
}

/// `a & b`
#[must_use]
pub fn bit_and(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    on_bits(a, b, |a, b| a & b)
}

/// `a | b`
#[must_use]
pub fn bit_or(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    on_bits(a, b, |a, b| a | b)
}

/// `~a`
#[must_use]
pub fn bit_not(a: ValueRef<'_>) -> Out {
    if a.is_null() { ValueRef::Null } else { ValueRef::Integer(!a.to_integer()) }
}

/// `a << b`; a negative `b` shifts to the right.
#[must_use]
pub fn shift_left(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    on_bits(a, b, |a, b| if b < 0 { right(a, b.unsigned_abs()) } else { left(a, b.unsigned_abs()) })
}

/// `a >> b`, keeping the sign; a negative `b` shifts to the left.
#[must_use]
pub fn shift_right(a: ValueRef<'_>, b: ValueRef<'_>) -> Out {
    on_bits(a, b, |a, b| if b < 0 { left(a, b.unsigned_abs()) } else { right(a, b.unsigned_abs()) })
}

#[inline]
fn calculate(
    a: ValueRef<'_>,
    b: ValueRef<'_>,
    integers: impl Fn(i64, i64) -> Option<i64>,
    reals: impl Fn(f64, f64) -> f64,
) -> Out {
    let numbers = match (a, b) {
        (ValueRef::Integer(a), ValueRef::Integer(b)) => (Number::Integer(a), Number::Integer(b)),
        (ValueRef::Real(a), ValueRef::Real(b)) => return ValueRef::real(reals(a, b)),
        _ => match (a.to_number(), b.to_number()) {
            (Some(a), Some(b)) => (a, b),
            _ => return ValueRef::Null,
        },
    };
    if let (Number::Integer(a), Number::Integer(b)) = numbers
        && let Some(integer) = integers(a, b)
    {
        return ValueRef::Integer(integer);
    }
    // Text is read as a real here: '-0' is -0.0.
    ValueRef::real(reals(a.to_real(), b.to_real()))
}

fn on_bits(a: ValueRef<'_>, b: ValueRef<'_>, operate: impl Fn(i64, i64) -> i64) -> Out {
    if a.is_null() || b.is_null() {
        return ValueRef::Null;
    }
    ValueRef::Integer(operate(a.to_integer(), b.to_integer()))
}

fn left(a: i64, by: u64) -> i64 {
    u32::try_from(by).ok().and_then(|by| a.checked_shl(by)).unwrap_or(0)
}

fn right(a: i64, by: u64) -> i64 {
    u32::try_from(by).ok().and_then(|by| a.checked_shr(by)).unwrap_or(a >> 63)
}

#[cfg(test)]
mod tests;
