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
