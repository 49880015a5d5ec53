//! What names mean in a place of a statement.

use std::sync::Arc;

use crate::ast::ColumnRef;
use crate::bound::{Expr, QueryId, Slot};

/// The names that one query brings into view; those of the query around it are behind it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The query.
    pub(super) query: QueryId,
    /// The tables of its `FROM`, in order.
    pub(super) tables: Vec<ScopeTable>,
    /// Columns of `USING` whose value comes from either side.
    pub(super) merged: Vec<(Box<str>, Expr)>,
    /// Names given to result columns, where they may be used.
    pub(super) aliases: Vec<(Box<str>, Expr)>,
    /// Whether aggregates may stand here.
    pub(super) aggregates: bool,
    /// Whether window functions may stand here.
    pub(super) windows: bool,
    /// Windows defined by name.
    pub(super) named_windows: Vec<crate::ast::NamedWindow>,
}

impl Scope {
    pub(super) fn new(query: QueryId) -> Scope {
        Scope {
            query,
            tables: Vec::new(),
            merged: Vec::new(),
            aliases: Vec::new(),
            aggregates: false,
            windows: false,
            named_windows: Vec::new(),
        }
    }
}

/// A table that is in view.
#[derive(Clone, Debug)]
pub(super) struct ScopeTable {
    /// What it is called; empty for a subquery without a name.
    pub(super) name: Box<str>,
    /// Its own name, whatever the query calls it.
    pub(super) origin: Box<str>,
    /// The schema it is in, if it is a stored one called by its own name.
    pub(super) schema: Option<&'static str>,
    /// Its row.
    pub(super) slot: Slot,
    /// Its columns.
    pub(super) columns: Vec<ScopeColumn>,
    /// The rowid, if it has one.
    pub(super) rowid: Option<Expr>,
    /// Whether its columns are meant only where its name stands before them, as with `NEW` and `excluded`.
    pub(super) only_by_name: bool,
}

impl ScopeTable {
    /// Whether what stands before a column, if anything, means this table.
    pub(super) fn is_meant_by(&self, name: &ColumnRef) -> bool {
        let Some(wanted) = &name.table else { return !self.only_by_name };
        if !wanted.name.is(&self.name) {
            return false;
        }
        match (&wanted.schema, self.schema) {
            (None, _) => true,
            (Some(schema), Some(known)) => schema.is(known),
            (Some(_), None) => false,
        }
    }
}

/// A column that is in view.
#[derive(Clone, Debug)]
pub(super) struct ScopeColumn {
    /// Its name.
    pub(super) name: Arc<str>,
    /// Its value.
    pub(super) expr: Expr,
    /// Its declared type.
    pub(super) type_name: Option<Arc<str>>,
    /// Whether `*` leaves it out.
    pub(super) hidden: bool,
    /// Whether `USING` or `NATURAL` made it one with a column further left.
    pub(super) joined: bool,
}
