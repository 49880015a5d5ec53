//! The rows that expressions read.

use std::sync::Arc;

use crate::codec::{Malformed, Record};
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
    /// A record in memory of the statement.
    Kept(Arc<Vec<u8>>, std::ops::Range<usize>),
}

impl<'v> Row<'v> {
    /// A record in a page.
    #[inline]
    #[must_use]
    pub fn page(record: Record<'v>, rowid: i64) -> Row<'v> {
        Row { cells: Cells::Page(record), rowid }
    }

    /// A record in memory.
    #[must_use]
    pub fn kept(bytes: Arc<Vec<u8>>, rowid: i64) -> Row<'v> {
        let range = 0..bytes.len();
        Row { cells: Cells::Kept(bytes, range), rowid }
    }

    /// A column; NULL where the record has none at this place.
    #[inline]
    pub fn column(&self, place: usize) -> Result<ValueRef<'_>, Malformed> {
        match &self.cells {
            Cells::Page(record) => record.column(place),
            Cells::Kept(bytes, range) => {
                Record::new(bytes.get(range.clone()).ok_or(Malformed)?)?.column(place)
            }
            Cells::Nothing => Ok(ValueRef::Null),
        }
    }

    /// How many columns the record has; `None` without a record.
    pub fn stored_columns(&self) -> Result<Option<usize>, Malformed> {
        match &self.cells {
            Cells::Page(record) => Ok(Some(record.len())),
            Cells::Kept(bytes, range) => {
                Ok(Some(Record::new(bytes.get(range.clone()).ok_or(Malformed)?)?.len()))
            }
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
