//! Grouping and aggregates.
//!
//! Groups are found by hashing their keys and come out in the order of their keys, as from SQLite's sorter. Rows of groups
//! for which there is no room are sorted by their keys, and their groups made when it is their turn.

use std::sync::Arc;

use super::chunk::{Chunk, push_row};
use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::{push_group_key, push_key, push_sort_key};
use super::operator::{BoxOperator, Operator, with_env, with_room};
use super::sorter::Sorter;
use super::spill::SpillSorter;
use super::whole::{load_frame, push_frame};
use crate::codec::Record;
use crate::error::{Error, Result};
use crate::expr::{Env, Row};
use crate::func::{Aggregate, Call, Taken};
use crate::plan::{AggregateCall, Aggregation};
use crate::value::{ArenaBuffer, Value, ValueRef};

/// One aggregate of one group.
pub(super) struct State {
    aggregate: Aggregate,
    /// Where the call asks for more than to take its rows as they come.
    extra: Option<Box<Extra>>,
}

/// What `DISTINCT` and `ORDER BY` inside of a call need.
#[derive(Default)]
struct Extra {
    /// The arguments that counted already.
    seen: KeyTable,
    /// The arguments that wait to be put in order.
    waiting: Sorter,
    key: Vec<u8>,
}

impl Extra {
    /// Whether the arguments count now: they did not before, and need not wait.
    fn lets_through(&mut self, call: &AggregateCall, values: &[ValueRef<'_>], env: &Env<'_>) -> Result<bool> {
        let Extra { seen, waiting, key } = self;
        if call.distinct {
            key.clear();
            for value in values {
                push_key(key, *value, &call.collation);
            }
            if !seen.insert(key).1 {
                return Ok(false);
            }
        }
        if call.order_by.is_empty() {
            return Ok(true);
        }
        key.clear();
        for sort in &call.order_by {
            push_sort_key(key, sort, env);
        }
        waiting.push(key, |out| push_row(out, values))?;
        Ok(false)
    }
}

impl State {
    pub(super) fn new(call: &AggregateCall) -> Result<State> {
        let aggregate = call
            .function
            .start()
            .ok_or_else(|| Error::statement(format!("misuse of function {}()", call.function.name)))?;
        let has_extra = call.distinct || !call.order_by.is_empty();
        Ok(State { aggregate, extra: has_extra.then(Box::default) })
    }

    /// Takes the current row in. What is in the way of a plain aggregate is always inlined: it runs several times a row.
    #[inline(always)]
    pub(super) fn step(&mut self, call: &AggregateCall, env: &Env<'_>) -> Result<Taken> {
        if call.filter.as_ref().is_some_and(|filter| !filter(env)) {
            return Ok(Taken::Into);
        }
        match call.arguments.as_slice() {
            [] => self.take(call, &[], env),
            [argument] => {
                // In a place of its own: into an array it would be copied, right after it was written.
                let value = argument.eval(env);
                self.take(call, std::slice::from_ref(&value), env)
            }
            all => {
                let values = all.iter().map(|argument| argument.eval(env)).collect::<Vec<_>>();
                self.take(call, &values, env)
            }
        }
    }

    #[inline(always)]
    fn take<'e>(&mut self, call: &AggregateCall, values: &[ValueRef<'e>], env: &Env<'e>) -> Result<Taken> {
        if let Some(extra) = &mut self.extra
            && !extra.lets_through(call, values, env)?
        {
            return Ok(Taken::Into);
        }
        self.aggregate.step(&call_of(call, env), values)
    }

    /// The result.
    pub(super) fn finish<'e>(&mut self, call: &AggregateCall, env: &Env<'e>) -> Result<ValueRef<'e>> {
        if let Some(extra) = &mut self.extra {
            extra.waiting.sort(&|| Ok(()))?;
            let mut at = 0;
            while let Some(row) = extra.waiting.row(at) {
                let row = Record::new(env.arena.copy(row)).map_err(|_| Error::Malformed)?;
                let values = (0..call.arguments.len()).map(|place| row.column(place));
                let values =
                    values.collect::<std::result::Result<Vec<_>, _>>().map_err(|_| Error::Malformed)?;
                self.aggregate.step(&call_of(call, env), &values)?;
                at += 1;
            }
            extra.waiting.clear();
        }
        self.aggregate.value(&call_of(call, env))
    }
}

