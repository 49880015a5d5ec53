//! One `SELECT .. FROM .. WHERE .. GROUP BY .. HAVING ..`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::aggregate::{Lift, has_aggregate, no_aggregate};
use super::arguments::take_arguments;
use super::binder::{Binder, ColumnNames};
use super::call::order_term;
use super::expr::split;
use super::scope::Scope;
use super::select::{number_of, result_place, without_collations};
use crate::ast::{self, ColumnLabel, ExprKind};
use crate::authorizer::{AuthAction, Permission};
use crate::bound::{
    Aggregation, Body, Expr, From, OrderTerm, Query, QueryId, ResultColumn, Select, slots_of_from,
};
use crate::error::{Error, Result};
use crate::expr::collation_of;
use crate::value::{Collation, Value};

impl Binder<'_> {
    /// A query with its `ORDER BY` and `LIMIT`.
    pub(super) fn query(
        &mut self,
        query: &ast::Query,
        order_by: &[ast::OrderTerm],
        limit: Option<&ast::Limit>,
    ) -> Result<Select> {
        self.demand(AuthAction::Select, None)?;
        let id = self.new_query();
        self.scopes.push(Scope::new(id));
        let result = self.query_inside(id, query, order_by);
        if let Some(scope) = self.scopes.pop() {
            self.members.push(scope);
        }
        let mut select = result?;
        self.demand_unread()?;
        (select.limit, select.offset) = self.limits(limit)?;
        Ok(select)
    }

    /// All columns of a join, as a query.
    pub(super) fn all_of_join(&mut self, from: &ast::From) -> Result<Select> {
        let all = ast::Query {
            distinct: false,
            columns: vec![ast::ResultColumn::Star(ast::Span::default())],
            from: Some(from.clone()),
            filter: None,
            group_by: Vec::new(),
            having: None,
            windows: Vec::new(),
        };
        self.query(&all, &[], None)
    }

    fn query_inside(
        &mut self,
        id: QueryId,
        query: &ast::Query,
        order_by: &[ast::OrderTerm],
    ) -> Result<Select> {
        let mut from = query.from.as_ref().map(|from| self.joined(from)).transpose()?;
        self.scope().named_windows = query.windows.clone();
        self.scope().aggregates = true;
        self.scope().windows = true;
        let (mut values, columns) = self.result_columns(&query.columns)?;
        if columns.len() > self.catalog.limits.columns {
            return Err(Error::statement("too many columns in result set"));
        }
        let mut is_aggregate =
            !query.group_by.is_empty() || values.iter().any(|value| has_aggregate(value, id));
        self.scope().aggregates = is_aggregate;
        self.scope().windows = false;
        // Conditions of joins see the names that result columns have.
        if let (Some(written), Some(bound)) = (&query.from, &mut from) {
            self.conditions(written, bound)?;
        }
        let mut having = Vec::new();
        if let Some(condition) = &query.having {
            self.scope().aggregates = true;
            split(self.expr(condition)?, &mut having);
            is_aggregate |= having.iter().any(|having| has_aggregate(having, id));
            if !is_aggregate {
                return Err(Error::statement("HAVING clause on a non-aggregate query"));
            }
            self.scope().aggregates = is_aggregate;
        }
        let mut filter = match &query.filter {
            Some(filter) => self.conjuncts(filter)?,
            None => Vec::new(),
        };
        for part in &filter {
            no_aggregate(part, id)?;
        }
        if let Some(from) = &mut from {
            take_arguments(from, &mut filter);
        }
        self.scope().aggregates = true;
        self.scope().windows = true;
        let mut order_by = self.query_order(order_by, &values)?;
        for term in order_by.iter().filter(|_| !is_aggregate) {
            no_aggregate(&term.expr, id)?;
        }
        self.scope().aggregates = is_aggregate;
        self.scope().windows = false;
        let group_by = self.group_terms(&query.group_by, &values, id)?;
        let aggregation = if is_aggregate {
            Some(self.group(id, from.as_ref(), group_by, &mut values, &mut having, &mut order_by))
        } else {
            None
        };
        let windows = self.lift_windows(from.as_ref(), aggregation.as_ref(), &mut values, &mut order_by)?;
        let distinct = query.distinct.then(|| values.iter().map(collation).collect());
        let query = Query { id, from, filter, aggregation, having, windows, columns: values, distinct };
        let slot = self.new_slot();
        let body = Body::Query(Box::new(query));
        Ok(Select { body, columns, order_by, limit: None, offset: None, slot })
    }

    /// The result columns, and their names as aliases for what follows.
    pub(super) fn result_columns(
        &mut self,
        columns: &[ast::ResultColumn],
    ) -> Result<(Vec<Expr>, Vec<ResultColumn>)> {
        let mut values = Vec::new();
        let mut named = Vec::new();
        let mut aliases = Vec::new();
        for column in columns {
            match column {
                ast::ResultColumn::Star(_) => self.star(None, &mut values, &mut named)?,
                ast::ResultColumn::TableStar(table) => self.star(Some(table), &mut values, &mut named)?,
                ast::ResultColumn::Expr { expr, label } => {
                    let value = self.expr(expr)?;
                    let (name, shown) = match label {
                        ColumnLabel::Alias(alias) => {
                            aliases.push((alias.text.clone(), value.clone()));
                            (Arc::from(&*alias.text), None)
                        }
                        ColumnLabel::Source(source) => self.column_names(expr, &value, source),
                    };
                    named.push(ResultColumn { shown, ..self.result_column(name, &value) });
                    values.push(value);
                }
            }
        }
        self.scope().aliases = aliases;
        Ok((values, named))
    }

    /// The name of a column that has no alias, and what the program sees instead of it, if anything.
    fn column_names(&mut self, expr: &ast::Expr, value: &Expr, source: &str) -> (Arc<str>, Option<Arc<str>>) {
        let mut bare = value;
        while let Expr::Collate(operand, _) = bare {
            bare = operand;
        }
        let name = self.column_name(without_collations(expr), bare, source);
        let is_column = matches!(expr.kind, ExprKind::Column(_)) && !matches!(value, Expr::Literal(_));
        let shown = match self.catalog.settings.column_names {
            ColumnNames::Short if is_column => None,
            ColumnNames::Full | ColumnNames::AllFull if is_column => {
                let mut tables = self.scopes.iter().rev().flat_map(|scope| &scope.tables);
                tables
                    .find(|table| table.columns.iter().any(|column| same_place(&column.expr, value)))
                    .or_else(|| self.scopes.last()?.tables.first())
                    .map(|table| Arc::from(format!("{}.{name}", table.origin)))
            }
            _ => (*name != *source).then(|| Arc::from(source)),
        };
        (name, shown)
    }

    /// The name of a column that has no alias: that of the table's column, or the text of the expression.
    fn column_name(&mut self, expr: &ast::Expr, value: &Expr, source: &str) -> Arc<str> {
        let ExprKind::Column(name) = &expr.kind else { return source.into() };
        let scopes = self.scopes.iter().rev();
        let mut columns = scopes.flat_map(|scope| &scope.tables).flat_map(|table| &table.columns);
        match columns.find(|column| column.expr == *value && name.column.is(&column.name)) {
            Some(column) => column.name.clone(),
            None => match value {
                Expr::Literal(_) => source.into(),
                _ => {
                    let alias = self
                        .scopes
                        .iter()
                        .rev()
                        .flat_map(|scope| &scope.tables)
                        .flat_map(|table| &table.columns)
                        .find(|column| same_place(&column.expr, value));
                    let is_rowid =
                        matches!(value, Expr::Column(column) if column.place == crate::bound::Place::Rowid);
                    match alias {
                        Some(column) => column.name.clone(),
                        None if is_rowid => "rowid".into(),
                        None => (*name.column.text).into(),
                    }
                }
            },
        }
    }

    /// All columns, or those of one table.
    fn star(
        &mut self,
        table: Option<&ast::Name>,
        values: &mut Vec<Expr>,
        named: &mut Vec<ResultColumn>,
    ) -> Result<()> {
        let scope = self.scope().clone();
        let tables: Vec<_> =
            scope.tables.iter().filter(|known| table.is_none_or(|table| table.is(&known.name))).collect();
        if tables.is_empty() {
            return Err(match table {
                Some(table) => Error::statement(format!("no such table: {}", table.text)),
                None => Error::statement("no tables specified"),
            });
        }
        if let (Some(mentions), Some(table)) = (&mut self.mentions, table) {
            tables.iter().for_each(|known| mentions.note_qualifier(known, table));
        }
        let is_full = self.catalog.settings.column_names == ColumnNames::AllFull;
        let columns =
            tables.into_iter().flat_map(|known| known.columns.iter().map(move |column| (known, column)));
        for (known, column) in columns {
            if column.hidden || (table.is_none() && column.joined) {
                continue;
            }
            let merged = scope.merged.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.name));
            let value = match merged {
                Some((_, merged)) if table.is_none() => merged.clone(),
                _ => match self.permission_to_read_column(known.slot, &column.name)? {
                    Permission::Given => column.expr.clone(),
                    Permission::Ignored => Expr::Literal(Value::Null),
                },
            };
            let shown = is_full.then(|| {
                Arc::from(format!(
                    "{}.{}",
                    if known.name.is_empty() { &known.origin } else { &known.name },
                    column.name
                ))
            });
            named.push(ResultColumn { shown, ..self.result_column(column.name.clone(), &value) });
            values.push(value);
        }
        Ok(())
    }

    /// `ORDER BY` of one query: an alias, a number, or an expression.
    fn query_order(&mut self, terms: &[ast::OrderTerm], values: &[Expr]) -> Result<Vec<OrderTerm>> {
        self.check_terms(terms.len(), "ORDER")?;
        let mut order = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            let inner = without_collations(&term.expr);
            let expr = match (&inner.kind, number_of(inner)) {
                (_, Some(wanted)) => values[result_place(wanted, values.len(), number, "ORDER")?].clone(),
                (ExprKind::Column(name), _) if name.table.is_none() => {
                    let aliases = &self.scope().aliases;
                    let alias = aliases.iter().find(|(alias, _)| name.column.is(alias));
                    match alias {
                        Some((_, value)) => value.clone(),
                        None => self.expr(inner)?,
                    }
                }
                _ => self.expr(inner)?,
            };
            let expr = self.collated_as(expr, &term.expr)?;
            order.push(order_term(expr, term));
        }
        Ok(order)
    }

    fn group_terms(&mut self, terms: &[ast::Expr], values: &[Expr], id: QueryId) -> Result<Vec<Expr>> {
        self.check_terms(terms.len(), "GROUP")?;
        let mut keys = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            let key = match number_of(term) {
                Some(wanted) => values[result_place(wanted, values.len(), number, "GROUP")?].clone(),
                None => self.expr(term)?,
            };
            if has_aggregate(&key, id) {
                return Err(Error::statement("aggregate functions are not allowed in the GROUP BY clause"));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// Puts grouping between the tables and the rest of the query.
    fn group(
        &mut self,
        id: QueryId,
        from: Option<&From>,
        keys: Vec<Expr>,
        values: &mut [Expr],
        having: &mut [Expr],
        order_by: &mut [OrderTerm],
    ) -> Aggregation {
        let mut tables = BTreeSet::new();
        if let Some(from) = from {
            slots_of_from(from, &mut tables);
        }
        let grouped = !keys.is_empty();
        let keys = keys
            .into_iter()
            .map(|key| {
                let collation = collation(&key);
                (key, collation)
            })
            .collect();
        let slot = self.new_slot();
        let aggregation = Aggregation { slot, keys, grouped, calls: Vec::new(), bare: Vec::new() };
        let mut lift = Lift { aggregation, query: id, tables: &tables };
        for expr in values.iter_mut().chain(having.iter_mut()) {
            lift.lift(expr);
        }
        for term in order_by.iter_mut() {
            lift.lift(&mut term.expr);
        }
        for expr in values.iter_mut().chain(having.iter_mut()) {
            lift.settle(expr);
        }
        for term in order_by.iter_mut() {
            lift.settle(&mut term.expr);
        }
        lift.aggregation
    }
}

fn collation(expr: &Expr) -> Collation {
    collation_of(expr).map_or(Collation::Binary, |(collation, _)| collation)
}

/// Makes the one column of a `USING` that takes its value from either side.
pub(super) struct CoalesceColumns<'b, 'c>(pub(super) &'b mut Binder<'c>);

impl CoalesceColumns<'_, '_> {
    pub(super) fn make(self, left: Expr, right: Expr) -> Result<Expr> {
        self.0.builtin("coalesce", vec![left, right], None)
    }
}

/// Whether both are the same column of the same row, whatever is said of its values: `rowid` and the column that is it.
fn same_place(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Column(a), Expr::Column(b)) => a.slot == b.slot && a.place == b.place,
        (a, b) => a == b,
    }
}
