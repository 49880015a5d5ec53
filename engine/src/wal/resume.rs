//! How the log of a database that existed before goes on.
//!
//! 1. After a clean close it goes on in the same segment, behind the closing record. That record is written once more
//!    with the first group: should the sync of the close have failed unnoticed, no hole is left before new records.
//! 2. After anything else it goes on in a new segment of a new epoch. That one follows the last record *known* durable;
//!    the records behind it are copied over with their LSNs and made durable before the database is used, because the
//!    page cache may show bytes that a failed sync has lost. What is torn stays where it is and is read by nobody.
//! 3. What earlier recoveries gave up is removed only when the segment that replaces it is durable.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::log::{Log, LogSetup};
use super::reader::{LogEnd, LogReader, LogScan, LogStart, Shutdown};
use super::segment::{LogFiles, OpenSegment, file_name, missing};
use super::state::State;
use super::writer::Segment;
use crate::error::{Error, Result};
use crate::format::wal::{FIRST_RECORD, Record};
use crate::ids::{LogPosition, SegmentId};
use crate::io::{Fs, OpenMode, read_exact_at};

/// Copies are written in steps of this many bytes.
const COPY_STEP_BYTES: usize = 1 << 20;

impl Log {
    /// Goes on with a log that was read to its end. What was left behind by earlier crashes is removed.
    ///
    /// # Errors
    /// What the file system answers, a full disk among it; the log is as it was then, and can be read.
    pub fn resume(setup: LogSetup, end: &LogEnd) -> Result<Log> {
        assert_eq!(setup.database, end.database, "the log that was read is the one to go on with");
        let (fs, dir) = (Arc::clone(&setup.io.fs), setup.dir.clone());
        for name in &end.listing.temporary {
            remove(&*fs, &dir, name)?;
        }
        let mut files = LogFiles { fs, dir, database: Some(setup.database) };
        let state = match end.shutdown {
            Shutdown::Clean { close } => reopen(&setup, &files, end, close)?,
            Shutdown::Unclean { .. } => start_over(&setup, &mut files, end)?,
        };
        if let Some(segment) = &state.segment {
            let newest = segment.file.header;
            let given_up = |id: &&SegmentId| newest.follows.segment < **id && **id < newest.segment;
            for &id in end.listing.segments.iter().filter(given_up) {
                remove(&*files.fs, &files.dir, &file_name(id))?;
            }
        }
        Ok(Log::with_state(setup, state))
    }
}

/// Removes a file, if it is still there.
fn remove(fs: &dyn Fs, dir: &Path, name: &str) -> Result<()> {
    let path = dir.join(name);
    match fs.remove(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", &path, error)),
        _ => Ok(()),
    }
}

/// Goes on in the segment that was closed at `close`, as it was when it was read.
fn reopen(setup: &LogSetup, files: &LogFiles, end: &LogEnd, close: u64) -> Result<State> {
    let path = files.path(end.position.segment);
    let file = files.fs.open(&path, OpenMode::Write).map_err(|error| Error::io("open", &path, error))?;
    let record_bytes = usize::try_from(end.position.offset - close).expect("a closing record is short");
    let mut pending = vec![0; record_bytes];
    read_exact_at(&*file, &mut pending, close).map_err(|error| Error::io("read", &path, error))?;
    let (epoch, follows) = (end.header.epoch, end.header.follows);
    let opened = OpenSegment { file, path, header: end.header };
    let segment = Segment::reopen(&files.fs, &files.dir, opened, end.file_len, setup.segment_bytes);
    Ok(State {
        segment: Some(segment),
        position: end.position,
        pending,
        pending_at: close,
        checkpoint: end.checkpoint,
        closed_on_disk: true,
        ..State::before_segment(epoch, end.last, end.position.segment, follows)
    })
}

/// Goes on in a new segment, with copies of all records that are not known durable.
fn start_over(setup: &LogSetup, files: &mut LogFiles, end: &LogEnd) -> Result<State> {
    let (lsn, position) = end.mark;
    let scan = LogScan {
        database: Some(setup.database),
        start: LogStart::After { lsn, position },
        until: None,
        durable: end.durable,
    };
    let oldest = files.path(position.segment);
    let mut reader =
        LogReader::open(Arc::clone(&files.fs), &files.dir, scan)?.ok_or_else(|| missing(&oldest))?;
    let mut durable = lsn;
    let mut copies: Option<State> = None;
    while let Some(record) = reader.next_record()? {
        if record.lsn.number <= end.durable {
            durable = record.lsn;
            continue;
        }
        let state = match &mut copies {
            Some(state) => state,
            none => {
                let mut state = fresh(files, end, record.position)?;
                (state.last, state.written, state.durable) = (durable, durable, durable);
                let salt = setup.io.entropy.next_u64();
                let header = state.next_header(setup.database, salt, record.lsn)?;
                let segment = Segment::create(&files.fs, &files.dir, header, setup.segment_bytes, 0)?;
                state.begin_segment(segment);
                none.insert(state)
            }
        };
        state.push(&Record {
            kind: record.kind,
            lsn: record.lsn,
            time: record.time,
            checkpoint: record.checkpoint,
            payload: record.payload,
        });
        if state.pending.len() >= COPY_STEP_BYTES {
            write_copies(state)?;
        }
    }
    match copies {
        Some(mut state) => {
            write_copies(&mut state)?;
            let mut batch = state.take_batch();
            batch.write()?;
            batch.file.sync()?;
            state.writing = false;
            state.settle(batch, true);
            Ok(state)
        }
        None => fresh(files, end, end.position),
    }
}

/// The state before the segment that goes on from `cut`.
fn fresh(files: &mut LogFiles, end: &LogEnd, cut: LogPosition) -> Result<State> {
    let follows = if cut.offset == FIRST_RECORD {
        // Nothing durable is in that segment, so the log goes on from where it did.
        files.open(cut.segment, OpenMode::Read)?.header.follows
    } else {
        cut
    };
    let newest = end.listing.segments.last().copied().unwrap_or(cut.segment);
    let next = SegmentId(newest.0.saturating_add(1));
    let epoch = end.header.epoch.saturating_add(1);
    let mut state = State::before_segment(epoch, end.last, next, follows);
    state.checkpoint = end.checkpoint;
    Ok(state)
}

fn write_copies(state: &mut State) -> Result<()> {
    let mut batch = state.take_batch();
    batch.write()?;
    state.writing = false;
    state.settle(batch, false);
    let end = state.position.offset;
    let segment = state.segment.as_mut().expect("copies are written to a segment");
    segment.zeroed = segment.zeroed.max(end);
    segment.capacity = segment.capacity.max(end);
    Ok(())
}

#[cfg(test)]
mod tests;
