//! Keys, numbered in the order in which they first came: the heart of grouping, `DISTINCT` and hash joins.
//!
//! Keys that come in order are only compared with the last one. Once one comes that is below it, or one is looked for, they are
//! hashed, some at each call: no call takes long, however many there are. Those that are not hashed yet are in order, and found by
//! halving.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::radix::{self, Entry as Place};
use crate::error::Result;

/// Different byte strings and their numbers.
#[derive(Default)]
pub(super) struct KeyTable {
    table: HashTable<Entry>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hasher: foldhash::fast::RandomState,
    /// The number of the key inserted last: rows in order come with the same key again and again.
    last: usize,
    /// Whether some key is below the one that came before it.
    is_mixed: bool,
    /// How many of the keys, the first ones, came in order. The others are in the table.
    ordered: usize,
    /// How many of those, the first ones, are in the table.
    hashed: usize,
}

/// A part of the hash of a key, and its number.
#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    number: u32,
}

/// How many keys there can be. Far more than memory is for.
const MOST_KEYS: usize = 1 << 31;

/// How many of the keys that came in order one call hashes: some hundred microseconds.
const HASHED_AT_ONCE: usize = 1 << 12;

/// The part of a hash that entries hold.
#[inline]
fn part(hash: u64) -> u32 {
    let [.., a, b, c, d] = hash.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// What the table goes by: as good as the hash, and known from the part of it that an entry holds.
#[inline]
fn spread(part: u32) -> u64 {
    u64::from(part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A number as an index.
#[inline]
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl KeyTable {
    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How much memory it takes up.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * (size_of::<usize>() + 2 * size_of::<Entry>())
    }

    /// The key with a number.
    pub(super) fn key(&self, number: usize) -> &[u8] {
        key_of(&self.bytes, &self.ends, number)
    }

    /// The number of a key, and whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, key: &[u8]) -> (usize, bool) {
        let last = (self.last < self.len()).then(|| self.key(self.last));
        let (number, is_new) = match last.map_or(Ordering::Greater, |last| key.cmp(last)) {
            Ordering::Equal => return (self.last, false),
            Ordering::Greater if !self.is_mixed => {
                let number = self.add(key);
                self.ordered = self.len();
                (number, true)
            }
            _ => self.insert_mixed(key),
        };
        self.last = number;
        (number, is_new)
    }

    #[inline]
    fn insert_mixed(&mut self, key: &[u8]) -> (usize, bool) {
        self.is_mixed = true;
        self.hash_some();
        let hash = part(self.hasher.hash_one(key));
        match self.look_up(hash, key) {
            Some(number) => (number, false),
            None => {
                let number = self.add(key);
                self.hash(number, hash);
                (number, true)
            }
        }
    }

    #[inline]
    fn look_up(&self, hash: u32, key: &[u8]) -> Option<usize> {
        let fits = |entry: &Entry| entry.hash == hash && self.key(index(entry.number)) == key;
        match self.table.find(spread(hash), fits) {
            Some(entry) => Some(index(entry.number)),
            None if self.hashed < self.ordered => self.look_up_in_order(key),
            None => None,
        }
    }

    /// The number of a key among those that came in order and are not in the table.
    #[cold]
    fn look_up_in_order(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (self.hashed, self.ordered);
        while low < high {
            let middle = low.midpoint(high);
            match self.key(middle).cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    #[inline]
    fn add(&mut self, key: &[u8]) -> usize {
        let number = self.ends.len();
        assert!(number < MOST_KEYS, "keys that fit into memory can be numbered");
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        number
    }

    #[inline]
    fn hash(&mut self, number: usize, hash: u32) {
        let entry = Entry { hash, number: u32::try_from(number).unwrap_or(u32::MAX) };
        self.table.insert_unique(spread(hash), entry, |entry| spread(entry.hash));
    }

    /// Puts some of those keys into the table that came in order.
    #[inline]
    fn hash_some(&mut self) {
        let end = self.ordered.min(self.hashed + HASHED_AT_ONCE);
        for number in self.hashed..end {
            self.hash(number, part(self.hasher.hash_one(self.key(number))));
        }
        self.hashed = end;
    }

    /// The number of a key.
    #[inline]
    pub(super) fn find(&mut self, key: &[u8]) -> Option<usize> {
        self.hash_some();
        self.look_up(part(self.hasher.hash_one(key)), key)
    }

    /// Forgets all keys, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.bytes.clear();
        self.ends.clear();
        (self.is_mixed, self.ordered, self.hashed) = (false, 0, 0);
    }

    /// All numbers in the order of their keys.
    pub(super) fn sorted(&self, check: &dyn Fn() -> Result<()>) -> Result<Vec<usize>> {
        if !self.is_mixed {
            return Ok((0..self.len()).collect());
        }
        let mut order: Vec<Place> = (0..self.len()).map(Place::new).collect();
        radix::sort(&mut order, &mut Vec::new(), |number| self.key(number), check)?;
        Ok(order.into_iter().map(|entry| entry.place).collect())
    }
}

#[inline]
fn key_of<'k>(bytes: &'k [u8], ends: &[usize], number: usize) -> &'k [u8] {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests;
