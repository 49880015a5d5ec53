//! The rows that expressions read.

use std::sync::Arc;

use crate::codec::{Malformed, Record, encode_record};
use crate::error::{Error, Result};
use crate::value::ValueRef;

/// The current row of a slot.
#[derive(Clone, Default)]
pub struct Row<'v> {
    /// Its columns.
    pub cells: Cells<'v>,
    /// Its rowid, where it has one.
    pub rowid: i64,
}

/// The columns of a row.
#[derive(Clone, Default)]
pub enum Cells<'v> {
    /// No row: all columns and the rowid are NULL, as on the empty side of an outer join.
    #[default]
    Nothing,
    /// A record in a page.
    Page(Record<'v>),
    /// A record in memory of the statement, shared with others.
    Kept(Arc<Vec<u8>>, std::ops::Range<usize>),
    /// A record of its own, whose memory is used again for the next one.
    Own(Vec<u8>),
}

impl<'v> Row<'v> {
    /// A record in a page.
    #[inline]
    #[must_use]
    pub fn page(record: Record<'v>, rowid: i64) -> Row<'v> {
        Row { cells: Cells::Page(record), rowid }
    }

    /// Makes it a record in a page. Where it was one before, the record is written in place: a row that is made apart
    /// and then copied costs more than to find it.
    #[inline]
    pub fn set_page(&mut self, record: Record<'v>, rowid: i64) {
        match &mut self.cells {
            Cells::Page(before) => *before = record,
            other => *other = Cells::Page(record),
        }
        self.rowid = rowid;
    }

    /// A record in memory.
    #[must_use]
    pub fn kept(bytes: Arc<Vec<u8>>, rowid: i64) -> Row<'v> {
        let range = 0..bytes.len();
        Row { cells: Cells::Kept(bytes, range), rowid }
    }

    /// Makes it a record of these values, in the memory it has already if that is its own. At an error it is no row.
    ///
    /// # Errors
    /// If the record would be too long.
    pub fn keep(&mut self, values: &[ValueRef<'_>], rowid: i64) -> Result<()> {
        let mut bytes = self.take_memory();
        encode_record(&mut bytes, values, 0).map_err(|_| Error::TooBig("string or blob too big"))?;
        *self = Row { cells: Cells::Own(bytes), rowid };
        Ok(())
    }

    /// Makes it a copy of a record.
    #[inline]
    pub fn copy_from(&mut self, record: &[u8]) {
        let mut bytes = self.take_memory();
        bytes.extend_from_slice(record);
        *self = Row { cells: Cells::Own(bytes), rowid: 0 };
    }

    /// Its own memory if it has any, empty, to be used for another record. It is no row afterwards.
    #[inline]
    #[must_use]
    pub fn take_memory(&mut self) -> Vec<u8> {
        match std::mem::take(&mut self.cells) {
            Cells::Own(mut bytes) => {
                bytes.clear();
                bytes
            }
            _ => Vec::new(),
        }
    }

    /// A column; NULL where the record has none at this place.
    ///
    /// Always inlined, as are those it calls: a value that is handed on through memory twice costs more than to
    /// decode it.
    #[inline(always)]
    pub fn column(&self, place: usize) -> std::result::Result<ValueRef<'_>, Malformed> {
        match &self.cells {
            Cells::Page(record) => record.column(place),
            Cells::Kept(bytes, range) => {
                Record::new(bytes.get(range.clone()).ok_or(Malformed)?)?.column(place)
            }
            Cells::Own(bytes) => Record::new(bytes)?.column(place),
            Cells::Nothing => Ok(ValueRef::Null),
        }
    }

    /// How many columns the record has; `None` without a record.
    pub fn stored_columns(&self) -> std::result::Result<Option<usize>, Malformed> {
        match &self.cells {
            Cells::Page(record) => Ok(Some(record.len())),
            Cells::Kept(bytes, range) => {
                Ok(Some(Record::new(bytes.get(range.clone()).ok_or(Malformed)?)?.len()))
            }
            Cells::Own(bytes) => Ok(Some(Record::new(bytes)?.len())),
            Cells::Nothing => Ok(None),
        }
    }

    /// The rowid; NULL without a record.
    #[inline]
    #[must_use]
    pub fn rowid_value(&self) -> ValueRef<'static> {
        match self.cells {
            Cells::Nothing => ValueRef::Null,
            _ => ValueRef::Integer(self.rowid),
        }
    }
}
