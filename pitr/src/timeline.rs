//! [`Timeline`]: from a time to the commit that was the newest then.
//!
//! The kept roots are the coarse index: they have times. Between two of them the log is read once, and every
//! [`STRIDE`]th commit is remembered with its place, so that a second question reads a few records. Memory is bounded by
//! [`MOST_SAMPLES`]; nothing is stored, and nothing has to be kept up by commits.

use std::collections::BTreeMap;

use duramen_engine::{History, LogMark, Lsn, Timestamp};

use crate::error::Result;

/// How many commits one remembered place stands for.
const STRIDE: usize = 256;

/// With more places than this, all are forgotten: about 14 MB.
const MOST_SAMPLES: usize = 1 << 18;

/// The commit that was the newest at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) lsn: Lsn,
    pub(crate) time: Timestamp,
    /// The commit after it, if there is one yet.
    pub(crate) next: Option<Timestamp>,
}

/// Places in the log by time. Filled as questions come.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// By the kept root that they follow.
    stretches: BTreeMap<Lsn, Stretch>,
    samples: usize,
}

/// The commits from a kept root to the next one, or to the newest.
#[derive(Debug, Default)]
struct Stretch {
    samples: Vec<(Timestamp, LogMark)>,
    /// Commits read since the newest sample was taken.
    since_sample: usize,
    /// The newest commit that was read.
    until: Lsn,
}

impl Timeline {
    /// The last commit at or before `time`; `None` where it is before everything that is kept.
    pub(crate) fn find(&mut self, history: &History, time: Timestamp) -> Result<Option<Found>> {
        let roots = history.roots();
        let at = roots.partition_point(|root| root.time <= time);
        let start = match at.checked_sub(1).map(|at| roots[at]) {
            Some(root) => Found { lsn: root.lsn, time: root.time, next: None },
            None if history.oldest() == Lsn::ZERO => {
                Found { lsn: Lsn::ZERO, time: Timestamp(i64::MIN), next: None }
            }
            None => return Ok(None),
        };
        if self.samples > MOST_SAMPLES {
            *self = Timeline::default();
        }
        let stretch = self.stretches.entry(start.lsn).or_default();
        let before = stretch.samples.len();
        stretch.read_on(history, start.lsn, time)?;
        self.samples += stretch.samples.len() - before;
        let after = stretch.samples.partition_point(|(first, _)| *first <= time);
        let Some((_, mark)) = after.checked_sub(1).map(|at| stretch.samples[at]) else {
            let next = stretch.samples.first().map(|(first, _)| *first);
            return Ok(Some(Found { next, ..start }));
        };
        let mut found = start;
        for commit in history.log_at(mark)? {
            let commit = commit?;
            if commit.time() > time {
                found.next = Some(commit.time());
                break;
            }
            found = Found { lsn: commit.lsn(), time: commit.time(), next: None };
        }
        Ok(Some(found))
    }
}

impl Stretch {
    /// Reads the log until behind `time`, unless that was done before.
    fn read_on(&mut self, history: &History, start: Lsn, time: Timestamp) -> Result<()> {
        if self.samples.last().is_some_and(|(newest, _)| *newest > time) {
            return Ok(());
        }
        for commit in history.log_from(self.until.max(start))? {
            let commit = commit?;
            if self.since_sample == 0 {
                self.samples.push((commit.time(), commit.mark()));
            }
            self.since_sample = (self.since_sample + 1) % STRIDE;
            self.until = commit.lsn();
            if self.since_sample == 1 && commit.time() > time {
                break;
            }
        }
        Ok(())
    }
}
