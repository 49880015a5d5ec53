//! `INSERT`, `UPDATE` and `DELETE`.

use super::name::{Name, QualifiedName};
use super::query::{Expr, From, IndexHint, Limit, OrderTerm, ResultColumn, Select, With};

/// What happens when a row breaks a constraint: `ON CONFLICT ..` in a table, `OR ..` in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConflictAction {
    /// End the transaction and undo it.
    Rollback,
    /// Undo the statement.
    Abort,
    /// Stop, and keep what the statement did so far.
    Fail,
    /// Leave the row out and go on.
    Ignore,
    /// Delete the rows that are in the way and go on.
    Replace,
}

/// The table that a statement writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteTarget {
    /// The table or view.
    pub table: QualifiedName,
    /// The name after `AS`
    pub alias: Option<Name>,
    /// `INDEXED BY` or `NOT INDEXED`; never given for `INSERT`.
    pub index: IndexHint,
}

/// `INSERT INTO ..`, `REPLACE INTO ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// `WITH ..` before the statement.
    pub with: Option<With>,
    /// `OR ..`; `REPLACE INTO` is `INSERT OR REPLACE INTO`.
    pub conflict: Option<ConflictAction>,
    /// The table.
    pub target: WriteTarget,
    /// The columns that are given; empty for all.
    pub columns: Vec<Name>,
    /// The rows.
    pub source: InsertSource,
    /// `ON CONFLICT ..`, in order; the first that fits is taken.
    pub upserts: Vec<Upsert>,
    /// `RETURNING ..`; empty if not given.
    pub returning: Vec<ResultColumn>,
}

/// The rows to insert.
#[derive(Clone, Debug, PartialEq)]
pub enum InsertSource {
    /// `VALUES ..` or `SELECT ..`
    Select(Box<Select>),
    /// `DEFAULT VALUES`: one row of defaults.
    DefaultValues,
}

/// `ON CONFLICT [target] DO ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Upsert {
    /// The uniqueness it is about; `None`, in the last one only, for any.
    pub target: Option<UpsertTarget>,
    /// What to do.
    pub action: UpsertAction,
}

/// `(a, b, ..) [WHERE ..]`: names a unique index.
#[derive(Clone, Debug, PartialEq)]
pub struct UpsertTarget {
    /// The columns or expressions of the index.
    pub columns: Vec<OrderTerm>,
    /// The condition of a partial index.
    pub filter: Option<Expr>,
}

/// What an upsert does instead of failing.
#[derive(Clone, Debug, PartialEq)]
pub enum UpsertAction {
    /// `DO NOTHING`
    Nothing,
    /// `DO UPDATE SET ..`
    Update {
        /// What is set.
        assignments: Vec<Assignment>,
        /// Only where this holds.
        filter: Option<Expr>,
    },
}

/// `a = value` or `(a, b, ..) = row`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The columns, one or more.
    pub columns: Vec<Name>,
    /// Their value: a row value or subquery if there are several.
    pub value: Expr,
}

/// `UPDATE ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// `WITH ..` before the statement.
    pub with: Option<With>,
    /// `OR ..`
    pub conflict: Option<ConflictAction>,
    /// The table.
    pub target: WriteTarget,
    /// What is set, in order.
    pub assignments: Vec<Assignment>,
    /// `FROM ..`: further tables joined to the target.
    pub from: Option<From>,
    /// `WHERE ..`
    pub filter: Option<Expr>,
    /// `RETURNING ..`; empty if not given.
    pub returning: Vec<ResultColumn>,
    /// `ORDER BY ..`; empty if not given.
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT ..`
    pub limit: Option<Limit>,
}

/// `DELETE FROM ..`
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// `WITH ..` before the statement.
    pub with: Option<With>,
    /// The table.
    pub target: WriteTarget,
    /// `WHERE ..`
    pub filter: Option<Expr>,
    /// `RETURNING ..`; empty if not given.
    pub returning: Vec<ResultColumn>,
    /// `ORDER BY ..`; empty if not given.
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT ..`
    pub limit: Option<Limit>,
}
