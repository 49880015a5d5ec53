use super::Changes;
use crate::tree::Existence::Known;

#[test]
fn changes_of_one_key_stay_in_their_order_even_where_they_take_no_bytes() {
    let mut changes = Changes::default();
    for n in 0..200_u8 {
        changes.push(b"", Some(b""), Known(n > 0));
        changes.push(&[n.wrapping_mul(77)], None, Known(true));
    }
    changes.sort();
    assert!(changes.fit());
    let settled: Vec<_> = changes.by_key().map(|change| (change.key, change.existence)).collect();
    assert_eq!(settled[..2], [(&[][..], Known(false)), (&[0], Known(true))]);
    assert_eq!(settled.len(), 201);
}

#[test]
fn one_change_is_told_apart_from_several() {
    let mut changes = Changes::default();
    assert!(changes.only().is_none());
    changes.push(b"a", Some(b"1"), Known(false));
    assert_eq!(changes.only().map(|only| (only.key, only.value)), Some((&b"a"[..], Some(&b"1"[..]))));
    changes.push(b"b", None, Known(true));
    assert!(changes.only().is_none());
    let told: Vec<_> = changes.ascending().map(|change| (change.key, change.value.is_some())).collect();
    assert_eq!(told, [(&b"a"[..], true), (b"b", false)]);
}
