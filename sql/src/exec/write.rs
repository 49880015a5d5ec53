//! Writing rows: constraints, conflicts, and the entries of indexes.
//!
//! A row is checked in SQLite's order: `NOT NULL`, types, `CHECK`, the rowid, then the indexes from the last one made; those that replace
//! what is in the way come last. What is refused is decided by the statement's `OR`, else by the constraint's own
//! `ON CONFLICT`, else the statement is undone.

use std::cell::RefCell;
use std::sync::Arc;

use super::agenda::Found;
use super::counters::Counters;
use super::entries::{Entry, NewEntries, check_key, may_differ};
use super::image::Image;
use super::operator::with_room;
use super::orphans::Orphans;
use super::query::{Action, Finder, Given};
use super::sequences::Sequences;
use super::subquery::{Memory, Runtime};
use crate::ast::ConflictAction;
use crate::codec::push_value;
use crate::error::{ConstraintKind, Error, Result};
use crate::expr::{Env, ErrorSlot, Row, Scope, Shared};
use crate::plan::{IndexPlan, RowPlan, SelectPlan, TablePlan};
use crate::schema::{Column, Table, TableKey};
use crate::store::{Savepoints, Writers};
use crate::value::{Arena, ArenaBuffer, Value, ValueRef};

/// A statement that writes.
pub struct Writing<'w, 'g> {
    /// What it writes to.
    pub writers: Writers<'w>,
    /// What it was given.
    pub given: Given<'g>,
    /// What functions learn of what it did so far.
    pub counters: Counters<'g>,
    /// How many rows it changed; while a program runs, how many the program's statement did.
    pub changes: u64,
    /// The rows of `RETURNING`.
    pub returned: Vec<Vec<Value>>,
    /// What happens to the statement if it fails.
    pub on_failure: ConflictAction,
    /// How many rows lack a parent.
    pub orphans: Orphans,
    /// Whether all foreign keys are checked at commit: `defer_foreign_keys`.
    pub put_off_foreign_keys: bool,
    /// What `AUTOINCREMENT` counts.
    pub(super) sequences: Sequences,
    /// The queries inside its expressions.
    pub(super) memory: Memory,
    /// In a program, the row that made it run.
    pub(super) around: Vec<Row<'static>>,
    /// Where it goes back to if it fails.
    pub undo: Undo,
    /// Whether the statement wrote others than the rows it found, or under other keys.
    pub(super) rows_moved: bool,
    /// Room for what expressions make on the way.
    buffer: RefCell<ArenaBuffer>,
}

/// Whether the rows that a statement found stay as they are until their turn, unless it moves them itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowsStay {
    /// Nothing else writes meanwhile.
    Yes,
    /// Programs may write anything.
    Perhaps,
}

/// So many rows of a frame need no memory of their own.
const FEW_ROWS: usize = 4;

/// Where a statement goes back to if it fails.
#[derive(Clone, Copy, Debug)]
pub enum Undo {
    /// That is none of its business: its transaction is its own, or marked already.
    Elsewhere,
    /// To where it began, which is not marked as long as nothing can fail once something is written.
    Unmarked,
    /// To this point.
    Marked(Savepoints),
}

impl<'w, 'g> Writing<'w, 'g> {
    /// A statement that has not begun.
    #[must_use]
    pub fn new(writers: Writers<'w>, given: Given<'g>) -> Self {
        Writing {
            writers,
            given,
            counters: Counters::new(given.context),
            changes: 0,
            returned: Vec::new(),
            on_failure: ConflictAction::Abort,
            orphans: Orphans::default(),
            put_off_foreign_keys: false,
            sequences: Sequences::default(),
            memory: Memory::default(),
            around: Vec::new(),
            undo: Undo::Elsewhere,
            rows_moved: false,
            buffer: RefCell::default(),
        }
    }

    /// Notes that it may fail when it has written something.
    pub(super) fn mark(&mut self) {
        if matches!(self.undo, Undo::Unmarked) {
            self.undo = Undo::Marked(self.writers.savepoint());
        }
    }

