//! The file of one segment that is being written.
//!
//! 1. It is called `NNNNNNNN.wal.tmp` until its first sync; only then does it get its name, and its directory is
//!    synced. Nothing in it counts as durable before.
//! 2. Zeros are written ahead of the records, so that a commit overwrites bytes that are there already: the file does
//!    not grow, and its sync writes no metadata.
//! 3. Nothing here is tried twice. What to do about a failure is up to the log.
//!
//! No locks: the log sees to it that records are written by one thread at a time. Zeros may be written beside that, for
//! they never touch the place of a record.

use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::segment::{OpenSegment, file_name, temporary_name};
use crate::error::{Error, Result};
use crate::format::wal::{FIRST_RECORD, SegmentHeader};
use crate::ids::to_u64;
use crate::io::{File, Fs, OpenMode, write_all_at};

/// A commit that finds no room writes zeros in steps that double from here
const ZERO_STEP_MIN: u64 = 4 << 10;
/// up to here. What its record replaces before the sync never reaches the disk; the rest goes there twice, and the commit
/// waits for it.
const ZERO_STEP_MAX: u64 = 64 << 10;
/// Zeros are written ahead of need in steps of at most this, since a commit that comes meanwhile waits for the step.
const ZERO_AHEAD_STEP_MAX: u64 = 128 << 10;
/// So many zeros are kept ahead of the records, which fast commits use up while the background does something else.
const ZERO_AHEAD_MAX: u64 = 256 << 10;
/// Before a segment is this long its commits see to their zeros, which are few.
const ZERO_AHEAD_FROM: u64 = 64 << 10;
/// After a record of this length none are written ahead of need: to write everything twice would cost more than a sync
/// with metadata.
const LONG_RECORD_BYTES: u64 = 64 << 10;

/// Zeros are written in pieces of this size. The system keeps in memory as one piece what is written as one, and a short record
/// that is put into it makes all of it dirty.
const ZEROS_BYTES: usize = 4 << 10;
/// What a long record takes is zeroed in pieces of at most this size, for fewer calls.
const LONG_ZEROS_BYTES: usize = 256 << 10;
static ZEROS: [u8; LONG_ZEROS_BYTES] = [0; LONG_ZEROS_BYTES];

/// The file of a segment.
#[derive(Debug)]
pub(super) struct SegmentFile {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    file: Arc<dyn File>,
    named: AtomicBool,
    pub(super) header: SegmentHeader,
    /// The seed of its records.
    pub(super) seed: u32,
}

/// A segment that records are put into.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) file: Arc<SegmentFile>,
    /// Up to here the file holds records or zeros.
    pub(super) zeroed: u64,
    /// Records are put here up to this length.
    pub(super) capacity: u64,
}

/// What it takes to put one more record into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Nothing.
    Enough,
    /// Zeros up to here.
    ZeroTo(u64),
    /// Another segment.
    None,
}

impl Segment {
    /// A new segment, under its temporary name, with room for a record of `record_bytes`. The header is not written.
    pub(super) fn create(
        fs: &Arc<dyn Fs>,
        dir: &Path,
        header: SegmentHeader,
        segment_bytes: u64,
        record_bytes: u64,
    ) -> Result<Segment> {
        let path = dir.join(temporary_name(header.segment));
        let file = match fs.open(&path, OpenMode::CreateNew) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs.remove(&path).map_err(|error| Error::io("remove", &path, error))?;
                fs.open(&path, OpenMode::CreateNew)
            }
            opened => opened,
        };
        let file = file.map_err(|error| Error::io("create", &path, error))?;
        let file = SegmentFile::new(fs, dir, file, header, false);
        let needed = FIRST_RECORD + record_bytes;
        let mut segment = Segment { file, zeroed: 0, capacity: segment_bytes.max(needed) };
        let target = segment.zero_target(needed);
        if let Err(error) = segment.file.zero_for_record(0, target) {
            segment.file.discard();
            return Err(error);
        }
        segment.zeroed = target;
        Ok(segment)
    }

    /// A segment whose file is `len` long, to go on in. After its last record it has nothing but zeros.
    pub(super) fn reopen(
        fs: &Arc<dyn Fs>,
        dir: &Path,
        opened: OpenSegment,
        len: u64,
        segment_bytes: u64,
    ) -> Segment {
        let file = SegmentFile::new(fs, dir, opened.file, opened.header, true);
        Segment { file, zeroed: len, capacity: segment_bytes.max(len) }
    }

    /// What it takes to put a record of `record_bytes` at `offset`.
    pub(super) fn room(&self, offset: u64, record_bytes: u64) -> Room {
        let end = offset + record_bytes;
        if end <= self.zeroed {
            Room::Enough
        } else if end <= self.capacity {
            Room::ZeroTo(self.zero_target(end))
        } else {
            Room::None
        }
    }

    /// Whether zeros should be written beside the commits, which have come to `offset` with a record of `record_bytes`.
    pub(super) fn wants_zeros_ahead(&self, offset: u64, record_bytes: u64) -> bool {
        offset >= ZERO_AHEAD_FROM
            && record_bytes < LONG_RECORD_BYTES
            && self.room_ahead(offset) != Room::Enough
    }

    /// What it takes to keep the room after `offset` from running out soon.
    pub(super) fn room_ahead(&self, offset: u64) -> Room {
        let ahead = self.zeroed.saturating_sub(offset);
        if ahead >= (self.zeroed / 4).clamp(ZERO_STEP_MIN / 2, ZERO_AHEAD_MAX) || self.zeroed >= self.capacity
        {
            Room::Enough
        } else {
            let step = (self.zeroed / 2).clamp(ZERO_STEP_MIN, ZERO_AHEAD_STEP_MAX);
            Room::ZeroTo((self.zeroed + step).next_multiple_of(ZERO_STEP_MIN).min(self.capacity))
        }
    }

    /// How far to zero so that the file reaches to `end` at least.
    fn zero_target(&self, end: u64) -> u64 {
        let whole = end.next_multiple_of(ZERO_STEP_MIN).max(self.zeroed + zero_step(self.zeroed));
        whole.min(self.capacity).max(end)
    }
}

