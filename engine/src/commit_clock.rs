//! Commit times: the wall clock, kept from running backwards and from leaping ahead.
//!
//! A commit's time is never before the previous commit's, and goes ahead of it by at most what the monotonic clock
//! advanced plus an hour, so that one wrong reading of the wall clock does not spoil the order of times for ever. The
//! raw reading is logged beside it.

use std::time::Duration;

use crate::ids::{CommitTime, Timestamp};
use crate::io::Clock;

/// How far ahead of the monotonic clock a commit time may go.
const LEAP: Duration = Duration::from_secs(3600);

/// The time of the last commit, and when it was given.
#[derive(Debug)]
pub(crate) struct CommitClock {
    last: Timestamp,
    /// The monotonic clock at `last`; unknown right after an open, when the wall clock alone counts.
    last_monotonic: Option<Duration>,
}

impl CommitClock {
    /// A clock that goes on after a commit at `last`.
    pub(crate) fn after(last: Timestamp) -> CommitClock {
        CommitClock { last, last_monotonic: None }
    }

    /// The time of the next commit.
    pub(crate) fn tick(&mut self, clock: &dyn Clock) -> CommitTime {
        let raw = clock.wall();
        let monotonic = clock.monotonic();
        let latest = self.last_monotonic.map_or(Timestamp(i64::MAX), |before| {
            let step = monotonic.saturating_sub(before) + LEAP;
            Timestamp(self.last.0.saturating_add(i64::try_from(step.as_micros()).unwrap_or(i64::MAX)))
        });
        self.last = raw.min(latest).max(self.last);
        self.last_monotonic = Some(monotonic);
        CommitTime { time: self.last, raw }
    }
}

#[cfg(test)]
mod tests;
