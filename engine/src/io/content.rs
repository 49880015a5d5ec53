//! [`Content`]: the bytes of a file in memory, in chunks that copies share.
//!
//! 1. A clone costs one counter; writing after a clone copies the list of chunks once and each chunk it touches.
//! 2. Where there is no chunk the bytes are zero, so a file that was only extended takes no memory.
//! 3. No chunk lies wholly past the end, and in the last one the bytes past the end are zero.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::ids::to_u64;

/// Bytes in a chunk. Small, because a crash image copies each chunk it changes.
const CHUNK: usize = 4096;

/// The longest file in memory, 256 GiB: its list of chunks is half a gibibyte.
const MAX_LEN: u64 = 1 << 38;

/// The bytes of a file.
#[derive(Clone, Default)]
pub(super) struct Content {
    len: u64,
    chunks: Arc<Vec<Option<Arc<Chunk>>>>,
}

#[derive(Clone)]
struct Chunk {
    bytes: [u8; CHUNK],
    /// The digest of the bytes, once somebody asked for it; emptied by a write.
    digest: OnceLock<u64>,
}

/// A part of a request that lies in one chunk.
struct Piece {
    chunk: usize,
    within: Range<usize>,
    buf: Range<usize>,
}

impl Content {
    /// Length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Where `len` bytes at `offset` end.
    ///
    /// # Errors
    /// `FileTooLarge` where a file cannot be that long.
    pub(super) fn end_of(offset: u64, len: usize) -> io::Result<u64> {
        match offset.checked_add(to_u64(len)) {
            Some(end) if end <= MAX_LEN => Ok(end),
            _ => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }

    /// Copies bytes out; how many there were.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> usize {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = left.min(buf.len());
        for piece in pieces(offset, len) {
            match self.chunks.get(piece.chunk) {
                Some(Some(chunk)) => buf[piece.buf].copy_from_slice(&chunk.bytes[piece.within]),
                _ => buf[piece.buf].fill(0),
            }
        }
        len
    }

    /// Copies bytes in. What lies between the old end and `offset` becomes zeros.
    ///
    /// The caller has checked with [`Content::end_of`] that a file can be that long.
    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let end = offset + to_u64(bytes.len());
        assert!(end <= MAX_LEN, "the length of a write is checked where it enters");
        let chunks = Arc::make_mut(&mut self.chunks);
        for piece in pieces(offset, bytes.len()) {
            let bytes = &bytes[piece.buf];
            let there = chunks.get(piece.chunk).is_some_and(Option::is_some);
            if !there && bytes.iter().all(|byte| *byte == 0) {
                continue;
            }
            if chunks.len() <= piece.chunk {
                chunks.resize(piece.chunk + 1, None);
            }
            let chunk = Arc::make_mut(chunks[piece.chunk].get_or_insert_with(Chunk::zeros));
            chunk.digest.take();
            chunk.bytes[piece.within].copy_from_slice(bytes);
        }
        self.len = self.len.max(end);
    }

    /// Cuts or extends with zeros. The caller has checked the length with [`Content::end_of`].
    pub(super) fn set_len(&mut self, len: u64) {
        assert!(len <= MAX_LEN, "a length is checked where it enters");
        if len < self.len {
            let (full, rest) = split(len);
            let chunks = Arc::make_mut(&mut self.chunks);
            chunks.truncate(if rest == 0 { full } else { full + 1 });
            if rest > 0
                && let Some(Some(last)) = chunks.get_mut(full)
            {
                let last = Arc::make_mut(last);
                last.digest.take();
                last.bytes[rest..].fill(0);
            }
        }
        self.len = len;
    }

    /// A number that two contents share if they are equal, and hardly ever otherwise.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.len);
        for (index, chunk) in self.chunks.iter().enumerate() {
            let digest = chunk.as_ref().map_or(ZEROS_DIGEST, |chunk| chunk.digest());
            if digest != ZEROS_DIGEST {
                hasher.write_usize(index);
                hasher.write_u64(digest);
            }
        }
        hasher.finish()
    }
}

/// Stands for a chunk of zeros, there or not.
const ZEROS_DIGEST: u64 = 0;

impl Chunk {
    fn zeros() -> Arc<Chunk> {
        Arc::new(Chunk { bytes: [0; CHUNK], digest: OnceLock::new() })
    }

    fn digest(&self) -> u64 {
        *self.digest.get_or_init(|| {
            if self.bytes.iter().all(|byte| *byte == 0) {
                return ZEROS_DIGEST;
            }
            let mut hasher = DefaultHasher::new();
            hasher.write(&self.bytes);
            hasher.finish()
        })
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len)
    }
}

/// The index of the chunk that holds a position, and the position in it.
fn split(position: u64) -> (usize, usize) {
    let chunk =
        usize::try_from(position / to_u64(CHUNK)).expect("a file in memory has that many chunks at most");
    let within = usize::try_from(position % to_u64(CHUNK)).expect("less than a chunk");
    (chunk, within)
}

/// Cuts a request at the borders of chunks.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = Piece> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let (chunk, start) = split(offset + to_u64(done));
        let n = (CHUNK - start).min(len - done);
        let piece = Piece { chunk, within: start..start + n, buf: done..done + n };
        done += n;
        Some(piece)
    })
}

#[cfg(test)]
mod tests;
