//! The store against a model, and its rules one by one.

use std::collections::BTreeMap;

use duramen_engine::{Background, Database, Durability, Options, ReadView, View, WriteTxn};
use duramen_kv::{Error, Kv, Limits, ListOptions, Value};
use proptest::prelude::*;

const ALL: ListOptions<'_> =
    ListOptions { start: None, start_after: None, end: None, prefix: None, reverse: false, limit: None };

/// A database whose pages are so small that little data makes many.
fn database() -> Database {
    let options = Options {
        leaf_bytes: 128,
        inner_fanout: 4,
        delta_entries: 2,
        background: Background::Inline,
        ..Options::default()
    };
    Database::in_memory(options).unwrap()
}

fn commit(txn: WriteTxn) {
    txn.commit(Durability::None).unwrap();
}

#[test]
fn reading_makes_no_tree_and_writing_does() {
    let db = database();
    let view = db.begin_read().unwrap();
    let kv = Kv::new(&view);
    assert_eq!(kv.get("a").unwrap(), None);
    assert_eq!(kv.get_many(&["a", "b"]).unwrap(), BTreeMap::new());
    assert_eq!(kv.list(&ALL).unwrap().count(), 0);
    assert_eq!(kv.count(&ALL).unwrap(), 0);

    let mut txn = db.begin_write().unwrap();
    assert_eq!(Kv::new(&mut txn).get("a").unwrap(), None);
    assert!(txn.trees().is_empty());
    let savepoint = txn.savepoint();
    Kv::new(&mut txn).put("a", &Value::Undefined).unwrap();
    assert_eq!(Kv::new(&txn).get("a").unwrap(), Some(Value::Undefined));
    txn.rollback_to(savepoint).unwrap();
    assert!(txn.trees().is_empty());
    assert!(!Kv::new(&mut txn).delete("a").unwrap());
    assert_eq!(txn.trees().len(), 1);
    commit(txn);
}

#[test]
fn values_and_types_share_one_form() {
    let db = database();
    let mut txn = db.begin_write().unwrap();
    let mut kv = Kv::new(&mut txn);
    kv.put("value", &Value::from("text")).unwrap();
    kv.put_as("type", "text").unwrap();
    let stored = kv.get_stored("value").unwrap().unwrap().to_vec();
    kv.put_stored("stored", &stored).unwrap();
    for key in ["value", "type", "stored"] {
        assert_eq!(kv.get(key).unwrap(), Some("text".into()));
        assert_eq!(kv.get_as::<&str>(key).unwrap(), Some("text"));
        assert_eq!(kv.get_stored(key).unwrap(), Some(&stored[..]));
    }
    kv.put_stored("junk", b"junk").unwrap();
    assert!(matches!(kv.get("junk"), Err(Error::Malformed { .. })));
    let entries: Result<Vec<_>, _> = kv.list(&ALL).unwrap().collect();
    let entries = entries.unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.key()).collect::<Vec<_>>(),
        ["junk", "stored", "type", "value"]
    );
    assert_eq!(entries[3].value_as::<String>().unwrap(), "text");
    assert_eq!(entries[3].stored(), stored);
    assert!(kv.list_all(&ALL).is_err());
}

#[test]
fn stores_of_other_names_are_apart() {
    let db = database();
    let mut txn = db.begin_write().unwrap();
    Kv::new(&mut txn).put("k", &1.into()).unwrap();
    Kv::named(&mut txn, &b"other"[..]).put("k", &2.into()).unwrap();
    assert_eq!(Kv::new(&txn).get("k").unwrap(), Some(1.into()));
    assert_eq!(Kv::named(&txn, b"other".to_vec()).get("k").unwrap(), Some(2.into()));
}

