//! [`Session`]: one session of an object, behind its lock: its connection, and the transaction that begins by itself.
//!
//! ```text
//! clean --before_write--> writing --commit_turn--> clean
//!                            |  '--a statement rolls back--> lost --commit_turn--> broken
//!                            '--an error of the disk, a commit that fails, abort--> broken
//! ```
//!
//! Inside the transaction lie the scopes of [`Storage::transaction_sync`] and [`Storage::transaction`], each a savepoint.
//!
//! Locks: one, around the session, held for a call and not while a program's own code runs, wakers included: they are
//! collected, and woken once the lock was let go. Below it lies the lock of the connection, never the other way round.
//!
//! Invariants:
//! 1. A transaction of the connection is open if and only if `writing` is set, except inside of a call.
//! 2. A session that is broken has no transaction, and gives the error that broke it to every call.
//! 3. While there are scopes nothing is committed; each has a savepoint, in the same order.
//!
//! [`Storage::transaction_sync`]: crate::Storage::transaction_sync
//! [`Storage::transaction`]: crate::Storage::transaction

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::Waker;

use duramen_engine::io::{Clock, Io};
use duramen_engine::{Database, Durability, Lsn};
use duramen_pitr::Pitr;
use duramen_sql::{Connection, ConstraintKind, TransactionBehavior};

use crate::storage::alarm::{Alarm, Schedule};
use crate::storage::error::{Error, Interface, Result};
use crate::storage::input_gate::Calls;
use crate::storage::lock::{Exclusive, Held, this_thread};
use crate::storage::options::{AlarmOnDelete, Backend, StorageOptions};
use crate::storage::profile::Profile;
use crate::storage::write_buffer::WriteBuffer;

/// What the handles of one session hold together.
pub(crate) struct Shared {
    session: Exclusive<Session>,
    /// The calls that hold events back.
    pub(crate) calls: Arc<Calls>,
}

/// One session of an object; see the head of the file.
pub(crate) struct Session {
    connection: Connection,
    database: Database,
    pub(crate) pitr: Pitr,
    pub(crate) clock: Arc<dyn Clock>,
    profile: Profile,
    pub(crate) backend: Backend,
    pub(crate) alarm_on_delete: AlarmOnDelete,
    /// Whether a transaction is open.
    writing: bool,
    /// Whether a statement undid what this turn wrote before it.
    lost: bool,
    broken: Option<Error>,
    /// Whether the open transaction has a write that replies wait for.
    confirmed: bool,
    /// The newest commit of this session, or the one that it began with.
    committed: Lsn,
    /// The newest commit that replies wait for.
    gate: Lsn,
    pub(crate) buffer: WriteBuffer,
    scopes: Vec<Scope>,
    next_scope: u64,
    /// The thread that polls the body of a transaction, and which one.
    pub(crate) polled: Option<(usize, u64)>,
    /// Who waits for a scope to end.
    waiting: Vec<Waker>,
    /// Who is woken when the lock is let go.
    woken: Vec<Waker>,
    pub(crate) schedule: Schedule,
    /// Whether the open transaction changed the alarm.
    pub(crate) alarm_changed: bool,
    /// Whether the tables that stand for values and the alarm are known to exist.
    pub(crate) listed: Listed,
    /// Grows with each list that is begun.
    pub(crate) lists: u64,
    /// Grows when values change.
    pub(crate) values_changed: u64,
    rows_read: u64,
    rows_written: u64,
    /// How often everything was deleted.
    deletions: u64,
}

/// Which tables that stand for something outside of SQL are known to exist.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) values: bool,
    pub(crate) metadata: bool,
}

/// A part of the transaction that can be undone by itself.
struct Scope {
    number: u64,
    kind: ScopeKind,
}

/// Who began a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// `transaction_sync`, on this thread.
    Sync { thread: usize },
    /// `transaction`.
    Async,
}

/// How a scope ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeEnd {
    /// What was done stays.
    Keep,
    /// It is undone.
    Undo,
}

/// Whether replies wait for a write to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// They wait.
    Gate,
    /// They do not.
    None,
}

impl Shared {
    pub(crate) fn new(session: Session) -> Shared {
        Shared { session: Exclusive::new(session), calls: Arc::default() }
    }

    /// Waits for the session.
    ///
    /// # Errors
    /// The one that broke it; [`Error::Reentrant`] if this thread holds it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        let session = self.lock_any()?;
        match &session.broken {
            Some(error) => Err(error.clone()),
            None => Ok(session),
        }
    }

    /// Waits for the session, broken or not.
    pub(crate) fn lock_any(&self) -> Result<Locked<'_>> {
        // Nobody knows how far a call came that panicked.
        let session = self.session.lock(|session| drop(session.break_with(Error::Panicked)))?;
        Ok(Locked { session, woken: WakeOnDrop::default() })
    }
}

