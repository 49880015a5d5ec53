//! [`Execution`]: one statement of a connection: its plan, its parameters, and how far it ran.
//!
//! ```text
//! idle --start--> query --next: no row--> idle
//!        |          '--next: the transaction was rolled back, an error--> idle
//!        '------> rows (of RETURNING, a pragma) --next: no row--> idle
//! ```
//!
//! Invariants:
//! 1. Between two rows no lock is held; whatever happens to the connection meanwhile is noticed by counters.
//! 2. A query reads the versions it began with until its own connection writes, and the newest state from then on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{Error, Result};
use crate::exec::{Looked, Stream, Work};
use crate::prepared::{Means, Plan, Prepared, Ready};
use crate::session::{Session, Steps};
use crate::shared::{Locked, Shared};
use crate::value::{Value, ValueRef};

/// One statement of a connection; see the head of the file.
pub(crate) struct Execution {
    pub(crate) shared: Arc<Shared>,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) means: Box<Means>,
    /// How many rows it changed.
    changes: u64,
    /// What it did since it was started.
    work: Work,
    /// How many more bytes of values its rows may hold.
    result_bytes_left: u64,
    state: State,
}

/// How far it ran.
enum State {
    /// Not begun, or over.
    Idle,
    /// A row was read the direct way. It is asked for, or was.
    Found { asked: bool },
    /// Some rows of a query were read.
    Query {
        /// The state of the connection that the stream reads; see [`Session`].
        changed: u64,
        rolled_back: u64,
    },
    /// Rows that are known whole are given back; the present one is the one before `next`.
    Rows { rows: Vec<Vec<Value>>, next: usize },
}

impl Execution {
    pub(crate) fn new(shared: Arc<Shared>, (prepared, means): Ready) -> Execution {
        let means = means.unwrap_or_else(|| Box::new(Means::of(&prepared.plan)));
        Execution {
            shared,
            prepared,
            means,
            changes: 0,
            work: Work::default(),
            result_bytes_left: u64::MAX,
            state: State::Idle,
        }
    }

    pub(crate) fn sql(&self) -> &str {
        &self.prepared.sql
    }

    /// What it did since it was started.
    pub(crate) fn work(&self) -> Work {
        self.work
    }

    /// Leaves what it has for running to the next statement of the same text.
    pub(crate) fn give_back(&mut self) {
        self.reset();
        let means = std::mem::take(&mut self.means);
        if let Ok(mut session) = self.shared.lock() {
            session.plans.give_back(&self.prepared, means);
        }
    }

    /// As [`Execution::start`]; how many rows it changed.
    pub(crate) fn run(&mut self) -> Result<u64> {
        self.start()?;
        Ok(self.changes)
    }

