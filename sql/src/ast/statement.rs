//! Statements, and the parameters in them.

use super::ddl::{AlterTable, CreateIndex, CreateTable, CreateTrigger, CreateView, CreateVirtualTable, Drop};
use super::name::{Name, QualifiedName};
use super::query::{Expr, Select};
use super::write::{Delete, Insert, Update};

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `SELECT ..`, `VALUES ..`
    Select(Box<Select>),
    /// `INSERT ..`, `REPLACE ..`
    Insert(Box<Insert>),
    /// `UPDATE ..`
    Update(Box<Update>),
    /// `DELETE ..`
    Delete(Box<Delete>),
    /// `CREATE TABLE ..`
    CreateTable(Box<CreateTable>),
    /// `CREATE INDEX ..`
    CreateIndex(Box<CreateIndex>),
    /// `CREATE VIEW ..`
    CreateView(Box<CreateView>),
    /// `CREATE TRIGGER ..`
    CreateTrigger(Box<CreateTrigger>),
    /// `CREATE VIRTUAL TABLE ..`
    CreateVirtualTable(Box<CreateVirtualTable>),
    /// `ALTER TABLE ..`
    AlterTable(Box<AlterTable>),
    /// `DROP ..`
    Drop(Box<Drop>),
    /// `BEGIN ..`
    Begin(TransactionMode),
    /// `COMMIT`, `END`
    Commit,
    /// `ROLLBACK` without `TO`.
    Rollback,
    /// `SAVEPOINT name`
    Savepoint(Name),
    /// `RELEASE [SAVEPOINT] name`
    Release(Name),
    /// `ROLLBACK TO [SAVEPOINT] name`
    RollbackTo(Name),
    /// `PRAGMA ..`
    Pragma(Box<Pragma>),
    /// `ANALYZE [name]`: a schema, table or index.
    Analyze(Option<QualifiedName>),
    /// `REINDEX [name]`: a collation, table or index.
    Reindex(Option<QualifiedName>),
    /// `VACUUM [schema] [INTO file]`
    Vacuum {
        /// The schema; `main` if not given.
        schema: Option<Name>,
        /// The file to write to.
        into: Option<Box<Expr>>,
    },
    /// `ATTACH [DATABASE] file AS schema [KEY key]`
    Attach(Box<Attach>),
    /// `DETACH [DATABASE] schema`
    Detach(Box<Expr>),
    /// `EXPLAIN ..`
    Explain {
        /// How much is told.
        kind: ExplainKind,
        /// What is explained.
        statement: Box<Statement>,
    },
}

/// How a transaction begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransactionMode {
    /// `BEGIN [DEFERRED]`: reads until it first writes.
    #[default]
    Deferred,
    /// `BEGIN IMMEDIATE`: writes from the start.
    Immediate,
    /// `BEGIN EXCLUSIVE`
    Exclusive,
}

/// What `EXPLAIN` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExplainKind {
    /// `EXPLAIN`
    Program,
    /// `EXPLAIN QUERY PLAN`
    QueryPlan,
}

/// `PRAGMA [schema.]name`, `PRAGMA name = value`, `PRAGMA name(value)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pragma {
    /// The schema before the dot.
    pub schema: Option<Name>,
    /// Which pragma.
    pub name: Name,
    /// The value: a word or text without its quotes, or a number as written, with its sign if that is minus.
    pub value: Option<Box<str>>,
}

/// `ATTACH [DATABASE] file AS schema [KEY key]`. A bare word in these places is a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Attach {
    /// The file.
    pub file: Expr,
    /// The schema name.
    pub schema: Expr,
    /// The key, which SQLite takes and ignores.
    pub key: Option<Expr>,
}

/// The parameters of a statement: how many there are, and their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The name of each parameter by its number less one: with its first character, as `:a`, `@a`, `$a` or `?5`;
    /// `None` for `?` and for numbers that were skipped.
    names: Vec<Option<Box<str>>>,
}

impl Parameters {
    /// The parameters with these names, in the order of their numbers.
    #[must_use]
    pub fn new(names: Vec<Option<Box<str>>>) -> Parameters {
        Parameters { names }
    }

    /// How many values the statement takes: the largest number of a parameter.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The name of a parameter by its number, from 1.
    #[must_use]
    pub fn name(&self, number: usize) -> Option<&str> {
        self.names.get(number.checked_sub(1)?)?.as_deref()
    }

    /// The number of a parameter by its name with its first character. Case counts.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        let index = self.names.iter().position(|known| known.as_deref() == Some(name))?;
        Some(index + 1)
    }
}
