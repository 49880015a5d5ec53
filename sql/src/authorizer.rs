//! Who decides what statements may do: a program's [`Authorizer`], what it is asked ([`AuthContext`]) and what it
//! answers ([`Authorization`]).
//!
//! It is asked while a statement is prepared, not while it runs, once for each thing that the statement may do; only
//! definitions are looked into when they are made, and the table functions `pragma_…` when they are read. The questions are
//! those of SQLite, except for what SQLite does in statements of its own behind `CREATE`, `ALTER`, `DROP` and `ANALYZE`: of
//! that only the row of the schema table that comes or goes is asked about. `RETURNING` asks for the columns it reads, which
//! SQLite does not, and `ALTER TABLE … RENAME TO` for the new name as for a table that is created.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// What is asked: the action, where, and on whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthContext<'c> {
    /// What the statement wants to do.
    pub action: AuthAction<'c>,
    /// The schema that it wants to do it in, where there is one: `main` or `temp`.
    pub database_name: Option<&'c str>,
    /// The innermost trigger, view or common table that does it; `None` where the statement itself does.
    pub accessor: Option<&'c str>,
}

/// What a statement wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthAction<'c> {
    /// `CREATE INDEX`
    CreateIndex {
        /// The index.
        index_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE TABLE`
    CreateTable {
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE INDEX` on a temporary table.
    CreateTempIndex {
        /// The index.
        index_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE TEMP TABLE`
    CreateTempTable {
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE TEMP TRIGGER`
    CreateTempTrigger {
        /// The trigger.
        trigger_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE TEMP VIEW`
    CreateTempView {
        /// The view.
        view_name: &'c str,
    },
    /// `CREATE TRIGGER`
    CreateTrigger {
        /// The trigger.
        trigger_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE VIEW`
    CreateView {
        /// The view.
        view_name: &'c str,
    },
    /// Removing rows of a table.
    Delete {
        /// The table.
        table_name: &'c str,
    },
    /// `DROP INDEX`
    DropIndex {
        /// The index.
        index_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `DROP TABLE`
    DropTable {
        /// The table.
        table_name: &'c str,
    },
    /// `DROP INDEX` of a temporary one.
    DropTempIndex {
        /// The index.
        index_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `DROP TABLE` of a temporary one.
    DropTempTable {
        /// The table.
        table_name: &'c str,
    },
    /// `DROP TRIGGER` of a temporary one.
    DropTempTrigger {
        /// The trigger.
        trigger_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `DROP VIEW` of a temporary one.
    DropTempView {
        /// The view.
        view_name: &'c str,
    },
    /// `DROP TRIGGER`
    DropTrigger {
        /// The trigger.
        trigger_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// `DROP VIEW`
    DropView {
        /// The view.
        view_name: &'c str,
    },
    /// Adding rows to a table.
    Insert {
        /// The table.
        table_name: &'c str,
    },
    /// `PRAGMA`
    Pragma {
        /// Which pragma, as it is written.
        pragma_name: &'c str,
        /// Its value, if it has one.
        pragma_value: Option<&'c str>,
    },
    /// Reading a column; the name is empty where a table is named and no column of it is read.
    Read {
        /// The table.
        table_name: &'c str,
        /// The column.
        column_name: &'c str,
    },
    /// `SELECT`
    Select,
    /// `BEGIN`, `COMMIT`, `ROLLBACK`
    Transaction {
        /// What is done to it.
        operation: TransactionOperation,
    },
    /// Setting a column.
    Update {
        /// The table.
        table_name: &'c str,
        /// The column.
        column_name: &'c str,
    },
    /// `ATTACH`; the name is empty if it is not a text in the statement.
    Attach {
        /// The file.
        filename: &'c str,
    },
    /// `DETACH`
    Detach {
        /// The schema.
        database_name: &'c str,
    },
    /// `ALTER TABLE`
    AlterTable {
        /// The schema.
        database_name: &'c str,
        /// The table.
        table_name: &'c str,
    },
    /// Filling an index anew: `REINDEX`, `CREATE INDEX`.
    Reindex {
        /// The index.
        index_name: &'c str,
    },
    /// `ANALYZE`, once for each table.
    Analyze {
        /// The table.
        table_name: &'c str,
    },
    /// `CREATE VIRTUAL TABLE`
    CreateVtable {
        /// The table.
        table_name: &'c str,
        /// The module.
        module_name: &'c str,
    },
    /// Calling a function.
    Function {
        /// The function.
        function_name: &'c str,
    },
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`
    Savepoint {
        /// What is done to it.
        operation: TransactionOperation,
        /// The savepoint.
        savepoint_name: &'c str,
    },
    /// A common table that names itself.
    Recursive,
}

/// What is done to a transaction or savepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionOperation {
    /// `BEGIN`, `SAVEPOINT`
    Begin,
    /// `COMMIT`
    Commit,
    /// `RELEASE`
    Release,
    /// `ROLLBACK`, `ROLLBACK TO`
    Rollback,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// Yes.
    Allow,
    /// No, but the statement goes on: the column or function gives NULL, the column keeps its value, the pragma,
    /// definition or transaction statement does nothing. A `SELECT`, `INSERT` or `DELETE` cannot go on and is refused.
    Ignore,
    /// No: the statement fails, in the words of SQLite.
    Deny,
    /// No: the statement fails with [`Error::Refused`], in these words.
    Refuse(String),
}

/// What follows from an answer that is no refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It may be done.
    Given,
    /// It is left out.
    Ignored,
}

/// The program's function that answers.
type Hook = Box<dyn FnMut(AuthContext<'_>) -> Authorization + Send>;

/// Who decides what statements may do; see the head of the file.
pub struct Authorizer(Mutex<Hook>);

impl Authorizer {
    /// The program's function, as one that can be asked.
    #[must_use]
    pub fn new(hook: Hook) -> Authorizer {
        Authorizer(Mutex::new(hook))
    }

    /// Asks; a plain refusal is [`Error::NotAuthorized`].
    ///
    /// # Errors
    /// The refusal.
    pub fn ask(&self, context: AuthContext<'_>) -> Result<Permission> {
        let mut hook = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match hook(context) {
            Authorization::Allow => Ok(Permission::Given),
            Authorization::Ignore => Ok(Permission::Ignored),
            Authorization::Deny => Err(not_authorized()),
            Authorization::Refuse(message) => Err(Error::Refused(message)),
        }
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer").finish_non_exhaustive()
    }
}

/// The refusal of a whole statement.
pub(crate) fn not_authorized() -> Error {
    Error::NotAuthorized("not authorized".into())
}
