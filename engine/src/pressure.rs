//! [`Pressure`]: commits are held back by as much as they are faster than the checkpoint beside them.
//!
//! Memory that a checkpoint writes is free when it has ended; until then commits need more. The room that the budget leaves for
//! them is given out in proportion to what the checkpoint has done:
//!
//! ```text
//! held memory
//!   limit ┤                an eighth of the room is given to nobody: who has waited for the longest time takes of it
//!         │            ┌── the rest is given when the checkpoint has written all
//!         │        ┌───┘
//!         │    ┌───┘       each step of the checkpoint gives more, and wakes who waits
//!         ├────┘           a quarter of the room is there from the beginning
//!    base ┤                what was held when it began
//! ```
//!
//! 1. Who finds no room waits for a step, but not longer than [`LONGEST_WAIT`]: a disk that pauses does not stop the writer.
//!    What short commits take after such waits is so little that the eighth lasts for seconds.
//! 2. Who finds the limit passed waits for the end. The limit is the budget, or a sixteenth of it above the base where that is
//!    more: memory that readers of old versions keep is not freed by waiting.
//!
//! Whoever waits holds no other lock. Without a checkpoint nobody waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long one commit is held back at most while memory is within its limit.
const LONGEST_WAIT: Duration = Duration::from_millis(4);

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Pressure {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug)]
struct State {
    run: Option<Run>,
    /// Bytes that the last checkpoint wrote, a thousand of held memory.
    written_permille: u64,
}

/// A checkpoint on its way.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Memory that was held when it began.
    base: u64,
    limit: u64,
    /// What it will write, supposedly, and has written.
    expected: u64,
    done: u64,
}

impl Run {
    /// How much memory may be held at this moment.
    fn allowed(&self) -> u64 {
        let room = self.limit - self.base;
        let (at_once, spare) = (room / 4, room / 8);
        let earned = u128::from(room - at_once - spare) * u128::from(self.done.min(self.expected));
        let earned = u64::try_from(earned / u128::from(self.expected.max(1))).unwrap_or(u64::MAX);
        self.base + at_once + earned
    }
}

impl Default for Pressure {
    fn default() -> Pressure {
        let state = State { run: None, written_permille: 1000 };
        Pressure { state: Mutex::new(state), moved: Condvar::new() }
    }
}

impl Pressure {
    /// A checkpoint begins, while `held` bytes of memory of a budget are held. It lasts until what this gives is dropped.
    pub(crate) fn begin(&self, held: u64, budget: u64) -> Running<'_> {
        let mut state = self.state();
        let expected = held.saturating_mul(state.written_permille) / 1000;
        let limit = budget.max(held.saturating_add(budget / 16));
        state.run = Some(Run { base: held, limit, expected, done: 0 });
        Running { pressure: self }
    }

    /// Whether a checkpoint is on its way.
    pub(crate) fn has_run(&self) -> bool {
        self.state().run.is_some()
    }

    /// Waits where commits are ahead of the checkpoint that is on its way. `held` tells how much memory is held.
    pub(crate) fn hold_back(&self, held: impl Fn() -> u64) {
        let above = |state: &State, bound: fn(&Run) -> u64| state.run.is_some_and(|run| held() > bound(&run));
        let wait =
            self.moved.wait_timeout_while(self.state(), LONGEST_WAIT, |state| above(state, Run::allowed));
        let (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        drop(self.moved.wait_while(state, |state| above(state, |run| run.limit)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A checkpoint on its way, for whoever makes it.
#[derive(Debug)]
pub(crate) struct Running<'p> {
    pressure: &'p Pressure,
}

impl Running<'_> {
    /// So many more bytes were written.
    pub(crate) fn advance(&self, bytes: u64) {
        if let Some(run) = &mut self.pressure.state().run {
            run.done += bytes;
        }
        self.pressure.moved.notify_all();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.pressure.state();
        if let Some(run) = state.run.take().filter(|run| run.done > 0 && run.base > 0) {
            state.written_permille = run.done.saturating_mul(1000) / run.base;
        }
        drop(state);
        self.pressure.moved.notify_all();
    }
}

#[cfg(test)]
mod tests;
