//! Streams of pages: which pages lie in the same segments, and the segment that one stream is appended to.
//!
//! No locks: [`PageStore`](super::store::PageStore) sees to it that one appends at a time.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::page::PageKind;
use crate::ids::{PAGE_UNIT, SegmentId, to_u64, to_usize};
use crate::io::{File, write_all_at};
use crate::page::segments::Segment;

/// Bytes are gathered up to here before they are written.
const WRITE_BYTES: usize = 512 << 10;

/// Pages that go to the same segments, because they live about equally long.
///
/// While streams are apart the numbers of their segments say which is whose, so that each goes on with its own after an open.
/// Nothing else depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Leaves and long values, in odd segments; in a small database everything.
    Lasting,
    /// Deltas and inner nodes, which nearly every checkpoint replaces, in even segments.
    Passing,
}

pub(super) const STREAMS: PerStream<Stream> = [Stream::Lasting, Stream::Passing];

/// Something for each of [`STREAMS`].
pub(super) type PerStream<T> = [T; 2];

impl Stream {
    /// Where a page goes.
    pub(super) fn of(kind: PageKind) -> Stream {
        match kind {
            PageKind::Leaf | PageKind::Extent => Stream::Lasting,
            PageKind::Delta | PageKind::Inner => Stream::Passing,
        }
    }

    /// Its place in [`STREAMS`].
    pub(super) fn index(self) -> usize {
        match self {
            Stream::Lasting => 0,
            Stream::Passing => 1,
        }
    }

    /// Whether a segment of this number is one of its own.
    pub(super) fn numbers(self, id: SegmentId) -> bool {
        id.0.is_multiple_of(2) == (self == Stream::Passing)
    }
}

/// Where one stream is appended to.
#[derive(Default)]
pub(super) struct Appending {
    /// The segment that is appended to.
    pub(super) tail: Option<Tail>,
    /// The segment to go on with when there is no tail.
    pub(super) resume: Option<Arc<Segment>>,
}

/// A segment that is appended to.
pub(super) struct Tail {
    pub(super) segment: Arc<Segment>,
    pub(super) file: Arc<dyn File>,
    /// Where in the file the buffer belongs.
    pub(super) written: u64,
    pub(super) buffer: Vec<u8>,
}

impl Tail {
    /// Where the next page starts.
    pub(super) fn end(&self) -> u64 {
        self.written + to_u64(self.buffer.len())
    }

    pub(super) fn has_room_for(&self, len: u64) -> bool {
        self.end() + len <= self.segment.capacity_bytes()
    }

    /// Appends a part of a page. What no longer fits into the buffer is written, and the system begins to write it out, so that
    /// the sync at the end has less to wait for.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let before = self.written;
        if self.buffer.len() + bytes.len() > WRITE_BYTES {
            self.write()?;
        }
        if bytes.len() < WRITE_BYTES {
            self.buffer.extend_from_slice(bytes);
        } else {
            self.write_at_end(bytes)?;
            self.written += to_u64(bytes.len());
        }
        if self.written > before {
            self.file.begin_sync(before..self.written);
        }
        Ok(())
    }

    /// Appends zeros up to where the next page can start.
    pub(super) fn pad(&mut self) -> Result<()> {
        const ZEROS: [u8; to_usize(PAGE_UNIT)] = [0; to_usize(PAGE_UNIT)];
        let missing = padded(self.end()) - self.end();
        self.put(&ZEROS[..usize::try_from(missing).expect("less than a unit")])
    }

    /// Writes what is in the buffer.
    pub(super) fn write(&mut self) -> Result<()> {
        self.write_at_end(&self.buffer)?;
        self.written = self.end();
        self.buffer.clear();
        Ok(())
    }

    fn write_at_end(&self, bytes: &[u8]) -> Result<()> {
        write_all_at(&*self.file, bytes, self.written)
            .map_err(|error| Error::io("write a page segment", self.segment.path(), error))
    }
}

/// The first multiple of a unit at or above `len`.
pub(super) fn padded(len: u64) -> u64 {
    len.next_multiple_of(u64::from(PAGE_UNIT))
}
