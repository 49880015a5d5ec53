use proptest::prelude::*;

use super::{ListOptions, after_prefix};
use crate::error::Error;

const ALL: ListOptions<'_> =
    ListOptions { start: None, start_after: None, end: None, prefix: None, reverse: false, limit: None };

/// Those of the keys that the options ask for.
fn chosen<'k>(keys: &[&'k str], options: ListOptions<'_>) -> Vec<&'k str> {
    let range = options.range().unwrap();
    let within = |key: &&str| {
        key.as_bytes() >= &range.start[..] && range.end.as_ref().is_none_or(|end| key.as_bytes() < &end[..])
    };
    let mut keys: Vec<&str> = keys.iter().copied().filter(within).collect();
    keys.sort_unstable();
    if range.reverse {
        keys.reverse();
    }
    keys.truncate(usize::try_from(range.limit).unwrap_or(usize::MAX));
    assert!(!range.is_empty() || keys.is_empty());
    keys
}

/// As recorded of the real service.
#[test]
fn recorded_cases() {
    let keys = ["a", "a/1", "a/2", "a0", "b", "b/x", "c"];
    let cases = [
        (ALL, &keys[..]),
        (ListOptions { prefix: Some("a"), ..ALL }, &["a", "a/1", "a/2", "a0"]),
        (ListOptions { prefix: Some("a/"), ..ALL }, &["a/1", "a/2"]),
        (ListOptions { prefix: Some(""), ..ALL }, &keys),
        (ListOptions { prefix: Some("zzz"), ..ALL }, &[]),
        (ListOptions { start_after: Some("a"), ..ALL }, &keys[1..]),
        (ListOptions { start_after: Some("a/15"), ..ALL }, &keys[2..]),
        (ListOptions { start_after: Some("c"), ..ALL }, &[]),
        (ListOptions { start_after: Some(""), ..ALL }, &keys),
        (ListOptions { start_after: Some("a"), end: Some("b"), limit: Some(2), ..ALL }, &["a/1", "a/2"]),
        (ListOptions { prefix: Some("a"), start: Some("a/2"), ..ALL }, &["a/2", "a0"]),
        (ListOptions { prefix: Some("a"), end: Some("a/2"), ..ALL }, &["a", "a/1"]),
        (ListOptions { prefix: Some("a"), start: Some("b"), ..ALL }, &[]),
        (ListOptions { prefix: Some("b"), start: Some("a"), ..ALL }, &["b", "b/x"]),
        (ListOptions { prefix: Some("a"), end: Some("Z"), ..ALL }, &[]),
        (ListOptions { prefix: Some("a"), end: Some("zz"), ..ALL }, &["a", "a/1", "a/2", "a0"]),
        (ListOptions { prefix: Some("a/"), start_after: Some("a/1"), ..ALL }, &["a/2"]),
        (ListOptions { prefix: Some("a"), start_after: Some("a0"), ..ALL }, &[]),
        (ListOptions { end: Some(""), ..ALL }, &[]),
        (ListOptions { start: Some("b"), end: Some("a"), ..ALL }, &[]),
        (ListOptions { limit: Some(1), start: Some("b"), ..ALL }, &["b"]),
        (ListOptions { reverse: true, limit: Some(2), ..ALL }, &["c", "b/x"]),
        (ListOptions { reverse: true, start: Some("a0"), end: Some("c"), ..ALL }, &["b/x", "b", "a0"]),
    ];
    for (options, expected) in cases {
        assert_eq!(chosen(&keys, options), expected, "{options:?}");
    }
}

#[test]
fn keys_are_ordered_by_their_bytes() {
    let keys = ["\u{1f600}", "\u{ffff}", "z", "E", "é"];
    assert_eq!(chosen(&keys, ALL), ["E", "z", "é", "\u{ffff}", "\u{1f600}"]);
}

#[test]
fn invalid_options_are_refused() {
    let both = ListOptions { start: Some("a"), start_after: Some("b"), ..ALL };
    assert!(matches!(both.range(), Err(Error::StartAndStartAfter)));
    assert!(matches!(ListOptions { limit: Some(0), ..ALL }.range(), Err(Error::ListLimitNotPositive)));
}

#[test]
fn limits_given_as_numbers() {
    for (number, limit) in [(1.0, 1), (2.9, 2), (2_147_483_647.0, 2_147_483_647)] {
        assert_eq!(ListOptions::limit_from_number(number).unwrap(), limit);
    }
    for number in [0.0, -0.0, 0.9, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -2_147_483_648.0] {
        assert!(
            matches!(ListOptions::limit_from_number(number), Err(Error::ListLimitNotPositive)),
            "{number}"
        );
    }
    for number in [2_147_483_648.0, -2_147_483_649.0, 1e300] {
        assert!(
            matches!(ListOptions::limit_from_number(number), Err(Error::ListLimitOutOfRange)),
            "{number}"
        );
    }
}

#[test]
fn what_follows_a_prefix() {
    assert_eq!(after_prefix(b""), None);
    assert_eq!(after_prefix(b"a"), Some(b"b".to_vec()));
    assert_eq!(after_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
    assert_eq!(after_prefix(b"\xff"), None);
}

proptest! {
    #[test]
    fn a_prefix_takes_the_keys_that_start_with_it(
        keys in prop::collection::btree_set("[a-c\u{7f}\u{80}\u{7ff}\u{ffff}\u{10ffff}]{0,4}", 0..30),
        prefix in "[a-c\u{7f}\u{80}\u{7ff}\u{ffff}\u{10ffff}]{0,3}",
    ) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let expected: Vec<&str> = keys.iter().copied().filter(|key| key.starts_with(&prefix)).collect();
        prop_assert_eq!(chosen(&keys, ListOptions { prefix: Some(&prefix), ..ALL }), expected);
    }
}
