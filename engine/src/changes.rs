//! [`Changes`]: puts and deletes of single keys of one tree, gathered to be made in the order of their keys.

use std::cmp::Ordering;

use crate::tree::{Existence, KeyChange};

/// Changes of keys in memory.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    bytes: Vec<u8>,
    entries: Vec<Change>,
}

/// One put or delete. Its key stands in the bytes, and behind it the value.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The first bytes of the key, which nearly always tell two keys apart.
    head: u64,
    key_at: usize,
    value_at: usize,
    end: usize,
    /// Whether the key is there before, where that is said.
    existence: Existence,
    /// Whether a value is put. Otherwise the key is deleted.
    puts: bool,
}

impl Changes {
    /// Adds the put of a value, or the delete of a key where there is none.
    pub(crate) fn push(&mut self, key: &[u8], value: Option<&[u8]>, existence: Existence) {
        let mut head = [0; 8];
        let len = key.len().min(head.len());
        head[..len].copy_from_slice(&key[..len]);
        let bytes = value.unwrap_or_default();
        self.bytes.reserve(key.len() + bytes.len());
        let key_at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let value_at = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.entries.push(Change {
            head: u64::from_be_bytes(head),
            key_at,
            value_at,
            end: self.bytes.len(),
            existence,
            puts: value.is_some(),
        });
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What they take up in memory, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Change>()
    }

    /// The key of a change.
    fn key(&self, change: &Change) -> &[u8] {
        &self.bytes[change.key_at..change.value_at]
    }

    /// The value that a change puts; nothing where it deletes.
    fn value(&self, change: &Change) -> Option<&[u8]> {
        change.puts.then(|| &self.bytes[change.value_at..change.end])
    }

    /// The key of the change that came last.
    pub(crate) fn last_key(&self) -> Option<&[u8]> {
        self.entries.last().map(|change| self.key(change))
    }

    /// Brings them into the order of their keys; those of one key stay in the order in which they came.
    pub(crate) fn sort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|a, b| self.compare(a, b));
        self.entries = entries;
    }

    /// One change a key that does what all changes of it do one after the other, once they are sorted.
    pub(crate) fn by_key(&self) -> impl Iterator<Item = KeyChange<'_>> {
        self.entries.chunk_by(|a, b| self.compare(a, b).is_eq()).filter_map(|same| {
            let (first, last) = (same.first()?, same.last()?);
            Some(KeyChange { key: self.key(last), value: self.value(last), existence: first.existence })
        })
    }

    /// Whether each change finds its key as the one before it left it, once they are sorted.
    pub(crate) fn fit(&self) -> bool {
        self.entries.windows(2).all(|pair| {
            let [before, after] = pair else { return true };
            after.existence == Existence::Known(before.puts) || self.compare(before, after).is_ne()
        })
    }

    /// Forgets them, and keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    fn compare(&self, a: &Change, b: &Change) -> Ordering {
        a.head.cmp(&b.head).then_with(|| self.key(a).cmp(self.key(b)))
    }
}

#[cfg(test)]
mod tests;
