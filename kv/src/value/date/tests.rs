use proptest::prelude::*;

use super::Date;

#[test]
fn texts_of_known_dates() {
    // As V8 writes them.
    let cases = [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (-1.0, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000.0, "2000-02-29T00:00:00.000Z"),
        (253_402_300_799_999.0, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000.0, "+010000-01-01T00:00:00.000Z"),
        (-62_167_219_200_000.0, "0000-01-01T00:00:00.000Z"),
        (-62_167_219_200_001.0, "-000001-12-31T23:59:59.999Z"),
        (8.64e15, "+275760-09-13T00:00:00.000Z"),
        (-8.64e15, "-271821-04-20T00:00:00.000Z"),
    ];
    for (ms, text) in cases {
        let date = Date::from_ms(ms);
        assert_eq!(date.to_string(), text);
        assert_eq!(text.parse::<Date>().unwrap(), date);
    }
}

#[test]
fn numbers_are_clipped_as_javascript_does() {
    assert_eq!(Date::from_ms(5.9).ms(), Some(5));
    assert_eq!(Date::from_ms(-5.9).ms(), Some(-5));
    assert!(Date::from_ms(-0.5).time_value().is_sign_positive());
    for ms in [f64::NAN, f64::INFINITY, -f64::INFINITY, 8.64e15 + 1.0] {
        assert_eq!(Date::from_ms(ms), Date::INVALID);
    }
    assert_eq!(Date::INVALID.to_string(), "Invalid Date");
    assert_eq!("Invalid Date".parse::<Date>().unwrap(), Date::INVALID);
}

#[test]
fn milliseconds_may_be_missing() {
    assert_eq!("1970-01-01T00:00:01Z".parse::<Date>().unwrap(), Date::from_ms(1000.0));
}

#[test]
fn other_texts_are_refused() {
    let texts = [
        "",
        "1970",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-02-30T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-01-00T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:00.1Z",
        "1970-01-01T00:00:00.1234Z",
        "1970-01-01T00:00:00.000ZZ",
        "1970-01-01T00:00:00.+01Z",
        "+275760-09-13T00:00:00.001Z",
        "+27576-09-13T00:00:00.001Z",
        "1970-01-01T00:00:000Z",
        "€970-01-01T00:00:00Z",
    ];
    for text in texts {
        assert!(text.parse::<Date>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn text_round_trips(ms in -8_640_000_000_000_000_i64..=8_640_000_000_000_000) {
        let date = Date::from_ms(ms as f64);
        prop_assert_eq!(date.ms(), Some(ms));
        prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
    }
}
