//! [`ProgressClock`]: how much time has passed in the life of a database, for retention to go by.
//!
//! A wall clock may be wrong, jump, and be put right again; history that a jump deleted does not come back. So age is
//! never a difference of two readings of the wall clock:
//! 1. While the database is open, what the monotonic clock advances has passed. A wall clock that leaps ahead meanwhile was
//!    put right or wrong: no time has passed.
//! 2. While it was closed, the wall clock is all there is. It is believed at once for a gap of an hour.
//! 3. A longer gap is *doubted*: it counts once the clock has stood by it for a day, in this session and later ones. A
//!    gap between two sessions is as doubtful itself: it says no more than an hour about one before it, and has a day of its
//!    own, after that one's. A clock that goes back takes what it goes back out of the doubted time.
//! 4. A clock that shows less than expected makes no time pass, and none is lost when it is put right.
//!
//! So a single wrong reading never makes anything older than it is.

use std::time::Duration;

use crate::format::checkpoint::Progress;
use crate::ids::Timestamp;
use crate::io::Clock;

const HOUR_US: u64 = 3_600_000_000;
/// A gap up to this is believed.
const BELIEVED_US: u64 = HOUR_US;
/// For so long the clock must stand by a longer one.
const UPHELD_US: u64 = 24 * HOUR_US;
/// Readings of the two clocks are so far apart at most.
const SLACK_US: u64 = 1_000_000;

/// Time passing in an open database.
#[derive(Debug)]
pub(crate) struct ProgressClock {
    progress: Progress,
    /// The monotonic clock at that progress.
    monotonic: Duration,
}

impl ProgressClock {
    /// The clock of a new database.
    pub(crate) fn new(clock: &dyn Clock) -> ProgressClock {
        let progress = Progress { wall: clock.wall(), ..Progress::default() };
        ProgressClock { progress, monotonic: clock.monotonic() }
    }

    /// The clock of a database that was open before, and had come so far.
    pub(crate) fn resume(mut progress: Progress, clock: &dyn Clock) -> ProgressClock {
        let gap = ahead(clock.wall(), progress.wall);
        let further = gap.saturating_sub(progress.doubted_us);
        if gap + SLACK_US < progress.doubted_us {
            progress.doubt(gap);
        } else if progress.doubted_us > 0 {
            if further > BELIEVED_US {
                progress.doubted_us = gap;
                progress.newer_us = progress.newer_us.saturating_add(further);
            }
            progress.uphold(further.min(BELIEVED_US));
        }
        let gap = ahead(clock.wall(), progress.wall);
        if gap <= BELIEVED_US {
            progress.pass(gap);
            progress.doubt(0);
        } else {
            progress.doubted_us = gap;
        }
        ProgressClock { progress, monotonic: clock.monotonic() }
    }

    /// What has passed until now.
    pub(crate) fn now(&mut self, clock: &dyn Clock) -> Progress {
        let monotonic = clock.monotonic();
        let step = micros(monotonic.saturating_sub(self.monotonic));
        self.monotonic = monotonic;
        let progress = &mut self.progress;
        progress.pass(step);
        let gap = ahead(clock.wall(), progress.wall);
        if gap + SLACK_US < progress.doubted_us {
            progress.doubt(gap);
        } else {
            // What the clock leapt ahead while it was watched.
            progress.wall = later(progress.wall, gap.saturating_sub(progress.doubted_us));
            progress.uphold(step);
        }
        *progress
    }

    /// Believes the wall clock at its word.
    pub(crate) fn trust(&mut self, clock: &dyn Clock) {
        let doubted = self.now(clock).doubted_us;
        self.progress.pass(doubted);
        self.progress.doubt(0);
    }
}

impl Progress {
    /// How long before this moment another one was, at least.
    pub(crate) fn since(&self, earlier: &Progress) -> Duration {
        // What was doubted then may have passed before it.
        let then = earlier.observed_us.saturating_add(earlier.doubted_us);
        Duration::from_micros(self.observed_us.saturating_sub(then))
    }

    /// This moment if what is doubted were believed.
    pub(crate) fn believed(mut self) -> Progress {
        self.pass(self.doubted_us);
        self.doubt(0);
        self
    }

    /// Doubts this much from now on, of which nothing is upheld.
    fn doubt(&mut self, us: u64) {
        (self.doubted_us, self.upheld_us, self.newer_us) = (us, 0, 0);
    }

    fn pass(&mut self, us: u64) {
        self.observed_us = self.observed_us.saturating_add(us);
        self.wall = later(self.wall, us);
    }

    /// The clock has stood by what is doubted for so much longer.
    fn uphold(&mut self, us: u64) {
        if self.doubted_us == 0 {
            return;
        }
        self.upheld_us = self.upheld_us.saturating_add(us);
        if self.upheld_us >= UPHELD_US {
            let newer = self.newer_us.min(self.doubted_us);
            self.pass(self.doubted_us - newer);
            self.doubt(newer);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How far a reading is ahead of what was expected.
fn ahead(reading: Timestamp, expected: Timestamp) -> u64 {
    u64::try_from(reading.0.saturating_sub(expected.0)).unwrap_or(0)
}

fn later(time: Timestamp, us: u64) -> Timestamp {
    Timestamp(time.0.saturating_add(i64::try_from(us).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests;
