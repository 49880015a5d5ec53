//! [`Transaction`] and [`Savepoint`]: what is undone unless it is committed.

use std::ops::Deref;

use crate::ast::TransactionMode;
use crate::connection::Connection;
use crate::error::Result;

/// How a transaction begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionBehavior {
    /// It reads until it first writes, and takes the writer then. If another connection committed since it first read,
    /// that write fails with code 517 (`SQLITE_BUSY_SNAPSHOT`), and the transaction is to be begun again.
    #[default]
    Deferred,
    /// It takes the writer at once, so no write fails for that reason.
    Immediate,
    /// The same: readers are never shut out.
    Exclusive,
}

impl TransactionBehavior {
    /// As `BEGIN` says it.
    pub(crate) fn mode(self) -> TransactionMode {
        match self {
            TransactionBehavior::Deferred => TransactionMode::Deferred,
            TransactionBehavior::Immediate => TransactionMode::Immediate,
            TransactionBehavior::Exclusive => TransactionMode::Exclusive,
        }
    }
}

/// What happens to a transaction or savepoint that is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropBehavior {
    /// It is undone.
    #[default]
    Rollback,
    /// It is committed; undone if that fails.
    Commit,
    /// It stays open.
    Ignore,
}

/// A transaction. It is undone when it is dropped, unless it was committed.
///
/// ```
/// use duramen_sql::Connection;
///
/// let connection = Connection::open_in_memory()?;
/// connection.execute("CREATE TABLE account (name TEXT, balance INTEGER)", ())?;
///
/// let transaction = connection.transaction()?;
/// transaction.execute("INSERT INTO account VALUES ('a', 10)", ())?;
/// transaction.commit()?;
///
/// let transaction = connection.transaction()?;
/// transaction.execute("DELETE FROM account", ())?;
/// drop(transaction); // as if nothing had happened
///
/// let count: i64 = connection.query_row("SELECT count(*) FROM account", (), |row| row.get(0))?;
/// assert_eq!(count, 1);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a transaction that is dropped is undone"]
pub struct Transaction<'c> {
    connection: &'c Connection,
    on_drop: DropBehavior,
    over: bool,
}

impl<'c> Transaction<'c> {
    pub(crate) fn begin(
        connection: &'c Connection,
        behavior: TransactionBehavior,
    ) -> Result<Transaction<'c>> {
        connection.lock()?.txn.begin(behavior.mode())?;
        Ok(Transaction { connection, on_drop: DropBehavior::default(), over: false })
    }

    /// Commits.
    ///
    /// # Errors
    /// Those of the engine, and of constraints that are checked at the end. The transaction is undone then.
    pub fn commit(mut self) -> Result<()> {
        self.over = true;
        let result = self.connection.execute_batch("COMMIT");
        if result.is_err() {
            self.undo();
        }
        result
    }

    /// Undoes it.
    ///
    /// # Errors
    /// If it is not open any more.
    pub fn rollback(mut self) -> Result<()> {
        self.over = true;
        self.connection.execute_batch("ROLLBACK")
    }

    /// A savepoint in it.
    ///
    /// # Errors
    /// [`Error::Reentrant`](crate::Error::Reentrant).
    pub fn savepoint(&self) -> Result<Savepoint<'_>> {
        self.connection.savepoint()
    }

    /// What happens when it is dropped.
    #[must_use]
    pub fn drop_behavior(&self) -> DropBehavior {
        self.on_drop
    }

    /// Sets what happens when it is dropped.
    pub fn set_drop_behavior(&mut self, behavior: DropBehavior) {
        self.on_drop = behavior;
    }

    /// A statement may have ended the transaction already: then there is nothing to undo.
    fn undo(&self) {
        if self.connection.in_transaction() {
            self.connection.execute_batch("ROLLBACK").unwrap_or_default();
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.over || !self.connection.in_transaction() {
            return;
        }
        match self.on_drop {
            DropBehavior::Ignore => {}
            DropBehavior::Commit if self.connection.execute_batch("COMMIT").is_ok() => {}
            DropBehavior::Commit | DropBehavior::Rollback => self.undo(),
        }
    }
}

