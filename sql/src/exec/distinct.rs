//! `DISTINCT`: rows whose values did not come before.
//!
//! Where rows with the same values come one behind the other each is compared with the one before, else they are hashed.
//! When there is no room for more of them, rows that may be new are put aside; sorted by their values the first of each
//! is found, and sorted by when they came those are given.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::push_group_key;
use super::operator::{BoxOperator, Operator, with_env};
use super::spill::SpillSorter;
use super::whole::{load_frame, push_frame};
use crate::error::{Error, Result};
use crate::plan::Distinct;
use crate::value::ArenaBuffer;

pub(super) struct DistinctRows {
    input: BoxOperator,
    plan: Arc<Distinct>,
    seen: KeyTable,
    key: Vec<u8>,
    /// The values of the row before, where rows with the same values come together.
    before: Option<Vec<u8>>,
    buffer: ArenaBuffer,
    /// Rows that may be new, by their values, each with its number and all of the frame.
    aside: SpillSorter,
    put_aside: u64,
    /// Those that are new, by their numbers, once the input has ended.
    new: Option<SpillSorter>,
}

impl DistinctRows {
    pub(super) fn new(input: BoxOperator, plan: Arc<Distinct>) -> DistinctRows {
        DistinctRows {
            input,
            plan,
            seen: KeyTable::default(),
            key: Vec::new(),
            before: None,
            buffer: ArenaBuffer::new(),
            aside: SpillSorter::default(),
            put_aside: 0,
            new: None,
        }
    }

    /// Finds those rows put aside that are new.
    fn sort_out(&mut self, ctx: &Ctx<'_, '_>) -> Result<SpillSorter> {
        let mut new = SpillSorter::default();
        let mut before: Option<Vec<u8>> = None;
        self.aside.finish(ctx)?;
        while let Some((key, row)) = self.aside.next()? {
            ctx.check()?;
            if before.as_deref() == Some(key) {
                continue;
            }
            before = Some(key.to_vec());
            let (number, frame) = row.split_first_chunk::<8>().ok_or(Error::Malformed)?;
            new.push(number, ctx, |out| {
                out.extend_from_slice(frame);
                Ok(())
            })?;
        }
        self.aside.clear();
        new.finish(ctx)?;
        Ok(new)
    }
}

impl Operator for DistinctRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.seen.clear();
        self.aside.clear();
        self.put_aside = 0;
        self.new = None;
        self.before = None;
        self.input.open(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        while self.new.is_none() && self.input.next(frame, ctx)? {
            let DistinctRows { key, plan, buffer, .. } = self;
            key.clear();
            with_env(buffer, frame, ctx, |env| {
                push_group_key(key, plan.values.iter().zip(&plan.collations), env);
                Ok(())
            })?;
            if plan.together {
                if self.before.as_ref() == Some(&self.key) {
                    continue;
                }
                std::mem::swap(self.before.get_or_insert_default(), &mut self.key);
                return Ok(true);
            }
            if self.put_aside == 0 && self.seen.held_bytes() <= ctx.memory_bytes() {
                if self.seen.insert(&self.key).1 {
                    return Ok(true);
                }
            } else if self.seen.find(&self.key).is_none() {
                let number = self.put_aside.to_be_bytes();
                self.put_aside += 1;
                self.aside.push(&self.key, ctx, |out| {
                    out.extend_from_slice(&number);
                    push_frame(out, frame);
                    Ok(())
                })?;
            }
        }
        if self.put_aside == 0 {
            return Ok(false);
        }
        if self.new.is_none() {
            self.new = Some(self.sort_out(ctx)?);
        }
        ctx.check()?;
        let next = self.new.as_mut().map(SpillSorter::next).transpose()?.flatten();
        let Some((_, row)) = next else { return Ok(false) };
        load_frame(row, frame)?;
        Ok(true)
    }
}
