use proptest::prelude::*;

use crate::value::Value;

/// Any integer, small ones and powers of two preferred.
fn integer() -> impl Strategy<Value = i64> {
    prop_oneof![
        -300..300i64,
        (0..64u32, -2..3i64).prop_map(|(shift, by)| (1i64 << shift).wrapping_add(by)),
        (0..64u32, -2..3i64).prop_map(|(shift, by)| (i64::MIN >> shift).wrapping_add(by)),
        any::<i64>(),
    ]
}

/// Any real but NaN, with many that are integers.
fn real() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-3000..3000i32).prop_map(|eighths| f64::from(eighths) / 8.0),
        integer().prop_map(crate::value::integer_to_real),
        (integer(), -3.0..3.0).prop_map(|(integer, by)| crate::value::integer_to_real(integer) + by),
    ]
    .prop_filter("NaN is no value", |real| !real.is_nan())
}

/// Short bytes of which many agree.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![Just(0u8), Just(0xff), Just(1), Just(b' '), Just(b'a'), Just(b'A'), any::<u8>()],
        0..6,
    )
}

/// Any value.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        integer().prop_map(Value::Integer),
        real().prop_map(Value::Real),
        bytes().prop_map(|text| Value::Text(text.into())),
        bytes().prop_map(|blob| Value::Blob(blob.into())),
    ]
}

pub(crate) fn rowid() -> impl Strategy<Value = i64> {
    integer()
}
