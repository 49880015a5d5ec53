use super::*;
use crate::io::ManualClock;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn jump(clock: &ManualClock, seconds: i64) {
    clock.set_wall(Timestamp(clock.wall().0 + seconds * 1_000_000));
}

/// Seconds that have passed.
fn seconds(progress: Progress) -> u64 {
    progress.observed_us / 1_000_000
}

/// Closed for so long as the wall clock says, and opened again.
fn reopened(clock: &ManualClock, mut open: ProgressClock, seconds: i64) -> ProgressClock {
    let last = open.now(clock);
    jump(clock, seconds);
    ProgressClock::resume(last, clock)
}

#[test]
fn time_passes_by_the_monotonic_clock() {
    let clock = ManualClock::default();
    let mut open = ProgressClock::new(&clock);
    clock.advance(40 * DAY);
    assert_eq!(seconds(open.now(&clock)), 40 * 86_400);
    for step in [-86_400 * 30, 86_400 * 30, 86_400 * 3650, -3600, -1, 3600] {
        jump(&clock, step);
        clock.advance(SECOND);
        open.now(&clock);
    }
    assert_eq!(seconds(open.now(&clock)), 40 * 86_400 + 6, "jumps make no time pass");
}

#[test]
fn a_short_gap_is_believed_and_a_long_one_after_a_day() {
    let clock = ManualClock::default();
    let open = ProgressClock::new(&clock);
    let open = reopened(&clock, open, 3600);
    let mut open = reopened(&clock, open, 40 * 86_400);
    let doubted = open.now(&clock);
    assert_eq!(seconds(doubted), 3600);
    assert_eq!(seconds(doubted.believed()), 3600 + 40 * 86_400);
    clock.advance(23 * HOUR);
    assert_eq!(seconds(open.now(&clock)), 24 * 3600);
    // The rest of the day may pass while it is closed.
    let mut open = reopened(&clock, open, 3700);
    assert_eq!(seconds(open.now(&clock)), 24 * 3600 + 40 * 86_400);
}

#[test]
fn a_second_gap_says_little_about_the_first() {
    let clock = ManualClock::default();
    let open = ProgressClock::new(&clock);
    let mut open = reopened(&clock, open, 3650 * 86_400);
    for hours in 1..24 {
        open = reopened(&clock, open, 2 * 86_400);
        assert_eq!(seconds(open.now(&clock)), 0, "after {hours} hours at least");
    }
    open = reopened(&clock, open, 2 * 86_400);
    assert_eq!(seconds(open.now(&clock)), 3650 * 86_400);
    // The others have as many to wait for.
    for _ in 0..23 {
        open = reopened(&clock, open, 2 * 86_400);
        assert_eq!(seconds(open.now(&clock)), 3650 * 86_400);
    }
    open = reopened(&clock, open, 2 * 86_400);
    assert_eq!(seconds(open.now(&clock)), (3650 + 24 * 2) * 86_400);
}

#[test]
fn a_leap_is_not_believed_for_the_time_that_a_gap_before_it_was_upheld() {
    let clock = ManualClock::default();
    let open = ProgressClock::new(&clock);
    let mut open = reopened(&clock, open, 7 * 3600);
    clock.advance(22 * HOUR);
    assert_eq!(seconds(open.now(&clock)), 22 * 3600);
    let mut open = reopened(&clock, open, 3650 * 86_400);
    clock.advance(23 * HOUR);
    assert_eq!(seconds(open.now(&clock)), (22 + 23 + 7) * 3600);
    clock.advance(DAY);
    assert_eq!(seconds(open.now(&clock)), (22 + 23 + 24 + 7) * 3600 + 3650 * 86_400);
}

#[test]
fn a_gap_that_is_taken_back_never_counts() {
    let clock = ManualClock::default();
    let open = ProgressClock::new(&clock);
    let mut open = reopened(&clock, open, 3650 * 86_400);
    clock.advance(10 * HOUR);
    assert_eq!(seconds(open.now(&clock)), 36_000);
    jump(&clock, -3650 * 86_400);
    clock.advance(100 * HOUR);
    assert_eq!(seconds(open.now(&clock)), 110 * 3600);
    // The same while it is closed.
    let open = reopened(&clock, open, 3650 * 86_400);
    let mut open = reopened(&clock, open, -3650 * 86_400);
    clock.advance(100 * HOUR);
    assert_eq!(seconds(open.now(&clock)), 210 * 3600);
}

#[test]
fn a_clock_that_went_back_and_is_put_right_makes_no_time_pass() {
    let clock = ManualClock::default();
    let mut open = ProgressClock::new(&clock);
    jump(&clock, -30 * 86_400);
    clock.advance(SECOND);
    open.now(&clock);
    let mut open = reopened(&clock, open, 30 * 86_400 + 10);
    clock.advance(100 * HOUR);
    assert_eq!(seconds(open.now(&clock)), 11 + 360_000);
}

#[test]
fn what_was_made_while_time_was_doubted_is_no_older_than_it_is() {
    let clock = ManualClock::default();
    let open = ProgressClock::new(&clock);
    let mut open = reopened(&clock, open, 40 * 86_400);
    let made = open.now(&clock);
    clock.advance(25 * HOUR);
    assert_eq!(open.now(&clock).since(&made), 25 * HOUR);
}

#[test]
fn a_word_is_enough() {
    let clock = ManualClock::default();
    let open = ProgressClock::new(&clock);
    let mut open = reopened(&clock, open, 40 * 86_400);
    open.trust(&clock);
    assert_eq!(seconds(open.now(&clock)), 40 * 86_400);
}
