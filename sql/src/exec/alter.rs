//! `ALTER TABLE .. RENAME TO`, and what all forms of `ALTER TABLE` share.
//!
//! Stored statements are changed where they name what is renamed, and nowhere else. Before and after that every view and
//! trigger is bound, so that none is left that cannot be used.

use std::sync::Arc;

use super::ddl::{Checks, Definer, with_indexes};
use super::edit::{Edit, Mention, edited, mentions_of_index, mentions_of_table, quoted, rename_quoted};
use crate::ast::{self, AlterAction, Span, Statement, TableBody};
use crate::bind::{Binder, Catalog, Mentions};
use crate::error::{Error, Result};
use crate::schema::{Schema, Store, Table, TableKind, Trigger, View};
use crate::store::{SchemaRow, load_schema, put_schema_row, put_sequence_row, schema_rows, sequence_rows};

/// A table that is altered.
pub(super) struct Altered {
    pub(super) store: Store,
    pub(super) table: Arc<Table>,
}

/// A row of `sqlite_schema` and its statement.
pub(super) struct Stored {
    pub(super) store: Store,
    pub(super) row: SchemaRow,
    pub(super) statement: Statement,
}

impl<'c> Definer<'_, 'c, '_> {
    /// `ALTER TABLE`
    ///
    /// # Errors
    /// What SQLite refuses, and those of the engine.
    pub fn alter_table(&mut self, alter: &ast::AlterTable) -> Result<()> {
        let altered = self.altered(alter)?;
        self.count_alteration(&altered, &alter.action)?;
        match &alter.action {
            AlterAction::RenameTable(to) => self.rename_table(&altered, to),
            AlterAction::RenameColumn { from, to } => self.rename_column(&altered, from, to),
            AlterAction::AddColumn { column, text } => self.add_column(&altered, column, text),
            AlterAction::DropColumn(name) => self.drop_column(&altered, name),
            AlterAction::SetNotNull { column, text } => self.set_not_null(&altered, column, text),
            AlterAction::DropNotNull(column) => self.drop_not_null(&altered, column),
            AlterAction::AddCheck { name, text, .. } => self.add_check(&altered, name.as_ref(), text),
            AlterAction::DropConstraint(name) => self.drop_constraint(&altered, name),
        }
    }

    /// Counts what SQLite reads and writes of its schema table, which it goes through several times for some changes.
    fn count_alteration(&self, altered: &Altered, action: &AlterAction) -> Result<()> {
        let stores = self.writers.stores();
        let rows = u64::try_from(schema_rows(stores, altered.store)?.len()).unwrap_or(u64::MAX);
        let (read, written) = match action {
            AlterAction::RenameTable(_) => (5 * rows + 5, rows + 1),
            AlterAction::RenameColumn { .. } => (8 * rows + 6, 2 * rows),
            AlterAction::AddColumn { .. } => (rows + 2, 1),
            AlterAction::DropColumn(_) => {
                let stored = stores.len(altered.store, altered.table.tree)?;
                (6 * rows + 6 + stored.max(1), rows + 1 + stored)
            }
            _ => (0, 0),
        };
        self.given.pace.read(read);
        self.given.pace.wrote(written);
        Ok(())
    }

