//! [`Runs`]: sorted changes that memory has no room for, in a scratch file, and their merge.
//!
//! A change is written as the length of its key, that of its value plus one, or zero where it deletes (both `u32`, little
//! endian), the key and the value. Of several changes of one key the one of the latest run counts.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use crate::changes::Changes;
use crate::error::Result;
use crate::ids::{to_u32, to_u64, to_usize};
use crate::scratch::Scratch;
use crate::tree::KeyChange;

/// Written at once.
const WRITE_BYTES: usize = 256 << 10;
/// The least that is read of a run at once.
const READ_BYTES: usize = 4 << 10;
const LENGTHS_BYTES: usize = 8;

/// Runs of changes in the order of their keys, the oldest first.
#[derive(Debug)]
pub(super) struct Runs {
    scratch: Scratch,
    places: Vec<Range<u64>>,
}

impl Runs {
    pub(super) fn new(scratch: Scratch) -> Runs {
        Runs { scratch, places: Vec::new() }
    }

    /// Writes sorted changes as a run, of each key the last one.
    pub(super) fn write(&mut self, changes: &Changes) -> Result<()> {
        let start = self.scratch.len();
        let mut out = Vec::with_capacity(WRITE_BYTES);
        for KeyChange { key, value, .. } in changes.by_key() {
            out.extend_from_slice(&to_u32(key.len()).to_le_bytes());
            out.extend_from_slice(&value.map_or(0, |value| to_u32(value.len() + 1)).to_le_bytes());
            out.extend_from_slice(key);
            out.extend_from_slice(value.unwrap_or_default());
            if out.len() >= WRITE_BYTES {
                self.scratch.append(&out)?;
                out.clear();
            }
        }
        self.scratch.append(&out)?;
        self.places.push(start..self.scratch.len());
        Ok(())
    }

    /// All changes in the order of their keys, each key once. Buffers take about `memory_bytes`.
    pub(super) fn merged(&self, memory_bytes: usize) -> Result<Merged<'_>> {
        let room = (memory_bytes / self.places.len().max(1)).clamp(READ_BYTES, WRITE_BYTES);
        let mut runs = Vec::with_capacity(self.places.len());
        let mut heads = BinaryHeap::with_capacity(self.places.len());
        for (at, place) in self.places.iter().enumerate() {
            let mut run = Run::new(&self.scratch, place.clone(), room);
            let mut key = Vec::new();
            if run.advance(&mut key)? {
                heads.push(Head { key, run: at });
            }
            runs.push(run);
        }
        Ok(Merged { runs, heads, key: Vec::new(), current: None })
    }
}

/// The latest change of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Latest<'m> {
    pub(super) key: &'m [u8],
    /// What it is to hold; nothing where it is to be deleted.
    pub(super) value: Option<&'m [u8]>,
}

/// The merge of some runs.
pub(super) struct Merged<'s> {
    runs: Vec<Run<'s>>,
    heads: BinaryHeap<Head>,
    key: Vec<u8>,
    /// The run that has the change it stands on.
    current: Option<usize>,
}

impl Merged<'_> {
    /// The next key with its latest change.
    pub(super) fn next(&mut self) -> Result<Option<Latest<'_>>> {
        if let Some(run) = self.current.take() {
            let key = std::mem::take(&mut self.key);
            self.advance(Head { key, run })?;
        }
        let Some(latest) = self.heads.pop() else { return Ok(None) };
        while self.heads.peek().is_some_and(|head| head.key == latest.key) {
            let Some(older) = self.heads.pop() else { break };
            self.advance(older)?;
        }
        self.current = Some(latest.run);
        self.key = latest.key;
        Ok(Some(Latest { key: &self.key, value: self.runs[latest.run].value() }))
    }

    /// Moves a run to its next change, if it has one.
    fn advance(&mut self, mut head: Head) -> Result<()> {
        if self.runs[head.run].advance(&mut head.key)? {
            self.heads.push(head);
        }
        Ok(())
    }
}

/// The key that a run stands on. The greatest one is the first key, and of equal ones that of the latest run.
struct Head {
    key: Vec<u8>,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        other.key.cmp(&self.key).then_with(|| self.run.cmp(&other.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// A run that is read from its start to its end.
struct Run<'s> {
    scratch: &'s Scratch,
    /// What is not read yet.
    rest: Range<u64>,
    room: usize,
    buffer: Vec<u8>,
    /// Where the next change starts in the buffer.
    next: usize,
    value: Option<Range<usize>>,
}

impl<'s> Run<'s> {
    fn new(scratch: &'s Scratch, rest: Range<u64>, room: usize) -> Run<'s> {
        Run { scratch, rest, room, buffer: Vec::new(), next: 0, value: None }
    }

    /// Moves to the next change, whose key goes to `key`; whether there is one.
    fn advance(&mut self, key: &mut Vec<u8>) -> Result<bool> {
        if self.next == self.buffer.len() && self.rest.is_empty() {
            return Ok(false);
        }
        self.have(LENGTHS_BYTES)?;
        let [key_len, value_len] = [0, 4].map(|at| {
            let at = self.next + at;
            let mut len = [0; 4];
            len.copy_from_slice(&self.buffer[at..at + 4]);
            to_usize(u32::from_le_bytes(len))
        });
        let len = LENGTHS_BYTES + key_len + value_len.saturating_sub(1);
        self.have(len)?;
        let (key_at, end) = (self.next + LENGTHS_BYTES, self.next + len);
        key.clear();
        key.extend_from_slice(&self.buffer[key_at..key_at + key_len]);
        self.value = (value_len > 0).then_some(key_at + key_len..end);
        self.next = end;
        Ok(true)
    }

    fn value(&self) -> Option<&[u8]> {
        self.value.clone().map(|value| &self.buffer[value])
    }

    /// Reads so that at least `len` bytes stand in the buffer from the next change on.
    fn have(&mut self, len: usize) -> Result<()> {
        let there = self.buffer.len() - self.next;
        if there >= len {
            return Ok(());
        }
        let rest = usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX);
        if len - there > rest {
            return Err(self.scratch.damaged("a change that ends within its run", "one that is longer"));
        }
        self.buffer.drain(..self.next);
        self.next = 0;
        let more = (len - there).max(self.room).min(rest);
        self.buffer.resize(there + more, 0);
        self.scratch.read_at(self.rest.start, &mut self.buffer[there..])?;
        self.rest.start += to_u64(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
