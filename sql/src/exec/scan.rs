//! Rows of tables, by the whole tree, by rowid, and by keys.

use std::ops::Bound;
use std::sync::Arc;

use duramen_engine::TreeId;

use super::ahead::Next;
use super::frame::{Ctx, Frame};
use super::operator::{Operator, passes, with_env};
use super::pace::Pace;
use super::place::Place;
use super::rowids::{exact_rowid, first_rowid, last_rowid};
use crate::codec::{
    Direction, Record, next_value, push_rowid, push_value, rowid_key, rowid_of, skip_value,
    split_rowid_suffix,
};
use crate::error::{Error, Result};
use crate::expr::{Env, Row};
use crate::plan::{Access, Fetch, Included, KeyPart, NamedBy, Scan};
use crate::value::{ArenaBuffer, ValueRef, integer_to_real};

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
    /// The columns by which the row that was given last is told apart.
    given: Vec<u8>,
    /// Whether rows may be read together, and how many were read one by one since it was opened.
    together: bool,
    alone: usize,
    /// Whether it came to read rows together, and to their end, when it was open the last time.
    was_long: bool,
    /// Whether the row was made of an entry of this range, all of which give the same columns.
    is_alike: bool,
    buffer: ArenaBuffer,
}

/// So many rows are read one by one before the next ones are read together, unless it was otherwise the last time: there may
/// be no more, or nobody may ask for them.
const ALONE: usize = 2;

impl ScanRows {
    pub(super) fn new(plan: Arc<Scan>) -> ScanRows {
        let together = match &plan.access {
            Access::Rowid(..) => false,
            Access::All | Access::RowidRange(..) => plan.has_rowid,
            Access::Keys(range) => {
                matches!(range.fetch, Fetch::ByRowid) && plan.apart.is_empty() && !plan.is_single
            }
        };
        ScanRows {
            plan,
            state: State::Done,
            low: Vec::new(),
            high: None,
            scratch: Vec::new(),
            given: Vec::new(),
            together,
            alone: 0,
            was_long: false,
            is_alike: false,
            buffer: ArenaBuffer::new(),
        }
    }

    /// How many entries there are in the range, once that is open, and how many are read to know: the one behind it too.
    pub(super) fn count(&self, ctx: &Ctx<'_, '_>) -> Result<(u64, u64)> {
        if matches!(self.state, State::Done) {
            return Ok((0, 0));
        }
        let tree = match &self.plan.access {
            Access::Keys(range) => range.tree,
            _ => self.plan.tree,
        };
        let least = u64::from(!self.plan.is_exact());
        let high = self.high.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let range = (Bound::Included(self.low.as_slice()), high);
        let (count, is_more) = ctx.stores.count_and_next(self.plan.store, tree, range)?;
        Ok((count, count.max(least) + u64::from(count > 0 && is_more)))
    }

    /// Sets the ends of a range of rowids; false if nothing can be in it.
    fn rowid_range(&mut self, frame: &Frame<'_>, ctx: &Ctx<'_, '_>) -> Result<bool> {
        let ScanRows { plan, low: low_key, high: high_key, buffer, .. } = self;
        let Access::RowidRange(low, high) = &plan.access else { return Ok(false) };
        with_env(buffer, frame, ctx, |env| {
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
            match high.checked_add(1) {
                Some(high) => push_rowid(emptied(high_key), high),
                None => *high_key = None,
            }
            Ok(low <= high)
        })
    }

    /// Sets the ends of a range of keys; false if nothing can be in it.
    fn key_range(&mut self, frame: &Frame<'_>, ctx: &Ctx<'_, '_>) -> Result<bool> {
        let ScanRows { plan, low, high, buffer, .. } = self;
        let Access::Keys(range) = &plan.access else { return Ok(false) };
        with_env(buffer, frame, ctx, |env| {
            low.clear();
            for part in &range.equal {
                if !push_part(low, part, env) {
                    return Ok(false);
                }
            }
            let shared = low.len();
            let (mut first, mut last) = (range.low.as_ref(), range.high.as_ref());
            // NULL is below everything, but no comparison with it is true.
            let null_excluded = first.is_none() && last.is_some();
            let descending = range.direction == Direction::Descending;
            if descending {
                std::mem::swap(&mut first, &mut last);
            }
            let high_key = emptied(high);
            high_key.extend_from_slice(low);
            let null_at_end = null_excluded && descending;
            let has_high = match last {
                Some((part, included)) => {
                    if !push_part(high_key, part, env) {
                        return Ok(false);
                    }
                    if *included == Included::Yes {
                        high_key.push(BEHIND);
                    }
                    true
                }
                None if null_at_end => {
                    push_value(high_key, ValueRef::Null, &crate::value::Collation::Binary, range.direction);
                    true
                }
                None => {
                    high_key.push(BEHIND);
                    shared > 0
                }
            };
            match first {
                Some((part, included)) => {
                    if !push_part(low, part, env) {
                        return Ok(false);
                    }
                    if *included == Included::No {
                        low.push(BEHIND);
                    }
                }
                None if null_excluded && !descending => {
                    push_value(low, ValueRef::Null, &crate::value::Collation::Binary, range.direction);
                    low.push(BEHIND);
                }
                None => {}
            }
            if !has_high {
                *high = None;
            }
            Ok(true)
        })
    }
}