#[test]
fn batches_are_all_or_nothing() {
    let db = database();
    let mut txn = db.begin_write().unwrap();
    let mut kv = Kv::new(&mut txn).with_limits(Limits::KEY_VALUE_BACKED);
    let bad = [("a", 1.into()), ("b", Value::Ref(duramen_kv::Label(0)))];
    assert!(matches!(kv.put_many(&bad), Err(Error::UnknownLabel(_))));
    let large = [("a", 1.into()), ("b", "x".repeat(131_072 + 35).into())];
    assert!(matches!(kv.put_many(&large), Err(Error::ValueTooLarge { max: 131_072, .. })));
    let long = "k".repeat(2049);
    assert!(matches!(kv.put_many(&[("a", 1.into()), (&long, 1.into())]), Err(Error::KeyTooLarge { .. })));
    let many: Vec<_> = (0..129).map(|n| (format!("k{n}"), Value::Null)).collect();
    assert!(matches!(kv.put_many(&many), Err(Error::TooManyKeys { count: 129, max: 128 })));
    let keys: Vec<_> = many.into_iter().map(|(key, _)| key).collect();
    assert!(matches!(kv.get_many(&keys), Err(Error::TooManyKeys { .. })));
    assert!(matches!(kv.delete_many(&keys), Err(Error::TooManyKeys { .. })));
    assert!(matches!(kv.get(&long), Err(Error::KeyTooLarge { .. })));
    assert!(matches!(kv.delete_many(&["a", &long]), Err(Error::KeyTooLarge { .. })));
    assert_eq!(kv.count(&ALL).unwrap(), 0);
    kv.put_many(&[("a", 1.into()), ("b", 2.into()), ("a", 3.into())]).unwrap();
    assert_eq!(kv.list_all(&ALL).unwrap(), [("a".to_owned(), 3.into()), ("b".to_owned(), 2.into())]);
    assert_eq!(kv.delete_many(&["b", "missing", "b"]).unwrap(), 1);
}

#[test]
fn the_default_limit_is_of_key_and_value_together() {
    let db = database();
    let mut txn = db.begin_write().unwrap();
    let mut kv = Kv::new(&mut txn);
    // Tag, length and header take six bytes.
    let text = |len: usize| Value::from("x".repeat(len));
    kv.put("k", &text((2 << 20) - 8)).unwrap();
    assert!(matches!(kv.put("kkkk", &text((2 << 20) - 8)), Err(Error::EntryTooLarge { .. })));
    let mut kv = kv.with_limits(Limits::UNLIMITED);
    kv.put("kkkk", &text(3 << 20)).unwrap();
    assert_eq!(kv.get_as::<String>("kkkk").unwrap().unwrap().len(), 3 << 20);
}

#[test]
fn keys_that_are_no_text_are_reported() {
    let db = database();
    let mut txn = db.begin_write().unwrap();
    Kv::new(&mut txn).put("a", &1.into()).unwrap();
    let tree = txn.tree(b"kv").unwrap();
    txn.put(tree, b"b\xff", b"").unwrap();
    txn.put(tree, b"c", b"").unwrap();
    let mut list = Kv::new(&txn)
        .list(&ALL)
        .unwrap()
        .map(|entry| entry.map(|entry| entry.key().to_owned()))
        .collect::<Vec<_>>();
    assert!(matches!(list.pop(), Some(Err(Error::KeyNotText(key))) if key == b"b\xff"));
    assert_eq!(list.pop().unwrap().unwrap(), "a");
    assert!(list.is_empty());
}

#[derive(Clone, Debug)]
enum Call {
    Put(String, u16),
    PutMany(Vec<(String, u16)>),
    Delete(String),
    DeleteMany(Vec<String>),
    GetMany(Vec<String>),
    List(OwnedOptions),
    Savepoint,
    RollBack,
    Commit,
}

/// List options that own their keys.
#[derive(Clone, Debug)]
struct OwnedOptions {
    start: Option<(bool, String)>,
    end: Option<String>,
    prefix: Option<String>,
    reverse: bool,
    limit: Option<u64>,
}

fn any_key() -> impl Strategy<Value = String> {
    "[ab\u{7f}é\u{ffff}\u{10ffff}]{0,3}"
}

fn any_call() -> impl Strategy<Value = Call> {
    let options = (
        prop::option::of((any::<bool>(), any_key())),
        prop::option::of(any_key()),
        prop::option::of(any_key()),
        any::<bool>(),
        prop::option::of(1_u64..6),
    )
        .prop_map(|(start, end, prefix, reverse, limit)| OwnedOptions {
            start,
            end,
            prefix,
            reverse,
            limit,
        });
    prop_oneof![
        6 => (any_key(), any::<u16>()).prop_map(|(key, value)| Call::Put(key, value)),
        2 => prop::collection::vec((any_key(), any::<u16>()), 0..8).prop_map(Call::PutMany),
        2 => any_key().prop_map(Call::Delete),
        1 => prop::collection::vec(any_key(), 0..8).prop_map(Call::DeleteMany),
        1 => prop::collection::vec(any_key(), 0..8).prop_map(Call::GetMany),
        3 => options.prop_map(Call::List),
        1 => Just(Call::Savepoint),
        1 => Just(Call::RollBack),
        1 => Just(Call::Commit),
    ]
}

