//! `WITH`: common table expressions, recursive ones too.
//!
//! A common table is bound anew for every place that names it.

use std::sync::Arc;

use super::binder::Binder;
use super::common::{CommonTables, State};
use super::from::table_of_columns;
use super::scope::ScopeTable;
use crate::ast::{self, SelectBody, TableSource};
use crate::authorizer::AuthAction;
use crate::bound::{Body, Recursive, ResultColumn, SourceRows};
use crate::error::{Error, Result};

impl Binder<'_> {
    /// Runs `bind` with the tables of a `WITH` in view.
    pub(super) fn with_common<T>(
        &mut self,
        with: Option<&ast::With>,
        bind: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let Some(with) = with else { return bind(self) };
        for (place, table) in with.tables.iter().enumerate() {
            if with.tables[..place].iter().any(|other| other.name.is(&table.name.text)) {
                return Err(Error::statement(format!("duplicate WITH table name: {}", table.name.text)));
            }
        }
        let tables = with.tables.iter().map(|table| (Arc::new(table.clone()), State::Idle)).collect();
        self.common.push(CommonTables { tables, depth: self.scopes.len() });
        let result = bind(self);
        self.common.pop();
        result
    }

    /// The common table of this name, as a table in `FROM`.
    pub(super) fn common_table(
        &mut self,
        name: &ast::Name,
        alias: Option<&str>,
    ) -> Result<Option<(SourceRows, ScopeTable)>> {
        for level in (0..self.common.len()).rev() {
            let found = self.common[level].tables.iter().position(|(table, _)| table.name.is(&name.text));
            let Some(place) = found else { continue };
            let (table, state) = self.common[level].tables[place].clone();
            let alias = alias.map_or_else(|| table.name.text.clone(), Box::from);
            return match state {
                State::Busy => Err(Error::statement(format!("circular reference: {}", table.name.text))),
                State::Recursing(id, columns) => {
                    let slot = self.new_slot();
                    let named = table_of_columns(slot, alias, &columns);
                    Ok(Some((SourceRows::Recursion(id), named)))
                }
                State::Idle => self.open_common(level, place, &table, alias).map(Some),
            };
        }
        Ok(None)
    }

    /// Binds a common table where its `WITH` stands.
    fn open_common(
        &mut self,
        level: usize,
        place: usize,
        table: &Arc<ast::CommonTable>,
        alias: Box<str>,
    ) -> Result<(SourceRows, ScopeTable)> {
        let inner_common = self.common.split_off(level + 1);
        let depth = self.common[level].depth.min(self.scopes.len());
        let inner_scopes = self.scopes.split_off(depth);
        self.common[level].tables[place].1 = State::Busy;
        let name = &table.name.text;
        let result = self.on_behalf_of(name, |binder| binder.common_rows(level, place, table, alias));
        self.common[level].tables[place].1 = State::Idle;
        self.scopes.extend(inner_scopes);
        self.common.extend(inner_common);
        result
    }

    fn common_rows(
        &mut self,
        level: usize,
        place: usize,
        table: &Arc<ast::CommonTable>,
        alias: Box<str>,
    ) -> Result<(SourceRows, ScopeTable)> {
        let select = &table.select;
        let first = select.compound.iter().position(|(_, body)| mentions(body, &table.name));
        if let Some(first) = first
            && select.compound[first..].iter().all(|(op, body)| {
                matches!(op, ast::CompoundOp::Union | ast::CompoundOp::UnionAll)
                    && mentions(body, &table.name)
            })
        {
            return self.recursive(level, place, table, first, alias);
        }
        let mut select = self.select(select)?;
        self.rename(&mut select.columns, table)?;
        Ok(self.of_select(select, alias))
    }

    fn rename(&self, columns: &mut [ResultColumn], table: &ast::CommonTable) -> Result<()> {
        if table.columns.is_empty() {
            return Ok(());
        }
        if table.columns.len() != columns.len() {
            return Err(Error::statement(format!(
                "table {} has {} values for {} columns",
                table.name.text,
                columns.len(),
                table.columns.len()
            )));
        }
        for (column, name) in columns.iter_mut().zip(&table.columns) {
            column.name = (*name.text).into();
        }
        Ok(())
    }

    fn recursive(
        &mut self,
        level: usize,
        place: usize,
        table: &Arc<ast::CommonTable>,
        first: usize,
        alias: Box<str>,
    ) -> Result<(SourceRows, ScopeTable)> {
        self.demand(AuthAction::Recursive, None)?;
        let whole = &table.select;
        self.with_common(whole.with.as_ref(), |binder| {
            let initial = ast::Select {
                with: None,
                body: whole.body.clone(),
                compound: whole.compound[..first].to_vec(),
                order_by: Vec::new(),
                limit: None,
                span: whole.span,
            };
            let mut initial = binder.select(&initial)?;
            binder.rename(&mut initial.columns, table)?;
            let id = binder.new_recursion();
            binder.common[level].tables[place].1 = State::Recursing(id, initial.columns.clone());
            let mut steps = Vec::new();
            for (op, body) in &whole.compound[first..] {
                let step = ast::Select {
                    with: None,
                    body: body.clone(),
                    compound: Vec::new(),
                    order_by: Vec::new(),
                    limit: None,
                    span: whole.span,
                };
                let step = binder.select(&step)?;
                if step.columns.len() != initial.columns.len() {
                    return Err(super::select::uneven(*op));
                }
                if let Body::Query(query) = &step.body {
                    if query.aggregation.is_some() {
                        return Err(Error::statement("recursive aggregate queries not supported"));
                    }
                    if !query.windows.is_empty() {
                        return Err(Error::statement("cannot use window functions in recursive queries"));
                    }
                }
                steps.push(step);
            }
            binder.common[level].tables[place].1 = State::Busy;
            let distinct =
                whole.compound[first..].iter().any(|(op, _)| *op == ast::CompoundOp::Union).then(|| {
                    initial
                        .columns
                        .iter()
                        .map(|column| column.collation.clone().unwrap_or_default())
                        .collect()
                });
            let slot = binder.new_slot();
            let order_by = binder.compound_order(&whole.order_by, slot, &initial, &steps)?;
            let (limit, offset) = binder.limits(whole.limit.as_ref())?;
            let named = table_of_columns(slot, alias, &initial.columns);
            let recursive = Recursive { id, initial, steps, distinct, order_by, limit, offset };
            Ok((SourceRows::Recursive(Box::new(recursive)), named))
        })
    }
}

/// Whether a member of a compound reads from a table of this name.
fn mentions(body: &SelectBody, name: &ast::Name) -> bool {
    match body {
        SelectBody::Query(query) => query.from.as_ref().is_some_and(|from| from_mentions(from, name)),
        SelectBody::Values(_) => false,
    }
}

fn from_mentions(from: &ast::From, name: &ast::Name) -> bool {
    let terms = std::iter::once(&from.first).chain(from.joins.iter().map(|join| &join.table));
    terms.into_iter().any(|term| match &term.source {
        TableSource::Table { name: table, .. } => table.schema.is_none() && table.name.is(&name.text),
        TableSource::Nested(nested) => from_mentions(nested, name),
        TableSource::Select(select) => select_mentions(select, name),
        TableSource::Function { .. } => false,
    })
}

fn select_mentions(select: &ast::Select, name: &ast::Name) -> bool {
    mentions(&select.body, name) || select.compound.iter().any(|(_, body)| mentions(body, name))
}
