//! Rows of one table that several scans find: an `OR` of conditions, each with an index of its own.

use std::collections::HashSet;
use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator, passes, with_env};
use crate::codec::{Direction, push_rowid, push_value};
use crate::error::Result;
use crate::plan::AnyOf;
use crate::value::{ArenaBuffer, Collation};

/// Rows that some of several scans find, each once.
pub(super) struct AnyRows {
    pub(super) plan: Arc<AnyOf>,
    pub(super) scans: Vec<BoxOperator>,
    pub(super) at: usize,
    pub(super) seen: HashSet<Vec<u8>>,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for AnyRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.at = 0;
        self.seen.clear();
        match self.scans.first_mut() {
            Some(first) => first.open(frame, ctx),
            None => Ok(()),
        }
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        while let Some(scan) = self.scans.get_mut(self.at) {
            if !scan.next(frame, ctx)? {
                self.at += 1;
                if let Some(scan) = self.scans.get_mut(self.at) {
                    scan.open(frame, ctx)?;
                }
                continue;
            }
            let mut key = Vec::new();
            if self.plan.key.is_empty() {
                push_rowid(&mut key, frame.rows[self.plan.row].rowid);
            } else {
                with_env(&mut self.buffer, frame, ctx, |env| {
                    for part in &self.plan.key {
                        push_value(&mut key, part.eval(env), &Collation::Binary, Direction::Ascending);
                    }
                    Ok(())
                })?;
            }
            if self.seen.insert(key) && passes(&self.plan.tests, &mut self.buffer, frame, ctx)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
