//! Queries inside expressions.
//!
//! One that sees no row around it is run once; its result is kept for the rest of the statement. Others are run anew
//! for every row, by the same operators in the same frame where nothing they keep depends on the rows around.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::frame::{Ctx, Frame, FunctionTables};
use super::key_table::KeyTable;
use super::keys::push_key;
use super::open::operator;
use super::operator::{BoxOperator, with_env, with_values};
use super::pace::Pace;
use crate::error::Result;
use crate::expr::{Env, Scalar, Subqueries, SubqueryNumber};
use crate::plan::{Reuse, SubqueryPlan};
use crate::store::Stores;
use crate::value::{ArenaBuffer, Value, ValueRef, compare, compare_with_affinity};

/// What queries inside expressions keep while a statement runs. Owns no borrow, so it outlives the views it reads.
#[derive(Default)]
pub struct Memory {
    states: Vec<RefCell<State>>,
}

#[derive(Default)]
struct State {
    /// The first row, once it is known.
    row: Option<Option<Vec<Value>>>,
    /// All rows, once they are known: for `IN`.
    set: Option<Set>,
    values: Option<Vec<Value>>,
    /// Operators that can run again.
    root: Option<BoxOperator>,
}

#[derive(Default)]
struct Set {
    keys: KeyTable,
    rows: usize,
    /// Rows that have a NULL.
    with_null: Vec<Vec<Value>>,
    /// Rows of several columns that have none.
    without_null: Vec<Vec<Value>>,
    /// The key that was looked for last: memory that is used again.
    key: Vec<u8>,
}

impl Memory {
    /// For this many queries.
    #[must_use]
    pub fn new(count: usize) -> Memory {
        Memory { states: (0..count).map(|_| RefCell::default()).collect() }
    }
}

/// Runs queries inside expressions in one version.
pub struct Runtime<'r, 'v> {
    /// What is read.
    pub stores: Stores<'v>,
    /// The plans.
    pub plans: &'r [SubqueryPlan],
    /// What is kept.
    pub memory: &'r Memory,
    /// Counts what the statement does, and may stop it.
    pub pace: &'r Pace,
    /// What table functions read.
    pub tables: &'r dyn FunctionTables,
    /// Frames that can be used again.
    pub frames: RefCell<Vec<Idle<'v>>>,
}

/// What ran a query inside an expression, and may run it again.
pub struct Idle<'v> {
    number: SubqueryNumber,
    frame: Frame<'v>,
    buffer: ArenaBuffer,
    /// The operators, where what they keep is in the frame.
    root: Option<BoxOperator>,
}

/// What a query is for in an expression that runs it.
enum Wanted {
    /// Its values.
    Values,
    /// Whether there are rows: values are not looked at.
    Rows,
}

