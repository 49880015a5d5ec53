//! Rows kept in memory.

use std::sync::Arc;

use crate::codec::encode_record;
use crate::error::{Error, Result};
use crate::expr::{Cells, Row};
use crate::value::ValueRef;

/// Records behind one another. Rows that are read share the memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    bytes: Arc<Vec<u8>>,
    ends: Vec<usize>,
}

impl Chunk {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, values: &[ValueRef<'_>]) -> Result<()> {
        let bytes = Arc::make_mut(&mut self.bytes);
        encode_record(bytes, values, 0).map_err(|_| Error::TooBig("string or blob too big"))?;
        self.ends.push(bytes.len());
        Ok(())
    }

    /// The row at a place, for a slot.
    pub(super) fn row<'v>(&self, place: usize) -> Row<'v> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Row { cells: Cells::Kept(self.bytes.clone(), start..self.ends[place]), rowid: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.bytes = Arc::default();
        self.ends.clear();
    }
}

/// One record as a row of its own.
pub(super) fn single_row<'v>(values: &[ValueRef<'_>]) -> Result<Row<'v>> {
    let mut bytes = Vec::new();
    encode_record(&mut bytes, values, 0).map_err(|_| Error::TooBig("string or blob too big"))?;
    Ok(Row::kept(Arc::new(bytes), 0))
}
