use super::*;

#[test]
fn what_is_needed_is_left() {
    let all: Vec<u32> = (0..100).collect();
    let found = fewer(&all, &mut |items| Some(items.contains(&17) && items.contains(&80)));
    assert_eq!(found, [17, 80]);
}

#[test]
fn a_search_can_be_ended() {
    let mut runs = 0;
    let found = fewer(&[1, 2, 3, 4], &mut |_| {
        runs += 1;
        (runs <= 1).then_some(false)
    });
    assert_eq!(found, [1, 2, 3, 4]);
}
