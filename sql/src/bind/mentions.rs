//! [`Mentions`]: where the text of a statement names a table or a column of it, for who writes the text anew.

use std::collections::HashSet;
use std::sync::Arc;

use super::scope::{Scope, ScopeTable};
use crate::ast::{ColumnRef, Name, Span};
use crate::bound::Slot;
use crate::schema::Table;

/// Where a table is named; see the head of the file.
#[derive(Debug)]
pub struct Mentions {
    table: Arc<Table>,
    /// Its rows.
    slots: HashSet<Slot>,
    /// Where it is named itself, also before a column.
    pub tables: Vec<Span>,
    /// Where columns of it are named, and which.
    pub columns: Vec<(Span, usize)>,
    /// Where a word in double quotes is a text, since no column has that name.
    pub texts: Vec<Span>,
}

impl Mentions {
    /// Of a table.
    #[must_use]
    pub fn of(table: &Arc<Table>) -> Mentions {
        Mentions {
            table: table.clone(),
            slots: HashSet::new(),
            tables: Vec::new(),
            columns: Vec::new(),
            texts: Vec::new(),
        }
    }

    fn is(&self, table: &Table) -> bool {
        std::ptr::eq(&*self.table, table)
    }

    /// A table has a row.
    pub(super) fn note_row(&mut self, table: &Table, slot: Slot) {
        if self.is(table) {
            self.slots.insert(slot);
        }
    }

    /// A table is named.
    pub(super) fn note_table(&mut self, table: &Table, name: &Name) {
        if self.is(table) {
            self.tables.push(name.span);
        }
    }

    /// A column of a table is named where only its own columns can be.
    pub(super) fn note_column(&mut self, table: &Table, place: usize, name: &Name) {
        if self.is(table) {
            self.columns.push((name.span, place));
        }
    }

    /// A column was found by its name in a scope.
    pub(super) fn note_found(&mut self, scope: &Scope, name: &ColumnRef) {
        for table in scope.tables.iter().filter(|table| table.is_meant_by(name)) {
            if !self.slots.contains(&table.slot) {
                continue;
            }
            if let Some(qualifier) = &name.table {
                self.note_qualifier(table, &qualifier.name);
            }
            let bare = name.table.is_none();
            let mut columns = table.columns.iter();
            let place = columns.position(|column| name.column.is(&column.name) && !(bare && column.joined));
            let alias = self.table.rowid_alias().filter(|_| self.table.is_rowid(&name.column.text));
            if let Some(place) = place.or(alias) {
                self.columns.push((name.column.span, place));
                return;
            }
        }
    }

    /// The name of a table stands before a column or a star.
    pub(super) fn note_qualifier(&mut self, table: &ScopeTable, name: &Name) {
        if self.slots.contains(&table.slot) && name.is(&self.table.name) {
            self.tables.push(name.span);
        }
    }
}
