use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use super::hash;
use crate::value::{Collation, ValueRef, compare, integer_to_real};

fn hash_of(value: ValueRef<'_>, collation: &Collation) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(value, collation, &mut hasher);
    hasher.finish()
}

fn is_alike(a: ValueRef<'_>, b: ValueRef<'_>, collation: &Collation) -> bool {
    let is_alike = hash_of(a, collation) == hash_of(b, collation);
    assert_eq!(is_alike, compare(a, b, collation).is_eq(), "{a:?} and {b:?}");
    is_alike
}

#[test]
fn equal_values_hash_alike() {
    use ValueRef::{Blob, Integer, Null, Real, Text};
    let binary = &Collation::Binary;
    assert!(is_alike(Integer(1), Real(1.0), binary));
    assert!(is_alike(Integer(0), Real(-0.0), binary));
    assert!(is_alike(Integer(i64::MIN), Real(-9_223_372_036_854_775_808.0), binary));
    assert!(!is_alike(Integer(i64::MAX), Real(9_223_372_036_854_775_808.0), binary));
    assert!(!is_alike(Real(0.5), Real(-0.5), binary));
    assert!(!is_alike(Text(b"a"), Blob(b"a"), binary));
    assert!(!is_alike(Null, Blob(b""), binary));
    assert!(!is_alike(Text(b"a"), Text(b"A"), binary));
    assert!(is_alike(Text(b"a"), Text(b"A"), &Collation::NoCase));
    assert!(is_alike(Text(b"a "), Text(b"a"), &Collation::RTrim));
}

proptest::proptest! {
    #[test]
    fn integers_and_their_reals_hash_alike(integer: i64, shift in 0..64u32) {
        let real = ValueRef::Real(integer_to_real(integer >> shift));
        is_alike(ValueRef::Integer(integer >> shift), real, &Collation::Binary);
    }
}
