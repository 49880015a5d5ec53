//! What can go wrong in SQL, in SQLite's wording and with SQLite's codes.
//!
//! The text of an error is part of the contract: programs test for `UNIQUE constraint failed: t.a`. Variants are
//! grouped by what the caller can do; [`Error::code`] gives SQLite's number for it.

use std::fmt;
use std::sync::Arc;

use crate::code_names::code_name;
use crate::value::Class;

/// The result of an SQL call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in SQL.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    // Fix the statement.
    /// The text is no SQL.
    Syntax {
        /// What SQLite says, such as `near "FORM": syntax error`.
        message: String,
        /// Where the offending token starts, in bytes from the start of the statement; `None` where SQLite names no
        /// place, as at the end of incomplete input.
        offset: Option<usize>,
    },
    /// The statement is well formed but does not fit what it is used on: unknown names, wrong counts, forbidden places.
    Statement {
        /// What SQLite says, such as `no such table: t`.
        message: String,
        /// Where the cause stands, in bytes from the start of the statement, if one place can be named.
        offset: Option<usize>,
    },
    /// A bound on the size of a statement or value was passed.
    TooBig(&'static str),
    /// The connection does not allow the action.
    NotAuthorized(String),
    /// The program's authorizer does not allow the action, in its own words.
    Refused(String),
    // Fix the call.
    /// A parameter was bound that the statement does not have.
    InvalidParameterName(String),
    /// As many parameters were given as the first number says, and the statement takes as many as the second says.
    InvalidParameterCount(usize, usize),
    /// A column was asked for by a number that the row does not have.
    InvalidColumnIndex(usize),
    /// A column was asked for by a name that the row does not have.
    InvalidColumnName(String),
    /// The column at this place, of this name, holds a value of another class than was asked for.
    InvalidColumnType(usize, String, Class),
    /// A value of the column at this place, of this class, could not become what was asked for.
    FromSqlConversionFailure(usize, Class, Arc<dyn std::error::Error + Send + Sync>),
    /// A value could not become one of SQL.
    ToSqlConversionFailure(Arc<dyn std::error::Error + Send + Sync>),
    /// The integer in the column at this place does not fit into what was asked for.
    IntegralValueOutOfRange(usize, i64),
    /// A row was asked for, and there was none.
    QueryReturnedNoRows,
    /// One row was asked for, and there were more.
    QueryReturnedMoreThanOneRow,
    /// A statement that gives rows was run where none are taken.
    ExecuteReturnedResults,
    /// One statement was asked for, and the text holds several.
    MultipleStatement,
    /// A connection was used from inside one of its own calls: by a function, collation or hook that it runs.
    Reentrant,

    // Fix the data.
    /// A row would break a rule of its table.
    Constraint {
        /// Which rule.
        kind: ConstraintKind,
        /// What SQLite says, such as `UNIQUE constraint failed: t.a`.
        message: String,
    },
    /// A value has a type that its place cannot take: a rowid that is no integer, a `LIMIT` that is no number.
    Mismatch,
    /// An expression refused its values while the statement ran: `integer overflow`, `malformed JSON`.
    Evaluation(String),

    /// `RAISE` in a trigger, other than `ABORT`: what runs triggers acts on it.
    Raise(Raised, String),

    // Start over.
    /// The transaction was rolled back while the query was open.
    RolledBack,
    /// A table cannot be changed as long as a query of the same connection is open.
    TableLocked,

    // Try again.
    /// The statement was interrupted by the caller.
    Interrupted,

    /// No rowid is left.
    Full,
    /// Stored rows or entries do not have the form they must have.
    Malformed,

    // Everything else is the engine's.
    /// The engine refused or failed.
    Engine(duramen_engine::Error),
}

/// What `RAISE` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// `IGNORE`: the row is left out.
    Ignore,
    /// `ROLLBACK`: the transaction is undone.
    Rollback,
    /// `FAIL`: the statement stops and keeps what it did.
    Fail,
}

