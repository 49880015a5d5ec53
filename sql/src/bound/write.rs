//! Bound `INSERT`, `UPDATE` and `DELETE`.

use std::sync::Arc;

use super::query::{Expr, From, OrderTerm, ResultColumn, Select, Slot};
use crate::ast;
use crate::schema::{Index, Store, Table, Trigger};

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
    /// The values of generated columns that are not stored.
    pub computed: Vec<(usize, Expr)>,
    /// What `REPLACE` puts in place of NULL where that is not allowed.
    pub defaults: Vec<(usize, Expr)>,
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
    /// What follows from inserting a row.
    pub follows: Consequences,
    /// What follows from removing a row that is in the way.
    pub replaced: Consequences,
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
    /// What follows from updating the row that is in the way.
    pub follows: Consequences,
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
    /// What follows from updating a row.
    pub follows: Consequences,
    /// What follows from removing a row that is in the way.
    pub replaced: Consequences,
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
    /// What follows from deleting a row.
    pub follows: Consequences,
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

/// Which program of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramNumber(pub usize);

/// What follows from writing a row of a table: triggers and foreign keys. Empty for most tables.
#[derive(Clone, Debug, Default)]
pub struct Consequences {
    /// What runs before the row is written; on a view, instead of that.
    pub before: Vec<ProgramNumber>,
    /// What runs afterwards.
    pub after: Vec<ProgramNumber>,
    /// Keys of this table: a row that they name must exist.
    pub parents: Vec<ParentCheck>,
    /// Keys of tables that name rows of this one: their rows must not lose theirs.
    pub children: Vec<ChildCheck>,
    /// What happens to the rows of such tables.
    pub actions: Vec<ProgramNumber>,
}

impl Consequences {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty()
            && self.after.is_empty()
            && self.parents.is_empty()
            && self.children.is_empty()
            && self.actions.is_empty()
    }
}

/// Looks for the row that a foreign key names.
#[derive(Clone, Debug)]
pub struct ParentCheck {
    /// The columns of the key in the child.
    pub columns: Vec<usize>,
    /// Where it is looked for; `None` if there is no such table, so that nothing is ever found.
    pub parent: Option<ParentKey>,
    /// Whether the key is checked at commit only.
    pub deferred: bool,
    /// Whether the child is its own parent.
    pub own: bool,
}

/// The key of a parent that a foreign key names.
#[derive(Clone, Debug)]
pub struct ParentKey {
    /// Where the parent is kept.
    pub store: Store,
    /// The parent.
    pub table: Arc<Table>,
    /// The unique index that has its key; `None` if that is the rowid or the key of a table `WITHOUT ROWID`.
    pub index: Option<Arc<Index>>,
    /// For each column of the foreign key the column of the parent; the rowid has the place of its column.
    pub columns: Vec<usize>,
}

/// Looks for the rows whose foreign key names a row.
#[derive(Clone, Debug)]
pub struct ChildCheck {
    /// Finds them.
    pub select: Select,
    /// The same without the row itself, where the table is its own parent.
    pub others: Option<Select>,
    /// The row.
    pub row: Slot,
    /// Whether the key is checked at commit only.
    pub deferred: bool,
}

/// What runs when a row is written: a trigger, or what a foreign key does to child rows.
#[derive(Clone, Debug)]
pub struct Program {
    /// The trigger; `None` for a foreign key's action.
    pub trigger: Option<Arc<Trigger>>,
    /// Whether it may run while it runs.
    pub recursive: bool,
    /// Whether it only refuses: a foreign key's `RESTRICT`, which gives way where all checks are put off.
    pub restricts: bool,
    /// The row as it was.
    pub old: Slot,
    /// The row as it will be.
    pub new: Slot,
    /// The table or view of these rows.
    pub table: Arc<Table>,
    /// Only where this holds.
    pub condition: Option<Expr>,
    /// What is done.
    pub steps: Vec<Step>,
}

/// A statement in a program.
#[derive(Clone, Debug)]
pub enum Step {
    /// `SELECT`, for what it does on the way.
    Select(Box<Select>),
    /// `INSERT`
    Insert(Box<Insert>),
    /// `UPDATE`
    Update(Box<Update>),
    /// `DELETE`
    Delete(Box<Delete>),
}

/// A statement with the programs that it may make run, which name one another by number.
#[derive(Clone, Debug)]
pub struct WithPrograms<S> {
    /// The statement.
    pub statement: S,
    /// The programs.
    pub programs: Vec<Program>,
}
