//! `ALTER TABLE .. ALTER COLUMN`, `ADD CONSTRAINT` and `DROP CONSTRAINT`.
//!
//! Only the text of the table changes. What is added must hold for the rows that are there.

use std::ops::Range;
use std::sync::Arc;

use super::alter::Altered;
use super::alter_column::blanks;
use super::ddl::Definer;
use super::edit::{Edit, edited};
use super::image::Image;
use super::write::Writing;
use crate::ast::{ColumnConstraint, ColumnConstraintKind, Name, Span, TableConstraintKind, TableDefinition};
use crate::bind::{Binder, Catalog, Settings};
use crate::error::{ConstraintKind, Error, Result};
use crate::plan::{RowPlan, TablePlan, plan_target};
use crate::schema::Table;

impl Definer<'_, '_, '_> {
    /// `ALTER COLUMN .. SET NOT NULL`; `text` is the constraint as it was written.
    pub(super) fn set_not_null(&mut self, altered: &Altered, name: &Name, text: &str) -> Result<()> {
        let place = column_of(&altered.table, name)?;
        self.edit_definition(altered, |sql, definition| {
            let column = &definition.columns[place];
            let end = column.span.range().end;
            let mut edits: Vec<Edit> = not_null(sql, &column.constraints).into_iter().collect();
            edits.push(insertion(end + blanks(&sql[end..]), format!(" {text}"))?);
            Ok(edits)
        })?;
        self.test_rows(altered, |writing, plan, target, image| {
            Ok(!writing.value(plan, target, image, place)?.is_null())
        })
    }

    /// `ALTER COLUMN .. DROP NOT NULL`; nothing happens to a column that may be NULL already.
    pub(super) fn drop_not_null(&mut self, altered: &Altered, name: &Name) -> Result<()> {
        let place = column_of(&altered.table, name)?;
        self.edit_definition(altered, |sql, definition| {
            Ok(not_null(sql, &definition.columns[place].constraints).into_iter().collect())
        })
    }

    /// `ADD [CONSTRAINT name] CHECK (..)`; `text` is the whole of it as it was written.
    pub(super) fn add_check(&mut self, altered: &Altered, name: Option<&Name>, text: &str) -> Result<()> {
        self.edit_definition(altered, |sql, definition| {
            if let Some(name) = name
                && names(definition).any(|known| known.is(&name.text))
            {
                return Err(Error::statement(format!("constraint {} already exists", name.text)));
            }
            let columns = definition.columns.iter().map(|column| column.span);
            let spans = columns.chain(definition.constraints.iter().map(|constraint| constraint.span));
            let end = spans.map(|span| span.range().end).max().unwrap_or(0);
            Ok(vec![insertion(end + blanks(&sql[end..]), format!(", {text}"))?])
        })?;
        self.test_rows(altered, |writing, plan, target, image| {
            let Some(check) = target.checks.last() else { return Ok(true) };
            writing.with_rows(plan, [(target.row, image.row())], |env| {
                Ok(check.eval(env).to_bool() != Some(false))
            })
        })
    }

    /// `DROP CONSTRAINT name`
    pub(super) fn drop_constraint(&mut self, altered: &Altered, name: &Name) -> Result<()> {
        self.edit_definition(altered, |sql, definition| match place_of(sql, definition, name) {
            Some(Droppable::All(range)) => Ok(vec![removal(sql, range)?]),
            Some(Droppable::No) => {
                Err(Error::statement(format!("constraint may not be dropped: {}", name.text)))
            }
            None => Err(Error::statement(format!("no such constraint: {}", name.text))),
        })
    }

    /// Changes the stored text of the table.
    fn edit_definition(
        &mut self,
        altered: &Altered,
        edit: impl FnOnce(&str, &TableDefinition) -> Result<Vec<Edit>>,
    ) -> Result<()> {
        let (mut stored, definition) = self.definition(altered)?;
        let sql = stored.row.sql.take().ok_or(Error::Malformed)?;
        stored.row.sql = Some(edited(&sql, edit(&sql, &definition)?).into());
        self.put_definition(altered, &stored.row)
    }

    /// Whether what was added holds for all rows.
    fn test_rows(
        &mut self,
        altered: &Altered,
        holds: impl Fn(&Writing<'_, '_>, &RowPlan, &TablePlan, &Image) -> Result<bool>,
    ) -> Result<()> {
        let (main, temp, table) = self.written_table(altered)?;
        // It is looked at in any case, also where constraints are not enforced.
        let settings = Settings { ignore_checks: false, ..self.catalog.settings };
        let catalog = Catalog { main: &main, temp: &temp, settings, ..self.catalog };
        let target = Binder::new(catalog).target(altered.store, &table)?;
        let (target, plan) = plan_target(self.writers.stores(), &target)?;
        self.each_row(&target, |writing, _, image| match holds(writing, &plan, &target, &image)? {
            true => Ok(()),
            false => Err(Error::Constraint {
                kind: ConstraintKind::Added,
                message: "constraint failed".to_string(),
            }),
        })
    }
}

