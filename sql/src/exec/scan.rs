//! Rows of tables, by the whole tree, by rowid, and by keys.

use std::sync::Arc;

use super::frame::{Ctx, Frame};
use super::operator::{BoxOperator, Operator, passes, with_env};
use super::place::Place;
use crate::codec::{
    Direction, Record, encode_record, next_value, push_rowid, push_value, rowid_of, skip_value,
    split_rowid_suffix,
};
use crate::error::{Error, Result};
use crate::expr::{Env, Row, Scalar};
use crate::plan::{Access, AnyOf, Fetch, Included, KeyPart, KeyRange, Scan};
use crate::value::{Affinity, ArenaBuffer, ValueRef, compare_integer_to_real, integer_to_real};

/// Sorts behind every key that starts with the bytes before it.
const BEHIND: u8 = 0xff;

/// Where a scan is.
enum State {
    /// Nothing is to be read.
    Done,
    /// Before the first entry.
    Start,
    /// At an entry.
    Running,
}

pub(super) struct ScanRows {
    plan: Arc<Scan>,
    state: State,
    /// The first key of the range, and the key behind it.
    low: Vec<u8>,
    high: Option<Vec<u8>>,
    scratch: Vec<u8>,
    buffer: ArenaBuffer,
}

impl ScanRows {
    pub(super) fn new(plan: Arc<Scan>) -> ScanRows {
        ScanRows {
            plan,
            state: State::Done,
            low: Vec::new(),
            high: None,
            scratch: Vec::new(),
            buffer: ArenaBuffer::new(),
        }
    }

    /// Whether the rowid is in the range; sets its ends.
    fn rowid_range(
        &mut self,
        low: Option<&(Scalar, Included)>,
        high: Option<&(Scalar, Included)>,
        frame: &Frame<'_>,
        ctx: &Ctx<'_, '_>,
    ) -> Result<bool> {
        let (low_key, high_key) = (&mut self.low, &mut self.high);
        with_env(&mut self.buffer, frame, ctx, |env| {
            let low = match low {
                None => Some(i64::MIN),
                Some((value, included)) => first_rowid(value.eval(env), *included),
            };
            let high = match high {
                None => Some(i64::MAX),
                Some((value, included)) => last_rowid(value.eval(env), *included),
            };
            let (Some(low), Some(high)) = (low, high) else { return Ok(false) };
            low_key.clear();
            push_rowid(low_key, low);
            *high_key = high.checked_add(1).map(|high| {
                let mut key = Vec::with_capacity(8);
                push_rowid(&mut key, high);
                key
            });
            Ok(low <= high)
        })
    }

    /// Sets the ends of a range of keys; false if nothing can be in it.
    fn key_range(&mut self, range: &KeyRange, frame: &Frame<'_>, ctx: &Ctx<'_, '_>) -> Result<bool> {
        let (low_key, high_key) = (&mut self.low, &mut self.high);
        with_env(&mut self.buffer, frame, ctx, |env| {
            low_key.clear();
            for part in &range.equal {
                if !push_part(low_key, part, env) {
                    return Ok(false);
                }
            }
            let prefix = low_key.clone();
            let mut ends = [None, None];
            for (end, bound) in ends.iter_mut().zip([&range.low, &range.high]) {
                if let Some((part, included)) = bound {
                    let mut key = prefix.clone();
                    if !push_part(&mut key, part, env) {
                        return Ok(false);
                    }
                    *end = Some((key, *included));
                }
            }
            let [mut low, mut high] = ends;
            if low.is_none() && high.is_some() {
                // NULL is below everything, but no comparison with it is true.
                let mut key = prefix.clone();
                push_value(&mut key, ValueRef::Null, &crate::value::Collation::Binary, range.direction);
                low = Some((key, Included::No));
            }
            if range.direction == Direction::Descending {
                std::mem::swap(&mut low, &mut high);
            }
            if let Some((mut key, included)) = low {
                if included == Included::No {
                    key.push(BEHIND);
                }
                *low_key = key;
            }
            *high_key = match high {
                Some((mut key, included)) => {
                    if included == Included::Yes {
                        key.push(BEHIND);
                    }
                    Some(key)
                }
                None if prefix.is_empty() => None,
                None => {
                    let mut key = prefix;
                    key.push(BEHIND);
                    Some(key)
                }
            };
            Ok(true)
        })
    }

