//! [`Rows`]: the rows of a statement, one at a time, and iterators over what is made of them.

use crate::error::{Error, Result};
use crate::execution::Execution;
use crate::row::Row;

/// The rows of a statement that runs. It ends when the last row was read, or this is dropped.
///
/// A query that is open sees what its own connection writes meanwhile, in rows it did not come to yet; what other
/// connections commit it does not see. `ROLLBACK` ends it with [`Error::RolledBack`].
#[derive(Debug)]
pub struct Rows<'s> {
    row: Row<'s>,
}

impl<'s> Rows<'s> {
    /// Starts a statement whose parameters are bound.
    pub(crate) fn start(execution: &'s mut Execution) -> Result<Rows<'s>> {
        execution.start()?;
        Ok(Rows { row: Row { execution } })
    }

    /// Moves to the next row; `None` after the last, and after an error.
    ///
    /// # Errors
    /// Those of expressions and of the engine; [`Error::RolledBack`]; [`Error::Interrupted`].
    #[expect(
        clippy::should_implement_trait,
        reason = "a row borrows from the statement, an iterator cannot lend"
    )]
    pub fn next(&mut self) -> Result<Option<&Row<'s>>> {
        Ok(if self.row.execution.next()? { Some(&self.row) } else { None })
    }

    /// How many entries were read so far; see [`Statement::rows_read`](crate::Statement::rows_read).
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.row.execution.work().rows_read
    }

    /// How many were written; see [`Statement::rows_written`](crate::Statement::rows_written).
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.row.execution.work().rows_written
    }

    /// What `map` makes of each row.
    pub fn mapped<F, T>(self, map: F) -> MappedRows<'s, F>
    where
        F: FnMut(&Row<'_>) -> Result<T>,
    {
        MappedRows { rows: self, map }
    }

    /// As [`Rows::mapped`], with errors of another type.
    pub fn and_then<F, T, E>(self, map: F) -> AndThenRows<'s, F>
    where
        F: FnMut(&Row<'_>) -> Result<T, E>,
        E: From<Error>,
    {
        AndThenRows { rows: self, map }
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        self.row.execution.reset();
    }
}

/// What a function makes of each row of a statement.
#[derive(Debug)]
pub struct MappedRows<'s, F> {
    rows: Rows<'s>,
    map: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let row = self.rows.next().transpose()?;
        Some(row.and_then(&mut self.map))
    }
}

/// What a function makes of each row of a statement, with errors of its own.
#[derive(Debug)]
pub struct AndThenRows<'s, F> {
    rows: Rows<'s>,
    map: F,
}

impl<T, E: From<Error>, F: FnMut(&Row<'_>) -> Result<T, E>> Iterator for AndThenRows<'_, F> {
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Result<T, E>> {
        let row = self.rows.next().transpose()?;
        Some(row.map_err(E::from).and_then(&mut self.map))
    }
}
