//! [`Connection`]: the entry point. Runs statements, each in a transaction of its own unless one was begun.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duramen_engine::{Database, Durability, Options};

use crate::authorizer::{AuthContext, Authorization, Authorizer};
use crate::error::{Error, Result};
use crate::exec::{Action, ProgressHook};
use crate::execution::Execution;
use crate::func::Registry;
use crate::hooks::Update;
use crate::limits::Limits;
use crate::params::Params;
use crate::parse::parse_next;
use crate::row::Row;
use crate::shared::{Locked, Shared};
use crate::statement::{CachedStatement, Statement};
use crate::value::{Collate, Collation, Value};

/// A connection to a database.
///
/// All methods take `&self`, so that statements can be used beside their connection. A connection may be moved to
/// another thread and shared by several (it is `Send` and `Sync`): what they call then runs one after the other. To read in
/// parallel each thread opens a connection of its own on a clone of the [`Database`]; one of them at a time writes. A
/// [`Statement`], a transaction and a blob are `Send`.
pub struct Connection {
    shared: Arc<Shared>,
}

/// How a connection begins. Statements and calls may change it later.
#[derive(Clone, Debug, Default)]
pub struct ConnectionOptions {
    /// Whether foreign keys are enforced: `PRAGMA foreign_keys`. As in SQLite they are not, unless asked for.
    pub foreign_keys: bool,
    /// The bounds on statements and values; SQLite's if not chosen.
    pub limits: Limits,
}

/// Stops the statements of a connection that are running. Looked at once for each row that is read or made.
#[derive(Clone, Debug)]
pub struct InterruptHandle {
    flag: Arc<AtomicBool>,
}

impl InterruptHandle {
    /// Ends the running statements and open queries with [`Error::Interrupted`]; what they wrote is undone. Without any,
    /// nothing happens.
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }
}

/// Puts the authorizer of a connection back when it goes, also when a panic passes.
struct Unasked<'c> {
    connection: &'c Connection,
    authorizer: Option<Arc<Authorizer>>,
}

impl Drop for Unasked<'_> {
    fn drop(&mut self) {
        // A panic inside a statement has given the lock back by now.
        if let Ok(mut session) = self.connection.shared.lock() {
            session.names.authorizer = self.authorizer.take();
            // What was prepared meanwhile is not to be found by who is asked.
            session.settings_changed();
        }
    }
}

/// The rows of a statement, all at once, and what it changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSet {
    /// The names of the columns; empty for statements without rows.
    pub columns: Vec<Box<str>>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// How many rows were inserted, updated or deleted.
    pub changes: u64,
}

