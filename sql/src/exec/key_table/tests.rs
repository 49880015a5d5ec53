use super::KeyTable;
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
