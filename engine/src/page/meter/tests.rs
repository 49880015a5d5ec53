use super::*;

#[test]
fn counts_what_is_held() {
    let meter = Meter::new();
    let mut a = meter.charge(10);
    let b = meter.clone().charge(5);
    assert_eq!(meter.held_bytes(), 15);
    a.set(3);
    assert_eq!(meter.held_bytes(), 8);
    a.set(30);
    drop(b);
    assert_eq!(meter.held_bytes(), 30);
    drop(a);
    assert_eq!(meter.held_bytes(), 0);
}
