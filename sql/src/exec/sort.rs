//! Sorting.

use std::cmp::Ordering;
use std::sync::Arc;

use super::chunk::push_row;
use super::filter::limits;
use super::frame::{Ctx, Frame};
use super::keys::{head_of_number, push_sorted};
use super::operator::{BoxOperator, Operator, with_env, with_values};
use super::spill::SpillSorter;
use crate::error::Result;
use crate::plan::{Sort, SortKey};
use crate::value::{ArenaBuffer, ValueRef};

pub(super) struct SortRows {
    input: BoxOperator,
    plan: Arc<Sort>,
    sorter: SpillSorter,
    key: Vec<u8>,
    /// The last key that is wanted, once rows were cut off: of those that are not before it none is.
    last: Option<Vec<u8>>,
    buffer: ArenaBuffer,
}

/// A sort for the first rows only is cut back when it has this many rows more than twice those wanted.
const SPARE_ROWS: usize = 64;

impl SortRows {
    pub(super) fn new(input: BoxOperator, plan: Arc<Sort>) -> SortRows {
        let (sorter, key, buffer) = (SpillSorter::default(), Vec::new(), ArenaBuffer::new());
        SortRows { input, plan, sorter, key, last: None, buffer }
    }

    /// How many rows are wanted at most.
    fn wanted<'v>(&mut self, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<usize> {
        let Some(limit) = &self.plan.limit else { return Ok(usize::MAX) };
        let (count, offset) = limits(limit, &mut self.buffer, frame, ctx)?;
        let wanted = count.map(|count| count.saturating_add(offset));
        Ok(wanted.and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(usize::MAX))
    }

    /// Takes in the current row, if it may be wanted.
    fn take<'v>(&mut self, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let SortRows { plan, sorter, key, last, buffer, .. } = self;
        with_env(buffer, frame, ctx, |env| {
            let mut last = last.as_deref();
            key.clear();
            for sort in &plan.keys {
                let value = sort.value.eval(env);
                if key.is_empty() && is_behind(last, value, sort) {
                    return Ok(());
                }
                push_sorted(key, value, sort);
                match last.map(|last| compare_beginning(key, last)) {
                    Some(Ordering::Greater) => return Ok(()),
                    Some(Ordering::Less) => last = None,
                    Some(Ordering::Equal) | None => {}
                }
            }
            if last.is_some() {
                return Ok(());
            }
            with_values(&plan.values, env, |values| sorter.push(key, ctx, |out| push_row(out, values)))
        })
    }
}

/// Whether a row with this first value is behind the last one that is wanted, as far as that shows without making its key.
#[inline]
fn is_behind(last: Option<&[u8]>, first: ValueRef<'_>, sort: &SortKey) -> bool {
    let Some(last) = last.and_then(<[u8]>::first_chunk) else { return false };
    head_of_number(first, sort).is_some_and(|head| head > u64::from_be_bytes(*last))
}

/// How the first values of a key compare with those of a whole one.
#[inline]
fn compare_beginning(key: &[u8], whole: &[u8]) -> Ordering {
    if let (Some(a), Some(b)) = (key.first_chunk(), whole.first_chunk())
        && a != b
    {
        return u64::from_be_bytes(*a).cmp(&u64::from_be_bytes(*b));
    }
    key.cmp(&whole[..key.len().min(whole.len())])
}

impl Operator for SortRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let wanted = self.wanted(frame, ctx)?;
        self.sorter.clear();
        self.input.open(frame, ctx)?;
        let most = wanted.saturating_mul(2).saturating_add(SPARE_ROWS);
        self.last = None;
        let mut taken: usize = 0;
        while self.input.next(frame, ctx)? {
            // Further rows are compared with the last one that is wanted, which is read for it.
            ctx.pace.read(u64::from(taken >= wanted));
            taken = taken.saturating_add(1);
            self.take(frame, ctx)?;
            let sorter = self.sorter.in_memory();
            if sorter.len() >= most {
                sorter.sort_and_keep(wanted, &|| ctx.check())?;
                self.last = wanted.checked_sub(1).map(|last| sorter.key(last).to_vec());
            }
        }
        self.sorter.finish(ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let Some((_, row)) = self.sorter.next()? else { return Ok(false) };
        frame.rows[self.plan.row].copy_from(row);
        ctx.pace.read(1);
        Ok(true)
    }
}
