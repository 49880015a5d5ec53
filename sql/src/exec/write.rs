//! Writing rows: constraints, conflicts, and the entries of indexes.
//!
//! A row is checked in SQLite's order: `NOT NULL`, types, `CHECK`, the rowid, then the indexes from the last one made; those that replace
//! what is in the way come last. What is refused is decided by the statement's `OR`, else by the constraint's own
//! `ON CONFLICT`, else the statement is undone.

use std::cell::RefCell;
use std::sync::Arc;

use super::counters::Counters;
use super::orphans::Orphans;
use super::query::{Action, Given, run_select_within};
use super::scan::table_key;
use super::sequences::Sequences;
use super::subquery::{Memory, Runtime};
use crate::ast::ConflictAction;
use crate::codec::{
    Direction, Fidelity, Record, encode_record, push_rowid_suffix, push_value, split_rowid_suffix,
};
use crate::error::{ConstraintKind, Error, Result};
use crate::expr::{Env, ErrorSlot, Row, Scope, Shared};
use crate::plan::{IndexPlan, RowPlan, SelectPlan, TablePlan};
use crate::schema::{IndexPart, Table, TableKey};
use crate::store::{Stores, Writers, rowid_key};
use crate::value::{Affinity, ArenaBuffer, Value, ValueRef};

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its columns as they are stored.
    pub values: Vec<Value>,
    /// Its rowid; 0 in a table without.
    pub rowid: i64,
    record: Arc<Vec<u8>>,
}

impl Image {
    /// A row from its stored bytes.
    ///
    /// # Errors
    /// If they are malformed.
    pub fn decode(table: &Table, bytes: &[u8], rowid: i64) -> Result<Image> {
        let record = Record::new(bytes).map_err(|_| Error::Malformed)?;
        let mut values = Vec::with_capacity(table.columns.len());
        for (place, column) in table.columns.iter().enumerate() {
            values.push(if place < record.len() {
                record.column(place).map_err(|_| Error::Malformed)?.to_value()
            } else {
                column.missing.clone()
            });
        }
        Ok(Image { values, rowid, record: Arc::new(bytes.to_vec()) })
    }

    /// A row of these values.
    ///
    /// # Errors
    /// If it is too big.
    pub fn new(table: &Table, values: Vec<Value>, rowid: i64) -> Result<Image> {
        let mut image = Image { values, rowid, record: Arc::default() };
        image.encode(table)?;
        Ok(image)
    }

    fn encode(&mut self, table: &Table) -> Result<()> {
        let columns: Vec<ValueRef<'_>> = self.values.iter().map(Value::as_ref).collect();
        let at_least =
            table.columns.iter().rposition(|column| !column.missing.is_null()).map_or(0, |last| last + 1);
        let mut bytes = Vec::new();
        encode_record(&mut bytes, &columns, at_least).map_err(|_| Error::TooBig("string or blob too big"))?;
        self.record = Arc::new(bytes);
        Ok(())
    }

