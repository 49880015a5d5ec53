//! Keys, numbered in the order in which they first came: the heart of grouping, `DISTINCT` and hash joins.

use std::hash::BuildHasher;

use hashbrown::HashTable;

/// Different byte strings and their numbers.
#[derive(Default)]
pub(super) struct KeyTable {
    table: HashTable<(u64, usize)>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hasher: foldhash::fast::RandomState,
}

impl KeyTable {
    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The key with a number.
    pub(super) fn key(&self, number: usize) -> &[u8] {
        key_of(&self.bytes, &self.ends, number)
    }

    /// The number of a key, and whether it is new.
    pub(super) fn insert(&mut self, key: &[u8]) -> (usize, bool) {
        let hash = self.hasher.hash_one(key);
        let (bytes, ends) = (&self.bytes, &self.ends);
        let found =
            self.table.find(hash, |&(other, number)| other == hash && key_of(bytes, ends, number) == key);
        if let Some(&(_, number)) = found {
            return (number, false);
        }
        let number = self.ends.len();
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        self.table.insert_unique(hash, (hash, number), |&(hash, _)| hash);
        (number, true)
    }

    /// The number of a key.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        let fits = |&(other, number): &(u64, usize)| other == hash && self.key(number) == key;
        self.table.find(hash, fits).map(|&(_, number)| number)
    }

    /// Forgets all keys, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.bytes.clear();
        self.ends.clear();
    }

    /// All numbers in the order of their keys.
    pub(super) fn sorted(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.len()).collect();
        numbers.sort_unstable_by(|&a, &b| self.key(a).cmp(self.key(b)));
        numbers
    }
}

fn key_of<'k>(bytes: &'k [u8], ends: &[usize], number: usize) -> &'k [u8] {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}
