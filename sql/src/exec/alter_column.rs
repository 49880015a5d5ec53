//! `ALTER TABLE .. RENAME COLUMN`, `ADD COLUMN` and `DROP COLUMN`.

use std::sync::Arc;

use super::alter::{Altered, Names, Stored, shown, texts_quoted};
use super::ddl::Definer;
use super::edit::{Edit, Mention, edited, mentions_of_index, mentions_of_table, rename};
use super::image::Image;
use super::write::Writing;
use crate::ast::{self, ColumnConstraintKind, ColumnDefinition, Span, Statement, TableBody, TableDefinition};
use crate::bind::Binder;
use crate::error::{Error, Result};
use crate::plan::{TablePlan, plan_target};
use crate::schema::{Schema, Store, Table, constant};
use crate::store::{SchemaRow, Writers, put_schema_row, renew_identity};

/// How many rows are written anew at a time.
const ROWS_AT_A_TIME: usize = 1_000;

impl Definer<'_, '_, '_> {
    /// `RENAME COLUMN`
    pub(super) fn rename_column(
        &mut self,
        altered: &Altered,
        from: &ast::Name,
        to: &ast::Name,
    ) -> Result<()> {
        let Some(place) = altered.table.column(&from.text) else {
            return Err(Error::statement(format!("no such column: {}", shown(from))));
        };
        self.test_schema(altered, "", Names::Lenient)?;
        for stored in self.stored_statements(altered.store)? {
            let sql = stored.row.sql.clone().unwrap_or_else(|| "".into());
            let (spans, mut edits) = self.mentions_of_column(altered, &stored, place)?;
            edits.extend(spans.into_iter().map(|span| rename(&sql, span, to)));
            let mut row = stored.row;
            row.sql = Some(edited(&sql, edits).into());
            put_schema_row(&mut self.writers, stored.store, &row)?;
        }
        self.renew(altered.store)?;
        self.test_schema(altered, " after rename", Names::Strict)
    }

    /// Whatever was made for the schema of a store, or for temporary objects that name its own, is out of date.
    pub(super) fn renew(&mut self, store: Store) -> Result<()> {
        renew_identity(&mut self.writers, store)?;
        if store == Store::Main && self.writers.temp.is_some() {
            renew_identity(&mut self.writers, Store::Temp)?;
        }
        Ok(())
    }

    /// Where a stored statement names a column, and what else is to be changed in it.
    fn mentions_of_column(
        &self,
        altered: &Altered,
        stored: &Stored,
        place: usize,
    ) -> Result<(Vec<Span>, Vec<Edit>)> {
        let table = &altered.table;
        let column = &*table.columns[place].name;
        let mut spans = Vec::new();
        let mut add = |mention: Mention<'_>| {
            if let Mention::Column(name, span) = mention
                && name.eq_ignore_ascii_case(column)
            {
                spans.push(span);
            }
        };
        match &stored.statement {
            Statement::CreateTable(create) if stored.store == altered.store => {
                let TableBody::Columns(definition) = &create.body else { return Ok((spans, Vec::new())) };
                let is_own = create.name.name.is(&table.name);
                let mut foreign = Vec::new();
                mentions_of_table(
                    definition,
                    &mut |mention| {
                        if is_own {
                            add(mention);
                        }
                    },
                    &mut |reference| {
                        if reference.table.is(&table.name) {
                            let named = reference.columns.iter().filter(|name| name.is(column));
                            foreign.extend(named.map(|name| name.span));
                        }
                    },
                );
                spans.extend(foreign);
            }
            Statement::CreateIndex(create)
                if stored.store == altered.store && create.table.is(&table.name) =>
            {
                mentions_of_index(create, &mut add);
            }
            _ => {
                let Some(mentions) = self.mentions(altered, stored)? else { return Ok((spans, Vec::new())) };
                let sql = stored.row.sql.as_deref().unwrap_or_default();
                let edits = texts_quoted(sql, &mentions);
                let named = mentions.columns.into_iter().filter(|(_, of)| *of == place);
                return Ok((named.map(|(span, _)| span).collect(), edits));
            }
        }
        Ok((spans, Vec::new()))
    }

    /// The stored statement of the table, and its definition.
    pub(super) fn definition(&self, altered: &Altered) -> Result<(Stored, TableDefinition)> {
        let own = |stored: &Stored| {
            stored.store == altered.store
                && matches!(&stored.statement, Statement::CreateTable(create)
                    if create.name.name.is(&altered.table.name))
        };
        let found = self.stored_statements(altered.store)?.into_iter().find(own);
        let stored = found.ok_or(Error::Malformed)?;
        let Statement::CreateTable(create) = &stored.statement else { return Err(Error::Malformed) };
        let TableBody::Columns(definition) = create.body.clone() else { return Err(Error::Malformed) };
        Ok((stored, definition))
    }

    /// `ADD COLUMN`: no row is written; records too short to have the column mean its default.
    pub(super) fn add_column(
        &mut self,
        altered: &Altered,
        column: &ColumnDefinition,
        text: &str,
    ) -> Result<()> {
        let table = &altered.table;
        let is_empty = self.writers.stores().len(altered.store, table.tree)? == 0;
        refuse_new_column(table, column, is_empty, self.catalog.settings.foreign_keys)?;
        let (stored, definition) = self.definition(altered)?;
        let sql = stored.row.sql.clone().unwrap_or_else(|| "".into());
        let last = definition.columns.last().map_or(0, |column| column.span.range().end);
        let at = last + blanks(&sql[last..]);
        let mut row = stored.row;
        row.sql = Some(format!("{}, {text}{}", &sql[..at], &sql[at..]).into());
        self.put_definition(altered, &row)?;
        let (main, temp, new) = self.written_table(altered)?;
        if new.columns.len() > self.catalog.limits.columns {
            // SQLite tries the column on a table of this name.
            return Err(Error::statement(format!("too many columns on sqlite_altertab_{}", table.name)));
        }
        let catalog = crate::bind::Catalog { main: &main, temp: &temp, ..self.catalog };
        let target = Binder::new(catalog).strict_names().target(altered.store, &new)?;
        let checks = column.constraints.iter().any(|constraint| {
            matches!(
                constraint.kind,
                ColumnConstraintKind::Check(_)
                    | ColumnConstraintKind::NotNull(_)
                    | ColumnConstraintKind::Generated { .. }
            )
        });
        if is_empty || !(checks || new.strict) {
            return Ok(());
        }
        let (target, plan) = plan_target(self.writers.stores(), &target)?;
        self.each_row(&target, |writing, _, image| writing.test_new_column(&plan, &target, &image))
    }

    /// Puts the new statement of a table in place of the old one.
    pub(super) fn put_definition(&mut self, altered: &Altered, row: &SchemaRow) -> Result<()> {
        put_schema_row(&mut self.writers, altered.store, row)?;
        self.renew(altered.store)
    }

    /// The schemas as they are written now, and the altered table in them.
    pub(super) fn written_table(&self, altered: &Altered) -> Result<(Schema, Schema, Arc<Table>)> {
        let (main, temp) = self.written_schemas()?;
        let schema = if altered.store == Store::Main { &main } else { &temp };
        let table = schema.table(&altered.table.name).cloned().ok_or(Error::Malformed)?;
        Ok((main, temp, table))
    }

    /// Hands all rows of a table to `visit` with their keys. It may write them anew.
    pub(super) fn each_row(
        &mut self,
        target: &TablePlan,
        mut visit: impl FnMut(&mut Writing<'_, '_>, &[u8], Image) -> Result<()>,
    ) -> Result<()> {
        let writers = Writers { main: &mut *self.writers.main, temp: self.writers.temp.as_deref_mut() };
        let mut writing = Writing::new(writers, self.given);
        let mut from = Some(Vec::new());
        while let Some(start) = from {
            let (rows, next) = writing.rows_from(target, &start, ROWS_AT_A_TIME)?;
            for (key, image) in rows {
                visit(&mut writing, &key, image)?;
            }
            from = next;
        }
        Ok(())
    }

    /// `DROP COLUMN`
    pub(super) fn drop_column(&mut self, altered: &Altered, name: &ast::Name) -> Result<()> {
        let table = &altered.table;
        let Some(place) = table.column(&name.text) else {
            return Err(Error::statement(format!("no such column: {}", shown(name))));
        };
        let is_unique = |column: &ColumnDefinition| {
            let mut constraints = column.constraints.iter();
            constraints.any(|constraint| matches!(constraint.kind, ColumnConstraintKind::Unique(_)))
        };
        let kind = if table.columns[place].primary_key > 0 {
            Some("PRIMARY KEY")
        } else {
            let (_, definition) = self.definition(altered)?;
            definition.columns.get(place).is_some_and(is_unique).then_some("UNIQUE")
        };
        if let Some(kind) = kind {
            return Err(Error::statement(format!("cannot drop {kind} column: {}", shown(name))));
        }
        if table.columns.len() == 1 {
            return Err(Error::statement(format!(
                "cannot drop column {}: no other columns exist",
                shown(name)
            )));
        }
        self.test_schema(altered, "", Names::Lenient)?;
        self.quote_texts(altered)?;
        let (stored, definition) = self.definition(altered)?;
        let sql = stored.row.sql.clone().unwrap_or_else(|| "".into());
        let mut row = stored.row;
        row.sql = Some(without_column(&sql, &definition, place).into());
        self.put_definition(altered, &row)?;
        self.test_schema(altered, " after drop column", Names::Strict)?;
        self.remove_values(altered, place)
    }

    /// Makes texts of the words in double quotes in views and triggers that are texts.
    fn quote_texts(&mut self, altered: &Altered) -> Result<()> {
        for stored in self.stored_statements(altered.store)? {
            let Some(mentions) = self.mentions(altered, &stored)? else { continue };
            if mentions.texts.is_empty() {
                continue;
            }
            let sql = stored.row.sql.clone().unwrap_or_else(|| "".into());
            let mut row = stored.row;
            row.sql = Some(edited(&sql, texts_quoted(&sql, &mentions)).into());
            put_schema_row(&mut self.writers, stored.store, &row)?;
        }
        Ok(())
    }

    /// Writes all rows without the value of a column.
    fn remove_values(&mut self, altered: &Altered, place: usize) -> Result<()> {
        let (_, _, new) = self.written_table(altered)?;
        let target = Binder::new(self.catalog).target(altered.store, &altered.table)?;
        let (target, _) = plan_target(self.writers.stores(), &target)?;
        self.each_row(&target, |writing, key, image| {
            let mut columns = image.columns(&target.table);
            columns.remove(place);
            let image = Image::new(&new, &columns, image.rowid)?;
            writing.writers.put(altered.store, new.tree, key, image.record())
        })
    }
}

