//! [`Storage`]: the handle to the storage of one object.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::Io;
use duramen_engine::{Database, Timestamp};
use duramen_kv::{ListOptions, Value};
use duramen_pitr::Snapshot;
use duramen_sql::RestoredTable;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::alarm_calls::AlarmOutcome;
use crate::storage::async_kv::{AsyncKv, CallOptions};
use crate::storage::backend::{backend_of, migrate};
use crate::storage::error::{Error, Result};
use crate::storage::export::{Exported, export};
use crate::storage::gate::Gate;
use crate::storage::input_gate::InputGate;
use crate::storage::kv::SyncKv;
use crate::storage::options::{Backend, StorageOptions};
use crate::storage::pending::Pending;
use crate::storage::session::{Session, Shared};
use crate::storage::sql::Sql;
use crate::storage::transaction::{Transaction, run_async, run_sync};

/// The storage of one object, for one session of it. Clones are handles to the same session, which ends with the last of
/// them; they may be moved to other threads and shared.
///
/// # Transactions
///
/// The first write opens a transaction, and all that is written afterwards is part of it. It is committed, as a whole,
/// - when the host ends the turn of the object: [`Storage::end_turn`];
/// - when something waits: [`Storage::gate`], [`Storage::sync`], a write that finds the write buffer full;
/// - before and after [`Storage::transaction`].
///
/// What is not committed when the session ends is gone.
///
/// # Errors
///
/// After an error of a statement or of a value everything is as before that call, and the session goes on. A commit that
/// fails, a disk that cannot be written and [`Storage::abort`] end the session: each later call gives that error. Drop all
/// handles and cursors then, and open the object again: it is in its last durable state.
#[derive(Clone, Debug)]
pub struct Storage {
    shared: Arc<Shared>,
}

