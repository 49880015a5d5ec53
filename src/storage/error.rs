//! [`Error`]: what can go wrong with the storage of an object, by what the caller can do about it.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::storage::import_fault::ImportFault;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    // Fix the call; the session goes on.
    /// The key-value layer refused; never [`duramen_kv::Error::Engine`], which becomes [`Error::Engine`].
    Kv(duramen_kv::Error),
    /// A statement failed. What it did is undone, the rest of the transaction stays.
    Sql(duramen_sql::Error),
    /// As many parameters were given as the last statement of the text does not have.
    WrongParameterCount,
    /// A statement of the text other than the last one has parameters. Those before it were run.
    ParametersBeforeLast,
    /// The text has no statement, or an empty one. Those before it were run.
    NoStatement,
    /// One row was asked for, and there was none.
    NoRow,
    /// One row was asked for, and there were more.
    SeveralRows,
    /// The object was emptied while the query was open.
    QueryCanceled,
    /// The past could not be named or read.
    Pitr(duramen_pitr::Error),
    /// A program that runs inside a call of the storage called it again.
    Reentrant,
    /// The object is backed by the older key-value store, and this is of the other one.
    NotSqlBacked(Interface),
    /// A list was asked for its next entry after another one was begun.
    ListEnded,
    /// A list was asked for its next entry after everything was deleted.
    ListDeleted,
    /// Everything was to be deleted from inside a transaction.
    DeleteAllInTransaction,
    /// A table was to be restored, or a snapshot taken over, from inside a transaction.
    RestoreInTransaction,
    /// A method of a transaction was called after its rollback.
    RolledBack {
        /// The method.
        method: &'static str,
    },
    /// A method of a transaction was called after its commit.
    Committed {
        /// The method.
        method: &'static str,
    },
    /// A transaction was to be rolled back while another one inside of it runs.
    InnerTransactionRuns,
    /// A transaction ended before this part of it, and with it.
    TransactionOver,
    /// An alarm was to be set for a time that is not after 1970-01-01.
    AlarmTimeNotPositive,
    /// An alarm was to be set for a time that cannot be counted in 64-bit nanoseconds.
    AlarmTimeTooLate,
    /// A file is not what can be imported here.
    Import(ImportFault),
    /// The file of an export cannot be read or written.
    File(Arc<io::Error>),

    // The session is over; what was committed is there at the next open.
    /// The session was ended by its owner, for this reason.
    Aborted(String),
    /// The transaction was left in a state where a foreign key that was put off is violated: it could not be committed.
    ConstraintsViolated(duramen_sql::Error),
    /// `OR ROLLBACK` or `RAISE(ROLLBACK)` undid the transaction that its statement was a part of. Nothing of it is left.
    TurnRolledBack,
    /// A call of the storage panicked.
    Panicked,

    /// The engine refused or failed; its own error says what the caller can do. If it could not write, the session is
    /// over.
    Engine(duramen_engine::Error),
}

/// A part of the storage that only objects backed by SQL have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// `sql()`.
    Sql,
    /// `kv()`.
    SyncKv,
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interface::Sql => {
                "This Durable Object is not backed by SQLite storage, so the SQL API is not available. SQL can be enabled \
                 on a new Durable Object class by using the `new_sqlite_classes` instead of `new_classes` under \
                 `[[migrations]]` in your wrangler.toml, but an already-deployed class cannot be converted to SQLite \
                 (except by deleting the existing data)."
            }
            Interface::SyncKv => {
                "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this \
                 object's namespace is not declared to use SQLite. You can use the older, asyncronous interface via \
                 methods of `storage` itself (e.g. `storage.get()`). Alternatively, to enable SQLite, change \
                 `new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or \
                 wrangler.toml file. If using workerd directly, set `enableSql = true` in your workerd config for the \
                 class. Note that this change cannot be made after the class is already deployed to production."
            }
        })
    }
}

impl From<ImportFault> for Error {
    fn from(fault: ImportFault) -> Error {
        Error::Import(fault)
    }
}

impl From<duramen_engine::Error> for Error {
    fn from(error: duramen_engine::Error) -> Error {
        Error::Engine(error)
    }
}

impl From<duramen_kv::Error> for Error {
    fn from(error: duramen_kv::Error) -> Error {
        match error {
            duramen_kv::Error::Engine(error) => Error::Engine(error),
            error => Error::Kv(error),
        }
    }
}

