//! Bound `INSERT`, `UPDATE` and `DELETE`.

use std::sync::Arc;

use super::query::{Expr, From, OrderTerm, ResultColumn, Select, Slot};
use crate::ast;
use crate::schema::{Index, Store, Table};

/// A table that rows are written to, with its rules bound over the slot of the new row.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is kept.
    pub store: Store,
    /// The table.
    pub table: Arc<Table>,
    /// The new row, complete with what is computed.
    pub slot: Slot,
    /// The values of generated columns, in an order in which they can be computed.
    pub generated: Vec<(usize, Expr)>,
    /// The conditions of `CHECK` constraints.
    pub checks: Vec<Expr>,
    /// The indexes.
    pub indexes: Vec<IndexWrite>,
}

/// What is needed to make the entry of an index.
#[derive(Clone, Debug)]
pub struct IndexWrite {
    /// The index.
    pub index: Arc<Index>,
    /// Its columns over the slot of the row.
    pub columns: Vec<Expr>,
    /// Its condition.
    pub filter: Option<Expr>,
}

/// A bound `INSERT`.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table.
    pub target: Target,
    /// `OR ..`
    pub conflict: Option<ast::ConflictAction>,
    /// The rows to insert.
    pub rows: InsertRows,
    /// For each column of the table, what goes into it: from a row of `source`.
    pub values: Vec<Expr>,
    /// What becomes the rowid, if it is given.
    pub rowid: Option<Expr>,
    /// The row of the source.
    pub source: Slot,
    /// `ON CONFLICT ..`
    pub upserts: Vec<Upsert>,
    /// `RETURNING`
    pub returning: Returning,
}

/// The rows to insert.
#[derive(Clone, Debug)]
pub enum InsertRows {
    /// One row of defaults.
    Defaults,
    /// Those of a query.
    Select(Box<Select>),
}

/// Places of columns, and what is written there.
pub type Settings = Vec<(usize, Expr)>;

/// A bound `ON CONFLICT ..`.
#[derive(Clone, Debug)]
pub struct Upsert {
    /// The uniqueness it is about.
    pub target: UpsertTarget,
    /// The columns to set and their values, and the condition, over the target's row as it is (slot of `existing`)
    /// and the one refused (`excluded`); `None` for `DO NOTHING`.
    pub update: Option<(Settings, Option<Expr>)>,
    /// The row that is in the way.
    pub existing: Slot,
    /// The row refused.
    pub excluded: Slot,
}

/// Which uniqueness an upsert is about.
#[derive(Clone, Debug)]
pub enum UpsertTarget {
    /// Any.
    Any,
    /// The rowid, or the key of a table `WITHOUT ROWID`.
    Key,
    /// An index.
    Index(Arc<Index>),
}

/// A bound `UPDATE`.
#[derive(Clone, Debug)]
pub struct Update {
    /// The table; its slot is the new row.
    pub target: Target,
    /// `OR ..`
    pub conflict: Option<ast::ConflictAction>,
    /// What finds the rows: `FROM` holds the target first, as `existing`, then further tables.
    pub from: From,
    /// The row as it is.
    pub existing: Slot,
    /// `WHERE`, split at `AND`.
    pub filter: Vec<Expr>,
    /// The columns to set and their values.
    pub assignments: Vec<(usize, Expr)>,
    /// What becomes the rowid, if it is set.
    pub rowid: Option<Expr>,
    /// `ORDER BY`
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT` and `OFFSET`
    pub limit: (Option<Expr>, Option<Expr>),
    /// `RETURNING`
    pub returning: Returning,
}

/// A bound `DELETE`.
#[derive(Clone, Debug)]
pub struct Delete {
    /// The table; its slot is the row.
    pub target: Target,
    /// What finds the rows: the target as `existing`.
    pub from: From,
    /// The row as it is.
    pub existing: Slot,
    /// `WHERE`, split at `AND`.
    pub filter: Vec<Expr>,
    /// `ORDER BY`
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT` and `OFFSET`
    pub limit: (Option<Expr>, Option<Expr>),
    /// `RETURNING`
    pub returning: Returning,
}

/// `RETURNING`: values over the slot of the written row; without columns if it was not given.
#[derive(Clone, Debug, Default)]
pub struct Returning {
    /// The values.
    pub values: Vec<Expr>,
    /// What they are called.
    pub columns: Vec<ResultColumn>,
}