impl Connection {
    /// A connection to a new database in memory.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open_in_memory() -> Result<Connection> {
        Ok(Connection::new(Database::in_memory(Options::default())?))
    }

    /// A connection to the database in a directory, which is made if it is not there. Further connections to it are made
    /// with [`Connection::new`] of a clone of [`Connection::database`].
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(path: impl AsRef<Path>) -> Result<Connection> {
        Ok(Connection::new(Database::open(path, Options::default())?))
    }

    /// A connection to a database.
    #[must_use]
    pub fn new(database: Database) -> Connection {
        Connection { shared: Arc::new(Shared::new(database)) }
    }

    /// A connection to a database that begins in another way.
    ///
    /// ```
    /// use duramen_engine::{Database, Options};
    /// use duramen_sql::{Connection, ConnectionOptions};
    ///
    /// let database = Database::in_memory(Options::default())?;
    /// let options = ConnectionOptions { foreign_keys: true, ..ConnectionOptions::default() };
    /// let connection = Connection::with_options(database, options)?;
    /// let enforced: bool = connection.query_row("PRAGMA foreign_keys", (), |row| row.get(0))?;
    /// assert!(enforced);
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// None yet.
    pub fn with_options(database: Database, options: ConnectionOptions) -> Result<Connection> {
        let connection = Connection::new(database);
        connection.shared.lock()?.begin_with(options.limits, options.foreign_keys);
        Ok(connection)
    }

    /// Runs one statement that gives no rows. The number of rows that it inserted, updated or deleted; 0 for others.
    ///
    /// ```
    /// # use duramen_sql::{Connection, params};
    /// let connection = Connection::open_in_memory()?;
    /// connection.execute("CREATE TABLE person (name TEXT, age INTEGER)", ())?;
    /// let count = connection.execute("INSERT INTO person VALUES (?1, ?2)", params!["Ada", 36])?;
    /// assert_eq!(count, 1);
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the statement; [`Error::ExecuteReturnedResults`] if it gives rows; [`Error::MultipleStatement`];
    /// [`Error::InvalidParameterCount`].
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs all statements of a text. Rows they give are not looked at.
    ///
    /// # Errors
    /// Those of the first statement that fails; what came before it stays done.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.each_statement(sql, |mut execution| {
            execution.start()?;
            while execution.next()? {}
            Ok(())
        })
    }

    /// Runs one statement; what `map` makes of its first row. Further rows are not asked for.
    ///
    /// # Errors
    /// Those of the statement and of `map`; [`Error::QueryReturnedNoRows`].
    pub fn query_row<T, F>(&self, sql: &str, params: impl Params, map: F) -> Result<T>
    where
        F: FnOnce(&Row<'_>) -> Result<T>,
    {
        self.prepare_cached(sql)?.query_row(params, map)
    }

    /// Prepares one statement.
    ///
    /// # Errors
    /// If the text is no SQL, does not fit the schema, or holds several statements or none.
    pub fn prepare(&self, sql: &str) -> Result<Statement> {
        Ok(Statement::new(self.execution(sql)?))
    }

    /// Prepares one statement that is run again and again in different places. All plans are remembered by their text;
    /// this one also leaves what it needs for running to the next statement of its text.
    ///
    /// # Errors
    /// As [`Connection::prepare`].
    pub fn prepare_cached(&self, sql: &str) -> Result<CachedStatement> {
        Ok(CachedStatement::new(self.execution(sql)?))
    }

    /// Prepares the first statement of a text, and gives back the text behind it; `None` if only blanks, comments and
    /// semicolons are left. So the statements of a text can be run one after the other, each prepared after those before
    /// it were run.
    ///
    /// # Errors
    /// As [`Connection::prepare`]. What comes after the statement is not looked at.
    pub fn prepare_next<'t>(&self, sql: &'t str) -> Result<Option<(CachedStatement, &'t str)>> {
        let mut session = self.shared.lock()?;
        let (ready, rest) = match session.remembered(sql)? {
            Some(ready) => (ready, ""),
            None => {
                let Some(parsed) = parse_next(sql, 0, &session.ambient.limits)? else { return Ok(None) };
                let (text, rest) = sql.split_at(parsed.next);
                ((session.prepare_alone(text, parsed)?, None), rest)
            }
        };
        drop(session);
        Ok(Some((CachedStatement::new(Execution::new(self.shared.clone(), ready)), rest)))
    }

    fn execution(&self, sql: &str) -> Result<Execution> {
        let prepared = self.shared.lock()?.prepared(sql)?;
        let prepared = prepared.ok_or_else(|| Error::statement("the text holds no statement"))?;
        Ok(Execution::new(self.shared.clone(), prepared))
    }

    /// Whether each statement is a transaction of its own: none was begun that is not ended.
    #[must_use]
    pub fn is_autocommit(&self) -> bool {
        self.shared.lock().is_ok_and(|session| !session.txn.is_open())
    }

    /// Whether a transaction was begun and not ended.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.shared.lock().is_ok_and(|session| session.txn.is_open())
    }

    /// How many rows the last `INSERT`, `UPDATE` or `DELETE` changed.
    #[must_use]
    pub fn changes(&self) -> i64 {
        self.shared.lock().map_or(0, |session| session.ambient.last_changes())
    }

    /// How many rows were inserted, updated and deleted since the connection was opened.
    #[must_use]
    pub fn total_changes(&self) -> i64 {
        self.shared.lock().map_or(0, |session| session.ambient.all_changes())
    }

    /// The rowid of the last row inserted.
    #[must_use]
    pub fn last_insert_rowid(&self) -> i64 {
        self.shared.lock().map_or(0, |session| session.ambient.last_rowid())
    }

    /// The session, for the other files of the API.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        self.shared.lock()
    }

    /// The bounds on statements and values.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn limits(&self) -> Result<Limits> {
        Ok(self.shared.lock()?.ambient.limits.clone())
    }

    /// Sets the bounds on statements and values.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn set_limits(&self, limits: Limits) -> Result<()> {
        let mut session = self.shared.lock()?;
        session.ambient.limits = limits.bounded();
        session.settings_changed();
        Ok(())
    }

    /// Sets who is told of each row that is inserted, updated or deleted: what was done, the schema, the table, the rowid.
    /// Not told of are tables without rowid, rows that make room for another one, and `DELETE` of all rows at once.
    ///
    /// # Errors
    /// [`Error::Reentrant`]; a hook must not use its connection.
    pub fn update_hook<F>(&self, hook: Option<F>) -> Result<()>
    where
        F: FnMut(Action, &str, &str, i64) + Send + 'static,
    {
        self.shared.lock()?.hooks.update = hook.map(|hook| Update::new(Box::new(hook)));
        Ok(())
    }

    /// Sets who is asked before a transaction that wrote is committed: true turns the commit into a rollback, and the
    /// statement fails.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn commit_hook<F: FnMut() -> bool + Send + 'static>(&self, hook: Option<F>) -> Result<()> {
        self.shared.lock()?.hooks.commit = match hook {
            Some(hook) => Some(Box::new(hook)),
            None => None,
        };
        Ok(())
    }

    /// Sets who is told when a transaction is undone.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn rollback_hook<F: FnMut() + Send + 'static>(&self, hook: Option<F>) -> Result<()> {
        self.shared.lock()?.hooks.rollback = match hook {
            Some(hook) => Some(Box::new(hook)),
            None => None,
        };
        Ok(())
    }

    /// Sets who decides what statements may do, as they are prepared. Statements that were prepared before are prepared anew.
    ///
    /// ```
    /// use duramen_sql::{AuthAction, AuthContext, Authorization, Connection};
    ///
    /// let connection = Connection::open_in_memory()?;
    /// connection.execute_batch("CREATE TABLE person (name TEXT, secret TEXT)")?;
    /// connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
    ///     AuthAction::Read { column_name: "secret", .. } => Authorization::Deny,
    ///     _ => Authorization::Allow,
    /// }))?;
    /// assert!(connection.prepare("SELECT name FROM person").is_ok());
    /// let refused = connection.prepare("SELECT secret FROM person").err().map(|error| error.to_string());
    /// assert_eq!(refused.as_deref(), Some("access to person.secret is prohibited"));
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Reentrant`]; a hook must not use its connection.
    pub fn authorizer<F>(&self, hook: Option<F>) -> Result<()>
    where
        F: FnMut(AuthContext<'_>) -> Authorization + Send + 'static,
    {
        let mut session = self.shared.lock()?;
        session.names.authorizer = hook.map(|hook| Arc::new(Authorizer::new(Box::new(hook))));
        session.settings_changed();
        Ok(())
    }

    /// Runs something for which the authorizer is not asked: statements of the program's own, among those that it lets others
    /// write. No statement from elsewhere is to be run in it.
    ///
    /// # Errors
    /// Those of `run`; [`Error::Reentrant`].
    pub fn unasked<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let authorizer = self.shared.lock()?.names.authorizer.take();
        let _put_back = Unasked { connection: self, authorizer };
        run(self)
    }

    /// Sets who is asked each time a statement has made `steps` more steps, whether to stop it: true ends the statement with
    /// [`Error::Interrupted`], and what it wrote is undone. A step is a row that some part of a statement looks at or makes.
    ///
    /// # Errors
    /// [`Error::Reentrant`]; a hook must not use its connection.
    pub fn progress_handler<F>(&self, steps: u64, hook: Option<F>) -> Result<()>
    where
        F: FnMut() -> bool + Send + 'static,
    {
        let hook = hook.map(|hook| Box::new(hook) as ProgressHook);
        self.shared.lock()?.pace.set_progress(steps, hook);
        Ok(())
    }

    /// A handle that stops the running statements from another thread.
    #[must_use]
    pub fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle { flag: self.shared.interrupt().clone() }
    }

    /// A flag that stops the running statement when it is set.
    #[must_use]
    pub fn interrupt_flag(&self) -> Arc<AtomicBool> {
        self.shared.interrupt().clone()
    }

    /// The database.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn database(&self) -> Result<Database> {
        Ok(self.shared.lock()?.txn.database().clone())
    }

    /// What commits are to survive from now on; [`Durability::Immediate`] at first.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn set_durability(&self, durability: Durability) -> Result<()> {
        self.shared.lock()?.txn.set_durability(durability);
        Ok(())
    }

    /// Adds an order of text that `COLLATE` may name; one of the same name is replaced. The built-in ones cannot be.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn create_collation(&self, name: &str, collation: impl Collate + 'static) -> Result<()> {
        let mut session = self.shared.lock()?;
        let collations = session.collations_mut();
        collations.retain(|known| !known.name().eq_ignore_ascii_case(name));
        collations.push(Collation::own(name, collation));
        Ok(())
    }

    /// The functions that statements may call.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn functions(&self) -> Result<Registry> {
        Ok(self.shared.lock()?.functions().clone())
    }

    /// Changes the functions that statements may call.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn with_functions<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> Result<T> {
        Ok(change(self.shared.lock()?.functions_mut()))
    }

    /// How many statements are remembered by their text.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn set_prepared_statement_cache_capacity(&self, capacity: usize) -> Result<()> {
        self.shared.lock()?.plans.set_capacity(capacity);
        Ok(())
    }

    /// Forgets the statements that are remembered by their text.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn flush_prepared_statement_cache(&self) -> Result<()> {
        self.shared.lock()?.plans.clear();
        Ok(())
    }

    /// Runs all statements of a text, and gives all rows of the last one. Parameters that are not given are NULL.
    ///
    /// # Errors
    /// Those of the first statement that fails; what came before it stays done.
    pub fn run(&self, sql: &str, parameters: &[Value]) -> Result<ResultSet> {
        let mut result = ResultSet::default();
        self.each_statement(sql, |mut execution| {
            execution.means.parameters = parameters.to_vec();
            result = collect(&mut execution)?;
            Ok(())
        })?;
        Ok(result)
    }

    /// Runs one statement with parameters by name, as they are written with `:`, `@`, `$` or as `?N`.
    ///
    /// # Errors
    /// Those of the statement.
    pub fn run_named(&self, sql: &str, parameters: &[(&str, Value)]) -> Result<ResultSet> {
        let prepared = self.shared.lock()?.prepared(sql)?;
        let Some(prepared) = prepared else { return Ok(ResultSet::default()) };
        let mut execution = Execution::new(self.shared.clone(), prepared);
        let prepared = &execution.prepared;
        let mut values = vec![Value::Null; prepared.parameters.count()];
        for (name, value) in parameters {
            if let Some(number) = prepared.parameters.number(name) {
                values[number - 1] = value.clone();
            }
        }
        execution.means.parameters = values;
        collect(&mut execution)
    }

    /// Prepares and runs the statements of a text, one after the other.
    fn each_statement(&self, sql: &str, mut run: impl FnMut(Execution) -> Result<()>) -> Result<()> {
        let remembered = self.shared.lock()?.remembered(sql)?;
        if let Some(prepared) = remembered {
            return run(Execution::new(self.shared.clone(), prepared));
        }
        let mut start = 0;
        loop {
            let mut session = self.shared.lock()?;
            let Some(parsed) = parse_next(sql, start, &session.ambient.limits)? else { return Ok(()) };
            let text = &sql[start..parsed.next];
            start = parsed.next;
            let prepared = session.prepare_alone(text, parsed)?;
            drop(session);
            run(Execution::new(self.shared.clone(), (prepared, None)))?;
        }
    }
}

/// Runs a statement and keeps all its rows.
fn collect(execution: &mut Execution) -> Result<ResultSet> {
    let changes = execution.run()?;
    let columns = execution.prepared.columns.to_vec();
    let mut rows = Vec::new();
    while execution.next()? {
        let row = (0..columns.len()).map(|place| Ok(execution.value(place)?.to_value()));
        rows.push(row.collect::<Result<_>>()?);
    }
    let changes = if execution.prepared.plan.is_command() { 0 } else { changes };
    Ok(ResultSet { columns, rows, changes })
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("in_transaction", &self.in_transaction()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
