//! [`Shared`]: what a connection and its statements hold together, and the lock around it.
//!
//! Locks: one, around the [`Session`], held for as long as a statement moves to its next row and not while the caller
//! looks at it. A call from inside another one of the same connection (by a function that it runs) would wait for itself;
//! it is refused instead.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use duramen_engine::Database;

use crate::error::{Error, Result};
use crate::session::Session;

/// What a connection and its statements hold together; see the head of the file.
pub(crate) struct Shared {
    session: Mutex<Session>,
    /// Which thread holds the lock; 0 if none does.
    holder: AtomicUsize,
    interrupt: Arc<AtomicBool>,
    /// How many queries are open.
    open_queries: AtomicUsize,
}

/// The session while it is locked.
pub(crate) struct Locked<'s> {
    session: MutexGuard<'s, Session>,
    holder: &'s AtomicUsize,
}

/// A number for the present thread, other than 0.
fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

impl Shared {
    pub(crate) fn new(database: Database) -> Shared {
        let interrupt = Arc::new(AtomicBool::new(false));
        Shared {
            session: Mutex::new(Session::new(database, interrupt.clone())),
            holder: AtomicUsize::new(0),
            interrupt,
            open_queries: AtomicUsize::new(0),
        }
    }

    /// Waits for the session.
    ///
    /// # Errors
    /// [`Error::Reentrant`] if this thread holds it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        let session = match self.session.try_lock() {
            Ok(session) => session,
            Err(TryLockError::Poisoned(poisoned)) => self.after_panic(poisoned),
            Err(TryLockError::WouldBlock) if self.holder.load(Ordering::Relaxed) == this_thread() => {
                return Err(Error::Reentrant);
            }
            Err(TryLockError::WouldBlock) => {
                self.session.lock().unwrap_or_else(|poisoned| self.after_panic(poisoned))
            }
        };
        self.holder.store(this_thread(), Ordering::Relaxed);
        Ok(Locked { session, holder: &self.holder })
    }

    /// After a panic in the middle of a statement, undoes the transaction it was in.
    #[cold]
    fn after_panic<'s>(&'s self, poisoned: PoisonError<MutexGuard<'s, Session>>) -> MutexGuard<'s, Session> {
        let mut session = poisoned.into_inner();
        session.abandon();
        self.session.clear_poison();
        session
    }

    /// Set by who wants the running statement to stop.
    pub(crate) fn interrupt(&self) -> &Arc<AtomicBool> {
        &self.interrupt
    }

    /// Notes that a query is open. An interrupt that no statement was there for is forgotten.
    pub(crate) fn query_opened(&self) {
        self.open_queries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn query_closed(&self) {
        self.open_queries.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn has_open_queries(&self) -> bool {
        self.open_queries.load(Ordering::Relaxed) > 0
    }
}

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
        self.holder.store(0, Ordering::Relaxed);
    }
}
