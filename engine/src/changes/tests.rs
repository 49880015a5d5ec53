use super::Changes;

#[test]
fn changes_of_one_key_stay_in_their_order_even_where_they_take_no_bytes() {
    let mut changes = Changes::default();
    for n in 0..200_u8 {
        changes.push(b"", Some(b""), n > 0);
        changes.push(&[n.wrapping_mul(77)], None, false);
    }
    changes.sort();
    let first = changes.by_key().next().unwrap();
    let existed: Vec<bool> = first.iter().map(|change| change.existed).collect();
    assert_eq!(existed[0..2], [false, true]);
    assert_eq!(existed.iter().filter(|existed| !**existed).count(), 1);
    assert_eq!((first.len(), changes.len()), (200, 400));
}
