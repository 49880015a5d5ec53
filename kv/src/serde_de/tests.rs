use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{from_bytes, from_value};
use crate::error::Error;
use crate::serde_ser::{MAX_TYPED_DEPTH, to_bytes, to_value};
use crate::value::{BigInt, Date, JsString, Value, View, ViewKind};

/// Reads a type from the value that a JSON text stands for.
fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_value(&Value::from_json(text).unwrap())
}

fn round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let bytes = to_bytes(&value).unwrap();
    assert_eq!(from_bytes::<T>(&bytes).unwrap(), value);
    assert_eq!(from_value::<T>(&to_value(&value).unwrap()).unwrap(), value);
}

/// Bytes, borrowed or not.
#[derive(Debug, PartialEq)]
struct Raw(Vec<u8>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        struct RawVisitor;

        impl Visitor<'_> for RawVisitor {
            type Value = Raw;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(RawVisitor)
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
struct Point {
    x: f64,
    #[serde(rename = "höhe")]
    y: f32,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Maybe(Option<u8>),
    Line(Point, Point),
    Box { width: f64, height: f64 },
}

#[test]
fn what_is_written_is_read_back() {
    round_trips((1_u8, -1_i8, u16::MAX, i16::MIN, u32::MAX, i32::MIN, u64::MAX, i64::MIN));
    round_trips((u128::MAX, i128::MIN, 5_u128, (1_i64 << 53) - 1, 1_i64 << 53));
    round_trips((1.5_f32, -0.0_f64, f64::MAX, f32::MIN, 3.0));
    round_trips((true, 'x', '日', "Text 日".to_owned(), ()));
    round_trips((None::<u8>, Some(1), Some("x".to_owned())));
    round_trips(vec![Point::default(), Point { x: 1.0, y: -2.5 }]);
    round_trips(vec![
        Shape::Empty,
        Shape::Circle(1.0),
        Shape::Maybe(None),
        Shape::Line(Point::default(), Point::default()),
        Shape::Box { width: 1.0, height: 2.0 },
    ]);
    round_trips(BTreeMap::from([("a".to_owned(), vec![1]), ("5".to_owned(), vec![])]));
    round_trips(HashMap::from([(1_u64 << 60, "big".to_owned()), (5, "small".to_owned())]));
    round_trips(BTreeMap::from([((1, true), 'x')]));
    round_trips(BTreeMap::<u8, u8>::new());
    round_trips(HashMap::from([(true, 1)]));
    round_trips(["192.0.2.1".parse::<IpAddr>().unwrap(), "2001:db8::1".parse().unwrap()]);
    round_trips(Cow::Borrowed("x").into_owned());
}

#[test]
fn strings_and_bytes_are_borrowed_where_they_can_be() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Borrowed<'a> {
        text: &'a str,
        #[serde(borrow)]
        other: Cow<'a, str>,
    }
    let bytes = to_bytes(&Borrowed { text: "ascii", other: "日".into() }).unwrap();
    assert_eq!(from_bytes::<Borrowed<'_>>(&bytes).unwrap(), Borrowed { text: "ascii", other: "日".into() });
    assert!(from_bytes::<&str>(&to_bytes("é").unwrap()).is_err());
    let bytes = View::new(ViewKind::Uint8Array, vec![1, 2]);
    assert_eq!(from_bytes::<&[u8]>(&to_bytes(&bytes).unwrap()).unwrap(), [1, 2]);
}