/// As much again as there is, within bounds.
fn zero_step(zeroed: u64) -> u64 {
    zeroed.clamp(ZERO_STEP_MIN, ZERO_STEP_MAX).next_power_of_two()
}

impl SegmentFile {
    fn new(
        fs: &Arc<dyn Fs>,
        dir: &Path,
        file: Arc<dyn File>,
        header: SegmentHeader,
        named: bool,
    ) -> Arc<SegmentFile> {
        let (fs, dir, seed) = (Arc::clone(fs), dir.to_path_buf(), header.record_seed());
        Arc::new(SegmentFile { fs, dir, file, named: AtomicBool::new(named), header, seed })
    }

    /// Whether it was synced and has its name.
    pub(super) fn is_named(&self) -> bool {
        self.named.load(Ordering::Acquire)
    }

    fn path(&self) -> PathBuf {
        let id = self.header.segment;
        self.dir.join(if self.is_named() { file_name(id) } else { temporary_name(id) })
    }

    fn error(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::io(action, &self.path(), source)
    }

    /// Writes zeros.
    pub(super) fn zero(&self, from: u64, to: u64) -> Result<()> {
        self.zero_by(from, to, |_| ZEROS_BYTES)
    }

    /// Writes zeros for a record that is about to come to their place, and for what follows it.
    pub(super) fn zero_for_record(&self, from: u64, to: u64) -> Result<()> {
        if to - from <= ZERO_STEP_MAX {
            return self.zero(from, to);
        }
        // A short record that follows comes to the last piece.
        self.zero_by(from, to, |left| left.saturating_sub(ZEROS_BYTES).clamp(ZEROS_BYTES, LONG_ZEROS_BYTES))
    }

    /// Writes zeros in pieces whose length depends on how many bytes are left.
    fn zero_by(&self, from: u64, to: u64, piece: impl Fn(usize) -> usize) -> Result<()> {
        let mut at = from;
        while at < to {
            let left = usize::try_from(to - at).unwrap_or(usize::MAX);
            let len = left.min(piece(left));
            write_all_at(&*self.file, &ZEROS[..len], at).map_err(|error| self.error("extend", error))?;
            at += to_u64(len);
        }
        Ok(())
    }

    /// Writes records.
    pub(super) fn write(&self, records: &[u8], offset: u64) -> Result<()> {
        write_all_at(&*self.file, records, offset).map_err(|error| self.error("write", error))
    }

    /// Makes what was written durable; the first time also the file itself, under its name.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| self.error("sync", error))?;
        if !self.is_named() {
            let from = self.path();
            let to = self.dir.join(file_name(self.header.segment));
            self.fs.rename(&from, &to).map_err(|error| Error::io("rename", &from, error))?;
            self.named.store(true, Ordering::Release);
            self.fs.sync_dir(&self.dir).map_err(|error| Error::io("sync the directory", &self.dir, error))?;
        }
        Ok(())
    }

    /// Has the system begin to write out what stands there, without waiting for it.
    pub(super) fn begin_sync(&self, places: Range<u64>) {
        self.file.begin_sync(places);
    }

    /// Makes zeros durable. Records that were written meanwhile do not count as synced by this.
    pub(super) fn sync_zeros(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| self.error("sync", error))
    }

    /// Cuts the zeros off.
    pub(super) fn cut(&self, len: u64) -> Result<()> {
        self.file.set_len(len).map_err(|error| self.error("cut", error))
    }

    /// Removes a segment that was never synced. Where that fails the next open removes it.
    pub(super) fn discard(&self) {
        let _ = self.fs.remove(&self.path());
    }
}

#[cfg(test)]
mod tests;
