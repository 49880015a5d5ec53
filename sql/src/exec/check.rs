//! `PRAGMA integrity_check`: whether tables keep their rules and every index agrees with its table.
//!
//! What it finds is told in SQLite's words. `quick_check` leaves the entries of indexes out.

use super::entries::{Entry, NewEntries};
use super::frame::Ctx;
use super::image::Image;
use super::query::Given;
use super::subquery::Memory;
use super::write::fits;
use crate::bind::{Binder, Catalog};
use crate::codec::rowid_of;
use crate::error::{Error, Result};
use crate::expr::{Env, Row, Scope};
use crate::plan::{IndexPlan, RowPlan, TablePlan, plan_target};
use crate::schema::{Store, Table, TableKind};
use crate::store::Stores;
use crate::value::{Affinity, ArenaBuffer, Value};

/// How thorough a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All there is.
    Full,
    /// Without comparing indexes with their tables.
    Quick,
}

/// A check of stored tables; see the head of the file.
pub struct Checker<'c> {
    /// What is read.
    pub stores: Stores<'c>,
    /// What exists.
    pub catalog: Catalog<'c>,
    /// What evaluation is given.
    pub given: Given<'c>,
    /// How thorough it is.
    pub depth: Depth,
    /// How many findings are enough.
    pub most: usize,
    /// Whether `CHECK` constraints count.
    pub checks: bool,
}

/// What was found so far.
struct Findings {
    messages: Vec<String>,
    most: usize,
}

impl Findings {
    /// Adds one; false if that is enough.
    fn add(&mut self, message: String) {
        if !self.are_enough() {
            self.messages.push(message);
        }
    }

    fn are_enough(&self) -> bool {
        self.messages.len() >= self.most
    }
}

/// A row that is looked at, and what errors call it.
struct Seen<'r> {
    target: &'r TablePlan,
    image: &'r Image<'r>,
    shown: i64,
}

