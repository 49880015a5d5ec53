use std::collections::BTreeMap;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use duramen_engine::{Database, Durability, Options};

use super::*;
use crate::error::{Error, Part};

const WORDS: TreeName<&str, u32> = TreeName::new("words");
const RAW: TreeName = TreeName::new("raw");

fn database() -> Database {
    Database::in_memory(Options::default()).expect("memory is there")
}

/// Twenty words with gaps between them, beside a model of the same.
fn filled() -> (WriteTxn, Tree<&'static str, u32>, BTreeMap<String, u32>) {
    let mut txn = database().begin_write().expect("nobody else writes");
    let tree = WORDS.create(&mut txn).expect("a good name");
    let model: BTreeMap<String, u32> = (0..20).map(|n| (format!("word {:02}", n * 3), n)).collect();
    for (word, number) in &model {
        assert!(!tree.put(&mut txn, word, *number).expect("memory does not fail"));
    }
    (txn, tree, model)
}

#[test]
fn a_missing_tree_is_an_error_or_nothing() {
    let view = database().begin_read().expect("a new database can be read");
    assert!(WORDS.find(&view).is_none());
    let error = WORDS.open(&view).expect_err("there is no such tree");
    assert_eq!(error.to_string(), "no tree named words");
    let elsewhere: Tree = Tree::from_id(TreeId(999));
    assert!(elsewhere.get(&view, b"key").is_err());
    assert!(elsewhere.iter(&view).is_err());
}

#[test]
fn a_tree_outlives_its_transaction() {
    let db = database();
    let mut txn = db.begin_write().expect("nobody else writes");
    let tree = RAW.create(&mut txn).expect("a good name");
    assert!(!tree.put(&mut txn, b"key", b"value").expect("memory does not fail"));
    assert!(tree.put(&mut txn, b"key", b"other").expect("memory does not fail"));
    txn.commit(Durability::Immediate).expect("memory does not fail");

    let view = db.begin_read().expect("the database is open");
    let kept = tree.get_owned(&view, b"key").expect("memory does not fail").expect("it was put");
    let lent = tree.get(&view, b"key").expect("memory does not fail");
    assert_eq!(lent, Some(&b"other"[..]));
    drop(view);
    assert_eq!(kept, b"other");

    let mut txn = db.begin_write().expect("nobody else writes");
    assert!(tree.delete(&mut txn, b"key").expect("memory does not fail"));
    assert!(!tree.delete(&mut txn, b"key").expect("memory does not fail"));
    tree.drop_in(&mut txn).expect("it is there");
    assert!(RAW.find(&txn).is_none());
}

#[test]
fn ranges_are_those_of_the_model_from_both_ends() {
    let (txn, tree, model) = filled();
    let ends = ["", "word", "word 00", "word 01", "word 30", "word 31", "word 57", "word 58", "x"];
    for (low, high) in ends.iter().flat_map(|low| ends.iter().map(move |high| (*low, *high))) {
        let starts: [Bound<&str>; 3] = [Unbounded, Included(low), Excluded(low)];
        let stops: [Bound<&str>; 3] = [Unbounded, Included(high), Excluded(high)];
        for range in starts.iter().flat_map(|s| stops.iter().map(move |e| (*s, *e))) {
            let wanted: Vec<u32> = model
                .iter()
                .filter(|(word, _)| RangeBounds::<&str>::contains(&range, &word.as_str()))
                .map(|(_, number)| *number)
                .collect();
            check_range(&txn, tree, range, &wanted);
        }
    }
}

/// Checks that a range holds `wanted`, read forwards, backwards, and from both ends by turns.
fn check_range(
    txn: &WriteTxn,
    tree: Tree<&'static str, u32>,
    range: (Bound<&str>, Bound<&str>),
    wanted: &[u32],
) {
    let values = |entries: Range<'_, &'static str, u32>| -> Vec<u32> {
        entries.map(|entry| entry.expect("memory does not fail").1).collect()
    };
    let open = || tree.range(txn, range).expect("the tree is there");
    assert_eq!(values(open()), wanted, "{range:?}");
    let mut backwards: Vec<u32> = open().rev().map(|entry| entry.expect("memory does not fail").1).collect();
    backwards.reverse();
    assert_eq!(backwards, wanted, "{range:?}");
    assert_eq!(tree.count(txn, range).expect("memory does not fail"), wanted.len() as u64, "{range:?}");

    let (mut entries, mut front, mut back) = (open(), Vec::new(), Vec::new());
    while let Some(entry) = entries.next() {
        front.push(entry.expect("memory does not fail").1);
        back.extend(entries.next_back().map(|entry| entry.expect("memory does not fail").1));
    }
    assert!(entries.next_back().is_none() && entries.next().is_none());
    front.extend(back.iter().rev());
    assert_eq!(front, wanted, "{range:?}");
}

