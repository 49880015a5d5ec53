//! Keys put in order: eight bytes of each at a time, as a number. Where there are many they are dealt out by the first
//! bits in which they differ, which leaves little to compare.
//!
//! Invariants:
//! 1. No key is the beginning of another one, but where they are the same.
//! 2. Of equal keys the one that comes first stays so: entries come with rising places.
//! 3. Between two questions whether to stop lies no more than one look at all entries.

use crate::error::Result;

/// Eight bytes of a key, as far as sorting came in it, and the place by which all of it is found.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    head: u64,
    pub(super) place: usize,
}

impl Entry {
    /// The entry of a key that is not looked at yet.
    pub(super) fn new(place: usize) -> Entry {
        Entry { head: 0, place }
    }
}

/// How many bytes of a key are looked at together.
const HEAD_BYTES: usize = size_of::<u64>();
/// Up to this many entries are compared only.
const FEW: usize = 128;
/// By how many bits entries are dealt out, so many at a time.
const DEALT_BITS: u32 = 24;
const DIGIT_BITS: u32 = 8;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Puts entries in the order of their keys. `room` is memory to work in.
pub(super) fn sort<'k>(
    entries: &mut [Entry],
    room: &mut Vec<Entry>,
    key_of: impl Fn(usize) -> &'k [u8],
    check: &dyn Fn() -> Result<()>,
) -> Result<()> {
    // Entries that are the same up to some byte, from which on they are to be sorted.
    let mut alike = vec![(0..entries.len(), 0)];
    while let Some((range, from)) = alike.pop() {
        check()?;
        let mut start = range.start;
        let part = &mut entries[range];
        let mut longest = 0;
        for entry in &mut *part {
            let rest = key_of(entry.place).get(from..).unwrap_or_default();
            entry.head = head_of(rest);
            longest = longest.max(rest.len());
        }
        sort_by_heads(part, room, check)?;
        if longest <= HEAD_BYTES {
            continue;
        }
        for run in part.chunk_by(|a, b| a.head == b.head) {
            if run.len() > 1 {
                alike.push((start..start + run.len(), from + HEAD_BYTES));
            }
            start += run.len();
        }
    }
    Ok(())
}

/// The first bytes of a key as a number that orders as they do.
#[inline]
fn head_of(key: &[u8]) -> u64 {
    if let Some(head) = key.first_chunk() {
        return u64::from_be_bytes(*head);
    }
    let mut head = [0; HEAD_BYTES];
    head[..key.len()].copy_from_slice(key);
    u64::from_be_bytes(head)
}

fn sort_by_heads(entries: &mut [Entry], room: &mut Vec<Entry>, check: &dyn Fn() -> Result<()>) -> Result<()> {
    let compared = |entry: &Entry| (entry.head, entry.place);
    if entries.len() <= FEW {
        entries.sort_unstable_by_key(compared);
        return Ok(());
    }
    let first = entries[0].head;
    let different = entries.iter().fold(0, |bits, entry| bits | entry.head ^ first);
    if different == 0 {
        return Ok(());
    }
    let shift = (u64::BITS - different.leading_zeros()).saturating_sub(DEALT_BITS);
    deal_out(entries, shift, room, check)?;
    if shift > 0 {
        for run in entries.chunk_by_mut(|a, b| a.head >> shift == b.head >> shift) {
            run.sort_unstable_by_key(compared);
        }
    }
    Ok(())
}

/// Sorts by the [`DEALT_BITS`] from a bit on, and keeps the order of those that are the same there.
fn deal_out(
    entries: &mut [Entry],
    shift: u32,
    room: &mut Vec<Entry>,
    check: &dyn Fn() -> Result<()>,
) -> Result<()> {
    room.clear();
    room.extend_from_slice(entries);
    let (mut from, mut into) = (&mut *entries, room.as_mut_slice());
    for shift in (shift..shift + DEALT_BITS).step_by(usize::try_from(DIGIT_BITS).unwrap_or(1)) {
        check()?;
        let digit = |entry: &Entry| usize::from((entry.head >> shift).to_le_bytes()[0]);
        let mut next = [0; DIGITS];
        for entry in &*from {
            next[digit(entry)] += 1;
        }
        let mut start = 0;
        for count in &mut next {
            start += std::mem::replace(count, start);
        }
        for entry in &*from {
            let place = &mut next[digit(entry)];
            into[*place] = *entry;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut into);
    }
    // It was an odd number of times.
    into.copy_from_slice(from);
    Ok(())
}

const _: () = assert!(DEALT_BITS / DIGIT_BITS % 2 == 1);

#[cfg(test)]
mod tests;
