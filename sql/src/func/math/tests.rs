use crate::func::Place;
use crate::func::tests::{TestContext, call, call_in, shown};
use crate::value::{Value, ValueRef};

fn int(integer: i64) -> ValueRef<'static> {
    ValueRef::Integer(integer)
}

fn real(real: f64) -> ValueRef<'static> {
    ValueRef::Real(real)
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::text(text)
}

#[test]
fn abs_round_sign() {
    assert_eq!(shown("abs", &[int(i64::MIN)]), "Einteger overflow");
    assert_eq!(shown("abs", &[int(-5)]), "I5");
    assert_eq!(shown("abs", &[text("-5x")]), "R5.0");
    assert_eq!(shown("round", &[real(2.5)]), "R3.0");
    assert_eq!(shown("round", &[real(-2.5)]), "R-3.0");
    assert_eq!(shown("round", &[real(2.345), int(2)]), "R2.35");
    assert_eq!(shown("round", &[real(1e300), int(2)]), "R1e300");
    assert_eq!(shown("round", &[real(0.0004), int(2)]), "R0.0");
    assert_eq!(shown("round", &[int(7), ValueRef::Null]), "N");
    assert_eq!(shown("sign", &[text("-3.5")]), "I-1");
    assert_eq!(shown("sign", &[text("abc")]), "N");
}

#[test]
fn whole_numbers_of_fractions() {
    assert_eq!(shown("ceil", &[real(1.2)]), "R2.0");
    assert_eq!(shown("floor", &[real(-1.2)]), "R-2.0");
    assert_eq!(shown("trunc", &[real(-1.2)]), "R-1.0");
    assert_eq!(shown("ceiling", &[int(4)]), "I4");
    assert_eq!(shown("floor", &[text("4")]), "I4");
    assert_eq!(shown("floor", &[ValueRef::Blob(b"4")]), "N");
}

#[test]
fn logarithms_and_powers() {
    assert_eq!(shown("log", &[int(100)]), "R2.0");
    assert_eq!(shown("log", &[int(2), int(8)]), "R3.0");
    assert_eq!(shown("log", &[int(2), text("8x")]), "R3.0", "only the base must be a number");
    assert_eq!(shown("log2", &[int(8)]), "R3.0");
    assert_eq!(shown("ln", &[int(0)]), "N");
    assert_eq!(shown("log", &[int(1), int(5)]), "N");
    assert_eq!(shown("pow", &[int(2), int(10)]), "R1024.0");
    assert_eq!(shown("pow", &[int(-8), real(0.5)]), "N", "no NaN");
    assert_eq!(shown("sqrt", &[int(2)]), "R1.4142135623730951");
    assert_eq!(shown("sqrt", &[int(-1)]), "N");
    assert_eq!(shown("mod", &[real(-7.5), int(2)]), "R-1.5");
    assert_eq!(shown("mod", &[int(7), int(0)]), "N");
    assert_eq!(shown("exp", &[int(1000)]), "Rinf");
    assert_eq!(shown("pi", &[]), "R3.141592653589793");
}

#[test]
fn angles_and_hyperbolics() {
    for name in ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "radians", "degrees"] {
        assert_eq!(shown(name, &[int(0)]), "R0.0", "{name}");
    }
    for (name, there, back) in
        [("sinh", 1.5, "asinh"), ("cosh", 2.5, "acosh"), ("tanh", 0.5, "atanh"), ("sin", 0.5, "asin")]
    {
        let Value::Real(image) = call(name, &[real(there)]).unwrap() else { panic!("{name}") };
        let Value::Real(round) = call(back, &[real(image)]).unwrap() else { panic!("{back}") };
        assert!((round - there).abs() < 1e-14, "{back}({name}({there})) = {round}");
    }
    assert_eq!(shown("acosh", &[real(0.5)]), "N");
    assert_eq!(shown("atanh", &[int(1)]), "Rinf");
    assert_eq!(shown("atanh", &[int(2)]), "N");
    assert_eq!(shown("asinh", &[real(-1e300)]), "R-691.4686750787736");
    assert_eq!(shown("acosh", &[real(1e300)]), "R691.4686750787736");
    assert_eq!(shown("atan2", &[int(1), int(-1)]), "R2.356194490192345");
    assert_eq!(shown("degrees", &[real(std::f64::consts::PI)]), "R180.0");
}

#[test]
fn random_is_never_the_smallest_integer() {
    let random = call_in(&TestContext::default(), Place::Statement, "random", &[]).unwrap();
    assert_eq!(random, Value::Integer(-i64::MAX), "from all bits set");
}
