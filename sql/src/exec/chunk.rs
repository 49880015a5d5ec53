//! Rows kept in memory.

use crate::codec::encode_record;
use crate::error::{Error, Result};
use crate::value::ValueRef;

/// Records behind one another.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Chunk {
    /// Without rows, with room for so many bytes of them.
    pub(super) fn with_room(bytes: usize) -> Chunk {
        Chunk { bytes: Vec::with_capacity(bytes), ends: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How much memory it takes up.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>()
    }

    pub(super) fn push(&mut self, values: &[ValueRef<'_>]) -> Result<()> {
        push_row(&mut self.bytes, values)?;
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// The record at a place.
    pub(super) fn record(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[place]]
    }

    /// Forgets the first rows.
    pub(super) fn drop_first(&mut self, count: usize) {
        let Some(last) = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied() else { return };
        self.bytes.drain(..last);
        self.ends.drain(..count);
        self.ends.iter_mut().for_each(|end| *end -= last);
    }

    /// Forgets all rows, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Appends values as a record.
pub(super) fn push_row(out: &mut Vec<u8>, values: &[ValueRef<'_>]) -> Result<()> {
    encode_record(out, values, 0).map_err(|_| Error::TooBig("string or blob too big"))
}
