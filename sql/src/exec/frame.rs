//! What operators share while they run: the rows and cursors of a frame, and what is around it.

use std::sync::atomic::{AtomicBool, Ordering};

use duramen_engine::Cursor;

use crate::error::{Error, Result};
use crate::expr::{Row, Scope, Shared};
use crate::plan::{FrameSize, SubqueryPlan};
use crate::store::Stores;

/// The rows and cursors of one query.
pub struct Frame<'v> {
    /// The current rows.
    pub rows: Vec<Row<'v>>,
    /// The cursors, made at first use.
    pub cursors: Vec<Option<Cursor<'v>>>,
    /// Rows that joins keep.
    pub kept: Vec<Vec<Row<'v>>>,
    /// The rows that recursive steps read: those of each recursive common table that runs.
    pub recursion: Vec<(crate::bound::RecursionId, Row<'v>)>,
}

impl Frame<'_> {
    /// An empty frame.
    #[must_use]
    pub fn new(size: FrameSize) -> Self {
        Frame {
            rows: (0..size.rows).map(|_| Row::default()).collect(),
            cursors: (0..size.cursors).map(|_| None).collect(),
            kept: Vec::new(),
            recursion: Vec::new(),
        }
    }
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
    /// Set by who wants the statement to stop.
    pub interrupt: &'c AtomicBool,
    /// What table functions read.
    pub tables: &'c dyn FunctionTables,
}

/// Gives the rows of table functions that tell about the schema.
pub trait FunctionTables {
    /// The rows of a pragma.
    ///
    /// # Errors
    /// Where its argument does not fit.
    fn pragma(
        &self,
        name: &str,
        argument: Option<&str>,
        schema: Option<&str>,
    ) -> Result<Vec<Vec<crate::value::Value>>>;
}

impl Ctx<'_, '_> {
    /// Fails if the statement is to stop. Asked once a row by whoever reads or makes rows in a loop.
    #[inline]
    pub fn check(&self) -> Result<()> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}