    /// The table, if it is one that can be altered.
    fn altered(&self, alter: &ast::AlterTable) -> Result<Altered> {
        let name = &*alter.table.name.text;
        let schema = alter.table.schema.as_ref().map(|schema| &*schema.text);
        for store in [Store::Temp, Store::Main] {
            if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case(store.name())) {
                continue;
            }
            if let Some(table) = self.schema(store).table(name) {
                let reserved = table.name.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("sqlite_"));
                if table.kind == TableKind::Schema || reserved {
                    let shown = if table.kind == TableKind::Schema { "sqlite_master" } else { &*table.name };
                    return Err(Error::statement(format!("table {shown} may not be altered")));
                }
                return Ok(Altered { store, table: table.clone() });
            }
            if let Some(view) = self.schema(store).view(name) {
                return Err(Error::statement(match &alter.action {
                    AlterAction::RenameTable(_) => format!("view {} may not be altered", view.name),
                    AlterAction::AddColumn { .. } => "Cannot add a column to a view".to_string(),
                    AlterAction::DropColumn(_) => format!("cannot drop column from view \"{}\"", view.name),
                    AlterAction::RenameColumn { .. } => {
                        format!("cannot rename columns of view \"{}\"", view.name)
                    }
                    AlterAction::SetNotNull { .. }
                    | AlterAction::DropNotNull(_)
                    | AlterAction::AddCheck { .. }
                    | AlterAction::DropConstraint(_) => {
                        format!("cannot edit constraints of view \"{}\"", view.name)
                    }
                }));
            }
        }
        let shown = schema.map_or_else(|| name.to_string(), |schema| format!("{schema}.{name}"));
        Err(Error::statement(format!("no such table: {shown}")))
    }

    fn rename_table(&mut self, altered: &Altered, to: &ast::Name) -> Result<()> {
        let (store, old) = (altered.store, &altered.table);
        let new = &*to.text;
        let schema = self.schema(store);
        let taken = schema.table(new).is_some_and(|table| !Arc::ptr_eq(table, old))
            || schema.view(new).is_some()
            || schema.index(new).is_some()
            || new.eq_ignore_ascii_case(&old.name);
        if taken {
            return Err(Error::statement(format!(
                "there is already another table or index with this name: {new}"
            )));
        }
        if new.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")) {
            return Err(Error::statement(format!("object name reserved for internal use: {new}")));
        }
        let legacy = self.catalog.settings.legacy_alter_table;
        self.test_schema(altered, "", Names::Lenient)?;
        for stored in self.stored_statements(store)? {
            let spans = self.mentions_of_name(altered, &stored, legacy)?;
            let sql = stored.row.sql.clone().unwrap_or_else(|| "".into());
            let edits = spans.into_iter().map(|span| rename_quoted(&sql, span, new)).collect();
            let mut row = stored.row;
            if stored.store == store || self.is_trigger_of(altered, &stored.statement) {
                rename_row(&mut row, &old.name, new);
            }
            row.sql = row.sql.is_some().then(|| edited(&sql, edits).into());
            put_schema_row(&mut self.writers, stored.store, &row)?;
        }
        self.rename_automatic_indexes(store, &old.name, new)?;
        self.rename_sequence(store, &old.name, new)?;
        self.renew(store)?;
        let renamed = Altered { store, table: Arc::new(renamed(old, new)) };
        self.test_schema(&renamed, " after rename", Names::Lenient)
    }

    /// The statements that may name a table of a store: those of the store itself, and temporary ones.
    pub(super) fn stored_statements(&self, store: Store) -> Result<Vec<Stored>> {
        let mut all = Vec::new();
        let stores: &[Store] = match store {
            Store::Main => &[Store::Main, Store::Temp],
            Store::Temp => &[Store::Temp],
        };
        for &store in stores {
            for row in schema_rows(self.writers.stores(), store)? {
                let Some(sql) = &row.sql else { continue };
                if let Some(parsed) = crate::parse::parse_next(sql, 0, self.catalog.limits)? {
                    all.push(Stored { store, row, statement: parsed.statement });
                }
            }
        }
        Ok(all)
    }

    /// Where a stored statement names the table itself.
    fn mentions_of_name(&self, altered: &Altered, stored: &Stored, legacy: bool) -> Result<Vec<Span>> {
        let old = &*altered.table.name;
        let mut spans = Vec::new();
        match &stored.statement {
            Statement::CreateTable(create) if stored.store == altered.store => {
                let is_own = create.name.name.is(old);
                if is_own {
                    spans.push(create.name.name.span);
                }
                if let TableBody::Columns(definition) = &create.body {
                    let references = !legacy || self.catalog.settings.foreign_keys;
                    let mut own = Vec::new();
                    let mut foreign = Vec::new();
                    mentions_of_table(definition, &mut |mention| own.push(mention), &mut |reference| {
                        if references && reference.table.is(old) {
                            foreign.push(reference.table.span);
                        }
                    });
                    spans.extend(foreign);
                    let own = own.into_iter().filter_map(|mention| named(mention, old, is_own && !legacy));
                    spans.extend(own);
                }
            }
            Statement::CreateIndex(create) if stored.store == altered.store && create.table.is(old) => {
                if legacy {
                    spans.push(create.table.span);
                } else {
                    mentions_of_index(create, &mut |mention| spans.extend(named(mention, old, true)));
                }
            }
            Statement::CreateTrigger(create) if legacy => {
                if self.is_trigger_of(altered, &stored.statement) {
                    spans.push(create.table.name.span);
                }
            }
            Statement::CreateView(_) if legacy => {}
            _ => spans.extend(self.mentions(altered, stored)?.map(|found| found.tables).unwrap_or_default()),
        }
        Ok(spans)
    }

    /// Where a view or trigger names a table and its columns.
    pub(super) fn mentions(&self, altered: &Altered, stored: &Stored) -> Result<Option<Mentions>> {
        let mut binder = Binder::new(self.catalog).looking_for(&altered.table);
        let (kind, result) = match self.object(self.schema(stored.store), stored) {
            Some(Object::View(view)) => ("view", binder.definition_of_view(stored.store, &view)),
            Some(Object::Trigger(trigger)) => ("trigger", binder.trigger(stored.store, &trigger)),
            None => return Ok(None),
        };
        result.map_err(|error| unusable(kind, &stored.row.name, "", &error))?;
        Ok(binder.mentions())
    }

    fn object(&self, schema: &Schema, stored: &Stored) -> Option<Object> {
        match &stored.statement {
            Statement::CreateView(_) => schema.view(&stored.row.name).cloned().map(Object::View),
            Statement::CreateTrigger(_) => schema.trigger(&stored.row.name).cloned().map(Object::Trigger),
            _ => None,
        }
    }

    /// Whether a statement makes a trigger of the table.
    fn is_trigger_of(&self, altered: &Altered, statement: &Statement) -> bool {
        let Statement::CreateTrigger(create) = statement else { return false };
        let of_store = match &create.table.schema {
            Some(schema) => schema.is(altered.store.name()),
            None => {
                let name = &create.table.name.text;
                altered.store == Store::Temp || self.schema(Store::Temp).table(name).is_none()
            }
        };
        of_store && create.table.name.is(&altered.table.name)
    }

    fn rename_automatic_indexes(&mut self, store: Store, old: &str, new: &str) -> Result<()> {
        for mut row in schema_rows(self.writers.stores(), store)? {
            if row.sql.is_none() && row.table.eq_ignore_ascii_case(old) {
                rename_row(&mut row, old, new);
                put_schema_row(&mut self.writers, store, &row)?;
            }
        }
        Ok(())
    }

    /// Lets the row of `sqlite_sequence` follow.
    fn rename_sequence(&mut self, store: Store, old: &str, new: &str) -> Result<()> {
        for (rowid, value) in sequence_rows(self.writers.stores(), store, old)? {
            put_sequence_row(&mut self.writers, store, Some(rowid), new, value.as_ref())?;
        }
        Ok(())
    }

    /// The schemas as they are written now.
    pub(super) fn written_schemas(&self) -> Result<(Schema, Schema)> {
        let collation = |name: &str| self.catalog.collation(name);
        let stores = self.writers.stores();
        Ok((load_schema(stores, Store::Main, &collation)?, load_schema(stores, Store::Temp, &collation)?))
    }

    /// Binds the altered table, its indexes, and every view and trigger: none may be left that cannot be used.
    pub(super) fn test_schema(&self, altered: &Altered, when: &str, names: Names) -> Result<()> {
        let of_table = |error: &Error| unusable("table", &altered.table.name, when, error);
        let (main, temp) = self.written_schemas().map_err(|error| of_table(&error))?;
        let catalog = Catalog { main: &main, temp: &temp, ..self.catalog };
        let binder = || match names {
            Names::Strict => Binder::new(catalog).strict_names().only_looking(),
            Names::Lenient => Binder::new(catalog).only_looking(),
        };
        let schema = catalog.schema(altered.store);
        if let Some(table) = schema.table(&altered.table.name) {
            let bare = Arc::new(with_indexes(table, Vec::new(), Checks::All));
            binder().target(altered.store, &bare).map_err(|error| of_table(&error))?;
            for index in &table.indexes {
                let alone = Arc::new(with_indexes(table, vec![index.clone()], Checks::None));
                binder()
                    .strict_names()
                    .target(altered.store, &alone)
                    .map_err(|error| unusable("index", &index.name, when, &error))?;
            }
        }
        let stores: &[Store] = match altered.store {
            _ if self.catalog.settings.legacy_alter_table => &[],
            Store::Main => &[Store::Main, Store::Temp],
            Store::Temp => &[Store::Temp],
        };
        for &store in stores {
            for view in catalog.schema(store).views() {
                binder()
                    .definition_of_view(store, view)
                    .map_err(|error| unusable("view", &view.name, when, &error))?;
            }
            let mut triggers: Vec<_> = catalog.schema(store).triggers().collect();
            triggers.sort_by_key(|trigger| trigger.number);
            for trigger in triggers {
                binder()
                    .trigger(store, trigger)
                    .map_err(|error| unusable("trigger", &trigger.name, when, &error))?;
            }
        }
        Ok(())
    }
}