    /// What its parts are given: as itself, with what functions learn of what it did so far.
    #[must_use]
    pub fn given(&self) -> Given<'_> {
        Given { context: &self.counters, ..self.given }
    }

    /// The rowid of the last row it inserted, if it did.
    #[must_use]
    pub fn last_rowid(&self) -> Option<i64> {
        let last = self.counters.last_rowid.get();
        (last != self.given.context.last_insert_rowid()).then_some(last)
    }

    /// How many rows triggers and actions of foreign keys changed.
    #[must_use]
    pub fn changes_by_programs(&self) -> i64 {
        self.counters.total_changes.get() - self.given.context.total_changes()
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub(super) fn rows(&self, plan: &SelectPlan, finder: &mut Finder) -> Result<Found> {
        self.rows_to_keep(plan, finder, |_| true)
    }

    /// The rows of a query that are to be kept, as is asked for each.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub(super) fn rows_to_keep(
        &self,
        plan: &SelectPlan,
        finder: &mut Finder,
        mut keep: impl FnMut(&[ValueRef<'_>]) -> bool,
    ) -> Result<Found> {
        let mut found = finder.room();
        let rows = Arc::make_mut(&mut found);
        finder.run(plan, self.writers.stores(), self.given(), &self.around, |values| {
            if keep(values) {
                rows.push(values)?;
            }
            Ok(true)
        })?;
        finder.keep_room(&found);
        Ok(Found::new(found))
    }

    /// Evaluates something for one row: with these rows in their places.
    ///
    /// # Errors
    /// Those of expressions.
    pub fn with_rows<'r, T, const N: usize>(
        &self,
        plan: &RowPlan,
        rows: [(usize, Row<'r>); N],
        run: impl for<'e> FnOnce(&Env<'e>) -> Result<T>,
    ) -> Result<T> {
        if plan.frame.rows > FEW_ROWS {
            let mut many = Vec::new();
            many.resize_with(plan.frame.rows, Row::default);
            return self.in_frame(plan, &mut many, rows, run);
        }
        let mut few: [Row<'r>; FEW_ROWS] = Default::default();
        self.in_frame(plan, &mut few, rows, run)
    }

    /// The same, in an empty frame.
    fn in_frame<'r, T, const N: usize>(
        &self,
        plan: &RowPlan,
        frame: &mut [Row<'r>],
        rows: [(usize, Row<'r>); N],
        run: impl for<'e> FnOnce(&Env<'e>) -> Result<T>,
    ) -> Result<T> {
        for (place, row) in rows {
            frame[place] = row;
        }
        let error = ErrorSlot::default();
        let runtime = Runtime {
            stores: self.writers.stores(),
            plans: &plan.parts.subqueries,
            memory: &self.memory,
            pace: self.given.pace,
            tables: self.given.tables,
            frames: RefCell::default(),
        };
        let shared = Shared {
            parameters: self.given.parameters,
            constants: &plan.parts.constants,
            context: &self.counters,
            subqueries: &runtime,
            error: &error,
        };
        // Inside of what runs here, room is made anew.
        let (mut kept, mut own) = (self.buffer.try_borrow_mut(), None);
        let arena = match &mut kept {
            Ok(buffer) => buffer.arena(),
            Err(_) => own.get_or_insert_with(ArenaBuffer::new).arena(),
        };
        let around = Scope { rows: &self.around, outer: None };
        let outer = (!self.around.is_empty()).then_some(&around);
        let result = run(&Env { scope: Scope { rows: frame, outer }, arena: &arena, shared: &shared });
        error.check()?;
        result
    }

    /// The row that is stored under the key that a found row starts with.
    pub(super) fn load(&self, target: &TablePlan, found: &Row<'_>) -> Result<Option<Image<'static>>> {
        let stores = self.writers.stores();
        let table = &*target.table;
        let value = |place| found.column(place).map_err(|_| Error::Malformed);
        let (bytes, rowid) = match &table.key {
            TableKey::Rowid { .. } => {
                let rowid = value(0)?.to_integer();
                (stores.row(target.store, table.tree, rowid)?, rowid)
            }
            TableKey::Primary { columns, .. } => {
                let mut encoded = Vec::new();
                for (place, column) in columns.iter().enumerate() {
                    push_value(&mut encoded, value(place)?, &column.collation, column.direction);
                }
                (stores.get(target.store, table.tree, &encoded)?, 0)
            }
        };
        bytes.map(|bytes| Image::decode(bytes, rowid).map(Image::into_owned)).transpose()
    }

    /// A found row as it is stored now, if it still is. It is read again only if it may have changed, or was too long
    /// to be kept.
    pub(super) fn current<'r>(
        &self,
        target: &TablePlan,
        key_width: usize,
        found: &'r Row<'_>,
        stay: RowsStay,
    ) -> Result<Option<Image<'r>>> {
        let value = |place| found.column(place).map_err(|_| Error::Malformed);
        match value(key_width)? {
            ValueRef::Blob(record) if stay == RowsStay::Yes && !self.rows_moved => {
                let rowid = if target.table.has_rowid() { value(0)?.to_integer() } else { 0 };
                Image::decode(record, rowid).map(Some)
            }
            _ => self.load(target, found),
        }
    }

    /// The value of a column of a row, computed if it is not stored.
    ///
    /// # Errors
    /// Those of expressions.
    pub(super) fn value(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image<'_>,
        place: usize,
    ) -> Result<Value> {
        match target.computed_at(place) {
            Some(scalar) => {
                self.with_rows(plan, [(target.row, image.row())], |env| Ok(scalar.eval(env).to_value()))
            }
            None => Ok(image.shown(&target.table, place)),
        }
    }

    /// Makes the row that is stored of values: with affinity applied and generated columns computed. `fill` gives the
    /// values of all columns, and the rowid.
    ///
    /// # Errors
    /// Those of expressions and of `fill`.
    pub fn image<'e>(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        arena: &Arena<'e>,
        fill: impl FnOnce(&mut [ValueRef<'e>]) -> Result<i64>,
    ) -> Result<Image<'static>> {
        let table = &*target.table;
        let alias = table.rowid_alias();
        let mut image = with_room(table.columns.len(), |columns| {
            let rowid = fill(columns)?;
            for (place, (value, column)) in columns.iter_mut().zip(&table.columns).enumerate() {
                let is_elsewhere = alias == Some(place) || column.generated.is_some();
                *value = if is_elsewhere { ValueRef::Null } else { column.affinity.apply(*value, arena) };
            }
            Image::new(table, columns, rowid)
        })?;
        self.compute_generated(plan, target, &mut image)?;
        Ok(image)
    }

    /// The same, of values that are known.
    ///
    /// # Errors
    /// Those of expressions.
    pub fn image_of(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        values: &[Value],
        rowid: i64,
    ) -> Result<Image<'static>> {
        self.image(plan, target, &ArenaBuffer::new().arena(), |columns| {
            for (column, value) in columns.iter_mut().zip(values) {
                *column = value.as_ref();
            }
            Ok(rowid)
        })
    }

    pub(super) fn compute_generated(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &mut Image<'_>,
    ) -> Result<()> {
        let table = &*target.table;
        for (place, value) in &target.generated {
            *image = self.with_rows(plan, [(target.row, image.row())], |env| {
                let value = table.columns[*place].affinity.apply(value.eval(env), env.arena);
                image.with(table, *place, value)
            })?;
        }
        Ok(())
    }

    /// Checks `NOT NULL`, the types of a `STRICT` table and `CHECK`; may put a default in place of a NULL. False if the row is to be left out.
    ///
    /// # Errors
    /// If the row is refused.
    pub fn check(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &mut Image<'_>,
        conflict: Option<ConflictAction>,
    ) -> Result<bool> {
        let may_be_null = |column: &Column| column.not_null.is_none();
        if !target.table.columns.iter().all(may_be_null)
            && !self.check_nulls(plan, target, image, conflict)?
        {
            return Ok(false);
        }
        let table = &*target.table;
        if table.strict {
            for (place, column) in table.columns.iter().enumerate() {
                fits(table, column, image.stored(table, place))?;
            }
        }
        for (check, scalar) in table.checks.iter().zip(&target.checks) {
            let holds = self.with_rows(plan, [(target.row, image.row())], |env| {
                Ok(scalar.eval(env).to_bool() != Some(false))
            })?;
            if holds {
                continue;
            }
            if conflict == Some(ConflictAction::Ignore) {
                return Ok(false);
            }
            // REPLACE cannot help here.
            let action = match conflict {
                Some(ConflictAction::Replace) | None => ConflictAction::Abort,
                Some(action) => action,
            };
            return Err(self.refuse(
                action,
                ConstraintKind::Check,
                format!("CHECK constraint failed: {}", check.name),
            ));
        }
        Ok(true)
    }

    /// Checks `NOT NULL`: of generated columns last, since they may be computed from defaults that were put in.
    fn check_nulls(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &mut Image<'_>,
        conflict: Option<ConflictAction>,
    ) -> Result<bool> {
        let table = &*target.table;
        let mut has_defaults = false;
        for (place, column) in table.columns.iter().enumerate() {
            let Some(own) = column.not_null.filter(|_| column.generated.is_none()) else { continue };
            if table.rowid_alias() == Some(place) || !image.stored(table, place).is_null() {
                continue;
            }
            let action = conflict.or(own).unwrap_or(ConflictAction::Abort);
            if action == ConflictAction::Replace
                && let Some(replaced) = self.with_default(plan, target, image, place)?
            {
                *image = replaced;
                has_defaults = true;
            } else if !self.refuse_null(target, place, action)? {
                return Ok(false);
            }
        }
        if has_defaults {
            self.compute_generated(plan, target, image)?;
        }
        for (place, column) in table.columns.iter().enumerate() {
            let Some(own) = column.not_null.filter(|_| column.generated.is_some()) else { continue };
            let is_null = self.value(plan, target, image, place)?.is_null();
            let action = conflict.or(own).unwrap_or(ConflictAction::Abort);
            if is_null && !self.refuse_null(target, place, action)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A row with the default of a column in place; `None` if that is NULL.
    fn with_default(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image<'_>,
        place: usize,
    ) -> Result<Option<Image<'static>>> {
        let table = &*target.table;
        let Some((_, default)) = target.defaults.iter().find(|(of, _)| *of == place) else { return Ok(None) };
        self.with_rows(plan, [], |env| {
            let value = table.columns[place].affinity.apply(default.eval(env), env.arena);
            if value.is_null() { Ok(None) } else { image.with(table, place, value).map(Some) }
        })
    }

    /// Refuses a row for a NULL; false if it is only left out.
    fn refuse_null(&mut self, target: &TablePlan, place: usize, action: ConflictAction) -> Result<bool> {
        let table = &target.table;
        let action = match action {
            ConflictAction::Ignore => return Ok(false),
            // There is nothing to put in its place.
            ConflictAction::Replace => ConflictAction::Abort,
            action => action,
        };
        let message = format!("NOT NULL constraint failed: {}.{}", table.name, table.columns[place].name);
        Err(self.refuse(action, ConstraintKind::NotNull, message))
    }

    pub(super) fn refuse(&mut self, action: ConflictAction, kind: ConstraintKind, message: String) -> Error {
        self.on_failure = action;
        Error::Constraint { kind, message }
    }

    /// The row as it is stored now, if it still is.
    pub(super) fn reload(&self, target: &TablePlan, image: &Image<'_>) -> Result<Option<Image<'static>>> {
        let key = image.key(&target.table);
        let bytes = self.writers.stores().get(target.store, target.table.tree, &key)?;
        bytes.map(|bytes| Image::decode(bytes, image.rowid).map(Image::into_owned)).transpose()
    }

    /// The entries of a row in these indexes.
    fn entries(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        indexes: impl Iterator<Item = usize>,
        image: &Image<'_>,
    ) -> Result<NewEntries> {
        self.with_rows(plan, [(target.row, image.row())], |env| {
            NewEntries::of_row(env, target, indexes, image)
        })
    }

    /// The entries of a new row in the indexes in which they may differ from those of the row it replaces.
    pub(super) fn new_entries(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image<'_>,
        old: Option<&Image<'_>>,
    ) -> Result<NewEntries> {
        let differs = |index: &IndexPlan| old.is_none_or(|old| may_differ(&target.table, index, image, old));
        if !target.indexes.iter().any(differs) {
            return Ok(NewEntries::default());
        }
        let indexes = (0..target.indexes.len()).filter(|&number| differs(&target.indexes[number]));
        self.entries(plan, target, indexes, image)
    }

    /// Removes a row and its entries. Not counted as written: a row that makes room for another one is not.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn remove(&mut self, plan: &RowPlan, target: &TablePlan, image: &Image<'_>) -> Result<()> {
        if !target.indexes.is_empty() {
            let entries = self.entries(plan, target, 0..target.indexes.len(), image)?;
            for (number, entry) in entries.iter() {
                if let Some(Entry { key, .. }) = entry {
                    self.writers.delete(target.store, target.indexes[number].index.tree, key)?;
                }
            }
        }
        self.writers.delete(target.store, target.table.tree, &image.key(&target.table))
    }

    /// Tells who wants to know of a row that changed. Rows without rowid are not told of.
    pub(super) fn tell(&self, action: Action, target: &TablePlan, image: &Image<'_>) {
        if let Some(watch) = self.given.watch
            && target.table.has_rowid()
        {
            watch.row_changed(action, target.store, &target.table.name, image.rowid);
        }
    }

    /// Writes a row and its entries; `old` is the row it replaces. What stays the same is not written.
    ///
    /// Whatever can be refused is refused before the first of it is written.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn write(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image<'_>,
        old: Option<&Image<'_>>,
    ) -> Result<()> {
        let entries = match old {
            Some(old) if old.is_same(image) => NewEntries::default(),
            _ => self.new_entries(plan, target, image, old)?,
        };
        self.write_with(plan, target, image, &entries, old)
    }

    /// The same, with the entries of the new row.
    pub(super) fn write_with(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image<'_>,
        entries: &NewEntries,
        old: Option<&Image<'_>>,
    ) -> Result<()> {
        let table = &*target.table;
        if old.is_some_and(|old| old.is_same(image)) {
            self.given.pace.wrote(1);
            return Ok(());
        }
        let key = image.key(table);
        check_key(&key)?;
        self.write_entries(plan, target, entries, old)?;
        if let Some(old) = old
            && !old.has_key_of(table, image)
        {
            self.writers.delete(target.store, table.tree, &old.key(table))?;
        }
        self.writers.put(target.store, table.tree, &key, image.record())
    }

    /// Writes the entries of a row, and removes those that the row it replaces has in their stead. The row counts as
    /// written.
    pub(super) fn write_entries(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        entries: &NewEntries,
        old: Option<&Image<'_>>,
    ) -> Result<()> {
        self.given.pace.wrote(1);
        let before = match old {
            Some(old) if !entries.is_empty() => {
                self.entries(plan, target, entries.iter().map(|(number, _)| number), old)?
            }
            _ => NewEntries::default(),
        };
        let mut before = before.iter();
        for (number, after) in entries.iter() {
            let tree = target.indexes[number].index.tree;
            let before = before.next().and_then(|(_, entry)| entry);
            if before == after {
                continue;
            }
            if let Some(Entry { key, .. }) = before {
                self.writers.delete(target.store, tree, key)?;
            }
            if let Some(Entry { key, originals, .. }) = after {
                self.writers.put(target.store, tree, key, originals)?;
                self.given.pace.wrote(1);
            }
        }
        Ok(())
    }
}

/// Refuses what does not have the type of its column in a `STRICT` table.
pub(super) fn fits(table: &Table, column: &Column, value: ValueRef<'_>) -> Result<()> {
    let column_type = &*column.type_name;
    let value_type = match (column_type, value) {
        ("INT" | "INTEGER", ValueRef::Integer(_))
        | ("REAL", ValueRef::Real(_))
        | ("TEXT", ValueRef::Text(_))
        | ("BLOB", ValueRef::Blob(_))
        | ("ANY", _)
        | (_, ValueRef::Null) => return Ok(()),
        (_, ValueRef::Integer(_)) => "INT",
        (_, ValueRef::Real(_)) => "REAL",
        (_, ValueRef::Text(_)) => "TEXT",
        (_, ValueRef::Blob(_)) => "BLOB",
    };
    let (table, column) = (&table.name, &column.name);
    Err(Error::Constraint {
        kind: ConstraintKind::Datatype,
        message: format!("cannot store {value_type} value in {column_type} column {table}.{column}"),
    })
}
