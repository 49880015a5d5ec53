//! The rows of a query in `FROM`.

use std::sync::Arc;

use super::chunk::push_row;
use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator, make_row, passes, with_env, with_values};
use super::spill::SpillSorter;
use crate::error::Result;
use crate::plan::Rows;
use crate::value::ArenaBuffer;

pub(super) struct QueryRows {
    pub(super) plan: Arc<Rows>,
    pub(super) input: BoxOperator,
    /// The rows as they came, all with the same key.
    pub(super) kept: Option<SpillSorter>,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for QueryRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        if !self.plan.kept {
            return self.input.open(frame, ctx);
        }
        if let Some(kept) = &mut self.kept {
            return kept.rewind();
        }
        let mut kept = SpillSorter::default();
        let output = &self.plan.query.output;
        self.input.open(frame, ctx)?;
        while self.input.next(frame, ctx)? {
            with_env(&mut self.buffer, frame, ctx, |env| {
                with_values(output, env, |values| kept.push(&[], ctx, |out| push_row(out, values)))
            })?;
        }
        kept.finish(ctx)?;
        self.kept = Some(kept);
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            ctx.check()?;
            let QueryRows { plan, input, kept, buffer } = self;
            match kept {
                Some(kept) => match kept.next()? {
                    Some((_, row)) => frame.rows[plan.row].copy_from(row),
                    None => return Ok(false),
                },
                None => {
                    if !input.next(frame, ctx)? {
                        return Ok(false);
                    }
                    make_row(&plan.query.output, plan.row, buffer, frame, ctx)?;
                }
            }
            if passes(&self.plan.tests, &mut self.buffer, frame, ctx)? {
                return Ok(true);
            }
        }
    }
}
