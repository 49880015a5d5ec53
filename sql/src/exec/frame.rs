//! What operators share while they run: the rows and cursors of a frame, and what is around it.

use std::sync::Arc;

use super::ahead::Ahead;
use super::pace::Pace;
use super::place::Place;
use crate::codec::encode_record;
use crate::error::{Error, Result};
use crate::expr::{Cells, Row, Scope, Shared};
use crate::plan::{FrameSize, SubqueryPlan};
use crate::store::Stores;
use crate::value::Value;

/// The rows and cursors of one query.
pub struct Frame<'v> {
    /// The current rows.
    pub rows: Vec<Row<'v>>,
    /// The cursors, made at first use: for each scan one of the table and one of an index of it.
    pub cursors: Vec<Option<Box<Place<'v>>>>,
    /// Which scans, by their cursors' numbers, have looked up a row: a bit for each of the first ones.
    pub looked_up: u64,
    /// The next rows of scans, for each two cursors; made at first use.
    pub ahead: Vec<Ahead<'v>>,
    /// Rows that joins keep.
    pub kept: Vec<Vec<Row<'v>>>,
}

impl Frame<'_> {
    /// An empty frame.
    #[must_use]
    pub fn new(size: FrameSize) -> Self {
        Frame {
            rows: (0..size.rows).map(|_| Row::default()).collect(),
            cursors: (0..size.cursors).map(|_| None).collect(),
            looked_up: 0,
            ahead: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Makes room for the next rows of a scan, which has these two cursors.
    #[inline]
    pub(super) fn make_ahead(&mut self, pair: usize) {
        if self.ahead.len() <= pair {
            self.ahead.resize_with(pair + 1, Ahead::default);
        }
    }
}

impl Frame<'_> {
    /// The same rows and positions in other versions of what is read. The rows stay as they were read.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn renewed<'w>(&self, stores: Stores<'w>) -> Result<Frame<'w>> {
        let rows = |rows: &[Row<'_>]| rows.iter().map(owned_row).collect::<Result<Vec<Row<'w>>>>();
        let place = |(number, place): (usize, &Option<Box<Place<'_>>>)| {
            let Some(place) = place else { return Ok(None) };
            let ahead = self.ahead.get(number / 2);
            let last = if number % 2 == 0 { Ahead::last_of_table } else { Ahead::last_of_index };
            match ahead.and_then(last) {
                Some(key) => place.renewed_at(&key, stores).map(|place| Some(Box::new(place))),
                None => place.renewed(stores).map(|place| Some(Box::new(place))),
            }
        };
        Ok(Frame {
            rows: rows(&self.rows)?,
            cursors: self.cursors.iter().enumerate().map(place).collect::<Result<_>>()?,
            looked_up: self.looked_up,
            ahead: Vec::new(),
            kept: self.kept.iter().map(|kept| rows(kept)).collect::<Result<_>>()?,
        })
    }
}

/// A copy of a row that borrows nothing.
fn owned_row<'w>(row: &Row<'_>) -> Result<Row<'w>> {
    let cells = match &row.cells {
        Cells::Nothing => Cells::Nothing,
        Cells::Kept(bytes, range) => Cells::Kept(bytes.clone(), range.clone()),
        Cells::Own(bytes) => Cells::Own(bytes.clone()),
        Cells::Page(record) => {
            let columns = (0..record.len()).map(|place| record.column(place));
            let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|_| Error::Malformed)?;
            let mut bytes = Vec::new();
            encode_record(&mut bytes, &columns, columns.len()).map_err(|_| Error::Malformed)?;
            let range = 0..bytes.len();
            Cells::Kept(Arc::new(bytes), range)
        }
    };
    Ok(Row { cells, rowid: row.rowid })
}

/// What is around a frame.
pub struct Ctx<'c, 'v> {
    /// What is the same throughout the statement.
    pub shared: &'c Shared<'c>,
    /// What is read.
    pub stores: Stores<'v>,
    /// The rows of the query around.
    pub outer: Option<&'c Scope<'c>>,
    /// The plans of queries inside expressions.
    pub subqueries: &'c [SubqueryPlan],
    /// Counts what the statement does, and may stop it.
    pub pace: &'c Pace,
    /// What table functions read.
    pub tables: &'c dyn FunctionTables,
}

/// A pragma whose rows are read.
#[derive(Clone, Copy, Debug)]
pub struct PragmaCall<'p> {
    /// Its name, in small letters.
    pub name: &'p str,
    /// What it is about.
    pub argument: Option<&'p str>,
    /// The schema that is looked at; all if none is named.
    pub schema: Option<&'p str>,
}

/// Gives the rows of table functions that tell about the database.
pub trait FunctionTables {
    /// The rows of a pragma.
    ///
    /// # Errors
    /// Where its argument does not fit; those of the engine.
    fn pragma(&self, call: PragmaCall<'_>, ctx: &Ctx<'_, '_>) -> Result<Vec<Vec<Value>>>;
}

impl Ctx<'_, '_> {
    /// How much an operator may keep in memory.
    #[inline]
    pub fn memory_bytes(&self) -> usize {
        self.shared.context.limits().memory_bytes
    }

    /// Fails if the statement is to stop. Asked once a row by whoever reads or makes rows in a loop.
    #[inline]
    pub fn check(&self) -> Result<()> {
        self.pace.step()
    }
}
