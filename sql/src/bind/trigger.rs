//! What follows from a write: which triggers fire, and the programs that statements make run.

use std::sync::Arc;

use super::binder::{Binder, Found};
use super::programs::{ProgramKey, ProgramTable};
use super::scope::{Scope, ScopeTable};
use crate::ast::{self, ConflictAction, TriggerEvent, TriggerStep, TriggerTime};
use crate::bound::{Column, Consequences, Expr, Place, Program, Slot, Step, WithPrograms};
use crate::error::{Error, Result};
use crate::schema::{Store, Table, TableKind, Trigger};
use crate::value::{Affinity, Value};

/// What a statement does to the rows of a table.
#[derive(Clone, Copy)]
pub(super) enum RowEvent<'e> {
    /// Rows are added; one only, or perhaps several.
    Insert { single: bool },
    /// Rows are removed.
    Delete,
    /// These columns get new values.
    Update(&'e [&'e str]),
}

impl Binder<'_> {
    /// What follows from an event on a table, for a statement with this conflict clause.
    pub(super) fn consequences(
        &mut self,
        store: Store,
        table: &Arc<Table>,
        event: RowEvent<'_>,
        conflict: Option<ConflictAction>,
    ) -> Result<Consequences> {
        let mut follows = self.fired(store, table, event, conflict);
        if self.catalog.settings.foreign_keys && table.kind == TableKind::Ordinary {
            self.foreign_keys(store, table, event, &mut follows)?;
        }
        Ok(follows)
    }

    /// What follows from removing a row that is in the way of another.
    pub(super) fn consequences_of_replacing(
        &mut self,
        store: Store,
        table: &Arc<Table>,
        conflict: Option<ConflictAction>,
    ) -> Result<Consequences> {
        if !can_replace(table, conflict) {
            return Ok(Consequences::default());
        }
        let mut follows = Consequences::default();
        if self.catalog.settings.recursive_triggers {
            follows = self.fired(store, table, RowEvent::Delete, Some(ConflictAction::Replace));
        }
        if self.catalog.settings.foreign_keys && table.kind == TableKind::Ordinary {
            self.foreign_keys(store, table, RowEvent::Delete, &mut follows)?;
        }
        Ok(follows)
    }

    /// The triggers that fire.
    fn fired(
        &mut self,
        store: Store,
        table: &Arc<Table>,
        event: RowEvent<'_>,
        conflict: Option<ConflictAction>,
    ) -> Consequences {
        let mut follows = Consequences::default();
        if !self.fires_triggers {
            return follows;
        }
        for (of, trigger) in self.triggers_of(store, table) {
            if !fires(&trigger, event) {
                continue;
            }
            let programs = match trigger.statement.time {
                TriggerTime::After => &mut follows.after,
                TriggerTime::Before | TriggerTime::InsteadOf => &mut follows.before,
            };
            let rows = ProgramTable { store: of, table: table.clone() };
            programs.push(self.programs.number(ProgramKey::Trigger { trigger, rows, conflict }));
        }
        follows
    }

    /// The triggers of a table or view in the order in which they run: temporary ones first.
    fn triggers_of(&self, store: Store, table: &Table) -> Vec<(Store, Arc<Trigger>)> {
        let mut found = Vec::new();
        let temp = self.catalog.temp;
        let hidden = temp.table(&table.name).is_some() || temp.view(&table.name).is_some();
        for trigger in temp.triggers_of(&table.name) {
            let of = match &trigger.statement.table.schema {
                Some(schema) if schema.is("main") => Store::Main,
                Some(_) => Store::Temp,
                None if hidden => Store::Temp,
                None => Store::Main,
            };
            if of == store {
                found.push((Store::Temp, trigger.clone()));
            }
        }
        if store == Store::Main {
            let own = self.catalog.main.triggers_of(&table.name);
            found.extend(own.into_iter().map(|trigger| (Store::Main, trigger.clone())));
        }
        found
    }

    /// The statement with all programs that it may make run, whatever these make run included.
    pub(super) fn with_programs<S>(&mut self, statement: S) -> Result<WithPrograms<S>> {
        let mut programs = Vec::new();
        while let Some(key) = self.programs.get(programs.len()).cloned() {
            programs.push(match key {
                ProgramKey::Trigger { trigger, rows, conflict } => {
                    self.trigger_program(&trigger, rows, conflict)?
                }
                ProgramKey::Action { rows, child, key, event } => {
                    self.action_program(rows, &child, key, event)?
                }
            });
        }
        Ok(WithPrograms { statement, programs })
    }

    /// Binds a trigger as if it was to run, to see whether it can, and where it names what was looked for.
    ///
    /// # Errors
    /// Where it names what does not exist.
    pub fn trigger(&mut self, store: Store, trigger: &Arc<Trigger>) -> Result<()> {
        let statement = trigger.statement.clone();
        let home = std::mem::replace(&mut self.catalog.home, (store == Store::Main).then_some(Store::Main));
        let schema = statement.table.schema.as_ref().map(|schema| &*schema.text);
        let found = match self.catalog.find(schema, &statement.table.name.text)? {
            Some(Found::Table(_, table)) => Some(table.clone()),
            Some(Found::View(of, view)) => Some(Arc::new(self.table_of_view(of, &view.clone())?)),
            None => None,
        };
        self.catalog.home = home;
        let Some(table) = found else {
            let name = &statement.table.name.text;
            return Err(Error::statement(format!("no such table: {}.{name}", store.name())));
        };
        if let Some(mentions) = &mut self.mentions {
            mentions.note_table(&table, &statement.table.name);
            if let TriggerEvent::Update(of) = &statement.event {
                for name in of {
                    if let Some(place) = table.column(&name.text) {
                        mentions.note_column(&table, place, name);
                    }
                }
            }
        }
        self.trigger_program(trigger, ProgramTable { store, table }, None)?;
        Ok(())
    }

    fn trigger_program(
        &mut self,
        trigger: &Arc<Trigger>,
        rows: ProgramTable,
        conflict: Option<ConflictAction>,
    ) -> Result<Program> {
        let (old, new) = (self.new_slot(), self.new_slot());
        let home =
            std::mem::replace(&mut self.catalog.home, (rows.store == Store::Main).then_some(Store::Main));
        let in_trigger = std::mem::replace(&mut self.in_trigger, true);
        let statement = &trigger.statement;
        let bound = self.on_behalf_of(&trigger.name, |binder| {
            let scope = binder.rows_of_trigger(&rows.table, &statement.event, old, new)?;
            binder.alone(vec![scope], |binder| {
                let condition =
                    statement.condition.as_ref().map(|condition| binder.expr(condition)).transpose()?;
                let steps = statement.steps.iter().map(|step| binder.step(step, conflict));
                Ok((condition, steps.collect::<Result<Vec<Step>>>()?))
            })
        });
        self.catalog.home = home;
        self.in_trigger = in_trigger;
        let (condition, steps) = bound?;
        Ok(Program {
            trigger: Some(trigger.clone()),
            recursive: self.catalog.settings.recursive_triggers,
            restricts: false,
            old,
            new,
            table: rows.table,
            condition,
            steps,
        })
    }

    /// `OLD` and `NEW`, as far as the event has them.
    fn rows_of_trigger(
        &mut self,
        table: &Table,
        event: &TriggerEvent,
        old: Slot,
        new: Slot,
    ) -> Result<Scope> {
        let mut scope = Scope::new(self.new_query());
        if *event != TriggerEvent::Insert {
            let named = self.table_scope(table, old, "old".into(), None)?;
            scope.tables.push(of_trigger(named));
        }
        if *event != TriggerEvent::Delete {
            let named = self.table_scope(table, new, "new".into(), None)?;
            scope.tables.push(of_trigger(named));
        }
        Ok(scope)
    }

    fn step(&mut self, step: &TriggerStep, conflict: Option<ConflictAction>) -> Result<Step> {
        Ok(match step {
            TriggerStep::Select(select) => Step::Select(Box::new(self.select(select)?)),
            TriggerStep::Insert(insert) => {
                Step::Insert(Box::new(self.insert_rows(insert, conflict.or(insert.conflict))?))
            }
            TriggerStep::Update(update) => {
                Step::Update(Box::new(self.update_rows(update, conflict.or(update.conflict))?))
            }
            TriggerStep::Delete(delete) => Step::Delete(Box::new(self.delete_rows(delete)?)),
        })
    }
}

