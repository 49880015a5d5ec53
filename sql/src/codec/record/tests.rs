use proptest::prelude::*;

use super::{Record, encode_record, encode_replaced};
use crate::codec::Malformed;
use crate::codec::tests::value;
use crate::value::{Value, ValueRef};

fn encode(columns: &[ValueRef<'_>], at_least: usize) -> Vec<u8> {
    let mut out = vec![0xee];
    encode_record(&mut out, columns, at_least).unwrap();
    out.split_off(1)
}

#[test]
fn golden_bytes() {
    use ValueRef::{Blob, Integer, Null, Real, Text};
    let bytes = encode(
        &[
            Integer(0),
            Integer(239),
            Integer(-1),
            Integer(240),
            Integer(-40_000),
            Integer(1 << 40),
            Null,
            Real(1.5),
        ],
        0,
    );
    let expected: &[&[u8]] = &[
        &[8],
        &[16, 255, 2, 3, 4, 5, 1, 6],
        &[0, 0, 0, 0, 1, 0, 3, 0, 7, 0, 15, 0, 15, 0, 23, 0],
        &[0xff],
        &[240, 0],
        &[0xc0, 0x63, 0xff, 0xff],
        &[0, 0, 0, 0, 0, 1, 0, 0],
        &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(encode(&[Text(b"hi"), Blob(b"x"), Text(b"")], 0), b"\x03\x07\x08\x07\x02\0\x03\0\x03\0hix");
    assert_eq!(encode(&[], 0), [0]);
    assert_eq!(encode(&[Null, Null], 0), [0], "NULLs at the end are left out");
    assert_eq!(encode(&[Null, Null], 1), [1, 1, 0, 0], "but not of columns that must be there");
}

#[test]
fn columns_that_are_not_there_are_null() {
    let bytes = encode(&[ValueRef::Integer(1)], 0);
    let record = Record::new(&bytes).unwrap();
    assert_eq!(record.len(), 1);
    assert_eq!(record.column(7), Ok(ValueRef::Null));
}

#[test]
fn many_columns_and_long_ones() {
    let columns: Vec<_> = (0..300).map(ValueRef::Integer).collect();
    let bytes = encode(&columns, 0);
    let record = Record::new(&bytes).unwrap();
    assert_eq!(record.len(), 300);
    assert_eq!(record.column(299), Ok(ValueRef::Integer(299)));
    let long = vec![b'x'; 70_000];
    let columns = [ValueRef::Text(b"a"), ValueRef::Blob(&long), ValueRef::Text(b"b")];
    let bytes = encode(&columns, 0);
    assert_eq!(bytes[0], 3 | 0x80);
    assert_eq!(Record::new(&bytes).unwrap().columns().collect::<Result<Vec<_>, _>>().unwrap(), columns);
}

#[test]
fn damage_is_seen() {
    let read = |bytes: &[u8]| Record::new(bytes).and_then(|record| record.column(0)).is_err();
    assert!(read(&[]), "nothing");
    assert!(read(&[1]), "no tag");
    assert!(read(&[1, 7]), "no end");
    assert!(read(&[1, 7, 3, 0, b'a']), "end behind the end");
    assert!(read(&[1, 0, 0, 0]), "tag 0");
    assert!(read(&[1, 9, 0, 0]), "tag in reserve");
    assert!(read(&[1, 2, 2, 0, 1, 1]), "integer of the wrong length");
    assert!(read(&[1, 6, 8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), "NaN");
    assert!(read(&[0x40, 1]), "no count");
    let second = Record::new(&[2, 7, 7, 2, 0, 1, 0, b'a', b'b']).unwrap();
    assert_eq!(second.column(0), Ok(ValueRef::Text(b"ab")));
    assert_eq!(second.column(1), Err(Malformed), "ends before it starts");
}

proptest! {
    #[test]
    fn what_is_written_is_read(columns in proptest::collection::vec(value(), 0..70), at_least in 0..70usize) {
        let refs: Vec<_> = columns.iter().map(Value::as_ref).collect();
        let bytes = encode(&refs, at_least);
        let record = Record::new(&bytes).unwrap();
        prop_assert!(record.len() <= columns.len());
        for (index, column) in refs.iter().enumerate() {
            prop_assert_eq!(record.column(index).unwrap(), *column);
        }
    }

    #[test]
    fn replaced_columns_make_the_row_that_they_make_with_the_others(
        columns in proptest::collection::vec(value(), 1..70),
        others in proptest::collection::vec((any::<prop::sample::Index>(), value()), 0..6),
    ) {
        let mut refs: Vec<_> = columns.iter().map(Value::as_ref).collect();
        let before = encode(&refs, 0);
        let (mut places, mut values) = (Vec::new(), Vec::new());
        for (place, other) in &others {
            let place = place.index(refs.len());
            if !places.contains(&place) {
                places.push(place);
                values.push(other.as_ref());
                refs[place] = other.as_ref();
            }
        }
        let mut out = vec![0xee];
        let done = encode_replaced(&mut out, &Record::new(&before).unwrap(), &places, &values).unwrap();
        prop_assert_eq!(out.remove(0), 0xee);
        if done {
            prop_assert_eq!(out, encode(&refs, 0));
        } else {
            prop_assert!(out.is_empty());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..60), small in any::<bool>()) {
        if small && let Some(first) = bytes.first_mut() {
            *first &= 0x87;
        }
        if let Ok(record) = Record::new(&bytes) {
            for column in record.columns() {
                let _ = column;
            }
            let (places, values) = ([1, 0], [ValueRef::Integer(1000), ValueRef::Text(b"b")]);
            let _ = encode_replaced(&mut Vec::new(), &record, &places, &values);
        }
    }

    #[test]
    fn no_mutation_makes_it_panic(
        columns in proptest::collection::vec(value(), 1..6), at in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        let refs: Vec<_> = columns.iter().map(Value::as_ref).collect();
        let mut bytes = encode(&refs, 0);
        *at.get_mut(&mut bytes) = to;
        if let Ok(record) = Record::new(&bytes) {
            for column in record.columns() {
                let _ = column;
            }
        }
    }
}