impl<'v> Runtime<'_, 'v> {
    /// What runs a query: what ran it before, if that may be used again.
    fn start(&self, number: SubqueryNumber) -> (BoxOperator, Frame<'v>, ArenaBuffer) {
        let plan = &self.plans[number.0];
        let mut frames = self.frames.borrow_mut();
        let idle = frames.iter().position(|idle| idle.number == number).map(|at| frames.swap_remove(at));
        let (frame, buffer, root) = match idle {
            Some(idle) => (idle.frame, idle.buffer, idle.root),
            None => (Frame::new(plan.frame), ArenaBuffer::new(), None),
        };
        let root = root.or_else(|| self.memory.states[number.0].borrow_mut().root.take());
        (root.unwrap_or_else(|| operator(&plan.query.root)), frame, buffer)
    }

    /// Keeps what ran a query, if it may run it again.
    fn finish(&self, number: SubqueryNumber, (root, frame, buffer): (BoxOperator, Frame<'v>, ArenaBuffer)) {
        let root = match self.plans[number.0].reuse {
            Reuse::Never => return,
            Reuse::WithFrame => Some(root),
            Reuse::Always => {
                self.memory.states[number.0].borrow_mut().root = Some(root);
                None
            }
        };
        self.frames.borrow_mut().push(Idle { number, frame, buffer, root });
    }

    /// Runs a query for the rows around it, until `take` has had enough.
    fn run(
        &self,
        subquery: SubqueryNumber,
        wanted: Wanted,
        env: &Env<'_>,
        mut take: impl FnMut(&[ValueRef<'_>]) -> Result<bool>,
    ) -> Result<()> {
        let plan = &self.plans[subquery.0];
        let ctx = Ctx {
            shared: env.shared,
            stores: self.stores,
            outer: Some(&env.scope),
            subqueries: self.plans,
            pace: self.pace,
            tables: self.tables,
        };
        let output: &[Scalar] = match wanted {
            Wanted::Values => &plan.query.output,
            Wanted::Rows => &[],
        };
        let (mut root, mut frame, mut buffer) = self.start(subquery);
        root.open(&mut frame, &ctx)?;
        while root.next(&mut frame, &ctx)? {
            if !with_env(&mut buffer, &frame, &ctx, |env| with_values(output, env, &mut take))? {
                break;
            }
        }
        if plan.correlated {
            self.finish(subquery, (root, frame, buffer));
        }
        Ok(())
    }

    fn first_row(&self, subquery: SubqueryNumber, env: &Env<'_>) -> Result<Option<Vec<Value>>> {
        let mut row = None;
        self.run(subquery, Wanted::Values, env, |values| {
            row = Some(values.iter().map(|value| value.to_value()).collect());
            Ok(false)
        })?;
        Ok(row)
    }

    fn set(&self, subquery: SubqueryNumber, env: &Env<'_>) -> Result<Set> {
        let rules = &self.plans[subquery.0].rules;
        let mut set = Set::default();
        let mut buffer = ArenaBuffer::new();
        self.run(subquery, Wanted::Values, env, |values| {
            set.rows += 1;
            let arena = buffer.arena();
            let converted = || {
                let values = values.iter().zip(rules);
                values.map(|(value, (affinity, collation))| (affinity.apply(*value, &arena), collation))
            };
            let row = || converted().map(|(value, _)| value.to_value()).collect();
            if values.iter().any(|value| value.is_null()) {
                set.with_null.push(row());
                return Ok(true);
            }
            if values.len() > 1 {
                set.without_null.push(row());
            }
            set.key.clear();
            converted().for_each(|(value, collation)| push_key(&mut set.key, value, collation));
            set.keys.insert(&set.key);
            Ok(true)
        })?;
        Ok(set)
    }

    /// Whether values are one of the rows of a query, which is left at the first that is equal.
    fn is_in_rows(
        &self,
        subquery: SubqueryNumber,
        values: &[ValueRef<'_>],
        env: &Env<'_>,
    ) -> Result<Option<bool>> {
        let rules = &self.plans[subquery.0].rules;
        let mut result = Some(false);
        self.run(subquery, Wanted::Values, env, |row| {
            // A row is unknown to be equal if NULL alone stands in the way.
            let mut is_equal = Some(true);
            for ((value, wanted), (affinity, collation)) in row.iter().zip(values).zip(rules) {
                if value.is_null() || wanted.is_null() {
                    is_equal = None;
                    continue;
                }
                // As in the set of a query that is run once, integers become reals for a column of reals.
                let value = affinity.apply_numeric(*value);
                if !compare_with_affinity(value, *wanted, *affinity, collation).is_some_and(Ordering::is_eq) {
                    is_equal = Some(false);
                    break;
                }
            }
            match is_equal {
                Some(true) => result = Some(true),
                None => result = None,
                Some(false) => {}
            }
            Ok(is_equal != Some(true))
        })?;
        Ok(result)
    }

    fn is_in(&self, subquery: SubqueryNumber, values: &[ValueRef<'_>], set: &mut Set) -> Option<bool> {
        let rules = &self.plans[subquery.0].rules;
        if set.rows == 0 {
            return Some(false);
        }
        let has_null = values.iter().any(|value| value.is_null());
        if !has_null {
            set.key.clear();
            for (value, (_, collation)) in values.iter().zip(rules) {
                push_key(&mut set.key, *value, collation);
            }
            if set.keys.find(&set.key).is_some() {
                return Some(true);
            }
        }
        if values.len() == 1 {
            return if has_null || !set.with_null.is_empty() { None } else { Some(false) };
        }
        // A row is unknown to be in the set if it differs from some row only where one of them is NULL.
        let could_be = |row: &[Value]| {
            row.iter().zip(values).zip(rules).all(|((a, b), (_, collation))| {
                a.is_null() || b.is_null() || compare(a.as_ref(), *b, collation).is_eq()
            })
        };
        let others: &[Vec<Value>] = if has_null { &set.without_null } else { &[] };
        if set.with_null.iter().chain(others).any(|row| could_be(row)) { None } else { Some(false) }
    }
}

fn copied<'e>(value: ValueRef<'_>, env: &Env<'e>) -> ValueRef<'e> {
    match value {
        ValueRef::Text(text) => ValueRef::Text(env.arena.copy(text)),
        ValueRef::Blob(blob) => ValueRef::Blob(env.arena.copy(blob)),
        ValueRef::Null => ValueRef::Null,
        ValueRef::Integer(integer) => ValueRef::Integer(integer),
        ValueRef::Real(real) => ValueRef::Real(real),
    }
}

impl Subqueries for Runtime<'_, '_> {
    fn column<'e>(&self, subquery: SubqueryNumber, column: usize, env: &Env<'e>) -> Result<ValueRef<'e>> {
        let plan = &self.plans[subquery.0];
        if plan.correlated {
            let mut found = ValueRef::Null;
            self.run(subquery, Wanted::Values, env, |values| {
                found = values.get(column).map_or(ValueRef::Null, |value| copied(*value, env));
                Ok(false)
            })?;
            return Ok(found);
        }
        let known = self.memory.states[subquery.0].borrow().row.is_some();
        if !known {
            let row = self.first_row(subquery, env)?;
            self.memory.states[subquery.0].borrow_mut().row = Some(row);
        }
        let state = self.memory.states[subquery.0].borrow();
        let value = state.row.as_ref().and_then(|row| row.as_ref()).and_then(|row| row.get(column));
        Ok(value.map_or(ValueRef::Null, |value| copied(value.as_ref(), env)))
    }

    fn exists(&self, subquery: SubqueryNumber, env: &Env<'_>) -> Result<bool> {
        let plan = &self.plans[subquery.0];
        if plan.correlated {
            let mut found = false;
            self.run(subquery, Wanted::Rows, env, |_| {
                found = true;
                Ok(false)
            })?;
            return Ok(found);
        }
        let known = self.memory.states[subquery.0].borrow().row.is_some();
        if !known {
            let row = self.first_row(subquery, env)?;
            self.memory.states[subquery.0].borrow_mut().row = Some(row);
        }
        Ok(self.memory.states[subquery.0].borrow().row.as_ref().is_some_and(Option::is_some))
    }

    fn contains(
        &self,
        subquery: SubqueryNumber,
        values: &[ValueRef<'_>],
        env: &Env<'_>,
    ) -> Result<Option<bool>> {
        if self.plans[subquery.0].correlated {
            return self.is_in_rows(subquery, values, env);
        }
        let known = self.memory.states[subquery.0].borrow().set.is_some();
        if !known {
            let set = self.set(subquery, env)?;
            self.memory.states[subquery.0].borrow_mut().set = Some(set);
        }
        let mut state = self.memory.states[subquery.0].borrow_mut();
        Ok(state.set.as_mut().map_or(Some(false), |set| self.is_in(subquery, values, set)))
    }

    fn first_column(&self, subquery: SubqueryNumber, env: &Env<'_>) -> Result<Vec<Value>> {
        let correlated = self.plans[subquery.0].correlated;
        if let Some(values) = &self.memory.states[subquery.0].borrow().values
            && !correlated
        {
            return Ok(values.clone());
        }
        let mut all = Vec::new();
        self.run(subquery, Wanted::Values, env, |values| {
            all.extend(values.first().map(|value| value.to_value()));
            Ok(true)
        })?;
        if !correlated {
            self.memory.states[subquery.0].borrow_mut().values = Some(all.clone());
        }
        Ok(all)
    }
}