/// The vector of an end, made empty; its memory is kept from one start to the next.
fn emptied(end: &mut Option<Vec<u8>>) -> &mut Vec<u8> {
    let end = end.get_or_insert_default();
    end.clear();
    end
}

/// Appends a value of a key; false if nothing can be equal to it.
fn push_part(key: &mut Vec<u8>, part: &KeyPart, env: &Env<'_>) -> bool {
    let value = part.affinity.apply(part.value.eval(env), env.arena);
    push_value(key, value, &part.collation, part.direction);
    part.null_fits || !value.is_null()
}

fn record(bytes: &[u8]) -> Result<Record<'_>> {
    Record::new(bytes).map_err(|_| Error::Malformed)
}

impl Operator for ScanRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        self.low.clear();
        self.given.clear();
        self.is_alike = false;
        self.alone = if std::mem::take(&mut self.was_long) { ALONE } else { 0 };
        if self.together
            && let Some(ahead) = frame.ahead.get_mut(self.plan.cursor / 2)
        {
            ahead.clear();
        }
        let possible = match &self.plan.access {
            Access::All => {
                self.high = None;
                true
            }
            Access::Rowid(..) => true,
            Access::RowidRange(..) => self.rowid_range(frame, ctx)?,
            Access::Keys(_) => self.key_range(frame, ctx)?,
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
                self.was_long = self.alone == ALONE;
                return Ok(false);
            }
            if passes(&self.plan.tests, &mut self.buffer, frame, ctx)? {
                self.note_given(frame)?;
                return Ok(true);
            }
        }
    }
}

impl ScanRows {
    /// Takes note of what rows are to differ in from the one that is given.
    #[inline]
    fn note_given(&mut self, frame: &Frame<'_>) -> Result<()> {
        if self.plan.apart.is_empty() {
            return Ok(());
        }
        self.given.clear();
        if let Some(cursor) = &frame.cursors[self.plan.cursor + 1] {
            let mut rest = cursor.key();
            for direction in &self.plan.apart {
                skip_value(&mut rest, *direction).map_err(|_| Error::Malformed)?;
            }
            self.given.extend_from_slice(&cursor.key()[..cursor.key().len() - rest.len()]);
        }
        Ok(())
    }

