use std::cmp::Ordering;

use super::{compare, compare_integer_to_real, compare_with_affinity};
use crate::value::{Affinity, Collation, ValueRef};

#[test]
fn classes_sort_in_order() {
    let ascending = [
        ValueRef::Null,
        ValueRef::Real(f64::NEG_INFINITY),
        ValueRef::Integer(i64::MIN),
        ValueRef::Real(-1.5),
        ValueRef::Integer(-1),
        ValueRef::Real(-5e-324),
        ValueRef::Integer(0),
        ValueRef::Real(0.5),
        ValueRef::Integer(1),
        ValueRef::Integer((1 << 53) + 1),
        ValueRef::Real(9_007_199_254_740_994.0),
        ValueRef::Integer(i64::MAX),
        ValueRef::Real(9_223_372_036_854_775_808.0),
        ValueRef::Real(f64::INFINITY),
        ValueRef::Text(b""),
        ValueRef::Text(b"a"),
        ValueRef::Blob(b""),
        ValueRef::Blob(b"\0"),
    ];
    for (i, &a) in ascending.iter().enumerate() {
        for (j, &b) in ascending.iter().enumerate() {
            assert_eq!(compare(a, b, &Collation::Binary), i.cmp(&j), "{a:?} to {b:?}");
        }
    }
}

#[test]
fn equal_numbers_of_both_kinds_are_equal() {
    let equal = |integer, real| compare_integer_to_real(integer, real) == Ordering::Equal;
    assert!(equal(0, -0.0));
    assert!(equal(i64::MIN, -9_223_372_036_854_775_808.0));
    assert!(equal(1 << 53, 9_007_199_254_740_992.0));
    assert!(!equal((1 << 53) + 1, 9_007_199_254_740_992.0));
    assert!(!equal(i64::MAX, 9_223_372_036_854_775_807.0));
}

#[test]
fn comparisons_apply_an_affinity() {
    let text = ValueRef::text;
    let order = |a, b, affinity| compare_with_affinity(a, b, affinity, &Collation::Binary);
    assert_eq!(order(ValueRef::Integer(10), text("10"), Affinity::None), Some(Ordering::Less));
    assert_eq!(order(ValueRef::Integer(10), text("10.0"), Affinity::Numeric), Some(Ordering::Equal));
    assert_eq!(order(ValueRef::Integer(10), text("9"), Affinity::Text), Some(Ordering::Less));
    assert_eq!(order(ValueRef::Integer(10), ValueRef::Integer(9), Affinity::Text), Some(Ordering::Greater));
    assert_eq!(order(ValueRef::Integer(10), text("x"), Affinity::Integer), Some(Ordering::Less));
    assert_eq!(order(ValueRef::Null, ValueRef::Null, Affinity::None), None);
}
