//! [`Programs`]: which triggers and actions of foreign keys a statement may make run, each bound once.

use std::sync::Arc;

use crate::ast::ConflictAction;
use crate::bound::ProgramNumber;
use crate::schema::{Store, Table, Trigger};

/// What a program is made of.
#[derive(Clone, Debug)]
pub(super) enum ProgramKey {
    /// A trigger, run by a statement with this conflict clause.
    Trigger {
        /// The trigger.
        trigger: Arc<Trigger>,
        /// Where it is kept, and the table or view it belongs to.
        rows: ProgramTable,
        /// The conflict clause of the statement, which goes before those in the trigger.
        conflict: Option<ConflictAction>,
    },
    /// What a foreign key does to child rows.
    Action {
        /// Where both tables are kept, and the parent.
        rows: ProgramTable,
        /// The child.
        child: Arc<Table>,
        /// Which of its foreign keys.
        key: usize,
        /// What happens to the row of the parent.
        event: ParentEvent,
    },
}

/// A store, and the table whose written rows a program sees.
#[derive(Clone, Debug)]
pub(super) struct ProgramTable {
    pub(super) store: Store,
    pub(super) table: Arc<Table>,
}

/// What happens to a row that others refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParentEvent {
    Delete,
    Update,
}

impl ProgramKey {
    fn is(&self, other: &ProgramKey) -> bool {
        match (self, other) {
            (
                ProgramKey::Trigger { trigger: a, conflict: x, .. },
                ProgramKey::Trigger { trigger: b, conflict: y, .. },
            ) => Arc::ptr_eq(a, b) && x == y,
            (
                ProgramKey::Action { child: a, key: x, event: e, .. },
                ProgramKey::Action { child: b, key: y, event: f, .. },
            ) => Arc::ptr_eq(a, b) && x == y && e == f,
            _ => false,
        }
    }
}

/// The programs of a statement, in the order in which they were first met.
#[derive(Debug, Default)]
pub(super) struct Programs {
    keys: Vec<ProgramKey>,
}

impl Programs {
    /// The number of a program, which is a new one if it was not met before.
    pub(super) fn number(&mut self, key: ProgramKey) -> ProgramNumber {
        let known = self.keys.iter().position(|known| known.is(&key));
        ProgramNumber(known.unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        }))
    }

    /// The program at a place, if there are that many.
    pub(super) fn get(&self, place: usize) -> Option<&ProgramKey> {
        self.keys.get(place)
    }
}
