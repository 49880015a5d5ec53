//! `DISTINCT`: rows whose values did not come before.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::push_group_key;
use super::operator::{BoxOperator, Operator, with_env};
use crate::error::Result;
use crate::plan::Distinct;
use crate::value::ArenaBuffer;

pub(super) struct DistinctRows {
    pub(super) input: BoxOperator,
    pub(super) plan: Arc<Distinct>,
    pub(super) seen: KeyTable,
    pub(super) key: Vec<u8>,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for DistinctRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.seen.clear();
        self.input.open(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        while self.input.next(frame, ctx)? {
            let DistinctRows { key, plan, buffer, .. } = self;
            key.clear();
            with_env(buffer, frame, ctx, |env| {
                push_group_key(key, plan.values.iter().zip(&plan.collations), env);
                Ok(())
            })?;
            if self.seen.insert(&self.key).1 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