/// Whether a statement can remove rows that are in the way: by its own clause, or by one of the table.
fn can_replace(table: &Table, conflict: Option<ConflictAction>) -> bool {
    let replace = Some(ConflictAction::Replace);
    if let Some(conflict) = conflict {
        return conflict == ConflictAction::Replace;
    }
    let by_key = match &table.key {
        crate::schema::TableKey::Rowid { conflict, .. }
        | crate::schema::TableKey::Primary { conflict, .. } => *conflict == replace,
    };
    by_key || table.indexes.iter().any(|index| index.conflict == replace)
}

/// Whether an event makes a trigger run.
fn fires(trigger: &Trigger, event: RowEvent<'_>) -> bool {
    match (&trigger.statement.event, event) {
        (TriggerEvent::Insert, RowEvent::Insert { .. }) | (TriggerEvent::Delete, RowEvent::Delete) => true,
        (TriggerEvent::Update(of), RowEvent::Update(set)) => {
            of.is_empty() || of.iter().any(|name: &ast::Name| set.iter().any(|set| name.is(set)))
        }
        _ => false,
    }
}

/// `OLD` or `NEW`: columns are found by that name alone, and comparisons take their values as they are; only a rowid has an
/// affinity.
fn of_trigger(mut named: ScopeTable) -> ScopeTable {
    for column in &mut named.columns {
        match &mut column.expr {
            Expr::Column(Column { place: Place::At(_), affinity, .. }) => *affinity = Affinity::None,
            generated @ Expr::Generated(..) => {
                let value = std::mem::replace(generated, Expr::Literal(Value::Null));
                *generated = Expr::Plus(Box::new(value));
            }
            _ => {}
        }
    }
    ScopeTable { only_by_name: true, ..named }
}
