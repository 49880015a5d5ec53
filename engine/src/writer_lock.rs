//! The lock that lets one write transaction be open at a time.
//!
//! It is a flag behind a mutex rather than a held mutex, so that a transaction may move between threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct WriterLock {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    taken: bool,
    /// How many wait for it. To wake somebody asks the system, which costs more than the rest of giving the lock back.
    waiting: usize,
}

impl WriterLock {
    /// Takes the lock, waiting at most `timeout` for another holder; whether it was taken.
    pub(crate) fn acquire(&self, timeout: Duration) -> bool {
        let mut state = self.state();
        if state.taken {
            state.waiting += 1;
            (state, _) = self
                .freed
                .wait_timeout_while(state, timeout, |state| state.taken)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        !std::mem::replace(&mut state.taken, true)
    }

    /// Takes the lock if nobody holds it; whether it was taken.
    pub(crate) fn try_acquire(&self) -> bool {
        !std::mem::replace(&mut self.state().taken, true)
    }

    /// Gives the lock back. Only who took it calls this.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.taken = false;
        if state.waiting > 0 {
            self.freed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