impl From<duramen_sql::Error> for Error {
    fn from(error: duramen_sql::Error) -> Error {
        match error {
            duramen_sql::Error::Engine(error) => Error::Engine(error),
            duramen_sql::Error::Reentrant => Error::Reentrant,
            duramen_sql::Error::InvalidParameterCount(..) => Error::WrongParameterCount,
            error => Error::Sql(error),
        }
    }
}

impl From<duramen_pitr::Error> for Error {
    fn from(error: duramen_pitr::Error) -> Error {
        match error {
            duramen_pitr::Error::Engine(error) => Error::Engine(error),
            error => Error::Pitr(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Kv(error) => error.fmt(f),
            Error::Sql(error) => write_sql(error, f),
            Error::WrongParameterCount => f.write_str("Wrong number of parameter bindings for SQL query."),
            Error::ParametersBeforeLast => f.write_str(
                "When executing multiple SQL statements in a single call, only the last statement can have parameters.",
            ),
            Error::NoStatement => f.write_str("SQL code did not contain a statement."),
            Error::NoRow => f.write_str("Expected exactly one result from SQL query, but got no results."),
            Error::SeveralRows => {
                f.write_str("Expected exactly one result from SQL query, but got multiple results.")
            }
            Error::QueryCanceled => {
                f.write_str("SQLite query was canceled because the database was deleted.")
            }
            Error::Pitr(error) => error.fmt(f),
            Error::Engine(error) => error.fmt(f),
            Error::Reentrant => f.write_str("the storage is in use by the call that runs this"),
            Error::NotSqlBacked(interface) => interface.fmt(f),
            Error::ListEnded => f.write_str(
                "kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() \
                 iterator can exist at a time.",
            ),
            Error::ListDeleted => {
                f.write_str("kv.list() iterator was invalidated because the database was deleted.")
            }
            Error::DeleteAllInTransaction => f.write_str("Cannot call deleteAll() within a transaction"),
            Error::RestoreInTransaction => f.write_str("Cannot restore within a transaction"),
            Error::RolledBack { method } => write!(f, "Cannot {method}() on rolled back transaction"),
            Error::Committed { method } => write!(
                f,
                "Cannot call {method}() on transaction that has already committed: did you move `txn` outside of the \
                 closure?"
            ),
            Error::InnerTransactionRuns => f.write_str(
                "Cannot roll back an outer transaction while a nested transaction is still running.",
            ),
            Error::TransactionOver => f.write_str("the transaction ended with one around it"),
            Error::AlarmTimeNotPositive => {
                f.write_str("setAlarm() cannot be called with an alarm time <= 0")
            }
            Error::AlarmTimeTooLate => f.write_str("This API doesn't support dates after 2189."),
            Error::Import(fault) => fault.fmt(f),
            Error::File(error) => write!(f, "the file of the export: {error}"),
            Error::Aborted(reason) => f.write_str(reason),
            Error::ConstraintsViolated(error) => {
                f.write_str(
                    "Durable Object was reset and rolled back to its last known good state because the application \
                     left the database in a state where constraints were violated: ",
                )?;
                write_sql(error, f)
            }
            Error::TurnRolledBack => f.write_str(
                "the transaction was rolled back by one of its statements, and the object was reset to the state before it",
            ),
            Error::Panicked => f.write_str("a call of the storage panicked, and the object was reset"),
        }
    }
}

/// The message of a statement's error, where in the statement its cause stands, and its codes.
fn write_sql(error: &duramen_sql::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    if matches!(error, duramen_sql::Error::Refused(_)) {
        // The words of the profile, not of SQLite.
        return Ok(());
    }
    if let Some(offset) = error.offset() {
        write!(f, " at offset {offset}")?;
    }
    let (primary, extended) = (error.primary_code_name(), error.code_name());
    write!(f, ": {primary}")?;
    if primary == extended { Ok(()) } else { write!(f, " (extended: {extended})") }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Their texts are the text of this error, so what comes next is their own source.
            Error::Kv(error) => error.source(),
            Error::Sql(error) => error.source(),
            Error::Pitr(error) => error.source(),
            Error::Engine(error) => error.source(),
            Error::ConstraintsViolated(error) => Some(error),
            Error::File(error) => Some(&**error),
            _ => None,
        }
    }
}