/// The session while it is locked.
pub(crate) struct Locked<'s> {
    // In this order they are dropped.
    session: Held<'s, Session>,
    woken: WakeOnDrop,
}

/// Tasks that are woken when this is dropped.
#[derive(Default)]
struct WakeOnDrop(Vec<Waker>);

impl Deref for Locked<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.woken.0 = std::mem::take(&mut self.session.woken);
    }
}

impl Drop for WakeOnDrop {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// A session on a database.
    pub(crate) fn new(database: Database, options: &StorageOptions) -> Result<Session> {
        let connection = options.profile.connect(database.clone())?;
        connection.set_durability(Durability::Deferred)?;
        // A new database gets its empty schema with the first statement: now, where no rollback can undo it.
        drop(connection.prepare("SELECT 1")?);
        let alarm = Alarm::read(&database.begin_read()?)?;
        let io = options.io.clone().unwrap_or_else(Io::os);
        let newest = database.last_lsn();
        Ok(Session {
            connection,
            pitr: Pitr::new(database.clone()),
            clock: io.clock,
            committed: newest,
            gate: newest,
            database,
            profile: options.profile,
            backend: options.backend,
            alarm_on_delete: options.alarm_on_delete,
            writing: false,
            lost: false,
            broken: None,
            confirmed: false,
            buffer: WriteBuffer::new(options.write_buffer_bytes),
            scopes: Vec::new(),
            next_scope: 0,
            polled: None,
            waiting: Vec::new(),
            woken: Vec::new(),
            schedule: Schedule::new(options.alarm_hook.clone(), alarm),
            alarm_changed: false,
            listed: Listed::default(),
            lists: 0,
            values_changed: 0,
            rows_read: 0,
            rows_written: 0,
            deletions: 0,
        })
    }

    /// The connection. What writes through it calls [`Session::before_write`] before, and hands what fails to
    /// [`Session::failed`].
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// The newest commit.
    pub(crate) fn committed(&self) -> Lsn {
        self.committed
    }

    /// The newest commit that replies wait for.
    pub(crate) fn gate(&self) -> Lsn {
        self.gate
    }

    /// How often everything was deleted.
    pub(crate) fn deletions(&self) -> u64 {
        self.deletions
    }

    /// Refuses a part of the storage that only objects backed by SQL have.
    pub(crate) fn check_backend(&self, interface: Interface) -> Result<()> {
        match self.backend {
            Backend::Sql => Ok(()),
            Backend::KeyValue => Err(Error::NotSqlBacked(interface)),
        }
    }

    /// What the calls of this session read and wrote: rows, entries of indexes, values.
    pub(crate) fn work(&self) -> (u64, u64) {
        (self.rows_read, self.rows_written)
    }

    /// Adds to what the calls of this session read and wrote.
    pub(crate) fn count_work(&mut self, rows_read: u64, rows_written: u64) {
        self.rows_read += rows_read;
        self.rows_written += rows_written;
    }

    /// Makes sure that a transaction is open. Replies wait for what is written.
    pub(crate) fn before_write(&mut self) -> Result<()> {
        self.before_write_of(Confirm::Gate)
    }

    /// As [`Session::before_write`], where replies may not wait.
    pub(crate) fn before_write_of(&mut self, confirm: Confirm) -> Result<()> {
        if !self.writing {
            self.connection.begin(TransactionBehavior::Immediate)?;
            self.writing = true;
        }
        self.confirmed |= confirm == Confirm::Gate;
        Ok(())
    }

    /// What an error of the connection means for the session: a statement that failed is undone and no more, unless it
    /// ended the transaction.
    pub(crate) fn failed(&mut self, error: impl Into<Error>) -> Error {
        let error = error.into();
        if self.writing && !self.connection.in_transaction() {
            self.writing = false;
            self.lost = true;
            self.scopes.clear();
            self.undone();
        }
        if is_critical(&error) {
            self.break_with(error.clone());
        }
        error
    }

    /// Something was undone: what was known of the transaction may not hold.
    fn undone(&mut self) {
        self.listed = Listed::default();
        self.values_changed += 1;
        self.wake_waiting();
    }

    fn wake_waiting(&mut self) {
        self.woken.append(&mut self.waiting);
    }

