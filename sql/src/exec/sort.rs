//! Sorting.
//!
//! Rows are sorted by bytes that compare as their keys do; rows with equal keys stay in the order in which they came.

use std::sync::Arc;

use super::chunk::Chunk;
use super::filter::limits;
use super::frame::{Ctx, Frame};
use super::keys::push_sort_key;
use super::operator::{BoxOperator, Operator, with_env};
use crate::error::Result;
use crate::plan::Sort;
use crate::value::{ArenaBuffer, ValueRef};

/// Keys with the rows they belong to.
#[derive(Default)]
pub(super) struct Sorter {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// A key: its first bytes, where it lies, and which row it belongs to.
#[derive(Clone, Copy)]
struct Entry {
    head: u64,
    start: usize,
    end: usize,
    row: usize,
}

impl Sorter {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds a key that `write` appends.
    pub(super) fn push(&mut self, row: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let key = &self.bytes[start..];
        let mut head = [0; 8];
        let len = key.len().min(8);
        head[..len].copy_from_slice(&key[..len]);
        self.entries.push(Entry { head: u64::from_be_bytes(head), start, end: self.bytes.len(), row });
    }

    /// The rows in the order of their keys.
    pub(super) fn sort(&mut self) -> impl Iterator<Item = usize> {
        let bytes = &self.bytes;
        self.entries.sort_unstable_by(|a, b| {
            a.head
                .cmp(&b.head)
                .then_with(|| bytes[a.start..a.end].cmp(&bytes[b.start..b.end]))
                .then(a.row.cmp(&b.row))
        });
        self.entries.iter().map(|entry| entry.row)
    }

    /// The key of the row at a place in the order.
    pub(super) fn key(&self, place: usize) -> &[u8] {
        let entry = &self.entries[place];
        &self.bytes[entry.start..entry.end]
    }
}

pub(super) struct SortRows {
    pub(super) input: BoxOperator,
    pub(super) plan: Arc<Sort>,
    pub(super) rows: Chunk,
    pub(super) sorter: Sorter,
    pub(super) order: Vec<usize>,
    pub(super) at: usize,
    pub(super) buffer: ArenaBuffer,
}

/// A sort for the first rows only is cut back when it has this many rows more than wanted.
const SPARE_ROWS: usize = 1 << 12;

impl SortRows {
    /// Keeps the first rows only.
    fn cut(&mut self, wanted: usize) -> Result<()> {
        let order: Vec<usize> = self.sorter.sort().take(wanted).collect();
        let mut rows = Chunk::default();
        let mut sorter = Sorter::default();
        let mut columns = Vec::new();
        for (place, row) in order.into_iter().enumerate() {
            let kept = self.rows.row(row);
            columns.clear();
            for column in 0..self.plan.values.len() {
                columns.push(kept.column(column).map_err(|_| crate::error::Error::Malformed)?.to_value());
            }
            let values: Vec<ValueRef<'_>> = columns.iter().map(|value| value.as_ref()).collect();
            rows.push(&values)?;
            let key = self.sorter.key(place);
            sorter.push(place, |out| out.extend_from_slice(key));
        }
        self.rows = rows;
        self.sorter = sorter;
        Ok(())
    }
}

impl Operator for SortRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = self.plan.clone();
        let wanted = match &plan.limit {
            Some(limit) => {
                let (count, offset) = limits(limit, &mut self.buffer, frame, ctx)?;
                count.and_then(|count| usize::try_from(count.saturating_add(offset)).ok())
            }
            None => None,
        };
        self.rows.clear();
        self.sorter.clear();
        self.at = 0;
        self.input.open(frame, ctx)?;
        let mut scratch: Vec<u8> = Vec::new();
        while self.input.next(frame, ctx)? {
            let (rows, sorter) = (&mut self.rows, &mut self.sorter);
            scratch.clear();
            with_env(&mut self.buffer, frame, ctx, |env| {
                let row = rows.len();
                for key in &plan.keys {
                    push_sort_key(&mut scratch, key, env);
                }
                sorter.push(row, |out| out.extend_from_slice(&scratch));
                let values: Vec<ValueRef<'_>> = plan.values.iter().map(|value| value.eval(env)).collect();
                rows.push(&values)
            })?;
            if let Some(wanted) = wanted
                && self.rows.len() >= wanted.saturating_mul(2).saturating_add(SPARE_ROWS)
            {
                self.cut(wanted)?;
            }
        }
        self.order = self.sorter.sort().collect();
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let Some(&row) = self.order.get(self.at) else { return Ok(false) };
        self.at += 1;
        frame.rows[self.plan.row] = self.rows.row(row);
        Ok(true)
    }
}