    fn advance<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        if !self.together {
            return self.advance_alone(frame, ctx);
        }
        if self.alone == ALONE {
            return self.advance_together(frame, ctx);
        }
        let found = self.advance_alone(frame, ctx)?;
        self.alone += usize::from(found);
        Ok(found)
    }

    /// To the next row, which is read by itself.
    #[inline]
    fn advance_alone<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        match &self.plan.access {
            Access::Rowid(..) => self.look_up(frame, ctx),
            Access::All | Access::RowidRange(..) => self.advance_in_table(frame, ctx),
            Access::Keys(_) => self.advance_in_index(frame, ctx),
        }
    }

    /// To the next one of the rows that are read together.
    fn advance_together<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let pair = self.plan.cursor / 2;
        frame.make_ahead(pair);
        loop {
            match frame.ahead[pair].next(ctx.pace) {
                Next::Row(rowid, bytes) => {
                    frame.rows[self.plan.row].set_page(record(bytes)?, rowid);
                    return Ok(true);
                }
                Next::End => return Ok(false),
                Next::Unknown => self.read_ahead(frame, ctx)?,
            }
        }
    }

    #[inline(never)]
    fn read_ahead<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let ScanRows { plan, state, low, high, .. } = self;
        let way = (plan.reverse, plan.is_exact());
        let ahead = &mut frame.ahead[plan.cursor / 2];
        let (table, index) = frame.cursors[plan.cursor..].split_at_mut(1);
        let table = placed(&mut table[0], plan.tree, plan, ctx)?;
        let ends = (low.as_slice(), high.as_deref());
        match &plan.access {
            Access::Keys(range) => {
                let entry = placed(&mut index[0], range.tree, plan, ctx)?;
                ahead.fill_by_index(entry, table, |entry| step(entry, state, way, ends))
            }
            _ => ahead.fill(table, |row| step(row, state, way, ends)),
        }
    }

    /// To the row of one rowid.
    fn look_up<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let ScanRows { plan, state, buffer, .. } = self;
        let Access::Rowid(value, named_by) = &plan.access else { return Ok(false) };
        if matches!(state, State::Running) {
            return Ok(false);
        }
        *state = State::Running;
        let rowid = with_env(buffer, frame, ctx, |env| Ok(exact_rowid(value.eval(env))))?;
        let Some(rowid) = rowid else { return Ok(false) };
        ctx.pace.read(1);
        let known = match named_by {
            Some(named_by) => named(named_by, rowid, plan, frame, ctx)?,
            None => None,
        };
        let Frame { cursors, looked_up, .. } = &mut *frame;
        let found = match known {
            None => row_of_key(&mut cursors[plan.cursor], looked_up, &rowid_key(rowid), plan, ctx)?,
            known => known,
        };
        let Some(bytes) = found else { return Ok(false) };
        frame.rows[plan.row].set_page(record(bytes)?, rowid);
        Ok(true)
    }

    fn advance_in_table<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let ScanRows { plan, state, low, high, .. } = self;
        let cursor = placed(&mut frame.cursors[plan.cursor], plan.tree, plan, ctx)?;
        let (found, read) = step(cursor, state, (plan.reverse, false), (low, high.as_deref()))?;
        ctx.pace.read(read);
        if !found {
            return Ok(false);
        }
        let rowid = match plan.has_rowid {
            true => rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
            false => 0,
        };
        frame.rows[plan.row].set_page(record(cursor.value()?)?, rowid);
        Ok(true)
    }

    fn advance_in_index<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        let ScanRows { plan, state, low, high, scratch, given, is_alike, buffer, .. } = self;
        let Access::Keys(range) = &plan.access else { return Ok(false) };
        if plan.is_single && matches!(state, State::Running) {
            return Ok(false);
        }
        let (table, index) = frame.cursors[plan.cursor..].split_at_mut(1);
        let entry = placed(&mut index[0], range.tree, plan, ctx)?;
        let ends = (low.as_slice(), high.as_deref());
        let found = match given.is_empty() {
            true => {
                let (found, read) = step(entry, state, (plan.reverse, plan.is_exact()), ends)?;
                ctx.pace.read(read);
                found
            }
            false => leave(entry, given, ctx.pace)? && ends.1.is_none_or(|high| entry.is_below(high)),
        };
        if !found {
            return Ok(false);
        }
        let row = &mut frame.rows[plan.row];
        let (key, rowid) = match &range.fetch {
            Fetch::Own => {
                row.set_page(record(entry.value()?)?, 0);
                return Ok(true);
            }
            Fetch::Covering { rowid: true, .. } if *is_alike && entry.value()?.is_empty() => {
                (_, row.rowid) = split_rowid_suffix(entry.key()).map_err(|_| Error::Malformed)?;
                return Ok(true);
            }
            Fetch::Covering { directions, reals, rowid } => {
                covered_row(entry, (directions, reals), *rowid, buffer, row)?;
                *is_alike = directions.len() <= range.equal.len() && entry.value()?.is_empty();
                return Ok(true);
            }
            Fetch::ByRowid => {
                let (_, rowid) = split_rowid_suffix(entry.key()).map_err(|_| Error::Malformed)?;
                scratch.clear();
                push_rowid(scratch, rowid);
                (scratch, rowid)
            }
            Fetch::ByKey { directions, parts } => {
                scratch.clear();
                table_key(entry.key(), directions, parts, buffer, scratch)?;
                (scratch, 0)
            }
        };
        let bytes = row_of_key(&mut table[0], &mut frame.looked_up, key, plan, ctx)?;
        row.set_page(record(bytes.ok_or(Error::Malformed)?)?, rowid);
        Ok(true)
    }
}

/// The row of a rowid that the current row of another scan names, if that has read ahead: looked up together with those
/// that its next rows name.
fn named<'v>(
    by: &NamedBy,
    rowid: i64,
    plan: &Scan,
    frame: &mut Frame<'v>,
    ctx: &Ctx<'_, 'v>,
) -> Result<Option<&'v [u8]>> {
    let pair = plan.cursor / 2;
    frame.make_ahead(pair);
    let Ok([source, ahead]) = frame.ahead.get_disjoint_mut([by.cursor / 2, pair]) else { return Ok(None) };
    if !source.has_given() {
        return Ok(None);
    }
    let table = placed(&mut frame.cursors[plan.cursor], plan.tree, plan, ctx)?;
    ahead.named(source, by.place, rowid, table)
}

/// The cursor of a scan over one of its trees, made at first use.
#[inline]
fn placed<'p, 'v>(
    place: &'p mut Option<Box<Place<'v>>>,
    tree: TreeId,
    plan: &Scan,
    ctx: &Ctx<'_, 'v>,
) -> Result<&'p mut Place<'v>> {
    match place {
        Some(place) => Ok(place),
        none => Ok(none.insert(Box::new(Place::new(ctx.stores, plan.store, tree)?))),
    }
}

