//! Recursive common tables: a queue of rows, each of which the recursive part makes further rows of.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::single_row;
use super::filter::limits;
use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::{push_key, push_sort_key};
use super::operator::{BoxOperator, Operator, with_env};
use crate::bound::RecursionId;
use crate::error::Result;
use crate::expr::{Cells, Row, Scalar};
use crate::plan::Recursive;
use crate::value::{ArenaBuffer, ValueRef};

/// A record that waits.
type Bytes = Arc<Vec<u8>>;

pub(super) struct RecursiveRows {
    pub(super) plan: Arc<Recursive>,
    pub(super) initial: BoxOperator,
    pub(super) steps: Vec<BoxOperator>,
    /// The rows that wait, by sort key and the order of their making.
    pub(super) queue: BTreeMap<(Vec<u8>, u64), Bytes>,
    pub(super) made: u64,
    pub(super) seen: KeyTable,
    pub(super) left: Option<u64>,
    pub(super) skip: u64,
    pub(super) buffer: ArenaBuffer,
}

impl RecursiveRows {
    /// Puts the current row of a query into the queue.
    fn enqueue<'v>(&mut self, output: &[Scalar], frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = self.plan.clone();
        let seen = &mut self.seen;
        let row = with_env(&mut self.buffer, frame, ctx, |env| {
            let values: Vec<ValueRef<'_>> = output.iter().map(|value| value.eval(env)).collect();
            env.shared.error.check()?;
            if let Some(collations) = &plan.distinct {
                let mut key = Vec::new();
                for (value, collation) in values.iter().zip(collations) {
                    push_key(&mut key, *value, collation);
                }
                if !seen.insert(&key).1 {
                    return Ok(None);
                }
            }
            single_row(&values).map(Some)
        })?;
        let Some(row) = row else { return Ok(()) };
        let mut key = Vec::new();
        if !plan.order_by.is_empty() {
            let before = std::mem::replace(&mut frame.rows[plan.row], row.clone());
            with_env(&mut self.buffer, frame, ctx, |env| {
                for sort in &plan.order_by {
                    push_sort_key(&mut key, sort, env);
                }
                Ok(())
            })?;
            frame.rows[plan.row] = before;
        }
        if let Cells::Kept(bytes, _) = row.cells {
            self.queue.insert((key, self.made), bytes);
            self.made += 1;
        }
        Ok(())
    }
}

impl Operator for RecursiveRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.queue.clear();
        self.seen.clear();
        (self.left, self.skip) = limits(&self.plan.limit, &mut self.buffer, frame, ctx)?;
        self.initial.open(frame, ctx)?;
        let output = self.plan.initial.output.clone();
        while self.initial.next(frame, ctx)? {
            self.enqueue(&output, frame, ctx)?;
        }
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let plan = self.plan.clone();
        loop {
            ctx.check()?;
            if self.left == Some(0) {
                return Ok(false);
            }
            let Some((_, bytes)) = self.queue.pop_first() else { return Ok(false) };
            let row = Row::kept(bytes, 0);
            frame.recursion.retain(|(id, _)| *id != plan.id);
            frame.recursion.push((plan.id, row.clone()));
            for number in 0..self.steps.len() {
                self.steps[number].open(frame, ctx)?;
                let output = plan.steps[number].output.clone();
                while self.steps[number].next(frame, ctx)? {
                    self.enqueue(&output, frame, ctx)?;
                }
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if let Some(left) = &mut self.left {
                *left -= 1;
            }
            frame.rows[plan.row] = row;
            return Ok(true);
        }
    }
}

/// The row that the recursive part gets.
pub(super) struct RecursionRow {
    pub(super) row: usize,
    pub(super) id: RecursionId,
    pub(super) done: bool,
}

impl Operator for RecursionRow {
    fn open<'v>(&mut self, _: &mut Frame<'v>, _: &Ctx<'_, 'v>) -> Result<()> {
        self.done = false;
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, _: &Ctx<'_, 'v>) -> Result<bool> {
        if self.done {
            return Ok(false);
        }
        self.done = true;
        let current = frame.recursion.iter().find(|(id, _)| *id == self.id).map(|(_, row)| row.clone());
        match current {
            Some(row) => {
                frame.rows[self.row] = row;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
