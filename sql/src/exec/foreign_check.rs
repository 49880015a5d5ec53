//! `PRAGMA foreign_key_check`: the rows that lack the parent which their foreign key names.

use super::foreign::{is_there, parent_key};
use super::image::Image;
use crate::bind::{Binder, Catalog};
use crate::codec::rowid_of;
use crate::error::{Error, Result};
use crate::schema::Store;
use crate::store::Stores;
use crate::value::Value;

/// The rows of `foreign_key_check`, for one table or all.
///
/// # Errors
/// Those of the engine, `foreign key mismatch`, and a table that does not exist.
pub fn foreign_key_check(
    stores: Stores<'_>,
    catalog: Catalog<'_>,
    only: Option<&str>,
    schema: Option<&str>,
) -> Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    let mut met = false;
    for store in [Store::Main, Store::Temp] {
        if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case(store.name())) {
            continue;
        }
        for table in catalog.schema(store).tables() {
            if only.is_some_and(|only| !table.name.eq_ignore_ascii_case(only)) {
                continue;
            }
            met = true;
            if table.foreign_keys.is_empty() {
                continue;
            }
            let checks = Binder::new(catalog).parent_checks(store, table)?;
            let mut cursor = stores.cursor(store, table.tree)?;
            let mut more = cursor.first()?;
            while more {
                let rowid = match table.has_rowid() {
                    true => rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
                    false => 0,
                };
                let image = Image::decode(cursor.value()?, rowid)?;
                for (id, check) in checks.iter().rev().enumerate() {
                    let values: Vec<Value> =
                        check.columns.iter().map(|&place| image.shown(table, place)).collect();
                    if values.iter().any(Value::is_null) {
                        continue;
                    }
                    let found = match &check.parent {
                        Some(parent) => match parent_key(parent, &values) {
                            Some(wanted) => is_there(stores, parent, &wanted)?,
                            None => false,
                        },
                        None => false,
                    };
                    if !found {
                        let key = &table.foreign_keys[checks.len() - 1 - id];
                        rows.push(vec![
                            Value::from(&*table.name),
                            if table.has_rowid() { Value::Integer(rowid) } else { Value::Null },
                            Value::from(&*key.parent),
                            Value::Integer(i64::try_from(id).unwrap_or(i64::MAX)),
                        ]);
                    }
                }
                more = cursor.next()?;
            }
        }
    }
    match only {
        Some(only) if !met => Err(Error::statement(format!("no such table: {only}"))),
        _ => Ok(rows),
    }
}
