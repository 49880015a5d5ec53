//! Foreign keys: what a write must look up, and what happens to child rows.
//!
//! Parent and child are always in one store. The key of a parent is its `INTEGER PRIMARY KEY`, its primary key or a
//! unique index over exactly the columns named, each by the collation of its column.

use std::sync::Arc;

use super::binder::Binder;
use super::compare::compare;
use super::programs::{ParentEvent, ProgramKey, ProgramTable};
use super::scope::ScopeTable;
use super::trigger::RowEvent;
use crate::ast::{ConflictAction, ForeignAction, IndexHint};
use crate::authorizer::AuthAction;
use crate::bound::{
    Body, ChildCheck, Column, CompareOp, Consequences, Delete, Expr, From, ParentCheck, ParentKey, Place,
    Program, Query, RaiseAction, ResultColumn, Returning, Select, Slot, Source, Step, Update,
};
use crate::error::{Error, Result};
use crate::schema::{ForeignKey, Index, IndexColumn, IndexPart, Store, Table, TableKey};
use crate::value::{Affinity, Value};

impl Binder<'_> {
    /// Adds what foreign keys ask for.
    pub(super) fn foreign_keys(
        &mut self,
        store: Store,
        table: &Arc<Table>,
        event: RowEvent<'_>,
        follows: &mut Consequences,
    ) -> Result<()> {
        for key in &table.foreign_keys {
            let own = key.parent.eq_ignore_ascii_case(&table.name);
            if let RowEvent::Update(set) = event
                && !own
                && !key.columns.iter().any(|&place| is_set(table, place, set))
            {
                continue;
            }
            follows.parents.extend(self.parent_check(store, table, key)?);
        }
        let schema = self.catalog.schema(store);
        for child in schema.tables() {
            for (number, key) in child.foreign_keys.iter().enumerate() {
                if !key.parent.eq_ignore_ascii_case(&table.name) {
                    continue;
                }
                let Some(parent) = self.changed_parent_key(store, table, child, key, event)? else {
                    continue;
                };
                follows.children.push(self.child_check(&parent, child, key)?);
                let (parent_event, action) = match event {
                    RowEvent::Insert { .. } => continue,
                    RowEvent::Delete => (ParentEvent::Delete, key.on_delete),
                    RowEvent::Update(_) => (ParentEvent::Update, key.on_update),
                };
                if action != ForeignAction::NoAction {
                    let rows = ProgramTable { store, table: table.clone() };
                    let key =
                        ProgramKey::Action { rows, child: child.clone(), key: number, event: parent_event };
                    follows.actions.push(self.programs.number(key));
                }
            }
        }
        Ok(())
    }

    /// What looks for the parent of a written row; `None` if a mistake in the key is to be overlooked.
    fn parent_check(
        &self,
        store: Store,
        table: &Arc<Table>,
        key: &ForeignKey,
    ) -> Result<Option<ParentCheck>> {
        let parent = match self.catalog.schema(store).table(&key.parent) {
            Some(parent) => match parent_key(store, parent, table, key) {
                Ok(parent) => {
                    self.demand_key(store, &parent.table, &parent.columns)?;
                    Some(parent)
                }
                Err(_) if !self.fires_triggers => return Ok(None),
                Err(error) => return Err(error),
            },
            None if !self.fires_triggers => None,
            None if self.catalog.schema(store).view(&key.parent).is_some() => {
                return Err(mismatch(table, key));
            }
            None => {
                return Err(Error::statement(format!("no such table: {}.{}", store.name(), key.parent)));
            }
        };
        let own = key.parent.eq_ignore_ascii_case(&table.name);
        Ok(Some(ParentCheck { columns: key.columns.clone(), parent, deferred: key.deferred, own }))
    }

    /// The key of a parent that an event touches.
    fn changed_parent_key(
        &self,
        store: Store,
        table: &Arc<Table>,
        child: &Table,
        key: &ForeignKey,
        event: RowEvent<'_>,
    ) -> Result<Option<ParentKey>> {
        if let RowEvent::Update(set) = event {
            let is_key = |place: usize| match key.parent_columns.is_empty() {
                true => table.columns[place].primary_key > 0,
                false => {
                    key.parent_columns.iter().any(|name| table.columns[place].name.eq_ignore_ascii_case(name))
                }
            };
            if !(0..table.columns.len()).any(|place| is_key(place) && is_set(table, place, set)) {
                return Ok(None);
            }
        }
        match parent_key(store, table, child, key) {
            Ok(parent) => Ok(Some(parent)),
            // One new row breaks no key, so SQLite does not look at it closely.
            Err(_) if matches!(event, RowEvent::Insert { single: true }) || !self.fires_triggers => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What finds the child rows of a row of the parent.
    fn child_check(
        &mut self,
        parent: &ParentKey,
        child: &Arc<Table>,
        key: &ForeignKey,
    ) -> Result<ChildCheck> {
        self.demand_key(parent.store, child, &key.columns)?;
        let row = self.new_slot();
        let named = self.table_scope(&parent.table, row, "".into(), None)?;
        let one = || vec![Expr::Literal(Value::Integer(1))];
        let select = self.children(parent, &named, child, key, one())?.0;
        let others = match Arc::ptr_eq(&parent.table, child) {
            false => None,
            true => {
                let (mut select, source) = self.children(parent, &named, child, key, one())?;
                let same = same_row(child, &named, &source);
                if let Body::Query(query) = &mut select.body {
                    query.filter.push(Expr::Not(Box::new(same)));
                }
                Some(select)
            }
        };
        Ok(ChildCheck { select, others, row, deferred: key.deferred })
    }

    /// The child rows of a parent's row as a query, and the names of the child's columns in it.
    fn children(
        &mut self,
        parent: &ParentKey,
        row: &ScopeTable,
        child: &Arc<Table>,
        key: &ForeignKey,
        values: Vec<Expr>,
    ) -> Result<(Select, ScopeTable)> {
        let (from, named) = self.child_rows(parent.store, child)?;
        let filter = key_matches(parent, row, key, &named);
        let id = self.new_query();
        let columns = values.iter().map(|_| unnamed()).collect();
        let query = Query {
            id,
            from: Some(from),
            filter,
            aggregation: None,
            having: Vec::new(),
            windows: Vec::new(),
            columns: values,
            distinct: None,
        };
        let select = Select {
            body: Body::Query(Box::new(query)),
            columns,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            slot: self.new_slot(),
        };
        Ok((select, named))
    }

    fn child_rows(&mut self, store: Store, child: &Arc<Table>) -> Result<(From, ScopeTable)> {
        let (rows, named) = self.stored_table(store, child.clone(), &IndexHint::Any, None)?;
        let source = Source { slot: named.slot, name: named.name.clone(), rows };
        Ok((From::Source(Box::new(source)), named))
    }

    /// What a foreign key does to child rows when a row of the parent is deleted or gets another key.
    pub(super) fn action_program(
        &mut self,
        rows: ProgramTable,
        child: &Arc<Table>,
        key: usize,
        event: ParentEvent,
    ) -> Result<Program> {
        let key = &child.foreign_keys[key];
        let parent = parent_key(rows.store, &rows.table, child, key)?;
        let (old, new) = (self.new_slot(), self.new_slot());
        let of_old = self.table_scope(&rows.table, old, "old".into(), None)?;
        let of_new = self.table_scope(&rows.table, new, "new".into(), None)?;
        let action = match event {
            ParentEvent::Delete => key.on_delete,
            ParentEvent::Update => key.on_update,
        };
        let condition = (event == ParentEvent::Update).then(|| {
            let same = parent.columns.iter().map(|&place| {
                let [old, new] = [&of_old, &of_new].map(|row| row.columns[place].expr.clone());
                compare(CompareOp::Is, old, new)
            });
            Expr::Not(Box::new(Expr::And(same.collect())))
        });
        let step = match (action, event) {
            (ForeignAction::NoAction | ForeignAction::Restrict, _) => {
                let message = Expr::Literal(Value::from("FOREIGN KEY constraint failed"));
                let refuse = vec![Expr::Raise(RaiseAction::Abort, Some(Box::new(message)))];
                Step::Select(Box::new(self.children(&parent, &of_old, child, key, refuse)?.0))
            }
            (ForeignAction::Cascade, ParentEvent::Delete) => {
                Step::Delete(Box::new(self.delete_children(&parent, &of_old, child, key)?))
            }
            _ => {
                let mut values = Vec::new();
                for (&place, &of_parent) in key.columns.iter().zip(&parent.columns) {
                    self.permission_to_set(parent.store, child, &child.columns[place].name)?;
                    values.push(match action {
                        ForeignAction::SetDefault => self.default_value(&child.columns[place])?,
                        ForeignAction::Cascade => of_new.columns[of_parent].expr.clone(),
                        _ => Expr::Literal(Value::Null),
                    });
                }
                Step::Update(Box::new(self.update_children(&parent, &of_old, child, key, values)?))
            }
        };
        Ok(Program {
            trigger: None,
            recursive: true,
            restricts: action == ForeignAction::Restrict,
            old,
            new,
            table: rows.table,
            condition,
            steps: vec![step],
        })
    }

    fn delete_children(
        &mut self,
        parent: &ParentKey,
        row: &ScopeTable,
        child: &Arc<Table>,
        key: &ForeignKey,
    ) -> Result<Delete> {
        self.permission(AuthAction::Delete { table_name: &child.name }, Some(parent.store))?;
        let target = self.target(parent.store, child)?;
        let (from, named) = self.child_rows(parent.store, child)?;
        Ok(Delete {
            target,
            from,
            existing: named.slot,
            filter: key_matches(parent, row, key, &named),
            order_by: Vec::new(),
            limit: (None, None),
            follows: self.consequences(parent.store, child, RowEvent::Delete, Some(ConflictAction::Abort))?,
            returning: Returning::default(),
        })
    }

    fn update_children(
        &mut self,
        parent: &ParentKey,
        row: &ScopeTable,
        child: &Arc<Table>,
        key: &ForeignKey,
        values: Vec<Expr>,
    ) -> Result<Update> {
        let target = self.target(parent.store, child)?;
        let (from, named) = self.child_rows(parent.store, child)?;
        let mut assignments = Vec::new();
        let mut rowid = None;
        for (&place, value) in key.columns.iter().zip(values) {
            let column = &child.columns[place];
            if column.generated.is_some() {
                return Err(Error::statement(format!("cannot UPDATE generated column \"{}\"", column.name)));
            }
            if child.rowid_alias() == Some(place) {
                rowid = Some(value);
            } else {
                assignments.push((place, value));
            }
        }
        let abort = Some(ConflictAction::Abort);
        let set: Vec<&str> = key.columns.iter().map(|&place| &*child.columns[place].name).collect();
        Ok(Update {
            target,
            conflict: abort,
            from,
            existing: named.slot,
            filter: key_matches(parent, row, key, &named),
            assignments,
            rowid,
            order_by: Vec::new(),
            limit: (None, None),
            follows: self.consequences(parent.store, child, RowEvent::Update(&set), abort)?,
            replaced: Consequences::default(),
            returning: Returning::default(),
        })
    }

    /// For `foreign_key_check`: the rows of a table that name a parent which is not there are those whose check fails.
    ///
    /// # Errors
    /// `foreign key mismatch`, if a parent has no such key.
    pub fn parent_checks(&self, store: Store, table: &Arc<Table>) -> Result<Vec<ParentCheck>> {
        let schema = self.catalog.schema(store);
        let mut checks = Vec::new();
        for key in &table.foreign_keys {
            let parent = match schema.table(&key.parent) {
                Some(parent) => Some(parent_key(store, parent, table, key)?),
                None => None,
            };
            let own = key.parent.eq_ignore_ascii_case(&table.name);
            checks.push(ParentCheck { columns: key.columns.clone(), parent, deferred: key.deferred, own });
        }
        Ok(checks)
    }
}

/// Whether an update that sets these names sets a column.
fn is_set(table: &Table, place: usize, set: &[&str]) -> bool {
    // What is computed may change with whatever is set.
    table.columns[place].generated.is_some() && !set.is_empty()
        || set.iter().any(|name| match table.column(name) {
            Some(named) => named == place,
            None => table.rowid_alias() == Some(place) && table.is_rowid(name),
        })
}

/// Conditions under which a child row names a row of its parent. The parent's rules of comparison go first.
fn key_matches(parent: &ParentKey, row: &ScopeTable, key: &ForeignKey, child: &ScopeTable) -> Vec<Expr> {
    let pairs = key.columns.iter().zip(&parent.columns);
    pairs
        .map(|(&of_child, &of_parent)| {
            let [parent, child] =
                [&row.columns[of_parent], &child.columns[of_child]].map(|column| column.expr.clone());
            compare(CompareOp::Eq, parent, child)
        })
        .collect()
}

/// Whether two rows of a table are one.
fn same_row(table: &Table, a: &ScopeTable, b: &ScopeTable) -> Expr {
    let rowid = |slot: Slot| {
        Expr::Column(Column {
            slot,
            place: Place::Rowid,
            affinity: Affinity::Integer,
            collation: crate::value::Collation::Binary,
            not_null: true,
            has_collation: true,
        })
    };
    match &table.key {
        TableKey::Rowid { .. } => compare(CompareOp::Eq, rowid(a.slot), rowid(b.slot)),
        TableKey::Primary { columns, .. } => Expr::And(
            columns
                .iter()
                .filter_map(|column| match column.part {
                    IndexPart::Column(place) => Some(place),
                    IndexPart::Expr(_) => None,
                })
                .map(|place| {
                    let [a, b] = [a, b].map(|row| row.columns[place].expr.clone());
                    compare(CompareOp::Is, a, b)
                })
                .collect(),
        ),
    }
}

fn unnamed() -> ResultColumn {
    ResultColumn { name: "".into(), shown: None, affinity: Affinity::None, collation: None, type_name: None }
}

/// The key of a parent that a foreign key names.
fn parent_key(store: Store, parent: &Arc<Table>, child: &Table, key: &ForeignKey) -> Result<ParentKey> {
    let made = |index: Option<&Arc<Index>>, columns: Vec<usize>| ParentKey {
        store,
        table: parent.clone(),
        index: index.cloned(),
        columns,
    };
    if let ([_], Some(alias)) = (key.columns.as_slice(), parent.rowid_alias()) {
        let names_it = |name: &str| parent.columns[alias].name.eq_ignore_ascii_case(name);
        if key.parent_columns.first().is_none_or(|name| names_it(name)) {
            return Ok(made(None, vec![alias]));
        }
    }
    if let TableKey::Primary { columns, .. } = &parent.key
        && let Some(places) = fitting(parent, columns, true, key)
    {
        return Ok(made(None, places));
    }
    for index in parent.indexes.iter().filter(|index| index.unique && index.filter.is_none()) {
        let primary = index.origin == crate::schema::IndexOrigin::PrimaryKey;
        if let Some(places) = fitting(parent, &index.columns, primary, key) {
            return Ok(made(Some(index), places));
        }
    }
    Err(mismatch(child, key))
}

/// The error of a key whose parent has no such unique key.
fn mismatch(child: &Table, key: &ForeignKey) -> Error {
    Error::statement(format!("foreign key mismatch - \"{}\" referencing \"{}\"", child.name, key.parent))
}

/// The columns of a parent that a foreign key names one by one, if a unique key of it has just these.
fn fitting(parent: &Table, unique: &[IndexColumn], primary: bool, key: &ForeignKey) -> Option<Vec<usize>> {
    if unique.len() != key.columns.len() {
        return None;
    }
    let place_of = |column: &IndexColumn| match column.part {
        IndexPart::Column(place) => Some(place),
        IndexPart::Expr(_) => None,
    };
    if key.parent_columns.is_empty() {
        return primary.then(|| unique.iter().map(place_of).collect())?;
    }
    let usual = |column: &IndexColumn| {
        place_of(column).is_some_and(|place| parent.columns[place].collation == column.collation)
    };
    if !unique.iter().all(usual) {
        return None;
    }
    let places: Option<Vec<usize>> = key.parent_columns.iter().map(|name| parent.column(name)).collect();
    let places = places?;
    unique.iter().filter_map(place_of).all(|place| places.contains(&place)).then_some(places)
}