/// What `DROP CONSTRAINT` found under a name.
enum Droppable {
    /// A constraint that goes with this part of the text.
    All(Range<usize>),
    /// One that the table cannot be without.
    No,
}

fn column_of(table: &Arc<Table>, name: &Name) -> Result<usize> {
    let place = table.column(&name.text);
    place.ok_or_else(|| Error::statement(format!("no such column: {}", name.text)))
}

/// The names that constraints have.
fn names(definition: &TableDefinition) -> impl Iterator<Item = &Name> {
    let of_columns = definition.columns.iter().flat_map(|column| &column.constraints);
    let of_columns = of_columns.filter_map(|constraint| constraint.name.as_ref());
    of_columns.chain(definition.constraints.iter().filter_map(|constraint| constraint.name.as_ref()))
}

/// What takes `NOT NULL` from a column.
fn not_null(sql: &str, constraints: &[ColumnConstraint]) -> Option<Edit> {
    let is_meant = |one: &&ColumnConstraint| matches!(one.kind, ColumnConstraintKind::NotNull(_));
    let found = constraints.iter().find(is_meant)?;
    removal(sql, with_name(sql, found.name.as_ref(), found.span)).ok()
}

/// The constraint of a name; the first if several come after it.
fn place_of(sql: &str, definition: &TableDefinition, name: &Name) -> Option<Droppable> {
    let is_named = |known: &Option<Name>| known.as_ref().is_some_and(|known| known.is(&name.text));
    let mut of_columns = definition.columns.iter().flat_map(|column| &column.constraints);
    if let Some(found) = of_columns.find(|one| is_named(&one.name)) {
        let whole = with_name(sql, found.name.as_ref(), found.span);
        return Some(match &found.kind {
            ColumnConstraintKind::NotNull(_)
            | ColumnConstraintKind::Check(_)
            | ColumnConstraintKind::References(_) => Droppable::All(whole),
            ColumnConstraintKind::PrimaryKey { .. }
            | ColumnConstraintKind::Unique(_)
            | ColumnConstraintKind::Null => Droppable::No,
            // These are no constraints: only the name goes.
            ColumnConstraintKind::Default(_)
            | ColumnConstraintKind::Collate(_)
            | ColumnConstraintKind::Deferrable(_)
            | ColumnConstraintKind::Generated { .. } => {
                let end = found.name.as_ref().map_or(whole.start, |name| name.span.range().end);
                Droppable::All(whole.start..end)
            }
        });
    }
    let found = definition.constraints.iter().find(|one| is_named(&one.name))?;
    Some(match &found.kind {
        TableConstraintKind::Check(_) | TableConstraintKind::ForeignKey { .. } => {
            Droppable::All(with_name(sql, found.name.as_ref(), found.span))
        }
        TableConstraintKind::PrimaryKey { .. } | TableConstraintKind::Unique { .. } => Droppable::No,
    })
}

/// The place of a constraint, from `CONSTRAINT` on if a name stands right before it.
fn with_name(sql: &str, name: Option<&Name>, span: Span) -> Range<usize> {
    let mut range = span.range();
    if let Some(name) = name
        && let Range { start, end } = name.span.range()
        && end + blanks(&sql[end..]) == range.start
        && let Some(word) = sql[..start].to_ascii_lowercase().rfind("constraint")
    {
        range.start = word;
    }
    range
}

/// What takes a constraint out of a text, with the comma before it if nothing else follows that.
fn removal(sql: &str, range: Range<usize>) -> Result<Edit> {
    let end = range.end + blanks(&sql[range.end..]);
    let before = sql[..range.start].trim_ascii_end();
    let is_last = sql[end..].starts_with([',', ')']);
    let start = if is_last { before.strip_suffix(',').unwrap_or(before) } else { before }.len();
    Ok(Edit { span: span(start..end)?, text: if is_last { String::new() } else { " ".to_string() } })
}

fn insertion(at: usize, text: String) -> Result<Edit> {
    Ok(Edit { span: span(at..at)?, text })
}

fn span(range: Range<usize>) -> Result<Span> {
    let place = |at: usize| u32::try_from(at).map_err(|_| Error::TooBig("string or blob too big"));
    Ok(Span { start: place(range.start)?, end: place(range.end)? })
}
