//! Rows in the order of their keys: what sorting, ordered aggregates and the order of groups are made of.
//!
//! A key is bytes that compare as the values do; rows with equal keys stay in the order in which they came.

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
    pub(super) fn sort(&mut self) {
        let bytes = &self.bytes;
        self.entries.sort_unstable_by(|a, b| {
            a.head
                .cmp(&b.head)
                .then_with(|| bytes[a.start..a.row].cmp(&bytes[b.start..b.row]))
                .then(a.start.cmp(&b.start))
        });
    }

    /// Puts the rows in order, and keeps the first ones only.
    pub(super) fn sort_and_keep(&mut self, wanted: usize) {
        self.sort();
        self.entries.truncate(wanted);
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for entry in &mut self.entries {
            let moved = bytes.len();
            bytes.extend_from_slice(&self.bytes[entry.start..entry.end]);
            (entry.start, entry.row, entry.end) = (moved, moved + entry.row - entry.start, bytes.len());
        }
        self.bytes = bytes;
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