pub(super) fn call_of<'c, 'e>(call: &'c AggregateCall, env: &Env<'e>) -> Call<'c, 'e>
where
    'e: 'c,
{
    Call {
        arena: env.arena,
        context: env.shared.context,
        collation: &call.collation,
        place: call.place,
        function: &call.function.name,
    }
}

/// The groups: of each its key values, bare columns and aggregates.
#[derive(Default)]
struct Groups {
    count: usize,
    keys: Chunk,
    bare: Vec<Value>,
    states: Vec<State>,
}

impl Groups {
    fn clear(&mut self) {
        self.count = 0;
        self.keys.clear();
        self.bare.clear();
        self.states.clear();
    }

    /// How much memory they take up, apart from what aggregates keep elsewhere.
    fn held_bytes(&self) -> usize {
        self.keys.held_bytes() + self.bare.len() * size_of::<Value>() + self.states.len() * size_of::<State>()
    }

    /// Adds a group with the keys of the current row.
    fn add(&mut self, plan: &Aggregation, env: &Env<'_>) -> Result<()> {
        if !plan.keys.is_empty() {
            with_room(plan.keys.len(), |keys| {
                for (key, (value, _)) in keys.iter_mut().zip(&plan.keys) {
                    value.eval_into(env, key);
                }
                env.shared.error.check()?;
                self.keys.push(keys)
            })?;
        }
        self.add_empty(plan)
    }

    /// Adds a group without rows.
    fn add_empty(&mut self, plan: &Aggregation) -> Result<()> {
        for call in &plan.calls {
            self.states.push(State::new(call)?);
        }
        self.bare.resize(self.bare.len() + plan.bare.len(), Value::Null);
        self.count += 1;
        Ok(())
    }

    /// Takes the current row into a group.
    #[inline]
    fn step(
        &mut self,
        (number, is_new): (usize, bool),
        plan: &Aggregation,
        deciding: Option<usize>,
        env: &Env<'_>,
    ) -> Result<()> {
        let width = plan.calls.len();
        let mut chosen = false;
        for (place, (call, state)) in plan.calls.iter().zip(&mut self.states[number * width..]).enumerate() {
            let taken = state.step(call, env)?;
            chosen |= deciding == Some(place) && matches!(taken, Taken::AsResult);
        }
        if !plan.bare.is_empty() && (is_new || chosen) {
            let places = self.bare[number * plan.bare.len()..].iter_mut();
            for (place, value) in places.zip(&plan.bare) {
                *place = value.eval(env).to_value();
            }
        }
        Ok(())
    }

    /// Makes the row of a group.
    fn finish(&mut self, number: usize, plan: &Aggregation, env: &Env<'_>, row: &mut Row<'_>) -> Result<()> {
        let widths = [plan.keys.len(), plan.calls.len(), plan.bare.len()];
        with_room(widths.iter().sum(), |values| {
            let (keys, rest) = values.split_at_mut(widths[0]);
            let (results, bare) = rest.split_at_mut(widths[1]);
            if !keys.is_empty() {
                let record = Record::new(self.keys.record(number)).map_err(|_| Error::Malformed)?;
                for (place, key) in keys.iter_mut().enumerate() {
                    *key = record.column(place).map_err(|_| Error::Malformed)?;
                }
            }
            let states = &mut self.states[number * widths[1]..];
            for ((call, state), result) in plan.calls.iter().zip(states).zip(results) {
                *result = state.finish(call, env)?;
            }
            for (value, kept) in bare.iter_mut().zip(&self.bare[number * widths[2]..]) {
                *value = kept.as_ref();
            }
            row.keep(values, 0)
        })
    }
}

pub(super) struct AggregateRows {
    input: BoxOperator,
    plan: Arc<Aggregation>,
    table: KeyTable,
    groups: Groups,
    order: Vec<usize>,
    at: usize,
    key: Vec<u8>,
    buffer: ArenaBuffer,
    /// Whether there is no room for more groups.
    is_full: bool,
    /// The rows of groups for which there was no room, with all of the frame.
    rest: SpillSorter,
    /// The next of them, and its key.
    rest_row: Option<(Vec<u8>, Vec<u8>)>,
    /// The last `min` or `max`: it decides from which row bare columns come. Without any it is the first one.
    deciding: Option<usize>,
}

