//! The rows of a query in `FROM`.

use std::sync::Arc;

use super::chunk::Chunk;
use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator, make_row, passes, with_env, with_values};
use crate::error::Result;
use crate::plan::Rows;
use crate::value::ArenaBuffer;

pub(super) struct QueryRows {
    pub(super) plan: Arc<Rows>,
    pub(super) input: BoxOperator,
    pub(super) kept: Option<Chunk>,
    pub(super) at: usize,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for QueryRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.at = 0;
        if !self.plan.kept {
            return self.input.open(frame, ctx);
        }
        if self.kept.is_some() {
            return Ok(());
        }
        let mut chunk = Chunk::default();
        let output = &self.plan.query.output;
        self.input.open(frame, ctx)?;
        while self.input.next(frame, ctx)? {
            with_env(&mut self.buffer, frame, ctx, |env| {
                with_values(output, env, |values| chunk.push(values))
            })?;
        }
        self.kept = Some(chunk);
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            ctx.check()?;
            let QueryRows { plan, input, kept, at, buffer } = self;
            match kept {
                Some(chunk) if *at < chunk.len() => {
                    frame.rows[plan.row].copy_from(chunk.record(*at));
                    *at += 1;
                }
                Some(_) => return Ok(false),
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