#[test]
fn prefixes_end_where_they_should() {
    let mut txn = database().begin_write().expect("nobody else writes");
    let tree = RAW.create(&mut txn).expect("a good name");
    let keys: [&[u8]; 8] = [b"", b"a", b"a\xFF", b"a\xFFb", b"a\xFF\xFF", b"b", b"\xFF", b"\xFF\xFF\x01"];
    for key in keys {
        tree.put(&mut txn, key, b"").expect("memory does not fail");
    }
    for prefix in keys.iter().copied().chain([&b"c"[..], b"\xFF\xFF"]) {
        let found: Vec<Vec<u8>> = tree
            .prefix(&txn, prefix)
            .expect("the tree is there")
            .map(|entry| entry.expect("memory does not fail").0.into())
            .collect();
        let wanted: Vec<&[u8]> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        assert_eq!(found, wanted, "{}", prefix.escape_ascii());
    }
}

#[test]
fn entries_are_found_by_number() {
    let (txn, tree, model) = filled();
    for (n, (word, number)) in (0..).zip(&model) {
        assert_eq!(tree.rank(&txn, word).expect("memory does not fail"), n);
        let entry = tree.nth(&txn, n).expect("memory does not fail").expect("there are as many");
        assert_eq!(entry, (word.clone(), *number));
    }
    assert_eq!(tree.nth(&txn, 20).expect("memory does not fail"), None);
    assert_eq!(tree.first(&txn).expect("memory does not fail"), Some(("word 00".into(), 0)));
    assert_eq!(tree.last(&txn).expect("memory does not fail"), Some(("word 57".into(), 19)));
}

#[test]
fn a_range_is_deleted_at_once() {
    let (mut txn, tree, _) = filled();
    assert_eq!(tree.delete_range(&mut txn, "word 10".."word 20").expect("memory does not fail"), 3);
    assert_eq!(tree.len(&txn).expect("memory does not fail"), 17);
    assert!(!tree.contains(&txn, "word 12").expect("memory does not fail"));
    assert_eq!(tree.clear(&mut txn).expect("memory does not fail"), 17);
    assert!(tree.is_empty(&txn).expect("memory does not fail"));
}

#[test]
fn lent_entries_are_those_handed_out() {
    let (txn, tree, model) = filled();
    let mut entries = tree.iter(&txn).expect("the tree is there");
    for (word, number) in &model {
        let entry = entries.advance().expect("memory does not fail").expect("there are as many");
        assert_eq!(entry.key_bytes(), word.as_bytes());
        assert_eq!(entry.key().expect("it is a string"), *word);
        assert_eq!(entry.value().expect("it is a number"), *number);
    }
    assert!(entries.advance().expect("memory does not fail").is_none());
    let mut entries = tree.iter(&txn).expect("the tree is there");
    let last = entries.advance_back().expect("memory does not fail").expect("there are some");
    assert_eq!(last.key_bytes(), b"word 57");
}

#[test]
fn other_types_are_an_error_and_not_a_wrong_answer() {
    let (txn, tree, _) = filled();
    let as_text: Tree<&str, &[u8; 3]> = Tree::from_id(tree.id());
    let as_numbers: Tree<u64, u32> = Tree::from_id(tree.id());
    let error = as_text.get(&txn, "word 00").expect_err("four bytes are not three");
    assert!(matches!(error, Error::WrongType { part: Part::Value, .. }), "{error}");
    let mut entries = as_numbers.iter(&txn).expect("the tree is there");
    let error = entries.next().expect("there are some").expect_err("seven bytes are no u64");
    assert!(matches!(error, Error::WrongType { part: Part::Key, .. }), "{error}");
    assert!(entries.next().is_none(), "nothing comes after an error");
}

#[test]
fn a_batch_ends_its_transaction_or_leaves_no_trace() {
    let db = database();
    let mut txn = db.begin_write().expect("nobody else writes");
    let words = WORDS.create(&mut txn).expect("a good name");
    assert!(words.put(&mut txn, "before", 1).map(|existed| !existed).expect("memory does not fail"));
    let mut batch = words.batch(txn).expect("it is there");
    for (word, number) in [("of", 2), ("all", 3), ("before", 4), ("of", 5)] {
        batch.put(word, number).expect("memory does not fail");
    }
    batch.delete("all").expect("memory does not fail");
    let lsn = batch.commit(Durability::Immediate).expect("memory does not fail");
    assert_eq!(db.durable_lsn(), lsn);

    let mut dropped = words.batch(db.begin_write().expect("nobody else writes")).expect("it is there");
    dropped.put("gone", 1).expect("memory does not fail");
    let too_long = "k".repeat(duramen_engine::MAX_KEY_BYTES + 1);
    assert!(matches!(
        dropped.put(&too_long, 1),
        Err(Error::Engine(duramen_engine::Error::KeyTooLarge { .. }))
    ));
    drop(dropped);

    let view = db.begin_read().expect("the database is open");
    let found: Vec<(String, u32)> =
        words.iter(&view).expect("it is there").collect::<Result<_>>().expect("memory does not fail");
    assert_eq!(found, [("before".into(), 4), ("of".into(), 5)]);
    let elsewhere: Tree = Tree::from_id(TreeId(999));
    assert!(elsewhere.batch(db.begin_write().expect("nobody else writes")).is_err());
}