impl AggregateRows {
    pub(super) fn new(input: BoxOperator, plan: Arc<Aggregation>) -> AggregateRows {
        let is_extreme = |call: &AggregateCall| {
            call.arguments.len() == 1 && matches!(call.function.name.as_ref(), "min" | "max")
        };
        let deciding = plan.calls.iter().rposition(is_extreme);
        AggregateRows {
            input,
            plan,
            table: KeyTable::default(),
            groups: Groups::default(),
            order: Vec::new(),
            at: 0,
            key: Vec::new(),
            buffer: ArenaBuffer::new(),
            is_full: false,
            rest: SpillSorter::default(),
            rest_row: None,
            deciding,
        }
    }

    /// Takes the current row into its group, or puts it aside if there is no room for that.
    #[inline]
    fn take<'v>(&mut self, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let AggregateRows { plan, table, groups, key, buffer, deciding, is_full, rest, .. } = self;
        with_env(buffer, frame, ctx, |env| {
            let (number, is_new) = if plan.keys.is_empty() {
                (0, groups.count == 0)
            } else {
                key.clear();
                push_group_key(key, plan.keys.iter().map(|(value, collation)| (value, collation)), env);
                if !*is_full {
                    table.insert(key)
                } else if let Some(number) = table.find(key) {
                    (number, false)
                } else {
                    env.shared.error.check()?;
                    return rest.push(key, ctx, |out| {
                        push_frame(out, frame);
                        Ok(())
                    });
                }
            };
            if is_new {
                groups.add(plan, env)?;
                *is_full = table.held_bytes() + groups.held_bytes() > ctx.memory_bytes();
            }
            groups.step((number, is_new), plan, *deciding, env)
        })
    }

    /// Moves to the next row that was put aside.
    fn next_of_rest(&mut self) -> Result<()> {
        self.rest_row = self.rest.next()?.map(|(key, row)| (key.to_vec(), row.to_vec()));
        Ok(())
    }

    /// Makes one group of the rows that were put aside and have the key of the next one, and gives its row.
    fn group_of_rest<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let mut group = Groups::default();
        let mut first_key: Option<Vec<u8>> = None;
        while let Some((key, row)) = self.rest_row.take() {
            if first_key.as_ref().is_some_and(|first| *first != key) {
                self.rest_row = Some((key, row));
                break;
            }
            ctx.check()?;
            load_frame(&row, frame)?;
            let is_new = first_key.is_none();
            first_key.get_or_insert(key);
            let AggregateRows { plan, buffer, deciding, .. } = self;
            with_env(buffer, frame, ctx, |env| {
                if is_new {
                    group.add(plan, env)?;
                }
                group.step((0, is_new), plan, *deciding, env)
            })?;
            self.next_of_rest()?;
        }
        self.give(&mut group, 0, frame, ctx)
    }

    /// Makes a group the current row.
    fn give<'v>(
        &mut self,
        groups: &mut Groups,
        number: usize,
        frame: &mut Frame<'v>,
        ctx: &Ctx<'_, 'v>,
    ) -> Result<()> {
        let AggregateRows { plan, buffer, .. } = self;
        let mut row = std::mem::take(&mut frame.rows[plan.row]);
        with_env(buffer, frame, ctx, |env| groups.finish(number, plan, env, &mut row))?;
        frame.rows[plan.row] = row;
        Ok(())
    }
}

impl Operator for AggregateRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.table.clear();
        self.groups.clear();
        self.rest.clear();
        self.is_full = false;
        self.at = 0;
        self.input.open(frame, ctx)?;
        while self.input.next(frame, ctx)? {
            self.take(frame, ctx)?;
        }
        if !self.plan.grouped && self.groups.count == 0 {
            self.groups.add_empty(&self.plan)?;
        }
        self.order.clear();
        if self.plan.keys.is_empty() {
            self.order.extend(0..self.groups.count);
        } else {
            self.order = self.table.sorted(&|| ctx.check())?;
        }
        self.rest_row = None;
        if self.is_full {
            self.rest.finish(ctx)?;
            self.next_of_rest()?;
        }
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let next = self.order.get(self.at).copied();
        if let Some((key, _)) = &self.rest_row
            && next.is_none_or(|number| key.as_slice() < self.table.key(number))
        {
            self.group_of_rest(frame, ctx)?;
            return Ok(true);
        }
        let Some(number) = next else { return Ok(false) };
        self.at += 1;
        let mut groups = std::mem::take(&mut self.groups);
        let given = self.give(&mut groups, number, frame, ctx);
        self.groups = groups;
        given.map(|()| true)
    }
}
