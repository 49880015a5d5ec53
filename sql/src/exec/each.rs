//! The different values of an `IN` list, in order: what an index is searched for.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::keys::converted;
use super::operator::{Operator, with_env};
use crate::error::Result;
use crate::plan::{Each, EachSource};
use crate::value::{ArenaBuffer, Value, compare};

pub(super) struct EachValue {
    pub(super) plan: Arc<Each>,
    pub(super) values: Vec<Value>,
    pub(super) at: usize,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for EachValue {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = &*self.plan;
        self.at = 0;
        self.values = with_env(&mut self.buffer, frame, ctx, |env| {
            let mut values = Vec::new();
            match &plan.source {
                EachSource::List(list) => {
                    for value in list {
                        values.push(plan.affinity.apply(value.eval(env), env.arena).to_value());
                    }
                }
                EachSource::Subquery(number) => {
                    for value in env.shared.subqueries.first_column(*number, env)? {
                        values.push(converted(plan.affinity, &value));
                    }
                }
            }
            Ok(values)
        })?;
        self.values.retain(|value| !value.is_null());
        self.values.sort_by(|a, b| {
            let order = compare(a.as_ref(), b.as_ref(), &plan.collation);
            if plan.descending { order.reverse() } else { order }
        });
        self.values.dedup_by(|a, b| compare(a.as_ref(), b.as_ref(), &plan.collation).is_eq());
        // They count as rows of a table: to go to the first one counts, even if there is none.
        ctx.pace.read(u64::from(self.values.is_empty()));
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let Some(value) = self.values.get(self.at) else { return Ok(false) };
        self.at += 1;
        ctx.pace.read(1);
        frame.rows[self.plan.row].keep(&[value.as_ref()], 0)?;
        Ok(true)
    }
}
