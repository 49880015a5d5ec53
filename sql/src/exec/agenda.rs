//! [`Agenda`]: what a statement that writes has still to do.
//!
//! A row can make programs run, whose statements write rows that make programs run, and so on, a thousand levels deep.
//! So nothing of this is a call inside a call: what is left to do lies on a stack of [`Job`]s. The topmost one is taken
//! and done; it may put others on top.
//!
//! Invariants:
//! 1. Below the jobs of a row lies the job that goes on with the next row of its statement.
//! 2. Below the jobs of a program lies its [`Job::EndProgram`], and below that the jobs of the row that made it run.

use std::collections::HashSet;
use std::sync::Arc;

use super::chunk::Chunk;
use super::image::Image;
use super::subquery::Memory;
use crate::ast::ConflictAction;
use crate::bound::ProgramNumber;
use crate::codec::Record;
use crate::error::{Error, Result};
use crate::expr::Row;
use crate::plan::{
    ConsequencePlan, DeletePlan, InsertPlan, ProgramPlan, ReturningPlan, RowPlan, TablePlan, UpdatePlan,
};
use crate::schema::Trigger;
use crate::value::Value;

/// What is left to do; see the head of the file.
pub(super) struct Agenda<'p> {
    pub(super) jobs: Vec<Job<'p>>,
    /// What the statement may make run.
    pub(super) programs: &'p [ProgramPlan],
    /// What runs, outermost first: triggers, and nothing for actions of foreign keys.
    pub(super) running: Vec<Option<&'p Arc<Trigger>>>,
}

/// The rows of a statement that are left: what found them gave these values.
#[derive(Clone)]
pub(super) struct Found {
    /// Nothing where there is one row, without values.
    rows: Option<Arc<Chunk>>,
    next: usize,
    len: usize,
}

impl Found {
    pub(super) fn new(rows: Arc<Chunk>) -> Found {
        Found { next: 0, len: rows.len(), rows: Some(rows) }
    }

    /// One row without values.
    pub(super) fn one() -> Found {
        Found { rows: None, next: 0, len: 1 }
    }

    /// How many rows are left.
    pub(super) fn len(&self) -> usize {
        self.len - self.next
    }

    /// The row at a place.
    pub(super) fn row(&self, place: usize) -> Result<Row<'_>> {
        let Some(rows) = &self.rows else { return Ok(Row::default()) };
        Ok(Row::page(Record::new(rows.record(place)).map_err(|_| Error::Malformed)?, 0))
    }
}

impl Iterator for Found {
    type Item = usize;

    /// The place of the next row.
    fn next(&mut self) -> Option<usize> {
        let place = self.next;
        (place < self.len).then(|| {
            self.next += 1;
            place
        })
    }
}

/// Something to do.
pub(super) enum Job<'p> {
    /// Insert the rows that are left, which make programs run.
    Inserts(&'p InsertPlan, Found),
    /// Update the rows that are left; those with the keys of the set were written already.
    Updates(&'p UpdatePlan, Found, HashSet<Vec<u8>>),
    /// Delete the rows that are left.
    Deletes(&'p DeletePlan, Found),
    /// Insert a row, now that what runs before has run.
    Insert(&'p InsertPlan, Vec<Value>, Option<i64>),
    /// Write a new row, now that what was in the way is gone.
    Write(&'p InsertPlan, Image<'static>),
    /// Update a row, now that what runs before has run: the row as it was, and what is set.
    Update(UpdateRow<'p>, Image<'static>, Vec<Value>),
    /// Write a row anew, now that what was in the way is gone: as it was at first, as it is, and as it will be.
    Rewrite(UpdateRow<'p>, Image<'static>, Image<'static>, Image<'static>),
    /// Remove a row that is in the way.
    Replace(RemoveRow<'p>, Image<'static>),
    /// Remove a row, now that what runs before has run.
    Remove(RemoveRow<'p>, Image<'static>),
    /// Run these programs, from a place on, for these rows.
    Fire(&'p [ProgramNumber], usize, RowPair),
    /// See whether a program is to run.
    Begin(&'p ProgramPlan),
    /// Do the steps of a program, from a place on.
    Steps(&'p ProgramPlan, usize),
    /// End a step that wrote.
    EndStep(Memory),
    /// End a program.
    EndProgram(Interrupted),
}

/// The row as it was and as it will be, as programs see them.
#[derive(Clone, Default)]
pub(super) struct RowPair {
    pub(super) old: Row<'static>,
    pub(super) new: Row<'static>,
}

impl RowPair {
    pub(super) fn of(old: Option<&Image<'_>>, new: Option<&Image<'_>>) -> RowPair {
        let row = |image: Option<&Image<'_>>| image.map(Image::kept_row).unwrap_or_default();
        RowPair { old: row(old), new: row(new) }
    }
}

/// The state of a statement while a program runs that it made run.
pub(super) struct Interrupted {
    pub(super) memory: Memory,
    pub(super) around: Vec<Row<'static>>,
    pub(super) changes: u64,
    pub(super) shown_changes: i64,
    pub(super) last_rowid: i64,
}

/// How a row is updated.
#[derive(Clone, Copy)]
pub(super) struct UpdateRow<'p> {
    pub(super) row: &'p RowPlan,
    pub(super) target: &'p TablePlan,
    /// The places that are set.
    pub(super) places: &'p [usize],
    pub(super) conflict: Option<ConflictAction>,
    pub(super) follows: &'p ConsequencePlan,
    pub(super) replaced: &'p ConsequencePlan,
    pub(super) returning: &'p ReturningPlan,
}

/// How a row is removed.
#[derive(Clone, Copy)]
pub(super) struct RemoveRow<'p> {
    pub(super) row: &'p RowPlan,
    pub(super) target: &'p TablePlan,
    pub(super) follows: &'p ConsequencePlan,
    /// What is given back; `None` for a row that is in the way, which does not count as changed either.
    pub(super) returning: Option<&'p ReturningPlan>,
}

impl<'p> Agenda<'p> {
    pub(super) fn new(programs: &'p [ProgramPlan]) -> Agenda<'p> {
        Agenda { jobs: Vec::new(), programs, running: Vec::new() }
    }

    pub(super) fn push(&mut self, job: Job<'p>) {
        self.jobs.push(job);
    }

    /// Puts programs on top, to be run next.
    pub(super) fn fire(
        &mut self,
        programs: &'p [ProgramNumber],
        old: Option<&Image<'_>>,
        new: Option<&Image<'_>>,
    ) {
        if !programs.is_empty() {
            self.push(Job::Fire(programs, 0, RowPair::of(old, new)));
        }
    }
}

impl Job<'_> {
    /// Whether it goes on after a row that was given up.
    pub(super) fn is_behind_a_row(&self) -> bool {
        matches!(
            self,
            Job::Inserts(..) | Job::Updates(..) | Job::Deletes(..) | Job::Write(..) | Job::Rewrite(..)
        )
    }
}