type Model = BTreeMap<String, u16>;

/// A value for a number, sometimes a long one.
fn value_of(number: u16) -> Value {
    if number.is_multiple_of(10) { "日".repeat(number.into()).into() } else { u32::from(number).into() }
}

fn pairs<'m>(model: impl IntoIterator<Item = (&'m String, &'m u16)>) -> Vec<(String, Value)> {
    model.into_iter().map(|(key, number)| (key.clone(), value_of(*number))).collect()
}

fn check_list(kv: &Kv<&mut WriteTxn>, model: &Model, options: &OwnedOptions) {
    let OwnedOptions { start, end, prefix, reverse, limit } = options;
    let (after, start) = match start {
        Some((after, key)) => (*after, Some(key.as_str())),
        None => (false, None),
    };
    let list = ListOptions {
        start: start.filter(|_| !after),
        start_after: start.filter(|_| after),
        end: end.as_deref(),
        prefix: prefix.as_deref(),
        reverse: *reverse,
        limit: *limit,
    };
    let wanted = |key: &str| {
        start.is_none_or(|start| if after { key > start } else { key >= start })
            && end.as_deref().is_none_or(|end| key < end)
            && prefix.as_deref().is_none_or(|prefix| key.starts_with(prefix))
    };
    let mut expected = pairs(model.iter().filter(|(key, _)| wanted(key)));
    if *reverse {
        expected.reverse();
    }
    expected.truncate(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap()));
    assert_eq!(kv.count(&list).unwrap(), u64::try_from(expected.len()).unwrap());
    assert_eq!(kv.list_all(&list).unwrap(), expected);
}

fn check_call(kv: &mut Kv<&mut WriteTxn>, model: &mut Model, call: &Call) {
    match call {
        Call::Put(key, number) => {
            kv.put(key, &value_of(*number)).unwrap();
            model.insert(key.clone(), *number);
            assert_eq!(kv.get(key).unwrap(), Some(value_of(*number)));
        }
        Call::PutMany(entries) => {
            let values: Vec<_> = entries.iter().map(|(key, number)| (key, value_of(*number))).collect();
            kv.put_many(&values).unwrap();
            model.extend(entries.iter().cloned());
        }
        Call::Delete(key) => assert_eq!(kv.delete(key).unwrap(), model.remove(key).is_some()),
        Call::DeleteMany(keys) => {
            let expected = keys.iter().filter(|key| model.remove(*key).is_some()).count();
            assert_eq!(kv.delete_many(keys).unwrap(), expected);
        }
        Call::GetMany(keys) => {
            let expected = pairs(model.iter().filter(|(key, _)| keys.contains(key)));
            assert_eq!(kv.get_many(keys).unwrap().into_iter().collect::<Vec<_>>(), expected);
        }
        Call::List(options) => check_list(kv, model, options),
        Call::Savepoint | Call::RollBack | Call::Commit => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_store_does_as_the_model(calls in prop::collection::vec(any_call(), 1..80)) {
        let db = database();
        let mut model = Model::new();
        let mut views: Vec<(ReadView, Model)> = Vec::new();
        let mut txn = db.begin_write().unwrap();
        let mut savepoints = Vec::new();
        for call in &calls {
            match call {
                Call::Savepoint => savepoints.push((txn.savepoint(), model.clone())),
                Call::RollBack => {
                    if let Some((savepoint, then)) = savepoints.pop() {
                        txn.rollback_to(savepoint).unwrap();
                        model = then;
                    }
                }
                Call::Commit => {
                    savepoints.clear();
                    commit(txn);
                    views.push((db.begin_read().unwrap(), model.clone()));
                    txn = db.begin_write().unwrap();
                }
                _ => check_call(&mut Kv::new(&mut txn), &mut model, call),
            }
        }
        for (view, then) in views {
            prop_assert_eq!(Kv::new(&view).list_all(&ALL).unwrap(), pairs(&then));
        }
    }
}
