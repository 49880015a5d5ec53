//! [`Reach`]: what of the past can be reached, for those who read it and for what decides how much of it stays.
//!
//! It has a lock of its own, which is held for operations in memory only. So whoever looks for a root, or for anything else in
//! here, waits for no checkpoint, however long that writes and syncs.
//!
//! 1. Every root in it is in the durable checkpoint list.
//! 2. What the next record will not name leaves it before that record is written, in the same step in which holds are looked
//!    at; and a hold is made in the step in which its root is looked for here. So the record names every root that is held.
//! 3. Nothing is removed but what the durable list does not name. So a root that is in here, or was when a hold on it was
//!    made, has its pages and the log from it on.

use std::sync::Arc;

use crate::checkpoint_list::CheckpointList;
use crate::format::checkpoint::{CheckpointRecord, Orders};
use crate::ids::Lsn;
use crate::progress::ProgressClock;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Reach {
    /// The kept roots, oldest first.
    pub(crate) roots: Vec<Arc<CheckpointRecord>>,
    /// Whether the log reaches back to the first commit of all.
    pub(crate) whole_history: bool,
    /// What was asked for that outlives this open; the next record carries it.
    pub(crate) orders: Orders,
    /// How much time has passed.
    pub(crate) progress: ProgressClock,
    /// Bytes of pages that the newest checkpoint reached when liveness was computed last; 0 where nobody looked.
    pub(crate) live_page_bytes: u64,
}

impl Reach {
    pub(crate) fn new(list: &CheckpointList, orders: Orders, progress: ProgressClock) -> Reach {
        let mut reach =
            Reach { roots: Vec::new(), whole_history: true, orders, progress, live_page_bytes: 0 };
        reach.follow(list);
        reach
    }

    /// Takes over what the list says.
    pub(crate) fn follow(&mut self, list: &CheckpointList) {
        self.roots = list.kept().cloned().collect();
        self.whole_history = list.newest().is_none_or(|newest| newest.whole_history);
    }

    /// Leaves out what the next record will not name.
    pub(crate) fn reduce_to(&mut self, kept: &[u64], whole_history: bool) {
        self.roots.retain(|root| kept.contains(&root.number));
        self.whole_history = whole_history;
    }

    /// The newest root.
    pub(crate) fn newest(&self) -> Option<&CheckpointRecord> {
        self.roots.last().map(|root| &**root)
    }

    /// The newest root at or before a commit.
    pub(crate) fn root_of(&self, lsn: Lsn) -> Option<&Arc<CheckpointRecord>> {
        self.roots.iter().rfind(|root| root.lsn <= lsn)
    }

    /// The oldest commit that can be read.
    pub(crate) fn oldest(&self) -> Lsn {
        self.oldest_root().map_or(Lsn::ZERO, |root| root.lsn)
    }

    /// Bytes of log before what can be reached.
    pub(crate) fn log_bytes_before(&self) -> u64 {
        self.oldest_root().map_or(0, |root| root.log_bytes)
    }

    /// The root that everything else is reached from; none where that is the beginning.
    fn oldest_root(&self) -> Option<&CheckpointRecord> {
        self.roots.first().filter(|_| !self.whole_history).map(|root| &**root)
    }
}
