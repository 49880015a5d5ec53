//! Functions on numbers.
//!
//! What SQLite leaves to the C library is left to it here as well; the three inverse hyperbolic functions, which the
//! standard library calculates in its own way, follow the formulas of C libraries, so that the last digits agree.

use std::f64::consts::{LN_2, PI};

use crate::error::Result;
use crate::func::context::{Call, refused};
use crate::value::decimal::Precision;
use crate::value::{Number, ValueRef, decimal, integer_to_real, real_to_integer};

type Args<'v, 'a> = &'v [ValueRef<'a>];
type Output<'a> = Result<ValueRef<'a>>;

pub(super) fn abs<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    match args[0] {
        ValueRef::Null => Ok(ValueRef::Null),
        ValueRef::Integer(integer) => match integer.checked_abs() {
            Some(integer) => Ok(ValueRef::Integer(integer)),
            None => refused("integer overflow"),
        },
        // The sign of -0.0 stays, as in SQLite.
        value => match value.to_real() {
            real if real < 0.0 => Ok(ValueRef::Real(-real)),
            real => Ok(ValueRef::Real(real)),
        },
    }
}

/// `round(x)` and `round(x, digits)`, halves away from zero, as the decimal digits show them.
pub(super) fn round<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    /// From here on a real has no fraction.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    if args.iter().any(|argument| argument.is_null()) {
        return Ok(ValueRef::Null);
    }
    let digits = args.get(1).map_or(0, |digits| digits.to_integer().clamp(0, 30));
    let real = args[0].to_real();
    if !(-WHOLE..=WHOLE).contains(&real) {
        return Ok(ValueRef::Real(real));
    }
    if digits == 0 {
        let half = if real < 0.0 { -0.5 } else { 0.5 };
        return Ok(ValueRef::Real(integer_to_real(real_to_integer(real + half))));
    }
    let precision = Precision::Fraction(i32::try_from(digits).unwrap_or(30));
    Ok(ValueRef::Real(decimal::round(real, precision, 20)))
}

pub(super) fn sign<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    Ok(args[0].as_number().map_or(ValueRef::Null, |number| {
        let real = number.to_real();
        ValueRef::Integer(i64::from(real > 0.0) - i64::from(real < 0.0))
    }))
}

/// A random integer. The smallest one is left out, since it has no absolute value.
pub(super) fn random<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    let mut bytes = [0; 8];
    call.context.random(&mut bytes);
    let random = i64::from_le_bytes(bytes);
    Ok(ValueRef::Integer(if random < 0 { -(random & i64::MAX) } else { random }))
}

/// A function of one real; NULL for what is no number.
fn of_one<'a>(args: Args<'_, 'a>, function: impl Fn(f64) -> f64) -> Output<'a> {
    Ok(args[0].as_number().map_or(ValueRef::Null, |x| ValueRef::real(function(x.to_real()))))
}

fn of_two<'a>(args: Args<'_, 'a>, function: impl Fn(f64, f64) -> f64) -> Output<'a> {
    let numbers = args[0].as_number().zip(args[1].as_number());
    Ok(numbers.map_or(ValueRef::Null, |(x, y)| ValueRef::real(function(x.to_real(), y.to_real()))))
}

/// A function that leaves integers as they are.
fn of_fraction<'a>(args: Args<'_, 'a>, function: impl Fn(f64) -> f64) -> Output<'a> {
    Ok(match args[0].as_number() {
        None => ValueRef::Null,
        Some(Number::Integer(integer)) => ValueRef::Integer(integer),
        Some(Number::Real(real)) => ValueRef::real(function(real)),
    })
}

pub(super) fn ceil<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_fraction(args, f64::ceil)
}

pub(super) fn floor<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_fraction(args, f64::floor)
}

pub(super) fn trunc<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_fraction(args, f64::trunc)
}

/// A logarithm of a number over zero; NULL for others.
fn logarithm<'a>(args: Args<'_, 'a>, function: impl Fn(f64) -> f64) -> Output<'a> {
    let positive = args[0].as_number().map(Number::to_real).filter(|&x| x > 0.0);
    Ok(positive.map_or(ValueRef::Null, |x| ValueRef::real(function(x))))
}

pub(super) fn ln<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    logarithm(args, f64::ln)
}

pub(super) fn log2<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    logarithm(args, f64::log2)
}

/// `log(x)`, which is to base 10, and `log(base, x)`.
pub(super) fn log<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let Some(&x) = args.get(1) else {
        return logarithm(args, f64::log10);
    };
    // SQLite looks only at whether the base is a number: `log(2, '8x')` is 3.
    let (base, x) = (args[0].as_number().map(Number::to_real), x.to_real());
    Ok(match base.filter(|&base| base > 0.0).map(f64::ln) {
        Some(divisor) if divisor > 0.0 && x > 0.0 => ValueRef::real(x.ln() / divisor),
        _ => ValueRef::Null,
    })
}

pub(super) fn exp<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::exp)
}

pub(super) fn pow<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_two(args, f64::powf)
}

pub(super) fn modulo<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_two(args, |x, y| x % y)
}

pub(super) fn acos<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::acos)
}

pub(super) fn asin<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::asin)
}

pub(super) fn atan<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::atan)
}

pub(super) fn atan2<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_two(args, f64::atan2)
}

pub(super) fn cos<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::cos)
}

pub(super) fn sin<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::sin)
}

pub(super) fn tan<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::tan)
}

pub(super) fn cosh<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::cosh)
}

pub(super) fn sinh<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::sinh)
}

pub(super) fn tanh<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::tanh)
}

/// Beyond this, x² + 1 is x².
const LARGE: f64 = 268_435_456.0;
/// Below this, x is the answer.
const TINY: f64 = 1.0 / LARGE;

pub(super) fn acosh<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, |x| {
        if x < 1.0 {
            f64::NAN
        } else if x >= LARGE {
            x.ln() + LN_2
        } else if x > 2.0 {
            (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
        } else {
            let over = x - 1.0;
            (over + (2.0 * over + over * over).sqrt()).ln_1p()
        }
    })
}

pub(super) fn asinh<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, |x| {
        let size = x.abs();
        if size < TINY {
            return x;
        }
        let result = if size > LARGE {
            size.ln() + LN_2
        } else if size > 2.0 {
            (2.0 * size + 1.0 / ((x * x + 1.0).sqrt() + size)).ln()
        } else {
            let square = x * x;
            (size + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
        };
        result.copysign(x)
    })
}

pub(super) fn atanh<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, |x| {
        let size = x.abs();
        if size < TINY {
            return x;
        }
        let twice = size + size;
        let result = if size < 0.5 {
            0.5 * (twice + twice * size / (1.0 - size)).ln_1p()
        } else {
            0.5 * (twice / (1.0 - size)).ln_1p()
        };
        result.copysign(x)
    })
}

pub(super) fn sqrt<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, f64::sqrt)
}

pub(super) fn radians<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, |x| x * (PI / 180.0))
}

pub(super) fn degrees<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    of_one(args, |x| x * (180.0 / PI))
}

pub(super) fn pi<'a>(_: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::Real(PI))
}

#[cfg(test)]
mod tests;
