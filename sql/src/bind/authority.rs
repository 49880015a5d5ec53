//! [`Authority`]: what binding keeps to ask the program's authorizer.

use crate::bound::Slot;
use crate::schema::Store;

/// What is kept to ask; nothing if there is no authorizer.
#[derive(Debug, Default)]
pub(super) struct Authority {
    /// The rows of stored tables that are in view somewhere.
    pub(super) rows: Vec<StoredRow>,
    /// The innermost trigger, view or common table that is being bound.
    pub(super) accessor: Option<Box<str>>,
}

/// The row of a stored table.
#[derive(Debug)]
pub(super) struct StoredRow {
    pub(super) slot: Slot,
    pub(super) store: Store,
    pub(super) table: Box<str>,
    /// What its rowid is called.
    pub(super) rowid: Box<str>,
    /// Whether a column other than the rowid is read.
    pub(super) read: bool,
}
