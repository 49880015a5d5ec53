//! Between binary and decimal: the digits of a real, and the real nearest to given digits.
//!
//! Both directions work on a 96-bit approximation of a power of ten and give, bit for bit, what SQLite 3.54 gives.
//! That is not always the correctly rounded answer: [`from_decimal`] sees a mantissa of 64 bits only, and digits
//! past the eighteenth are approximate. Programs compare such texts and reals with SQLite's, so being equal to it
//! counts for more here than the last bit.
//!
//! Invariants:
//! 1. [`SCALE`] holds the powers 10^(27·g) for g from −13 to 12, rounded to 96 bits; a test computes them anew.
//! 2. The digits of a [`Decimal`] have no trailing zero, except that zero itself is the one digit `0`.

/// The least and greatest powers of ten that reals need.
const FIRST_POWER: i32 = -348;
const LAST_POWER: i32 = 347;

/// The 96 leading bits of 10^(27·g) at index g + 13, rounded to nearest. The entry for g = 0 is 10^-1, cut off.
const SCALE: [u128; 26] = [
    0x8049a4ac0c5811ae205b896d,
    0xcf42894a5dce35ea52064cad,
    0xa76c582338ed2621af2af2b8,
    0x873e4f75e2224e685a7744a7,
    0xda7f5bf590966848af39a475,
    0xb080392cc4349decbd8d794e,
    0x8e938662882af53e547eb47b,
    0xe65829b3046b0afa0cb4a5a3,
    0xba121a4650e4ddeb92f34d62,
    0x964e858c91ba26553a6a07f9,
    0xf2d56790ab41c2a2fae27299,
    0xc428d05aa4751e4caa97e14c,
    0x9e74d1b791e07e48775ea265,
    TENTH,
    0xcecb8f27f4200f3a00000000,
    0xa70c3c40a64e6c51999090b6,
    0x86f0ac99b4e8dafd69a028bb,
    0xda01ee641a708de9e80e6f48,
    0xb01ae745b101e9e45ec05dd0,
    0x8e41ade9fbebc27d14588f14,
    0xe5d3ef282a242e818f1668c9,
    0xb9a74a0637ce2ee16d953e2c,
    0x95f83d0a1fb69cd94abdaf10,
    0xf24a01a73cf2dccfbc633b39,
    0xc3b8358109e84f070a862f81,
    0x9e19db92b4e31ba96c07a2c2,
];

const TENTH: u128 = 0xcccccccccccccccccccccccc;

/// The 64 leading bits of 10^n for n from 0 to 26; all of them are exact.
const BASE: [u64; 27] = {
    let mut table = [0; 27];
    let mut n = 0;
    let mut power = 1u128;
    while n < 27 {
        table[n] = high(power << power.leading_zeros());
        power *= 10;
        n += 1;
    }
    table
};

/// The upper 64 bits.
const fn high(wide: u128) -> u64 {
    (wide >> 64) as u64
}

/// The lower 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn low(wide: u128) -> u64 {
    wide as u64
}

/// The lower 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn low32(wide: u64) -> u32 {
    wide as u32
}

const fn multiply(a: u64, b: u64) -> u128 {
    (a as u128) * (b as u128)
}

/// The 96 leading bits of 10^`power`, the highest of them set.
fn power_of_ten(power: i32) -> u128 {
    debug_assert!((FIRST_POWER..=LAST_POWER).contains(&power));
    if power == -1 {
        return TENTH;
    }
    let index = |n: i32| usize::try_from(n).unwrap_or(0);
    let n = index(power.rem_euclid(27));
    if (0..27).contains(&power) {
        return u128::from(BASE[n]) << 32;
    }
    let scale = SCALE[index(power.div_euclid(27) + 13)];
    if n == 0 {
        return scale;
    }
    let (upper, lower) = (low(scale >> 32), u64::from(low32(low(scale))));
    let product = (multiply(upper, BASE[n]) + (multiply(lower, BASE[n]) >> 32)) >> 32;
    if product >> 95 == 0 { product << 1 | 1 } else { product }
}

/// floor(log2(10^p)), for every p that occurs.
fn log2_of_power_of_ten(p: i32) -> i32 {
    (p * 108_853) >> 15
}

/// floor(log10(2^e)), for every e that occurs.
fn log10_of_power_of_two(e: i32) -> i32 {
    (e * 78_913) >> 18
}

