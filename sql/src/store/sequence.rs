//! The rows of `sqlite_sequence`: the greatest rowid that a table with `AUTOINCREMENT` ever had.

use super::catalog::sequence_tree;
use super::{Stores, Writers};
use crate::codec::{Record, encode_record, rowid_of};
use crate::error::{Error, Result};
use crate::schema::Store;
use crate::value::{Value, ValueRef};

/// The rows of a table, each with its rowid and what it says. There is one, unless somebody wrote others.
///
/// # Errors
/// Those of the engine.
pub fn sequence_rows(stores: Stores<'_>, store: Store, table: &str) -> Result<Vec<(i64, Value)>> {
    let mut rows = Vec::new();
    let Some(tree) = sequence_tree(stores, store)? else { return Ok(rows) };
    let mut cursor = stores.cursor(store, tree)?;
    let mut more = cursor.first()?;
    while more {
        let record = Record::new(cursor.value()?).map_err(|_| Error::Malformed)?;
        let column = |place| record.column(place).map_err(|_| Error::Malformed);
        if column(0)?.bytes() == Some(table.as_bytes()) {
            let rowid = rowid_of(cursor.key()).map_err(|_| Error::Malformed)?;
            rows.push((rowid, column(1)?.to_value()));
        }
        more = cursor.next()?;
    }
    Ok(rows)
}

/// Writes a row, a new one if no rowid is given.
///
/// # Errors
/// Those of the engine.
pub fn put_sequence_row(
    writers: &mut Writers<'_>,
    store: Store,
    rowid: Option<i64>,
    table: &str,
    value: ValueRef<'_>,
) -> Result<()> {
    let Some(tree) = sequence_tree(writers.stores(), store)? else { return Ok(()) };
    let rowid = match rowid {
        Some(rowid) => rowid,
        None => writers.stores().last_rowid(store, tree)?.unwrap_or(0) + 1,
    };
    let mut record = Vec::new();
    encode_record(&mut record, &[ValueRef::text(table), value], 0).map_err(|_| Error::Malformed)?;
    writers.put_row(store, tree, rowid, &record)
}

/// Removes the rows of a table.
///
/// # Errors
/// Those of the engine.
pub fn remove_sequence(writers: &mut Writers<'_>, store: Store, table: &str) -> Result<()> {
    let Some(tree) = sequence_tree(writers.stores(), store)? else { return Ok(()) };
    for (rowid, _) in sequence_rows(writers.stores(), store, table)? {
        writers.delete_row(store, tree, rowid)?;
    }
    Ok(())
}