    /// Starts over: what the statement does besides giving rows is done when this returns.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.changes = 0;
        self.reset();
        if self.means.lookup.is_some() && self.look_up()? {
            return Ok(());
        }
        let shared = self.shared.clone();
        let mut session = begin(&shared)?;
        self.result_bytes_left = session.ambient.limits.result_bytes;
        let result = match &self.prepared.plan {
            Plan::Select(_) => self.start_query(&mut session),
            Plan::Insert(_) | Plan::Update(_) | Plan::Delete(_) => self.write(&mut session),
            Plan::Other(_) => self.command(&mut session),
            Plan::Nothing => Ok(()),
        };
        self.work = session.pace.work();
        if result.is_err() && session.txn.is_of_statement() {
            session.abandon();
        }
        result
    }

    /// Reads the only row the direct way; false if it has to be read in the usual one.
    fn look_up(&mut self) -> Result<bool> {
        let Means { lookup: Some(lookup), parameters, .. } = &mut *self.means else { return Ok(false) };
        let mut session = begin(&self.shared)?;
        self.result_bytes_left = session.ambient.limits.result_bytes;
        let looked = session.look_up(&self.prepared, lookup, parameters);
        self.work = session.pace.work();
        match looked? {
            Some(Looked::Found) => self.state = State::Found { asked: false },
            Some(Looked::Nothing) => {}
            Some(Looked::Long) | None => return Ok(false),
        }
        Ok(true)
    }

    /// Makes the plan anew if it is out of date.
    fn renew_plan(&mut self, session: &mut Session) -> Result<()> {
        if !session.is_current(&self.prepared)?
            && let Some((prepared, _)) = session.prepared(&self.prepared.sql)?
        {
            let parameters = std::mem::take(&mut self.means.parameters);
            *self.means = Means { parameters, ..Means::of(&prepared.plan) };
            self.prepared = prepared;
        }
        Ok(())
    }

    fn start_query(&mut self, session: &mut Session) -> Result<()> {
        let (mut views, identities) = session.views()?;
        if !session.is_current_in(&self.prepared, &identities) {
            self.renew_plan(session)?;
            views = session.views()?.0;
        }
        let Plan::Select(plan) = &self.prepared.plan else { return Ok(()) };
        self.means.stream.get_or_insert_with(|| Stream::new(plan)).start(plan, views);
        self.shared.query_opened();
        self.state = State::Query { changed: session.changed, rolled_back: session.rolled_back };
        Ok(())
    }

    fn write(&mut self, session: &mut Session) -> Result<()> {
        session.txn.start_writing()?;
        self.renew_plan(session)?;
        let prepared = &*self.prepared;
        let Means { parameters, finder, .. } = &mut *self.means;
        let written = session.write(Steps::Rows, parameters, |writing| match &prepared.plan {
            Plan::Insert(plan) => writing.insert(plan, finder),
            Plan::Update(plan) => writing.update(plan, finder),
            Plan::Delete(plan) => writing.delete(plan, finder),
            Plan::Select(_) | Plan::Other(_) | Plan::Nothing => Ok(()),
        })?;
        self.changes = written.changes;
        session.ambient.note_changes(written.changes, written.last_rowid);
        let count = i64::try_from(written.changes).unwrap_or(i64::MAX);
        self.state = match (prepared.columns.is_empty(), prepared.plan.returning()) {
            (true, _) => State::Idle,
            (false, Some(_)) => State::Rows { rows: written.returned, next: 0 },
            (false, None) => State::Rows { rows: vec![vec![Value::Integer(count)]], next: 0 },
        };
        Ok(())
    }

    fn command(&mut self, session: &mut Session) -> Result<()> {
        if !session.has_settings_of(&self.prepared) {
            self.renew_plan(session)?;
        }
        let prepared = self.prepared.clone();
        let Plan::Other(statement) = &prepared.plan else { return Ok(()) };
        if self.shared.has_open_queries() && matches!(**statement, crate::ast::Statement::Drop(_)) {
            return Err(Error::TableLocked);
        }
        let rows = session.command(statement, &self.means.parameters)?.rows;
        self.state = State::Rows { rows, next: 0 };
        Ok(())
    }

    /// Moves to the next row; false if there is none.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<bool> {
        match &mut self.state {
            State::Idle => Ok(false),
            State::Found { asked } if self.result_bytes_left == u64::MAX => {
                let is_first = !std::mem::replace(asked, true);
                if !is_first {
                    self.state = State::Idle;
                }
                Ok(is_first)
            }
            _ => self.move_on(),
        }
    }

    /// As [`Execution::next`], of more than one row or with the bytes of rows counted.
    fn move_on(&mut self) -> Result<bool> {
        let result = match &mut self.state {
            State::Idle => return Ok(false),
            State::Rows { rows, next } => {
                *next += 1;
                let is_row = *next <= rows.len();
                // The rows that `RETURNING` gives are read from where they were put.
                self.work.rows_read += u64::from(is_row && self.prepared.plan.returning().is_some());
                Ok(is_row)
            }
            State::Found { asked } => Ok(!std::mem::replace(asked, true)),
            State::Query { changed, rolled_back } => {
                let Means { stream, parameters, .. } = &mut *self.means;
                let (Plan::Select(plan), Some(stream)) = (&self.prepared.plan, stream) else {
                    return Ok(false);
                };
                self.shared.lock().and_then(|mut session| {
                    follow(&mut session, stream, changed, rolled_back)?;
                    session.pace.resume(self.work, session.ambient.limits.steps);
                    let result = session.with_given(parameters, |given| stream.next(plan, given));
                    self.work = session.pace.work();
                    result
                })
            }
        };
        let result = match result {
            Ok(true) if self.result_bytes_left < u64::MAX => self.take_result_bytes().map(|()| true),
            result => result,
        };
        if !matches!(result, Ok(true)) {
            self.reset();
        }
        result
    }

    /// Counts the values of the row it is at against what the result may hold.
    fn take_result_bytes(&mut self) -> Result<()> {
        let mut bytes: u64 = 0;
        for place in 0..self.prepared.columns.len() {
            let len = match self.value(place)? {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
                }
                ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                ValueRef::Null => 0,
            };
            bytes = bytes.saturating_add(len);
        }
        let left = self.result_bytes_left.checked_sub(bytes);
        self.result_bytes_left = left.ok_or(Error::TooBig("result too big"))?;
        Ok(())
    }

    /// A value of the row it is at.
    pub(crate) fn value(&self, place: usize) -> Result<ValueRef<'_>> {
        let Means { lookup, stream, .. } = &*self.means;
        match (&self.state, &self.prepared.plan) {
            (State::Found { .. }, Plan::Select(plan)) => match lookup {
                Some(lookup) => lookup.value(plan, place),
                None => Ok(ValueRef::Null),
            },
            (State::Query { .. }, Plan::Select(plan)) => match stream {
                Some(stream) => stream.value(plan, place),
                None => Ok(ValueRef::Null),
            },
            (State::Rows { rows, next }, _) => {
                let row = next.checked_sub(1).and_then(|at| rows.get(at));
                Ok(row.and_then(|row| row.get(place)).map_or(ValueRef::Null, Value::as_ref))
            }
            _ => Ok(ValueRef::Null),
        }
    }

    /// Ends it, if it is not over.
    #[inline]
    pub(crate) fn reset(&mut self) {
        if !matches!(self.state, State::Idle) {
            self.end();
        }
    }

    fn end(&mut self) {
        if let (State::Query { .. }, Plan::Select(plan)) = (&self.state, &self.prepared.plan) {
            self.shared.query_closed();
            match &mut self.means.stream {
                Some(stream) if plan.is_light() => stream.end(),
                _ => self.means.stream = None,
            }
        }
        self.state = State::Idle;
    }
}

/// Takes the session for a statement that starts.
fn begin(shared: &Shared) -> Result<Locked<'_>> {
    let session = shared.lock()?;
    if !shared.has_open_queries() {
        shared.interrupt().store(false, Ordering::Relaxed);
    }
    session.ambient.start_statement();
    session.pace.resume(Work::default(), session.ambient.limits.steps);
    Ok(session)
}

/// Brings a query to the state that its connection is in by now.
fn follow(
    session: &mut Locked<'_>,
    stream: &mut Stream,
    changed: &mut u64,
    rolled_back: &mut u64,
) -> Result<()> {
    if *rolled_back != session.rolled_back {
        return Err(Error::RolledBack);
    }
    if *changed != session.changed {
        stream.renew(session.views()?.0)?;
        *changed = session.changed;
    }
    Ok(())
}

impl Drop for Execution {
    fn drop(&mut self) {
        self.reset();
    }
}