/// A decimal mantissa and power of ten about equal to `mantissa`·2^`exponent`, with at least `digits` digits.
/// The highest bit of the mantissa must be set, and `digits` be 1 to 18.
fn binary_to_decimal(mantissa: u64, exponent: i32, digits: i32) -> (u64, i32) {
    let power = digits - 1 - log10_of_power_of_two(exponent + 63);
    let product = high(multiply(mantissa, low(power_of_ten(power) >> 32)));
    let shift = -(exponent + log2_of_power_of_ten(power) + 2);
    let decimal = if digits == 18 {
        let halves = product >> shift;
        (halves >> 1) + (halves & 1)
    } else {
        product >> (shift + 1)
    };
    (decimal, -power)
}

/// The real nearest to `mantissa`·10^`power`.
#[must_use]
pub(crate) fn from_decimal(mantissa: u64, power: i32) -> f64 {
    if mantissa == 0 || power < FIRST_POWER {
        return 0.0;
    }
    if power > LAST_POWER {
        return f64::INFINITY;
    }
    let zeros = mantissa.leading_zeros();
    let mantissa = mantissa << zeros;
    let zeros = zeros.cast_signed();
    let log2 = log2_of_power_of_ten(power);
    let mut exponent = 53 - (64 - zeros) - log2;
    if exponent > 1074 {
        if exponent >= 1130 {
            return 0.0;
        }
        exponent = 1074;
    }
    let shift = -(exponent - zeros + log2 + 3);
    // The power is rounded up to 64 bits, and what was added is kept to tell ties from near-ties.
    let ten = power_of_ten(power);
    let (mut ten_high, mut ten_low) = (low(ten >> 32), low32(low(ten)));
    if ten_low != 0 {
        ten_high = ten_high.wrapping_add(1);
        ten_low = !ten_low;
    }
    let product = multiply(mantissa, ten_high);
    let mut upper = high(product);
    let mut sticky = 1;
    if upper & ((1 << shift) - 1) == 0 {
        let middle = low32(low(product) >> 32);
        let excess = low32(high(multiply(mantissa, u64::from(ten_low) << 32)) >> 32);
        sticky = u64::from(middle.wrapping_sub(excess) > 1);
        upper -= u64::from(middle < excess);
    }
    // Two bits below the mantissa, the lower of them sticky, decide the rounding.
    let mut rounded = (upper >> shift) | sticky;
    if rounded >= (1 << 55) - 2 {
        rounded = rounded >> 1 | rounded & 1;
        exponent -= 1;
    }
    let bits = (rounded + 1 + (rounded >> 2 & 1)) >> 2;
    if exponent <= -972 {
        return f64::INFINITY;
    }
    const HIDDEN: u64 = 1 << 52;
    if bits & HIDDEN == 0 {
        return f64::from_bits(bits); // subnormal
    }
    let biased = u64::try_from(1075 - exponent).unwrap_or(0);
    f64::from_bits(bits & !HIDDEN | biased << 52)
}

/// How many digits of a real are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// This many significant digits; at least one.
    Significant(i32),
    /// This many digits after the decimal point.
    Fraction(i32),
}

/// The decimal digits of a finite real.
#[derive(Clone, Debug)]
pub(crate) struct Decimal {
    /// Whether the real is below zero. The sign of zero is not kept.
    pub(crate) negative: bool,
    /// Where the decimal point is: after this many digits. Negative where zeros follow the point before the digits.
    pub(crate) point: i32,
    buffer: [u8; 24],
    start: usize,
    len: usize,
}

/// What a real looks like in decimal.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    /// Digits.
    Finite(Decimal),
    /// Infinity, with its sign.
    Infinite {
        /// Whether it is the infinity below zero.
        negative: bool,
    },
    /// No number.
    NotANumber,
}

impl Decimal {
    /// The digits, as ASCII.
    pub(crate) fn digits(&self) -> &[u8] {
        &self.buffer[self.start..self.start + self.len]
    }

    fn zero() -> Decimal {
        let mut buffer = [0; 24];
        buffer[0] = b'0';
        Decimal { negative: false, point: 1, buffer, start: 0, len: 1 }
    }

    /// A stand-in for infinity: 9e999, which is read as infinity again.
    pub(crate) fn beyond(negative: bool) -> Decimal {
        Decimal { negative, point: 1000, ..Decimal::of(9, negative, 0) }
    }

    /// The digits of `mantissa`, at the end of the buffer so that a carry finds room before them.
    fn of(mantissa: u64, negative: bool, power: i32) -> Decimal {
        let mut buffer = [0; 24];
        let mut start = buffer.len();
        let mut rest = mantissa;
        while rest >= 10 {
            start -= 2;
            buffer[start..start + 2].copy_from_slice(&two_digits(rest % 100));
            rest /= 100;
        }
        if rest > 0 {
            start -= 1;
            buffer[start] = two_digits(rest)[1];
        }
        let len = buffer.len() - start;
        let digits = i32::try_from(len).unwrap_or(0);
        Decimal { negative, point: digits + power, buffer, start, len }
    }

