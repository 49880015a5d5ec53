//! [`Timeline`]: from a time to the commit that was the newest then.
//!
//! The kept roots, which have times, and the beginnings of the log's files, whose first commits have, are the coarse index.
//! From the one before a time the log is read once, and a commit of [`STRIDE`] is remembered with its place, so that a second
//! question reads a few records. Memory is bounded by [`MOST_SAMPLES`]; nothing is stored, and nothing has to be kept
//! up by commits.

use std::collections::BTreeMap;

use duramen_engine::{History, LogMark, Lsn, Timestamp};

use crate::error::Result;

/// How many commits one remembered place stands for.
const STRIDE: usize = 64;

/// How many bytes of operations it stands for, where commits are large.
const STRIDE_BYTES: u64 = 64 << 10;

/// With more places than this, all are forgotten: about 14 MB, and up to sixteen million commits.
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
    /// By the commit that they follow.
    stretches: BTreeMap<Lsn, Stretch>,
    samples: usize,
    starts: Starts,
}

/// The beginnings of the log's files.
#[derive(Debug, Default)]
struct Starts {
    marks: Vec<LogMark>,
    /// The newest commit when they were listed. A file that was begun since is read from the one before on.
    listed_at: Lsn,
    /// The time of the first commit, by that before it, where somebody looked.
    first: BTreeMap<Lsn, Timestamp>,
}

/// The commits from a kept root or the beginning of a file to the next one, or to the newest.
#[derive(Debug, Default)]
struct Stretch {
    samples: Vec<(Timestamp, LogMark)>,
    /// Commits and bytes read since the newest sample was taken, its own included.
    since_sample: (usize, u64),
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
        let end = roots.get(at).map_or(Lsn::MAX, |root| root.lsn);
        let mark = self.starts.before(history, (start.lsn, end), time)?;
        let from = mark.map_or(start.lsn, |mark| mark.after());
        let stretch = self.stretches.entry(from).or_default();
        let before = stretch.samples.len();
        stretch.read_on(history, From { mark, lsn: from }, time)?;
        self.samples += stretch.samples.len() - before;
        let after = stretch.samples.partition_point(|(first, _)| *first <= time);
        let later = stretch.samples.get(after).copied();
        let mut found = Found { next: later.map(|(first, _)| first), ..start };
        let Some((_, mark)) = after.checked_sub(1).map(|at| stretch.samples[at]) else {
            return Ok(Some(found));
        };
        let commits = match later {
            Some((_, later)) => history.log_between(mark, later)?,
            None => history.log_at(mark)?,
        };
        for commit in commits {
            let commit = commit?;
            if commit.time() > time {
                found.next = Some(commit.time());
                break;
            }
            found = Found { lsn: commit.lsn(), time: commit.time(), ..found };
        }
        Ok(Some(found))
    }
}

/// Where a stretch begins: at a place of the log, or after a commit.
#[derive(Clone, Copy)]
struct From {
    mark: Option<LogMark>,
    lsn: Lsn,
}

impl Starts {
    /// The files are listed again after so many commits.
    const LISTED_FOR: u64 = 100_000;

    /// The newest beginning of a file between two commits whose first commit is not after `time`.
    fn before(&mut self, history: &History, between: (Lsn, Lsn), time: Timestamp) -> Result<Option<LogMark>> {
        let newest = history.newest()?;
        if self.marks.is_empty()
            || newest.number - self.listed_at.number.min(newest.number) > Self::LISTED_FOR
        {
            *self = Starts { marks: history.log_starts()?, listed_at: newest, ..Starts::default() };
        }
        let from = self.marks.partition_point(|mark| mark.after() <= between.0);
        let to = self.marks.partition_point(|mark| mark.after() < between.1);
        let (mut low, mut high) = (from, to.max(from));
        while low < high {
            let middle = low.midpoint(high);
            let mark = self.marks[middle];
            let first = match self.first.get(&mark.after()) {
                Some(first) => *first,
                None => first_time(history, mark)?,
            };
            self.first.insert(mark.after(), first);
            if first <= time { low = middle + 1 } else { high = middle }
        }
        Ok((low > from).then(|| self.marks[low - 1]))
    }
}

/// The time of the commit at a place.
fn first_time(history: &History, mark: LogMark) -> Result<Timestamp> {
    match history.log_at(mark)?.next() {
        Some(commit) => Ok(commit?.time()),
        None => Ok(Timestamp(i64::MAX)),
    }
}

impl Stretch {
    /// Reads the log until behind `time`, unless that was done before.
    fn read_on(&mut self, history: &History, from: From, time: Timestamp) -> Result<()> {
        if self.samples.last().is_some_and(|(newest, _)| *newest > time) {
            return Ok(());
        }
        let commits = match (self.samples.last(), from.mark) {
            (None, Some(mark)) => history.log_at(mark)?,
            (Some((_, mark)), _) => history.log_at(*mark)?,
            (None, None) => history.log_from(from.lsn)?,
        };
        for commit in commits {
            let commit = commit?;
            if commit.lsn() <= self.until {
                continue;
            }
            let (commits, bytes) = self.since_sample;
            let is_due = self.samples.is_empty() || commits >= STRIDE || bytes >= STRIDE_BYTES;
            if is_due {
                self.samples.push((commit.time(), commit.mark()));
                self.since_sample = (0, 0);
            }
            self.since_sample.0 += 1;
            self.since_sample.1 += commit.payload_bytes();
            self.until = commit.lsn();
            if is_due && commit.time() > time {
                break;
            }
        }
        Ok(())
    }
}
