//! `FROM`: tables, and how they are joined.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::binder::{Binder, Found};
use super::compare::compare;
use super::query::CoalesceColumns;
use super::scope::{Scope, ScopeColumn, ScopeTable};
use crate::ast::{self, IndexHint, TableSource};
use crate::bound::{
    Body, BoundIndex, Case, Column, CompareOp, Expr, From, IndexChoice, Join, JoinKind, Place, Select, Slot,
    Source, SourceRows, slots_of_from,
};
use crate::error::{Error, Result};
use crate::expr::fold;
use crate::schema::{Index, IndexPart, Store, Table, TableKey, View};
use crate::value::{Affinity, Collation};

/// So many tables a query may have together with those of the plain queries in its `FROM`. Without a bound a few lines of
/// common tables that name each other would become millions.
const MOST_TABLES: usize = 200;

/// How many tables there are when plain queries are taken for what is in their own `FROM`.
fn tables_of(from: &From) -> usize {
    match from {
        From::Join(join) => tables_of(&join.left) + tables_of(&join.right),
        From::Source(source) => match &source.rows {
            SourceRows::Select(select) => match &select.body {
                Body::Query(query) if query.aggregation.is_none() && query.distinct.is_none() => {
                    query.from.as_ref().map_or(1, tables_of)
                }
                _ => 1,
            },
            _ => 1,
        },
    }
}

