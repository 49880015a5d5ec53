//! Rows that pass tests, and some of the rows.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator, passes, with_env};
use crate::error::{Error, Result};
use crate::expr::{Scalar, Test};
use crate::plan::Limit;
use crate::value::{Affinity, ArenaBuffer, ValueRef};

pub(super) struct FilterRows {
    pub(super) input: BoxOperator,
    pub(super) tests: Arc<Vec<Test>>,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for FilterRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.input.open(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        while self.input.next(frame, ctx)? {
            if passes(&self.tests, &mut self.buffer, frame, ctx)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// One row of nothing, or none.
pub(super) struct OneRow {
    pub(super) rows: u8,
    pub(super) left: u8,
}

impl Operator for OneRow {
    fn open<'v>(&mut self, _: &mut Frame<'v>, _: &Ctx<'_, 'v>) -> Result<()> {
        self.left = self.rows;
        Ok(())
    }

    fn next<'v>(&mut self, _: &mut Frame<'v>, _: &Ctx<'_, 'v>) -> Result<bool> {
        let more = self.left > 0;
        self.left = 0;
        Ok(more)
    }
}

/// `LIMIT` and `OFFSET`.
pub(super) struct LimitRows {
    pub(super) input: BoxOperator,
    pub(super) plan: Arc<Limit>,
    pub(super) buffer: ArenaBuffer,
    pub(super) left: Option<u64>,
    pub(super) skip: u64,
}

impl Operator for LimitRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        (self.left, self.skip) = limits(&self.plan, &mut self.buffer, frame, ctx)?;
        if self.left == Some(0) { Ok(()) } else { self.input.open(frame, ctx) }
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        if self.left == Some(0) {
            return Ok(false);
        }
        while self.skip > 0 {
            if !self.input.next(frame, ctx)? {
                return Ok(false);
            }
            self.skip -= 1;
        }
        if !self.input.next(frame, ctx)? {
            return Ok(false);
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Ok(true)
    }
}

/// How many rows to give, if not all, and how many to leave out first.
pub(super) fn limits<'v>(
    plan: &Limit,
    buffer: &mut ArenaBuffer,
    frame: &Frame<'v>,
    ctx: &Ctx<'_, 'v>,
) -> Result<(Option<u64>, u64)> {
    let mut number = |scalar: &Option<Scalar>| -> Result<Option<i64>> {
        let Some(scalar) = scalar else { return Ok(None) };
        with_env(buffer, frame, ctx, |env| match Affinity::Integer.apply_numeric(scalar.eval(env)) {
            ValueRef::Integer(integer) => Ok(Some(integer)),
            _ => {
                env.shared.error.check()?;
                Err(Error::Mismatch)
            }
        })
    };
    let count = number(&plan.count)?.and_then(|count| u64::try_from(count).ok());
    let offset = number(&plan.offset)?.and_then(|offset| u64::try_from(offset).ok());
    Ok((count, offset.unwrap_or(0)))
}
