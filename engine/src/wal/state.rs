//! What the log of an open database knows: where the next record goes, what was written, what is durable. No I/O here.
//!
//! 1. `durable <= written <= last`, and what lies between `written` and `last` is in `pending`.
//! 2. `position` is where the next record goes. Before a segment is begun that is the start of the one to come.
//! 3. While `writing` is set somebody writes records to the segment's file, and nobody else does.
//! 4. A failure stays.

use std::ops::Range;
use std::sync::Arc;
use std::task::Waker;

use super::crowd::Crowd;
use super::waiters::Waiters;
use super::writer::{Segment, SegmentFile};
use crate::error::{Error, Result};
use crate::format::wal::{FIRST_RECORD, HEADER_BYTES, Record, RecordKind, SegmentHeader, seal};
use crate::ids::{CommitTime, DatabaseId, LogPosition, Lsn, SegmentId, to_u64};

/// A buffer larger than this is not kept for the next group.
const SPARE_BYTES_MAX: usize = 1 << 20;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct State {
    /// The segment that records go to; `None` until the first one is reserved.
    pub(super) segment: Option<Segment>,
    /// What that segment follows, or will follow.
    pub(super) follows: LogPosition,
    /// The epoch of the commits made by this handle.
    pub(super) epoch: u32,
    /// Records that were not written yet, the first at `pending_at`; after the header in a segment's first group.
    pub(super) pending: Vec<u8>,
    pub(super) pending_at: u64,
    pub(super) spare: Vec<u8>,
    pub(super) position: LogPosition,
    pub(super) last: Lsn,
    pub(super) written: Lsn,
    pub(super) durable: Lsn,
    /// The newest durable checkpoint.
    pub(super) checkpoint: u64,
    /// Length of the record that was appended last.
    pub(super) last_record_bytes: u64,
    /// Record bytes appended through this handle.
    pub(super) appended_bytes: u64,
    /// Whether nothing on disk shows yet that this handle gives out LSNs.
    pub(super) traceless: bool,
    /// Whether the log on disk ends with a closing record.
    pub(super) closed_on_disk: bool,
    pub(super) writing: bool,
    /// Whether the leader of the next group lets others join it.
    pub(super) gathering: bool,
    pub(super) crowd: Crowd,
    /// How many threads wait for something here to change.
    pub(super) asleep: usize,
    /// Whether the segment is being replaced; no zeros are written to it any more.
    pub(super) rolling: bool,
    /// Whether somebody writes zeros just now.
    pub(super) zeroing: bool,
    /// Whether zeros are synced just now, or will be when they were written. Should that fail, no sync of records that ends
    /// meanwhile proves anything: one failure is told only once.
    pub(super) syncing_zeros: bool,
    pub(super) closed: bool,
    pub(super) failure: Option<Error>,
    pub(super) waiters: Waiters,
}

/// Who syncs zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zeros {
    /// The next sync of records.
    LeftToTheCommit,
    /// Whoever wrote them.
    Synced,
}

/// A record that has its place behind the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) lsn: Lsn,
    bytes: u64,
    crc: u32,
}

/// What is written in one go.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) file: Arc<SegmentFile>,
    bytes: Vec<u8>,
    at: u64,
    /// The newest commit in it, or before it if it is empty.
    last: Lsn,
    /// The highest commit number known durable when it was taken.
    durable: u64,
}

impl Batch {
    /// Writes it.
    pub(super) fn write(&mut self) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let header = if self.at == 0 { HEADER_BYTES } else { 0 };
        seal(&mut self.bytes[header..], self.file.seed, self.at + to_u64(header), self.durable);
        self.file.write(&self.bytes, self.at)
    }

    /// Has the system begin to write it out.
    pub(super) fn begin_sync(&self) {
        self.file.begin_sync(self.places());
    }

    /// Puts durable zeros in its place.
    pub(super) fn take_back(&self) -> Result<()> {
        let places = self.places();
        self.file.zero(places.start, places.end)?;
        self.file.sync_zeros()
    }

    fn places(&self) -> Range<u64> {
        self.at..self.at + to_u64(self.bytes.len())
    }
}