    /// Commits what this turn wrote, unless it is part of a transaction that is open. It is durable soon after.
    ///
    /// # Errors
    /// [`Error::ConstraintsViolated`], [`Error::TurnRolledBack`], those of the engine. Each ends the session.
    pub(crate) fn commit_turn(&mut self) -> Result<()> {
        if self.lost {
            return Err(self.break_with(Error::TurnRolledBack));
        }
        if !self.writing || !self.scopes.is_empty() {
            return Ok(());
        }
        let alarm = match std::mem::take(&mut self.alarm_changed) {
            true => Some(self.connection.with_view(|view| Alarm::read(view))??),
            false => None,
        };
        if let Some(alarm) = alarm {
            self.schedule.before_commit(alarm);
        }
        self.writing = false;
        let committed = self.connection.commit().map_err(|error| self.break_with(commit_error(error)))?;
        if let Some(lsn) = committed {
            self.committed = lsn;
            self.buffer.commit(lsn);
            if std::mem::take(&mut self.confirmed) {
                self.gate = lsn;
            }
        }
        if let Some(alarm) = alarm {
            self.schedule.after_commit(alarm);
        }
        Ok(())
    }

    /// Ends the session: what is not committed is gone, and every later call gives the error.
    pub(crate) fn break_with(&mut self, error: Error) -> Error {
        if self.connection.in_transaction() {
            // Only a connection without a transaction refuses.
            drop(self.connection.rollback());
        }
        self.writing = false;
        self.scopes.clear();
        self.undone();
        self.broken.get_or_insert(error).clone()
    }

    /// Begins a scope, in the transaction or a new one.
    pub(crate) fn open_scope(&mut self, kind: ScopeKind) -> Result<u64> {
        self.before_write_of(Confirm::None)?;
        self.next_scope += 1;
        let number = self.next_scope;
        self.connection.set_savepoint(&savepoint_of(number))?;
        self.scopes.push(Scope { number, kind });
        Ok(number)
    }

    /// Ends a scope, and those inside of it.
    ///
    /// # Errors
    /// [`Error::TurnRolledBack`] if it is gone with the transaction; [`Error::TransactionOver`] if it ended with one around
    /// it.
    pub(crate) fn close_scope(&mut self, number: u64, end: ScopeEnd) -> Result<()> {
        let place = self.scopes.iter().position(|scope| scope.number == number);
        let Some(place) = place else {
            return Err(if self.lost { Error::TurnRolledBack } else { Error::TransactionOver });
        };
        self.scopes.truncate(place);
        let name = savepoint_of(number);
        if end == ScopeEnd::Undo {
            self.connection.rollback_to_savepoint(&name)?;
            self.undone();
        }
        self.connection.release_savepoint(&name)?;
        self.wake_waiting();
        Ok(())
    }

    /// Whether another scope was begun inside of this one and did not end.
    pub(crate) fn has_inner_scope(&self, number: u64) -> bool {
        self.scopes.last().is_some_and(|last| last.number > number)
    }

    /// Whether a scope did not end.
    pub(crate) fn is_open(&self, number: u64) -> bool {
        self.scopes.iter().any(|scope| scope.number == number)
    }

    pub(crate) fn has_scopes(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// The innermost scope but for those that this thread opened in the calls it is in.
    pub(crate) fn scope_around(&self) -> Option<u64> {
        let own = ScopeKind::Sync { thread: this_thread() };
        self.scopes.iter().rfind(|scope| scope.kind != own).map(|scope| scope.number)
    }

    /// Wakes a task when a scope ends.
    pub(crate) fn wake_after_scope(&mut self, waker: &Waker) {
        if !self.waiting.iter().any(|known| known.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
    }

    /// Removes the tables, and makes the connection as it was at first. Open cursors and lists end.
    pub(crate) fn clear_sql(&mut self) -> Result<()> {
        self.connection.clear(self.profile.connection_options())?;
        self.deletions += 1;
        self.undone();
        Ok(())
    }
}

/// The name of the savepoint of a scope.
fn savepoint_of(scope: u64) -> String {
    format!("_cf_{scope}")
}

/// Whether a session cannot go on after an error: the database could not be written.
fn is_critical(error: &Error) -> bool {
    use duramen_engine::Error as Engine;
    matches!(
        error,
        Error::Engine(Engine::Io { .. } | Engine::Full { .. } | Engine::Poisoned { .. } | Engine::Corrupt(_))
    )
}

/// Why a transaction could not be committed.
fn commit_error(error: duramen_sql::Error) -> Error {
    match error {
        duramen_sql::Error::Constraint { kind: ConstraintKind::ForeignKey, .. } => {
            Error::ConstraintsViolated(error)
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests;
