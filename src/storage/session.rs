//! [`Session`]: one session of an object, behind its lock: its connection, and the transaction that begins by itself.
//!
//! ```text
//! clean --before_write--> writing --commit_turn--> clean
//!                            |  '--a statement rolls back--> lost --commit_turn--> broken
//!                            '--an error of the disk, a commit that fails, abort--> broken
//! ```
//!
//! Locks: one, around the session, held for a call and not while a program's own code runs. Below it lies the lock of the
//! connection, never the other way round.
//!
//! Invariants:
//! 1. A transaction of the connection is open if and only if `writing` is set, except inside of a call.
//! 2. A session that is broken has no transaction, and gives the error that broke it to every call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use duramen_engine::{Database, Durability, Lsn};
use duramen_sql::{ConnectionOptions, ConstraintKind, TransactionBehavior};

use crate::storage::error::{Error, Result};
use crate::storage::options::StorageOptions;
use crate::storage::profile::Profile;

/// What the handles of one session hold together.
pub(crate) struct Shared {
    session: Mutex<Session>,
    /// Which thread holds the lock; 0 if none does.
    holder: AtomicUsize,
}

/// One session of an object; see the head of the file.
pub(crate) struct Session {
    connection: duramen_sql::Connection,
    database: Database,
    profile: Profile,
    /// Whether a transaction is open.
    writing: bool,
    /// Whether a statement undid what this turn wrote before it.
    lost: bool,
    broken: Option<Error>,
    /// The newest commit of this session, or the one that it began with.
    committed: Lsn,
    rows_read: u64,
    rows_written: u64,
    /// How often everything was deleted.
    deletions: u64,
}

/// The session while it is locked.
pub(crate) struct Locked<'s> {
    session: MutexGuard<'s, Session>,
    holder: &'s AtomicUsize,
}

/// A number for the present thread, other than 0.
fn this_thread() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(session: Session) -> Shared {
        Shared { session: Mutex::new(session), holder: AtomicUsize::new(0) }
    }

    /// Waits for the session.
    ///
    /// # Errors
    /// The one that broke it; [`Error::Reentrant`] if this thread holds it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        let locked = self.lock_any()?;
        match &locked.session.broken {
            Some(error) => Err(error.clone()),
            None => Ok(locked),
        }
    }

    /// Waits for the session, broken or not.
    fn lock_any(&self) -> Result<Locked<'_>> {
        let waited = match self.session.try_lock() {
            Err(TryLockError::WouldBlock) => {
                if self.holder.load(Ordering::Relaxed) == this_thread() {
                    return Err(Error::Reentrant);
                }
                self.session.lock()
            }
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Ok(session) => Ok(session),
        };
        let session = waited.unwrap_or_else(|poisoned| self.after_panic(poisoned));
        self.holder.store(this_thread(), Ordering::Relaxed);
        Ok(Locked { session, holder: &self.holder })
    }

    /// Nobody knows how far a call came that panicked.
    #[cold]
    fn after_panic<'s>(&'s self, poisoned: PoisonError<MutexGuard<'s, Session>>) -> MutexGuard<'s, Session> {
        let mut session = poisoned.into_inner();
        session.break_with(Error::Panicked);
        self.session.clear_poison();
        session
    }
}

impl Session {
    /// A session on a database.
    pub(crate) fn new(database: Database, options: &StorageOptions) -> Result<Session> {
        let with = ConnectionOptions { foreign_keys: true, ..ConnectionOptions::default() };
        let connection = duramen_sql::Connection::with_options(database.clone(), with)?;
        connection.set_durability(Durability::Deferred)?;
        Ok(Session {
            connection,
            committed: database.last_lsn(),
            database,
            profile: options.profile,
            writing: false,
            lost: false,
            broken: None,
            rows_read: 0,
            rows_written: 0,
            deletions: 0,
        })
    }

    /// The connection. What writes through it calls [`Session::before_write`] before, and hands what fails to
    /// [`Session::failed`].
    pub(crate) fn connection(&self) -> &duramen_sql::Connection {
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

    /// How often everything was deleted. A query that began before the last time is canceled.
    pub(crate) fn deletions(&self) -> u64 {
        self.deletions
    }

    /// Makes sure that a transaction is open.
    pub(crate) fn before_write(&mut self) -> Result<()> {
        if !self.writing {
            self.connection.begin(TransactionBehavior::Immediate)?;
            self.writing = true;
        }
        Ok(())
    }

    /// What an error of the connection means for the session: a statement that failed is undone and no more, unless it
    /// ended the transaction.
    pub(crate) fn failed(&mut self, error: impl Into<Error>) -> Error {
        let error = error.into();
        if self.writing && !self.connection.in_transaction() {
            self.writing = false;
            self.lost = true;
        }
        if is_critical(&error) {
            self.break_with(error.clone());
        }
        error
    }

    /// Commits what this turn wrote. It is durable soon after.
    ///
    /// # Errors
    /// [`Error::ConstraintsViolated`], [`Error::TurnRolledBack`], those of the engine. Each ends the session.
    pub(crate) fn commit_turn(&mut self) -> Result<()> {
        if std::mem::take(&mut self.lost) {
            return Err(self.break_with(Error::TurnRolledBack));
        }
        if !std::mem::take(&mut self.writing) {
            return Ok(());
        }
        match self.connection.commit() {
            Ok(Some(lsn)) => self.committed = lsn,
            Ok(None) => {}
            Err(error) => return Err(self.break_with(commit_error(error))),
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
        self.broken.get_or_insert(error).clone()
    }

    /// Adds to what the calls of this session read and wrote.
    pub(crate) fn count_work(&mut self, rows_read: u64, rows_written: u64) {
        self.rows_read += rows_read;
        self.rows_written += rows_written;
    }
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

impl std::ops::Deref for Locked<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl std::ops::DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.holder.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
