use std::sync::Mutex;

use super::*;

#[derive(Debug)]
struct Hands(Mutex<(i64, u64)>);

impl Clock for Hands {
    fn wall(&self) -> Timestamp {
        Timestamp(self.0.lock().unwrap().0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.lock().unwrap().1)
    }
}

#[test]
fn times_neither_go_back_nor_leap() {
    let hands = Hands(Mutex::new((5_000_000, 0)));
    let at = |clock: &mut CommitClock, wall: i64, monotonic: u64| {
        *hands.0.lock().unwrap() = (wall, monotonic);
        let tick = clock.tick(&hands);
        assert_eq!(tick.raw, Timestamp(wall));
        tick.time.0
    };
    let mut clock = CommitClock::after(Timestamp(1_000_000));
    assert_eq!(at(&mut clock, 5_000_000, 0), 5_000_000, "the first reading after an open counts as it is");
    assert_eq!(at(&mut clock, 4_000_000, 1), 5_000_000, "the clock was set back");
    assert_eq!(at(&mut clock, 9_000_000, 2), 9_000_000);
    let hour = 3_600_000_000;
    assert_eq!(at(&mut clock, 99 * hour, 12), 9_000_000 + 10_000_000 + hour, "a leap is cut to an hour");
    let mut clock = CommitClock::after(Timestamp(7_000_000));
    assert_eq!(at(&mut clock, 1, 0), 7_000_000, "not before what was committed earlier");
}
