//! Sorting.

use std::sync::Arc;

use super::chunk::push_row;
use super::filter::limits;
use super::frame::{Ctx, Frame};
use super::keys::push_sort_key;
use super::operator::{BoxOperator, Operator, with_env, with_values};
use super::sorter::Sorter;
use crate::error::Result;
use crate::plan::Sort;
use crate::value::ArenaBuffer;

pub(super) struct SortRows {
    input: BoxOperator,
    plan: Arc<Sort>,
    sorter: Sorter,
    key: Vec<u8>,
    at: usize,
    buffer: ArenaBuffer,
}

/// A sort for the first rows only is cut back when it has this many rows more than twice those wanted.
const SPARE_ROWS: usize = 64;

impl SortRows {
    pub(super) fn new(input: BoxOperator, plan: Arc<Sort>) -> SortRows {
        let (sorter, key, buffer) = (Sorter::default(), Vec::new(), ArenaBuffer::new());
        SortRows { input, plan, sorter, key, at: 0, buffer }
    }

    /// How many rows are wanted at most.
    fn wanted<'v>(&mut self, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<usize> {
        let Some(limit) = &self.plan.limit else { return Ok(usize::MAX) };
        let (count, offset) = limits(limit, &mut self.buffer, frame, ctx)?;
        let wanted = count.map(|count| count.saturating_add(offset));
        Ok(wanted.and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(usize::MAX))
    }

    /// Takes in the current row, unless it does not come before the key at `place`.
    fn take<'v>(&mut self, last: Option<usize>, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let SortRows { plan, sorter, key, buffer, .. } = self;
        key.clear();
        with_env(buffer, frame, ctx, |env| {
            for sort in &plan.keys {
                push_sort_key(key, sort, env);
            }
            if last.is_some_and(|last| sorter.key(last) <= key.as_slice()) {
                return Ok(());
            }
            with_values(&plan.values, env, |values| sorter.push(key, |out| push_row(out, values)))
        })
    }
}

impl Operator for SortRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let wanted = self.wanted(frame, ctx)?;
        self.sorter.clear();
        self.at = 0;
        self.input.open(frame, ctx)?;
        let most = wanted.saturating_mul(2).saturating_add(SPARE_ROWS);
        // Once rows were cut off, those that are not before the last one left are not wanted.
        let mut last = None;
        while self.input.next(frame, ctx)? {
            self.take(last, frame, ctx)?;
            if self.sorter.len() >= most {
                self.sorter.sort_and_keep(wanted);
                last = wanted.checked_sub(1);
            }
        }
        self.sorter.sort();
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let Some(row) = self.sorter.row(self.at) else { return Ok(false) };
        self.at += 1;
        frame.rows[self.plan.row].copy_from(row);
        Ok(true)
    }
}
