//! CPU time: what the work costs, however busy the machine is.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that the calling thread has used since it began.
#[must_use]
pub fn thread_time() -> Duration {
    read(ClockId::ThreadCPUTime)
}

/// CPU time that all threads of the process have used since it began.
#[must_use]
pub fn process_time() -> Duration {
    read(ClockId::ProcessCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Runs `work` and gives the CPU time it took, in nanoseconds for each of `times` units of it.
pub fn nanos_each(times: u64, work: impl FnOnce()) -> f64 {
    let before = thread_time();
    work();
    (thread_time() - before).as_secs_f64() * 1e9 / precise(times)
}

/// The middle one of several measurements.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A count as a float, exact up to 2^53.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^53")]
pub fn precise(n: u64) -> f64 {
    n as f64
}
