use proptest::prelude::*;

use super::BigInt;

#[test]
fn zero_has_one_form() {
    let zero = BigInt::from(0);
    assert_eq!(BigInt::from_limbs(true, &[0, 0]), zero);
    assert_eq!("-000".parse::<BigInt>().unwrap(), zero);
    assert_eq!(zero.to_string(), "0");
    assert!(!zero.is_negative() && zero.limbs().is_empty());
}

#[test]
fn edges_of_the_machine_integers() {
    for value in [i128::MIN, i128::MIN + 1, -1, 0, 1, i128::MAX] {
        assert_eq!(BigInt::from(value).to_i128(), Some(value));
    }
    assert_eq!(BigInt::from(u128::MAX).to_u128(), Some(u128::MAX));
    assert_eq!(BigInt::from(u128::MAX).to_i128(), None);
    assert_eq!(BigInt::from(i64::MIN).to_i64(), Some(i64::MIN));
    assert_eq!(BigInt::from(u64::MAX).to_i64(), None);
    assert_eq!(BigInt::from(u64::MAX).to_u64(), Some(u64::MAX));
    assert_eq!(BigInt::from(-1).to_u64(), None);
    let beyond = BigInt::from_limbs(false, &[0, 0, 1]);
    assert_eq!(beyond.to_u128(), None);
    assert_eq!(beyond.to_string(), "340282366920938463463374607431768211456");
    assert_eq!(format!("{:?}", BigInt::from(-5)), "-5n");
}

#[test]
fn text_that_is_no_integer_is_refused() {
    for text in ["", "-", "+", "1_000", "0x10", "1.0", " 1", "--1", "١"] {
        assert!(text.parse::<BigInt>().is_err(), "{text:?}");
    }
    assert_eq!("+12".parse::<BigInt>().unwrap(), BigInt::from(12));
}

proptest! {
    #[test]
    fn decimal_text_agrees_with_i128(value: i128) {
        let big = BigInt::from(value);
        prop_assert_eq!(big.to_string(), value.to_string());
        prop_assert_eq!(value.to_string().parse::<BigInt>().unwrap(), big);
    }

    #[test]
    fn decimal_text_round_trips(negative: bool, limbs in prop::collection::vec(any::<u64>(), 0..12)) {
        let big = BigInt::from_limbs(negative, &limbs);
        prop_assert_eq!(big.to_string().parse::<BigInt>().unwrap(), big);
    }
}