    /// Moves the cursor to the next entry of the range.
    fn step(&mut self, cursor: &mut Place<'_>) -> Result<bool> {
        let started = matches!(self.state, State::Running);
        self.state = State::Running;
        if self.plan.reverse {
            let mut found = match (started, &self.high) {
                (true, _) => cursor.prev()?,
                (false, Some(high)) => cursor.seek_for_prev(high)?,
                (false, None) => cursor.last()?,
            };
            if !started && found && self.high.as_ref().is_some_and(|high| cursor.key() >= high.as_slice()) {
                found = cursor.prev()?;
            }
            return Ok(found && cursor.key() >= self.low.as_slice());
        }
        let found = match (started, self.low.is_empty()) {
            (true, _) => cursor.next()?,
            (false, true) => cursor.first()?,
            (false, false) => cursor.seek(&self.low)?,
        };
        Ok(found && self.high.as_ref().is_none_or(|high| cursor.key() < high.as_slice()))
    }
}

/// Appends a value of a key; false if nothing can be equal to it.
fn push_part(key: &mut Vec<u8>, part: &KeyPart, env: &Env<'_>) -> bool {
    let value = part.affinity.apply(part.value.eval(env), env.arena);
    push_value(key, value, &part.collation, part.direction);
    part.null_fits || !value.is_null()
}

/// The smallest rowid that is over a value, or equal to it if that is included; `None` if there is none.
fn first_rowid(value: ValueRef<'_>, included: Included) -> Option<i64> {
    match Affinity::Numeric.apply_numeric(value) {
        ValueRef::Integer(integer) if included == Included::Yes => Some(integer),
        ValueRef::Integer(integer) => integer.checked_add(1),
        ValueRef::Real(real) => {
            if real >= integer_to_real(i64::MAX) {
                return None;
            }
            let near = crate::value::real_to_integer(real);
            let fits = |rowid: i64| {
                let order = compare_integer_to_real(rowid, real);
                order.is_gt() || (order.is_eq() && included == Included::Yes)
            };
            [near.saturating_sub(1), near, near.saturating_add(1)].into_iter().find(|&rowid| fits(rowid))
        }
        _ => None,
    }
}

/// The largest rowid that is below a value, or equal to it if that is included; `None` if there is none.
fn last_rowid(value: ValueRef<'_>, included: Included) -> Option<i64> {
    match Affinity::Numeric.apply_numeric(value) {
        ValueRef::Integer(integer) if included == Included::Yes => Some(integer),
        ValueRef::Integer(integer) => integer.checked_sub(1),
        ValueRef::Real(real) => {
            if real < integer_to_real(i64::MIN) {
                return None;
            }
            let near = crate::value::real_to_integer(real);
            let fits = |rowid: i64| {
                let order = compare_integer_to_real(rowid, real);
                order.is_lt() || (order.is_eq() && included == Included::Yes)
            };
            [near.saturating_add(1), near, near.saturating_sub(1)].into_iter().find(|&rowid| fits(rowid))
        }
        // Numbers are below all texts and blobs.
        ValueRef::Text(_) | ValueRef::Blob(_) => Some(i64::MAX),
        ValueRef::Null => None,
    }
}

/// The rowid that a value is equal to, if any.
fn exact_rowid(value: ValueRef<'_>) -> Option<i64> {
    match Affinity::Numeric.apply_numeric(value) {
        ValueRef::Integer(integer) => Some(integer),
        ValueRef::Real(real) => {
            let near = crate::value::real_to_integer(real);
            compare_integer_to_real(near, real).is_eq().then_some(near)
        }
        _ => None,
    }
}

fn record(bytes: &[u8]) -> Result<Record<'_>> {
    Record::new(bytes).map_err(|_| Error::Malformed)
}

impl Operator for ScanRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = self.plan.clone();
        self.low.clear();
        self.high = None;
        let possible = match &plan.access {
            Access::All | Access::Rowid(_) => true,
            Access::RowidRange(low, high) => self.rowid_range(low.as_ref(), high.as_ref(), frame, ctx)?,
            Access::Keys(range) => self.key_range(range, frame, ctx)?,
        };
        self.state = if possible { State::Start } else { State::Done };
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        loop {
            if matches!(self.state, State::Done) {
                return Ok(false);
            }
            ctx.check()?;
            if !self.advance(frame, ctx)? {
                self.state = State::Done;
                return Ok(false);
            }
            if passes(&self.plan.tests, &mut self.buffer, frame, ctx)? {
                return Ok(true);
            }
        }
    }
}