impl State {
    /// The log of `epoch` after commit `last`, all of it durable. Its next segment is `next` and follows `follows`.
    pub(super) fn before_segment(epoch: u32, last: Lsn, next: SegmentId, follows: LogPosition) -> State {
        State {
            segment: None,
            follows,
            epoch,
            pending: Vec::new(),
            pending_at: 0,
            spare: Vec::new(),
            position: LogPosition { segment: next, offset: FIRST_RECORD, previous_crc: follows.previous_crc },
            last,
            written: last,
            durable: last,
            checkpoint: 0,
            last_record_bytes: 0,
            appended_bytes: 0,
            traceless: true,
            closed_on_disk: false,
            writing: false,
            gathering: false,
            crowd: Crowd::default(),
            asleep: 0,
            rolling: false,
            zeroing: false,
            syncing_zeros: false,
            closed: false,
            failure: None,
            waiters: Waiters::default(),
        }
    }

    /// Whether a closing record would tell nothing: there is one, or nothing was appended.
    pub(super) fn is_at_rest(&self) -> bool {
        self.closed_on_disk || !self.segment.as_ref().is_some_and(|segment| segment.file.is_named())
    }

    /// Whether somebody writes to the segment's file, or syncs it.
    pub(super) fn file_is_busy(&self) -> bool {
        self.writing || self.zeroing || self.syncing_zeros
    }

    /// Whether the newest segment holds no commit, and a closing record.
    pub(super) fn is_alone_at_rest(&self) -> bool {
        let holds_none = |segment: &Segment| segment.file.header.first.number > self.last.number;
        self.closed_on_disk && self.segment.as_ref().is_some_and(holds_none)
    }

    /// Refuses to go on where the log failed or was closed.
    pub(super) fn check(&self) -> Result<()> {
        self.check_failure()?;
        if self.closed {
            return Err(Error::InvalidArgument("the log was closed".into()));
        }
        Ok(())
    }