/// Refuses columns that cannot be added, some of them only to a table that has rows.
fn refuse_new_column(
    table: &Table,
    column: &ColumnDefinition,
    is_empty: bool,
    foreign_keys: bool,
) -> Result<()> {
    let refuse = |message: &str| Err(Error::statement(message));
    let has = |wanted: fn(&ColumnConstraintKind) -> bool| {
        column.constraints.iter().any(|constraint| wanted(&constraint.kind))
    };
    if has(|kind| matches!(kind, ColumnConstraintKind::PrimaryKey { .. })) {
        return refuse("Cannot add a PRIMARY KEY column");
    }
    if has(|kind| matches!(kind, ColumnConstraintKind::Unique(_))) {
        return refuse("Cannot add a UNIQUE column");
    }
    if table.column(&column.name.text).is_some() {
        return Err(Error::statement(format!("duplicate column name: {}", column.name.text)));
    }
    let mut default = None;
    let mut generated = None;
    for constraint in &column.constraints {
        match &constraint.kind {
            ColumnConstraintKind::Default(value) => default = Some(constant(&value.expr)),
            ColumnConstraintKind::Generated { storage, .. } => {
                generated = Some(storage.as_ref().is_some_and(|word| word.is("stored")));
            }
            _ => {}
        }
    }
    if is_empty {
        return Ok(());
    }
    match generated {
        Some(true) => return refuse("cannot add a STORED column"),
        Some(false) => return Ok(()),
        None => {}
    }
    let is_null = default.as_ref().is_none_or(|value| value.as_ref().is_some_and(|value| value.is_null()));
    if foreign_keys && !is_null && has(|kind| matches!(kind, ColumnConstraintKind::References(_))) {
        return refuse("Cannot add a REFERENCES column with non-NULL default value");
    }
    if is_null && has(|kind| matches!(kind, ColumnConstraintKind::NotNull(_))) {
        return refuse("Cannot add a NOT NULL column with default value NULL");
    }
    if default == Some(None) {
        return refuse("Cannot add a column with non-constant default");
    }
    Ok(())
}

/// How many bytes of blanks and comments a text starts with.
pub(super) fn blanks(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']).len();
        let rest = &text[at..];
        if rest.starts_with("--") {
            at += rest.find('\n').map_or(rest.len(), |end| end + 1);
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else {
            return at;
        }
    }
}

/// The statement of a table without a column: up to where the next one starts, or from the comma before the last.
fn without_column(sql: &str, definition: &TableDefinition, place: usize) -> String {
    let column = &definition.columns[place];
    if let Some(next) = definition.columns.get(place + 1) {
        return format!("{}{}", &sql[..column.span.range().start], &sql[next.span.range().start..]);
    }
    let end = column.span.range().end;
    let end = end + blanks(&sql[end..]);
    let start = sql[..column.span.range().start].rfind(',').unwrap_or(0);
    format!("{}{}", &sql[..start], &sql[end..])
}
