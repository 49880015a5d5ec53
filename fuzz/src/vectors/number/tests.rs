use super::*;

#[test]
fn numbers_look_as_in_javascript() {
    let cases = [
        (0.0, "0"),
        (-0.0, "0"),
        (5.0, "5"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (123_456_789_012_345_680_000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1e-7, "1e-7"),
        (1.25e100, "1.25e+100"),
        (9_007_199_254_740_993.0, "9007199254740992"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ];
    for (number, text) in cases {
        assert_eq!(to_text(number), text);
    }
}

#[test]
fn text_becomes_a_number_as_in_javascript() {
    let cases = [
        ("", 0.0),
        (" 12 ", 12.0),
        ("0x10", 16.0),
        ("-Infinity", f64::NEG_INFINITY),
        (".5", 0.5),
        ("1e3", 1000.0),
    ];
    for (text, number) in cases {
        assert_eq!(from_text(text), number, "{text:?}");
    }
    for text in ["infinity", "nan", "12px", "1 2", "0x"] {
        assert!(from_text(text).is_nan(), "{text:?}");
    }
}