impl Binder<'_> {
    /// The tables of a query. They come into view in the innermost scope.
    pub(super) fn from(&mut self, from: &ast::From) -> Result<From> {
        let mut bound = self.joined(from)?;
        self.conditions(from, &mut bound)?;
        Ok(bound)
    }

    /// The same without the conditions of joins.
    pub(super) fn joined(&mut self, from: &ast::From) -> Result<From> {
        let bound = self.tables(from)?;
        let count = self.scope().tables.len();
        if count > self.catalog.limits.joined_tables {
            return Err(Error::statement(format!(
                "at most {} tables in a join",
                self.catalog.limits.joined_tables
            )));
        }
        if tables_of(&bound) > MOST_TABLES {
            return Err(Error::statement(format!("too many FROM clause terms, max: {MOST_TABLES}")));
        }
        Ok(bound)
    }

    pub(super) fn scope(&mut self) -> &mut Scope {
        let innermost = self.scopes.len() - 1;
        &mut self.scopes[innermost]
    }

    /// The tables, and the columns that `USING` and `NATURAL` make one.
    fn tables(&mut self, from: &ast::From) -> Result<From> {
        let start = self.scope().tables.len();
        let mut left = self.term(&from.first)?;
        let keeps_right =
            from.joins.iter().any(|join| matches!(join.kind, ast::JoinKind::Right | ast::JoinKind::Full));
        for join in &from.joins {
            let middle = self.scope().tables.len();
            let right = self.term(&join.table)?;
            let kind = match join.kind {
                ast::JoinKind::Comma | ast::JoinKind::Inner => JoinKind::Inner,
                ast::JoinKind::Cross => JoinKind::Cross,
                ast::JoinKind::Left => JoinKind::Left,
                ast::JoinKind::Right => JoinKind::Right,
                ast::JoinKind::Full => JoinKind::Full,
            };
            if join.natural && join.constraint != ast::JoinConstraint::None {
                return Err(Error::statement("a NATURAL join may not have an ON or USING clause"));
            }
            let names: Vec<Arc<str>> = match &join.constraint {
                ast::JoinConstraint::Using(names) => {
                    names.iter().map(|name| Arc::from(&*name.text)).collect()
                }
                _ if join.natural => self.common_names(start, middle),
                _ => Vec::new(),
            };
            let mut on = Vec::new();
            for name in names {
                if keeps_right {
                    self.is_once(&name, start, middle)?;
                }
                on.push(self.join_using(&name, start, middle, kind)?);
            }
            left = From::Join(Box::new(Join { kind, left, right, on }));
        }
        Ok(left)
    }

    /// The names that both sides of a natural join have.
    fn common_names(&mut self, start: usize, middle: usize) -> Vec<Arc<str>> {
        let tables = &self.scope().tables;
        let left = |name: &str| {
            tables[start..middle]
                .iter()
                .flat_map(|table| &table.columns)
                .any(|column| !column.hidden && column.name.eq_ignore_ascii_case(name))
        };
        let right = tables[middle..].iter().flat_map(|table| &table.columns);
        right
            .filter(|column| !column.hidden && !column.joined && left(&column.name))
            .map(|column| column.name.clone())
            .collect()
    }

    /// Refuses a name for `USING` that several tables on the left have: where some may be NULL, none of them is meant.
    fn is_once(&mut self, name: &str, start: usize, middle: usize) -> Result<()> {
        let columns = self.scope().tables[start..middle].iter().flat_map(|table| &table.columns);
        let meant = columns.filter(|column| !column.joined && column.name.eq_ignore_ascii_case(name));
        match meant.count() {
            0 | 1 => Ok(()),
            _ => Err(Error::statement(format!("ambiguous reference to {name} in USING()"))),
        }
    }

    /// Makes one column of the two that `USING` names.
    fn join_using(&mut self, name: &str, start: usize, middle: usize, kind: JoinKind) -> Result<Expr> {
        let missing = || {
            Error::statement(format!("cannot join using column {name} - column not present in both tables"))
        };
        let merged = self.scope().merged.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        let tables = &mut self.scope().tables;
        let mut of_left = tables[start..middle].iter().flat_map(|table| &table.columns);
        let left = of_left
            .find(|column| !column.joined && column.name.eq_ignore_ascii_case(name))
            .map(|column| column.expr.clone());
        let mut of_right = tables[middle..].iter_mut().flat_map(|table| &mut table.columns);
        let right = of_right.find(|column| !column.joined && column.name.eq_ignore_ascii_case(name));
        let (Some(left), Some(right)) = (left, right) else { return Err(missing()) };
        right.joined = true;
        let right = right.expr.clone();
        let left = match merged {
            Some(merged) => self.scope().merged[merged].1.clone(),
            None => left,
        };
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            let both = CoalesceColumns(self).make(left.clone(), right.clone())?;
            let scope = self.scope();
            scope.merged.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            scope.merged.push((name.into(), both));
        }
        Ok(compare(CompareOp::Eq, left, right))
    }

    /// The conditions of `ON`, now that all tables are in view.
    pub(super) fn conditions(&mut self, from: &ast::From, bound: &mut From) -> Result<()> {
        let mut rest = bound;
        for join in from.joins.iter().rev() {
            let From::Join(both) = rest else { return Ok(()) };
            if let ast::JoinConstraint::On(condition) = &join.constraint {
                let condition = self.conjuncts(condition).map_err(Error::without_offset)?;
                if !matches!(both.kind, JoinKind::Inner | JoinKind::Cross) {
                    self.refuse_later_tables(&condition, both)?;
                }
                both.on.extend(condition);
            }
            if let TableSource::Nested(nested) = &join.table.source {
                self.conditions(nested, &mut both.right)?;
            }
            rest = &mut both.left;
        }
        if let TableSource::Nested(nested) = &from.first.source {
            self.conditions(nested, rest)?;
        }
        Ok(())
    }

    /// The condition of an outer join is about its own tables.
    fn refuse_later_tables(&mut self, condition: &[Expr], join: &Join) -> Result<()> {
        let mut known = BTreeSet::new();
        slots_of_from(&join.left, &mut known);
        slots_of_from(&join.right, &mut known);
        let later: Vec<Slot> =
            self.scope().tables.iter().map(|table| table.slot).filter(|slot| !known.contains(slot)).collect();
        let names_later = |part: &Expr| matches!(part, Expr::Column(column) if later.contains(&column.slot));
        if condition.iter().any(|part| crate::bound::any(part, &mut |part| names_later(part))) {
            return Err(Error::statement("ON clause references tables to its right"));
        }
        Ok(())
    }

    fn term(&mut self, term: &ast::TableTerm) -> Result<From> {
        let alias = term.alias.as_ref().map(|alias| alias.text.clone());
        let (rows, table) = match &term.source {
            TableSource::Nested(nested) if alias.is_none() => return self.tables(nested),
            TableSource::Nested(nested) => {
                // A join with a name is a table of all its columns.
                let select = self.behind(|binder| binder.all_of_join(nested))?;
                self.of_select(select, alias.unwrap_or_default())
            }
            TableSource::Select(select) => {
                let select = self.behind(|binder| binder.select(select))?;
                self.of_select(select, alias.unwrap_or_default())
            }
            TableSource::Function { name, arguments } => self.table_function(name, arguments, alias)?,
            TableSource::Table { name, index } => self.named_table(name, index, alias)?,
        };
        let source = Source { slot: table.slot, name: table.name.clone(), rows };
        self.scope().tables.push(table);
        Ok(From::Source(Box::new(source)))
    }

    /// Binds something in `FROM` that does not see the tables beside it.
    fn behind<T>(&mut self, bind: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let scope = self.scopes.pop();
        let result = bind(self);
        self.scopes.extend(scope);
        result
    }

    /// The rows of a query as a table.
    pub(super) fn of_select(&mut self, select: Select, name: Box<str>) -> (SourceRows, ScopeTable) {
        let slot = self.new_slot();
        let table = table_of_columns(slot, name, &select.columns);
        (SourceRows::Select(Box::new(select)), table)
    }

    fn named_table(
        &mut self,
        name: &ast::QualifiedName,
        index: &IndexHint,
        alias: Option<Box<str>>,
    ) -> Result<(SourceRows, ScopeTable)> {
        if name.schema.is_none()
            && let Some(found) = self.common_table(&name.name, alias.as_deref())?
        {
            if let IndexHint::IndexedBy(index) = index {
                return Err(Error::statement(format!("no such index: {}", index.text)));
            }
            return Ok(found);
        }
        let schema = name.schema.as_ref().map(|schema| &*schema.text);
        match self.catalog.find(schema, &name.name.text)? {
            Some(Found::Table(store, table)) => {
                let table = table.clone();
                if let Some(mentions) = &mut self.mentions {
                    mentions.note_table(&table, &name.name);
                }
                self.stored_table(store, table, index, alias)
            }
            Some(Found::View(store, view)) => {
                let view = view.clone();
                if let IndexHint::IndexedBy(index) = index {
                    return Err(Error::statement(format!("no such index: {}", index.text)));
                }
                self.view(store, &view, alias)
            }
            None => {
                let function = self.function_of_name(name, &[], alias)?;
                function.ok_or_else(|| self.no_such_table(name))
            }
        }
    }

    /// A stored table in `FROM`, with what its columns and indexes are over its slot.
    pub(super) fn stored_table(
        &mut self,
        store: Store,
        table: Arc<Table>,
        index: &IndexHint,
        alias: Option<Box<str>>,
    ) -> Result<(SourceRows, ScopeTable)> {
        let slot = self.new_slot();
        let index = match index {
            IndexHint::Any => IndexChoice::Any,
            IndexHint::NotIndexed => IndexChoice::None,
            IndexHint::IndexedBy(name) => {
                let found = table.indexes.iter().find(|index| name.is(&index.name));
                let found = found.ok_or_else(|| Error::statement(format!("no such index: {}", name.text)))?;
                IndexChoice::Only(found.clone())
            }
        };
        let schema = alias.is_none().then_some(store.name());
        let named = self.table_scope(&table, slot, alias.unwrap_or_else(|| table.name.clone()), schema)?;
        let mut indexes = Vec::new();
        for each in &table.indexes {
            indexes.push(self.bound_index(each, &named)?);
        }
        let rows = SourceRows::Table { store, table, index, indexes: Arc::new(indexes) };
        Ok((rows, named))
    }

    /// The columns of a table over a slot, as names.
    pub(super) fn table_scope(
        &mut self,
        table: &Table,
        slot: Slot,
        name: Box<str>,
        schema: Option<&'static str>,
    ) -> Result<ScopeTable> {
        if let Some(mentions) = &mut self.mentions {
            mentions.note_row(table, slot);
        }
        self.keep_row(table, slot);
        let alias = table.rowid_alias();
        let columns = table
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let is_rowid = alias == Some(place);
                ScopeColumn {
                    name: column.name.clone(),
                    expr: Expr::Column(Column {
                        slot,
                        place: if is_rowid { Place::Rowid } else { Place::At(place) },
                        affinity: column.affinity,
                        collation: column.collation.clone(),
                        not_null: is_rowid || column.not_null.is_some(),
                        has_collation: true,
                    }),
                    type_name: Some(column.type_name.clone()),
                    hidden: column.hidden,
                    joined: false,
                }
            })
            .collect();
        let rowid = table.has_rowid().then(|| {
            Expr::Column(Column {
                slot,
                place: Place::Rowid,
                affinity: Affinity::Integer,
                collation: crate::value::Collation::Binary,
                not_null: true,
                has_collation: true,
            })
        });
        let origin = table.name.clone();
        let mut named = ScopeTable { name, origin, schema, slot, columns, rowid, only_by_name: false };
        self.virtual_columns(table, &mut named)?;
        Ok(named)
    }

    /// Puts the values of virtual generated columns in place of the columns.
    fn virtual_columns(&mut self, table: &Table, named: &mut ScopeTable) -> Result<()> {
        let is_virtual = |place: usize| {
            let generated = table.columns[place].generated.as_ref();
            generated.filter(|generated| !generated.stored).map(|generated| generated.expr.clone())
        };
        let mut left: Vec<usize> = (0..table.columns.len()).filter(|&c| is_virtual(c).is_some()).collect();
        // Each pass resolves the columns that only need what is resolved; a table has no circles among them.
        let mut passes = left.len();
        while !left.is_empty() && passes > 0 {
            passes -= 1;
            let mut waiting = Vec::new();
            for place in left {
                let Some(expr) = is_virtual(place) else { continue };
                let bound = self.over_table(named, crate::func::Place::GeneratedColumn, |b| b.expr(&expr))?;
                let needs_others = crate::bound::any(&bound, &mut |part| {
                    matches!(part, Expr::Column(Column { slot, place: Place::At(other), .. })
                        if *slot == named.slot && matches!(&named.columns[*other].expr, Expr::Column(_))
                            && is_virtual(*other).is_some())
                });
                if needs_others {
                    waiting.push(place);
                    continue;
                }
                let column = &table.columns[place];
                let bound = of_a_row(table, named.slot, bound);
                let bound = Expr::Generated(Box::new(bound), column.affinity, column.collation.clone());
                named.columns[place].expr = bound;
            }
            left = waiting;
        }
        Ok(())
    }

    /// Binds something of a definition over its table alone.
    pub(super) fn over_table<T>(
        &mut self,
        named: &ScopeTable,
        place: crate::func::Place,
        bind: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.of_definition(|binder| binder.over_table_here(named, place, bind))
    }

    /// Binds something of the statement over one table alone.
    pub(super) fn over_table_here<T>(
        &mut self,
        named: &ScopeTable,
        place: crate::func::Place,
        bind: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let query = self.new_query();
        let mut scope = Scope::new(query);
        // A generated column cannot name the rowid, unless it has a column's name.
        let rowid = named.rowid.clone().filter(|_| place != crate::func::Place::GeneratedColumn);
        scope.tables.push(ScopeTable { rowid, ..named.clone() });
        let before = (self.place, self.place_name);
        self.place = place;
        self.place_name = match place {
            crate::func::Place::Index => "index expressions",
            crate::func::Place::Check => "CHECK constraints",
            _ => "generated columns",
        };
        let result = self.alone(vec![scope], bind);
        (self.place, self.place_name) = before;
        result
    }

    /// What an index holds, folded as the statements are that may be answered by it.
    fn bound_index(&mut self, index: &Arc<Index>, named: &ScopeTable) -> Result<BoundIndex> {
        let mut columns: Vec<Expr> = index
            .columns
            .iter()
            .map(|column| match &column.part {
                IndexPart::Column(place) => Ok(named.columns[*place].expr.clone()),
                IndexPart::Expr(expr) => {
                    self.over_table(named, crate::func::Place::Index, |binder| binder.expr(expr))
                }
            })
            .collect::<Result<_>>()?;
        let mut filter = match &index.filter {
            None => Vec::new(),
            Some(filter) => self.over_table(named, crate::func::Place::Index, |binder| {
                binder.place_name = "partial index WHERE clauses";
                binder.conjuncts(filter)
            })?,
        };
        columns.iter_mut().chain(&mut filter).for_each(fold);
        Ok(BoundIndex { index: index.clone(), columns, filter })
    }

    /// Binds the query of a view as a statement of its own, to see whether it can be, and where it names what was
    /// looked for.
    ///
    /// # Errors
    /// Where it names what does not exist.
    pub fn definition_of_view(&mut self, store: Store, view: &Arc<View>) -> Result<()> {
        self.catalog.home = (store == Store::Main).then_some(Store::Main);
        self.views.push(view.clone());
        let select = self.select(&view.select);
        self.views.pop();
        select.map(drop)
    }

    /// A view is its query, which sees only the schema.
    pub(super) fn view(
        &mut self,
        store: Store,
        view: &Arc<View>,
        alias: Option<Box<str>>,
    ) -> Result<(SourceRows, ScopeTable)> {
        if self.views.iter().any(|busy| Arc::ptr_eq(busy, view)) {
            return Err(Error::statement(format!("view {} is circularly defined", view.name)));
        }
        self.views.push(view.clone());
        let home = std::mem::replace(&mut self.catalog.home, (store == Store::Main).then_some(store));
        let select = self.elsewhere(|binder| {
            binder.on_behalf_of(&view.name, |binder| {
                binder.alone(Vec::new(), |binder| binder.select(&view.select))
            })
        });
        self.catalog.home = home;
        self.views.pop();
        let mut select = select?;
        if !view.columns.is_empty() {
            if view.columns.len() != select.columns.len() {
                return Err(Error::statement(format!(
                    "expected {} columns for '{}' but got {}",
                    view.columns.len(),
                    view.name,
                    select.columns.len()
                )));
            }
            for (column, name) in select.columns.iter_mut().zip(&view.columns) {
                column.name = (**name).into();
            }
        }
        let name = alias.unwrap_or_else(|| view.name.clone());
        let (rows, mut named) = self.of_select(select, name);
        named.origin = view.name.clone();
        self.keep_made_row(store, &view.name, named.slot);
        Ok((rows, named))
    }

    /// The error of a name that nothing in view has.
    pub(super) fn no_such_table(&self, name: &ast::QualifiedName) -> Error {
        let shown = match &name.schema {
            Some(schema) => format!("{}.{}", schema.text, name.name.text),
            None if self.catalog.home.is_some() => format!("main.{}", name.name.text),
            None => name.name.text.to_string(),
        };
        Error::statement(format!("no such table: {shown}"))
    }
}

