use std::collections::{BTreeMap, HashMap};

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{MAX_TYPED_DEPTH, to_bytes, to_value};
use crate::error::Error;
use crate::label::Label;
use crate::value::{ArrayBuffer, BigInt, Date, JsString, Object, Value};

struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// What a type gives, as JSON.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    to_value(value).unwrap().to_json().unwrap()
}

#[test]
fn numbers() {
    assert_eq!(json(&(1_u8, -1_i8, 1_u16, -1_i16, 1_u32, -1_i32)), "[1,-1,1,-1,1,-1]");
    assert_eq!(json(&(u32::MAX, i32::MIN, 1.5_f32, 1.5_f64)), "[4294967295,-2147483648,1.5,1.5]");
    const SAFE: i64 = (1 << 53) - 1;
    assert_eq!(
        json(&(SAFE, -SAFE, SAFE.unsigned_abs())),
        "[9007199254740991,-9007199254740991,9007199254740991]"
    );
    let big = |number: &str| format!(r#"{{"$bigint":"{number}"}}"#);
    assert_eq!(json(&(SAFE + 1)), big("9007199254740992"));
    assert_eq!(json(&(-SAFE - 1)), big("-9007199254740992"));
    assert_eq!(json(&u64::MAX), big("18446744073709551615"));
    assert_eq!(json(&i128::MIN), big("-170141183460469231731687303715884105728"));
    assert_eq!(json(&u128::MAX), big("340282366920938463463374607431768211455"));
    assert_eq!(json(&(5_u128, -5_i128)), "[5,-5]");
    assert!(to_value(&f32::NAN).unwrap().as_f64().unwrap().is_nan());
}

#[test]
fn other_primitives() {
    assert_eq!(json(&(true, 'x', '日', "text", ())), r#"[true,"x","日","text",null]"#);
    assert_eq!(json(&(None::<u8>, Some(1), Some(Some("x")))), r#"[null,1,"x"]"#);
    assert_eq!(to_value(&Raw(&[1, 2])).unwrap(), ArrayBuffer::from(vec![1, 2]).into());
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Newtype(u8);

#[derive(Serialize)]
struct Pair(u8, &'static str);

#[derive(Serialize)]
struct Point {
    x: f64,
    #[serde(rename = "höhe")]
    y: f64,
}

#[derive(Serialize)]
enum Shape {
    Empty,
    Circle(f64),
    Line(Point, Point),
    Box { width: f64, height: f64 },
}

#[test]
fn structs_and_variants() {
    assert_eq!(json(&(Unit, Newtype(1), Pair(2, "x"))), r#"[null,1,[2,"x"]]"#);
    let point = |x| Point { x, y: 2.5 };
    assert_eq!(json(&point(1.0)), r#"{"x":1,"höhe":2.5}"#);
    let shapes = [
        Shape::Empty,
        Shape::Circle(1.0),
        Shape::Line(point(0.0), point(1.0)),
        Shape::Box { width: 1.0, height: 2.0 },
    ];
    let expected = r#"["Empty",{"Circle":1},{"Line":[{"x":0,"höhe":2.5},{"x":1,"höhe":2.5}]},{"Box":{"width":1,"height":2}}]"#;
    assert_eq!(json(&shapes), expected);
}

#[test]
fn maps_with_string_keys_are_objects() {
    assert_eq!(json(&BTreeMap::from([("a", 1), ("b", 2)])), r#"{"a":1,"b":2}"#);
    assert_eq!(json(&BTreeMap::from([("5", 1), ("日", 2)])), r#"{"5":1,"日":2}"#);
    assert_eq!(
        json(&BTreeMap::from(
            [(JsString::from_utf16(&[0xd800]), 1)].map(|(key, value)| (key.utf16_len(), value))
        )),
        r#"{"$map":[[1,1]]}"#
    );
    assert_eq!(json(&BTreeMap::<u8, u8>::new()), "{}");
    assert_eq!(json(&BTreeMap::from([(1, "x"), (2, "y")])), r#"{"$map":[[1,"x"],[2,"y"]]}"#);
    assert_eq!(json(&BTreeMap::from([((1, 2), true)])), r#"{"$map":[[[1,2],true]]}"#);
    let nested = BTreeMap::from([("a", BTreeMap::from([(1, BTreeMap::from([("b", 2)]))]))]);
    assert_eq!(json(&nested), r#"{"a":{"$map":[[1,{"b":2}]]}}"#);
}

/// Entries in any order, also such as no map has.
struct Entries(Vec<(Value, u8)>);

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[test]
fn a_map_may_turn_out_to_have_other_keys_late() {
    let entries = Entries(vec![("a".into(), 1), ("日".into(), 2), (Value::Null, 3), ("b".into(), 4)]);
    assert_eq!(json(&entries), r#"{"$map":[["a",1],["日",2],[null,3],["b",4]]}"#);
    let lone = Value::from(JsString::from_utf16(&[0xd800]));
    assert_eq!(json(&Entries(vec![(lone, 1)])), r#"{"$object":[[{"$string":[55296]},1]]}"#);
}

#[test]
fn keys_that_appear_twice_are_refused() {
    let twice = |count: usize| {
        let mut entries: Vec<_> = (0..count).map(|n| (Value::from(format!("日{n}")), 0)).collect();
        entries.push(("日1".into(), 1));
        to_bytes(&Entries(entries))
    };
    for count in [2, 100] {
        assert!(matches!(twice(count), Err(Error::DuplicateKey(key)) if key == "日1"));
    }
    let many: HashMap<String, u8> = (0..100).map(|n| (n.to_string(), n)).collect();
    assert_eq!(to_value(&many).unwrap().as_object().unwrap().len(), 100);
}

/// A sequence that tells this length, or none, and has that many elements.
struct Told(Option<usize>, usize);

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(self.0)?;
        for element in 0..self.1 {
            sequence.serialize_element(&element)?;
        }
        sequence.end()
    }
}

#[test]
fn sequences_need_not_know_their_length() {
    for count in [0, 1, 127, 128, 20_000] {
        let expected = to_value(&Told(Some(count), count)).unwrap();
        assert_eq!(expected.as_array().unwrap().len(), count);
        assert_eq!(to_value(&Told(None, count)).unwrap(), expected);
    }
    assert!(matches!(to_bytes(&Told(Some(1), 2)), Err(Error::Convert(_))));
}

#[test]
fn values_inside_types_stay_what_they_are() {
    #[derive(Serialize)]
    struct Outer {
        before: Vec<u8>,
        date: Date,
        value: Value,
        big: BigInt,
        other: Value,
        text: JsString,
    }
    let cycle =
        |key: &str| Value::Anchor(Label(0), Box::new(Object::from([(key, Value::Ref(Label(0)))]).into()));
    let outer = Outer {
        before: vec![],
        date: Date::INVALID,
        value: cycle("self"),
        big: 5.into(),
        other: vec![cycle("me"), "日".into()].into(),
        text: "x".into(),
    };
    // The labels of the two values are apart.
    let expected = r#"{"before":[],"date":{"$date":null},"value":{"$anchor":0,"value":{"self":{"$ref":0}}},"big":{"$bigint":"5"},"other":[{"$anchor":1,"value":{"me":{"$ref":1}}},"日"],"text":"x"}"#;
    assert_eq!(json(&outer), expected);
    let value = to_value(&outer).unwrap();
    assert_eq!(to_value(&value).unwrap().to_json().unwrap(), expected);
}

#[test]
fn depth_is_limited() {
    #[derive(Serialize)]
    struct List(Option<Box<(u8, List)>>);
    let list = |depth| (0..depth).fold(List(None), |rest, _| List(Some(Box::new((1, rest)))));
    assert!(to_bytes(&list(MAX_TYPED_DEPTH)).is_ok());
    assert!(matches!(to_bytes(&list(MAX_TYPED_DEPTH + 1)), Err(Error::TooDeep { max: MAX_TYPED_DEPTH })));
}
