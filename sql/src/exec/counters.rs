//! [`Counters`]: what functions learn of rows changed while a statement runs.
//!
//! A trigger sees the changes of its own last statement and the rows that it inserted; when it ends they are forgotten.

use std::cell::Cell;

use crate::func::Context;
use crate::limits::Limits;

/// What functions learn, with counters that move while a statement runs.
pub struct Counters<'g> {
    connection: &'g dyn Context,
    pub(super) changes: Cell<i64>,
    pub(super) total_changes: Cell<i64>,
    pub(super) last_rowid: Cell<i64>,
}

impl<'g> Counters<'g> {
    /// As the connection has them.
    pub(super) fn new(connection: &'g dyn Context) -> Counters<'g> {
        Counters {
            connection,
            changes: Cell::new(connection.changes()),
            total_changes: Cell::new(connection.total_changes()),
            last_rowid: Cell::new(connection.last_insert_rowid()),
        }
    }

    /// Notes what a statement changed that is done.
    pub(super) fn note(&self, changes: u64) {
        let changes = i64::try_from(changes).unwrap_or(i64::MAX);
        self.changes.set(changes);
        self.total_changes.set(self.total_changes.get().saturating_add(changes));
    }
}

impl Context for Counters<'_> {
    fn now_ms(&self) -> i64 {
        self.connection.now_ms()
    }

    fn local_offset_seconds(&self, utc_seconds: i64) -> Option<i64> {
        self.connection.local_offset_seconds(utc_seconds)
    }

    fn random(&self, out: &mut [u8]) {
        self.connection.random(out);
    }

    fn changes(&self) -> i64 {
        self.changes.get()
    }

    fn total_changes(&self) -> i64 {
        self.total_changes.get()
    }

    fn last_insert_rowid(&self) -> i64 {
        self.last_rowid.get()
    }

    fn limits(&self) -> &Limits {
        self.connection.limits()
    }

    fn is_interrupted(&self) -> bool {
        self.connection.is_interrupted()
    }

    fn is_like_case_sensitive(&self) -> bool {
        self.connection.is_like_case_sensitive()
    }
}
