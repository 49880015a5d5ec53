//! Recursive common tables: a queue of rows, each of which the recursive part makes further rows of.
//!
//! The row that was taken out of the queue last is in the frame; the recursive part reads a copy of it. That part is run
//! when the row after it is asked for: a query that wants no more rows runs it no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::{Chunk, push_row};
use super::filter::limits;
use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::{push_key, push_sort_key};
use super::operator::{BoxOperator, Operator, with_env, with_values};
use crate::error::Result;
use crate::expr::{Cells, Scalar};
use crate::plan::{Recursive, SortKey};
use crate::value::ArenaBuffer;

pub(super) struct RecursiveRows {
    plan: Arc<Recursive>,
    initial: BoxOperator,
    steps: Vec<BoxOperator>,
    queue: Queue,
    seen: KeyTable,
    key: Vec<u8>,
    left: Option<u64>,
    skip: u64,
    /// Whether the recursive part is still to be run for the row that was taken last.
    due: bool,
    buffer: ArenaBuffer,
}

/// The records of the rows that wait.
enum Queue {
    /// In the order in which they were made, and how many of them were taken out.
    InLine(Chunk, usize),
    /// By sort key and, where that is the same, in the order in which they were made.
    Sorted { rows: BTreeMap<(Vec<u8>, u64), Vec<u8>>, made: u64, taken: Vec<u8> },
}

/// So many rows that were taken out are worth to be dropped, if as many wait.
const WORTH_DROPPING: usize = 1 << 10;

impl Queue {
    fn clear(&mut self) {
        match self {
            Queue::InLine(rows, taken) => {
                rows.clear();
                *taken = 0;
            }
            Queue::Sorted { rows, .. } => rows.clear(),
        }
    }

    /// Moves the first row into the frame; false if there is none.
    fn take(&mut self, row: usize, frame: &mut Frame<'_>) -> bool {
        match self {
            Queue::InLine(rows, taken) => {
                if *taken == rows.len() {
                    return false;
                }
                if *taken >= WORTH_DROPPING && *taken * 2 >= rows.len() {
                    rows.drop_first(*taken);
                    *taken = 0;
                }
                *taken += 1;
            }
            Queue::Sorted { rows, taken, .. } => {
                let Some((_, record)) = rows.pop_first() else { return false };
                *taken = record;
            }
        }
        self.put_last(row, frame);
        true
    }

    /// Puts the row that was taken last into the frame again.
    fn put_last(&self, row: usize, frame: &mut Frame<'_>) {
        frame.rows[row].copy_from(match self {
            Queue::InLine(rows, taken) => rows.record(*taken - 1),
            Queue::Sorted { taken, .. } => taken,
        });
    }
}

impl RecursiveRows {
    pub(super) fn new(initial: BoxOperator, steps: Vec<BoxOperator>, plan: Arc<Recursive>) -> RecursiveRows {
        let queue = match plan.order_by.is_empty() {
            true => Queue::InLine(Chunk::default(), 0),
            false => Queue::Sorted { rows: BTreeMap::new(), made: 0, taken: Vec::new() },
        };
        RecursiveRows {
            plan,
            initial,
            steps,
            queue,
            seen: KeyTable::default(),
            key: Vec::new(),
            left: None,
            skip: 0,
            due: false,
            buffer: ArenaBuffer::new(),
        }
    }

    /// Runs the recursive part for the row that was taken last.
    fn run_steps<'v>(&mut self, plan: &Recursive, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.queue.put_last(plan.row, frame);
        for (number, step) in plan.steps.iter().enumerate() {
            self.steps[number].open(frame, ctx)?;
            while self.steps[number].next(frame, ctx)? {
                self.enqueue(&step.output, frame, ctx)?;
            }
        }
        Ok(())
    }

    /// Puts a row of these values into the queue.
    fn enqueue<'v>(&mut self, output: &[Scalar], frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let RecursiveRows { plan, queue, seen, key, buffer, .. } = self;
        let record = with_env(buffer, frame, ctx, |env| {
            with_values(output, env, |values| {
                if let Some(collations) = &plan.distinct {
                    key.clear();
                    for (value, collation) in values.iter().zip(collations) {
                        push_key(key, *value, collation);
                    }
                    if !seen.insert(key).1 {
                        return Ok(None);
                    }
                }
                match queue {
                    Queue::InLine(rows, _) => rows.push(values).map(|()| None),
                    Queue::Sorted { .. } => {
                        let mut record = Vec::new();
                        push_row(&mut record, values)?;
                        Ok(Some(record))
                    }
                }
            })
        })?;
        if let (Some(record), Queue::Sorted { rows, made, .. }) = (record, queue) {
            let key = sort_key(&record, plan.row, &plan.order_by, buffer, frame, ctx)?;
            rows.insert((key, *made), record);
            *made += 1;
        }
        Ok(())
    }
}

/// The sort key of a record, which is looked at in the place of a row.
fn sort_key<'v>(
    record: &[u8],
    row: usize,
    order_by: &[SortKey],
    buffer: &mut ArenaBuffer,
    frame: &mut Frame<'v>,
    ctx: &Ctx<'_, 'v>,
) -> Result<Vec<u8>> {
    let before = std::mem::take(&mut frame.rows[row]);
    frame.rows[row].copy_from(record);
    let mut key = Vec::new();
    let made = with_env(buffer, frame, ctx, |env| {
        order_by.iter().for_each(|sort| push_sort_key(&mut key, sort, env));
        Ok(())
    });
    frame.rows[row] = before;
    made.map(|()| key)
}

impl Operator for RecursiveRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.queue.clear();
        self.seen.clear();
        self.due = false;
        (self.left, self.skip) = limits(&self.plan.limit, &mut self.buffer, frame, ctx)?;
        self.initial.open(frame, ctx)?;
        let plan = self.plan.clone();
        while self.initial.next(frame, ctx)? {
            self.enqueue(&plan.initial.output, frame, ctx)?;
        }
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let plan = self.plan.clone();
        loop {
            ctx.check()?;
            if std::mem::take(&mut self.due) && self.left != Some(0) {
                self.run_steps(&plan, frame, ctx)?;
            }
            // The queue is looked at also when nothing is left in it.
            ctx.pace.read(u64::from(self.left != Some(0)));
            if self.left == Some(0) || !self.queue.take(plan.row, frame) {
                return Ok(false);
            }
            self.due = true;
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if let Some(left) = &mut self.left {
                *left -= 1;
            }
            return Ok(true);
        }
    }
}

/// The row that the recursive part gets.
pub(super) struct RecursionRow {
    pub(super) row: usize,
    pub(super) of: usize,
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
        let mut copy = std::mem::take(&mut frame.rows[self.row]);
        if let Cells::Own(record) = &frame.rows[self.of].cells {
            copy.copy_from(record);
        }
        frame.rows[self.row] = copy;
        Ok(true)
    }
}