/// The row of a table that is stored under a key. The first one that a scan looks up is asked of the tree: a cursor, which
/// finds quickly what is near, costs more than it if no other one follows.
#[inline]
fn row_of_key<'v>(
    place: &mut Option<Box<Place<'v>>>,
    looked_up: &mut u64,
    key: &[u8],
    plan: &Scan,
    ctx: &Ctx<'_, 'v>,
) -> Result<Option<&'v [u8]>> {
    let bit = u32::try_from(plan.cursor).ok().and_then(|number| 1_u64.checked_shl(number)).unwrap_or(0);
    if *looked_up & bit == bit {
        return placed(place, plan.tree, plan, ctx)?.get(key);
    }
    *looked_up |= bit;
    ctx.stores.get(plan.store, plan.tree, key)
}

/// Moves a cursor to the next entry of a range: whether there is one, and how many were read to learn that. To go to the
/// first entry counts as reading one, even if there is none, but not where all entries are to have the same values (`exact`)
/// and there is none that has them.
#[inline]
fn step(
    cursor: &mut Place<'_>,
    state: &mut State,
    (reverse, exact): (bool, bool),
    ends: (&[u8], Option<&[u8]>),
) -> Result<(bool, u64)> {
    if matches!(state, State::Running) {
        return following(cursor, reverse, ends);
    }
    *state = State::Running;
    let found = first(cursor, reverse, ends)?;
    Ok((found, u64::from(found || !exact)))
}

/// Moves a cursor to the first entry of a range.
fn first(cursor: &mut Place<'_>, reverse: bool, (low, high): (&[u8], Option<&[u8]>)) -> Result<bool> {
    if !reverse {
        let found = if low.is_empty() { cursor.first()? } else { cursor.seek(low)? };
        return Ok(found && high.is_none_or(|high| cursor.is_below(high)));
    }
    let mut found = match high {
        Some(high) => cursor.seek_for_prev(high)?,
        None => cursor.last()?,
    };
    if found && high.is_some_and(|high| cursor.key() >= high) {
        found = cursor.prev()?;
    }
    Ok(found && (low.is_empty() || cursor.key() >= low))
}

/// Moves a cursor on in a range: whether there is an entry more, and how many were read to learn that.
#[inline]
fn following(
    cursor: &mut Place<'_>,
    reverse: bool,
    (low, high): (&[u8], Option<&[u8]>),
) -> Result<(bool, u64)> {
    if reverse {
        let found = cursor.prev()?;
        return Ok((found && (low.is_empty() || cursor.key() >= low), u64::from(found)));
    }
    let found = cursor.next()?;
    Ok((found && high.is_none_or(|high| cursor.is_below(high)), u64::from(found)))
}

/// So many entries are looked at one by one before those that start alike are jumped over.
const WORTH_JUMPING: usize = 4;

/// Moves a cursor behind all entries that start with these bytes, which it empties.
fn leave(cursor: &mut Place<'_>, beginning: &mut Vec<u8>, pace: &Pace) -> Result<bool> {
    for _ in 0..WORTH_JUMPING {
        let found = cursor.next()?;
        pace.read(u64::from(found));
        if !found || !cursor.key().starts_with(beginning) {
            beginning.clear();
            return Ok(found);
        }
    }
    beginning.push(BEHIND);
    let found = cursor.seek(beginning)?;
    pace.read(u64::from(found));
    beginning.clear();
    Ok(found)
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

/// Makes the columns of an index entry a row.
fn covered_row<'v>(
    cursor: &Place<'v>,
    (directions, reals): (&[Direction], &[bool]),
    has_rowid: bool,
    buffer: &mut ArenaBuffer,
    row: &mut Row<'v>,
) -> Result<()> {
    let (mut columns, rowid) = match has_rowid {
        true => split_rowid_suffix(cursor.key()).map_err(|_| Error::Malformed)?,
        false => (cursor.key(), 0),
    };
    let originals = cursor.value()?;
    if !originals.is_empty() {
        row.set_page(record(originals)?, rowid);
        return Ok(());
    }
    let arena = buffer.arena();
    let mut column = |place: usize| {
        let value = next_value(&mut columns, directions[place], &arena).map_err(|_| Error::Malformed)?;
        Ok(match value {
            ValueRef::Integer(integer) if reals[place] => ValueRef::Real(integer_to_real(integer)),
            value => value,
        })
    };
    match directions.len() {
        0 => row.keep(&[], rowid),
        1 => row.keep(&[column(0)?], rowid),
        2 => row.keep(&[column(0)?, column(1)?], rowid),
        3 => row.keep(&[column(0)?, column(1)?, column(2)?], rowid),
        count => row.keep(&(0..count).map(column).collect::<Result<Vec<_>>>()?, rowid),
    }
}
