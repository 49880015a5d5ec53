//! A query that runs: rows out.

use super::frame::{Ctx, Frame};
use super::open::operator;
use super::operator::{BoxOperator, with_env};
use crate::error::Result;
use crate::plan::{FrameSize, QueryPlan};
use crate::value::{ArenaBuffer, ValueRef};

/// A query that runs.
pub struct Running<'v> {
    frame: Frame<'v>,
    root: BoxOperator,
    buffer: ArenaBuffer,
    started: bool,
}

impl<'v> Running<'v> {
    /// Before the first row.
    #[must_use]
    pub fn new(plan: &QueryPlan, size: FrameSize) -> Running<'v> {
        Running {
            frame: Frame::new(size),
            root: operator(&plan.root),
            buffer: ArenaBuffer::new(),
            started: false,
        }
    }

    /// Hands the values of the next row to `take`; `None` after the last.
    ///
    /// # Errors
    /// Those of the engine, of expressions and of `take`.
    pub fn next<T>(
        &mut self,
        plan: &QueryPlan,
        ctx: &Ctx<'_, 'v>,
        take: impl for<'e> FnOnce(&[ValueRef<'e>]) -> Result<T>,
    ) -> Result<Option<T>> {
        if !self.started {
            self.root.open(&mut self.frame, ctx)?;
            self.started = true;
        }
        if !self.root.next(&mut self.frame, ctx)? {
            return Ok(None);
        }
        with_env(&mut self.buffer, &self.frame, ctx, |env| {
            let values: Vec<ValueRef<'_>> = plan.output.iter().map(|value| value.eval(env)).collect();
            env.shared.error.check()?;
            take(&values).map(Some)
        })
    }
}
