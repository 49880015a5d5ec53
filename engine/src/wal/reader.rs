//! Reads the records of the log in order, over segments, and says how the log ends.
//!
//! 1. Every record is checked by guard, checksum, chain and number before it is given out.
//! 2. Only the newest segment can have a *torn tail*: what was written and not synced when the machine stopped. A
//!    segment that another one follows was synced up to where that one says.
//! 3. A record that cannot be read is damage if anything says that it was synced: the caller (from the checkpoint
//!    list), a header, a record before it, or a record after it, which is looked for all through the tail.
//! 4. After an error the reader gives that error again and again.
//!
//! Memory: one window of at most [`WINDOW_BYTES_MAX`], or one record where that is longer. No length is believed before
//! its guard was checked. A live log is read up to a commit known durable ([`LogScan::until`]); what lies after it may be
//! in the middle of being written.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segment::{Chain, Listing, LogFiles, OpenSegment, header_damage, list, missing};
use crate::error::{Error, Result};
use crate::format::wal::{
    BadRecord, FIRST_RECORD, MAX_HEAD_BYTES, MIN_HEAD_BYTES, RecordHead, RecordKind, SegmentHeader,
};
use crate::ids::{CommitTime, DatabaseId, LogPosition, Lsn, SegmentId, to_u64, to_usize};
use crate::io::{File, Fs, OpenMode, read_up_to_at};

const WINDOW_BYTES_MIN: usize = 16 << 10;
/// The most that is read ahead, in bytes.
const WINDOW_BYTES_MAX: usize = 512 << 10;
/// A recovery that copies the unsynced records finds the first of them by reading at most about this much more.
const MARK_SPACING_BYTES: u64 = 16 << 10;

/// Where reading starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStart {
    /// At the first commit of the database, which has to be there.
    Beginning,
    /// At the oldest record that is still there.
    Oldest,
    /// After this commit, at this position, which was noted when the commit was the newest.
    After {
        /// The commit.
        lsn: Lsn,
        /// Where the record after it starts.
        position: LogPosition,
    },
}

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct LogScan {
    /// Whose log it must be; `None` takes what the newest segment says.
    pub database: Option<DatabaseId>,
    /// Where to start.
    pub start: LogStart,
    /// The commit to stop after. `None` reads to the end of the log, which must not be written to meanwhile.
    pub until: Option<Lsn>,
    /// The highest commit number known durable from elsewhere; 0 if nothing is known.
    pub durable: u64,
}

/// A commit in the log.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// Where its record starts.
    pub position: LogPosition,
    /// Length of its record in bytes.
    pub bytes: u64,
    /// What it is; never [`RecordKind::Close`].
    pub kind: RecordKind,
    /// The commit's position in history.
    pub lsn: Lsn,
    /// The commit's times.
    pub time: CommitTime,
    /// The newest durable checkpoint when it was made.
    pub checkpoint: u64,
    /// The content.
    pub payload: &'a [u8],
}

/// How the log ends.
#[derive(Clone, Debug)]
pub struct LogEnd {
    /// Whose log it is.
    pub database: DatabaseId,
    /// The last commit in it.
    pub last: Lsn,
    /// Where the next record would start.
    pub position: LogPosition,
    /// The highest commit number known durable.
    pub durable: u64,
    /// The newest checkpoint that the log names.
    pub checkpoint: u64,
    /// How the log was left.
    pub shutdown: Shutdown,
    /// The log's files, those included that are not part of the log any more.
    pub(super) listing: Listing,
    /// The header of the newest segment.
    pub(super) header: SegmentHeader,
    /// The length of its file.
    pub(super) file_len: u64,
    /// A commit known durable, and the position after it.
    pub(super) mark: (Lsn, LogPosition),
}

/// How the log was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Closed with everything synced.
    Clean {
        /// Where the closing record starts.
        close: u64,
    },
    /// By a crash or a kill.
    Unclean {
        /// What is left of something that was being written.
        torn: Option<TornTail>,
    },
}

