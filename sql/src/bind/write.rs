//! `INSERT`, `UPDATE` and `DELETE`.

use std::sync::Arc;

use super::binder::{Binder, Found};
use super::scope::{Scope, ScopeTable};
use super::select::row_values;
use super::trigger::RowEvent;
use crate::ast::{self, ConflictAction, InsertSource, SelectBody, UpsertAction};
use crate::authorizer::{AuthAction, Permission};
use crate::bound::{
    Body, Column, Consequences, Delete, Expr, From, IndexWrite, Insert, InsertRows, Place, Returning,
    Settings, Slot, Source, Target, Update, Upsert, UpsertTarget, WithPrograms,
};
use crate::error::{Error, Result};
use crate::schema::{IndexPart, Store, Table, TableKey, TableKind, View, is_pragma_table, refuse_nulls};
use crate::value::{Affinity, Collation, Value};

impl Binder<'_> {
    /// The table that a statement writes to, or what stands for a view.
    fn written(&mut self, name: &ast::QualifiedName) -> Result<Written> {
        let schema = name.schema.as_ref().map(|schema| &*schema.text);
        match self.catalog.find(schema, &name.name.text)? {
            Some(Found::Table(store, table)) => {
                if table.kind == TableKind::Schema {
                    return Err(Error::statement(format!("table {} may not be modified", table.name)));
                }
                if let Some(mentions) = &mut self.mentions {
                    mentions.note_table(table, &name.name);
                }
                Ok(Written { store, table: table.clone(), view: None })
            }
            Some(Found::View(store, view)) => {
                let view = view.clone();
                let table = Arc::new(self.table_of_view(store, &view)?);
                Ok(Written { store, table, view: Some(view) })
            }
            None => {
                let function = name.name.text.to_ascii_lowercase();
                if schema.is_none() && function.strip_prefix("pragma_").is_some_and(is_pragma_table) {
                    return Err(Error::statement(format!("table {function} may not be modified")));
                }
                let shown = match (schema, self.catalog.home) {
                    (Some(schema), _) => format!("{schema}.{}", name.name.text),
                    (None, Some(home)) => format!("{}.{}", home.name(), name.name.text),
                    (None, None) => name.name.text.to_string(),
                };
                Err(Error::statement(format!("no such table: {shown}")))
            }
        }
    }

    /// A table with the columns of a view: what its triggers see rows of.
    pub(super) fn table_of_view(&mut self, store: Store, view: &Arc<View>) -> Result<Table> {
        let (_, named) = self.view(store, view, None)?;
        let columns = named.columns.into_iter().map(|column| crate::schema::Column {
            affinity: crate::expr::affinity_of(&column.expr),
            collation: crate::expr::collation_of(&column.expr).map(|(c, _)| c).unwrap_or_default(),
            name: column.name,
            type_name: column.type_name.unwrap_or_default(),
            not_null: None,
            default: None,
            missing: Value::Null,
            generated: None,
            primary_key: 0,
            hidden: false,
        });
        Ok(Table {
            name: view.name.clone(),
            tree: duramen_engine::TreeId::default(),
            kind: TableKind::View,
            columns: columns.collect(),
            key: TableKey::Primary { columns: Vec::new(), conflict: None, made_after: 0 },
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            strict: false,
            autoincrement: false,
            sql: view.sql.clone(),
        })
    }

    /// What writing rows of a table needs, over a slot of its own.
    pub fn target(&mut self, store: Store, table: &Arc<Table>) -> Result<Target> {
        let slot = self.new_slot();
        let named = self.table_scope(table, slot, table.name.clone(), None)?;
        let mut generated = Vec::new();
        for (place, column) in table.columns.iter().enumerate() {
            let Some(of) = &column.generated else { continue };
            if of.stored {
                let value = self.over_table(&named, crate::func::Place::GeneratedColumn, |binder| {
                    binder.expr(&of.expr)
                })?;
                generated.push((place, value));
            }
        }
        // A generated column may name others: those that name none come first.
        let places: Vec<usize> = generated.iter().map(|(place, _)| *place).collect();
        let mut sorted: Vec<(usize, Expr)> = Vec::new();
        while !generated.is_empty() {
            let ready = generated.iter().position(|(_, expr)| {
                !crate::bound::any(expr, &mut |part| {
                    matches!(part, Expr::Column(Column { place: Place::At(at), .. })
                        if places.contains(at) && !sorted.iter().any(|(done, _)| done == at))
                })
            });
            sorted.push(generated.remove(ready.unwrap_or(0)));
        }
        let is_computed = |place: &usize| {
            table.columns[*place].generated.as_ref().is_some_and(|generated| !generated.stored)
        };
        let computed = (0..table.columns.len())
            .filter(is_computed)
            .map(|place| (place, named.columns[place].expr.clone()))
            .collect();
        let mut defaults = Vec::new();
        for (place, column) in table.columns.iter().enumerate() {
            if column.not_null.is_some() && column.default.is_some() {
                defaults.push((place, self.default_value(column)?));
            }
        }
        let mut checks = Vec::new();
        let enforced = if self.catalog.settings.ignore_checks { &[][..] } else { &table.checks[..] };
        for check in enforced {
            checks
                .push(self.over_table(&named, crate::func::Place::Check, |binder| binder.expr(&check.expr))?);
        }
        let mut indexes = Vec::new();
        for index in &table.indexes {
            let mut columns = Vec::new();
            for column in &index.columns {
                columns.push(match &column.part {
                    IndexPart::Column(place) => named.columns[*place].expr.clone(),
                    IndexPart::Expr(expr) => {
                        self.over_table(&named, crate::func::Place::Index, |binder| binder.expr(expr))?
                    }
                });
            }
            let filter = match &index.filter {
                Some(filter) => Some(self.over_table(&named, crate::func::Place::Index, |binder| {
                    binder.place_name = "partial index WHERE clauses";
                    binder.expr(filter)
                })?),
                None => None,
            };
            indexes.push(IndexWrite { index: index.clone(), columns, filter });
        }
        Ok(Target {
            store,
            table: table.clone(),
            slot,
            generated: sorted,
            computed,
            defaults,
            checks,
            indexes,
        })
    }

    fn returning(&mut self, named: ScopeTable, columns: &[ast::ResultColumn]) -> Result<Returning> {
        if columns.is_empty() {
            return Ok(Returning::default());
        }
        if columns.iter().any(|column| matches!(column, ast::ResultColumn::TableStar(_))) {
            return Err(Error::statement("RETURNING may not use \"TABLE.*\" wildcards"));
        }
        let query = self.new_query();
        let mut scope = Scope::new(query);
        scope.tables.push(named);
        self.scopes.push(scope);
        let columns: Vec<ast::ResultColumn> = columns.iter().map(named_by_source).collect();
        let result = self.result_columns(&columns);
        self.scopes.pop();
        let (values, columns) = result?;
        Ok(Returning { values, columns })
    }

    /// A bound `INSERT`.
    ///
    /// # Errors
    /// If it does not fit its table.
    pub fn insert(&mut self, insert: &ast::Insert) -> Result<WithPrograms<Insert>> {
        let bound = self.insert_rows(insert, insert.conflict)?;
        self.with_programs(bound)
    }

    /// An `INSERT` with this conflict clause, by itself or in a trigger.
    pub(super) fn insert_rows(
        &mut self,
        insert: &ast::Insert,
        conflict: Option<ConflictAction>,
    ) -> Result<Insert> {
        self.with_common(insert.with.as_ref(), |binder| binder.insert_inside(insert, conflict))
    }

    fn insert_inside(&mut self, insert: &ast::Insert, conflict: Option<ConflictAction>) -> Result<Insert> {
        let written = self.written(&insert.target.table)?;
        let (store, table) = (written.store, written.table.clone());
        self.demand(AuthAction::Insert { table_name: &table.name }, Some(store))?;
        let target = self.target(store, &table)?;
        let name = insert.target.alias.as_ref().map_or_else(|| table.name.clone(), |a| a.text.clone());
        let given = self.insert_columns(insert, &table)?;
        let source = self.new_slot();
        let (rows, width) = match &insert.source {
            InsertSource::DefaultValues => (InsertRows::Defaults, 0),
            InsertSource::Select(select) => {
                let select = match &select.body {
                    // Rows that are written out are no query to ask about.
                    SelectBody::Values(rows) if select.compound.is_empty() && select.with.is_none() => {
                        self.values(rows, select)?
                    }
                    _ => self.select(select)?,
                };
                let width = select.columns.len();
                (InsertRows::Select(Box::new(select)), width)
            }
        };
        let defaults = matches!(rows, InsertRows::Defaults);
        if !defaults && width != given.len() && !self.only_looks {
            return Err(Error::statement(if insert.columns.is_empty() {
                format!("table {} has {} columns but {width} values were supplied", table.name, given.len())
            } else {
                format!("{width} values for {} columns", insert.columns.len())
            }));
        }
        let from_source = |place: usize| {
            Expr::Column(Column {
                slot: source,
                place: Place::At(place),
                affinity: Affinity::None,
                collation: Collation::Binary,
                not_null: false,
                has_collation: false,
            })
        };
        // Of a column that is named twice the first value counts, of the rowid the last.
        let mut values = Vec::new();
        for (place, column) in table.columns.iter().enumerate() {
            let given_at = given.iter().position(|of| *of == Given::Column(place));
            values.push(match given_at {
                Some(at) if !defaults => from_source(at),
                // A rowid that is not given is chosen, whatever default its column has.
                _ if table.rowid_alias() == Some(place) => Expr::Literal(Value::Null),
                _ => self.default_value(column)?,
            });
        }
        let rowid = match given.iter().rposition(|of| *of == Given::Rowid) {
            Some(at) if !defaults => Some(from_source(at)),
            _ => {
                let is_named = |alias: &usize| !defaults && given.contains(&Given::Column(*alias));
                table.rowid_alias().filter(is_named).map(|alias| values[alias].clone())
            }
        };
        let single = match &rows {
            InsertRows::Defaults => true,
            InsertRows::Select(select) => matches!(&select.body, Body::Values(rows) if rows.len() == 1),
        };
        let follows = self.consequences(store, &table, RowEvent::Insert { single }, conflict)?;
        written.can_be_written(&follows)?;
        if written.view.is_some() && !insert.upserts.is_empty() {
            return Err(Error::statement("cannot UPSERT a view"));
        }
        let replaced = self.consequences_of_replacing(store, &table, conflict)?;
        let upserts = self.upserts(&insert.upserts, store, &table, &name, &target)?;
        let named = self.table_scope(&table, target.slot, table.name.clone(), Some(store.name()))?;
        let returning = self.returning(named, &insert.returning)?;
        Ok(Insert { target, conflict, rows, values, rowid, source, upserts, follows, replaced, returning })
    }

    pub(super) fn default_value(&mut self, column: &crate::schema::Column) -> Result<Expr> {
        match &column.default {
            Some((default, _)) => {
                let default = default.clone();
                let bind = |binder: &mut Self| match &default.kind {
                    // A bare word is a text.
                    ast::ExprKind::Column(name)
                        if name.table.is_none()
                            && !name.column.is_word("true")
                            && !name.column.is_word("false") =>
                    {
                        Ok(Expr::Literal(Value::from(&*name.column.text)))
                    }
                    _ => binder.expr(&default),
                };
                self.of_definition(|binder| binder.alone(Vec::new(), bind))
            }
            None => Ok(Expr::Literal(Value::Null)),
        }
    }

    /// Takes note of the name of a column where a statement says what it writes.
    fn mention_column(&mut self, table: &Table, name: &ast::Name) {
        if let (Some(mentions), Some(place)) = (&mut self.mentions, table.column(&name.text)) {
            mentions.note_column(table, place, name);
        }
    }

    /// What the values of an `INSERT` go into, in order.
    fn insert_columns(&mut self, insert: &ast::Insert, table: &Table) -> Result<Vec<Given>> {
        if insert.columns.is_empty() {
            return Ok((0..table.columns.len())
                .filter(|place| table.columns[*place].generated.is_none() && !table.columns[*place].hidden)
                .map(Given::Column)
                .collect());
        }
        let mut given = Vec::new();
        for name in &insert.columns {
            self.mention_column(table, name);
            given.push(match table.column(&name.text) {
                Some(place) if table.columns[place].generated.is_some() => {
                    return Err(Error::statement(format!(
                        "cannot INSERT into generated column \"{}\"",
                        table.columns[place].name
                    )));
                }
                Some(place) => Given::Column(place),
                None if table.is_rowid(&name.text) => Given::Rowid,
                None => {
                    return Err(Error::statement(format!(
                        "table {} has no column named {}",
                        table.name, name.text
                    )));
                }
            });
        }
        Ok(given)
    }

    fn upserts(
        &mut self,
        upserts: &[ast::Upsert],
        store: Store,
        table: &Arc<Table>,
        name: &str,
        target: &Target,
    ) -> Result<Vec<Upsert>> {
        let mut bound = Vec::new();
        for upsert in upserts {
            let existing = self.new_slot();
            let excluded = self.new_slot();
            let unique = match &upsert.target {
                None => UpsertTarget::Any,
                Some(wanted) => self.upsert_target(wanted, table, target)?,
            };
            let update = match &upsert.action {
                UpsertAction::Nothing => None,
                UpsertAction::Update { assignments, filter } => {
                    let of_existing = self.table_scope(table, existing, name.into(), Some(store.name()))?;
                    let of_excluded = self.table_scope(table, excluded, "excluded".into(), None)?;
                    let query = self.new_query();
                    let mut scope = Scope::new(query);
                    scope.tables.push(of_existing);
                    // Without a qualifier a name means the row that is there.
                    if !name.eq_ignore_ascii_case("excluded") {
                        scope.tables.push(ScopeTable { only_by_name: true, ..of_excluded });
                    }
                    self.scopes.push(scope);
                    let set = self.assignments(assignments, store, table);
                    let filter = filter.as_ref().map(|filter| self.expr(filter)).transpose();
                    self.scopes.pop();
                    let (mut set, rowid) = set?;
                    if let Some(rowid) = rowid {
                        set.push((usize::MAX, rowid));
                    }
                    Some((set, filter?))
                }
            };
            let follows = match &upsert.action {
                UpsertAction::Nothing => Consequences::default(),
                UpsertAction::Update { assignments, .. } => {
                    let set = names_set(assignments);
                    self.consequences(store, table, RowEvent::Update(&set), Some(ConflictAction::Abort))?
                }
            };
            bound.push(Upsert { target: unique, update, existing, excluded, follows });
        }
        Ok(bound)
    }

    fn upsert_target(
        &mut self,
        wanted: &ast::UpsertTarget,
        table: &Arc<Table>,
        target: &Target,
    ) -> Result<UpsertTarget> {
        let named = self.table_scope(table, target.slot, table.name.clone(), None)?;
        let mut columns = Vec::new();
        for term in &wanted.columns {
            refuse_nulls(term)?;
            let place = crate::func::Place::Index;
            columns.push(self.over_table_here(&named, place, |binder| binder.expr(&term.expr))?);
        }
        let filter = match &wanted.filter {
            Some(filter) => {
                Some(self.over_table_here(&named, crate::func::Place::Index, |binder| binder.expr(filter))?)
            }
            None => None,
        };
        let is_rowid = |expr: &Expr| matches!(expr, Expr::Column(Column { place: Place::Rowid, .. }));
        if let ([only], true) = (columns.as_slice(), table.rowid_alias().is_some())
            && is_rowid(only)
        {
            return Ok(UpsertTarget::Key);
        }
        let fits = |key: &[(Expr, Collation)]| {
            key.len() == columns.len()
                && key.iter().all(|(expr, collation)| {
                    columns.iter().any(|wanted| match wanted {
                        Expr::Collate(inner, asked) => **inner == *expr && asked == collation,
                        // Without a collation of its own it fits whatever the key has.
                        wanted => wanted == expr,
                    })
                })
        };
        if let TableKey::Primary { columns: key, .. } = &table.key {
            let key: Vec<_> = key
                .iter()
                .filter_map(|column| match column.part {
                    IndexPart::Column(place) => {
                        Some((named.columns[place].expr.clone(), column.collation.clone()))
                    }
                    IndexPart::Expr(_) => None,
                })
                .collect();
            if fits(&key) {
                return Ok(UpsertTarget::Key);
            }
        }
        // The index made last is found first.
        for index in target.indexes.iter().rev().filter(|index| index.index.unique) {
            let key: Vec<_> = index
                .columns
                .iter()
                .zip(&index.index.columns)
                .map(|(expr, column)| (expr.clone(), column.collation.clone()))
                .collect();
            let filter_fits = match (&index.filter, &filter) {
                (None, _) => true,
                (Some(own), Some(given)) => own == given,
                (Some(_), None) => false,
            };
            if filter_fits && fits(&key) {
                return Ok(UpsertTarget::Index(index.index.clone()));
            }
        }
        Err(Error::statement("ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint"))
    }

    /// The columns that are set and their values; of the rowid apart.
    fn assignments(
        &mut self,
        assignments: &[ast::Assignment],
        store: Store,
        table: &Table,
    ) -> Result<(Settings, Option<Expr>)> {
        let mut set: Vec<(usize, Expr)> = Vec::new();
        let mut rowid = None;
        for assignment in assignments {
            let value = match assignment.columns.len() {
                1 => vec![self.expr(&assignment.value)?],
                _ => row_values(self.row_or_value(&assignment.value)?),
            };
            if value.len() != assignment.columns.len() {
                return Err(Error::statement(format!(
                    "{} columns assigned {} values",
                    assignment.columns.len(),
                    value.len()
                )));
            }
            for (name, value) in assignment.columns.iter().zip(value) {
                self.mention_column(table, name);
                if self.permission_to_set(store, table, &name.text)? == Permission::Ignored {
                    continue;
                }
                match table.column(&name.text) {
                    Some(place) if table.columns[place].generated.is_some() => {
                        return Err(Error::statement(format!(
                            "cannot UPDATE generated column \"{}\"",
                            table.columns[place].name
                        )));
                    }
                    Some(place) if table.rowid_alias() == Some(place) => rowid = Some(value),
                    Some(place) => {
                        // The last one counts if a column is named twice.
                        set.retain(|(known, _)| *known != place);
                        set.push((place, value));
                    }
                    None if table.is_rowid(&name.text) => rowid = Some(value),
                    None => {
                        return Err(Error::statement(format!("no such column: {}", name.text)));
                    }
                }
            }
        }
        Ok((set, rowid))
    }

    /// The table of an `UPDATE` or `DELETE` as it is: the first in `FROM`.
    fn existing(&mut self, target: &ast::WriteTarget, written: &Written) -> Result<(Slot, From)> {
        let alias = target.alias.as_ref().map(|alias| alias.text.clone());
        let (rows, named) = match &written.view {
            None => self.stored_table(written.store, written.table.clone(), &target.index, alias)?,
            Some(view) => self.view(written.store, view, alias)?,
        };
        let slot = named.slot;
        let source = Source { slot, name: named.name.clone(), rows };
        self.scope().tables.push(named);
        Ok((slot, From::Source(Box::new(source))))
    }

    /// A bound `UPDATE`.
    ///
    /// # Errors
    /// If it does not fit its table.
    pub fn update(&mut self, update: &ast::Update) -> Result<WithPrograms<Update>> {
        let bound = self.update_rows(update, update.conflict)?;
        self.with_programs(bound)
    }

    /// An `UPDATE` with this conflict clause, by itself or in a trigger.
    pub(super) fn update_rows(
        &mut self,
        update: &ast::Update,
        conflict: Option<ConflictAction>,
    ) -> Result<Update> {
        self.with_common(update.with.as_ref(), |binder| {
            let written = binder.written(&update.target.table)?;
            let (store, table) = (written.store, written.table.clone());
            let set = names_set(&update.assignments);
            let follows = binder.consequences(store, &table, RowEvent::Update(&set), conflict)?;
            written.can_be_written(&follows)?;
            let replaced = binder.consequences_of_replacing(store, &table, conflict)?;
            let target = binder.target(store, &table)?;
            let query = binder.new_query();
            binder.scopes.push(Scope::new(query));
            let result = binder.update_inside(update, &written, target);
            binder.scopes.pop();
            let mut bound = result?;
            bound.conflict = conflict;
            bound.follows = follows;
            bound.replaced = replaced;
            bound.limit = binder.limits(update.limit.as_ref())?;
            let name = table.name.clone();
            let named = binder.table_scope(&table, bound.target.slot, name, Some(store.name()))?;
            bound.returning = binder.returning(named, &update.returning)?;
            Ok(bound)
        })
    }

    fn update_inside(&mut self, update: &ast::Update, written: &Written, target: Target) -> Result<Update> {
        let (existing, mut from) = self.existing(&update.target, written)?;
        if let Some(further) = &update.from {
            let target = self.scope().tables.first().map(|table| table.name.clone());
            let right = self.from(further)?;
            let name = target.unwrap_or_default();
            if self.scope().tables.iter().skip(1).any(|table| table.name.eq_ignore_ascii_case(&name)) {
                return Err(Error::statement(format!(
                    "target object/alias may not appear in FROM clause: {name}"
                )));
            }
            from = From::Join(Box::new(crate::bound::Join {
                kind: crate::bound::JoinKind::Inner,
                left: from,
                right,
                on: Vec::new(),
            }));
        }
        let (assignments, rowid) = self.assignments(&update.assignments, written.store, &written.table)?;
        let filter = match &update.filter {
            Some(filter) => self.conjuncts(filter)?,
            None => Vec::new(),
        };
        let order_by = self.order_terms(&update.order_by)?;
        Ok(Update {
            target,
            conflict: None,
            from,
            existing,
            filter,
            assignments,
            rowid,
            order_by,
            limit: (None, None),
            follows: Consequences::default(),
            replaced: Consequences::default(),
            returning: Returning::default(),
        })
    }

    /// A bound `DELETE`.
    ///
    /// # Errors
    /// If it does not fit its table.
    pub fn delete(&mut self, delete: &ast::Delete) -> Result<WithPrograms<Delete>> {
        let bound = self.delete_rows(delete)?;
        self.with_programs(bound)
    }

    /// A `DELETE`, by itself or in a trigger.
    pub(super) fn delete_rows(&mut self, delete: &ast::Delete) -> Result<Delete> {
        self.with_common(delete.with.as_ref(), |binder| {
            let written = binder.written(&delete.target.table)?;
            let (store, table) = (written.store, written.table.clone());
            // Whether rows are left out or removed makes no difference to a `DELETE` here.
            binder.permission(AuthAction::Delete { table_name: &table.name }, Some(store))?;
            let follows = binder.consequences(store, &table, RowEvent::Delete, None)?;
            written.can_be_written(&follows)?;
            let target = binder.target(store, &table)?;
            let query = binder.new_query();
            binder.scopes.push(Scope::new(query));
            let result = (|| {
                let (existing, from) = binder.existing(&delete.target, &written)?;
                let filter = match &delete.filter {
                    Some(filter) => binder.conjuncts(filter)?,
                    None => Vec::new(),
                };
                let order_by = binder.order_terms(&delete.order_by)?;
                Ok::<_, Error>((existing, from, filter, order_by))
            })();
            binder.scopes.pop();
            let (existing, from, filter, order_by) = result?;
            let limit = binder.limits(delete.limit.as_ref())?;
            let named = binder.table_scope(&table, target.slot, table.name.clone(), Some(store.name()))?;
            let returning = binder.returning(named, &delete.returning)?;
            Ok(Delete { target, from, existing, filter, order_by, limit, follows, returning })
        })
    }

    /// The removal of all rows of a table that is dropped.
    ///
    /// # Errors
    /// Where its rules cannot be bound.
    pub fn delete_all(&mut self, store: Store, table: &Arc<Table>) -> Result<WithPrograms<Delete>> {
        let follows = self.consequences(store, table, RowEvent::Delete, None)?;
        let target = self.target(store, table)?;
        let (rows, named) = self.stored_table(store, table.clone(), &ast::IndexHint::Any, None)?;
        let source = Source { slot: named.slot, name: named.name.clone(), rows };
        self.with_programs(Delete {
            target,
            from: From::Source(Box::new(source)),
            existing: named.slot,
            filter: Vec::new(),
            order_by: Vec::new(),
            limit: (None, None),
            follows,
            returning: Returning::default(),
        })
    }
}

