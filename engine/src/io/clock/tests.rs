use std::time::Duration;

use super::{Clock, ManualClock};
use crate::ids::Timestamp;

#[test]
fn time_passes_only_when_told_to() {
    let clock = ManualClock::new(Timestamp(1_000));
    assert_eq!((clock.wall(), clock.monotonic()), (Timestamp(1_000), Duration::ZERO));
    clock.advance(Duration::from_millis(2));
    assert_eq!((clock.wall(), clock.monotonic()), (Timestamp(3_000), Duration::from_millis(2)));
}

#[test]
fn setting_the_wall_clock_leaves_the_monotonic_one_alone() {
    let clock = ManualClock::default();
    clock.advance(Duration::from_secs(1));
    clock.set_wall(Timestamp(-5));
    assert_eq!((clock.wall(), clock.monotonic()), (Timestamp(-5), Duration::from_secs(1)));
}

#[test]
fn the_end_of_time_is_not_passed() {
    let clock = ManualClock::new(Timestamp(i64::MAX - 1));
    clock.advance(Duration::MAX);
    assert_eq!((clock.wall(), clock.monotonic()), (Timestamp(i64::MAX), Duration::from_nanos(u64::MAX)));
}
