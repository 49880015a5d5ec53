//! [`Hooks`]: what a program wants to be told of: commits, rollbacks, rows that change.

use std::cell::RefCell;

use crate::exec::{Action, Watch};
use crate::schema::Store;

/// Told of a row: what was done, the schema, the table, the rowid.
pub(crate) type UpdateHook = Box<dyn FnMut(Action, &str, &str, i64) + Send>;

/// What a program wants to be told of.
#[derive(Default)]
pub(crate) struct Hooks {
    /// Asked before a commit; true turns it into a rollback.
    pub(crate) commit: Option<Box<dyn FnMut() -> bool + Send>>,
    pub(crate) rollback: Option<Box<dyn FnMut() + Send>>,
    pub(crate) update: Option<Update>,
}

/// The hook for rows, callable while the rest of the session is looked at.
pub(crate) struct Update(RefCell<UpdateHook>);

impl Update {
    pub(crate) fn new(hook: UpdateHook) -> Update {
        Update(RefCell::new(hook))
    }
}

impl Watch for Update {
    fn row_changed(&self, action: Action, store: Store, table: &str, rowid: i64) {
        (self.0.borrow_mut())(action, store.name(), table, rowid);
    }
}

impl Hooks {
    /// Whether the program refuses a commit.
    pub(crate) fn refuse_commit(&mut self) -> bool {
        self.commit.as_mut().is_some_and(|hook| hook())
    }

    /// Tells of a rollback.
    pub(crate) fn rolled_back(&mut self) {
        if let Some(hook) = &mut self.rollback {
            hook();
        }
    }

    /// Who is told of rows.
    pub(crate) fn watch(&self) -> Option<&dyn Watch> {
        self.update.as_ref().map(|update| update as &dyn Watch)
    }
}