/// The rule that a refused row would have broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// What `ALTER TABLE` is to add, which a row that is there breaks; without an extended code.
    Added,
    /// `CHECK`.
    Check,
    /// The program's commit hook refused.
    CommitHook,
    /// The type of a column of a `STRICT` table.
    Datatype,
    /// `FOREIGN KEY`.
    ForeignKey,
    /// `NOT NULL`.
    NotNull,
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// The rowid exists already.
    Rowid,
    /// `RAISE` in a trigger, or a foreign key's `RESTRICT`.
    Trigger,
    /// `UNIQUE`.
    Unique,
    /// A virtual table refused the row.
    VirtualTable,
}

impl ConstraintKind {
    /// SQLite's extended result code.
    #[must_use]
    pub fn extended_code(self) -> i32 {
        const CONSTRAINT: i32 = 19;
        let sub_code = match self {
            ConstraintKind::Added => 0,
            ConstraintKind::Check => 1,
            ConstraintKind::CommitHook => 2,
            ConstraintKind::ForeignKey => 3,
            ConstraintKind::NotNull => 5,
            ConstraintKind::PrimaryKey => 6,
            ConstraintKind::Trigger => 7,
            ConstraintKind::Unique => 8,
            ConstraintKind::VirtualTable => 9,
            ConstraintKind::Rowid => 10,
            ConstraintKind::Datatype => 12,
        };
        CONSTRAINT | sub_code << 8
    }
}

impl Error {
    /// A well-formed statement that does not fit, without a place.
    pub fn statement(message: impl Into<String>) -> Error {
        Error::Statement { message: message.into(), offset: None }
    }

    /// A well-formed statement that does not fit because of what stands at `offset`.
    pub fn statement_at(message: impl Into<String>, offset: usize) -> Error {
        Error::Statement { message: message.into(), offset: Some(offset) }
    }

    /// The same, without a place: SQLite names none for what stands in an `ON`.
    pub(crate) fn without_offset(self) -> Error {
        match self {
            Error::Statement { message, .. } => Error::statement(message),
            error => error,
        }
    }

    /// Stored bytes that are no record or key.
    #[must_use]
    pub fn malformed() -> Error {
        Error::Malformed
    }

    /// Where in the text of the statement the cause stands, in bytes, if one place can be named.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        match self {
            Error::Syntax { offset, .. } | Error::Statement { offset, .. } => *offset,
            _ => None,
        }
    }

    /// Whether it is of what a database lies on: a disk that is full or fails, damage.
    pub(crate) fn is_of_storage(&self) -> bool {
        use duramen_engine::Error as Engine;
        matches!(
            self,
            Error::Malformed
                | Error::Engine(
                    Engine::Io { .. } | Engine::Full { .. } | Engine::Poisoned { .. } | Engine::Corrupt(_)
                )
        )
    }

    /// SQLite's primary result code.
    #[must_use]
    pub fn primary_code(&self) -> i32 {
        self.code() & 0xff
    }

    /// What SQLite calls the primary result code: `SQLITE_CONSTRAINT`.
    #[must_use]
    pub fn primary_code_name(&self) -> &'static str {
        code_name(self.primary_code())
    }

    /// What SQLite calls the extended result code: `SQLITE_CONSTRAINT_UNIQUE`. The same as the primary one where there is
    /// none of its own.
    #[must_use]
    pub fn code_name(&self) -> &'static str {
        code_name(self.code())
    }

    /// SQLite's extended result code; the low byte is the primary one.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Error::Syntax { .. } | Error::Statement { .. } | Error::Evaluation(_) => 1,
            Error::Interrupted => 9,
            Error::TooBig(_) => 18,
            Error::Constraint { kind, .. } => kind.extended_code(),
            Error::Malformed => 11,
            Error::Full => 13,
            Error::Raise(..) => ConstraintKind::Trigger.extended_code(),
            Error::Mismatch => 20,
            Error::NotAuthorized(_) | Error::Refused(_) => 23,
            Error::InvalidParameterName(_)
            | Error::InvalidParameterCount(..)
            | Error::InvalidColumnIndex(_)
            | Error::InvalidColumnName(_) => 25,
            Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::ToSqlConversionFailure(_)
            | Error::IntegralValueOutOfRange(..) => 20,
            Error::QueryReturnedNoRows
            | Error::QueryReturnedMoreThanOneRow
            | Error::ExecuteReturnedResults
            | Error::MultipleStatement
            | Error::Reentrant => 21,
            Error::RolledBack => 4 | 2 << 8,
            Error::TableLocked => 6,
            Error::Engine(source) => engine_code(source),
        }
    }
}