/// Bytes at the end of the log that are no whole record and of which nothing says that they were ever synced. They stay
/// where they are; a recovery goes on in another segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment's file.
    pub file: PathBuf,
    /// The segment.
    pub segment: SegmentId,
    /// Where they start.
    pub offset: u64,
    /// How many bytes, up to the last that is not zero.
    pub bytes: u64,
    /// Why they are no record.
    pub reason: BadRecord,
}

/// Reads the log. See the head of this file.
#[derive(Debug)]
pub struct LogReader {
    files: LogFiles,
    listing: Listing,
    until: Option<Lsn>,
    /// Headers of the segments after the one being read, the next one last.
    later: Vec<SegmentHeader>,
    segment: OpenSegment,
    seed: u32,
    file_len: u64,
    window: Window,
    position: LogPosition,
    last: Lsn,
    durable: u64,
    checkpoint: u64,
    /// Where the record before `position` starts, if that is a closing one.
    close: Option<u64>,
    marks: Marks,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading,
    /// At [`LogScan::until`].
    Stopped,
    Ended(Shutdown),
    Failed(Error),
}

impl LogReader {
    /// Finds the log in `dir`. `None` if there is none.
    ///
    /// # Errors
    /// Damage in headers, or segments that have to be there and are not.
    pub fn open(fs: Arc<dyn Fs>, dir: &Path, scan: LogScan) -> Result<Option<LogReader>> {
        let listing = list(&*fs, dir)?;
        LogReader::open_listed(fs, dir, scan, listing)
    }

    /// The log in `dir` up to a commit, which is not after `end`, a place that was noted earlier. No file is looked at but
    /// those that this part lies in.
    ///
    /// # Errors
    /// As those of [`LogReader::open`].
    pub fn open_up_to(
        fs: Arc<dyn Fs>,
        dir: &Path,
        scan: LogScan,
        end: LogPosition,
    ) -> Result<Option<LogReader>> {
        let first = if let LogStart::After { position, .. } = scan.start { position.segment.0 } else { 1 };
        let segments = (first..=end.segment.0).map(SegmentId).collect();
        let listing = Listing { segments, temporary: Vec::new() };
        LogReader::open_listed(fs, dir, scan, listing)
    }

    /// The log in `dir`, of which the files are known already.
    ///
    /// # Errors
    /// As those of [`LogReader::open`].
    pub(crate) fn open_listed(
        fs: Arc<dyn Fs>,
        dir: &Path,
        scan: LogScan,
        listing: Listing,
    ) -> Result<Option<LogReader>> {
        let mut files = LogFiles { fs, dir: dir.to_path_buf(), database: scan.database };
        let start = match scan.start {
            LogStart::After { lsn: Lsn { number: 0, .. }, .. } => LogStart::Beginning,
            start => start,
        };
        let oldest = match start {
            LogStart::After { position, .. } => position.segment,
            LogStart::Beginning | LogStart::Oldest => SegmentId(1),
        };
        let Chain { headers: mut later, first } = files.chain(&listing.segments, oldest)?;
        let durable = later.iter().map(|header| header.durable).fold(scan.durable, u64::max);
        let checkpoint = later.iter().map(|header| header.checkpoint).fold(0, u64::max);
        let Some(segment) = first else {
            if durable > 0 || oldest > SegmentId(1) {
                return Err(missing(&files.path(oldest)));
            }
            return Ok(None);
        };
        later.reverse();
        later.pop();
        let first = segment.header;
        if start == LogStart::Beginning && first.follows.segment.0 > 0 {
            return Err(missing(&files.path(first.follows.segment)));
        }
        let (last, position) = match start {
            LogStart::After { lsn, position } => (lsn, position),
            LogStart::Beginning | LogStart::Oldest => (before(first.first), first.start()),
        };
        if position.segment != first.segment || position.offset < FIRST_RECORD {
            return Err(missing(&files.path(position.segment)));
        }
        let mut reader = LogReader {
            files,
            listing,
            until: scan.until,
            later,
            seed: first.record_seed(),
            file_len: 0,
            segment,
            window: Window::default(),
            position,
            last,
            durable,
            checkpoint,
            close: None,
            marks: Marks::starting(last, position),
            state: State::Reading,
        };
        reader.file_len = reader.measure()?;
        if position.offset > reader.file_len {
            return Err(reader.record_damage("follows one that was synced", BadRecord::CutShort));
        }
        Ok(Some(reader))
    }

