//! How many threads wait for a sync, and how many more are about to. State only: the log holds it under its lock.
//!
//! Whoever was served by a sync nearly always commits again at once, but not before those who came meanwhile have begun the
//! next one: so eight threads would make two groups of four that take turns. A group therefore counts as whole only when as
//! many have come as were served or waited when the last sync ended. Its leader lets others run as long as that brings more
//! of them, and then no longer counts on the rest.

use crate::ids::Lsn;

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// Those who wait for a sync that has not begun.
    pub(super) waiting: usize,
    /// Those who wait for the one that has, or did.
    served: usize,
    /// The newest commit that this one covers.
    served_up_to: Lsn,
    /// As many are about to wait for the next one, these included.
    expected: usize,
}

impl Crowd {
    /// Somebody begins to wait for a commit to be durable.
    pub(super) fn join(&mut self, lsn: Lsn) {
        if lsn <= self.served_up_to {
            self.served += 1;
        } else {
            self.waiting += 1;
        }
    }

    /// A sync begins, of all commits up to `last`.
    pub(super) fn begin_sync(&mut self, last: Lsn) {
        self.served = std::mem::take(&mut self.waiting);
        self.served_up_to = last;
    }

    /// It has ended.
    pub(super) fn end_sync(&mut self) {
        self.expected = self.served + self.waiting;
    }

    /// Whether nobody more is about to come.
    pub(super) fn is_whole(&self) -> bool {
        self.waiting >= self.expected
    }

    /// Whether nobody waits, and no more than one is about to.
    pub(super) fn is_alone(&self) -> bool {
        self.waiting == 0 && self.expected <= 1
    }

    /// Those who have not come by now are not counted on.
    pub(super) fn expect_no_more(&mut self) {
        self.expected = 0;
    }
}

#[cfg(test)]
mod tests;
