//! The lock that lets one write transaction be open at a time.
//!
//! It is a flag behind a mutex rather than a held mutex, so that a transaction may move between threads.
//!
//! Background work takes it too, for a short step that waits for no caller. Whoever wants to write waits for the end of such a
//! step however little time it has: nobody else is writing, so it is not told that somebody is. A step that waits for the lock
//! comes before all writers, who would leave it no gap.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam::utils::Backoff;

#[derive(Debug, Default)]
pub(crate) struct WriterLock {
    state: Mutex<State>,
    freed: Condvar,
    freed_for_step: Condvar,
}

#[derive(Debug, Default)]
struct State {
    holder: Holder,
    /// How many writers wait for it. To wake somebody asks the system, which costs more than the rest of giving the lock back.
    waiting: usize,
    /// How many steps do.
    steps_waiting: usize,
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
    /// Whether a writer has to let others go first.
    fn is_closed_to_writers(&self) -> bool {
        self.holder != Holder::Nobody || self.steps_waiting > 0
    }

    /// Whether it has to only because of a step, which will not take long.
    fn is_a_steps(&self) -> bool {
        self.holder == Holder::Step || (self.holder == Holder::Nobody && self.steps_waiting > 0)
    }
}

impl WriterLock {
    /// Takes the lock for a writer, waiting at most `timeout` for another one; whether it was taken.
    pub(crate) fn acquire(&self, timeout: Duration) -> bool {
        let mut state = self.state();
        // Most transactions are over sooner than the system could put this thread to sleep and wake it.
        let patience = Backoff::new();
        while state.is_closed_to_writers() && !patience.is_completed() {
            drop(state);
            patience.snooze();
            state = self.state();
        }
        if state.is_closed_to_writers() {
            state.waiting += 1;
            (state, _) = self
                .freed
                .wait_timeout_while(state, timeout, |state| state.is_closed_to_writers())
                .unwrap_or_else(PoisonError::into_inner);
            state = self
                .freed
                .wait_while(state, |state| state.is_a_steps())
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        if state.is_closed_to_writers() {
            return false;
        }
        state.holder = Holder::Writer;
        true
    }

    /// Takes the lock for a step of background work, waiting at most `patience`; whether it was taken.
    pub(crate) fn acquire_for_step(&self, patience: Duration) -> bool {
        let mut state = self.state();
        if state.holder != Holder::Nobody && !patience.is_zero() {
            state.steps_waiting += 1;
            (state, _) = self
                .freed_for_step
                .wait_timeout_while(state, patience, |state| state.holder != Holder::Nobody)
                .unwrap_or_else(PoisonError::into_inner);
            state.steps_waiting -= 1;
        }
        if state.holder != Holder::Nobody {
            return false;
        }
        state.holder = Holder::Step;
        true
    }

    /// Takes the lock for a step of background work, if nobody holds it; whether it was taken.
    pub(crate) fn try_acquire_for_step(&self) -> bool {
        self.acquire_for_step(Duration::ZERO)
    }

    /// Gives the lock back. Only who took it calls this.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.holder = Holder::Nobody;
        if state.steps_waiting > 0 {
            self.freed_for_step.notify_one();
        } else if state.waiting > 0 {
            self.freed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