    /// The value of a column that is not computed when it is read.
    #[must_use]
    pub fn shown(&self, table: &Table, place: usize) -> Value {
        if table.rowid_alias() == Some(place) {
            Value::Integer(self.rowid)
        } else {
            self.values[place].clone()
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// As the row of a slot.
    #[must_use]
    pub fn row<'v>(&self) -> Row<'v> {
        Row::kept(self.record.clone(), self.rowid)
    }
}

/// A row, and the key it is stored under.
pub(super) type KeyedRow = (Vec<u8>, Image);

/// A uniqueness that a new row breaks.
#[derive(Clone, Debug)]
pub enum Clash {
    /// Of the rowid, or the key of a table `WITHOUT ROWID`.
    Key,
    /// Of an index, by its number.
    Index(usize),
}

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
    pub fn rows(&self, plan: &SelectPlan) -> Result<Vec<Vec<Value>>> {
        let mut rows = Vec::new();
        run_select_within(plan, self.writers.stores(), self.given(), &self.around, |values| {
            rows.push(values.iter().map(|value| value.to_value()).collect());
            Ok(true)
        })?;
        Ok(rows)
    }

    /// Evaluates something for one row.
    ///
    /// # Errors
    /// Those of expressions.
    pub fn with_rows<'v, T>(
        &'v self,
        plan: &RowPlan,
        rows: &[(usize, Row<'v>)],
        run: impl for<'e> FnOnce(&Env<'e>) -> Result<T>,
    ) -> Result<T> {
        let stores = self.writers.stores();
        let error = ErrorSlot::default();
        let runtime = Runtime {
            stores,
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
        let mut frame: Vec<Row<'_>> = (0..plan.frame.rows).map(|_| Row::default()).collect();
        for (place, row) in rows {
            frame[*place] = row.clone();
        }
        let mut buffer = ArenaBuffer::new();
        let arena = buffer.arena();
        let around = Scope { rows: &self.around, outer: None };
        let outer = (!self.around.is_empty()).then_some(&around);
        let env = Env { scope: Scope { rows: &frame, outer }, arena: &arena, shared: &shared };
        let result = run(&env)?;
        error.check()?;
        Ok(result)
    }

    /// The row that is stored under a key found by a scan.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn load(&self, target: &TablePlan, key: &[Value]) -> Result<Option<Image>> {
        let stores = self.writers.stores();
        let table = &*target.table;
        let (bytes, rowid) = match &table.key {
            TableKey::Rowid { .. } => {
                let rowid = key.first().map_or(0, |value| value.as_ref().to_integer());
                (stores.row(target.store, table.tree, rowid)?, rowid)
            }
            TableKey::Primary { columns, .. } => {
                let mut encoded = Vec::new();
                for (value, column) in key.iter().zip(columns) {
                    push_value(&mut encoded, value.as_ref(), &column.collation, column.direction);
                }
                (stores.get(target.store, table.tree, &encoded)?, 0)
            }
        };
        bytes.map(|bytes| Image::decode(table, bytes, rowid)).transpose()
    }

    /// Makes the row that is stored of values: with affinity applied and generated columns computed.
    ///
    /// # Errors
    /// Those of expressions.
    pub fn image(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        mut values: Vec<Value>,
        rowid: i64,
    ) -> Result<Image> {
        let table = &*target.table;
        for (value, column) in values.iter_mut().zip(&table.columns) {
            store_value(column, value);
        }
        if let Some(alias) = table.rowid_alias() {
            values[alias] = Value::Null;
        }
        for (value, column) in values.iter_mut().zip(&table.columns) {
            if column.generated.is_some() {
                *value = Value::Null;
            }
        }
        let mut image = Image::new(table, values, rowid)?;
        self.compute_generated(plan, target, &mut image)?;
        Ok(image)
    }

    fn compute_generated(&self, plan: &RowPlan, target: &TablePlan, image: &mut Image) -> Result<()> {
        for (place, value) in &target.generated {
            let mut computed =
                self.with_rows(plan, &[(target.row, image.row())], |env| Ok(value.eval(env).to_value()))?;
            store_value(&target.table.columns[*place], &mut computed);
            image.values[*place] = computed;
            image.encode(&target.table)?;
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
        image: &mut Image,
        conflict: Option<ConflictAction>,
    ) -> Result<bool> {
        if !self.check_nulls(plan, target, image, conflict)? {
            return Ok(false);
        }
        let table = target.table.clone();
        if table.strict {
            image.values.iter().zip(&table.columns).try_for_each(|(value, of)| fits(&table, of, value))?;
        }
        for (check, scalar) in table.checks.iter().zip(&target.checks) {
            let holds = self.with_rows(plan, &[(target.row, image.row())], |env| {
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
        image: &mut Image,
        conflict: Option<ConflictAction>,
    ) -> Result<bool> {
        let table = target.table.clone();
        let mut has_defaults = false;
        for (place, column) in table.columns.iter().enumerate() {
            let Some(own) = column.not_null.filter(|_| column.generated.is_none()) else { continue };
            if table.rowid_alias() == Some(place) || !image.values[place].is_null() {
                continue;
            }
            let action = conflict.or(own).unwrap_or(ConflictAction::Abort);
            if action == ConflictAction::Replace
                && let Some(default) = self.default_of(plan, target, place)?
            {
                image.values[place] = default;
                image.encode(&table)?;
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
            let is_null = match target.computed.iter().find(|(of, _)| *of == place) {
                Some((_, scalar)) => {
                    self.with_rows(plan, &[(target.row, image.row())], |env| Ok(scalar.eval(env).is_null()))?
                }
                None => image.values[place].is_null(),
            };
            let action = conflict.or(own).unwrap_or(ConflictAction::Abort);
            if is_null && !self.refuse_null(target, place, action)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The default of a column as it is stored; `None` if that is NULL.
    fn default_of(&self, plan: &RowPlan, target: &TablePlan, place: usize) -> Result<Option<Value>> {
        let Some((_, default)) = target.defaults.iter().find(|(of, _)| *of == place) else { return Ok(None) };
        let mut value = self.with_rows(plan, &[], |env| Ok(default.eval(env).to_value()))?;
        store_value(&target.table.columns[place], &mut value);
        Ok(Some(value).filter(|value| !value.is_null()))
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

    fn refuse(&mut self, action: ConflictAction, kind: ConstraintKind, message: String) -> Error {
        self.on_failure = action;
        Error::Constraint { kind, message }
    }

    /// The rows in the way of a new row: by rowid or key, and by each unique index. `old` is the row it replaces.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn clashes(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image,
        old: Option<&Image>,
    ) -> Result<Vec<(Clash, Image)>> {
        let table = &*target.table;
        // What was made last is looked at first; a rowid before all indexes.
        let before_key = match &table.key {
            TableKey::Rowid { .. } => target.indexes.len(),
            TableKey::Primary { made_after, .. } => *made_after,
        };
        let order = (before_key..target.indexes.len()).rev().map(Clash::Index);
        let order = order.chain([Clash::Key]).chain((0..before_key).rev().map(Clash::Index));
        let mut found = Vec::new();
        for clash in order {
            let other = match clash {
                Clash::Key => self.row_of_key(target, image, old)?,
                Clash::Index(number) => {
                    self.row_of_unique_index(plan, target, &target.indexes[number], image)?
                }
            };
            let Some(other) = other else { continue };
            let is_old = old.is_some_and(|old| row_key(table, old) == row_key(table, &other));
            if !is_old {
                found.push((clash, other));
            }
        }
        Ok(found)
    }

    /// The row that is stored under the key of a new one, if that is not the key of the row it replaces.
    fn row_of_key(&self, target: &TablePlan, image: &Image, old: Option<&Image>) -> Result<Option<Image>> {
        let table = &*target.table;
        let key = row_key(table, image);
        if old.is_some_and(|old| row_key(table, old) == key) {
            return Ok(None);
        }
        let bytes = self.writers.stores().get(target.store, table.tree, &key)?;
        bytes.map(|bytes| Image::decode(table, bytes, image.rowid)).transpose()
    }

    /// The row that a unique index has where it would have a new one.
    fn row_of_unique_index(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        index: &IndexPlan,
        image: &Image,
    ) -> Result<Option<Image>> {
        if !index.index.unique {
            return Ok(None);
        }
        let Some((prefix, false)) = self.index_prefix(plan, target, index, image)? else { return Ok(None) };
        let stores = self.writers.stores();
        let entry = stores.first_with(target.store, index.index.tree, &prefix)?;
        entry.map(|entry| self.row_of_entry(target, index, &entry, stores)).transpose()
    }

    fn row_of_entry(
        &self,
        target: &TablePlan,
        index: &IndexPlan,
        entry: &[u8],
        stores: Stores<'_>,
    ) -> Result<Image> {
        let table = &*target.table;
        match &table.key {
            TableKey::Rowid { .. } => {
                let (_, rowid) = split_rowid_suffix(entry).map_err(|_| Error::Malformed)?;
                let bytes = stores.row(target.store, table.tree, rowid)?.ok_or(Error::Malformed)?;
                Image::decode(table, bytes, rowid)
            }
            TableKey::Primary { columns, .. } => {
                let all: Vec<_> = index.index.columns.iter().chain(&index.index.suffix).collect();
                let directions: Vec<Direction> = all.iter().map(|column| column.direction).collect();
                let parts: Vec<_> = columns
                    .iter()
                    .map(|key| {
                        let same = |column: &&crate::schema::IndexColumn| {
                            matches!((&column.part, &key.part),
                                (IndexPart::Column(a), IndexPart::Column(b)) if a == b)
                                && column.collation == key.collation
                        };
                        let place = all.iter().position(same).unwrap_or(0);
                        (place, key.collation.clone(), key.direction)
                    })
                    .collect();
                let mut key = Vec::new();
                table_key(entry, &directions, &parts, &mut ArenaBuffer::new(), &mut key)?;
                let bytes = stores.get(target.store, table.tree, &key)?.ok_or(Error::Malformed)?;
                Image::decode(table, bytes, 0)
            }
        }
    }

    /// The columns of a row's entry in an index as bytes, and whether one is NULL; `None` if the row has no entry.
    fn index_prefix(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        index: &IndexPlan,
        image: &Image,
    ) -> Result<Option<(Vec<u8>, bool)>> {
        self.with_rows(plan, &[(target.row, image.row())], |env| {
            if index.filter.as_ref().is_some_and(|filter| !filter(env)) {
                return Ok(None);
            }
            let mut key = Vec::new();
            let mut has_null = false;
            for (scalar, column) in index.columns.iter().zip(&index.index.columns) {
                let value = scalar.eval(env);
                has_null |= value.is_null();
                push_value(&mut key, value, &column.collation, column.direction);
            }
            Ok(Some((key, has_null)))
        })
    }

    /// The whole entry of a row in an index.
    fn index_entry(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        index: &IndexPlan,
        image: &Image,
    ) -> Result<Option<Entry>> {
        self.with_rows(plan, &[(target.row, image.row())], |env| entry_of(env, &target.table, index, image))
    }

    /// The rows that are in the way of a new row and are to be removed; `None` if the new row is to be left out.
    ///
    /// # Errors
    /// If the row is refused.
    pub fn in_the_way(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image,
        old: Option<&Image>,
        conflict: Option<ConflictAction>,
    ) -> Result<Option<Vec<Image>>> {
        let clashes = self.clashes(plan, target, image, old)?;
        let action_of = |clash: &Clash| {
            let own = match clash {
                Clash::Key => match &target.table.key {
                    TableKey::Rowid { conflict, .. } | TableKey::Primary { conflict, .. } => *conflict,
                },
                Clash::Index(number) => target.indexes[*number].index.conflict,
            };
            conflict.or(own).unwrap_or(ConflictAction::Abort)
        };
        for (clash, _) in &clashes {
            match action_of(clash) {
                ConflictAction::Replace => {}
                ConflictAction::Ignore => return Ok(None),
                action => return Err(self.refuse_clash(action, target, clash)),
            }
        }
        let mut rows: Vec<Image> = Vec::with_capacity(clashes.len());
        for (_, other) in clashes {
            // One row may be in the way twice.
            if !rows.iter().any(|row| row_key(&target.table, row) == row_key(&target.table, &other)) {
                rows.push(other);
            }
        }
        Ok(Some(rows))
    }

    /// The error of a row that is not unique.
    pub(super) fn refuse_clash(
        &mut self,
        action: ConflictAction,
        target: &TablePlan,
        clash: &Clash,
    ) -> Error {
        let (kind, message) = clash_message(target, clash);
        self.refuse(action, kind, message)
    }

    /// The row as it is stored now, if it still is.
    pub(super) fn reload(&self, target: &TablePlan, image: &Image) -> Result<Option<Image>> {
        let bytes =
            self.writers.stores().get(target.store, target.table.tree, &row_key(&target.table, image))?;
        bytes.map(|bytes| Image::decode(&target.table, bytes, image.rowid)).transpose()
    }

    /// Removes a row and its entries.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn remove(&mut self, plan: &RowPlan, target: &TablePlan, image: &Image) -> Result<()> {
        for index in &target.indexes {
            if let Some((key, _)) = self.index_entry(plan, target, index, image)? {
                self.writers.delete(target.store, index.index.tree, &key)?;
            }
        }
        self.given.pace.wrote(1);
        self.writers.delete(target.store, target.table.tree, &row_key(&target.table, image))
    }

    /// Tells who wants to know of a row that changed. Rows without rowid are not told of.
    pub(super) fn tell(&self, action: Action, target: &TablePlan, image: &Image) {
        if let Some(watch) = self.given.watch
            && target.table.has_rowid()
        {
            watch.row_changed(action, target.store, &target.table.name, image.rowid);
        }
    }

    /// Writes a row and its entries; `old` is the row it replaces.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn write(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image,
        old: Option<&Image>,
    ) -> Result<()> {
        for index in &target.indexes {
            let before = match old {
                Some(old) => self.index_entry(plan, target, index, old)?,
                None => None,
            };
            let after = self.index_entry(plan, target, index, image)?;
            if before == after {
                continue;
            }
            if let Some((key, _)) = before {
                self.writers.delete(target.store, index.index.tree, &key)?;
            }
            if let Some((key, originals)) = after {
                self.writers.put(target.store, index.index.tree, &key, &originals)?;
                self.given.pace.wrote(1);
            }
        }
        self.given.pace.wrote(1);
        let key = row_key(&target.table, image);
        if let Some(old) = old {
            let before = row_key(&target.table, old);
            if before != key {
                self.writers.delete(target.store, target.table.tree, &before)?;
            }
        }
        self.writers.put(target.store, target.table.tree, &key, &image.record)
    }

    /// At most this many rows of a table from a key on, with their keys; and the key to go on from, if there is more.
    pub(super) fn rows_from(
        &self,
        target: &TablePlan,
        from: &[u8],
        count: usize,
    ) -> Result<(Vec<KeyedRow>, Option<Vec<u8>>)> {
        let stores = self.writers.stores();
        let mut cursor = stores.cursor(target.store, target.table.tree)?;
        let mut rows = Vec::new();
        let mut more = cursor.seek(from)?;
        while more {
            if rows.len() == count {
                return Ok((rows, Some(cursor.key().to_vec())));
            }
            let rowid = match target.table.has_rowid() {
                true => crate::codec::rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
                false => 0,
            };
            rows.push((cursor.key().to_vec(), Image::decode(&target.table, cursor.value()?, rowid)?));
            more = cursor.next()?;
        }
        Ok((rows, None))
    }

    /// Looks whether a row can have the column that was added last.
    ///
    /// # Errors
    /// Where it breaks a constraint.
    pub(super) fn test_new_column(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image,
    ) -> Result<()> {
        let refused = |kind, message: &str| Err(Error::Constraint { kind, message: message.to_string() });
        for scalar in &target.checks {
            let holds = self.with_rows(plan, &[(target.row, image.row())], |env| {
                Ok(scalar.eval(env).to_bool() != Some(false))
            })?;
            if !holds {
                return refused(ConstraintKind::Check, "CHECK constraint failed");
            }
        }
        let place = target.table.columns.len() - 1;
        let column = &target.table.columns[place];
        let mut value = match target.computed.iter().find(|(of, _)| *of == place) {
            Some((_, scalar)) => {
                self.with_rows(plan, &[(target.row, image.row())], |env| Ok(scalar.eval(env).to_value()))?
            }
            None => image.values[place].clone(),
        };
        if value.is_null() {
            return match column.not_null {
                Some(_) => refused(ConstraintKind::NotNull, "NOT NULL constraint failed"),
                None => Ok(()),
            };
        }
        store_value(column, &mut value);
        match fits(&target.table, column, &value) {
            Err(_) if target.table.strict => refused(ConstraintKind::Datatype, "type mismatch on DEFAULT"),
            _ => Ok(()),
        }
    }

    /// Fills an index from the rows of its table.
    ///
    /// # Errors
    /// If two rows are equal that may not be, and those of the engine.
    pub fn fill_index(&mut self, plan: &RowPlan, target: &TablePlan, number: usize) -> Result<()> {
        let index = &target.indexes[number];
        let mut images = Vec::new();
        {
            let stores = self.writers.stores();
            let mut cursor = stores.cursor(target.store, target.table.tree)?;
            let mut more = cursor.first()?;
            while more {
                let rowid = match target.table.has_rowid() {
                    true => crate::codec::rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
                    false => 0,
                };
                images.push(Image::decode(&target.table, cursor.value()?, rowid)?);
                more = cursor.next()?;
            }
        }
        for image in images {
            if index.index.unique
                && let Some((prefix, false)) = self.index_prefix(plan, target, index, &image)?
                && self.writers.stores().first_with(target.store, index.index.tree, &prefix)?.is_some()
            {
                let (kind, message) = clash_message(target, &Clash::Index(number));
                return Err(Error::Constraint { kind, message });
            }
            if let Some((key, originals)) = self.index_entry(plan, target, index, &image)? {
                self.writers.put(target.store, index.index.tree, &key, &originals)?;
            }
        }
        Ok(())
    }
}

/// The key and value of an entry of an index.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

/// The entry of a row in an index; `None` if it has none.
pub(super) fn entry_of(
    env: &Env<'_>,
    table: &Table,
    index: &IndexPlan,
    image: &Image,
) -> Result<Option<Entry>> {
    if index.filter.as_ref().is_some_and(|filter| !filter(env)) {
        return Ok(None);
    }
    let mut key = Vec::new();
    let mut lost = false;
    let mut values = Vec::with_capacity(index.columns.len());
    for (scalar, column) in index.columns.iter().zip(&index.index.columns) {
        let value = scalar.eval(env);
        let fidelity = push_value(&mut key, value, &column.collation, column.direction);
        let is_real = matches!(column.part, IndexPart::Column(place)
            if table.columns[place].affinity == Affinity::Real)
            && value.is_number();
        lost |= fidelity == Fidelity::Lost && !is_real;
        values.push(value);
    }
    if table.has_rowid() {
        push_rowid_suffix(&mut key, image.rowid);
    } else {
        for column in &index.index.suffix {
            if let IndexPart::Column(place) = column.part {
                let value = image.values[place].as_ref();
                push_value(&mut key, value, &column.collation, column.direction);
            }
        }
    }
    let mut originals = Vec::new();
    if lost {
        encode_record(&mut originals, &values, 0).map_err(|_| Error::Malformed)?;
    }
    Ok(Some((key, originals)))
}

/// Makes a value what a column stores.
fn store_value(column: &crate::schema::Column, value: &mut Value) {
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    *value = column.affinity.apply(value.as_ref(), &arena).to_value();
}

/// Refuses what does not have the type of its column in a `STRICT` table.
pub(super) fn fits(table: &Table, column: &crate::schema::Column, value: &Value) -> Result<()> {
    let column_type = column.type_name.to_ascii_uppercase();
    let value_type = match (column_type.as_str(), value) {
        ("INT" | "INTEGER", Value::Integer(_))
        | ("REAL", Value::Real(_))
        | ("TEXT", Value::Text(_))
        | ("BLOB", Value::Blob(_))
        | ("ANY", _)
        | (_, Value::Null) => return Ok(()),
        (_, Value::Integer(_)) => "INT",
        (_, Value::Real(_)) => "REAL",
        (_, Value::Text(_)) => "TEXT",
        (_, Value::Blob(_)) => "BLOB",
    };
    let (table, column) = (&table.name, &column.name);
    Err(Error::Constraint {
        kind: ConstraintKind::Datatype,
        message: format!("cannot store {value_type} value in {column_type} column {table}.{column}"),
    })
}

/// The key under which a row is stored.
fn row_key(table: &Table, image: &Image) -> Vec<u8> {
    match &table.key {
        TableKey::Rowid { .. } => rowid_key(image.rowid),
        TableKey::Primary { columns, .. } => {
            let mut key = Vec::new();
            for column in columns {
                if let IndexPart::Column(place) = column.part {
                    push_value(&mut key, image.values[place].as_ref(), &column.collation, column.direction);
                }
            }
            key
        }
    }
}

/// What is wrong with a row that is in the way.
fn clash_message(target: &TablePlan, clash: &Clash) -> (ConstraintKind, String) {
    let table = &*target.table;
    let list = |columns: &[crate::schema::IndexColumn]| {
        let names: Vec<String> = columns
            .iter()
            .filter_map(|column| match column.part {
                IndexPart::Column(place) => Some(format!("{}.{}", table.name, table.columns[place].name)),
                IndexPart::Expr(_) => None,
            })
            .collect();
        names.join(", ")
    };
    match clash {
        Clash::Key => match &table.key {
            TableKey::Rowid { alias: Some(alias), .. } => (
                ConstraintKind::PrimaryKey,
                format!("UNIQUE constraint failed: {}.{}", table.name, table.columns[*alias].name),
            ),
            TableKey::Rowid { alias: None, .. } => {
                (ConstraintKind::Rowid, format!("UNIQUE constraint failed: {}.rowid", table.name))
            }
            TableKey::Primary { columns, .. } => {
                (ConstraintKind::PrimaryKey, format!("UNIQUE constraint failed: {}", list(columns)))
            }
        },
        Clash::Index(number) => {
            let index = &target.indexes[*number].index;
            let kind = match index.origin {
                crate::schema::IndexOrigin::PrimaryKey => ConstraintKind::PrimaryKey,
                _ => ConstraintKind::Unique,
            };
            if index.columns.iter().any(|column| matches!(column.part, IndexPart::Expr(_))) {
                return (kind, format!("UNIQUE constraint failed: index '{}'", index.name));
            }
            (kind, format!("UNIQUE constraint failed: {}", list(&index.columns)))
        }
    }
}
