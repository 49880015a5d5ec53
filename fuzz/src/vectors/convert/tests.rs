use duramen_kv::RegExp;

use super::*;

fn text_of(value: &Js) -> String {
    to_utf8(&to_text(value).expect("text"))
}

#[test]
fn values_become_text_as_in_javascript() {
    let array = Js::Array(vec![Some(Js::Number(1.0)), None, Some(Js::Null), Some(Js::String("a".into()))]);
    assert_eq!(text_of(&array), "1,,,a");
    assert_eq!(
        text_of(&Js::Date(Date::from_ms(0.0))),
        "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"
    );
    assert_eq!(
        text_of(&Js::Date(Date::from_ms(1_700_000_000_123.0))),
        "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)"
    );
    let regexp = RegExp { source: "a+".into(), flags: "gi".parse().expect("flags") };
    assert_eq!(text_of(&Js::RegExp(regexp)), "/a+/gi");
    assert_eq!(text_of(&Js::Error("RangeError".into(), "far".into())), "RangeError: far");
    assert_eq!(text_of(&Js::View(ViewKind::Uint16Array, vec![1, 2, 3, 0])), "513,3");
    assert_eq!(text_of(&Js::object(Vec::new())), "[object Object]");
    assert!(to_text(&Js::Symbol).is_err());
    assert_eq!(text_of(&Js::String(JsString::from_utf16(&[0x61, 0xd800]))), "a\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn values_become_numbers_as_in_javascript() {
    assert_eq!(to_number(&Js::Null), Ok(0.0));
    assert_eq!(to_number(&Js::String("3".into())), Ok(3.0));
    assert_eq!(to_number(&Js::Array(Vec::new())), Ok(0.0));
    assert!(to_number(&Js::object(Vec::new())).is_ok_and(f64::is_nan));
    assert!(to_number(&Js::BigInt(3.into())).is_err());
}

#[test]
fn parameters_are_reals_text_and_blobs() {
    assert_eq!(to_sql(&Js::Number(5.0)), Ok(SqlValue::Real(5.0)));
    assert_eq!(to_sql(&Js::Number(f64::NAN)), Ok(SqlValue::Null));
    assert_eq!(to_sql(&Js::Bool(true)), Ok(SqlValue::from("true")));
    assert_eq!(to_sql(&Js::View(ViewKind::Uint16Array, vec![1, 2])), Ok(SqlValue::from(vec![1, 2])));
    let lone = Js::String(JsString::from_utf16(&[0xd800]));
    assert_eq!(to_sql(&lone), Ok(SqlValue::Text(vec![0xed, 0xa0, 0x80].into())));
    assert_eq!(to_sql(&Js::BigInt(1.into())).map_err(|thrown| thrown.name), Err("TypeError"));
}

#[test]
fn what_contains_itself_is_anchored() {
    let cycle = Js::object(vec![("self".into(), Js::Up(1))]);
    let stored = to_stored(&Js::Array(vec![Some(cycle)])).expect("a value");
    let inner = Value::Object(Properties::from([("self", Value::Ref(Label(1)))]));
    assert_eq!(stored, Value::Array(vec![Value::Anchor(Label(1), Box::new(inner))]));
    let bytes = stored.to_bytes().expect("bytes");
    assert!(Value::from_bytes(&bytes).is_ok());
}

#[test]
fn functions_are_not_cloned() {
    let inside = Js::Array(vec![Some(Js::Function)]);
    assert_eq!(to_stored(&inside), Err(Thrown::not_cloned("() => 1")));
    assert_eq!(
        to_stored(&Js::Symbol).map_err(|thrown| thrown.message),
        Err("Symbol(s) could not be cloned.".into())
    );
}
