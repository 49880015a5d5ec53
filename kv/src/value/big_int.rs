//! [`BigInt`]: an integer of any size, for storing and showing, not for arithmetic.
//!
//! Invariants: 1. the highest limb is not zero, so zero has no limbs; 2. zero is not negative. So each integer has
//! one form, and derived equality and hash are those of the integers.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The largest power of ten in 64 bits, the step in which decimal text is read and written.
const CHUNK: u64 = 10_u64.pow(19);
/// The number of decimal digits below [`CHUNK`].
const CHUNK_DIGITS: usize = 19;

/// An integer of any size.
///
/// ```
/// use duramen_kv::BigInt;
///
/// let big: BigInt = "-123456789012345678901234567890".parse()?;
/// assert_eq!(big.to_string(), "-123456789012345678901234567890");
/// assert_eq!(big.to_i64(), None);
/// assert_eq!(BigInt::from(7).to_u64(), Some(7));
/// # Ok::<(), duramen_kv::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BigInt {
    negative: bool,
    /// The magnitude in base 2^64, lowest limb first.
    limbs: Box<[u64]>,
}

impl BigInt {
    /// The integer of this sign and magnitude; the lowest limb (base 2^64) comes first.
    #[must_use]
    pub fn from_limbs(negative: bool, limbs: &[u64]) -> BigInt {
        let len = limbs.iter().rposition(|&limb| limb != 0).map_or(0, |highest| highest + 1);
        BigInt { negative: negative && len > 0, limbs: limbs[..len].into() }
    }

    /// The magnitude in base 2^64, lowest limb first, the highest one not zero; empty for zero.
    #[must_use]
    pub fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    /// Whether the integer is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The integer as `u128`, if it fits.
    #[must_use]
    pub fn to_u128(&self) -> Option<u128> {
        if self.negative { None } else { self.magnitude() }
    }

    /// The integer as `i128`, if it fits.
    #[must_use]
    pub fn to_i128(&self) -> Option<i128> {
        let magnitude = self.magnitude()?;
        if self.negative { 0_i128.checked_sub_unsigned(magnitude) } else { i128::try_from(magnitude).ok() }
    }

    /// The integer as `u64`, if it fits.
    #[must_use]
    pub fn to_u64(&self) -> Option<u64> {
        self.to_u128().and_then(|wide| u64::try_from(wide).ok())
    }

    /// The integer as `i64`, if it fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        self.to_i128().and_then(|wide| i64::try_from(wide).ok())
    }

    fn magnitude(&self) -> Option<u128> {
        match *self.limbs {
            [] => Some(0),
            [low] => Some(u128::from(low)),
            [low, high] => Some(u128::from(high) << 64 | u128::from(low)),
            _ => None,
        }
    }
}

impl From<u128> for BigInt {
    fn from(value: u128) -> BigInt {
        BigInt::from_limbs(false, &limbs_of(value))
    }
}

impl From<i128> for BigInt {
    fn from(value: i128) -> BigInt {
        BigInt::from_limbs(value < 0, &limbs_of(value.unsigned_abs()))
    }
}

impl From<u64> for BigInt {
    fn from(value: u64) -> BigInt {
        BigInt::from_limbs(false, &[value])
    }
}

impl From<i64> for BigInt {
    fn from(value: i64) -> BigInt {
        BigInt::from_limbs(value < 0, &[value.unsigned_abs()])
    }
}

impl From<i32> for BigInt {
    fn from(value: i32) -> BigInt {
        BigInt::from(i64::from(value))
    }
}

fn limbs_of(value: u128) -> [u64; 2] {
    [low_half(value), low_half(value >> 64)]
}

fn low_half(value: u128) -> u64 {
    u64::try_from(value & u128::from(u64::MAX)).expect("the mask leaves 64 bits")
}

/// Multiplies the magnitude by `factor` and adds `summand`.
fn multiply_add(limbs: &mut Vec<u64>, factor: u64, summand: u64) {
    let mut carry = summand;
    for limb in limbs.iter_mut() {
        let wide = u128::from(*limb) * u128::from(factor) + u128::from(carry);
        *limb = low_half(wide);
        carry = low_half(wide >> 64);
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// Divides the magnitude by `divisor` in place and answers the remainder.
fn divide(limbs: &mut Vec<u64>, divisor: u64) -> u64 {
    let mut rest = 0;
    for limb in limbs.iter_mut().rev() {
        let wide = u128::from(rest) << 64 | u128::from(*limb);
        *limb = low_half(wide / u128::from(divisor));
        rest = low_half(wide % u128::from(divisor));
    }
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    rest
}

/// Reads decimal digits with an optional sign.
impl FromStr for BigInt {
    type Err = Error;

    fn from_str(text: &str) -> Result<BigInt, Error> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::Convert(format!("not a decimal integer: {text:?}")));
        }
        let mut limbs = Vec::new();
        let first = digits.len() % CHUNK_DIGITS;
        let (head, tail) = digits.as_bytes().split_at(first);
        multiply_add(&mut limbs, 0, decimal(head));
        for chunk in tail.chunks_exact(CHUNK_DIGITS) {
            multiply_add(&mut limbs, CHUNK, decimal(chunk));
        }
        Ok(BigInt::from_limbs(negative, &limbs))
    }
}

/// The number that at most 19 decimal digits write.
fn decimal(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs = self.limbs.to_vec();
        let mut chunks = Vec::new();
        while !limbs.is_empty() {
            chunks.push(divide(&mut limbs, CHUNK));
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        for chunk in chunks.into_iter().rev() {
            text.push_str(&format!("{chunk:0width$}", width = CHUNK_DIGITS));
        }
        f.pad_integral(!self.negative, "", &text)
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}n")
    }
}

#[cfg(test)]
mod tests;
