//! [`Statement`]: a prepared statement, which may be kept beside its connection.

use crate::error::{Error, Result};
use crate::execution::Execution;
use crate::params::{Binding, Params};
use crate::prepared::Plan;
use crate::row::Row;
use crate::rows::{AndThenRows, MappedRows, Rows};

/// A prepared statement.
///
/// It belongs to its connection but does not borrow it, so both may be fields of one struct. When the schema changed it
/// prepares itself anew.
///
/// ```
/// use duramen_sql::{Connection, Statement, Result};
///
/// struct Counter {
///     connection: Connection,
///     add: Statement,
/// }
///
/// impl Counter {
///     fn new() -> Result<Counter> {
///         let connection = Connection::open_in_memory()?;
///         connection.execute("CREATE TABLE hit (page TEXT PRIMARY KEY, count INTEGER)", ())?;
///         let add = connection.prepare(
///             "INSERT INTO hit VALUES (?1, 1) ON CONFLICT (page) DO UPDATE SET count = count + 1",
///         )?;
///         Ok(Counter { connection, add })
///     }
/// }
///
/// let mut counter = Counter::new()?;
/// counter.add.execute(["/home"])?;
/// counter.add.execute(["/home"])?;
/// let count: i64 = counter.connection.query_row("SELECT count FROM hit", (), |row| row.get(0))?;
/// assert_eq!(count, 2);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
pub struct Statement {
    execution: Execution,
}

impl Statement {
    pub(crate) fn new(execution: Execution) -> Statement {
        Statement { execution }
    }

    fn bind(&mut self, params: impl Params) -> Result<()> {
        let Execution { prepared, means, .. } = &mut self.execution;
        params.bind(&mut Binding::new(&prepared.parameters, &mut means.parameters))
    }

    /// Starts it: what it does besides giving rows is done when this returns.
    pub(crate) fn start(&mut self, params: impl Params) -> Result<()> {
        self.bind(params)?;
        self.execution.start()
    }

    pub(crate) fn execution_mut(&mut self) -> &mut Execution {
        &mut self.execution
    }