/// A point that is gone back to when this is dropped, unless it was committed. Outside of a transaction it begins one.
///
/// ```
/// # let connection = duramen_sql::Connection::open_in_memory()?;
/// # connection.execute("CREATE TABLE t (a)", ())?;
/// let transaction = connection.transaction()?;
/// transaction.execute("INSERT INTO t VALUES (1)", ())?;
/// {
///     let savepoint = transaction.savepoint()?;
///     savepoint.execute("INSERT INTO t VALUES (2)", ())?;
/// } // dropped: gone back to
/// transaction.commit()?;
/// let count: i64 = connection.query_row("SELECT count(*) FROM t", (), |row| row.get(0))?;
/// assert_eq!(count, 1);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a savepoint that is dropped is gone back to"]
pub struct Savepoint<'c> {
    connection: &'c Connection,
    name: String,
    on_drop: DropBehavior,
    over: bool,
}

impl<'c> Savepoint<'c> {
    pub(crate) fn new(connection: &'c Connection, name: &str) -> Result<Savepoint<'c>> {
        connection.lock()?.txn.savepoint(name)?;
        Ok(Savepoint { connection, name: name.into(), on_drop: DropBehavior::default(), over: false })
    }

    fn run(&self, verb: &str) -> Result<()> {
        self.connection.execute_batch(&format!("{verb} \"{}\"", self.name.replace('"', "\"\"")))
    }

    /// Keeps what was done since; with the transaction, if the savepoint began it.
    ///
    /// # Errors
    /// Those of the engine, and of constraints that are checked at the end.
    pub fn commit(mut self) -> Result<()> {
        self.run("RELEASE")?;
        self.over = true;
        Ok(())
    }

    /// Undoes what was done since. The savepoint stays.
    ///
    /// # Errors
    /// If the transaction is over.
    pub fn rollback(&mut self) -> Result<()> {
        self.run("ROLLBACK TO")
    }

    /// A savepoint after it.
    ///
    /// # Errors
    /// [`Error::Reentrant`](crate::Error::Reentrant).
    pub fn savepoint(&self) -> Result<Savepoint<'_>> {
        self.connection.savepoint()
    }

    /// What happens when it is dropped.
    #[must_use]
    pub fn drop_behavior(&self) -> DropBehavior {
        self.on_drop
    }

    /// Sets what happens when it is dropped.
    pub fn set_drop_behavior(&mut self, behavior: DropBehavior) {
        self.on_drop = behavior;
    }

    fn undo(&self) -> Result<()> {
        self.run("ROLLBACK TO")?;
        self.run("RELEASE")
    }
}

impl Deref for Savepoint<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.over || !self.connection.in_transaction() {
            return;
        }
        match self.on_drop {
            DropBehavior::Ignore => {}
            DropBehavior::Commit if self.run("RELEASE").is_ok() => {}
            DropBehavior::Commit | DropBehavior::Rollback => self.undo().unwrap_or_default(),
        }
    }
}

impl Connection {
    /// Begins a transaction that takes the writer when it first writes.
    ///
    /// # Errors
    /// If a transaction is open already.
    pub fn transaction(&self) -> Result<Transaction<'_>> {
        Transaction::begin(self, TransactionBehavior::Deferred)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// If a transaction is open already, or the writer is taken for longer than the database's time-out.
    pub fn transaction_with_behavior(&self, behavior: TransactionBehavior) -> Result<Transaction<'_>> {
        Transaction::begin(self, behavior)
    }

    /// Makes a savepoint; it begins a transaction if none is open.
    ///
    /// # Errors
    /// [`Error::Reentrant`](crate::Error::Reentrant).
    pub fn savepoint(&self) -> Result<Savepoint<'_>> {
        Savepoint::new(self, "_duramen_savepoint")
    }

    /// Makes a savepoint with a name.
    ///
    /// # Errors
    /// [`Error::Reentrant`](crate::Error::Reentrant).
    pub fn savepoint_with_name(&self, name: &str) -> Result<Savepoint<'_>> {
        Savepoint::new(self, name)
    }
}

#[cfg(test)]
mod tests;
