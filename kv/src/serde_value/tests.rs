use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::label::Label;
use crate::value::{
    ArrayBuffer, BigInt, Date, ErrorKind, ErrorObject, JsString, Object, Primitive, RegExp, SparseArray,
    Value, View, ViewBuffer, ViewKind,
};

fn json(text: &str) -> Result<Value, Error> {
    Value::from_json(text)
}

#[test]
fn the_mapping() {
    let lone = JsString::from_utf16(&[0xd800]);
    let mut array = SparseArray::new(5);
    array.set(1, "x".into());
    let plain_array = array.clone();
    array.properties = [("$ref", 1.into())].into();
    let resizable = ArrayBuffer { bytes: vec![0, 255].into(), max_len: Some(8) };
    let view = |buffer, byte_length| {
        Value::from(View { kind: ViewKind::Uint8Array, buffer, byte_offset: 1, byte_length })
    };
    let cases = [
        (Value::Null, "null"),
        (true.into(), "true"),
        (5.into(), "5"),
        (9_007_199_254_740_991.0.into(), "9007199254740991"),
        (9_007_199_254_740_992.0.into(), "9007199254740992.0"),
        ((-0.0).into(), "-0.0"),
        (0.1.into(), "0.1"),
        (6.265_870_918_609_126_4e-245.into(), "6.2658709186091264e-245"),
        (1e300.into(), "1e+300"),
        ("text\"".into(), r#""text\"""#),
        (vec![1.into(), vec![].into()].into(), "[1,[]]"),
        (Object::from([("b", 1.into()), ("a", 2.into())]).into(), r#"{"b":1,"a":2}"#),
        (Value::Undefined, r#"{"$undefined":true}"#),
        (f64::INFINITY.into(), r#"{"$number":"Infinity"}"#),
        (f64::NEG_INFINITY.into(), r#"{"$number":"-Infinity"}"#),
        (BigInt::from(-5).into(), r#"{"$bigint":"-5"}"#),
        (lone.clone().into(), r#"{"$string":[55296]}"#),
        (Date::from_ms(0.0).into(), r#"{"$date":"1970-01-01T00:00:00.000Z"}"#),
        (Date::INVALID.into(), r#"{"$date":null}"#),
        (
            RegExp { source: "a+".into(), flags: "gi".parse().unwrap() }.into(),
            r#"{"$regexp":"a+","flags":"gi"}"#,
        ),
        (ArrayBuffer::from(vec![0, 255]).into(), r#"{"$buffer":"00ff"}"#),
        (resizable.clone().into(), r#"{"$buffer":"00ff","maxLength":8}"#),
        (
            view(ViewBuffer::Own(vec![0, 255].into()), Some(1)),
            r#"{"$view":"Uint8Array","buffer":{"$buffer":"00ff"},"offset":1,"length":1}"#,
        ),
        (
            view(ViewBuffer::Anchored(Label(4), resizable), None),
            r#"{"$view":"Uint8Array","buffer":{"$anchor":4,"value":{"$buffer":"00ff","maxLength":8}},"offset":1}"#,
        ),
        (
            view(ViewBuffer::Ref(Label(4)), Some(1)),
            r#"{"$view":"Uint8Array","buffer":{"$ref":4},"offset":1,"length":1}"#,
        ),
        (plain_array.into(), r#"{"$sparse":5,"elements":[[1,"x"]]}"#),
        (array.into(), r#"{"$sparse":5,"elements":[[1,"x"]],"properties":{"$object":[["$ref",1]]}}"#),
        (Value::Map(vec![(1.into(), Value::Null)]), r#"{"$map":[[1,null]]}"#),
        (Value::Set(vec![1.into()]), r#"{"$set":[1]}"#),
        (
            ErrorObject {
                kind: ErrorKind::TypeError,
                message: Some("m".into()),
                stack: Some(lone.clone()),
                cause: Some(1.into()),
            }
            .into(),
            r#"{"$error":"TypeError","message":"m","stack":{"$string":[55296]},"cause":1}"#,
        ),
        (ErrorObject::default().into(), r#"{"$error":"Error"}"#),
        (Primitive::Number(1.5).into(), r#"{"$boxed":1.5}"#),
        (Primitive::BigInt(1.into()).into(), r#"{"$boxed":{"$bigint":"1"}}"#),
        (
            Value::Anchor(Label(0), Box::new(vec![Value::Ref(Label(0))].into())),
            r#"{"$anchor":0,"value":[{"$ref":0}]}"#,
        ),
        (Object::from([("$ref", 1.into())]).into(), r#"{"$object":[["$ref",1]]}"#),
        (Object::from([(lone, 1.into())]).into(), r#"{"$object":[[{"$string":[55296]},1]]}"#),
        (Object::from([("$schema", 1.into())]).into(), r#"{"$schema":1}"#),
        (Object::from([("a", 1.into()), ("$ref", 2.into())]).into(), r#"{"a":1,"$ref":2}"#),
    ];
    for (value, text) in cases {
        assert_eq!(value.to_json().unwrap(), text);
        assert_eq!(json(text).unwrap(), value, "{text}");
    }
    assert_eq!(Value::Number(f64::NAN).to_json().unwrap(), r#"{"$number":"NaN"}"#);
    assert!(json(r#"{"$number":"NaN"}"#).unwrap().as_f64().unwrap().is_nan());
}

#[test]
fn other_texts_of_the_same_values() {
    let cases = [
        (r#"{"$date":5.5}"#, Date::from_ms(5.0).into()),
        (r#"{"$regexp":"x"}"#, RegExp { source: "x".into(), flags: Default::default() }.into()),
        (r#"{"$buffer":"FF"}"#, ArrayBuffer::from(vec![255]).into()),
        (r#"{"$sparse":2}"#, SparseArray::new(2).into()),
        (r#"{"a":1,"a":2}"#, Object::from([("a", 2.into())]).into()),
        ("9007199254740993", BigInt::from((1_i64 << 53) + 1).into()),
        ("-9007199254740993", BigInt::from(-(1_i64 << 53) - 1).into()),
        ("18446744073709551615", BigInt::from(u64::MAX).into()),
        ("1.0", 1.into()),
    ];
    for (text, value) in cases {
        assert_eq!(json(text).unwrap(), value, "{text}");
    }
}

#[test]
fn texts_outside_the_mapping_are_refused() {
    let cases = [
        ("", "EOF while parsing a value"),
        (r#"{"$number":"1"}"#, r#"in "$number": neither NaN nor Infinity nor -Infinity"#),
        (r#"{"$bigint":5}"#, r#"in "$bigint": not a text"#),
        (r#"{"$bigint":"x"}"#, r#"in "$bigint": not a decimal integer: "x""#),
        (r#"{"$string":[65536]}"#, r#"in "$string": not a whole number in range"#),
        (r#"{"$date":"today"}"#, r#"in "$date": not a date like"#),
        (r#"{"$regexp":"x","flags":"q"}"#, r#"in "$regexp": not a set of regular expression flags: "q""#),
        (r#"{"$buffer":"0"}"#, r#"in "$buffer": not pairs of hexadecimal digits"#),
        (r#"{"$buffer":"0€"}"#, r#"in "$buffer": not pairs of hexadecimal digits"#),
        (r#"{"$buffer":"00","color":"red"}"#, r#"in "$buffer": unknown member "color""#),
        (r#"{"$view":"Uint8Array"}"#, r#"in "$view": "buffer" is missing"#),
        (r#"{"$view":"X","buffer":{"$buffer":""}}"#, r#"in "$view": not the name of a kind of view"#),
        (r#"{"$view":"DataView","buffer":1}"#, r#"in "$view": "buffer" is not a buffer"#),
        (r#"{"$sparse":1,"elements":[[1,1]]}"#, r#"in "$sparse": element 1 is beyond the length 1"#),
        (r#"{"$sparse":1,"elements":[[0]]}"#, r#"in "$sparse": not an array of pairs"#),
        (r#"{"$sparse":-1}"#, r#"in "$sparse": not a whole number in range"#),
        (r#"{"$map":[1]}"#, r#"in "$map": not an array"#),
        (r#"{"$error":"Oops"}"#, r#"in "$error": not the name of a kind of error"#),
        (r#"{"$boxed":null}"#, r#"in "$boxed": not a boolean, number, bigint or string"#),
        (r#"{"$anchor":0}"#, r#"in "$anchor": "value" is missing"#),
        (r#"{"$ref":"a"}"#, r#"in "$ref": not a whole number in range"#),
        (r#"{"$object":[[1,1]]}"#, r#"in "$object": not a string"#),
    ];
    for (text, reason) in cases {
        match json(text) {
            Err(Error::Json(error)) => assert!(error.starts_with(reason), "{text}: {error}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(json(&"[".repeat(200)).is_err());
}

#[test]
fn deep_values_have_json_text() {
    let nested = |depth: usize| (1..depth).fold(Value::Array(vec![]), |inner, _| vec![inner].into());
    assert_eq!(nested(1000).to_json().unwrap().len(), 2000);
    assert!(matches!(nested(2000).to_json(), Err(Error::Json(_))));
    assert_eq!(json(&nested(127).to_json().unwrap()).unwrap(), nested(127));
}

/// A binary format is given the stored form, one for people the mapping.
#[test]
fn other_formats() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Event {
        at: Date,
        data: Value,
        amount: BigInt,
    }
    let event = Event { at: Date::from_ms(0.0), data: Value::Set(vec![]), amount: 5.into() };
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(
        text,
        r#"{"at":{"$date":"1970-01-01T00:00:00.000Z"},"data":{"$set":[]},"amount":{"$bigint":"5"}}"#
    );
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    let wrong = text.replace("$bigint\":\"5\"", "$set\":[]");
    assert!(serde_json::from_str::<Event>(&wrong).unwrap_err().to_string().starts_with("expected a bigint"));
}
