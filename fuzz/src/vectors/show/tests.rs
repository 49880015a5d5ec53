use duramen_kv::{Object, Primitive};

use super::*;

#[test]
fn numbers_that_json_cannot_say_are_tagged() {
    assert_eq!(number(1.5), json!(1.5));
    assert_eq!(number(-0.0), json!({"$": "num", "v": "-0"}));
    assert_eq!(number(f64::NEG_INFINITY), json!({"$": "num", "v": "-Infinity"}));
}

#[test]
fn objects_list_integers_first_and_lose_proto() {
    let shown = object(vec![
        ("b".into(), json!(1)),
        ("__proto__".into(), json!(2)),
        ("1".into(), json!(3)),
        ("b".into(), json!(4)),
    ]);
    assert_eq!(shown, json!({"$": "obj", "entries": [["1", 3], ["b", 4]]}));
}

#[test]
fn a_cycle_is_a_reference_up() {
    let object = Object::from([("self", Value::Ref(Label(0)))]);
    let cycle = Value::Anchor(Label(0), Box::new(Value::Object(object)));
    assert_eq!(stored(&cycle), json!({"$": "obj", "entries": [["self", {"$": "ref", "up": 1}]]}));
}

#[test]
fn what_is_shared_is_written_twice() {
    let shared =
        Value::Anchor(Label(0), Box::new(Value::Array(vec![Value::Boxed(Box::new(Primitive::Bool(true)))])));
    let pair = Value::Array(vec![shared, Value::Ref(Label(0))]);
    assert_eq!(stored(&pair), json!([[true], [true]]));
}

#[test]
fn values_of_rows_are_numbers_strings_and_blobs() {
    assert_eq!(sql_value(ValueRef::Integer(9_007_199_254_740_993)), json!(9_007_199_254_740_992.0));
    assert_eq!(sql_value(ValueRef::Text(&[0xff, b'A'])), json!("\u{fffd}A"));
    assert_eq!(sql_value(ValueRef::Blob(&[1])), json!({"$": "blob", "hex": "01"}));
}
