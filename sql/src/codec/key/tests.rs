use std::cmp::Ordering;

use proptest::prelude::*;

use super::{
    Direction, Fidelity, next_value, push_rowid, push_rowid_suffix, push_value, rowid_of, skip_value,
    split_rowid_suffix,
};
use crate::codec::tests::{rowid, value};
use crate::value::{ArenaBuffer, Collation, Value, ValueRef, compare};

const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

fn key(value: ValueRef<'_>, direction: Direction) -> Vec<u8> {
    let mut key = Vec::new();
    push_value(&mut key, value, &Collation::Binary, direction);
    key
}

#[test]
fn golden_bytes() {
    use ValueRef::{Blob, Integer, Null, Real, Text};
    let half = 0.5f64.to_bits().to_be_bytes();
    let complemented = half.map(|byte| !byte);
    let cases: &[(ValueRef<'_>, &[&[u8]])] = &[
        (Null, &[&[0x10]]),
        (Integer(0), &[&[0x68]]),
        (Real(-0.0), &[&[0x68]]),
        (Integer(31), &[&[0x68 + 62]]),
        (Integer(32), &[&[0xa8, 64]]),
        (Integer(-1), &[&[0x66]]),
        (Integer(-32), &[&[0x28, !64]]),
        (Integer(1000), &[&[0xa9, 0x07, 0xd0]]),
        (Integer(i64::MAX), &[&[0xaf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]]),
        (Real(0.5), &[&[0x69], &half]),
        (Real(-0.5), &[&[0x67], &complemented]),
        (Real(1000.5), &[&[0xa9, 0x07, 0xd1], &half]),
        (Integer(i64::MIN), &[&[0x20, 0xbc, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]),
        (Real(f64::INFINITY), &[&[0xb0, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]]),
        (Text(b"a\0b\x01"), &[&[0xc0], b"a\x01\x01b\x01\x02\0"]),
        (Blob(b""), &[&[0xd0, 0]]),
    ];
    for &(value, expected) in cases {
        let expected = expected.concat();
        assert_eq!(key(value, Direction::Ascending), expected, "{value:?}");
    }
    assert_eq!(key(Text(b"a\0"), Direction::Descending), [0x3f, 0x9e, 0xfe, 0xfe, 0xff]);
}

#[test]
fn what_is_lost_is_told() {
    let mut out = Vec::new();
    let mut push =
        |value, collation: &Collation| push_value(&mut out, value, collation, Direction::Ascending);
    let binary = &Collation::Binary;
    assert_eq!(push(ValueRef::Integer(1), binary), Fidelity::Kept);
    assert_eq!(push(ValueRef::Real(1.0), binary), Fidelity::Lost);
    assert_eq!(push(ValueRef::Real(1.5), binary), Fidelity::Kept);
    assert_eq!(push(ValueRef::Real(1e300), binary), Fidelity::Kept);
    assert_eq!(push(ValueRef::Real(-0.0), binary), Fidelity::Lost);
    assert_eq!(push(ValueRef::Text(b"Ab "), binary), Fidelity::Kept);
    assert_eq!(push(ValueRef::Text(b"Ab"), &Collation::NoCase), Fidelity::Lost);
    assert_eq!(push(ValueRef::Text(b"ab"), &Collation::NoCase), Fidelity::Kept);
    assert_eq!(push(ValueRef::Text(b"ab "), &Collation::RTrim), Fidelity::Lost);
    assert_eq!(push(ValueRef::Blob(b"Ab "), &Collation::NoCase), Fidelity::Kept);
}

#[test]
fn rowids_as_keys_of_rows() {
    let key = |rowid| {
        let mut key = Vec::new();
        push_rowid(&mut key, rowid);
        key
    };
    assert_eq!(key(0), b"\x81\x00");
    assert_eq!(key(255), b"\x81\xff");
    assert_eq!(key(256), b"\x82\x01\x00");
    assert_eq!(key(i64::MAX), b"\x88\x7f\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(key(-1), b"\x7f\xff");
    assert_eq!(key(-257), b"\x7e\xfe\xff");
    assert_eq!(key(i64::MIN), b"\x78\x80\x00\x00\x00\x00\x00\x00\x00");
    assert!(rowid_of(b"").is_err());
    assert!(rowid_of(b"\x80").is_err(), "no payload");
    assert!(rowid_of(b"\x82\x00").is_err(), "lengths disagree");
    assert!(rowid_of(b"\x89\x01\x02\x03\x04\x05\x06\x07\x08\x09").is_err(), "too long");
    assert!(rowid_of(b"\x88\xff\xff\xff\xff\xff\xff\xff\xff").is_err(), "the sign disagrees");
    assert!(rowid_of(b"\x78\x00\x00\x00\x00\x00\x00\x00\x00").is_err(), "the sign disagrees");
}

#[test]
fn rowids_at_the_end() {
    let suffix = |rowid| {
        let mut key = b"columns".to_vec();
        push_rowid_suffix(&mut key, rowid);
        key.split_off(7)
    };
    assert_eq!(suffix(0), [0x80, 0x00]);
    assert_eq!(suffix(255), [0x8f, 0xf0]);
    assert_eq!(suffix(256), [0x90, 0x10, 0x01]);
    assert_eq!(suffix(-1), [0x7f, 0xf0]);
    assert_eq!(suffix(i64::MAX).len(), 9);
    assert_eq!(suffix(i64::MIN).len(), 9);
    assert!(split_rowid_suffix(b"").is_err());
    assert!(split_rowid_suffix(b"\x80").is_err());
    assert!(split_rowid_suffix(b"\x90\x00").is_err(), "lengths disagree");
    assert!(split_rowid_suffix(b"\x80\x08").is_err(), "too long");
}

fn is_same(read: ValueRef<'_>, written: ValueRef<'_>) -> bool {
    read == written && read.class() == written.class()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn keys_sort_as_the_values(a in value(), b in value()) {
        for collation in [Collation::Binary, Collation::NoCase, Collation::RTrim] {
            let order = compare(a.as_ref(), b.as_ref(), &collation);
            for direction in DIRECTIONS {
                let [mut key_a, mut key_b] = [Vec::new(), Vec::new()];
                push_value(&mut key_a, a.as_ref(), &collation, direction);
                push_value(&mut key_b, b.as_ref(), &collation, direction);
                let expected = if direction == Direction::Ascending { order } else { order.reverse() };
                prop_assert_eq!(key_a.cmp(&key_b), expected);
                let is_prefix = key_a.starts_with(&key_b) || key_b.starts_with(&key_a);
                prop_assert_eq!(is_prefix, order == Ordering::Equal, "self-delimiting");
            }
        }
    }

    #[test]
    fn rows_sort_column_by_column(
        a in (value(), value(), rowid()), b in (value(), value(), rowid()), first: bool, second: bool,
    ) {
        let directions = [first, second].map(|down| DIRECTIONS[usize::from(down)]);
        let make = |row: &(Value, Value, i64)| {
            let mut key = key(row.0.as_ref(), directions[0]);
            key.extend(self::key(row.1.as_ref(), directions[1]));
            push_rowid_suffix(&mut key, row.2);
            key
        };
        let column = |a: &Value, b: &Value, direction| {
            let order = compare(a.as_ref(), b.as_ref(), &Collation::Binary);
            if direction == Direction::Ascending { order } else { order.reverse() }
        };
        let order = column(&a.0, &b.0, directions[0])
            .then_with(|| column(&a.1, &b.1, directions[1]))
            .then_with(|| a.2.cmp(&b.2));
        let (key_a, key_b) = (make(&a), make(&b));
        prop_assert_eq!(key_a.cmp(&key_b), order);
        // All entries that begin with the first column of `a` are between its bytes and these with 0xff behind them.
        let prefix = key(a.0.as_ref(), directions[0]);
        let inside = key_b > prefix && key_b < [&prefix[..], &[0xff]].concat();
        prop_assert_eq!(inside, key_b.starts_with(&prefix));
        prop_assert_eq!(inside, compare(a.0.as_ref(), b.0.as_ref(), &Collation::Binary) == Ordering::Equal);
    }

    #[test]
    fn columns_are_read_back(columns in proptest::collection::vec((value(), any::<bool>()), 0..5), rowid in rowid()) {
        let mut bytes = Vec::new();
        let mut kept = Vec::new();
        for (value, down) in &columns {
            let direction = DIRECTIONS[usize::from(*down)];
            kept.push(push_value(&mut bytes, value.as_ref(), &Collation::NoCase, direction));
        }
        push_rowid_suffix(&mut bytes, rowid);
        let (mut rest, found) = split_rowid_suffix(&bytes).unwrap();
        prop_assert_eq!(found, rowid);
        let mut buffer = ArenaBuffer::new();
        let arena = buffer.arena();
        for ((value, down), kept) in columns.iter().zip(kept) {
            let direction = DIRECTIONS[usize::from(*down)];
            let mut skipped = rest;
            skip_value(&mut skipped, direction).unwrap();
            let read = next_value(&mut rest, direction, &arena).unwrap();
            prop_assert_eq!(skipped, rest);
            prop_assert_eq!(is_same(read, value.as_ref()), kept == Fidelity::Kept, "{:?} as {:?}", value, read);
            if !matches!(value, Value::Text(_)) {
                prop_assert_eq!(compare(read, value.as_ref(), &Collation::Binary), Ordering::Equal);
            }
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn rowids_sort_and_come_back(a in rowid(), b in rowid()) {
        let [mut key_a, mut key_b, mut table_a, mut table_b] = [const { Vec::new() }; 4];
        push_rowid_suffix(&mut key_a, a);
        push_rowid_suffix(&mut key_b, b);
        push_rowid(&mut table_a, a);
        push_rowid(&mut table_b, b);
        prop_assert_eq!(key_a.cmp(&key_b), a.cmp(&b));
        prop_assert_eq!(table_a.cmp(&table_b), a.cmp(&b));
        prop_assert_eq!(split_rowid_suffix(&key_a).unwrap(), (&b""[..], a));
        prop_assert_eq!(rowid_of(&table_a).unwrap(), a);
        prop_assert!(key_a[0] != 0 && key_a[0] != 0xff);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        let mut buffer = ArenaBuffer::new();
        for direction in DIRECTIONS {
            let arena = buffer.arena();
            let (mut read, mut skipped) = (&bytes[..], &bytes[..]);
            while !read.is_empty() && next_value(&mut read, direction, &arena).is_ok() {
                prop_assert!(skip_value(&mut skipped, direction).is_ok());
                prop_assert_eq!(read, skipped);
            }
        }
        let _ = split_rowid_suffix(&bytes);
    }
}
