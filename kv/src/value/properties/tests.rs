use super::SCAN_LIMIT;
use crate::value::{JsString, Object, Value};

fn numbered(count: usize) -> Object {
    (0..count).map(|n| (format!("k{n}"), Value::Number(n as f64))).collect()
}

#[test]
fn behaves_alike_with_and_without_index() {
    for count in [0, 1, SCAN_LIMIT, SCAN_LIMIT + 1, 500] {
        let mut object = numbered(count);
        assert_eq!(object.len(), count);
        assert_eq!(object.is_empty(), count == 0);
        assert_eq!(object.get("missing"), None);
        for n in 0..count {
            assert_eq!(object.get(&format!("k{n}")), Some(&Value::Number(n as f64)));
        }
        assert_eq!(object.insert("new", Value::Null), None);
        assert_eq!(object.insert("new", Value::Bool(true)), Some(Value::Null));
        *object.get_mut("new").unwrap() = Value::Bool(false);
        assert_eq!(object.iter().last(), Some(&(JsString::from("new"), Value::Bool(false))));
        assert_eq!(object.remove("new"), Some(Value::Bool(false)));
        assert_eq!(object.remove("new"), None);
        assert_eq!(object, numbered(count));
    }
}

#[test]
fn removing_keeps_the_order() {
    let mut object = numbered(40);
    for n in (0..40).step_by(2) {
        object.remove(&format!("k{n}"));
    }
    let keys: Vec<_> = object.keys().map(|key| key.as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, (1..40).step_by(2).map(|n| format!("k{n}")).collect::<Vec<_>>());
    assert_eq!(object.get("k39"), Some(&Value::Number(39.0)));
}

#[test]
fn from_entries_names_a_key_that_appears_twice() {
    for count in [2, 100] {
        let mut entries: Vec<_> = numbered(count).into_iter().collect();
        assert!(Object::from_entries(entries.clone()).is_ok());
        entries.push((JsString::from("k1"), Value::Null));
        assert_eq!(Object::from_entries(entries), Err(JsString::from("k1")));
    }
}

#[test]
fn keys_may_hold_lone_surrogates() {
    let lone = JsString::from_utf16(&[0xd800]);
    let mut object = numbered(30);
    object.insert(lone.clone(), Value::Null);
    object.insert("\u{fffd}", Value::Bool(true));
    assert_eq!(object.insert(lone, Value::Bool(false)), Some(Value::Null));
    assert_eq!(object.get("\u{fffd}"), Some(&Value::Bool(true)));
}