    /// Refuses to go on where the log failed.
    pub(super) fn check_failure(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    pub(super) fn next_lsn(&self) -> Lsn {
        Lsn { epoch: self.epoch, number: self.last.number + 1 }
    }

    /// Where the next record goes, as a place that a recovery never gives up: the start of a segment is the end of
    /// the one before it.
    pub(super) fn lasting_position(&self) -> LogPosition {
        if self.position.offset == FIRST_RECORD && self.follows.segment.0 > 0 {
            self.follows
        } else {
            self.position
        }
    }

    /// Where the newest segment that has its name ends.
    pub(super) fn named_end(&self) -> LogPosition {
        let named = self.segment.as_ref().is_some_and(|segment| segment.file.is_named());
        if named { self.position } else { self.follows }
    }

    /// The header of the segment to begin next, whose first record will be that of `first`.
    pub(super) fn next_header(&self, database: DatabaseId, salt: u64, first: Lsn) -> Result<SegmentHeader> {
        let segment = match &self.segment {
            Some(segment) => SegmentId(segment.file.header.segment.0.saturating_add(1)),
            None => self.position.segment,
        };
        if segment.0 == u32::MAX || self.epoch == u32::MAX {
            return Err(Error::InvalidArgument("the log has used up its segment numbers or epochs".into()));
        }
        Ok(SegmentHeader {
            database,
            segment,
            salt,
            epoch: self.epoch,
            first,
            follows: if self.segment.is_some() { self.position } else { self.follows },
            checkpoint: self.checkpoint,
            durable: self.last.number,
        })
    }

    /// Goes on in a new segment. All records before it are durable.
    pub(super) fn begin_segment(&mut self, segment: Segment) {
        debug_assert!(self.pending.is_empty() && self.durable == self.last, "the old segment is finished");
        let header = &segment.file.header;
        self.follows = header.follows;
        self.position = header.start();
        self.pending = header.encode();
        self.pending_at = 0;
        self.segment = Some(segment);
    }

    /// Puts a record behind the others.
    pub(super) fn push(&mut self, record: &Record<'_>) {
        if self.pending.is_empty() {
            self.pending_at = self.position.offset;
        }
        let mut pending = std::mem::take(&mut self.pending);
        let placed = self.place(record, &mut pending);
        self.pending = pending;
        self.admit(placed);
    }

    /// Adds a record as it will stand behind the others.
    fn place(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Placed {
        let segment = self.segment.as_ref().expect("room was reserved");
        let before = out.len();
        let LogPosition { offset, previous_crc, .. } = self.position;
        let crc = record.append_to(out, segment.file.seed, offset, previous_crc);
        Placed { lsn: record.lsn, bytes: to_u64(out.len() - before), crc }
    }

    /// Counts a record that has its place.
    pub(super) fn admit(&mut self, Placed { lsn, bytes, crc }: Placed) {
        self.position.offset += bytes;
        self.position.previous_crc = crc;
        self.last = lsn;
        self.last_record_bytes = bytes;
        self.appended_bytes += bytes;
        self.closed_on_disk = false;
    }

    /// Whether a record could be written before it counts: nobody would have to wait for that, and who reads the log knows
    /// already that this handle gives out LSNs.
    pub(super) fn is_free(&self) -> bool {
        let busy = self.writing || self.gathering || self.rolling || self.traceless;
        !busy && self.pending.is_empty() && self.crowd.is_alone()
    }

    /// Takes a record to be written by the caller alone, though it does not count yet.
    pub(super) fn take_uncounted(&mut self, record: &Record<'_>) -> (Batch, Placed) {
        let mut bytes = std::mem::take(&mut self.spare);
        let placed = self.place(record, &mut bytes);
        let segment = self.segment.as_ref().expect("room was reserved");
        self.writing = true;
        let batch = Batch {
            file: Arc::clone(&segment.file),
            bytes,
            at: self.position.offset,
            last: record.lsn,
            durable: self.durable.number,
        };
        (batch, placed)
    }

    /// Puts a closing record behind the others, which are durable.
    pub(super) fn push_close(&mut self) {
        let (lsn, checkpoint) = (self.last, self.checkpoint);
        let time = CommitTime::default();
        self.push(&Record { kind: RecordKind::Close, lsn, time, checkpoint, payload: &[] });
    }

    /// Takes what is pending, to be written by the caller alone.
    pub(super) fn take_batch(&mut self) -> Batch {
        debug_assert!(!self.writing, "one writes at a time");
        let segment = self.segment.as_ref().expect("what is pending has its segment");
        self.writing = true;
        Batch {
            file: Arc::clone(&segment.file),
            bytes: std::mem::replace(&mut self.pending, std::mem::take(&mut self.spare)),
            at: self.pending_at,
            last: self.last,
            durable: self.durable.number,
        }
    }

    /// Notes that a batch was written, and perhaps synced. Those to wake.
    pub(super) fn settle(&mut self, batch: Batch, synced: bool) -> Vec<Waker> {
        let last = batch.last;
        self.written = last;
        self.keep(batch);
        if !synced {
            return Vec::new();
        }
        self.traceless &= self.durable == last;
        self.durable = last;
        self.waiters.take_up_to(self.durable)
    }

    /// Keeps the room of a batch for another.
    pub(super) fn keep(&mut self, batch: Batch) {
        if batch.bytes.capacity() <= SPARE_BYTES_MAX {
            self.spare = batch.bytes;
            self.spare.clear();
        }
    }

    /// Notes that it is unknown what is on disk. Those to wake.
    pub(super) fn poison(&mut self, error: Error) -> Vec<Waker> {
        if self.failure.is_none() {
            self.failure = Some(Error::Poisoned { source: Arc::new(error) });
        }
        self.waiters.take_all()
    }
}