/// What a statement writes to.
struct Written {
    store: Store,
    /// The table; for a view what stands for it.
    table: Arc<Table>,
    view: Option<Arc<View>>,
}

impl Written {
    /// Refuses a view that has no trigger to run instead.
    fn can_be_written(&self, follows: &Consequences) -> Result<()> {
        match &self.view {
            Some(view) if follows.before.is_empty() => {
                Err(Error::statement(format!("cannot modify {} because it is a view", view.name)))
            }
            _ => Ok(()),
        }
    }
}

/// The names that are set, as they are written.
fn names_set(assignments: &[ast::Assignment]) -> Vec<&str> {
    assignments.iter().flat_map(|assignment| &assignment.columns).map(|name| &*name.text).collect()
}

/// What a value of an `INSERT` goes into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Column(usize),
    Rowid,
}

/// A column of `RETURNING`: unlike those of a query, a column with a `COLLATE` is called by its text.
fn named_by_source(column: &ast::ResultColumn) -> ast::ResultColumn {
    match column {
        ast::ResultColumn::Expr { expr, label: ast::ColumnLabel::Source(source) }
            if matches!(expr.kind, ast::ExprKind::Collate { .. }) =>
        {
            let name = ast::Name { text: source.clone(), quote: ast::Quote::None, span: expr.span };
            ast::ResultColumn::Expr { expr: expr.clone(), label: ast::ColumnLabel::Alias(name) }
        }
        other => other.clone(),
    }
}