impl Checker<'_> {
    /// What is wrong; empty if nothing is. Without a table all are looked at.
    ///
    /// # Errors
    /// Those of the engine, and what does not exist.
    pub fn run(&self, only: Option<&str>, schema: Option<&str>) -> Result<Vec<String>> {
        let mut findings = Findings { messages: Vec::new(), most: self.most };
        let mut met = false;
        for store in [Store::Main, Store::Temp] {
            if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case(store.name())) {
                continue;
            }
            for table in self.catalog.schema(store).tables() {
                if only.is_some_and(|only| !table.name.eq_ignore_ascii_case(only)) {
                    continue;
                }
                met = true;
                if table.kind != TableKind::Schema && !findings.are_enough() {
                    self.table(store, table, &mut findings)?;
                }
            }
        }
        match only {
            Some(only) if !met => Err(Error::statement(format!("no such table: {only}"))),
            _ => Ok(findings.messages),
        }
    }

    fn table(&self, store: Store, table: &std::sync::Arc<Table>, findings: &mut Findings) -> Result<()> {
        let target = Binder::new(self.catalog).target(store, table)?;
        let (target, plan) = plan_target(self.stores, &target)?;
        let memory = Memory::new(plan.parts.subqueries.len());
        let mut idle = Vec::new();
        let mut entries = vec![0_u64; target.indexes.len()];
        let mut cursor = self.stores.cursor(store, table.tree)?;
        let mut more = cursor.first()?;
        let mut number = 0;
        while more && !findings.are_enough() {
            number += 1;
            let rowid = match table.has_rowid() {
                true => rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
                false => 0,
            };
            let shown = if table.has_rowid() { rowid } else { number };
            match Image::decode(cursor.value()?, rowid) {
                Err(_) => findings.add(format!("row {shown} of table {} is malformed", table.name)),
                Ok(image) => {
                    let seen = Seen { target: &target, image: &image, shown };
                    self.given.with_ctx(&plan.parts, &memory, self.stores, &[], &mut idle, |ctx| {
                        self.row(ctx, &plan, &seen, &mut entries, findings)
                    })?;
                }
            }
            more = cursor.next()?;
        }
        if self.depth == Depth::Quick || more {
            return Ok(());
        }
        for (index, entries) in target.indexes.iter().zip(entries) {
            if self.stores.len(store, index.index.tree)? != entries {
                findings.add(format!("wrong # of entries in index {}", index.index.name));
            }
        }
        Ok(())
    }

    /// Looks at a row, and counts its entries.
    fn row(
        &self,
        ctx: &Ctx<'_, '_>,
        plan: &RowPlan,
        seen: &Seen<'_>,
        entries: &mut [u64],
        findings: &mut Findings,
    ) -> Result<()> {
        let Seen { target, image, .. } = seen;
        let table = &*target.table;
        with_row(ctx, plan, target, image, |env| {
            self.columns(env, target, image, findings);
            if self.checks && target.checks.iter().any(|check| check.eval(env).to_bool() == Some(false)) {
                findings.add(format!("CHECK constraint failed in {}", table.name));
            }
            ctx.shared.error.check()?;
            if self.depth == Depth::Quick {
                return Ok(());
            }
            let expected = NewEntries::of_row(env, target, 0..target.indexes.len(), image)?;
            for (number, entry) in expected.iter() {
                if let Some(entry) = entry {
                    entries[number] += 1;
                    self.entry(seen, &target.indexes[number], entry, findings)?;
                }
            }
            Ok(())
        })
    }

    /// Whether the values of a row fit their columns.
    fn columns(&self, env: &Env<'_>, target: &TablePlan, image: &Image<'_>, findings: &mut Findings) {
        let table = &*target.table;
        for (place, column) in table.columns.iter().enumerate() {
            let value = shown(env, target, image, place);
            let name = format!("{}.{}", table.name, column.name);
            if value.is_null() {
                if column.not_null.is_some() {
                    findings.add(format!("NULL value in {name}"));
                }
            } else if table.strict {
                if fits(table, column, value.as_ref()).is_err() {
                    findings.add(format!("non-{} value in {name}", column.type_name));
                }
            } else {
                match (column.affinity, &value) {
                    (Affinity::Text, Value::Integer(_) | Value::Real(_)) => {
                        findings.add(format!("NUMERIC value in {name}"));
                    }
                    (affinity, Value::Text(_)) if affinity.is_numeric() => {
                        let same = affinity.apply_numeric(value.as_ref());
                        if same.class() != value.as_ref().class() {
                            findings.add(format!("TEXT value in {name}"));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Looks whether an index has the entry of a row, once.
    fn entry(
        &self,
        seen: &Seen<'_>,
        index: &IndexPlan,
        entry: Entry<'_>,
        findings: &mut Findings,
    ) -> Result<()> {
        let Seen { target, shown, .. } = seen;
        let key = entry.key;
        let name = &index.index.name;
        match self.stores.get(target.store, index.index.tree, key)? {
            None => findings.add(format!("row {shown} missing from index {name}")),
            Some(stored) if stored != entry.originals => {
                findings.add(format!("row {shown} values differ from index {name}"));
            }
            Some(_) => {}
        }
        if !index.index.unique {
            return Ok(());
        }
        let Some(prefix) = entry.unique_prefix() else { return Ok(()) };
        let mut cursor = self.stores.cursor(target.store, index.index.tree)?;
        let mut more = cursor.seek(key)?;
        if more && cursor.key() == key {
            more = cursor.next()?;
        }
        if more && cursor.key().starts_with(prefix) {
            findings.add(format!("non-unique entry in index {name}"));
        }
        Ok(())
    }
}

/// Runs something with a stored row in its place.
///
/// # Errors
/// Those of `run`, and of the expressions that it evaluates.
pub(super) fn with_row<T>(
    ctx: &Ctx<'_, '_>,
    plan: &RowPlan,
    target: &TablePlan,
    image: &Image,
    run: impl FnOnce(&Env<'_>) -> Result<T>,
) -> Result<T> {
    let mut rows: Vec<Row<'_>> = (0..plan.frame.rows).map(|_| Row::default()).collect();
    rows[target.row] = image.row();
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    let env = Env { scope: Scope { rows: &rows, outer: None }, arena: &arena, shared: ctx.shared };
    let result = run(&env);
    ctx.shared.error.check().and(result)
}

/// The value of a column of a row that is in its place.
pub(super) fn shown(env: &Env<'_>, target: &TablePlan, image: &Image, place: usize) -> Value {
    match target.computed_at(place) {
        Some(scalar) => scalar.eval(env).to_value(),
        None => image.shown(&target.table, place),
    }
}