/// The result code SQLite gives in the situation that the engine reports.
fn engine_code(error: &duramen_engine::Error) -> i32 {
    use duramen_engine::Error as Engine;
    match error {
        Engine::Busy { .. } | Engine::Locked(_) => 5,
        Engine::StaleView { .. } => 5 | 2 << 8,
        Engine::ReadOnly(_) => 8,
        Engine::Io { .. } | Engine::Poisoned { .. } => 10,
        Engine::Corrupt(_) => 11,
        Engine::Full { .. } => 13,
        Engine::NotFound(_) => 14,
        Engine::KeyTooLarge { .. } | Engine::ValueTooLarge { .. } => 18,
        Engine::NotADatabase { .. } | Engine::UnsupportedVersion { .. } => 26,
        _ => 1,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Syntax { message, .. }
            | Error::Statement { message, .. }
            | Error::Constraint { message, .. }
            | Error::NotAuthorized(message)
            | Error::Refused(message)
            | Error::Raise(_, message)
            | Error::Evaluation(message) => f.write_str(message),
            Error::TooBig(message) => f.write_str(message),
            Error::InvalidParameterName(name) => write!(f, "no such parameter: {name}"),
            Error::InvalidParameterCount(given, wanted) => {
                write!(f, "{given} parameters given, {wanted} wanted")
            }
            Error::InvalidColumnIndex(place) => write!(f, "no column at place {place}"),
            Error::InvalidColumnName(name) => write!(f, "no such column in the result: {name}"),
            Error::InvalidColumnType(place, name, class) => {
                write!(f, "column {place} ({name}) holds a value of type {}", class.name())
            }
            Error::FromSqlConversionFailure(place, class, source) => {
                write!(f, "cannot convert the {} in column {place}: {source}", class.name())
            }
            Error::ToSqlConversionFailure(source) => write!(f, "cannot convert a parameter: {source}"),
            Error::IntegralValueOutOfRange(place, integer) => {
                write!(f, "the integer {integer} in column {place} is out of range")
            }
            Error::QueryReturnedNoRows => f.write_str("the query gave no rows"),
            Error::QueryReturnedMoreThanOneRow => f.write_str("the query gave more than one row"),
            Error::ExecuteReturnedResults => {
                f.write_str("a statement that gives rows was run without taking them")
            }
            Error::MultipleStatement => f.write_str("the text holds more than one statement"),
            Error::Reentrant => f.write_str("the connection is in use by the call that runs this"),
            Error::RolledBack => f.write_str("abort due to ROLLBACK"),
            Error::TableLocked => f.write_str("database table is locked"),
            Error::Mismatch => f.write_str("datatype mismatch"),
            Error::Full => f.write_str("database or disk is full"),
            Error::Malformed => f.write_str("database disk image is malformed"),
            Error::Interrupted => f.write_str("interrupted"),
            Error::Engine(source) => source.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Engine(source) => Some(source),
            Error::FromSqlConversionFailure(_, _, source) | Error::ToSqlConversionFailure(source) => {
                Some(&**source)
            }
            _ => None,
        }
    }
}

impl From<duramen_engine::Error> for Error {
    fn from(source: duramen_engine::Error) -> Error {
        Error::Engine(source)
    }
}
