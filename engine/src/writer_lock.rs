//! The lock that lets one write transaction be open at a time.
//!
//! It is a flag behind a mutex rather than a held mutex, so that a transaction may move between threads.
//!
//! Background work takes it too, for a short step that waits for no caller. Whoever wants to write waits for the end of such a
//! step however little time it has: nobody else is writing, so it is not told that somebody is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct WriterLock {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    holder: Holder,
    /// How many wait for it. To wake somebody asks the system, which costs more than the rest of giving the lock back.
    waiting: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Holder {
    #[default]
    Nobody,
    /// For as long as a caller likes.
    Writer,
    /// For a step of background work.
    Step,
}

impl State {
    /// Whether nobody held the lock, which has this holder then.
    fn take(&mut self, holder: Holder) -> bool {
        let free = self.holder == Holder::Nobody;
        if free {
            self.holder = holder;
        }
        free
    }
}

impl WriterLock {
    /// Takes the lock for a writer, waiting at most `timeout` for another one; whether it was taken.
    pub(crate) fn acquire(&self, timeout: Duration) -> bool {
        let mut state = self.state();
        if state.holder != Holder::Nobody {
            state.waiting += 1;
            (state, _) = self
                .freed
                .wait_timeout_while(state, timeout, |state| state.holder != Holder::Nobody)
                .unwrap_or_else(PoisonError::into_inner);
            state = self
                .freed
                .wait_while(state, |state| state.holder == Holder::Step)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.take(Holder::Writer)
    }

    /// Takes the lock for a step of background work, if nobody holds it; whether it was taken.
    pub(crate) fn try_acquire_for_step(&self) -> bool {
        self.state().take(Holder::Step)
    }

    /// Gives the lock back. Only who took it calls this.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.holder = Holder::Nobody;
        if state.waiting > 0 {
            self.freed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
