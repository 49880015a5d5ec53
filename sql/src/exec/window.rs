//! Window functions.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator};
use crate::error::{Error, Result};
use crate::plan::Window;

pub(super) struct WindowRows {
    input: BoxOperator,
    plan: Arc<Window>,
}

impl WindowRows {
    pub(super) fn new(input: BoxOperator, plan: Arc<Window>) -> WindowRows {
        WindowRows { input, plan }
    }
}

impl Operator for WindowRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.input.open(frame, ctx)?;
        Err(Error::statement(format!("window functions are not supported yet ({})", self.plan.calls.len())))
    }

    fn next<'v>(&mut self, _: &mut Frame<'v>, _: &Ctx<'_, 'v>) -> Result<bool> {
        Ok(false)
    }
}