    fn prepend(&mut self, digit: u8) {
        self.start -= 1;
        self.buffer[self.start] = digit;
        self.len += 1;
        self.point += 1;
    }

    /// Keeps the first `keep` digits, rounding half up by the digit that follows.
    fn round_to(&mut self, keep: usize) {
        let up = self.digits()[keep] >= b'5';
        self.len = keep;
        if !up {
            return;
        }
        for at in (self.start..self.start + keep).rev() {
            if self.buffer[at] < b'9' {
                self.buffer[at] += 1;
                return;
            }
            self.buffer[at] = b'0';
        }
        self.prepend(b'1');
    }

    fn trim(&mut self) {
        while self.len > 1 && self.buffer[self.start + self.len - 1] == b'0' {
            self.len -= 1;
        }
    }

    /// Fewer than 17 digits of `mantissa` that still name `real`, if a run of nines or zeros says that there are some: 49.47
    /// rather than 49.469999999999999. Gives how many digits to keep.
    fn shorter_than_17(&self, mantissa: u64, real: f64, power: i32) -> Option<usize> {
        let digits = self.digits();
        let value = |count: usize| {
            let rest = u32::try_from(digits.len() - count).unwrap_or(0);
            10u64.checked_pow(rest).map_or(0, |scale| mantissa / scale)
        };
        let ends_in = |digit: u8, from: usize| digits[from..16].iter().all(|&d| d == digit);
        let total = i32::try_from(digits.len()).unwrap_or(0);
        let (kept, candidate) = if ends_in(b'9', 14) {
            let kept = digits[..14].iter().rposition(|&d| d != b'9').map_or(0, |last| last + 1);
            (kept, value(kept) + 1)
        } else if self.point >= total || ends_in(b'0', 13) {
            let kept = digits[..13].iter().rposition(|&d| d != b'0').map_or(1, |last| last + 1);
            (kept, value(kept))
        } else {
            return None;
        };
        let shifted = power + total - i32::try_from(kept).unwrap_or(0);
        (from_decimal(candidate, shifted) == real).then_some(kept + 1)
    }
}

/// A number below 100 as two digits.
pub(crate) fn two_digits(number: u64) -> [u8; 2] {
    let number = u8::try_from(number % 100).unwrap_or(0);
    [b'0' + number / 10, b'0' + number % 10]
}

/// The digits of `real` to the given precision, and at most `most` significant digits.
pub(crate) fn decode(real: f64, precision: Precision, most: usize) -> Decoded {
    let negative = real < 0.0;
    let real = real.abs();
    if real == 0.0 {
        return Decoded::Finite(Decimal::zero());
    }
    if real.is_nan() {
        return Decoded::NotANumber;
    }
    if real.is_infinite() {
        return Decoded::Infinite { negative };
    }
    let bits = real.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match i32::try_from(bits >> 52).unwrap_or(0) {
        0 => {
            let zeros = fraction.leading_zeros();
            (fraction << zeros, -1074 - zeros.cast_signed())
        }
        biased => (fraction << 11 | 1 << 63, biased - 1086),
    };
    let wanted = match precision {
        Precision::Significant(n @ 1..18) => n + 1,
        _ => 18,
    };
    let (digits, power) = binary_to_decimal(mantissa, exponent, wanted);
    let mut decimal = Decimal::of(digits, negative, power);
    let keep = match precision {
        Precision::Significant(n) => n,
        Precision::Fraction(n) => {
            let keep = decimal.point.saturating_add(n);
            if keep == 0 && decimal.digits()[0] >= b'5' {
                decimal.prepend(b'0');
                1
            } else {
                keep
            }
        }
    };
    let keep = usize::try_from(keep).unwrap_or(0);
    if keep > 0 && (keep < decimal.len || decimal.len > most) {
        let mut keep = keep.min(most);
        if keep == 17 {
            keep = decimal.shorter_than_17(digits, real, power).unwrap_or(17);
        }
        decimal.round_to(keep);
    }
    decimal.trim();
    Decoded::Finite(decimal)
}

/// The real nearest to what `real` is when its digits are cut to a precision.
pub(crate) fn round(real: f64, precision: Precision, most: usize) -> f64 {
    let Decoded::Finite(decimal) = decode(real, precision, most) else {
        return real;
    };
    let is_nothing_left = matches!(precision, Precision::Fraction(n) if decimal.point + n <= 0);
    let digits = decimal.digits();
    let mantissa = digits.iter().fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    let power = decimal.point - i32::try_from(digits.len()).unwrap_or(0);
    let size = if is_nothing_left { 0.0 } else { from_decimal(mantissa, power) };
    if decimal.negative { -size } else { size }
}

#[cfg(test)]
mod tests;