impl Storage {
    /// Opens the storage in a directory, which is made if it is not there.
    ///
    /// # Errors
    /// Those of [`Database::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Storage> {
        Storage::open_with(path, StorageOptions::default())
    }

    /// Opens the storage in a directory in another way.
    ///
    /// # Errors
    /// Those of [`Database::open_with`], which also carries out a restore that was asked for by
    /// [`Storage::on_next_session_restore_bookmark`]. Where that fails,
    /// [`PendingRestore::Leave`](crate::PendingRestore::Leave) in [`StorageOptions::engine`] opens the storage without it.
    pub fn open_with(path: impl AsRef<Path>, options: StorageOptions) -> Result<Storage> {
        let io = options.io.clone().unwrap_or_else(Io::os);
        let database = Database::open_with(io, path, options.engine.clone())?;
        Storage::on(database, options)
    }

    /// A storage in memory, which is gone with its last handle.
    ///
    /// # Errors
    /// Those of [`Database::in_memory`].
    pub fn in_memory(options: StorageOptions) -> Result<Storage> {
        let database = Database::in_memory(options.engine.clone())?;
        Storage::on(database, options)
    }

    /// The storage in a database that is open already, which nobody else writes meanwhile. Of the options, those for opening
    /// it have no effect.
    ///
    /// # Errors
    /// As [`Storage::open_with`].
    pub fn on(database: Database, options: StorageOptions) -> Result<Storage> {
        let backend = backend_of(&database, options.backend)?;
        let session = Session::new(database, &StorageOptions { backend, ..options })?;
        Ok(Storage { shared: Arc::new(Shared::new(session)) })
    }

    /// What the object is backed by.
    ///
    /// # Errors
    /// If the session is over.
    pub fn backend(&self) -> Result<Backend> {
        Ok(self.shared.lock()?.backend)
    }

    /// Makes an object that is backed by the older key-value store one that is backed by SQL. Its values and its alarm stay
    /// as they are. One commit, which is durable when this returns; after a crash before that the object is what it was.
    ///
    /// # Errors
    /// [`Error::DeleteAllInTransaction`] inside a transaction; those of the commit.
    pub fn migrate_to_sql(&self) -> Result<()> {
        migrate(&mut *self.shared.lock()?)?;
        self.sync().wait()
    }

    /// The statements of the object.
    #[must_use]
    pub fn sql(&self) -> Sql<'_> {
        Sql::new(&self.shared)
    }

    /// The values of the object by plain calls.
    #[must_use]
    pub fn kv(&self) -> SyncKv<'_> {
        SyncKv::new(&self.shared)
    }

    /// The values and the alarm of the object by asynchronous calls that are made in this way.
    #[must_use]
    pub fn with(&self, options: CallOptions) -> AsyncKv<'_> {
        AsyncKv::new(&self.shared, options)
    }

    /// Runs a part of the transaction that is undone if it fails: SQL, values, the alarm, definitions. Such parts nest. That
    /// it went well does not mean that it is committed. What other threads call on the storage meanwhile is part of it, but
    /// for [`Storage::transaction`], which waits.
    ///
    /// ```
    /// use duramen::kv::Value;
    /// use duramen::storage::{Error, Storage, StorageOptions};
    ///
    /// let storage = Storage::in_memory(StorageOptions::default())?;
    /// let failed = storage.transaction_sync(|storage| {
    ///     storage.kv().put("k", &Value::from("v"))?;
    ///     storage.sql().exec("SELECT * FROM nowhere", ())?;
    ///     Ok::<(), Error>(())
    /// });
    /// assert!(failed.is_err());
    /// assert_eq!(storage.kv().get("k")?, None);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `run`; [`Error::TurnRolledBack`] if a statement in it rolled back the whole transaction.
    pub fn transaction_sync<T, E: From<Error>>(
        &self,
        run: impl FnOnce(&Storage) -> Result<T, E>,
    ) -> Result<T, E> {
        run_sync(&self.shared, || run(self))
    }

    /// Commits what was written before, then runs a transaction that may wait in between, and commits it; if `run` fails,
    /// or the future is dropped, it is undone instead. What is called on the storage meanwhile is part of it. One that is
    /// begun by `run` nests; one that is begun elsewhere waits until this one is over.
    ///
    /// # Errors
    /// Those of `run`, and of the commits.
    pub async fn transaction<T, E: From<Error>>(
        &self,
        run: impl AsyncFnOnce(Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        run_async(&self.shared, run).await
    }

    /// Commits what was written since the last commit, all of it together. It does not wait until that is durable.
    ///
    /// # Errors
    /// [`Error::ConstraintsViolated`], [`Error::TurnRolledBack`], those of the engine. Each ends the session, and nothing
    /// since the last commit is kept.
    pub fn end_turn(&self) -> Result<()> {
        self.shared.lock()?.commit_turn()
    }

    /// Opens when all that was written and not marked as [`allow_unconfirmed`](CallOptions::allow_unconfirmed) is durable,
    /// and with it whatever was read: what a reply waits for. What a transaction that is open wrote is not waited for.
    pub fn gate(&self) -> Gate {
        Gate::new(&self.shared, Session::gate)
    }

    /// Opens when all that was written is durable. What a transaction that is open wrote is not waited for.
    pub fn sync(&self) -> Gate {
        Gate::new(&self.shared, Session::committed)
    }

    /// Open while no asynchronous call is pending that was made without
    /// [`allow_concurrency`](CallOptions::allow_concurrency): what a host waits for before it delivers an event.
    #[must_use]
    pub fn input_gate(&self) -> InputGate {
        InputGate::new(&self.shared.calls)
    }

    /// Ends the session: what is not committed is gone, and every later call gives [`Error::Aborted`] with the reason.
    ///
    /// # Errors
    /// If the session is over already.
    pub fn abort(&self, reason: &str) -> Result<()> {
        self.shared.lock()?.break_with(Error::Aborted(reason.into()));
        Ok(())
    }

    /// Commits what was written before, and writes all that the object holds to a file: see [`export`].
    ///
    /// # Errors
    /// Those of the commit, and of [`export`]. What was written of the file then is not taken by
    /// [`Import`](crate::storage::Import).
    pub fn export(&self, out: &mut dyn Write, progress: &mut dyn FnMut(u64, u64)) -> Result<Exported> {
        let view = {
            let mut session = self.shared.lock()?;
            session.commit_turn()?;
            session.database().begin_read()?
        };
        export(&view, out, progress)
    }

    /// Deletes everything: tables, values, and the alarm unless
    /// [`alarm_on_delete`](StorageOptions::alarm_on_delete) keeps it. It is part of the transaction like any other write,
    /// and so is what is written afterwards. Open cursors end, settings of `PRAGMA` are what they were at first.
    ///
    /// Cost: O(number of tables and indexes), however many rows they have.
    ///
    /// # Errors
    /// [`Error::DeleteAllInTransaction`].
    pub fn delete_all(&self) -> Result<()> {
        self.shared.lock()?.delete_all()
    }

    /// How many rows, entries of indexes and values the calls of this session read, and how many they wrote.
    ///
    /// # Errors
    /// If the session is over.
    pub fn rows_read_and_written(&self) -> Result<(u64, u64)> {
        Ok(self.shared.lock()?.work())
    }

    /// The bookmark of this moment, with all that was written before; inside a transaction that of the last commit,
    /// without what was written since. Bookmarks of one object sort as texts in the order of their moments.
    ///
    /// # Errors
    /// Those of the commit.
    pub fn get_current_bookmark(&self) -> Result<String> {
        self.shared.lock()?.current_bookmark()
    }

    /// The bookmark of the moment after all commits up to a time.
    ///
    /// # Errors
    /// [`Error::Pitr`] for a time before all that is kept.
    pub fn get_bookmark_for_time(&self, time: Timestamp) -> Result<String> {
        self.shared.lock()?.bookmark_for_time(time)
    }

    /// Notes that the next session is to start with everything as it was at a bookmark; the later of two wishes counts.
    /// Gives the bookmark of the moment before that, which undoes it. How far back that goes is a matter of
    /// [`Options::retention`](duramen_engine::Options::retention).
    ///
    /// # Errors
    /// [`Error::Pitr`] for what is no bookmark of this object or out of reach; then nothing is noted.
    pub fn on_next_session_restore_bookmark(&self, bookmark: &str) -> Result<String> {
        self.shared.lock()?.restore_at_next_open(bookmark)
    }

    /// Makes one table what it was at a bookmark, at once and as one commit; see [`restore_table`](crate::restore_table). Gives
    /// the bookmark of the moment before, which undoes it, and what changed. Open cursors end.
    ///
    /// # Errors
    /// [`Error::RestoreInTransaction`]; [`Error::Pitr`] for what is no bookmark of this object or out of reach; [`Error::Sql`]
    /// if there was no such table, or its name is taken; those of the commits.
    pub fn restore_table(&self, bookmark: &str, table: &str) -> Result<(String, RestoredTable)> {
        self.shared.lock()?.restore_table(bookmark, table)
    }

    /// The content of the object now, with all that was written before (inside a transaction: up to the last commit), or at a
    /// bookmark: for another object to begin with. Its cost does not depend on the size of the object. It lives in memory only, may be sent anywhere in the process, and keeps
    /// this object open: drop it before you open the object again.
    ///
    /// # Errors
    /// [`Error::Pitr`] for what is no bookmark of this object or out of reach; those of the commit.
    pub fn snapshot(&self, bookmark: Option<&str>) -> Result<Snapshot> {
        self.shared.lock()?.snapshot(bookmark)
    }

    /// Notes that the next session is to start with the content of a snapshot, of this object or another one, instead of its
    /// own: tables, values, what it is backed by; the alarm does not come along. The later of two wishes counts, as with
    /// [`Storage::on_next_session_restore_bookmark`]. Gives the bookmark of the moment before that, which undoes it.
    ///
    /// The content is copied now, so the snapshot is not needed any more when this returns, and it costs as much as that
    /// takes.
    ///
    /// # Errors
    /// [`Error::RestoreInTransaction`]; those of the commit and the engine, and then nothing is noted.
    pub fn on_next_session_restore(&self, snapshot: &Snapshot) -> Result<String> {
        self.shared.lock()?.adopt_at_next_open(snapshot)
    }

    /// For the host, when it is woken for an alarm: the time the alarm was set for, if it is due by now. From then on the
    /// alarm counts as running, and programs do not see it.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn start_alarm(&self) -> Result<Option<i64>> {
        self.shared.lock()?.start_alarm()
    }

    /// For the host, when the handler of the alarm ended: commits what it wrote, and with it that the alarm is done. An alarm
    /// that the handler set stays.
    ///
    /// # Errors
    /// As [`Storage::end_turn`].
    pub fn finish_alarm(&self, outcome: AlarmOutcome) -> Result<()> {
        self.shared.lock()?.finish_alarm(outcome)
    }

    fn calls(&self) -> AsyncKv<'_> {
        self.with(CallOptions::default())
    }

    /// As [`AsyncKv::get`].
    pub fn get(&self, key: &str) -> Pending<Option<Value>> {
        self.calls().get(key)
    }

    /// As [`AsyncKv::get_as`].
    pub fn get_as<D: DeserializeOwned>(&self, key: &str) -> Pending<Option<D>> {
        self.calls().get_as(key)
    }

    /// As [`AsyncKv::get_many`].
    pub fn get_many<K: AsRef<str>>(&self, keys: &[K]) -> Pending<BTreeMap<String, Value>> {
        self.calls().get_many(keys)
    }

    /// As [`AsyncKv::list`].
    pub fn list(&self, options: &ListOptions<'_>) -> Pending<Vec<(String, Value)>> {
        self.calls().list(options)
    }

    /// As [`AsyncKv::put`].
    pub fn put(&self, key: &str, value: &Value) -> Pending<()> {
        self.calls().put(key, value)
    }

    /// As [`AsyncKv::put_as`].
    pub fn put_as<S: Serialize + ?Sized>(&self, key: &str, value: &S) -> Pending<()> {
        self.calls().put_as(key, value)
    }

    /// As [`AsyncKv::put_many`].
    pub fn put_many<K: AsRef<str>>(&self, entries: &[(K, Value)]) -> Pending<()> {
        self.calls().put_many(entries)
    }

    /// As [`AsyncKv::delete`].
    pub fn delete(&self, key: &str) -> Pending<bool> {
        self.calls().delete(key)
    }

    /// As [`AsyncKv::delete_many`].
    pub fn delete_many<K: AsRef<str>>(&self, keys: &[K]) -> Pending<usize> {
        self.calls().delete_many(keys)
    }

    /// As [`AsyncKv::get_alarm`].
    pub fn get_alarm(&self) -> Pending<Option<i64>> {
        self.calls().get_alarm()
    }

    /// As [`AsyncKv::set_alarm`].
    pub fn set_alarm(&self, time_ms: i64) -> Pending<()> {
        self.calls().set_alarm(time_ms)
    }

    /// As [`AsyncKv::delete_alarm`].
    pub fn delete_alarm(&self) -> Pending<()> {
        self.calls().delete_alarm()
    }
}

#[cfg(test)]
mod tests;
