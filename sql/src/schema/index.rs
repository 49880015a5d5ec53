//! Indexes.
//!
//! An index is a tree of its own, one entry for every row that its condition lets in. The key is the columns, each by
//! its collation and direction, and then what finds the row: the rowid, or the columns of the primary key that are not
//! in it already. The value is empty, or the record of the key columns where a key cannot give back its values.

use std::sync::Arc;

use duramen_engine::TreeId;

use crate::ast;
use crate::codec::Direction;
use crate::value::Collation;

/// An index of a table.
#[derive(Debug)]
pub struct Index {
    /// Its name; those that constraints make are called `sqlite_autoindex_TABLE_N`.
    pub name: Box<str>,
    /// Its tree.
    pub tree: TreeId,
    /// What it came from.
    pub origin: IndexOrigin,
    /// Whether two rows may not have equal columns.
    pub unique: bool,
    /// What happens to a row that is not unique, if its table says so.
    pub conflict: Option<ast::ConflictAction>,
    /// What it is sorted by, without what finds the row.
    pub columns: Vec<IndexColumn>,
    /// The condition of a partial index.
    pub filter: Option<Arc<ast::Expr>>,
    /// For a table `WITHOUT ROWID`: columns of its primary key that follow the index's own.
    pub suffix: Vec<IndexColumn>,
    /// The text of its statement; `None` for those of constraints.
    pub sql: Option<Arc<str>>,
}

/// A column of an index.
#[derive(Clone, Debug)]
pub struct IndexColumn {
    /// What is sorted.
    pub part: IndexPart,
    /// By which collation.
    pub collation: Collation,
    /// In which direction.
    pub direction: Direction,
}

/// What a column of an index holds.
#[derive(Clone, Debug)]
pub enum IndexPart {
    /// A column of the table, by its place.
    Column(usize),
    /// An expression over the table.
    Expr(Arc<ast::Expr>),
}

/// What an index came from, as `PRAGMA index_list` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexOrigin {
    /// `CREATE INDEX`
    Statement,
    /// `UNIQUE`
    Unique,
    /// `PRIMARY KEY`
    PrimaryKey,
}
