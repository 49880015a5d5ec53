//! Given rows, rows of functions, and counts.

use std::sync::Arc;

use super::chunk::Chunk;
use super::frame::{Ctx, Frame, PragmaCall};
use super::operator::{Operator, passes, with_env, with_values};
use super::scan::ScanRows;
use crate::bound::TableFunction;
use crate::error::{Error, Result};
use crate::plan::{Count, FunctionRows, Values};
use crate::value::{ArenaBuffer, NumberText, Value, ValueRef};

/// `VALUES`: a row at a time.
pub(super) struct ValueRows {
    pub(super) plan: Arc<Values>,
    pub(super) at: usize,
    pub(super) buffer: ArenaBuffer,
}

impl Operator for ValueRows {
    fn open<'v>(&mut self, _: &mut Frame<'v>, _: &Ctx<'_, 'v>) -> Result<()> {
        self.at = 0;
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let Some(row) = self.plan.rows.get(self.at) else { return Ok(false) };
        self.at += 1;
        let mut made = std::mem::take(&mut frame.rows[self.plan.row]);
        with_env(&mut self.buffer, frame, ctx, |env| {
            with_values(row, env, |values| {
                // Blobs of zeros cost nothing until they are copied.
                let bytes: usize = values.iter().filter_map(|value| value.bytes()).map(<[u8]>::len).sum();
                if bytes > env.shared.context.limits().length_bytes {
                    return Err(Error::TooBig("string or blob too big"));
                }
                made.keep(values, 0)
            })
        })?;
        frame.rows[self.plan.row] = made;
        Ok(true)
    }
}

/// The number of rows of a table, or in a range.
pub(super) struct CountRows {
    pub(super) plan: Arc<Count>,
    pub(super) range: Option<ScanRows>,
    pub(super) done: bool,
}

impl Operator for CountRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.done = false;
        match &mut self.range {
            Some(range) => range.open(frame, ctx),
            None => Ok(()),
        }
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        if self.done {
            return Ok(false);
        }
        self.done = true;
        let (count, read) = match &self.range {
            Some(range) => range.count(ctx)?,
            None => {
                let count = ctx.stores.len(self.plan.store, self.plan.tree)?;
                (count, count)
            }
        };
        ctx.pace.read(read);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        frame.rows[self.plan.row].keep(&[ValueRef::Integer(count)], 0)?;
        Ok(true)
    }
}

/// The rows of a table function.
pub(super) struct FunctionTable {
    pub(super) plan: Arc<FunctionRows>,
    pub(super) rows: Chunk,
    pub(super) series: Option<Series>,
    pub(super) at: usize,
    pub(super) buffer: ArenaBuffer,
}

/// A series of numbers that is being counted.
#[derive(Clone, Copy)]
pub(super) struct Series {
    next: Option<i64>,
    start: i64,
    stop: i64,
    step: i64,
}

impl FunctionTable {
    fn start<'v>(&mut self, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = self.plan.clone();
        let arguments: Vec<Value> = with_env(&mut self.buffer, frame, ctx, |env| {
            Ok(plan.arguments.iter().map(|argument| argument.eval(env).to_value()).collect())
        })?;
        match &plan.function {
            TableFunction::Series => {
                let number = |place: usize, default: i64| {
                    arguments.get(place).map_or(default, |value| value.as_ref().to_integer())
                };
                if arguments.is_empty() {
                    return Err(Error::statement(
                        "first argument to \"generate_series()\" missing or unusable",
                    ));
                }
                let (start, stop, step) = (number(0, 0), number(1, 0xffff_ffff), number(2, 1));
                let step = if step == 0 { 1 } else { step };
                let any = arguments.iter().all(|value| !value.is_null())
                    && if step > 0 { start <= stop } else { start >= stop };
                self.series = Some(Series { next: any.then_some(start), start, stop, step });
            }
            TableFunction::Pragma(name) => {
                let text = |place: usize| {
                    let value = arguments.get(place)?.as_ref();
                    let mut room = NumberText::new();
                    value.to_text(&mut room).map(|text| String::from_utf8_lossy(text).into_owned())
                };
                let (argument, schema) = (text(0), text(1));
                let call = PragmaCall { name, argument: argument.as_deref(), schema: schema.as_deref() };
                for row in ctx.tables.pragma(call, ctx)? {
                    let row: Vec<ValueRef<'_>> = row.iter().map(Value::as_ref).collect();
                    self.rows.push(&row)?;
                }
            }
        }
        Ok(())
    }
}

impl Operator for FunctionTable {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.rows.clear();
        self.series = None;
        self.at = 0;
        self.start(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            ctx.check()?;
            let row = &mut frame.rows[self.plan.row];
            match &mut self.series {
                Some(series) => {
                    let Some(value) = series.next else { return Ok(false) };
                    series.next = value.checked_add(series.step).filter(|next| {
                        if series.step > 0 { *next <= series.stop } else { *next >= series.stop }
                    });
                    let columns = [value, series.start, series.stop, series.step];
                    row.keep(&columns.map(ValueRef::Integer), 0)?;
                }
                None if self.at < self.rows.len() => {
                    row.copy_from(self.rows.record(self.at));
                    self.at += 1;
                    ctx.pace.read(1);
                }
                None => return Ok(false),
            }
            if passes(&self.plan.tests, &mut self.buffer, frame, ctx)? {
                return Ok(true);
            }
        }
    }
}