/// Something whose statement contains others.
enum Object {
    View(Arc<View>),
    Trigger(Arc<Trigger>),
}

/// Something whose name the schema is asked for: a table under its new name.
fn renamed(table: &Table, name: &str) -> Table {
    Table { name: name.into(), ..with_indexes(table, Vec::new(), Checks::None) }
}

/// Whether a word in double quotes that is no column is a text.
#[derive(Clone, Copy)]
pub(super) enum Names {
    Strict,
    Lenient,
}

/// The error of something in the schema that cannot be used. What the engine fails to do is no mistake in the schema.
pub(super) fn unusable(kind: &str, name: &str, when: &str, error: &Error) -> Error {
    match error {
        Error::Engine(_) | Error::Malformed | Error::Interrupted => error.clone(),
        _ => Error::statement(format!("error in {kind} {name}{when}: {error}")),
    }
}

/// The place of a mention that is the name of the table.
fn named(mention: Mention<'_>, old: &str, own: bool) -> Option<Span> {
    match mention {
        Mention::Table(name) if own && name.is(old) => Some(name.span),
        _ => None,
    }
}

/// Puts the new name of a table into a row of the schema that belongs to it.
fn rename_row(row: &mut SchemaRow, old: &str, new: &str) {
    if !row.table.eq_ignore_ascii_case(old) || &*row.kind == "view" {
        return;
    }
    row.table = new.into();
    if &*row.kind == "table" {
        row.name = new.into();
    }
    if let Some(number) = row.name.strip_prefix(&format!("sqlite_autoindex_{old}_")) {
        row.name = format!("sqlite_autoindex_{new}_{number}").into();
    }
}

/// The edits that make texts of words in double quotes that are texts.
pub(super) fn texts_quoted(sql: &str, mentions: &Mentions) -> Vec<Edit> {
    let unquoted = |span: &Span| {
        let word = &sql[span.range()];
        let inner = word.get(1..word.len().saturating_sub(1)).unwrap_or_default().replace("\"\"", "\"");
        format!("'{}'", inner.replace('\'', "''"))
    };
    mentions.texts.iter().map(|span| Edit { span: *span, text: unquoted(span) }).collect()
}

/// The name as an error shows it.
pub(super) fn shown(name: &ast::Name) -> String {
    quoted(&name.text)
}
