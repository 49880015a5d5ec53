//! [`OwnedRows`]: the rows of a statement together with the statement, without a lifetime.

use crate::error::Result;
use crate::params::Params;
use crate::row::Row;
use crate::statement::CachedStatement;

/// The rows of a statement that runs, with the statement: what [`Rows`](crate::Rows) is, without a lifetime. Any number
/// of them may be open on one connection, on the same text too.
///
/// ```
/// use duramen_sql::Connection;
///
/// let connection = Connection::open_in_memory()?;
/// let (statement, rest) = connection.prepare_next("VALUES (?1), (2); SELECT 3")?.expect("a statement");
/// let mut rows = statement.into_rows([1])?;
/// assert_eq!(rest, " SELECT 3");
/// let mut sum = 0;
/// while let Some(row) = rows.next()? {
///     sum += row.get::<_, i64>(0)?;
/// }
/// assert_eq!(sum, 3);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
#[derive(Debug)]
pub struct OwnedRows {
    statement: CachedStatement,
}

impl OwnedRows {
    /// Moves to the next row; `None` after the last, and after an error.
    ///
    /// # Errors
    /// As [`Rows::next`](crate::Rows::next).
    #[expect(
        clippy::should_implement_trait,
        reason = "a row borrows from the statement, an iterator cannot lend"
    )]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        let execution = self.statement.execution_mut();
        Ok(if execution.next()? { Some(Row { execution }) } else { None })
    }

    /// The statement: the names of its columns, and what it read and wrote so far.
    #[must_use]
    pub fn statement(&self) -> &CachedStatement {
        &self.statement
    }
}

impl CachedStatement {
    /// Runs the statement: what it does besides giving rows is done when this returns.
    ///
    /// # Errors
    /// As [`Statement::query`](crate::Statement::query).
    pub fn into_rows(mut self, params: impl Params) -> Result<OwnedRows> {
        self.start(params)?;
        Ok(OwnedRows { statement: self })
    }
}
