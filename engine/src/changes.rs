//! [`Changes`]: puts and deletes of single keys of one tree, gathered to be made in the order of their keys.

use std::cmp::Ordering;

use crate::tree::KeyChange;

/// Changes of keys in memory.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    bytes: Vec<u8>,
    entries: Vec<Change>,
}

/// One put or delete. Its key stands in the bytes, and behind it the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// The first bytes of the key, which nearly always tell two keys apart.
    head: u64,
    key_at: usize,
    value_at: usize,
    end: usize,
    /// Whether the key is said to be there before.
    pub(crate) existed: bool,
    /// Whether a value is put. Otherwise the key is deleted.
    pub(crate) puts: bool,
}

impl Changes {
    /// None, with room for as many and as large ones as others are.
    pub(crate) fn with_room_of(other: &Changes) -> Changes {
        let (bytes, entries) = (other.bytes.len(), other.entries.len());
        Changes { bytes: Vec::with_capacity(bytes), entries: Vec::with_capacity(entries) }
    }

    /// Adds the put of a value, or the delete of a key where there is none.
    pub(crate) fn push(&mut self, key: &[u8], value: Option<&[u8]>, existed: bool) {
        let mut head = [0; 8];
        let len = key.len().min(head.len());
        head[..len].copy_from_slice(&key[..len]);
        let key_at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let value_at = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.entries.push(Change {
            head: u64::from_be_bytes(head),
            key_at,
            value_at,
            end: self.bytes.len(),
            existed,
            puts: value.is_some(),
        });
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
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
    pub(crate) fn key(&self, change: &Change) -> &[u8] {
        &self.bytes[change.key_at..change.value_at]
    }

    /// The value that a change puts; nothing where it deletes.
    pub(crate) fn value(&self, change: &Change) -> Option<&[u8]> {
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

    /// The changes of each key, once they are sorted.
    pub(crate) fn by_key(&self) -> impl Iterator<Item = &[Change]> {
        self.entries.chunk_by(|a, b| self.compare(a, b).is_eq())
    }

    /// The changes as the tree takes them, once they are sorted and each key is there once.
    pub(crate) fn key_changes(&self) -> impl Iterator<Item = KeyChange<'_>> {
        self.entries.iter().map(|change| KeyChange {
            key: self.key(change),
            value: self.value(change),
            existed: change.existed,
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
