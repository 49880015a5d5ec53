//! The lock that lets one write transaction be open at a time.
//!
//! It is a flag behind a mutex rather than a held mutex, so that a transaction may move between threads.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct WriterLock {
    taken: Mutex<bool>,
    freed: Condvar,
}

impl WriterLock {
    /// Takes the lock, waiting at most `timeout` for another holder; whether it was taken.
    pub(crate) fn acquire(&self, timeout: Duration) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut taken, _) = self
            .freed
            .wait_timeout_while(taken, timeout, |taken| *taken)
            .unwrap_or_else(PoisonError::into_inner);
        !std::mem::replace(&mut *taken, true)
    }

    /// Takes the lock if nobody holds it; whether it was taken.
    pub(crate) fn try_acquire(&self) -> bool {
        !std::mem::replace(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner), true)
    }

    /// Gives the lock back. Only who took it calls this.
    pub(crate) fn release(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.freed.notify_one();
    }
}
