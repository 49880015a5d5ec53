//! `CREATE TRIGGER`

use duramen_engine::TreeId;

use super::ddl::Definer;
use crate::ast::{self, Quote, TriggerStep, TriggerTime};
use crate::error::{Error, Result};
use crate::schema::Store;

impl Definer<'_, '_, '_> {
    /// `CREATE TRIGGER`. What its statements name is looked up only when it is to run.
    ///
    /// # Errors
    /// What SQLite refuses, and those of the engine.
    pub fn create_trigger(&mut self, create: &ast::CreateTrigger) -> Result<()> {
        if create.temporary && create.name.schema.is_some() {
            return Err(Error::statement("temporary trigger may not have qualified name"));
        }
        let table = &*create.table.name.text;
        let mut store = self.store_of(&create.name, create.temporary)?;
        let has = |store: Store| {
            let schema = self.schema(store);
            schema.table(table).is_some() || schema.view(table).is_some()
        };
        let of_table = match &create.table.schema {
            Some(schema) if schema.is("temp") => Store::Temp,
            Some(_) => Store::Main,
            None if create.name.schema.is_some() && store == Store::Main => Store::Main,
            None if has(Store::Temp) => Store::Temp,
            None => Store::Main,
        };
        if create.name.schema.is_none() && of_table == Store::Temp {
            store = Store::Temp;
        }
        if store == Store::Main && of_table == Store::Temp {
            return Err(Error::statement(format!(
                "trigger {} cannot reference objects in database temp",
                create.name.name.text
            )));
        }
        if !has(of_table) {
            let shown = match &create.table.schema {
                Some(schema) => format!("{}.{table}", schema.text),
                None if store == Store::Temp => table.to_string(),
                None => format!("main.{table}"),
            };
            return Err(Error::statement(format!("no such table: {shown}")));
        }
        self.check_trigger(store, of_table, create)?;
        let name = &*create.name.name.text;
        if self.schema(store).trigger(name).is_some() {
            if create.if_not_exists {
                return Ok(());
            }
            return Err(Error::statement(format!(
                "trigger {} already exists",
                as_written(&create.name.name)
            )));
        }
        self.prepare(store)?;
        let table = self.schema(of_table).table(table).map_or(table, |table| &*table.name);
        let sql = &*create.sql;
        self.add(store, "trigger", name, table, TreeId(0), Some(sql))
    }

    /// Refuses what no trigger may be or say.
    fn check_trigger(&self, store: Store, of_table: Store, create: &ast::CreateTrigger) -> Result<()> {
        let name = &*create.name.name.text;
        let starts_reserved =
            |name: &str| name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"));
        if starts_reserved(name) {
            return Err(Error::statement(format!("object name reserved for internal use: {name}")));
        }
        if self.schema(store).trigger(name).is_some() {
            return Ok(());
        }
        let table = &*create.table.name.text;
        if starts_reserved(table) {
            return Err(Error::statement("cannot create trigger on system table"));
        }
        let shown = match &create.table.schema {
            Some(schema) => format!("{}.{table}", schema.text),
            None => table.to_string(),
        };
        let is_view = self.schema(of_table).view(table).is_some();
        match create.time {
            TriggerTime::InsteadOf if !is_view => {
                Err(Error::statement(format!("cannot create INSTEAD OF trigger on table: {shown}")))
            }
            TriggerTime::Before if is_view => {
                Err(Error::statement(format!("cannot create BEFORE trigger on view: {shown}")))
            }
            TriggerTime::After if is_view => {
                Err(Error::statement(format!("cannot create AFTER trigger on view: {shown}")))
            }
            _ if create.steps.iter().any(gives_back) => {
                Err(Error::statement("cannot use RETURNING in a trigger"))
            }
            _ => Ok(()),
        }
    }
}

/// A name with the quotes it was written with.
fn as_written(name: &ast::Name) -> String {
    match name.quote {
        Quote::None => name.text.to_string(),
        Quote::Double => format!("\"{}\"", name.text.replace('"', "\"\"")),
        Quote::Backtick => format!("`{}`", name.text.replace('`', "``")),
        Quote::Bracket => format!("[{}]", name.text),
        Quote::Single => format!("'{}'", name.text.replace('\'', "''")),
    }
}

fn gives_back(step: &TriggerStep) -> bool {
    match step {
        TriggerStep::Select(_) => false,
        TriggerStep::Insert(insert) => !insert.returning.is_empty(),
        TriggerStep::Update(update) => !update.returning.is_empty(),
        TriggerStep::Delete(delete) => !delete.returning.is_empty(),
    }
}
