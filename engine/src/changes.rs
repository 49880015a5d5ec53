//! [`Changes`]: puts and deletes of single keys of one tree, gathered to be made in the order of their keys.

use std::cmp::Ordering;

use crate::ids::{to_u32, to_usize};
use crate::tree::{Existence, KeyChange};

/// Bytes are gathered in pieces of this length, for a longer one would be copied as a whole again and again to grow.
const PIECE_BYTES: usize = 1 << 20;

/// Changes of keys in memory.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Pieces that nothing is added to any more.
    full: Vec<Vec<u8>>,
    /// The piece after those.
    newest: Vec<u8>,
    /// How long all pieces are together.
    bytes: usize,
    entries: Vec<Change>,
}

/// One put or delete. Its key stands in a piece of the bytes, and behind it the value.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The first bytes of the key, which nearly always tell two keys apart.
    head: u64,
    piece: u32,
    key_at: u32,
    value_at: u32,
    end: u32,
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
        let added = key.len() + bytes.len();
        let piece = self.piece_for(added);
        let key_at = to_u32(piece.len());
        piece.extend_from_slice(key);
        let value_at = to_u32(piece.len());
        piece.extend_from_slice(bytes);
        let end = to_u32(piece.len());
        self.bytes += added;
        self.entries.push(Change {
            head: u64::from_be_bytes(head),
            piece: to_u32(self.full.len()),
            key_at,
            value_at,
            end,
            existence,
            puts: value.is_some(),
        });
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether the key of a change is there before; `n` counts them as they came.
    pub(crate) fn say_existed(&mut self, n: usize, existed: bool) {
        self.entries[n].existence = Existence::Known(existed);
    }

    /// The piece that so many bytes are added to, with room for them.
    fn piece_for(&mut self, bytes: usize) -> &mut Vec<u8> {
        if !self.newest.is_empty() && self.newest.len() + bytes > PIECE_BYTES {
            let next = Vec::with_capacity(PIECE_BYTES.max(bytes));
            self.full.push(std::mem::replace(&mut self.newest, next));
        }
        self.newest.reserve(bytes);
        &mut self.newest
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether any of them is a delete.
    pub(crate) fn deletes(&self) -> bool {
        self.entries.iter().any(|change| !change.puts)
    }

    /// The change, where there is no other.
    pub(crate) fn only(&self) -> Option<KeyChange<'_>> {
        let [change] = &self.entries[..] else { return None };
        Some(self.told(change))
    }

    /// What they take up in memory, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes + self.entries.len() * size_of::<Change>()
    }

    /// The key of a change.
    fn key(&self, change: &Change) -> &[u8] {
        &self.piece(change)[to_usize(change.key_at)..to_usize(change.value_at)]
    }

    /// The value that a change puts; nothing where it deletes.
    fn value(&self, change: &Change) -> Option<&[u8]> {
        change.puts.then(|| &self.piece(change)[to_usize(change.value_at)..to_usize(change.end)])
    }

    fn piece(&self, change: &Change) -> &[u8] {
        self.full.get(to_usize(change.piece)).unwrap_or(&self.newest)
    }

    fn told(&self, change: &Change) -> KeyChange<'_> {
        KeyChange { key: self.key(change), value: self.value(change), existence: change.existence }
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

    /// All, where the keys ascended as they came.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = KeyChange<'_>> {
        self.entries.iter().map(|change| self.told(change))
    }

    /// One change a key that does what all changes of it do one after the other, once they are sorted.
    pub(crate) fn by_key(&self) -> impl Iterator<Item = KeyChange<'_>> {
        self.entries.chunk_by(|a, b| self.compare(a, b).is_eq()).filter_map(|same| {
            let (first, last) = (same.first()?, same.last()?);
            Some(KeyChange { existence: first.existence, ..self.told(last) })
        })
    }

    /// Whether each change that says whether its key is there finds it as the one before left it, once they are sorted.
    pub(crate) fn fit(&self) -> bool {
        self.entries.windows(2).all(|pair| {
            let [before, after] = pair else { return true };
            let fits = [Existence::Look, Existence::Known(before.puts)].contains(&after.existence);
            fits || self.compare(before, after).is_ne()
        })
    }

    /// Forgets them, and keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.full.clear();
        self.newest.clear();
        self.bytes = 0;
        self.entries.clear();
    }

    fn compare(&self, a: &Change, b: &Change) -> Ordering {
        a.head.cmp(&b.head).then_with(|| self.key(a).cmp(self.key(b)))
    }
}

#[cfg(test)]
mod tests;
