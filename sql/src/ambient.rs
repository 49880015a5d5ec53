//! [`Ambient`]: what functions learn of their connection: time, randomness, counters, limits.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duramen_engine::io::{Clock, Entropy, OsClock, OsEntropy};

use crate::func::Context;
use crate::limits::Limits;

/// The state of a connection that functions see.
pub(crate) struct Ambient {
    pub(crate) limits: Limits,
    /// Set by who wants the running statement to stop.
    interrupt: Arc<AtomicBool>,
    clock: OsClock,
    entropy: OsEntropy,
    now_ms: Cell<i64>,
    changes: i64,
    total_changes: i64,
    last_rowid: i64,
    pub(crate) case_sensitive_like: bool,
}

impl Ambient {
    pub(crate) fn new(limits: Limits, interrupt: Arc<AtomicBool>) -> Ambient {
        Ambient {
            limits: limits.bounded(),
            interrupt,
            clock: OsClock::default(),
            entropy: OsEntropy,
            now_ms: Cell::new(0),
            changes: 0,
            total_changes: 0,
            last_rowid: 0,
            case_sensitive_like: false,
        }
    }

    pub(crate) fn start_statement(&self) {
        self.now_ms.set(0);
    }

    /// How many rows the last statement changed that writes rows.
    pub(crate) fn last_changes(&self) -> i64 {
        self.changes
    }

    /// How many rows were changed since the connection was opened.
    pub(crate) fn all_changes(&self) -> i64 {
        self.total_changes
    }

    /// The rowid of the last row inserted.
    pub(crate) fn last_rowid(&self) -> i64 {
        self.last_rowid
    }

    pub(crate) fn note_changes(&mut self, changes: u64, last_rowid: Option<i64>) {
        self.changes = i64::try_from(changes).unwrap_or(i64::MAX);
        self.total_changes = self.total_changes.saturating_add(self.changes);
        if let Some(rowid) = last_rowid {
            self.last_rowid = rowid;
        }
    }
}

impl Ambient {
    /// Notes rows that triggers and actions of foreign keys changed: they count in the total only.
    pub(crate) fn note_changes_by_programs(&mut self, changes: i64) {
        self.total_changes = self.total_changes.saturating_add(changes);
    }
}

impl Context for Ambient {
    fn now_ms(&self) -> i64 {
        if self.now_ms.get() == 0 {
            self.now_ms.set(self.clock.wall().0 / 1000);
        }
        self.now_ms.get()
    }

    fn random(&self, out: &mut [u8]) {
        for part in out.chunks_mut(8) {
            let bytes = self.entropy.next_u64().to_le_bytes();
            part.copy_from_slice(&bytes[..part.len()]);
        }
    }

    fn changes(&self) -> i64 {
        self.changes
    }

    fn total_changes(&self) -> i64 {
        self.total_changes
    }

    fn last_insert_rowid(&self) -> i64 {
        self.last_rowid
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    fn is_like_case_sensitive(&self) -> bool {
        self.case_sensitive_like
    }
}
