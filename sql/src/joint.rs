//! A transaction that its owner begins and ends by calls, and that SQL shares with other trees of the database.
//!
//! An authorizer may refuse `BEGIN` and its relatives in statements; these calls stay with the owner of the connection.

use duramen_engine::{Lsn, ReadView, View, WriteTxn};

use crate::connection::{Connection, ConnectionOptions};
use crate::error::{Error, Result};
use crate::store::{RestoredTable, remove_all, restore_table};
use crate::transaction::TransactionBehavior;
use crate::txn::Txn;

impl Connection {
    /// Begins a transaction, as `BEGIN` does. Statements, and [`Connection::with_write_txn`], are part of it until
    /// [`Connection::commit`] or [`Connection::rollback`].
    ///
    /// ```
    /// use duramen_engine::View;
    /// use duramen_sql::{Connection, TransactionBehavior};
    ///
    /// let connection = Connection::open_in_memory()?;
    /// connection.begin(TransactionBehavior::Immediate)?;
    /// connection.execute("CREATE TABLE t (a)", ())?;
    /// connection.with_write_txn(|txn| {
    ///     let tree = txn.create_tree(b"beside the tables")?;
    ///     txn.put(tree, b"key", b"value")
    /// })??;
    /// assert!(connection.commit()?.is_some());
    /// assert!(connection.with_view(|view| view.tree(b"beside the tables").is_some())?);
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// If one is open already; if the writer is taken for longer than the database's time-out.
    pub fn begin(&self, behavior: TransactionBehavior) -> Result<()> {
        self.lock()?.txn.begin(behavior.mode())
    }

    /// Commits the open transaction: the commit that was made, `None` if nothing was written. One flush at the durability
    /// [`Durability::Immediate`](duramen_engine::Durability::Immediate).
    ///
    /// # Errors
    /// Those of the engine; then nothing of the transaction is left. A violated foreign key that was put off; then the
    /// transaction is still open.
    pub fn commit(&self) -> Result<Option<Lsn>> {
        let mut session = self.lock()?;
        session.before_commit()?;
        session.end_with(Txn::commit)
    }

    /// Undoes the open transaction. Queries that are open end with [`Error::RolledBack`].
    ///
    /// # Errors
    /// If none is open.
    pub fn rollback(&self) -> Result<()> {
        let mut session = self.lock()?;
        if !session.txn.is_open() {
            return Err(Error::statement("cannot rollback - no transaction is active"));
        }
        session.abandon();
        Ok(())
    }

    /// Makes a savepoint in the open transaction, as `SAVEPOINT` does. O(1).
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn set_savepoint(&self, name: &str) -> Result<()> {
        self.lock()?.txn.savepoint(name)
    }

    /// Forgets the newest savepoint of this name and those after it, as `RELEASE` does; what was done stays.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn release_savepoint(&self, name: &str) -> Result<()> {
        let mut session = self.lock()?;
        if session.txn.release_commits(name) {
            session.before_commit()?;
        }
        session.end_with(|txn| txn.release(name)).map(drop)
    }

    /// Undoes what was done since the newest savepoint of this name, which stays: `ROLLBACK TO`. Other than after that
    /// statement, queries that are open end with [`Error::RolledBack`].
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn rollback_to_savepoint(&self, name: &str) -> Result<()> {
        let mut session = self.lock()?;
        session.rollback_to(name)?;
        session.end_queries();
        Ok(())
    }

    /// Removes all tables, indexes, views and triggers in the open transaction, and makes the settings of the connection
    /// what they were when it was opened. Queries that are open end with [`Error::RolledBack`]. O(number of trees).
    ///
    /// # Errors
    /// As [`Connection::with_write_txn`].
    pub fn clear(&self, options: ConnectionOptions) -> Result<()> {
        let mut session = self.lock()?;
        if !session.txn.is_open() {
            return Err(Error::statement("no transaction is open"));
        }
        remove_all(&mut session.txn.writers()?)?;
        session.reset(options.limits, options.foreign_keys);
        Ok(())
    }

    /// Makes one table in the open transaction what it was in an earlier version of the database: its rows, indexes, triggers and
    /// their definitions, be it that they were changed, or the table dropped. Everything else stays. No trigger fires, no
    /// foreign key acts or is checked; `PRAGMA foreign_key_check` tells which ones are violated afterwards. A table with
    /// `AUTOINCREMENT` gives no rowid again that it has given since. Queries that are open end with [`Error::RolledBack`].
    ///
    /// # Errors
    /// As [`Connection::with_write_txn`]; if there was no such table then, or the name of it, or of an index or trigger of it,
    /// has been given to something else since. The transaction is as before then.
    pub fn restore_table(&self, past: &ReadView, table: &str) -> Result<RestoredTable> {
        let mut session = self.lock()?;
        if !session.txn.is_open() {
            return Err(Error::statement("no transaction is open"));
        }
        session.txn.start_writing()?;
        let before = session.txn.mark();
        let restored = restore_table(&mut session.txn.writers()?, past, table);
        match (&restored, before) {
            (Ok(_), Some(before)) => session.txn.release_mark(&before)?,
            (Err(_), Some(before)) => session.txn.undo_to(&before)?,
            (_, None) => {}
        }
        session.end_queries();
        session.schema_changed();
        restored
    }

    /// Runs something on the open transaction, which writes from then on. The trees whose names begin with `sql` are not to
    /// be touched.
    ///
    /// # Errors
    /// If no transaction is open; if another connection writes, or wrote since this transaction first read.
    pub fn with_write_txn<T>(&self, run: impl FnOnce(&mut WriteTxn) -> T) -> Result<T> {
        let mut session = self.lock()?;
        if !session.txn.is_open() {
            return Err(Error::statement("no transaction is open"));
        }
        Ok(run(session.txn.writers()?.main))
    }

    /// Notes that the owner changed rows in trees of its own, one after the other: `changes()` and `total_changes()` tell of
    /// them.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn note_changes(&self, rows: u64) -> Result<()> {
        let mut session = self.lock()?;
        let newest = rows.min(1);
        session.ambient.note_changes(newest, None);
        session.ambient.note_changes_by_programs(i64::try_from(rows - newest).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Runs something on what a query would read now: the open transaction, else the newest commit.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn with_view<T>(&self, run: impl FnOnce(&dyn View) -> T) -> Result<T> {
        self.lock()?.txn.read(|stores| Ok(run(stores.main)))
    }
}
