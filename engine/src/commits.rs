//! [`Commit`], [`Commits`]: the commits of the past as the log holds them.

use crate::codec::Reader;
use crate::error::{Error, Result};
use crate::format::ops::{Op, Ops};
use crate::format::wal::RecordKind;
use crate::hold::Hold;
use crate::ids::{CommitTime, LogPosition, Lsn, Timestamp, to_u64};
use crate::replay::reset_target;
use crate::wal::{LogReader, LogRecord, LogStart};

/// The place of a commit in the log, from which [`History::log_at`](crate::History::log_at) reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogMark {
    /// The commit before.
    pub(crate) after: Lsn,
    pub(crate) position: LogPosition,
}

/// One commit as the log holds it.
#[derive(Clone, Debug)]
pub struct Commit {
    previous: Lsn,
    position: LogPosition,
    lsn: Lsn,
    time: CommitTime,
    kind: RecordKind,
    payload: Vec<u8>,
}

/// How a commit came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitKind {
    /// The log holds its operations.
    Operations,
    /// It was too large for the log, which names its root; its changes are the difference to the version before.
    Bulk,
    /// It made an earlier version the newest one.
    Reset {
        /// That version.
        to: Lsn,
    },
    /// As [`CommitKind::Reset`], by the open before which it had been wished for.
    WishedReset {
        /// That version.
        to: Lsn,
    },
}

impl LogMark {
    /// The commit before, or one that is not there between that and the one at the place.
    #[must_use]
    pub fn after(&self) -> Lsn {
        self.after
    }

    /// Reading on from there.
    pub(crate) fn start(self) -> LogStart {
        LogStart::After { lsn: self.after, position: self.position }
    }
}

impl Commit {
    fn new(record: &LogRecord<'_>, previous: Lsn) -> Commit {
        let LogRecord { position, lsn, time, kind, payload, .. } = *record;
        Commit { previous, position, lsn, time, kind, payload: payload.to_vec() }
    }

    /// How long its content in the log is, in bytes.
    #[must_use]
    pub fn payload_bytes(&self) -> u64 {
        to_u64(self.payload.len())
    }

    /// Where the commit stands in the log.
    #[must_use]
    pub fn mark(&self) -> LogMark {
        LogMark { after: self.previous, position: self.position }
    }

    /// The commit's position.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// The commit's time: never before that of the commit before.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time.time
    }

    /// What the wall clock showed, right or wrong.
    #[must_use]
    pub fn raw_time(&self) -> Timestamp {
        self.time.raw
    }

    /// How the commit came about.
    #[must_use]
    pub fn kind(&self) -> CommitKind {
        match self.kind {
            RecordKind::Root => CommitKind::Bulk,
            RecordKind::Reset => CommitKind::Reset { to: self.target() },
            RecordKind::WishedReset => CommitKind::WishedReset { to: self.target() },
            RecordKind::Commit | RecordKind::Close => CommitKind::Operations,
        }
    }

    fn target(&self) -> Lsn {
        reset_target(&mut Reader::new(&self.payload)).unwrap_or(Lsn::ZERO)
    }

    /// The operations in their order; none for the kinds that have none in the log.
    ///
    /// # Errors
    /// Each item can be [`Error::Corrupt`], which ends the sequence.
    pub fn operations(&self) -> impl Iterator<Item = Result<Op<'_>>> {
        let payload = match self.kind {
            RecordKind::Commit => &self.payload[..],
            _ => &[],
        };
        let position = self.position;
        let mut ops = Ops::new(payload);
        std::iter::from_fn(move || ops.next_op().transpose()).map(move |op| {
            op.map_err(|bad| {
                let file = format!("{}.wal", position.segment);
                Error::corrupt(file.as_ref(), position.offset, "log record", "operations", bad.found)
            })
        })
    }
}

/// The commits of the log in order. After an error it ends.
#[derive(Debug)]
pub struct Commits {
    reader: Option<LogReader>,
    after: Lsn,
    previous: Lsn,
    _hold: Hold,
}

impl Commits {
    /// Those after a commit, read from a place that the commit `previous` stands before.
    pub(crate) fn new(reader: Option<LogReader>, after: Lsn, previous: Lsn, hold: Hold) -> Commits {
        Commits { reader, after, previous, _hold: hold }
    }
}

impl Iterator for Commits {
    type Item = Result<Commit>;

    fn next(&mut self) -> Option<Result<Commit>> {
        loop {
            let previous = self.previous;
            let next = self.reader.as_mut()?.next_record();
            match next.map(|record| record.map(|record| (record.lsn, record))) {
                Ok(Some((lsn, record))) => {
                    let commit = (lsn > self.after).then(|| Commit::new(&record, previous));
                    self.previous = lsn;
                    if let Some(commit) = commit {
                        return Some(Ok(commit));
                    }
                }
                Ok(None) => {
                    self.reader = None;
                    return None;
                }
                Err(error) => {
                    self.reader = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
