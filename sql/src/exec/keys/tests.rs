use super::{push_key, push_sorted};
use crate::expr::Scalar;
use crate::plan::SortKey;
use crate::value::{Collation, ValueRef, compare};

const VALUES: &[ValueRef<'static>] = &[
    ValueRef::Null,
    ValueRef::Real(f64::NEG_INFINITY),
    ValueRef::Real(-1e300),
    ValueRef::Real(-9_223_372_036_854_775_808.0),
    ValueRef::Integer(i64::MIN),
    ValueRef::Integer(i64::MIN + 1),
    ValueRef::Integer(i64::MIN + 1024),
    ValueRef::Integer(-9_007_199_254_740_993),
    ValueRef::Real(-9_007_199_254_740_992.0),
    ValueRef::Integer(-9_007_199_254_740_992),
    ValueRef::Integer(-9_007_199_254_740_991),
    ValueRef::Integer(-256),
    ValueRef::Real(-1.5),
    ValueRef::Integer(-1),
    ValueRef::Real(-0.0),
    ValueRef::Real(0.0),
    ValueRef::Integer(0),
    ValueRef::Real(f64::MIN_POSITIVE),
    ValueRef::Integer(1),
    ValueRef::Real(1.0),
    ValueRef::Real(1.5),
    ValueRef::Integer(255),
    ValueRef::Integer(9_007_199_254_740_991),
    ValueRef::Integer(9_007_199_254_740_992),
    ValueRef::Integer(9_007_199_254_740_993),
    ValueRef::Real(9_007_199_254_740_994.0),
    ValueRef::Integer(i64::MAX - 512),
    ValueRef::Integer(i64::MAX - 511),
    ValueRef::Integer(i64::MAX),
    ValueRef::Real(9_223_372_036_854_775_808.0),
    ValueRef::Real(f64::MAX),
    ValueRef::Real(f64::INFINITY),
    ValueRef::Text(b""),
    ValueRef::Text(b"\0"),
    ValueRef::Text(b"\0\xff"),
    ValueRef::Text(b"\x01"),
    ValueRef::Text(b"a"),
    ValueRef::Text(b"a\0"),
    ValueRef::Text(b"ab"),
    ValueRef::Blob(b""),
    ValueRef::Blob(b"\0\x01"),
    ValueRef::Blob(b"a"),
];

const BINARY: Collation = Collation::Binary;

#[test]
fn keys_compare_as_values_do() {
    let keys: Vec<Vec<u8>> = VALUES
        .iter()
        .map(|value| {
            let mut key = Vec::new();
            push_key(&mut key, *value, &BINARY);
            key
        })
        .collect();
    for (a, key) in VALUES.iter().zip(&keys) {
        for (b, other) in VALUES.iter().zip(&keys) {
            assert_eq!(key.cmp(other), compare(*a, *b, &BINARY), "{a:?} and {b:?}");
            assert!(key == other || !other.starts_with(key), "{a:?} and {b:?}");
        }
    }
}

#[test]
fn sort_keys_go_both_ways_with_null_at_either_end() {
    for (descending, nulls_first) in [(false, true), (false, false), (true, true), (true, false)] {
        let value = Scalar::Number(ValueRef::Null);
        let sort = SortKey { value, collation: BINARY, descending, nulls_first };
        let key = |value| {
            let mut key = Vec::new();
            push_sorted(&mut key, value, &sort);
            key
        };
        for a in VALUES {
            for b in VALUES {
                let order = compare(*a, *b, &BINARY);
                let wanted = match (a.is_null(), b.is_null()) {
                    (true, false) if nulls_first => std::cmp::Ordering::Less,
                    (true, false) => std::cmp::Ordering::Greater,
                    (false, true) if nulls_first => std::cmp::Ordering::Greater,
                    (false, true) => std::cmp::Ordering::Less,
                    _ if descending => order.reverse(),
                    _ => order,
                };
                assert_eq!(key(*a).cmp(&key(*b)), wanted, "{a:?} and {b:?}");
            }
        }
    }
}
