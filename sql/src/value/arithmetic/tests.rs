use super::{
    add, bit_and, bit_not, bit_or, divide, multiply, negate, remainder, shift_left, shift_right, subtract,
};
use crate::value::ValueRef::{self, Blob, Integer, Null, Real};

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::text(text)
}

#[test]
fn integers_overflow_into_reals() {
    assert_eq!(add(Integer(2), Integer(3)), Integer(5));
    assert_eq!(add(Integer(i64::MAX), Integer(1)), Real(9_223_372_036_854_775_808.0));
    assert_eq!(subtract(Integer(i64::MIN), Integer(1)), Real(-9_223_372_036_854_775_808.0));
    assert_eq!(multiply(Integer(i64::MAX), Integer(2)), Real(1.844_674_407_370_955_2e19));
    assert_eq!(divide(Integer(i64::MIN), Integer(-1)), Real(9_223_372_036_854_775_808.0));
    assert_eq!(negate(Integer(i64::MIN)), Real(9_223_372_036_854_775_808.0));
}

#[test]
fn division_and_remainder() {
    assert_eq!(divide(Integer(-7), Integer(2)), Integer(-3));
    assert_eq!(divide(Integer(7), Real(2.0)), Real(3.5));
    assert_eq!(divide(Integer(7), Integer(0)), Null);
    assert_eq!(divide(Real(7.0), Real(0.0)), Null);
    assert_eq!(remainder(Integer(-7), Integer(2)), Integer(-1));
    assert_eq!(remainder(Integer(i64::MIN), Integer(-1)), Integer(0));
    assert_eq!(remainder(Real(7.9), Integer(4)), Real(3.0));
    assert_eq!(remainder(Integer(7), Real(0.5)), Null);
}

#[test]
fn operands_are_made_numbers() {
    assert_eq!(add(text("3x"), text("4.5")), Real(7.5));
    assert_eq!(add(text("abc"), Blob(b"2")), Integer(2));
    assert_eq!(add(Null, Integer(1)), Null);
    assert_eq!(negate(text("1.5")), Real(-1.5));
    let zero = multiply(text("-0"), Real(1.0));
    assert!(matches!(zero, Real(real) if real == 0.0 && real.is_sign_negative()), "as a real from the start");
    assert_eq!(subtract(Real(f64::INFINITY), Real(f64::INFINITY)), Null, "no NaN");
}

#[test]
fn bits() {
    assert_eq!(bit_and(Integer(6), Real(3.9)), Integer(2));
    assert_eq!(bit_or(Integer(6), text("1")), Integer(7));
    assert_eq!(bit_not(Integer(0)), Integer(-1));
    assert_eq!(bit_not(Null), Null);
    assert_eq!(shift_left(Integer(1), Integer(4)), Integer(16));
    assert_eq!(shift_left(Integer(1), Integer(64)), Integer(0));
    assert_eq!(shift_left(Integer(-16), Integer(-2)), Integer(-4));
    assert_eq!(shift_right(Integer(-1), Integer(100)), Integer(-1));
    assert_eq!(shift_right(Integer(1), Integer(-3)), Integer(8));
    assert_eq!(shift_right(Integer(1), Integer(i64::MIN)), Integer(0));
    assert_eq!(shift_left(Null, Integer(1)), Null);
}
