//! One table made what it was in an earlier version of the same database: its rows, its indexes, its triggers and their
//! definitions, which are what `DROP TABLE` takes along. Entries are moved as they are stored: no trigger fires, no foreign
//! key acts and no constraint is checked, since all of it held then.
//!
//! An object that is still there keeps its tree, and the entries that differ are put back. Any other gets a new tree, and one
//! that was not there then goes.

use std::collections::HashMap;
use std::ops::Bound;

use duramen_engine::{ReadView, TreeId, View};

use super::catalog::{
    SchemaRow, create_object_tree, delete_schema_row, has_schema, put_schema_row, renew_identity,
    schema_rows, sequence_tree,
};
use super::sequence::{put_sequence_row, remove_sequence, sequence_rows};
use super::{Stores, Writers};
use crate::error::{Error, Result};
use crate::schema::Store;
use crate::value::{Value, ValueRef};

/// What became of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoredTable {
    /// How many of its rows changed, came back or went.
    pub rows: u64,
    /// Whether its definition, its indexes or its triggers were others, or it was not there.
    pub redefined: bool,
}

/// Makes a table of the database what it was in an earlier version.
///
/// # Errors
/// If it was not there then, or the name of something of it has been given to something else since; those of the engine.
pub fn restore_table(writers: &mut Writers<'_>, past: &ReadView, table: &str) -> Result<RestoredTable> {
    let stores_then = Stores { main: past, temp: None };
    let mut then = Vec::new();
    if has_schema(stores_then, Store::Main) {
        then = schema_rows(stores_then, Store::Main)?;
    }
    then.retain(|row| is_of(row, table));
    let Some(definition) = then.iter().find(|row| &*row.kind == "table") else {
        return Err(Error::statement(format!("no such table at that moment: {table}")));
    };
    let table = definition.name.clone();
    if table.to_ascii_lowercase().starts_with("sqlite_") {
        return Err(Error::statement(format!("table {table} may not be restored by itself")));
    }
    let now = schema_rows(writers.stores(), Store::Main)?;
    refuse_taken_names(&now, &then, &table)?;
    let mut restored = RestoredTable::default();
    let mut trees = Trees::default();
    for row in now.iter().filter(|row| is_of(row, &table)) {
        if !then.iter().any(|earlier| is_same_object(earlier, row)) {
            remove(writers, row, &then)?;
            restored.redefined = true;
        }
    }
    for earlier in &then {
        let present = now.iter().find(|row| is_of(row, &table) && is_same_object(earlier, row));
        let (tree, changed) = trees.restore(writers, past, earlier, present)?;
        if &*earlier.kind == "table" {
            restored.rows = changed;
        }
        let row = SchemaRow { rowid: present.map_or(0, |row| row.rowid), tree, ..earlier.clone() };
        if present.is_none_or(|present| present.sql != row.sql || present.tree != row.tree) {
            put_schema_row(writers, Store::Main, &row)?;
            restored.redefined = true;
        }
    }
    restore_sequence(writers, stores_then, &table)?;
    if restored.redefined {
        renew_identity(writers, Store::Main)?;
    }
    Ok(restored)
}

fn is_of(row: &SchemaRow, table: &str) -> bool {
    row.table.eq_ignore_ascii_case(table) && &*row.kind != "view"
}

/// Whether two rows are of one object: of one name and, where it has a tree, with that tree.
fn is_same_object(then: &SchemaRow, now: &SchemaRow) -> bool {
    then.kind == now.kind && then.name.eq_ignore_ascii_case(&now.name) && then.tree == now.tree
}

fn refuse_taken_names(now: &[SchemaRow], then: &[SchemaRow], table: &str) -> Result<()> {
    let taken = now.iter().find(|row| {
        !is_of(row, table) && then.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&row.name))
    });
    match taken {
        Some(row) => {
            Err(Error::statement(format!("there is already another {} named {}", row.kind, row.name)))
        }
        None => Ok(()),
    }
}

/// Removes an object that was not there then; its tree too, unless something that was there uses it.
fn remove(writers: &mut Writers<'_>, row: &SchemaRow, then: &[SchemaRow]) -> Result<()> {
    delete_schema_row(writers, Store::Main, row.rowid)?;
    let is_used = then.iter().any(|earlier| earlier.tree == row.tree);
    if row.tree != 0 && !is_used && writers.main.tree_name(TreeId(row.tree)).is_ok() {
        writers.main.drop_tree(TreeId(row.tree))?;
    }
    Ok(())
}

/// The trees of then, and those that hold their entries now. A table without rowids and its key share one.
#[derive(Default)]
struct Trees(HashMap<u32, u32>);

impl Trees {
    /// Gives an object its entries of then; the tree that has them, and how many changed.
    fn restore(
        &mut self,
        writers: &mut Writers<'_>,
        past: &ReadView,
        earlier: &SchemaRow,
        present: Option<&SchemaRow>,
    ) -> Result<(u32, u64)> {
        if earlier.tree == 0 {
            return Ok((0, 0));
        }
        if let Some(tree) = self.0.get(&earlier.tree) {
            return Ok((*tree, 0));
        }
        let then = TreeId(earlier.tree);
        let tree = match present {
            Some(_) => then,
            None => create_object_tree(writers, Store::Main, &earlier.name)?,
        };
        let all = (Bound::Unbounded, Bound::Unbounded);
        let changed = writers.main.adopt_range(tree, past, then, all)?;
        self.0.insert(earlier.tree, tree.0);
        Ok((tree.0, changed))
    }
}

/// A table with `AUTOINCREMENT` goes on after the greatest rowid that it ever had, then or since.
fn restore_sequence(writers: &mut Writers<'_>, then: Stores<'_>, table: &str) -> Result<()> {
    let greatest = |rows: Vec<(i64, Value)>| {
        let numbers = rows.into_iter().filter_map(|(_, value)| match value {
            Value::Integer(number) => Some(number),
            _ => None,
        });
        numbers.max()
    };
    let before = greatest(sequence_rows(then, Store::Main, table)?);
    let now = greatest(sequence_rows(writers.stores(), Store::Main, table)?);
    if before.is_none() || now >= before {
        return Ok(());
    }
    if sequence_tree(writers.stores(), Store::Main)?.is_none() {
        create_sequence(writers, then)?;
    }
    remove_sequence(writers, Store::Main, table)?;
    let number = before.map_or(ValueRef::Null, ValueRef::Integer);
    put_sequence_row(writers, Store::Main, None, table, number)
}

/// Makes `sqlite_sequence`, which everything being deleted has removed since.
fn create_sequence(writers: &mut Writers<'_>, then: Stores<'_>) -> Result<()> {
    const NAME: &str = "sqlite_sequence";
    for row in schema_rows(then, Store::Main)?.iter().filter(|row| &*row.name == NAME) {
        let tree = create_object_tree(writers, Store::Main, NAME)?;
        put_schema_row(writers, Store::Main, &SchemaRow { rowid: 0, tree: tree.0, ..row.clone() })?;
    }
    Ok(())
}
