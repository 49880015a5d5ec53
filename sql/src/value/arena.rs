//! Room for the text and blobs that expressions make on the way.
//!
//! An [`ArenaBuffer`] is kept by who runs a statement. For a row, or a batch of rows, it lends an [`Arena`], from
//! which values borrow; dropping that and lending another one frees everything at once. Taking bytes moves an
//! offset; no destructor runs and nothing is freed one by one.
//!
//! Invariants:
//! 1. Bytes handed out stay where they are until the arena is gone: the chunk never grows while lent, and what does
//!    not fit goes to boxes of its own, whose memory does not move.
//! 2. After an arena that overflowed, the next one has a larger chunk, up to [`MAX_CHUNK_BYTES`].

use std::cell::{Cell, OnceCell};
use std::fmt;

/// How large the chunk is at first.
const FIRST_CHUNK_BYTES: usize = 4 << 10;
/// How large it may become; a single value that does not fit is boxed every time.
const MAX_CHUNK_BYTES: usize = 1 << 20;

/// The memory behind [`Arena`]s, reused from one to the next.
#[derive(Debug, Default)]
pub struct ArenaBuffer {
    chunk: Vec<u8>,
    overflow: Overflow,
}

impl ArenaBuffer {
    /// Without any memory yet.
    #[must_use]
    pub fn new() -> ArenaBuffer {
        ArenaBuffer::default()
    }

    /// An empty arena. What was taken from the one before is gone.
    #[inline]
    pub fn arena(&mut self) -> Arena<'_> {
        if self.overflow.count.get() > 0 {
            self.make_room();
        }
        Arena { rest: Cell::new(&mut self.chunk), overflow: &self.overflow }
    }

    /// Empties the overflow, and makes the chunk larger so that less goes there.
    #[cold]
    fn make_room(&mut self) {
        let overflowed = self.overflow.clear();
        if self.chunk.len() < MAX_CHUNK_BYTES {
            let wanted = (self.chunk.len() + overflowed).next_power_of_two();
            self.chunk.resize(wanted.clamp(FIRST_CHUNK_BYTES, MAX_CHUNK_BYTES), 0);
        }
    }
}

/// Hands out bytes that live as long as it is lent; see the head of the file.
pub struct Arena<'a> {
    rest: Cell<&'a mut [u8]>,
    overflow: &'a Overflow,
}

impl<'a> Arena<'a> {
    /// A copy of `bytes`.
    #[must_use]
    pub fn copy(&self, bytes: &[u8]) -> &'a [u8] {
        self.concat(&[bytes])
    }

    /// The parts behind one another.
    #[must_use]
    pub fn concat(&self, parts: &[&[u8]]) -> &'a [u8] {
        let len = parts.iter().map(|part| part.len()).sum();
        let rest = self.rest.take();
        if len > rest.len() {
            self.rest.set(rest);
            return self.keep(parts.concat());
        }
        let (room, rest) = rest.split_at_mut(len);
        self.rest.set(rest);
        let mut at = 0;
        for part in parts {
            room[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        room
    }

    /// What was built in a vector. Short bytes are copied, long ones stay where they are.
    #[must_use]
    pub fn keep(&self, bytes: Vec<u8>) -> &'a [u8] {
        const WORTH_MOVING: usize = 1 << 10;
        if bytes.len() < WORTH_MOVING {
            let rest = self.rest.take();
            if bytes.len() <= rest.len() {
                let (room, rest) = rest.split_at_mut(bytes.len());
                self.rest.set(rest);
                room.copy_from_slice(&bytes);
                return room;
            }
            self.rest.set(rest);
        }
        self.overflow.push(bytes)
    }
}

impl fmt::Debug for Arena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("overflow", self.overflow).finish_non_exhaustive()
    }
}

/// A list of vectors that only grows while it is shared: shelves of 64, 128, 256 … of them. There is room for shelves
/// once there is something to put there: most arenas never overflow.
#[derive(Debug, Default)]
struct Overflow {
    shelves: OnceCell<Box<[OnceCell<Shelf>; Overflow::SHELVES]>>,
    count: Cell<usize>,
    bytes: Cell<usize>,
}

type Shelf = Box<[OnceCell<Vec<u8>>]>;

impl Overflow {
    const SHELVES: usize = 32;
    const FIRST_SHELF_LOG2: u32 = 6;

    fn push(&self, bytes: Vec<u8>) -> &[u8] {
        self.bytes.set(self.bytes.get() + bytes.len());
        let number = self.count.replace(self.count.get() + 1) + (1 << Self::FIRST_SHELF_LOG2);
        let log2 = number.ilog2();
        let shelf = usize::try_from(log2 - Self::FIRST_SHELF_LOG2).unwrap_or(0);
        let shelves = self.shelves.get_or_init(Box::default);
        let shelf = shelves[shelf].get_or_init(|| (0..1usize << log2).map(|_| OnceCell::new()).collect());
        shelf[number - (1 << log2)].get_or_init(|| bytes)
    }

    /// Empties the list; gives how many bytes it held.
    fn clear(&mut self) -> usize {
        self.count.set(0);
        self.shelves.take();
        self.bytes.take()
    }
}

#[cfg(test)]
mod tests;
