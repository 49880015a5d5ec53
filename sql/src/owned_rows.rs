//! [`OwnedRows`]: the rows of a statement together with the statement, without a lifetime, and [`OwnedRow`]: one of them.

use std::sync::Arc;

use crate::error::Result;
use crate::from_sql::FromSql;
use crate::params::Params;
use crate::row::{Row, RowIndex, read};
use crate::statement::CachedStatement;
use crate::value::{Value, ValueRef};

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

    /// Moves to the next row and copies it; `None` after the last, and after an error.
    ///
    /// # Errors
    /// As [`OwnedRows::next`].
    pub fn next_owned(&mut self) -> Result<Option<OwnedRow>> {
        let Some(row) = self.next()? else { return Ok(None) };
        let columns = row.execution.prepared.columns.clone();
        let values = (0..columns.len()).map(|place| Ok(row.execution.value(place)?.to_value()));
        let values = values.collect::<Result<_>>()?;
        Ok(Some(OwnedRow { columns, values }))
    }

    /// Ends the statement: there are no more rows.
    pub fn end(&mut self) {
        self.statement.execution_mut().reset();
    }

    /// The statement: the names of its columns, and what it read and wrote so far.
    #[must_use]
    pub fn statement(&self) -> &CachedStatement {
        &self.statement
    }
}

/// A row that was read, with the names of its columns.
///
/// ```
/// use duramen_sql::Connection;
///
/// let connection = Connection::open_in_memory()?;
/// let (statement, _) = connection.prepare_next("SELECT 'Ada' AS name, 36 AS age")?.expect("a statement");
/// let row = statement.into_rows(())?.next_owned()?.expect("a row");
/// assert_eq!(row.get::<_, String>("name")?, "Ada");
/// assert_eq!(row.get::<_, i64>(1)?, 36);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedRow {
    columns: Arc<[Box<str>]>,
    values: Vec<Value>,
}

impl OwnedRow {
    /// The value of a column, as a type of the program.
    ///
    /// # Errors
    /// If there is no such column, or its value cannot be read as this type.
    pub fn get<I: RowIndex, T: FromSql>(&self, column: I) -> Result<T> {
        let place = column.place(&self.columns)?;
        read(&self.columns, place, self.values[place].as_ref())
    }

    /// The value of a column, borrowed.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn get_ref<I: RowIndex>(&self, column: I) -> Result<ValueRef<'_>> {
        Ok(self.values[column.place(&self.columns)?].as_ref())
    }

    /// The names of the columns; one may appear twice.
    #[must_use]
    pub fn column_names(&self) -> &[Box<str>] {
        &self.columns
    }

    /// The values, in the order of the columns.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values alone.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
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
