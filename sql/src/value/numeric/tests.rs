use super::{Extent, Number, Overflow, integer_text, parse_integer, parse_real, real_text, real_to_integer};
use crate::value::{NumberText, ValueRef};

fn text(real: f64) -> String {
    String::from_utf8(real_text(real).as_bytes().to_vec()).unwrap()
}

/// Reals (their bits) and their texts, as SQLite 3.54.1 gave them.
#[test]
fn reals_are_written_as_sqlite_writes_them() {
    for line in include_str!("reals.txt").lines() {
        let (bits, want) = line.split_once(' ').unwrap();
        let real = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(text(real), want, "{bits}");
        assert_eq!(parse_real(want.as_bytes()).real, real);
    }
    assert_eq!(text(-0.0), "0.0");
    assert_eq!(text(f64::INFINITY), "Inf");
    assert_eq!(text(f64::NEG_INFINITY), "-Inf");
}

#[test]
fn integers_are_written() {
    for integer in [0, 7, -7, 10, 1234567890, i64::MAX, i64::MIN] {
        assert_eq!(integer_text(integer).as_bytes(), integer.to_string().as_bytes());
    }
}

#[test]
fn a_real_is_read_from_the_front() {
    let cases: &[(&str, f64, Extent, bool)] = &[
        ("", 0.0, Extent::Nothing, true),
        ("  ", 0.0, Extent::Nothing, true),
        ("abc", 0.0, Extent::Nothing, true),
        (".", 0.0, Extent::Nothing, true),
        ("-.e5", 0.0, Extent::Nothing, true),
        ("e5", 0.0, Extent::Nothing, true),
        ("12", 12.0, Extent::Whole, true),
        (" \t12\n ", 12.0, Extent::Whole, true),
        ("+12", 12.0, Extent::Whole, true),
        ("- 12", 0.0, Extent::Nothing, true),
        ("12 x", 12.0, Extent::Prefix, true),
        ("12\0x", 12.0, Extent::Whole, true),
        ("12 \0x", 12.0, Extent::Whole, true),
        ("12.", 12.0, Extent::Whole, false),
        (".5", 0.5, Extent::Whole, false),
        ("-1.5e2", -150.0, Extent::Whole, false),
        ("1e", 1.0, Extent::Prefix, true),
        ("1e+", 1.0, Extent::Prefix, true),
        ("1.5e-x", 1.5, Extent::Prefix, false),
        ("0x10", 0.0, Extent::Prefix, true),
        ("1e999999999999", f64::INFINITY, Extent::Whole, false),
        ("0e999999999999", 0.0, Extent::Whole, false),
        ("1e-999999999999", 0.0, Extent::Whole, false),
        ("3500000000000000.2500001", 3_500_000_000_000_000.0, Extent::Whole, false),
        ("123456789012345678901234567890", 1.234_567_890_123_456_8e29, Extent::Whole, true),
    ];
    for &(text, real, extent, integral) in cases {
        let got = parse_real(text.as_bytes());
        assert_eq!((got.real, got.extent, got.integral), (real, extent, integral), "{text:?}");
    }
}

#[test]
fn an_integer_is_read_from_the_front() {
    let cases: &[(&str, i64, Extent, Option<Overflow>)] = &[
        ("", 0, Extent::Nothing, None),
        ("-", 0, Extent::Nothing, None),
        ("12", 12, Extent::Whole, None),
        (" -12 ", -12, Extent::Whole, None),
        ("000000000000000000000000012", 12, Extent::Whole, None),
        ("12.5", 12, Extent::Prefix, None),
        ("12\0", 12, Extent::Prefix, None),
        ("9223372036854775807", i64::MAX, Extent::Whole, None),
        ("9223372036854775808", i64::MAX, Extent::Whole, Some(Overflow::ByOne)),
        ("-9223372036854775808", i64::MIN, Extent::Whole, None),
        ("-9223372036854775809", i64::MIN, Extent::Whole, Some(Overflow::Far)),
        ("99999999999999999999x", i64::MAX, Extent::Prefix, Some(Overflow::Far)),
    ];
    for &(text, integer, extent, overflow) in cases {
        let got = parse_integer(text.as_bytes());
        assert_eq!((got.integer, got.extent, got.overflow), (integer, extent, overflow), "{text:?}");
    }
}

#[test]
fn values_are_taken_for_numbers() {
    let number = |text| ValueRef::text(text).to_number();
    assert_eq!(ValueRef::Null.to_number(), None);
    assert_eq!(number("12abc"), Some(Number::Integer(12)));
    assert_eq!(number("12.0abc"), Some(Number::Real(12.0)));
    assert_eq!(number("abc"), Some(Number::Integer(0)));
    assert_eq!(number("9223372036854775808"), Some(Number::Real(9_223_372_036_854_775_808.0)));
    assert_eq!(ValueRef::Blob(b"7").to_number(), Some(Number::Integer(7)));
    let whole = |text| ValueRef::text(text).as_number();
    assert_eq!(whole("12abc"), None);
    assert_eq!(whole(" 12 "), Some(Number::Integer(12)));
    assert_eq!(whole("12.0"), Some(Number::Real(12.0)));
    assert_eq!(ValueRef::Blob(b"7").as_number(), None);
    assert_eq!(ValueRef::text("0.5x").to_bool(), Some(true));
    assert_eq!(ValueRef::text("x").to_bool(), Some(false));
    assert_eq!(ValueRef::Null.to_bool(), None);
    assert_eq!(ValueRef::Real(-1.9).to_integer(), -1);
    assert_eq!(real_to_integer(1e300), i64::MAX);
    assert_eq!(real_to_integer(-1e300), i64::MIN);
    let mut room = NumberText::new();
    assert_eq!(ValueRef::Real(1.0).to_text(&mut room), Some(&b"1.0"[..]));
    assert_eq!(ValueRef::Null.to_text(&mut room), None);
}