    /// Whose log it is.
    #[must_use]
    pub fn database(&self) -> DatabaseId {
        self.segment.header.database
    }

    /// Where the next record starts.
    #[must_use]
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// The commit before the next record.
    #[must_use]
    pub fn last(&self) -> Lsn {
        self.last
    }

    /// The next commit; `None` at the end of the log, or after the commit to stop at.
    ///
    /// # Errors
    /// Damage, or what the file system answers. It is the same error every time from then on.
    pub fn next_record(&mut self) -> Result<Option<LogRecord<'_>>> {
        match &self.state {
            State::Reading => {}
            State::Failed(error) => return Err(error.clone()),
            State::Stopped | State::Ended(_) => return Ok(None),
        }
        let position_and_head = match self.advance() {
            Ok(found) => found,
            Err(error) => {
                self.state = State::Failed(error.clone());
                return Err(error);
            }
        };
        let Some((position, head)) = position_and_head else { return Ok(None) };
        let record = self.window.held(position.offset, to_usize(head.len));
        Ok(Some(LogRecord {
            position,
            bytes: head.len.into(),
            kind: head.kind,
            lsn: head.lsn,
            time: head.time,
            checkpoint: head.checkpoint,
            payload: &record[head.head_bytes..],
        }))
    }

    /// How the log ends, once [`next_record`](LogReader::next_record) has come there; `None` before, and where
    /// reading stopped earlier.
    #[must_use]
    pub fn end(&self) -> Option<LogEnd> {
        let State::Ended(shutdown) = &self.state else { return None };
        Some(LogEnd {
            database: self.database(),
            last: self.last,
            position: self.position,
            durable: self.durable,
            checkpoint: self.checkpoint,
            shutdown: shutdown.clone(),
            listing: self.listing.clone(),
            header: self.segment.header,
            file_len: self.file_len,
            mark: self.marks.newest_durable(),
        })
    }

    /// Goes to the next commit: where its record starts, and its head.
    fn advance(&mut self) -> Result<Option<(LogPosition, RecordHead)>> {
        loop {
            if self.until.is_some_and(|until| self.last >= until) {
                self.state = State::Stopped;
                return Ok(None);
            }
            let limit = self.later.last().map(|successor| successor.follows.offset);
            if limit == Some(self.position.offset) {
                self.enter_next_segment()?;
                continue;
            }
            match self.read_record(limit)? {
                Ok((position, head)) if head.kind == RecordKind::Close => self.close = Some(position.offset),
                Ok(found) => return Ok(Some(found)),
                Err(bad) if limit.is_some() => {
                    return Err(self.record_damage("was followed by another segment", bad));
                }
                Err(bad) => {
                    let shutdown = self.judge_end(bad)?;
                    self.state = State::Ended(shutdown);
                    return Ok(None);
                }
            }
        }
    }

    /// Reads the record at the position and goes behind it.
    fn read_record(&mut self, limit: Option<u64>) -> Result<Result<(LogPosition, RecordHead), BadRecord>> {
        let position = self.position;
        let offset = position.offset;
        let available = limit.unwrap_or(self.file_len).min(self.file_len).saturating_sub(offset);
        let window = self.window.read(&self.segment, self.file_len, offset, MAX_HEAD_BYTES)?;
        let head = match RecordHead::decode(window, available, self.seed, offset) {
            Ok(head) if self.comes_next(&head) => head,
            Ok(_) => return Ok(Err(BadRecord::Order)),
            Err(bad) => return Ok(Err(bad)),
        };
        let record = self.window.read(&self.segment, self.file_len, offset, to_usize(head.len))?;
        let whole = record.get(..to_usize(head.len));
        if !whole.is_some_and(|record| head.matches(record, self.seed, offset, position.previous_crc)) {
            return Ok(Err(BadRecord::Checksum));
        }
        self.position.offset += u64::from(head.len);
        self.position.previous_crc = head.crc;
        self.last = head.lsn;
        self.durable = self.durable.max(head.durable);
        self.checkpoint = self.checkpoint.max(head.checkpoint);
        self.close = None;
        self.marks.pass(self.last, self.position, self.durable);
        Ok(Ok((position, head)))
    }

    /// Whether a record's commit is the one after the last, or the last again where the log was closed. Who starts at a
    /// segment knows the epoch of the commit before it only as not later than that of the segment's first.
    fn comes_next(&self, head: &RecordHead) -> bool {
        let epoch = head.lsn.epoch;
        let follows = match head.kind {
            RecordKind::Close => head.lsn.number == self.last.number,
            _ => head.lsn.number == self.last.number + 1 && epoch >= self.last.epoch,
        };
        follows && epoch <= self.segment.header.epoch
    }

    /// Goes to the start of the next segment, which says that it follows here.
    fn enter_next_segment(&mut self) -> Result<()> {
        let successor = self.later.pop().expect("the caller has looked at the next segment");
        let path = self.files.path(successor.segment);
        if successor.follows != self.position {
            return Err(header_damage(
                &path,
                format!("a segment that follows a record with checksum {:08x}", self.position.previous_crc),
                format!("{:08x}", successor.follows.previous_crc),
            ));
        }
        if successor.first.number != self.last.number + 1 || successor.first.epoch < self.last.epoch {
            return Err(header_damage(
                &path,
                format!("the commit after {}", self.last),
                format!("commit {}", successor.first),
            ));
        }
        self.segment = self.files.open(successor.segment, OpenMode::Read)?;
        self.seed = self.segment.header.record_seed();
        self.file_len = self.measure()?;
        self.window = Window::default();
        self.position = self.segment.header.start();
        self.close = None;
        Ok(())
    }

    /// Decides what it means that no record can be read at the position, in the newest segment.
    fn judge_end(&mut self, bad: BadRecord) -> Result<Shutdown> {
        if self.durable > self.last.number {
            return Err(self.record_damage("was synced", bad));
        }
        let tail = self.search_tail()?;
        if let Some(evidence) = tail.evidence {
            let why = format!("was synced, as the record at byte {evidence} says");
            return Err(self.record_damage(&why, bad));
        }
        let offset = self.position.offset;
        Ok(match (tail.end, self.close) {
            (None, Some(close)) => Shutdown::Clean { close },
            (None, None) => Shutdown::Unclean { torn: None },
            (Some(end), _) => Shutdown::Unclean {
                torn: Some(TornTail {
                    file: self.segment.path.clone(),
                    segment: self.segment.header.segment,
                    offset,
                    bytes: end - offset,
                    reason: bad,
                }),
            },
        })
    }

    /// Looks through the rest of the newest segment for bytes, and for a record that proves that the one at the
    /// position was synced.
    fn search_tail(&mut self) -> Result<Tail> {
        let start = self.position.offset;
        let lost = self.last.number + 1;
        let records_at_most = self.file_len.saturating_sub(start) / to_u64(MIN_HEAD_BYTES);
        let numbers = lost..=lost.saturating_add(records_at_most);
        let mut tail = Tail { end: None, evidence: None };
        let mut at = start;
        while at < self.file_len {
            let bytes = self.window.read(&self.segment, self.file_len, at, WINDOW_BYTES_MIN)?;
            let last_window = bytes.len() < WINDOW_BYTES_MIN || at + to_u64(bytes.len()) >= self.file_len;
            let places = if last_window { bytes.len() } else { bytes.len() - MAX_HEAD_BYTES };
            let mut i = 0;
            while i < places {
                let rest = &bytes[i..];
                if rest.first_chunk().is_some_and(|chunk| u128::from_le_bytes(*chunk) == 0) {
                    // No length starts in the first thirteen of sixteen zeros.
                    i += 13;
                    continue;
                }
                let offset = at + to_u64(i);
                if rest[0] != 0 {
                    tail.end = Some(offset + 1);
                }
                let available = self.file_len - offset;
                if RecordHead::may_start(rest, available, &numbers)
                    && RecordHead::decode(rest, available, self.seed, offset)
                        .is_ok_and(|head| head.durable >= lost)
                {
                    tail.evidence = Some(offset);
                    return Ok(tail);
                }
                i += 1;
            }
            if last_window {
                break;
            }
            at += to_u64(i);
        }
        Ok(tail)
    }

    fn measure(&self) -> Result<u64> {
        self.segment.file.len().map_err(|error| Error::io("measure", &self.segment.path, error))
    }

    fn record_damage(&self, why: &str, bad: BadRecord) -> Error {
        let expected = format!("the record of commit number {}, which {why}", self.last.number + 1);
        Error::corrupt(&self.segment.path, self.position.offset, "log record", expected, bad.found())
    }
}