#[test]
fn what_javascript_writes_fits_rust_types() {
    // undefined and null.
    assert_eq!(from_json::<Option<u8>>(r#"{"$undefined":true}"#).unwrap(), None);
    assert_eq!(
        from_json::<Vec<Option<u8>>>(r#"{"$sparse":3,"elements":[[1,5]]}"#).unwrap(),
        [None, Some(5), None]
    );
    from_json::<()>(r#"{"$undefined":true}"#).unwrap();
    // Whole numbers in any form.
    assert_eq!(from_json::<u8>("5.0").unwrap(), 5);
    assert_eq!(from_json::<i8>("-0.0").unwrap(), 0);
    assert_eq!(from_json::<u64>("1e19").unwrap(), 10_000_000_000_000_000_000);
    assert_eq!(from_json::<i64>(r#"{"$bigint":"-7"}"#).unwrap(), -7);
    assert_eq!(from_json::<f64>(r#"{"$bigint":"-7"}"#).unwrap(), -7.0);
    assert_eq!(from_json::<u8>(r#"{"$boxed":7}"#).unwrap(), 7);
    assert_eq!(
        from_json::<u128>(r#"{"$bigint":"340282366920938463463374607431768211455"}"#).unwrap(),
        u128::MAX
    );
    assert!(
        from_json::<u8>("256").is_err()
            && from_json::<u8>("1.5").is_err()
            && from_json::<u64>("1e20").is_err()
    );
    // Dates.
    assert_eq!(from_json::<i64>(r#"{"$date":1500}"#).unwrap(), 1500);
    assert_eq!(from_json::<f64>(r#"{"$date":1500}"#).unwrap(), 1500.0);
    assert_eq!(from_json::<String>(r#"{"$date":1500}"#).unwrap(), "1970-01-01T00:00:01.500Z");
    // Collections.
    assert_eq!(from_json::<Vec<u8>>(r#"{"$set":[1,2]}"#).unwrap(), [1, 2]);
    assert_eq!(from_json::<BTreeMap<String, u8>>(r#"{"$map":[["a",1]]}"#).unwrap()["a"], 1);
    assert_eq!(
        from_json::<BTreeMap<i16, u8>>(r#"{"-5":1,"7":2}"#).unwrap(),
        BTreeMap::from([(-5, 1), (7, 2)])
    );
    assert_eq!(from_json::<BTreeMap<bool, u8>>(r#"{"true":1}"#).unwrap(), BTreeMap::from([(true, 1)]));
    assert_eq!(from_json::<Point>(r#"[1,2]"#).unwrap(), Point { x: 1.0, y: 2.0 });
    assert_eq!(
        from_json::<[u8; 2]>(r#"{"$sparse":2,"elements":[[0,1],[1,2]],"properties":{"x":{}}}"#).unwrap(),
        [1, 2]
    );
    assert_eq!(
        from_json::<Shape>(r#"{"$boxed":"Empty"}"#).unwrap_err().to_string(),
        "invalid type: string \"Empty\", expected enum Shape"
    );
}

#[test]
fn buffers_and_views_are_bytes_or_elements() {
    let view = |kind, bytes: &[u8]| to_bytes(&View::new(kind, bytes)).unwrap();
    assert_eq!(from_bytes::<Raw>(&view(ViewKind::Uint16Array, &[1, 2])).unwrap(), Raw(vec![1, 2]));
    assert_eq!(
        from_bytes::<Vec<u16>>(&view(ViewKind::Uint16Array, &[1, 2, 255, 255])).unwrap(),
        [513, 65535]
    );
    assert_eq!(from_bytes::<Vec<i32>>(&view(ViewKind::Int32Array, &[255; 4])).unwrap(), [-1]);
    assert_eq!(from_bytes::<Vec<f32>>(&view(ViewKind::Float16Array, &[0, 0x3c])).unwrap(), [1.0]);
    assert_eq!(from_bytes::<Vec<u64>>(&view(ViewKind::BigUint64Array, &[255; 8])).unwrap(), [u64::MAX]);
    assert_eq!(from_json::<Raw>(r#"{"$buffer":"0102"}"#).unwrap(), Raw(vec![1, 2]));
    assert_eq!(from_json::<[u8; 2]>(r#"{"$buffer":"0102"}"#).unwrap(), [1, 2]);
    let two_views = r#"[{"$view":"Uint8Array","buffer":{"$anchor":0,"value":{"$buffer":"010203"}},"offset":1,"length":2},
        {"$view":"Uint8Array","buffer":{"$ref":0},"offset":0,"length":2},{"$ref":0}]"#;
    assert_eq!(
        from_json::<Vec<Raw>>(two_views).unwrap(),
        [Raw(vec![2, 3]), Raw(vec![1, 2]), Raw(vec![1, 2, 3])]
    );
    assert_eq!(from_json::<Vec<Vec<u8>>>(two_views).unwrap(), [vec![2, 3], vec![1, 2], vec![1, 2, 3]]);
    // From Node.
    assert_eq!(from_bytes::<Vec<u8>>(b"\xff\x0f\\\x0a\x02\x01\x02").unwrap(), [1, 2]);
}

#[test]
fn values_and_their_parts_can_be_parts_of_types() {
    #[derive(Deserialize, Serialize, PartialEq, Debug)]
    struct Outer {
        date: Date,
        value: Value,
        map: BTreeMap<String, Value>,
        big: BigInt,
        text: JsString,
        missing: Option<Value>,
    }
    let text = r#"{"date":{"$date":"1970-01-01T00:00:00.000Z"},"value":{"$set":[{"$undefined":true}]},"map":{"a":{"$regexp":"x","flags":"g"}},"big":{"$bigint":"5"},"text":{"$string":[55296]},"missing":null}"#;
    let outer: Outer = from_json(text).unwrap();
    assert_eq!(serde_json::to_string(&outer).unwrap(), text);
    round_trips(outer);
    let keys: Vec<JsString> =
        from_json::<Entries>(r#"{"$object":[[{"$string":[55296]},1],["5",2]]}"#).unwrap().0;
    assert_eq!(keys, [JsString::from_utf16(&[0xd800]), JsString::from("5")]);
}

/// The keys of an object.
struct Entries(Vec<JsString>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<JsString, serde::de::IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Entries(keys))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

#[test]
fn types_that_take_anything_get_the_mapping_for_people() {
    let text = r#"{"a":1,"b":{"$date":"1970-01-01T00:00:00.000Z"},"c":{"$error":"Error","message":"m"},"d":[{"$regexp":"x","flags":""}],"e":{"$bigint":"99999999999999999999999"}}"#;
    assert_eq!(from_json::<serde_json::Value>(text).unwrap().to_string(), text);

    #[derive(Deserialize, Serialize, PartialEq, Debug)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    let flat: Flat = from_json(text).unwrap();
    assert_eq!(flat.a, 1);
    assert_eq!(flat.rest["b"], Date::from_ms(0.0).into());
    assert_eq!(to_value(&flat).unwrap().to_json().unwrap(), text);

    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    assert_eq!(
        from_json::<Vec<Either>>(r#"[1,"x"]"#).unwrap(),
        [Either::Number(1), Either::Text("x".to_owned())]
    );
}

#[test]
fn errors_as_workerd_stores_them() {
    let bytes = b"\xff\x0fA\x01\\\x0a\x02\"\x01mo\"\x05stack\"\x02st{\x01$\0\x01";
    let json: serde_json::Value = from_bytes(bytes).unwrap();
    assert_eq!(json.to_string(), r#"[{"$error":"TypeError","message":"m","stack":"st"}]"#);
    assert!(matches!(from_bytes::<(Value,)>(bytes).unwrap(), (Value::Error(_),)));
}

#[test]
fn shared_objects_are_read_at_each_place() {
    let text = r#"[{"$anchor":0,"value":{"x":1,"höhe":2}},{"$ref":0},{"$ref":0}]"#;
    let points: Vec<Point> = from_json(text).unwrap();
    assert_eq!(points, [1, 2, 3].map(|_| Point { x: 1.0, y: 2.0 }));
    let shapes: Vec<Shape> = from_json(r#"[{"$anchor":0,"value":{"Circle":1}},{"$ref":0}]"#).unwrap();
    assert_eq!(shapes, [Shape::Circle(1.0), Shape::Circle(1.0)]);

    #[derive(Deserialize, Debug)]
    struct Two {
        a: Value,
        b: Value,
    }
    let shared_inside = r#"{"skipped":{"z":[]},"a":[{"$anchor":1,"value":{"y":{"$anchor":2,"value":[]}}},{"$ref":1},{"$ref":2}],"b":{"$ref":1}}"#;
    let two: Two = from_json(shared_inside).unwrap();
    let renumbered = shared_inside.replace(":1", ":0").replace(":2", ":1");
    assert!(renumbered.contains(&two.a.to_json().unwrap()));
    assert_eq!(two.b.to_json().unwrap(), r#"{"y":[]}"#);

    let shared_across: Result<Two, _> = from_json(r#"{"a":{"$anchor":0,"value":[]},"b":[{"$ref":0}]}"#);
    assert!(
        shared_across.unwrap_err().to_string().starts_with("a part of the value refers to an object outside")
    );
}

#[test]
fn cycles_are_refused_where_a_tree_is_read() {
    #[derive(Deserialize, Debug)]
    struct Node {
        #[expect(dead_code, reason = "only its reading is tested")]
        next: Option<Box<Node>>,
    }
    let cycle = r#"{"$anchor":0,"value":{"next":{"next":{"$ref":0}}}}"#;
    assert!(matches!(from_json::<Node>(cycle), Err(Error::Cyclic { offset: 16 })));
    assert!(from_json::<Value>(cycle).is_ok());
    assert!(from_json::<BTreeMap<String, serde::de::IgnoredAny>>(cycle).is_ok());
}

#[test]
fn sharing_cannot_multiply_without_end() {
    // Each array holds the former one twice.
    let levels = 60;
    let mut text = r#"{"$anchor":0,"value":[]}"#.to_owned();
    for level in 1..levels {
        text = format!(r#"{{"$anchor":{level},"value":[{text},{{"$ref":{}}}]}}"#, level - 1);
    }
    assert!(matches!(from_json::<serde_json::Value>(&text), Err(Error::Expansion)));
    let holes = r#"{"$sparse":4294967295}"#;
    assert!(matches!(from_json::<Vec<Option<u8>>>(holes), Err(Error::Expansion)));
    assert_eq!(from_json::<Vec<Option<u8>>>(r#"{"$sparse":1000}"#).unwrap().len(), 1000);
}

#[test]
fn members_that_are_left_over_are_an_error() {
    for text in [
        "[1,2,3]",
        r#"{"$set":[1,2,3]}"#,
        r#"{"$buffer":"010203"}"#,
        r#"{"$sparse":3,"elements":[[0,1],[1,1]]}"#,
    ] {
        assert!(matches!(from_json::<(u8, u8)>(text), Err(Error::Convert(_))), "{text}");
    }
    assert!(from_json::<(u8, u8)>("[1]").is_err());
    for text in [r#"{"Circle":1,"Box":2}"#, "{}", r#"{"Nothing":1}"#, "5", "[]"] {
        assert!(matches!(from_json::<Shape>(text), Err(Error::Convert(_))), "{text}");
    }
    assert!(matches!(from_bytes::<u8>(b"\xff\x0fI\x02I\x02"), Err(Error::Malformed { offset: 4, .. })));
}

#[test]
fn lone_surrogates_are_no_text() {
    assert!(from_json::<String>(r#"{"$string":[55296]}"#).is_err());
    assert!(from_json::<BTreeMap<String, u8>>(r#"{"$object":[[{"$string":[55296]},1]]}"#).is_err());
}

#[test]
fn depth_is_limited() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum List {
        End,
        More(Box<Item>),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Item {
        value: String,
        rest: List,
    }
    let list = |depth: usize| {
        (0..depth).fold(List::End, |rest, _| List::More(Box::new(Item { value: String::new(), rest })))
    };
    // Each item is an object in the object of its variant.
    round_trips(list(MAX_TYPED_DEPTH / 2));
    assert!(matches!(to_bytes(&list(MAX_TYPED_DEPTH)), Err(Error::TooDeep { .. })));
    let deep = (0..900).fold(Value::Array(vec![]), |inner, _| vec![inner].into());
    assert!(matches!(from_value::<serde_json::Value>(&deep), Err(Error::TooDeep { max: MAX_TYPED_DEPTH })));
    from_value::<serde::de::IgnoredAny>(&deep).unwrap();
    assert_eq!(from_value::<Value>(&deep).unwrap(), deep);
}