/// A table in view that has the columns of a query.
pub(super) fn table_of_columns(
    slot: Slot,
    name: Box<str>,
    columns: &[crate::bound::ResultColumn],
) -> ScopeTable {
    let mut named: Vec<ScopeColumn> = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        named.push(ScopeColumn {
            name: unused_name(&column.name, &named),
            expr: Expr::Column(Column {
                slot,
                place: Place::At(place),
                affinity: column.affinity,
                collation: column.collation.clone().unwrap_or_default(),
                not_null: false,
                // A column has one in any case, whatever it is computed from.
                has_collation: true,
            }),
            type_name: column.type_name.clone(),
            hidden: false,
            joined: false,
        });
    }
    let origin = if name.is_empty() { "(subquery)".into() } else { name.clone() };
    ScopeTable { name, origin, schema: None, slot, columns: named, rowid: None, only_by_name: false }
}

/// A name that no column has yet: with `:1`, `:2` … behind it if need be.
fn unused_name(name: &Arc<str>, taken: &[ScopeColumn]) -> Arc<str> {
    let is_free = |name: &str| !taken.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    if is_free(name) {
        return name.clone();
    }
    let stem = match name.rsplit_once(':') {
        Some((stem, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => name,
    };
    (1..).map(|number| format!("{stem}:{number}")).find(|name| is_free(name)).unwrap_or_default().into()
}

/// A value computed from a row; NULL where there is no row, on the empty side of an outer join.
fn of_a_row(table: &Table, slot: Slot, value: Expr) -> Expr {
    let place = match &table.key {
        TableKey::Rowid { .. } => Place::Rowid,
        TableKey::Primary { columns, .. } => match columns.first().map(|column| &column.part) {
            Some(IndexPart::Column(place)) => Place::At(*place),
            _ => return value,
        },
    };
    let key = Expr::Column(Column {
        slot,
        place,
        affinity: Affinity::None,
        collation: Collation::Binary,
        not_null: false,
        has_collation: false,
    });
    let is_row = Expr::NotNull(Box::new(key));
    let branches = vec![(is_row, Affinity::None, Collation::Binary, value)];
    Expr::Case(Box::new(Case { operand: None, branches, otherwise: None }))
}
