//! `UNION`, `INTERSECT` and `EXCEPT`.
//!
//! `UNION ALL` gives the rows of the first query and then those of the second. The others give different rows, in the
//! order of their values, as SQLite does.

use std::sync::Arc;

use super::chunk::Chunk;
use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::operator::{BoxOperator, Operator, make_row, with_env, with_values};
use crate::ast::CompoundOp;
use crate::codec::{Direction, push_value};
use crate::error::Result;
use crate::expr::Scalar;
use crate::plan::Compound;
use crate::value::{ArenaBuffer, Collation, ValueRef};

pub(super) struct CompoundRows {
    pub(super) plan: Arc<Compound>,
    pub(super) left: BoxOperator,
    pub(super) right: BoxOperator,
    pub(super) rows: Chunk,
    pub(super) order: Vec<usize>,
    pub(super) at: usize,
    pub(super) in_right: bool,
    pub(super) buffer: ArenaBuffer,
}

impl CompoundRows {
    /// Collects the different rows of one side; `keep` says by number and novelty which rows are stored.
    fn collect<'v>(
        input: &mut BoxOperator,
        output: &[Scalar],
        collations: &[Collation],
        buffer: &mut ArenaBuffer,
        frame: &mut Frame<'v>,
        ctx: &Ctx<'_, 'v>,
        mut take: impl FnMut(&[u8], &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        input.open(frame, ctx)?;
        let mut key = Vec::new();
        while input.next(frame, ctx)? {
            key.clear();
            with_env(buffer, frame, ctx, |env| {
                with_values(output, env, |values| {
                    for (value, collation) in values.iter().zip(collations) {
                        push_value(&mut key, *value, collation, Direction::Ascending);
                    }
                    take(&key, values)
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
        let plan = self.plan.clone();
        if plan.op == CompoundOp::UnionAll {
            return self.left.open(frame, ctx);
        }
        self.rows.clear();
        let mut keys = KeyTable::default();
        let rows = &mut self.rows;
        Self::collect(
            &mut self.left,
            &plan.left.output,
            &plan.collations,
            &mut self.buffer,
            frame,
            ctx,
            |key, values| if keys.insert(key).1 { rows.push(values) } else { Ok(()) },
        )?;
        let of_left = keys.len();
        let mut in_both = vec![false; of_left];
        Self::collect(
            &mut self.right,
            &plan.right.output,
            &plan.collations,
            &mut self.buffer,
            frame,
            ctx,
            |key, values| {
                if plan.op == CompoundOp::Union {
                    return if keys.insert(key).1 { rows.push(values) } else { Ok(()) };
                }
                if let Some(number) = keys.find(key) {
                    in_both[number] = true;
                }
                Ok(())
            },
        )?;
        self.order = keys.sorted();
        match plan.op {
            CompoundOp::Intersect => self.order.retain(|&number| in_both[number]),
            CompoundOp::Except => self.order.retain(|&number| !in_both[number]),
            CompoundOp::Union | CompoundOp::UnionAll => {}
        }
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let CompoundRows { plan, left, right, buffer, .. } = self;
        if plan.op != CompoundOp::UnionAll {
            let Some(&row) = self.order.get(self.at) else { return Ok(false) };
            self.at += 1;
            frame.rows[plan.row].copy_from(self.rows.record(row));
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
