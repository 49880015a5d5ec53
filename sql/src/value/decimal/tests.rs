use super::{BASE, Decoded, FIRST_POWER, LAST_POWER, Precision, SCALE, decode, from_decimal, power_of_ten};

/// A natural number, lowest digit of 32 bits first.
struct Big(Vec<u32>);

impl Big {
    fn power_of_two(exponent: usize) -> Big {
        let mut words = vec![0; exponent / 32 + 1];
        words[exponent / 32] = 1 << (exponent % 32);
        Big(words)
    }

    fn multiply(&mut self, by: u32) {
        let mut carry = 0u64;
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(by);
            *word = u32::try_from(carry & 0xffff_ffff).unwrap();
            carry >>= 32;
        }
        self.0.push(u32::try_from(carry).unwrap());
    }

    fn divide(&mut self, by: u32) {
        let mut rest = 0u64;
        for word in self.0.iter_mut().rev() {
            rest = rest << 32 | u64::from(*word);
            *word = u32::try_from(rest / u64::from(by)).unwrap();
            rest %= u64::from(by);
        }
    }

    fn bit(&self, index: usize) -> u128 {
        u128::from(self.0[index / 32] >> (index % 32) & 1)
    }

    /// The highest 97 bits, the lowest of which decides how to round to 96.
    fn leading_97(&self) -> u128 {
        let top = (0..self.0.len() * 32).rev().find(|&index| self.bit(index) == 1).unwrap();
        (0..97).fold(0, |bits, i| bits << 1 | top.checked_sub(i).map_or(0, |index| self.bit(index)))
    }
}

#[test]
fn powers_of_ten_are_rounded_to_96_bits() {
    for (index, &entry) in SCALE.iter().enumerate().filter(|&(index, _)| index != 13) {
        let power = i32::try_from(index).unwrap() * 27 - 351;
        let mut big = Big::power_of_two(if power < 0 { 2000 } else { 0 });
        for _ in 0..power.unsigned_abs() {
            if power < 0 { big.divide(5) } else { big.multiply(5) }
        }
        assert_eq!(entry, (big.leading_97() + 1) >> 1, "10^{power}");
    }
    assert_eq!(BASE[1], 0xa << 60);
    for power in FIRST_POWER..=LAST_POWER {
        assert_eq!(power_of_ten(power) >> 95, 1, "10^{power} has its highest bit set");
    }
}

fn digits(real: f64, precision: Precision, most: usize) -> (String, i32) {
    match decode(real, precision, most) {
        Decoded::Finite(decimal) => (String::from_utf8(decimal.digits().to_vec()).unwrap(), decimal.point),
        other => panic!("{other:?}"),
    }
}

#[test]
fn digits_are_rounded_where_asked() {
    let significant = Precision::Significant;
    let fraction = Precision::Fraction;
    assert_eq!(digits(0.0, significant(17), 20), ("0".into(), 1));
    assert_eq!(digits(-0.0, significant(17), 20), ("0".into(), 1));
    assert_eq!(digits(2.5, fraction(0), 16), ("3".into(), 1));
    assert_eq!(digits(0.5, fraction(0), 16), ("1".into(), 1));
    assert_eq!(digits(0.4, fraction(0), 16), ("400000000000000022".into(), 0), "nothing to round to");
    assert_eq!(digits(999.96, fraction(1), 16), ("1".into(), 4));
    assert_eq!(digits(49.47, significant(17), 20), ("4947".into(), 2));
    assert_eq!(digits(0.1, significant(18), 20), ("100000000000000006".into(), 0));
    assert_eq!(digits(5e-324, significant(3), 16), ("494".into(), -323));
    assert_eq!(digits(1e300, significant(16), 16), ("1".into(), 301));
    assert!(matches!(decode(f64::NAN, significant(17), 20), Decoded::NotANumber));
    assert!(matches!(decode(f64::NEG_INFINITY, significant(17), 20), Decoded::Infinite { negative: true }));
}

#[test]
fn decimals_become_the_nearest_real() {
    assert_eq!(from_decimal(0, 5), 0.0);
    assert_eq!(from_decimal(1, -1), 0.1);
    assert_eq!(from_decimal(1, 23), 1e23);
    assert_eq!(from_decimal(u64::MAX, 0), 18_446_744_073_709_551_615.0);
    assert_eq!(from_decimal(17_976_931_348_623_157, 292), f64::MAX);
    assert_eq!(from_decimal(17_976_931_348_623_159, 292), f64::INFINITY);
    assert_eq!(from_decimal(1, 400), f64::INFINITY);
    assert_eq!(from_decimal(49, -325), 5e-324);
    assert_eq!(from_decimal(24, -325), 0.0);
    assert_eq!(from_decimal(1, -400), 0.0);
    assert_eq!(from_decimal(22_250_738_585_072_014, -324), f64::MIN_POSITIVE);
    assert_eq!(from_decimal(9_007_199_254_740_993, 0), 9_007_199_254_740_992.0, "ties go to even");
}

proptest::proptest! {
    #[test]
    fn seventeen_digits_name_their_real(bits: u64) {
        let real = f64::from_bits(bits).abs();
        if let Decoded::Finite(decimal) = decode(real, Precision::Significant(17), 20) {
            let text = std::str::from_utf8(decimal.digits()).unwrap();
            let power = decimal.point - i32::try_from(text.len()).unwrap();
            assert_eq!(from_decimal(text.parse().unwrap(), power), real);
        }
    }

    #[test]
    fn seventeen_digits_are_read_as_the_standard_library_does(
        mantissa in 0u64..100_000_000_000_000_000, power in -345i32..310,
    ) {
        let nearest: f64 = format!("{mantissa}e{power}").parse().unwrap();
        assert_eq!(from_decimal(mantissa, power), nearest);
    }
}
