//! [`Orphans`]: how many rows lack the parent that their foreign key names.

use crate::error::{ConstraintKind, Error, Result};

/// How many rows lack a parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// By keys that are checked at the end of the statement.
    pub(super) statement: i64,
    /// By keys that are checked at commit.
    pub(super) deferred: i64,
    /// By keys that are checked at commit only because `defer_foreign_keys` was on.
    pub(super) put_off: i64,
}

impl Orphans {
    /// Whether a transaction with these can be committed.
    #[must_use]
    pub fn allow_commit(self) -> bool {
        self.deferred + self.put_off <= 0
    }

    /// Whether a count that such a key adds to is not zero; else there is nothing to take away from.
    pub(super) fn has(self, deferred: bool) -> bool {
        self.put_off != 0 || if deferred { self.deferred != 0 } else { self.statement != 0 }
    }

    /// Fails if a statement that is at its end leaves rows without a parent.
    pub(super) fn end_statement(&mut self) -> Result<()> {
        match std::mem::take(&mut self.statement) {
            ..=0 => Ok(()),
            _ => Err(violation()),
        }
    }
}

/// The error of a row without a parent.
#[must_use]
pub fn violation() -> Error {
    Error::Constraint {
        kind: ConstraintKind::ForeignKey,
        message: "FOREIGN KEY constraint failed".to_string(),
    }
}
