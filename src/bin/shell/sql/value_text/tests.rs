use duramen_sql::{Connection, Value};

use super::*;

#[test]
fn literals_give_the_same_value_again() {
    let connection = Connection::open_in_memory().expect("there is memory");
    let mut values = vec![
        Value::Null,
        Value::Integer(0),
        Value::Integer(i64::MIN),
        Value::Integer(i64::MAX),
        Value::from("it's"),
        Value::from("a\0b"),
        Value::from("line\r\nline"),
        Value::Text([0xff, b'x'][..].into()),
        Value::from(vec![0u8, 255]),
        Value::from(Vec::new()),
        Value::from(f64::INFINITY),
        Value::from(f64::NEG_INFINITY),
    ];
    values.extend([0.1, 1.0, -2.5e-7, 1e16, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE].map(Value::from));
    let mut bits = 1u64;
    for _ in 0..2000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let real = f64::from_bits(bits);
        if real.is_finite() {
            values.push(Value::from(real));
        }
    }
    for value in values {
        let literal = literal(value.as_ref());
        let found = connection.run(&format!("SELECT {literal}"), &[]).expect("it is a literal").rows;
        assert_eq!(found, [[value]], "{literal}");
    }
}

#[test]
fn what_is_shown_does_nothing_to_a_terminal() {
    assert_eq!(tame("a\u{1b}[1mb\tc\nd\u{7f}\u{85}".into()), "a^[[1mb    c\nd^?\u{fffd}");
    assert_eq!(tame("plain ä".into()), "plain ä");
}

#[test]
fn values_are_shown_as_sql_has_them() {
    let text = |value: Value| shown(value.as_ref(), "-").into_owned();
    assert_eq!(text(Value::Null), "-");
    assert_eq!(text(Value::from(1.0)), "1.0");
    assert_eq!(text(Value::from(vec![1u8, 0xab])), "x'01ab'");
    assert_eq!(hex_digits(&[1, 0xab]), "01AB");
}
