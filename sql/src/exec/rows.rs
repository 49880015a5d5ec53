//! The rows of a query in `FROM`.

use std::sync::Arc;

use super::chunk::{Chunk, single_row};
use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator, passes, with_env};
use crate::error::Result;
use crate::plan::Rows;
use crate::value::{ArenaBuffer, ValueRef};

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
        let output = self.plan.query.output.clone();
        self.input.open(frame, ctx)?;
        while self.input.next(frame, ctx)? {
            with_env(&mut self.buffer, frame, ctx, |env| {
                let values: Vec<ValueRef<'_>> = output.iter().map(|value| value.eval(env)).collect();
                env.shared.error.check()?;
                chunk.push(&values)
            })?;
        }
        self.kept = Some(chunk);
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            ctx.check()?;
            let row = match &self.kept {
                Some(chunk) if self.at < chunk.len() => {
                    self.at += 1;
                    chunk.row(self.at - 1)
                }
                Some(_) => return Ok(false),
                None => {
                    if !self.input.next(frame, ctx)? {
                        return Ok(false);
                    }
                    let output = &self.plan.query.output;
                    with_env(&mut self.buffer, frame, ctx, |env| {
                        let values: Vec<ValueRef<'_>> = output.iter().map(|value| value.eval(env)).collect();
                        single_row(&values)
                    })?
                }
            };
            frame.rows[self.plan.row] = row;
            if passes(&self.plan.tests, &mut self.buffer, frame, ctx)? {
                return Ok(true);
            }
        }
    }
}
