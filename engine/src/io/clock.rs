//! [`ManualClock`]: time that moves only when told to.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::traits::Clock;
use crate::ids::Timestamp;

/// A clock that stands still until it is set or advanced.
///
/// The wall clock may be set to any moment, as an administrator or a time server would; the monotonic clock only
/// moves forward, by [`ManualClock::advance`].
#[derive(Debug)]
pub struct ManualClock {
    wall_us: AtomicI64,
    monotonic_ns: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `wall`.
    #[must_use]
    pub fn new(wall: Timestamp) -> ManualClock {
        ManualClock { wall_us: AtomicI64::new(wall.0), monotonic_ns: AtomicU64::new(0) }
    }

    /// Sets the wall clock, forward or back. The monotonic clock does not notice.
    pub fn set_wall(&self, wall: Timestamp) {
        self.wall_us.store(wall.0, Ordering::Relaxed);
    }

    /// Lets time pass on both clocks. What is below a microsecond is lost to the wall clock.
    pub fn advance(&self, by: Duration) {
        let us = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        let ns = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.wall_us.update(Ordering::Relaxed, Ordering::Relaxed, |now| now.saturating_add(us));
        self.monotonic_ns.update(Ordering::Relaxed, Ordering::Relaxed, |now| now.saturating_add(ns));
    }
}

impl Default for ManualClock {
    /// A clock that shows 2020-01-01T00:00:00Z.
    fn default() -> ManualClock {
        ManualClock::new(Timestamp(1_577_836_800_000_000))
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        Timestamp(self.wall_us.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.monotonic_ns.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests;
