use super::{HASHED_AT_ONCE, KeyTable};
use crate::error::Result;

/// Inserts keys and checks each answer; the keys in the order of their first appearance.
fn insert_all<'k>(table: &mut KeyTable, keys: &[&'k str]) -> Vec<&'k str> {
    let mut known: Vec<&str> = Vec::new();
    for key in keys {
        let before = known.iter().position(|known| known == key);
        let number = before.unwrap_or(known.len());
        assert_eq!(table.insert(key.as_bytes()), (number, before.is_none()), "{key} of {keys:?}");
        if before.is_none() {
            known.push(key);
        }
    }
    known
}

#[test]
fn keys_are_numbered_as_they_come_in_order_or_not() -> Result<()> {
    let mut table = KeyTable::default();
    let orders: [&[&str]; 5] = [
        &["a", "a", "b", "c", "c"],
        &["b", "c", "a", "a", "b", "d", "c", "d", ""],
        &["c", "b", "a", "c"],
        &["", "a", ""],
        &["a", "b", "c", "d", "e", "b", "f", "a"],
    ];
    for keys in orders {
        table.clear();
        let mut known = insert_all(&mut table, keys);
        for (number, key) in known.iter().enumerate() {
            assert_eq!(table.find(key.as_bytes()), Some(number), "{key} of {keys:?}");
        }
        assert_eq!(table.find(b"absent"), None);
        let sorted = table.sorted(&|| Ok(()))?;
        let sorted: Vec<&str> = sorted.into_iter().map(|number| known[number]).collect();
        known.sort_unstable();
        assert_eq!(sorted, known);
    }
    Ok(())
}

#[test]
fn keys_that_come_in_order_after_one_was_looked_for_are_found() {
    let mut table = KeyTable::default();
    insert_all(&mut table, &["a", "b"]);
    assert_eq!(table.find(b"b"), Some(1));
    assert_eq!(table.insert(b"c"), (2, true));
    assert_eq!(table.find(b"c"), Some(2));
    assert_eq!(table.insert(b"a"), (0, false));
    assert_eq!(table.insert(b"d"), (3, true));
    assert_eq!(table.find(b"d"), Some(3));
}

/// So many that several calls hash them.
#[test]
fn keys_in_order_that_are_not_hashed_yet_are_found() -> Result<()> {
    let ordered = u32::try_from(3 * HASHED_AT_ONCE).unwrap();
    let key = |number: u32| (2 * number).to_be_bytes();
    let mut table = KeyTable::default();
    for number in 0..ordered {
        table.insert(&key(number));
    }
    let (newest, absent) = (ordered - 1, 1u32.to_be_bytes());
    assert_eq!(table.find(&key(newest)), Some(newest as usize));
    assert_eq!(table.find(&absent), None);
    assert!(table.hashed < table.ordered);
    // A key behind all others, two below, one that is there and the two again.
    let mut table = KeyTable::default();
    for number in 0..ordered {
        table.insert(&key(number));
    }
    assert_eq!(table.insert(&key(7)), (7, false));
    assert!(table.hashed < table.ordered);
    assert_eq!(table.insert(&key(newest)), (newest as usize, false));
    assert_eq!(table.insert(&absent), (ordered as usize, true));
    assert_eq!(table.insert(&absent), (ordered as usize, false));
    assert_eq!(table.insert(&key(ordered)), (ordered as usize + 1, true));
    for number in 0..=ordered {
        let expected = number as usize + usize::from(number == ordered);
        assert_eq!(table.find(&key(number)), Some(expected));
    }
    assert_eq!(table.hashed, table.ordered);
    let sorted = table.sorted(&|| Ok(()))?;
    assert_eq!(sorted[..3], [0, ordered as usize, 1]);
    Ok(())
}
