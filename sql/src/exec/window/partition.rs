//! The rows of a window in order, and which of them belong together.
//!
//! Rows are named by their *places* in the order. Two rows are of one partition if their keys begin with the same
//! partition key, and peers if their whole keys are the same.

use std::ops::Range;

use crate::codec::Record;
use crate::error::{Error, Result};
use crate::exec::chunk::push_row;
use crate::exec::sorter::Sorter;
use crate::value::ValueRef;

/// All rows, sorted. Before the record of a row lies the length of its partition's key.
#[derive(Default)]
pub(super) struct Sorted {
    sorter: Sorter,
}

/// The bytes of the length before a record.
const LENGTH_BYTES: usize = 4;

impl Sorted {
    pub(super) fn clear(&mut self) {
        self.sorter.clear();
    }

    /// Adds a row with its key, the first bytes of which are those of its partition.
    pub(super) fn push(&mut self, key: &[u8], prefix: usize, values: &[ValueRef<'_>]) -> Result<()> {
        let prefix = u32::try_from(prefix).map_err(|_| Error::TooBig("string or blob too big"))?;
        self.sorter.push(key, |out| {
            out.extend_from_slice(&prefix.to_le_bytes());
            push_row(out, values)
        })
    }

    pub(super) fn sort(&mut self, check: &dyn Fn() -> Result<()>) -> Result<()> {
        self.sorter.sort(check)
    }

    pub(super) fn len(&self) -> usize {
        self.sorter.len()
    }

    /// The record at a place, and the length before it.
    fn row(&self, place: usize) -> (&[u8], &[u8]) {
        self.sorter.row(place).and_then(|row| row.split_at_checked(LENGTH_BYTES)).unwrap_or_default()
    }

    fn record(&self, place: usize) -> Result<Record<'_>> {
        Record::new(self.row(place).1).map_err(|_| Error::Malformed)
    }

    /// A value of the row at a place.
    #[inline]
    pub(super) fn value(&self, place: usize, column: usize) -> Result<ValueRef<'_>> {
        self.record(place)?.column(column).map_err(|_| Error::Malformed)
    }

    /// Some values of the row at a place, behind those that `out` has.
    #[inline]
    pub(super) fn values<'s>(
        &'s self,
        place: usize,
        columns: impl IntoIterator<Item = usize>,
        out: &mut Vec<ValueRef<'s>>,
    ) -> Result<()> {
        let record = self.record(place)?;
        for column in columns {
            out.push(record.column(column).map_err(|_| Error::Malformed)?);
        }
        Ok(())
    }

    fn prefix(&self, place: usize) -> usize {
        let length = self.row(place).0.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        usize::try_from(length).unwrap_or(usize::MAX)
    }

    /// The part of a key by which rows of a partition are sorted.
    pub(super) fn order_key(&self, place: usize) -> &[u8] {
        self.sorter.key(place).get(self.prefix(place)..).unwrap_or_default()
    }

    fn partition_key(&self, place: usize) -> &[u8] {
        self.sorter.key(place).get(..self.prefix(place)).unwrap_or_default()
    }
}

/// A partition, and the group of peers in it that is being given.
#[derive(Default)]
pub(super) struct Partition {
    /// Its places.
    pub(super) places: Range<usize>,
    /// Where each group of peers starts, and at last where the partition ends.
    starts: Vec<usize>,
    /// Which group the current row is in.
    pub(super) group: usize,
}

impl Partition {
    /// Goes to the partition that starts at a place.
    pub(super) fn start(&mut self, rows: &Sorted, start: usize) {
        self.starts.clear();
        self.starts.push(start);
        self.group = 0;
        let mut end = start + 1;
        while end < rows.len() && rows.partition_key(end) == rows.partition_key(start) {
            if rows.order_key(end) != rows.order_key(end - 1) {
                self.starts.push(end);
            }
            end += 1;
        }
        self.starts.push(end);
        self.places = start..end;
    }

    /// Goes on to a row of the partition.
    pub(super) fn go_to(&mut self, place: usize) {
        if place >= self.starts[self.group + 1] {
            self.group += 1;
        }
    }

    /// The current row and its peers.
    pub(super) fn peers(&self) -> Range<usize> {
        self.starts[self.group]..self.starts[self.group + 1]
    }

    /// Where a group starts; for those past the last one the end of the partition.
    pub(super) fn group_start(&self, group: usize) -> usize {
        self.starts.get(group).copied().unwrap_or(self.places.end)
    }
}
