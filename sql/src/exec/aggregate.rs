//! Grouping and aggregates.
//!
//! Groups are found by hashing their keys and come out in the order of their keys, as from SQLite's sorter.

use std::sync::Arc;

use super::chunk::single_row;
use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::{push_group_key, push_sort_key};
use super::operator::{BoxOperator, Operator, with_env};
use super::sort::Sorter;
use crate::codec::{Direction, push_value};
use crate::error::{Error, Result};
use crate::expr::Env;
use crate::func::{Aggregate, Call, Taken};
use crate::plan::{AggregateCall, Aggregation};
use crate::value::{ArenaBuffer, Value, ValueRef};

/// One aggregate of one group.
pub(super) struct State {
    aggregate: Aggregate,
    /// The arguments that counted already.
    seen: Option<KeyTable>,
    /// The rows that wait to be put in order.
    waiting: Option<(Sorter, Vec<Vec<Value>>)>,
}

impl State {
    pub(super) fn new(call: &AggregateCall) -> Result<State> {
        let aggregate = call
            .function
            .start()
            .ok_or_else(|| Error::statement(format!("misuse of function {}()", call.function.name)))?;
        Ok(State {
            aggregate,
            seen: call.distinct.then(KeyTable::default),
            waiting: (!call.order_by.is_empty()).then(|| (Sorter::default(), Vec::new())),
        })
    }

    /// Takes the current row in.
    pub(super) fn step(&mut self, call: &AggregateCall, env: &Env<'_>) -> Result<Taken> {
        if call.filter.as_ref().is_some_and(|filter| !filter(env)) {
            return Ok(Taken::Into);
        }
        let one;
        let many;
        let values: &[ValueRef<'_>] = match call.arguments.as_slice() {
            [] => &[],
            [argument] => {
                one = [argument.eval(env)];
                &one
            }
            all => {
                many = all.iter().map(|argument| argument.eval(env)).collect::<Vec<_>>();
                &many
            }
        };
        if let Some(seen) = &mut self.seen {
            let mut key = Vec::new();
            for value in values {
                push_value(&mut key, *value, &call.collation, Direction::Ascending);
            }
            if !seen.insert(&key).1 {
                return Ok(Taken::Into);
            }
        }
        if let Some((sorter, rows)) = &mut self.waiting {
            sorter.push(rows.len(), |out| {
                for key in &call.order_by {
                    push_sort_key(out, key, env);
                }
            });
            rows.push(values.iter().map(|value| value.to_value()).collect());
            return Ok(Taken::Into);
        }
        self.aggregate.step(&call_of(call, env), values)
    }

    /// The result.
    pub(super) fn finish<'e>(&mut self, call: &AggregateCall, env: &Env<'e>) -> Result<ValueRef<'e>> {
        if let Some((mut sorter, rows)) = self.waiting.take() {
            for row in sorter.sort() {
                let values: Vec<ValueRef<'e>> = rows[row]
                    .iter()
                    .map(|value| match value.as_ref() {
                        ValueRef::Text(text) => ValueRef::Text(env.arena.copy(text)),
                        ValueRef::Blob(blob) => ValueRef::Blob(env.arena.copy(blob)),
                        ValueRef::Null => ValueRef::Null,
                        ValueRef::Integer(integer) => ValueRef::Integer(integer),
                        ValueRef::Real(real) => ValueRef::Real(real),
                    })
                    .collect();
                self.aggregate.step(&call_of(call, env), &values)?;
            }
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

/// A group: its key values and bare columns, and its aggregates.
struct Group {
    keys: Vec<Value>,
    bare: Vec<Value>,
    states: Vec<State>,
}

pub(super) struct AggregateRows {
    input: BoxOperator,
    plan: Arc<Aggregation>,
    table: KeyTable,
    groups: Vec<Group>,
    order: Vec<usize>,
    at: usize,
    key: Vec<u8>,
    buffer: ArenaBuffer,
    /// Whether a single `min` or `max` decides from which row bare columns come.
    chosen_by_call: bool,
}

impl AggregateRows {
    pub(super) fn new(input: BoxOperator, plan: Arc<Aggregation>) -> AggregateRows {
        let is_extreme = |call: &AggregateCall| {
            call.arguments.len() == 1 && matches!(call.function.name.as_ref(), "min" | "max")
        };
        let chosen_by_call = plan.calls.iter().any(is_extreme);
        AggregateRows {
            input,
            plan,
            table: KeyTable::default(),
            groups: Vec::new(),
            order: Vec::new(),
            at: 0,
            key: Vec::new(),
            buffer: ArenaBuffer::new(),
            chosen_by_call,
        }
    }

    /// Takes the current row into its group.
    fn take<'v>(&mut self, frame: &Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = &*self.plan;
        let (key, table, groups) = (&mut self.key, &mut self.table, &mut self.groups);
        let chosen_by_call = self.chosen_by_call;
        with_env(&mut self.buffer, frame, ctx, |env| {
            key.clear();
            push_group_key(key, plan.keys.iter().map(|(value, collation)| (value, collation)), env);
            let (number, is_new) = table.insert(key);
            if is_new {
                let states = plan.calls.iter().map(State::new).collect::<Result<_>>()?;
                let keys = plan.keys.iter().map(|(value, _)| value.eval(env).to_value()).collect();
                groups.push(Group { keys, bare: Vec::new(), states });
            }
            let group = &mut groups[number];
            let mut chosen = false;
            for (call, state) in plan.calls.iter().zip(&mut group.states) {
                chosen |= matches!(state.step(call, env)?, Taken::AsResult);
            }
            let take_bare = is_new || if chosen_by_call { chosen } else { plan.grouped };
            if take_bare && !plan.bare.is_empty() {
                group.bare.clear();
                group.bare.extend(plan.bare.iter().map(|value| value.eval(env).to_value()));
            }
            Ok(())
        })
    }
}

impl Operator for AggregateRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.table.clear();
        self.groups.clear();
        self.at = 0;
        self.input.open(frame, ctx)?;
        while self.input.next(frame, ctx)? {
            self.take(frame, ctx)?;
        }
        if !self.plan.grouped && self.groups.is_empty() {
            let states = self.plan.calls.iter().map(State::new).collect::<Result<_>>()?;
            let bare = self.plan.bare.iter().map(|_| Value::Null).collect();
            self.groups.push(Group { keys: Vec::new(), bare, states });
            self.order = vec![0];
        } else {
            self.order = self.table.sorted();
        }
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        let Some(&number) = self.order.get(self.at) else { return Ok(false) };
        self.at += 1;
        let group = &mut self.groups[number];
        let plan = &*self.plan;
        let row = with_env(&mut self.buffer, frame, ctx, |env| {
            let mut results = Vec::with_capacity(plan.calls.len());
            for (call, state) in plan.calls.iter().zip(&mut group.states) {
                results.push(state.finish(call, env)?);
            }
            let mut values: Vec<ValueRef<'_>> = group.keys.iter().map(Value::as_ref).collect();
            values.extend(results);
            values.extend(group.bare.iter().map(Value::as_ref));
            single_row(&values)
        })?;
        frame.rows[plan.row] = row;
        Ok(true)
    }
}
