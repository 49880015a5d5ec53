//! [`SqlCursor`]: the rows of a statement, read one by one.
//!
//! The cursor is one row ahead of its reader: taking a row looks for the one behind it, so that a statement is over as soon
//! as its last row was taken, and an error in a row is met by who takes the row before it, which is lost.
//!
//! Invariant: while no row is ahead the statement is over, and nothing that happens to the session changes the cursor.

use std::sync::Arc;

use duramen_sql::{CachedStatement, OwnedRow, OwnedRows, Params};

use crate::storage::error::{Error, Result};
use crate::storage::session::{Locked, Session, Shared};

/// The rows of a statement, read one by one. It may outlive the handle that it came from, and any number of them may be
/// open.
///
/// A query that is open sees what the object writes meanwhile in rows that it did not come to yet. Undoing a transaction
/// ends it with an error, and so does [`Storage::delete_all`](crate::storage::Storage::delete_all).
#[derive(Debug)]
pub struct SqlCursor {
    shared: Arc<Shared>,
    rows: OwnedRows,
    /// The next row to hand out.
    ahead: Option<OwnedRow>,
    /// How often the object was emptied before this began.
    deletions: u64,
    /// What the session was told of the work of the statement: entries read and written.
    counted: (u64, u64),
}

impl SqlCursor {
    /// Runs a statement up to its first row.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        session: &mut Session,
        statement: CachedStatement,
        params: impl Params,
    ) -> Result<SqlCursor> {
        if !statement.readonly() {
            session.before_write()?;
        }
        let rows = statement.into_rows(params).map_err(|error| session.failed(error))?;
        let deletions = session.deletions();
        let mut cursor = SqlCursor { shared: shared.clone(), rows, ahead: None, deletions, counted: (0, 0) };
        cursor.step(session)?;
        Ok(cursor)
    }

    /// Looks for the next row.
    fn step(&mut self, session: &mut Session) -> Result<()> {
        let found = self.rows.next_owned();
        let statement = self.rows.statement();
        let work = (statement.rows_read(), statement.rows_written());
        session.count_work(work.0 - self.counted.0, work.1 - self.counted.1);
        self.counted = work;
        self.ahead = found.map_err(|error| session.failed(error))?;
        Ok(())
    }

    /// The session, while the statement is not over.
    fn live(shared: &Shared, deletions: u64) -> Result<Locked<'_>> {
        let session = shared.lock()?;
        if session.deletions() == deletions { Ok(session) } else { Err(Error::QueryCanceled) }
    }

    /// The next row, if there is one.
    fn advance(&mut self) -> Result<Option<OwnedRow>> {
        if self.ahead.is_none() {
            return Ok(None);
        }
        let shared = self.shared.clone();
        let mut session = SqlCursor::live(&shared, self.deletions)?;
        let row = self.ahead.take();
        self.step(&mut session)?;
        Ok(row)
    }

    /// The rows that are left.
    ///
    /// # Errors
    /// Those of the statement; [`Error::QueryCanceled`]; the one that ended the session.
    pub fn to_array(&mut self) -> Result<Vec<OwnedRow>> {
        self.collect()
    }

    /// The only row that is left.
    ///
    /// ```
    /// use duramen::storage::{Storage, StorageOptions};
    ///
    /// let storage = Storage::in_memory(StorageOptions::default())?;
    /// let count: i64 = storage.sql().exec("SELECT count(*) FROM sqlite_master", ())?.one()?.get(0)?;
    /// assert_eq!(count, 0);
    /// # Ok::<(), duramen::storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoRow`]; [`Error::SeveralRows`], and then the cursor is at its end; as [`SqlCursor::to_array`].
    pub fn one(&mut self) -> Result<OwnedRow> {
        let row = self.advance()?.ok_or(Error::NoRow)?;
        if self.ahead.take().is_some() {
            self.rows.end();
            return Err(Error::SeveralRows);
        }
        Ok(row)
    }

    /// The names of the columns, also where there are no rows, and after the end; none for a statement without rows. A
    /// name may appear twice.
    #[must_use]
    pub fn column_names(&self) -> Vec<&str> {
        self.rows.statement().column_names()
    }

    /// How many entries of tables and indexes the statement read so far.
    ///
    /// # Errors
    /// [`Error::QueryCanceled`]; the one that ended the session.
    pub fn rows_read(&self) -> Result<u64> {
        self.work().map(|(read, _)| read)
    }

    /// How many entries of tables and indexes the statement wrote.
    ///
    /// # Errors
    /// [`Error::QueryCanceled`]; the one that ended the session.
    pub fn rows_written(&self) -> Result<u64> {
        self.work().map(|(_, written)| written)
    }

    fn work(&self) -> Result<(u64, u64)> {
        if self.ahead.is_some() {
            SqlCursor::live(&self.shared, self.deletions)?;
        }
        Ok(self.counted)
    }
}

/// The rows that are left. After an error of the statement there are none; a query that was canceled says so each time.
impl Iterator for SqlCursor {
    type Item = Result<OwnedRow>;

    fn next(&mut self) -> Option<Result<OwnedRow>> {
        self.advance().transpose()
    }
}

#[cfg(test)]
mod tests;
