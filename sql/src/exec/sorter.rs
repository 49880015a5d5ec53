//! Rows in the order of their keys: what sorting, windows and ordered aggregates are made of.
//!
//! A key is bytes that compare as the values do; rows with equal keys stay in the order in which they came. Sorting
//! asks again and again whether it is to stop.

use super::radix::{self, Entry};
use crate::error::{Error, Result};

/// Keys, each with a row behind it, in one piece of memory.
#[derive(Default)]
pub(super) struct Sorter {
    /// Of each row the lengths of key and row, the key, and the row.
    bytes: Vec<u8>,
    /// Where each row starts.
    entries: Vec<Entry>,
    /// Memory to sort in.
    room: Vec<Entry>,
}

const LENGTH_BYTES: usize = 4;
const LENGTHS_BYTES: usize = 2 * LENGTH_BYTES;
/// How many rows are found together.
pub(super) const LOOKED_AHEAD: usize = 32;

impl Sorter {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How much memory it takes up, with what sorting needs.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.entries.len() * 2 * size_of::<Entry>()
    }

    /// Forgets all rows, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds a row that `write` appends. If that fails there is none.
    #[inline]
    pub(super) fn push(&mut self, key: &[u8], write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; LENGTHS_BYTES]);
        self.bytes.extend_from_slice(key);
        let row = self.bytes.len();
        let written = write(&mut self.bytes).and_then(|()| {
            let lengths = [length(key.len())?, length(self.bytes.len() - row)?];
            self.bytes[start..start + LENGTHS_BYTES].copy_from_slice(lengths.as_flattened());
            Ok(())
        });
        match written {
            Ok(()) => self.entries.push(Entry::new(start)),
            Err(_) => self.bytes.truncate(start),
        }
        written
    }

    /// Puts the rows in order.
    pub(super) fn sort(&mut self, check: &dyn Fn() -> Result<()>) -> Result<()> {
        let bytes = &self.bytes;
        let key_of = |start| {
            let Found { key, row, .. } = Found::at(bytes, start);
            &bytes[key..row]
        };
        radix::sort(&mut self.entries, &mut self.room, key_of, check)
    }

    /// Puts the rows in order, and keeps the first ones only.
    pub(super) fn sort_and_keep(&mut self, wanted: usize, check: &dyn Fn() -> Result<()>) -> Result<()> {
        self.sort(check)?;
        self.entries.truncate(wanted);
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for entry in &mut self.entries {
            let moved = bytes.len();
            bytes.extend_from_slice(&self.bytes[entry.place..Found::at(&self.bytes, entry.place).end]);
            entry.place = moved;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Where the next rows from a place on lie: found together, since memory is slow to answer one question after
    /// the other.
    pub(super) fn look_ahead(&self, place: usize, found: &mut Vec<Found>) {
        let next = self.entries.iter().skip(place).take(LOOKED_AHEAD);
        found.clear();
        found.extend(next.map(|entry| Found::at(&self.bytes, entry.place)));
    }

    /// The key and the row that were found.
    #[inline]
    pub(super) fn found(&self, found: Found) -> (&[u8], &[u8]) {
        (&self.bytes[found.key..found.row], &self.bytes[found.row..found.end])
    }

    /// The key and the row at a place, if there are so many.
    #[inline]
    pub(super) fn entry(&self, place: usize) -> Option<(&[u8], &[u8])> {
        self.entries.get(place).map(|entry| self.found(Found::at(&self.bytes, entry.place)))
    }

    /// The key of the row at a place.
    pub(super) fn key(&self, place: usize) -> &[u8] {
        self.entry(place).unwrap_or_default().0
    }

    /// The row at a place, if there are so many.
    #[inline]
    pub(super) fn row(&self, place: usize) -> Option<&[u8]> {
        self.entry(place).map(|(_, row)| row)
    }
}

fn length(bytes: usize) -> Result<[u8; LENGTH_BYTES]> {
    let length = u32::try_from(bytes).map_err(|_| Error::TooBig("string or blob too big"))?;
    Ok(length.to_le_bytes())
}

/// Where a key and its row lie.
#[derive(Clone, Copy)]
pub(super) struct Found {
    key: usize,
    row: usize,
    end: usize,
}

impl Found {
    /// Behind the lengths that start at a place.
    #[inline]
    fn at(bytes: &[u8], start: usize) -> Found {
        let length = |at: usize| {
            let length = bytes.get(at..).and_then(<[u8]>::first_chunk);
            length.and_then(|length| usize::try_from(u32::from_le_bytes(*length)).ok()).unwrap_or(0)
        };
        let key = start + LENGTHS_BYTES;
        let row = key + length(start);
        Found { key, row, end: row + length(start + LENGTH_BYTES) }
    }
}

#[cfg(test)]
mod tests;
