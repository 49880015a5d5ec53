//! `PRAGMA foreign_key_check`: the rows that lack the parent which their foreign key names.

use std::sync::Arc;

use super::check::{shown, with_row};
use super::foreign::{is_there, parent_key};
use super::image::Image;
use super::query::Given;
use super::subquery::Memory;
use crate::bind::{Binder, Catalog};
use crate::bound::ParentCheck;
use crate::codec::rowid_of;
use crate::error::{Error, Result};
use crate::plan::plan_target;
use crate::schema::{Store, Table};
use crate::store::Stores;
use crate::value::Value;

/// The rows of `foreign_key_check`, for one table or all.
///
/// # Errors
/// Those of the engine, `foreign key mismatch`, and a table that does not exist.
pub fn foreign_key_check(
    stores: Stores<'_>,
    catalog: Catalog<'_>,
    given: Given<'_>,
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
            if only.is_none_or(|only| table.name.eq_ignore_ascii_case(only)) {
                met = true;
                if !table.foreign_keys.is_empty() {
                    check_table(stores, catalog, given, (store, table), &mut rows)?;
                }
            }
        }
    }
    match only {
        Some(only) if !met => Err(Error::statement(format!("no such table: {only}"))),
        _ => Ok(rows),
    }
}

fn check_table(
    stores: Stores<'_>,
    catalog: Catalog<'_>,
    given: Given<'_>,
    (store, table): (Store, &Arc<Table>),
    rows: &mut Vec<Vec<Value>>,
) -> Result<()> {
    let checks = Binder::new(catalog).parent_checks(store, table)?;
    let target = Binder::new(catalog).target(store, table)?;
    let (target, plan) = plan_target(stores, &target)?;
    let memory = Memory::new(plan.parts.subqueries.len());
    let mut idle = Vec::new();
    let mut cursor = stores.cursor(store, table.tree)?;
    let mut more = cursor.first()?;
    while more {
        let rowid = match table.has_rowid() {
            true => rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
            false => 0,
        };
        let image = Image::decode(cursor.value()?, rowid)?;
        let values: Vec<Vec<Value>> =
            given.with_ctx(&plan.parts, &memory, stores, &[], &mut idle, |ctx| {
                with_row(ctx, &plan, &target, &image, |env| {
                    let of = |check: &ParentCheck| {
                        check.columns.iter().map(|&place| shown(env, &target, &image, place)).collect()
                    };
                    Ok(checks.iter().map(of).collect())
                })
            })?;
        // The keys are numbered from the last one.
        for (id, ((check, key), values)) in
            checks.iter().zip(&table.foreign_keys).zip(&values).rev().enumerate()
        {
            if !has_parent(stores, check, values)? {
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
    Ok(())
}

/// Whether the row that these values name is there, or none is needed.
fn has_parent(stores: Stores<'_>, check: &ParentCheck, values: &[Value]) -> Result<bool> {
    if values.iter().any(Value::is_null) {
        return Ok(true);
    }
    let Some(parent) = &check.parent else { return Ok(false) };
    match parent_key(parent, values) {
        Some(wanted) => is_there(stores, parent, &wanted),
        None => Ok(false),
    }
}
