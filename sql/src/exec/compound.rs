//! `UNION`, `INTERSECT` and `EXCEPT`.
//!
//! `UNION ALL` gives the rows of the first query and then those of the second. The others give different rows, in the
//! order of their values, as SQLite does: by hashing, and once there is no room for more by sorting all rows.

use std::sync::Arc;

use super::chunk::{Chunk, push_row};
use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::push_key;
use super::operator::{BoxOperator, Operator, make_row, with_env, with_values};
use super::spill::SpillSorter;
use crate::ast::CompoundOp;
use crate::error::{Error, Result};
use crate::expr::Scalar;
use crate::plan::Compound;
use crate::value::{ArenaBuffer, Collation, ValueRef};

pub(super) struct CompoundRows {
    plan: Arc<Compound>,
    left: BoxOperator,
    right: BoxOperator,
    found: Found,
    order: Vec<usize>,
    at: usize,
    in_right: bool,
    buffer: ArenaBuffer,
}

/// In which sides a row is.
type Sides = u8;
const LEFT: Sides = 1;
const RIGHT: Sides = 2;

/// The different rows.
#[derive(Default)]
struct Found {
    keys: KeyTable,
    rows: Chunk,
    sides: Vec<Sides>,
    /// All rows with their sides, once there was no room for them.
    sorted: Option<SpillSorter>,
    /// The next of these.
    next: Option<(Vec<u8>, Vec<u8>)>,
}

impl Found {
    fn clear(&mut self) {
        self.keys.clear();
        self.rows.clear();
        self.sides.clear();
        self.sorted = None;
        self.next = None;
    }

    fn add(
        &mut self,
        (key, values): (&[u8], &[ValueRef<'_>]),
        side: Sides,
        op: CompoundOp,
        ctx: &Ctx<'_, '_>,
    ) -> Result<()> {
        if let Some(sorted) = &mut self.sorted {
            return sorted.push(key, ctx, |out| {
                out.push(side);
                push_row(out, values)
            });
        }
        if side == RIGHT && op != CompoundOp::Union {
            if let Some(number) = self.keys.find(key) {
                self.sides[number] |= side;
            }
            return Ok(());
        }
        if !self.keys.insert(key).1 {
            return Ok(());
        }
        self.sides.push(side);
        self.rows.push(values)?;
        if self.keys.held_bytes() + self.rows.held_bytes() <= ctx.memory_bytes() {
            return Ok(());
        }
        let mut sorted = SpillSorter::default();
        for (number, sides) in self.sides.iter().enumerate() {
            sorted.push(self.keys.key(number), ctx, |out| {
                out.push(*sides);
                out.extend_from_slice(self.rows.record(number));
                Ok(())
            })?;
        }
        self.clear();
        self.sorted = Some(sorted);
        Ok(())
    }

    fn move_on(&mut self) -> Result<()> {
        let next = self.sorted.as_mut().map(SpillSorter::next).transpose()?.flatten();
        self.next = next.map(|(key, row)| (key.to_vec(), row.to_vec()));
        Ok(())
    }

    /// The record of the next row that is in the right sides, of those that were sorted.
    fn next_sorted(&mut self, op: CompoundOp, ctx: &Ctx<'_, '_>) -> Result<Option<Vec<u8>>> {
        while let Some((key, row)) = self.next.take() {
            let mut sides = 0;
            let mut other = Some((key.clone(), row.clone()));
            while let Some((_, row)) = other.take_if(|(other, _)| *other == key) {
                ctx.check()?;
                sides |= row.first().ok_or(Error::Malformed)?;
                self.move_on()?;
                other = self.next.take();
            }
            self.next = other;
            if fits(op, sides) {
                return Ok(row.get(1..).map(<[u8]>::to_vec));
            }
        }
        Ok(None)
    }
}

fn fits(op: CompoundOp, sides: Sides) -> bool {
    match op {
        CompoundOp::Intersect => sides == LEFT | RIGHT,
        CompoundOp::Except => sides == LEFT,
        CompoundOp::Union | CompoundOp::UnionAll => true,
    }
}

impl CompoundRows {
    pub(super) fn new(left: BoxOperator, right: BoxOperator, plan: Arc<Compound>) -> CompoundRows {
        CompoundRows {
            plan,
            left,
            right,
            found: Found::default(),
            order: Vec::new(),
            at: 0,
            in_right: false,
            buffer: ArenaBuffer::new(),
        }
    }

    /// Collects the rows of one side.
    fn collect<'v>(&mut self, side: Sides, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let CompoundRows { plan, left, right, found, buffer, .. } = self;
        let (input, query) = if side == LEFT { (left, &plan.left) } else { (right, &plan.right) };
        let output: &[Scalar] = &query.output;
        let collations: &[Collation] = &plan.collations;
        input.open(frame, ctx)?;
        let mut key = Vec::new();
        while input.next(frame, ctx)? {
            key.clear();
            with_env(buffer, frame, ctx, |env| {
                with_values(output, env, |values| {
                    for (value, collation) in values.iter().zip(collations) {
                        push_key(&mut key, *value, collation);
                    }
                    found.add((&key, values), side, plan.op, ctx)
                })
            })?;
        }
        Ok(())
    }
}

impl Operator for CompoundRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.at = 0;
        self.in_right = false;
        if self.plan.op == CompoundOp::UnionAll {
            return self.left.open(frame, ctx);
        }
        self.found.clear();
        self.order.clear();
        self.collect(LEFT, frame, ctx)?;
        self.collect(RIGHT, frame, ctx)?;
        let (found, op) = (&mut self.found, self.plan.op);
        if let Some(sorted) = &mut found.sorted {
            sorted.finish(ctx)?;
            return found.move_on();
        }
        self.order = found.keys.sorted(&|| ctx.check())?;
        self.order.retain(|&number| fits(op, found.sides[number]));
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let CompoundRows { plan, left, right, found, buffer, .. } = self;
        if plan.op != CompoundOp::UnionAll {
            if found.sorted.is_some() {
                let Some(record) = found.next_sorted(plan.op, ctx)? else { return Ok(false) };
                frame.rows[plan.row].copy_from(&record);
                return Ok(true);
            }
            let Some(&row) = self.order.get(self.at) else { return Ok(false) };
            self.at += 1;
            frame.rows[plan.row].copy_from(found.rows.record(row));
            return Ok(true);
        }
        if !self.in_right {
            if left.next(frame, ctx)? {
                make_row(&plan.left.output, plan.row, buffer, frame, ctx)?;
                return Ok(true);
            }
            self.in_right = true;
            right.open(frame, ctx)?;
        }
        if !right.next(frame, ctx)? {
            return Ok(false);
        }
        make_row(&plan.right.output, plan.row, buffer, frame, ctx)?;
        Ok(true)
    }
}
