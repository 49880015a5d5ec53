//! Properties of any value and of any bytes.

use std::collections::BTreeMap;

use duramen_kv::{Value, from_bytes, from_value, to_bytes, to_value};
use proptest::prelude::*;

use crate::describe::describe;
use crate::values::{any_value, every_kind};

#[test]
fn every_kind_round_trips() {
    for (name, value) in every_kind() {
        let decoded = Value::from_bytes(&value.to_bytes().unwrap()).unwrap();
        assert_eq!(describe(&decoded), describe(&value), "{name}");
        assert_eq!(format!("{decoded:?}"), format!("{value:?}"), "{name}");
    }
}

proptest! {
    #[test]
    fn any_value_round_trips(value in any_value()) {
        let bytes = value.to_bytes().unwrap();
        let decoded = Value::from_bytes(&bytes).unwrap();
        prop_assert_eq!(format!("{decoded:?}"), format!("{value:?}"));
        prop_assert_eq!(describe(&decoded), describe(&value));
        prop_assert_eq!(decoded.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn any_value_has_json_text(value in any_value()) {
        let text = value.to_json().unwrap();
        let again = Value::from_json(&text).unwrap();
        prop_assert_eq!(format!("{again:?}"), format!("{value:?}"), "{}", text);
        prop_assert_eq!(Value::from_json(&value.to_json_pretty().unwrap()).unwrap().to_json().unwrap(), text);
    }

    #[test]
    fn any_value_passes_through_serde(value in any_value()) {
        let expected = format!("{value:?}");
        prop_assert_eq!(format!("{:?}", to_value(&value).unwrap()), &expected[..]);
        prop_assert_eq!(format!("{:?}", from_value::<Value>(&value).unwrap()), &expected[..]);
        let parts = vec![BTreeMap::from([("a", &value), ("b", &value)])];
        let parts: Vec<BTreeMap<String, Value>> = from_bytes(&to_bytes(&parts).unwrap()).unwrap();
        prop_assert_eq!(format!("{:?}", parts[0]["a"]), &expected[..]);
        prop_assert_eq!(format!("{:?}", parts[0]["b"]), &expected[..]);
    }

    #[test]
    fn damaged_bytes_give_a_value_or_an_error(
        value in any_value(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = value.to_bytes().unwrap();
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check_any_bytes(&bytes)?;
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error(body in prop::collection::vec(any_tag(), 0..40), version in 13_u8..=15) {
        let mut bytes = vec![0xff, version];
        bytes.extend(body);
        check_any_bytes(&bytes)?;
    }
}

/// Mostly bytes that mean something.
fn any_tag() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => prop::sample::select(b"-_0TFIUNZS\"c^o{a@A$Dyxnzs;:',B~VrR\\?.m".to_vec()),
        3 => 0_u8..4,
        1 => any::<u8>(),
    ]
}

/// What was read at all is a value like any other; types do not panic on what is not.
fn check_any_bytes(bytes: &[u8]) -> Result<(), TestCaseError> {
    let _ = from_bytes::<serde_json::Value>(bytes);
    let _ = from_bytes::<Vec<Option<u64>>>(bytes);
    let _ = from_bytes::<BTreeMap<String, (String, f32)>>(bytes);
    let _ = from_bytes::<Result<Vec<Value>, char>>(bytes);
    if let Ok(value) = Value::from_bytes(bytes) {
        let again = value.to_bytes().unwrap();
        prop_assert_eq!(describe(&Value::from_bytes(&again).unwrap()), describe(&value));
    }
    Ok(())
}