    /// Runs a statement that gives no rows. The number of rows that it inserted, updated or deleted; 0 for others.
    ///
    /// # Errors
    /// Those of the statement; [`Error::ExecuteReturnedResults`] if it gives rows; [`Error::InvalidParameterCount`].
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        self.bind(params)?;
        if self.column_count() > 0 {
            return Err(Error::ExecuteReturnedResults);
        }
        let changes = self.execution.run()?;
        Ok(usize::try_from(changes).unwrap_or(usize::MAX))
    }

    /// Runs an `INSERT` of one row, and gives the rowid of that row.
    ///
    /// # Errors
    /// As [`Statement::execute`].
    pub fn insert(&mut self, params: impl Params) -> Result<i64> {
        self.execute(params)?;
        Ok(self.execution.shared.lock()?.ambient.last_rowid())
    }

    /// Runs the statement, to read its rows.
    ///
    /// ```
    /// # let connection = duramen_sql::Connection::open_in_memory()?;
    /// let mut statement = connection.prepare("SELECT column1 FROM (VALUES ('a'), ('b')) WHERE column1 > ?1")?;
    /// let mut rows = statement.query(["a"])?;
    /// while let Some(row) = rows.next()? {
    ///     assert_eq!(row.get_ref(0)?.as_str().unwrap(), "b"); // borrowed, not copied
    /// }
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the statement; [`Error::InvalidParameterCount`].
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        self.bind(params)?;
        Rows::start(&mut self.execution)
    }

    /// Runs the statement; what `map` makes of each row.
    ///
    /// # Errors
    /// As [`Statement::query`].
    pub fn query_map<T, F>(&mut self, params: impl Params, map: F) -> Result<MappedRows<'_, F>>
    where
        F: FnMut(&Row<'_>) -> Result<T>,
    {
        Ok(self.query(params)?.mapped(map))
    }

    /// As [`Statement::query_map`], with errors of another type.
    ///
    /// # Errors
    /// As [`Statement::query`].
    pub fn query_and_then<T, E, F>(&mut self, params: impl Params, map: F) -> Result<AndThenRows<'_, F>>
    where
        E: From<Error>,
        F: FnMut(&Row<'_>) -> Result<T, E>,
    {
        Ok(self.query(params)?.and_then(map))
    }

    /// Runs the statement; what `map` makes of its first row. Further rows are not asked for.
    ///
    /// # Errors
    /// As [`Statement::query`]; [`Error::QueryReturnedNoRows`].
    pub fn query_row<T, F>(&mut self, params: impl Params, map: F) -> Result<T>
    where
        F: FnOnce(&Row<'_>) -> Result<T>,
    {
        let mut rows = self.query(params)?;
        rows.next()?.ok_or(Error::QueryReturnedNoRows).and_then(map)
    }

    /// As [`Statement::query_row`], where a second row is an error.
    ///
    /// # Errors
    /// As [`Statement::query_row`]; [`Error::QueryReturnedMoreThanOneRow`].
    pub fn query_one<T, F>(&mut self, params: impl Params, map: F) -> Result<T>
    where
        F: FnOnce(&Row<'_>) -> Result<T>,
    {
        let mut rows = self.query(params)?;
        let result = rows.next()?.ok_or(Error::QueryReturnedNoRows).and_then(map)?;
        if rows.next()?.is_some() { Err(Error::QueryReturnedMoreThanOneRow) } else { Ok(result) }
    }

    /// Whether the statement gives any row.
    ///
    /// # Errors
    /// As [`Statement::query`].
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// The text of the statement.
    #[must_use]
    pub fn sql(&self) -> &str {
        self.execution.sql()
    }

    /// The names of the columns of its rows.
    #[must_use]
    pub fn column_names(&self) -> Vec<&str> {
        self.execution.prepared.columns.iter().map(|column| &**column).collect()
    }

    /// The name of a column, by its place from 0.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn column_name(&self, place: usize) -> Result<&str> {
        let column = self.execution.prepared.columns.get(place);
        column.map(|column| &**column).ok_or(Error::InvalidColumnIndex(place))
    }

    /// The place of a column, by its name in any case.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn column_index(&self, name: &str) -> Result<usize> {
        crate::row::RowIndex::place(&name, &self.execution.prepared.columns)
    }

    /// How many columns its rows have; 0 for a statement that gives none.
    #[must_use]
    pub fn column_count(&self) -> usize {
        self.execution.prepared.columns.len()
    }

    /// The declared type of a column, where it is a column of a table as it is.
    #[must_use]
    pub fn column_decltype(&self, place: usize) -> Option<&str> {
        let columns = match &self.execution.prepared.plan {
            Plan::Select(plan) => &plan.columns,
            plan => &plan.returning()?.columns,
        };
        columns.get(place)?.type_name.as_deref()
    }

    /// How many parameters it takes: the largest number of one.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.execution.prepared.parameters.count()
    }

    /// The number of a parameter, from 1, by its name with the character that it begins with.
    #[must_use]
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        self.execution.prepared.parameters.number(name)
    }

    /// The name of a parameter by its number, from 1, with the character that it begins with.
    #[must_use]
    pub fn parameter_name(&self, number: usize) -> Option<&str> {
        self.execution.prepared.parameters.name(number)
    }

    /// How many entries of tables and indexes were read since it was started. The first entry of a range counts also where
    /// there is none, and so does the one behind it that ends the scan; rows fetched for an entry of an index are free.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.execution.work().rows_read
    }

    /// How many rows and entries of indexes were written since it was started, and how many rows were removed; those of
    /// triggers and foreign keys included.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.execution.work().rows_written
    }

    /// How many rows some part of it looked at or made since it was started: what [`Limits::steps`](crate::Limits::steps)
    /// bounds.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.execution.work().steps
    }

    /// Whether it writes nothing.
    #[must_use]
    pub fn readonly(&self) -> bool {
        self.execution.prepared.plan.is_readonly()
    }
}

/// A statement of the connection's memory: what it has for running is used again by the next one of the same text.
///
/// It is a [`Statement`] in all else.
#[derive(Debug)]
pub struct CachedStatement {
    statement: Statement,
}

impl CachedStatement {
    pub(crate) fn new(execution: Execution) -> CachedStatement {
        CachedStatement { statement: Statement::new(execution) }
    }
}

impl std::ops::Deref for CachedStatement {
    type Target = Statement;

    fn deref(&self) -> &Statement {
        &self.statement
    }
}

impl std::ops::DerefMut for CachedStatement {
    fn deref_mut(&mut self) -> &mut Statement {
        &mut self.statement
    }
}

impl Drop for CachedStatement {
    fn drop(&mut self) {
        self.statement.execution.give_back();
    }
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement").field("sql", &self.sql()).finish_non_exhaustive()
    }
}
