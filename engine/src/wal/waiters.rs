//! Who is woken when a commit is durable.
//!
//! State only: the log holds it under its lock, and wakes outside of it.

use std::collections::BTreeMap;
use std::task::Waker;

use crate::ids::Lsn;

/// One who waits. To be given back to the log it came from.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaiterId {
    lsn: Lsn,
    number: u64,
}

/// All who wait, in the order in which they will be woken.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: BTreeMap<WaiterId, Waker>,
    given: u64,
}

impl Waiters {
    /// Has `waker` woken when `lsn` is durable. One who waits already keeps its place.
    pub(super) fn wait(&mut self, lsn: Lsn, waiter: &mut Option<WaiterId>, waker: &Waker) {
        if let Some(known) = waiter.as_ref().and_then(|id| self.waiting.get_mut(id)) {
            known.clone_from(waker);
            return;
        }
        self.given += 1;
        self.waiting.insert(WaiterId { lsn, number: self.given }, waker.clone());
        *waiter = Some(WaiterId { lsn, number: self.given });
    }

    /// Somebody no longer waits.
    pub(super) fn forget(&mut self, waiter: &WaiterId) {
        self.waiting.remove(waiter);
    }

    /// Those who waited for commits up to `durable`; they wait no longer.
    pub(super) fn take_up_to(&mut self, durable: Lsn) -> Vec<Waker> {
        let rest = self.waiting.split_off(&WaiterId { lsn: durable, number: u64::MAX });
        std::mem::replace(&mut self.waiting, rest).into_values().collect()
    }

    /// All; none of them waits any longer.
    pub(super) fn take_all(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests;
