//! Rows in the order of their keys: what sorting, ordered aggregates and the order of groups are made of.
//!
//! A key is bytes that compare as the values do; rows with equal keys stay in the order in which they came. Sorting
//! asks again and again whether it is to stop.

use std::cmp::Ordering;

use crate::error::Result;

/// Keys, each with a row behind it, in one piece of memory.
#[derive(Default)]
pub(super) struct Sorter {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// The first bytes of a key, and where it and its row lie. Later entries lie behind earlier ones.
#[derive(Clone, Copy)]
struct Entry {
    head: u64,
    start: usize,
    row: usize,
    end: usize,
}

/// The first bytes of a key as a number that orders as they do.
#[inline]
pub(super) fn head_of(key: &[u8]) -> u64 {
    if let Some(head) = key.first_chunk() {
        return u64::from_be_bytes(*head);
    }
    let mut head = [0; 8];
    head[..key.len()].copy_from_slice(key);
    u64::from_be_bytes(head)
}

impl Sorter {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How much memory it takes up.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }

    /// Forgets all rows, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds a row that `write` appends. If that fails there is none.
    pub(super) fn push<E>(
        &mut self,
        key: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let row = self.bytes.len();
        if let Err(error) = write(&mut self.bytes) {
            self.bytes.truncate(start);
            return Err(error);
        }
        self.entries.push(Entry { head: head_of(key), start, row, end: self.bytes.len() });
        Ok(())
    }

    /// Puts the rows in order.
    pub(super) fn sort(&mut self, check: &dyn Fn() -> Result<()>) -> Result<()> {
        let bytes = &self.bytes;
        sort_by(&mut self.entries, check, |a, b| {
            a.head
                .cmp(&b.head)
                .then_with(|| bytes[a.start..a.row].cmp(&bytes[b.start..b.row]))
                .then(a.start.cmp(&b.start))
        })
    }

    /// Puts the rows in order, and keeps the first ones only.
    pub(super) fn sort_and_keep(&mut self, wanted: usize, check: &dyn Fn() -> Result<()>) -> Result<()> {
        self.sort(check)?;
        self.entries.truncate(wanted);
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for entry in &mut self.entries {
            let moved = bytes.len();
            bytes.extend_from_slice(&self.bytes[entry.start..entry.end]);
            (entry.start, entry.row, entry.end) = (moved, moved + entry.row - entry.start, bytes.len());
        }
        self.bytes = bytes;
        Ok(())
    }

    /// The key of the row at a place.
    pub(super) fn key(&self, place: usize) -> &[u8] {
        let entry = &self.entries[place];
        &self.bytes[entry.start..entry.row]
    }

    /// The row at a place, if there are so many.
    #[inline]
    pub(super) fn row(&self, place: usize) -> Option<&[u8]> {
        let entry = self.entries.get(place)?;
        Some(&self.bytes[entry.row..entry.end])
    }
}

/// How many entries are sorted between two looks at whether to stop: about a millisecond.
const SORTED_AT_ONCE: usize = 1 << 14;

/// Sorts in parts that are merged, so that it can stop in between.
pub(super) fn sort_by<T: Copy>(
    entries: &mut Vec<T>,
    check: &dyn Fn() -> Result<()>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    for part in entries.chunks_mut(SORTED_AT_ONCE) {
        part.sort_unstable_by(&compare);
        check()?;
    }
    let mut width = SORTED_AT_ONCE;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        for pair in entries.chunks(width * 2) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                if merged.len() % SORTED_AT_ONCE == 0 {
                    check()?;
                }
                if compare(a, b).is_le() {
                    merged.push(*a);
                    left = left_rest;
                } else {
                    merged.push(*b);
                    right = right_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *entries = merged;
        width *= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
