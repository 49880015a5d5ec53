//! Joins.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::key_table::KeyTable;
use super::keys::push_key;
use super::operator::{BoxOperator, Operator, passes, with_env};
use crate::error::Result;
use crate::expr::{Env, Row, Scalar};
use crate::plan::{HashJoin, OuterJoin};
use crate::value::{Affinity, ArenaBuffer, Collation};

/// For each row of the first side, the rows of the second.
pub(super) struct NestedRows {
    outer: BoxOperator,
    inner: BoxOperator,
    /// For a left join the rows of the second side: a row of the first without any fit comes once with these empty.
    left: Option<Arc<Vec<usize>>>,
    /// Whether it is at a row of the first side, and whether something fit to that.
    at_row: bool,
    found: bool,
}

impl NestedRows {
    pub(super) fn new(outer: BoxOperator, inner: BoxOperator, left: Option<Arc<Vec<usize>>>) -> NestedRows {
        NestedRows { outer, inner, left, at_row: false, found: false }
    }
}

impl Operator for NestedRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.at_row = false;
        self.outer.open(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            if !self.at_row {
                if !self.outer.next(frame, ctx)? {
                    return Ok(false);
                }
                self.inner.open(frame, ctx)?;
                self.at_row = true;
                self.found = false;
            }
            if self.inner.next(frame, ctx)? {
                self.found = true;
                return Ok(true);
            }
            self.at_row = false;
            if let Some(rows) = &self.left
                && !self.found
            {
                clear_rows(frame, rows);
                return Ok(true);
            }
        }
    }
}

fn clear_rows(frame: &mut Frame<'_>, rows: &[usize]) {
    for &row in rows {
        frame.rows[row] = Row::default();
    }
}

/// Rows that a join keeps: some rows of the frame, again and again.
#[derive(Clone, Copy)]
struct Kept {
    place: usize,
    width: usize,
}

impl Kept {
    fn new(frame: &mut Frame<'_>, width: usize) -> Kept {
        frame.kept.push(Vec::new());
        Kept { place: frame.kept.len() - 1, width }
    }

    fn push(self, frame: &mut Frame<'_>, rows: &[usize]) {
        for &row in rows {
            let row = frame.rows[row].clone();
            frame.kept[self.place].push(row);
        }
    }

    fn load(self, frame: &mut Frame<'_>, rows: &[usize], number: usize) {
        for (offset, &row) in rows.iter().enumerate() {
            frame.rows[row] = frame.kept[self.place][number * self.width + offset].clone();
        }
    }
}

/// Appends the key of a row; false if a part is NULL, which nothing is equal to.
fn push_join_key(
    key: &mut Vec<u8>,
    values: &[Scalar],
    rules: &[(Affinity, Collation)],
    env: &Env<'_>,
) -> bool {
    for (value, (affinity, collation)) in values.iter().zip(rules) {
        let value = affinity.apply(value.eval(env), env.arena);
        if value.is_null() {
            return false;
        }
        push_key(key, value, collation);
    }
    true
}

/// A join by hashing the second side, which is read once.
pub(super) struct HashRows {
    pub(super) outer: BoxOperator,
    pub(super) inner: BoxOperator,
    pub(super) plan: Arc<HashJoin>,
    pub(super) built: Option<HashBuilt>,
    pub(super) key: Vec<u8>,
    pub(super) buffer: ArenaBuffer,
    /// The next row of the second side to look at, and whether one fit already.
    pub(super) at: Option<(Option<usize>, bool)>,
}

/// The second side.
pub(super) struct HashBuilt {
    kept: Kept,
    keys: KeyTable,
    /// The first row of each key, and the row with the same key that follows each row.
    first: Vec<usize>,
    last: Vec<usize>,
    next: Vec<Option<usize>>,
}

impl HashRows {
    fn build<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<HashBuilt> {
        let HashRows { inner, plan, key, buffer, .. } = self;
        let kept = Kept::new(frame, plan.rows.len());
        let mut built =
            HashBuilt { kept, keys: KeyTable::default(), first: vec![], last: vec![], next: vec![] };
        inner.open(frame, ctx)?;
        while inner.next(frame, ctx)? {
            key.clear();
            let fits =
                with_env(buffer, frame, ctx, |env| Ok(push_join_key(key, &plan.build, &plan.rules, env)))?;
            if !fits {
                continue;
            }
            let row = built.next.len();
            kept.push(frame, &plan.rows);
            built.next.push(None);
            let (number, is_new) = built.keys.insert(key);
            if is_new {
                built.first.push(row);
                built.last.push(row);
            } else {
                built.next[built.last[number]] = Some(row);
                built.last[number] = row;
            }
        }
        Ok(built)
    }
}

