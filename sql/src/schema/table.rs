//! Tables.
//!
//! The rows of a table are a tree: rowid to record, or encoded primary key to record for a table `WITHOUT ROWID`. A
//! record has a place for every column of the table that is stored, in the order of the table.
//!
//! 1. The place of an `INTEGER PRIMARY KEY` is always NULL in the record; its value is the rowid.
//! 2. The record of a table `WITHOUT ROWID` holds all columns, those of its key too.
//! 3. Virtual generated columns have a place that is always NULL.

use std::sync::Arc;

use duramen_engine::TreeId;

use super::index::{Index, IndexColumn};
use crate::ast;
use crate::value::{Affinity, Collation, Value};

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: Box<str>,
    /// Its tree.
    pub tree: TreeId,
    /// What kind of table.
    pub kind: TableKind,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// How rows are found.
    pub key: TableKey,
    /// Its indexes: those of constraints first, then in the order of their making.
    pub indexes: Vec<Arc<Index>>,
    /// Its `CHECK` constraints.
    pub checks: Vec<Check>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// `STRICT`
    pub strict: bool,
    /// `AUTOINCREMENT`
    pub autoincrement: bool,
    /// The text of its statement.
    pub sql: Arc<str>,
}

/// What kind of table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// An ordinary one.
    Ordinary,
    /// `sqlite_schema`, which only the engine writes.
    Schema,
    /// What stands for a view where its triggers see its rows; nothing is stored.
    View,
}

/// How the rows of a table are found.
#[derive(Clone, Debug)]
pub enum TableKey {
    /// By rowid.
    Rowid {
        /// The column that is the rowid, if there is an `INTEGER PRIMARY KEY`.
        alias: Option<usize>,
        /// What happens if the rowid exists, if the table says so.
        conflict: Option<ast::ConflictAction>,
    },
    /// `WITHOUT ROWID`: by these columns.
    Primary {
        /// The columns; each is an [`IndexPart::Column`](super::IndexPart::Column).
        columns: Vec<IndexColumn>,
        /// What happens if the key exists, if the table says so.
        conflict: Option<ast::ConflictAction>,
        /// How many indexes of constraints were made before it: what was made last is looked at first.
        made_after: usize,
    },
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// Its declared type; empty if it has none.
    pub type_name: Arc<str>,
    /// What follows from the type.
    pub affinity: Affinity,
    /// How it is compared.
    pub collation: Collation,
    /// `NOT NULL`, with what happens otherwise.
    pub not_null: Option<Option<ast::ConflictAction>>,
    /// `DEFAULT`: the expression and its text.
    pub default: Option<(Arc<ast::Expr>, Box<str>)>,
    /// What records that are too short to have this column mean: not NULL only for columns that were added later.
    pub missing: Value,
    /// `GENERATED`
    pub generated: Option<Generated>,
    /// Its place in the primary key, from 1; 0 if it is not in it.
    pub primary_key: usize,
    /// Whether `*` leaves it out.
    pub hidden: bool,
}

/// How a generated column comes about.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Its value.
    pub expr: Arc<ast::Expr>,
    /// Whether it is stored; else it is computed when read.
    pub stored: bool,
}

/// A `CHECK` constraint.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name, or its text if it has none: what the error says.
    pub name: Box<str>,
    /// What must not be false.
    pub expr: Arc<ast::Expr>,
}

/// A foreign key of a table.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// The columns of this table.
    pub columns: Vec<usize>,
    /// The parent table.
    pub parent: Box<str>,
    /// Its columns; empty for its primary key.
    pub parent_columns: Vec<Box<str>>,
    /// `ON DELETE`
    pub on_delete: ast::ForeignAction,
    /// `ON UPDATE`
    pub on_update: ast::ForeignAction,
    /// Whether it is checked at commit only.
    pub deferred: bool,
}

impl Table {
    /// The place of the column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The column that is the rowid.
    #[must_use]
    pub fn rowid_alias(&self) -> Option<usize> {
        match self.key {
            TableKey::Rowid { alias, .. } => alias,
            TableKey::Primary { .. } => None,
        }
    }

    /// Whether its rows have a rowid.
    #[must_use]
    pub fn has_rowid(&self) -> bool {
        matches!(self.key, TableKey::Rowid { .. })
    }

    /// Whether this name means the rowid here: `rowid`, `oid` or `_rowid_`, where no column is called so.
    #[must_use]
    pub fn is_rowid(&self, name: &str) -> bool {
        self.has_rowid()
            && ["rowid", "oid", "_rowid_"].iter().any(|known| known.eq_ignore_ascii_case(name))
            && self.column(name).is_none()
    }
}