/// The state before a commit of which only the position is known.
fn before(first: Lsn) -> Lsn {
    Lsn { epoch: 0, number: first.number - 1 }
}

/// What lies behind the last record.
struct Tail {
    /// Behind the last byte that is not zero.
    end: Option<u64>,
    /// Where a record starts that proves that an earlier one was synced.
    evidence: Option<u64>,
}

/// A part of a file in memory.
#[derive(Debug, Default)]
struct Window {
    bytes: Vec<u8>,
    start: u64,
    step: usize,
}

impl Window {
    /// The bytes from `offset` on, at least `wanted` of them unless the file ends before.
    fn read(&mut self, segment: &OpenSegment, file_len: u64, offset: u64, wanted: usize) -> Result<&[u8]> {
        let skipped = offset.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        let held = skipped.and_then(|skipped| self.bytes.get(skipped..)).map_or(0, <[u8]>::len);
        if held < wanted && offset + to_u64(held) < file_len {
            self.fill(&*segment.file, file_len, offset, wanted, held)
                .map_err(|error| Error::io("read", &segment.path, error))?;
        }
        let skipped =
            usize::try_from(offset - self.start).expect("the window starts at or shortly before the offset");
        Ok(self.bytes.get(skipped..).unwrap_or_default())
    }

    /// Makes the window start at `offset`, keeping the `held` bytes it has from there on.
    fn fill(
        &mut self,
        file: &dyn File,
        file_len: u64,
        offset: u64,
        wanted: usize,
        held: usize,
    ) -> std::io::Result<()> {
        self.bytes.drain(..self.bytes.len() - held);
        self.start = offset;
        self.step = (self.step * 2).clamp(WINDOW_BYTES_MIN, WINDOW_BYTES_MAX);
        let left = usize::try_from(file_len - offset).unwrap_or(usize::MAX);
        let len = wanted.max(self.step).min(left);
        if self.bytes.capacity() > 2 * WINDOW_BYTES_MAX && len <= WINDOW_BYTES_MAX {
            self.bytes.shrink_to(WINDOW_BYTES_MAX);
        }
        self.bytes.resize(len, 0);
        let read = read_up_to_at(file, &mut self.bytes[held..], offset + to_u64(held));
        self.bytes.truncate(held + *read.as_ref().unwrap_or(&0));
        read.map(|_| ())
    }

    /// Bytes that were just read.
    fn held(&self, offset: u64, len: usize) -> &[u8] {
        let skipped = usize::try_from(offset - self.start).expect("a place in the window");
        &self.bytes[skipped..skipped + len]
    }
}

/// Positions along the way, from the newest that is known durable on.
#[derive(Debug)]
struct Marks {
    marks: VecDeque<(Lsn, LogPosition)>,
}

impl Marks {
    fn starting(lsn: Lsn, position: LogPosition) -> Marks {
        Marks { marks: VecDeque::from([(lsn, position)]) }
    }

    fn pass(&mut self, lsn: Lsn, position: LogPosition, durable: u64) {
        let (_, newest) = self.marks.back().expect("one mark always stays");
        if newest.segment != position.segment || position.offset - newest.offset >= MARK_SPACING_BYTES {
            self.marks.push_back((lsn, position));
        }
        while self.marks.get(1).is_some_and(|(lsn, _)| lsn.number <= durable) {
            self.marks.pop_front();
        }
    }

    fn newest_durable(&self) -> (Lsn, LogPosition) {
        *self.marks.front().expect("one mark always stays")
    }
}

#[cfg(test)]
mod tests;