impl Operator for HashRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.at = None;
        self.outer.open(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            if self.at.is_none() {
                if !self.outer.next(frame, ctx)? {
                    return Ok(false);
                }
                ctx.check()?;
                // Without a row on the first side nobody asks what is on the second.
                if self.built.is_none() {
                    self.built = Some(self.build(frame, ctx)?);
                }
            }
            let HashRows { plan, built: Some(built), key, buffer, at: place, .. } = self else {
                return Ok(false);
            };
            let (at, found) = match *place {
                Some(at) => at,
                None => {
                    key.clear();
                    let fits = with_env(buffer, frame, ctx, |env| {
                        Ok(push_join_key(key, &plan.probe, &plan.rules, env))
                    })?;
                    let number = if fits { built.keys.find(key) } else { None };
                    (number.map(|number| built.first[number]), false)
                }
            };
            match at {
                Some(row) => {
                    built.kept.load(frame, &plan.rows, row);
                    *place = Some((built.next[row], found));
                    if passes(&plan.tests, buffer, frame, ctx)? {
                        *place = Some((built.next[row], true));
                        return Ok(true);
                    }
                }
                None => {
                    *place = None;
                    if plan.left && !found {
                        clear_rows(frame, &plan.rows);
                        return Ok(true);
                    }
                }
            }
        }
    }
}

/// `RIGHT` and `FULL` joins: the right side is kept, and which of its rows something fit to.
pub(super) struct OuterRows {
    pub(super) left: BoxOperator,
    pub(super) right: BoxOperator,
    pub(super) plan: Arc<OuterJoin>,
    pub(super) state: Option<OuterState>,
    pub(super) buffer: ArenaBuffer,
}

pub(super) struct OuterState {
    kept: Kept,
    matched: Vec<bool>,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    /// The next row of the left side is wanted.
    Left,
    /// Inside the right side, and whether something fit to the row on the left.
    Right(usize, bool),
    /// Rows of the right side that nothing fit to, from here on.
    Unmatched(usize),
}

impl Operator for OuterRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let kept = match &self.state {
            Some(state) => state.kept,
            None => Kept::new(frame, self.plan.right_rows.len()),
        };
        frame.kept[kept.place].clear();
        let mut matched = Vec::new();
        self.right.open(frame, ctx)?;
        while self.right.next(frame, ctx)? {
            kept.push(frame, &self.plan.right_rows);
            matched.push(false);
        }
        self.state = Some(OuterState { kept, matched, phase: Phase::Left });
        self.left.open(frame, ctx)
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let OuterRows { left, plan, state, buffer, .. } = self;
        let Some(state) = state else { return Ok(false) };
        loop {
            match state.phase {
                Phase::Left => {
                    ctx.check()?;
                    state.phase =
                        if left.next(frame, ctx)? { Phase::Right(0, false) } else { Phase::Unmatched(0) };
                }
                Phase::Right(row, found) if row < state.matched.len() => {
                    state.kept.load(frame, &plan.right_rows, row);
                    if passes(&plan.tests, buffer, frame, ctx)? {
                        state.matched[row] = true;
                        state.phase = Phase::Right(row + 1, true);
                        return Ok(true);
                    }
                    state.phase = Phase::Right(row + 1, found);
                }
                Phase::Right(_, found) => {
                    state.phase = Phase::Left;
                    if plan.full && !found {
                        clear_rows(frame, &plan.right_rows);
                        return Ok(true);
                    }
                }
                Phase::Unmatched(row) if row < state.matched.len() => {
                    state.phase = Phase::Unmatched(row + 1);
                    if !state.matched[row] {
                        state.kept.load(frame, &plan.right_rows, row);
                        clear_rows(frame, &plan.left_rows);
                        return Ok(true);
                    }
                }
                Phase::Unmatched(_) => return Ok(false),
            }
        }
    }
}