impl ScanRows {
    fn advance<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let plan = self.plan.clone();
        let (store, tree) = (plan.store, plan.tree);
        if let Access::Rowid(value) = &plan.access {
            if matches!(self.state, State::Running) {
                return Ok(false);
            }
            self.state = State::Running;
            let rowid = with_env(&mut self.buffer, frame, ctx, |env| Ok(exact_rowid(value.eval(env))))?;
            let Some(rowid) = rowid else { return Ok(false) };
            self.scratch.clear();
            push_rowid(&mut self.scratch, rowid);
            let Some(bytes) = ctx.stores.get(store, tree, &self.scratch)? else { return Ok(false) };
            frame.rows[plan.row] = Row::page(record(bytes)?, rowid);
            return Ok(true);
        }
        let (place, over) = match &plan.access {
            Access::Keys(range) => (plan.cursor + 1, range.tree),
            _ => (plan.cursor, tree),
        };
        let mut cursor = match frame.cursors[place].take() {
            Some(cursor) => cursor,
            None => Place::new(ctx.stores, store, over)?,
        };
        let found = self.step(&mut cursor);
        let row = match found {
            Ok(true) => self.fetch(&cursor, ctx).map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        frame.cursors[place] = Some(cursor);
        match row? {
            Some(row) => {
                frame.rows[plan.row] = row;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// The row of the entry a cursor is at.
    fn fetch<'v>(&mut self, cursor: &Place<'v>, ctx: &Ctx<'_, 'v>) -> Result<Row<'v>> {
        let plan = &*self.plan;
        let Access::Keys(range) = &plan.access else {
            let rowid = match plan.has_rowid {
                true => rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
                false => 0,
            };
            return Ok(Row::page(record(cursor.value()?)?, rowid));
        };
        match &range.fetch {
            Fetch::Own => Ok(Row::page(record(cursor.value()?)?, 0)),
            Fetch::ByRowid => {
                let (_, rowid) = split_rowid_suffix(cursor.key()).map_err(|_| Error::Malformed)?;
                self.scratch.clear();
                push_rowid(&mut self.scratch, rowid);
                let bytes = ctx.stores.get(plan.store, plan.tree, &self.scratch)?;
                Ok(Row::page(record(bytes.ok_or(Error::Malformed)?)?, rowid))
            }
            Fetch::ByKey { directions, parts } => {
                self.scratch.clear();
                table_key(cursor.key(), directions, parts, &mut self.buffer, &mut self.scratch)?;
                let bytes = ctx.stores.get(plan.store, plan.tree, &self.scratch)?;
                Ok(Row::page(record(bytes.ok_or(Error::Malformed)?)?, 0))
            }
            Fetch::Covering { directions, reals, rowid } => {
                covered_row(cursor, directions, reals, *rowid, &mut self.buffer)
            }
        }
    }
}

/// The key of the table's row that an entry of an index `WITHOUT ROWID` names.
pub(super) fn table_key(
    key: &[u8],
    directions: &[Direction],
    parts: &[(usize, crate::value::Collation, Direction)],
    buffer: &mut ArenaBuffer,
    out: &mut Vec<u8>,
) -> Result<()> {
    for (place, collation, direction) in parts {
        let mut rest = key;
        for before in &directions[..*place] {
            skip_value(&mut rest, *before).map_err(|_| Error::Malformed)?;
        }
        let arena = buffer.arena();
        let value = next_value(&mut rest, directions[*place], &arena).map_err(|_| Error::Malformed)?;
        push_value(out, value, collation, *direction);
    }
    Ok(())
}

/// The columns of an index entry as a row.
fn covered_row<'v>(
    cursor: &Place<'v>,
    directions: &[Direction],
    reals: &[bool],
    has_rowid: bool,
    buffer: &mut ArenaBuffer,
) -> Result<Row<'v>> {
    let (mut columns, rowid) = match has_rowid {
        true => split_rowid_suffix(cursor.key()).map_err(|_| Error::Malformed)?,
        false => (cursor.key(), 0),
    };
    let originals = cursor.value()?;
    if !originals.is_empty() {
        return Ok(Row::page(record(originals)?, rowid));
    }
    let arena = buffer.arena();
    let mut values = Vec::with_capacity(directions.len());
    for (direction, real) in directions.iter().zip(reals) {
        let value = next_value(&mut columns, *direction, &arena).map_err(|_| Error::Malformed)?;
        values.push(match value {
            ValueRef::Integer(integer) if *real => ValueRef::Real(integer_to_real(integer)),
            value => value,
        });
    }
    let mut bytes = Vec::new();
    encode_record(&mut bytes, &values, 0).map_err(|_| Error::Malformed)?;
    Ok(Row::kept(Arc::new(bytes), rowid))
}

/// Rows that some of several scans find, each once.
pub(super) struct AnyRows {
    pub(super) plan: Arc<AnyOf>,
    pub(super) scans: Vec<BoxOperator>,
    pub(super) at: usize,
    pub(super) seen: std::collections::HashSet<Vec<u8>>,
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
                        push_value(
                            &mut key,
                            part.eval(env),
                            &crate::value::Collation::Binary,
                            Direction::Ascending,
                        );
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
