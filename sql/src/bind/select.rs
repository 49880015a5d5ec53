//! Whole queries: compounds, `ORDER BY`, `LIMIT`.

use std::sync::Arc;

use super::aggregate::{has_aggregate, no_aggregate};
use super::binder::Binder;
use super::call::order_term;
use super::compare::values_of;
use super::scope::Scope;
use super::window::has_window;
use crate::ast::{self, CompoundOp, ExprKind, SelectBody};
use crate::authorizer::AuthAction;
use crate::bound::{Body, Column, Compound, Expr, OrderTerm, Place, ResultColumn, Select, Slot};
use crate::error::{Error, Result};
use crate::expr::{NUMBERS, TEXTS, affinity_of, classes_of, collation_of};
use crate::value::{Affinity, Collation};

impl Binder<'_> {
    /// A whole query.
    ///
    /// # Errors
    /// If it names what does not exist, or a part stands where it cannot.
    pub fn select(&mut self, select: &ast::Select) -> Result<Select> {
        self.enter_query()?;
        let bound = self.select_inside(select);
        self.leave_query();
        bound
    }

    fn select_inside(&mut self, select: &ast::Select) -> Result<Select> {
        self.with_common(select.with.as_ref(), |binder| {
            if select.compound.is_empty() {
                return match &select.body {
                    SelectBody::Query(query) => binder.query(query, &select.order_by, select.limit.as_ref()),
                    SelectBody::Values(rows) => {
                        binder.demand(AuthAction::Select, None)?;
                        binder.values(rows, select)
                    }
                };
            }
            binder.compound(select)
        })
    }

    /// Rows that are written out.
    pub(super) fn values(&mut self, rows: &[Vec<ast::Expr>], select: &ast::Select) -> Result<Select> {
        let id = self.new_query();
        let mut scope = Scope::new(id);
        // Each row is a query without tables; only one alone may aggregate.
        scope.windows = true;
        scope.aggregates = true;
        self.scopes.push(scope);
        let bound = self.rows_of_values(rows);
        self.scopes.pop();
        let bound = bound?;
        for value in bound.iter().filter(|_| rows.len() > 1).flatten() {
            no_aggregate(value, id)?;
        }
        let is_computed =
            |row: &Vec<Expr>| row.iter().any(|value| has_aggregate(value, id) || has_window(value));
        if bound.iter().any(is_computed) {
            let computed: Vec<bool> = bound.iter().map(is_computed).collect();
            return self.computed_values(rows, &computed, select);
        }
        let columns: Vec<ResultColumn> = bound.first().map_or_else(Vec::new, |first| {
            first
                .iter()
                .enumerate()
                .map(|(place, expr)| ResultColumn {
                    name: format!("column{}", place + 1).into(),
                    shown: None,
                    affinity: if rows.len() == 1 {
                        affinity_of(expr)
                    } else {
                        combined_affinity(&mut bound.iter().map(|row| &row[place]))
                    },
                    collation: None,
                    type_name: None,
                })
                .collect()
        });
        if columns.len() > self.catalog.limits.columns {
            return Err(Error::statement("too many columns in result set"));
        }
        let slot = self.new_slot();
        let (limit, offset) = self.limits(select.limit.as_ref())?;
        let mut whole =
            Select { body: Body::Values(bound), columns, order_by: Vec::new(), limit, offset, slot };
        whole.order_by = self.compound_order(&select.order_by, slot, &whole, &[])?;
        Ok(whole)
    }

    fn rows_of_values(&mut self, rows: &[Vec<ast::Expr>]) -> Result<Vec<Vec<Expr>>> {
        let mut bound: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        for row in rows {
            let row = self.exprs(row)?;
            if bound.first().is_some_and(|first| first.len() != row.len()) {
                return Err(Error::statement("all VALUES must have the same number of terms"));
            }
            bound.push(row);
        }
        Ok(bound)
    }

    /// Rows of which some have aggregates or window functions: those become queries, between the others.
    fn computed_values(
        &mut self,
        rows: &[Vec<ast::Expr>],
        computed: &[bool],
        select: &ast::Select,
    ) -> Result<Select> {
        let marked: Vec<_> = rows.iter().zip(computed).collect();
        let mut bodies = marked.chunk_by(|a, b| !a.1 && !b.1).map(|run| match run {
            [(row, true)] => SelectBody::Query(Box::new(query_of_row(row))),
            run => SelectBody::Values(run.iter().map(|(row, _)| (*row).clone()).collect()),
        });
        let Some(body) = bodies.next() else { return self.values(&[], select) };
        let compound = bodies.map(|body| (CompoundOp::UnionAll, body)).collect();
        let mut bound = self.select_inside(&ast::Select { with: None, body, compound, ..select.clone() })?;
        for (place, column) in bound.columns.iter_mut().enumerate() {
            column.name = format!("column{}", place + 1).into();
            column.shown = None;
        }
        Ok(bound)
    }

    fn compound(&mut self, select: &ast::Select) -> Result<Select> {
        // One compound in another counts with it: each member is a level of the tree.
        let around = self.compound_members;
        self.compound_members += select.compound.len() + 1;
        if self.compound_members > self.catalog.limits.compound_selects {
            return Err(Error::statement("too many terms in compound SELECT"));
        }
        let (first, members) = self.compound_parts(select)?;
        self.compound_members = around;
        let slot = self.new_slot();
        let order_by = self.compound_order(&select.order_by, slot, &first, &members)?;
        let (limit, offset) = self.limits(select.limit.as_ref())?;
        let mut columns = first.columns.clone();
        for (place, column) in columns.iter_mut().enumerate() {
            let bodies = std::iter::once(&first).chain(&members);
            column.affinity = combined_affinity(&mut bodies.flat_map(|member| values_at(member, place)));
            if column.collation.is_none() {
                column.collation = members
                    .iter()
                    .filter_map(|member| member.columns.get(place))
                    .find_map(|column| column.collation.clone());
            }
        }
        let collations: Vec<Collation> =
            columns.iter().map(|column| column.collation.clone().unwrap_or_default()).collect();
        let mut body = first.body;
        for ((op, _), member) in select.compound.iter().zip(members) {
            body = Body::Compound(Box::new(Compound {
                op: *op,
                left: body,
                right: member.body,
                collations: collations.clone(),
            }));
        }
        Ok(Select { body, columns, order_by, limit, offset, slot })
    }

    /// The first member of a compound, and the others.
    fn compound_parts(&mut self, select: &ast::Select) -> Result<(Select, Vec<Select>)> {
        let first = self.compound_part(&select.body, select)?;
        let mut others = Vec::with_capacity(select.compound.len());
        for (op, body) in &select.compound {
            let other = self.compound_part(body, select)?;
            if other.columns.len() != first.columns.len() {
                return Err(uneven(*op));
            }
            others.push(other);
        }
        Ok((first, others))
    }

    fn compound_part(&mut self, body: &SelectBody, whole: &ast::Select) -> Result<Select> {
        match body {
            SelectBody::Query(query) => self.query(query, &[], None),
            SelectBody::Values(rows) => {
                let alone = ast::Select {
                    with: None,
                    body: body.clone(),
                    compound: Vec::new(),
                    order_by: Vec::new(),
                    limit: None,
                    span: whole.span,
                };
                self.values(rows, &alone)
            }
        }
    }

    /// Refuses a clause of more terms than a table may have columns.
    pub(super) fn check_terms(&self, terms: usize, clause: &str) -> Result<()> {
        match terms <= self.catalog.limits.columns {
            true => Ok(()),
            false => Err(Error::statement(format!("too many terms in {clause} BY clause"))),
        }
    }

    /// `ORDER BY` of a compound: every term is a result column, by number, by name, or by an equal expression.
    pub(super) fn compound_order(
        &mut self,
        terms: &[ast::OrderTerm],
        slot: Slot,
        first: &Select,
        others: &[Select],
    ) -> Result<Vec<OrderTerm>> {
        self.check_terms(terms.len(), "ORDER")?;
        let mut order = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            let inner = without_collations(&term.expr);
            let place = match (&inner.kind, number_of(inner)) {
                (_, Some(wanted)) => Some(result_place(wanted, first.columns.len(), number, "ORDER")?),
                (ExprKind::Column(name), _) if name.table.is_none() => {
                    self.mention_result_column(name, first, others);
                    let all = std::iter::once(first).chain(others);
                    all.into_iter().find_map(|member| {
                        member.columns.iter().position(|column| name.column.is(&column.name))
                    })
                }
                _ => None,
            };
            let place = match place {
                Some(place) => place,
                None => self.equal_column(inner, first, others).ok_or_else(|| {
                    let number = ordinal(number + 1);
                    Error::statement(format!(
                        "{number} ORDER BY term does not match any column in the result set"
                    ))
                })?,
            };
            let column = &first.columns[place];
            let own = std::iter::once(first)
                .chain(others)
                .find_map(|member| member.columns.get(place).and_then(|column| column.collation.clone()));
            let expr = Expr::Column(Column {
                slot,
                place: Place::At(place),
                affinity: column.affinity,
                collation: own.clone().unwrap_or_default(),
                not_null: false,
                has_collation: own.is_some(),
            });
            let expr = self.collated_as(expr, &term.expr)?;
            order.push(order_term(expr, term));
        }
        Ok(order)
    }

    /// Gives an expression the collation that is written behind it, the last of several.
    pub(super) fn collated_as(&self, expr: Expr, written: &ast::Expr) -> Result<Expr> {
        let ExprKind::Collate { collation, .. } = &written.kind else { return Ok(expr) };
        let collation = self.catalog.collation(&collation.text)?;
        Ok(Expr::Collate(Box::new(expr), collation))
    }

    /// Takes note of a column of a member's tables that is named by the result column it has become.
    fn mention_result_column(&mut self, name: &ast::ColumnRef, first: &Select, others: &[Select]) {
        let Some(mentions) = &mut self.mentions else { return };
        for member in std::iter::once(first).chain(others) {
            let Body::Query(query) = &member.body else { continue };
            if let Some(scope) = self.members.iter().find(|scope| scope.query == query.id) {
                mentions.note_found(scope, name);
            }
        }
    }

    /// The column of some member that is equal to an expression when it is bound over that member.
    fn equal_column(&mut self, expr: &ast::Expr, first: &Select, others: &[Select]) -> Option<usize> {
        for member in std::iter::once(first).chain(others) {
            let Body::Query(query) = &member.body else { continue };
            let Some(scope) = self.members.iter().find(|scope| scope.query == query.id).cloned() else {
                continue;
            };
            self.scopes.push(scope);
            let bound = self.expr(expr);
            self.scopes.pop();
            if let Ok(bound) = bound
                && let Some(place) = query.columns.iter().position(|column| *column == bound)
            {
                return Some(place);
            }
        }
        None
    }

    /// `LIMIT` and `OFFSET`, which see no columns.
    pub(super) fn limits(&mut self, limit: Option<&ast::Limit>) -> Result<(Option<Expr>, Option<Expr>)> {
        let Some(limit) = limit else { return Ok((None, None)) };
        let scopes = std::mem::take(&mut self.scopes);
        let count = self.expr(&limit.count);
        let offset = limit.offset.as_ref().map(|offset| self.expr(offset)).transpose();
        self.scopes = scopes;
        Ok((Some(count?), offset?))
    }

    /// What a result column is called and how it compares.
    pub(super) fn result_column(&mut self, name: Arc<str>, expr: &Expr) -> ResultColumn {
        let type_name = match expr {
            Expr::Column(column) => self.scopes.last().and_then(|scope| {
                let table = scope.tables.iter().find(|table| table.slot == column.slot)?;
                table.columns.iter().find(|known| known.expr == *expr)?.type_name.clone()
            }),
            _ => None,
        };
        ResultColumn {
            name,
            shown: None,
            affinity: affinity_of(expr),
            collation: collation_of(expr).map(|(collation, _)| collation),
            type_name,
        }
    }
}

/// `SELECT` of the values of a row.
fn query_of_row(row: &[ast::Expr]) -> ast::Query {
    let value = |expr: &ast::Expr| ast::ResultColumn::Expr {
        expr: expr.clone(),
        label: ast::ColumnLabel::Source("".into()),
    };
    ast::Query {
        distinct: false,
        columns: row.iter().map(value).collect(),
        from: None,
        filter: None,
        group_by: Vec::new(),
        having: None,
        windows: Vec::new(),
    }
}

/// What collations are written behind.
pub(super) fn without_collations(mut expr: &ast::Expr) -> &ast::Expr {
    while let ExprKind::Collate { operand, .. } = &expr.kind {
        expr = operand;
    }
    expr
}

/// The place of a result column named by its number.
pub(super) fn result_place(wanted: i64, count: usize, term: usize, clause: &str) -> Result<usize> {
    match usize::try_from(wanted) {
        Ok(place) if (1..=count).contains(&place) => Ok(place - 1),
        _ => Err(Error::statement(format!(
            "{} {clause} BY term out of range - should be between 1 and {count}",
            ordinal(term + 1)
        ))),
    }
}

/// The number that an expression is, signs included: in `ORDER BY` it names a result column.
pub(super) fn number_of(expr: &ast::Expr) -> Option<i64> {
    match &expr.kind {
        ast::ExprKind::Literal(ast::Literal::Integer(number)) => Some(*number),
        ast::ExprKind::Unary(ast::UnaryOp::Plus, operand) => number_of(operand),
        ast::ExprKind::Unary(ast::UnaryOp::Minus, operand) => number_of(operand)?.checked_neg(),
        _ => None,
    }
}

fn ordinal(number: usize) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// The error for members of different width.
pub(super) fn uneven(op: CompoundOp) -> Error {
    let op = match op {
        CompoundOp::Union => "UNION",
        CompoundOp::UnionAll => "UNION ALL",
        CompoundOp::Intersect => "INTERSECT",
        CompoundOp::Except => "EXCEPT",
    };
    Error::statement(format!(
        "SELECTs to the left and right of {op} do not have the same number of result columns"
    ))
}

/// The values that a member of a compound has in a column.
fn values_at(member: &Select, place: usize) -> Vec<&Expr> {
    match &member.body {
        Body::Query(query) => query.columns.get(place).into_iter().collect(),
        Body::Values(rows) => rows.iter().filter_map(|row| row.get(place)).collect(),
        Body::Compound(_) => Vec::new(),
    }
}

/// The affinity of a column of a compound, by its values from the first member to the last: the first that there is, unless
/// other members have values that it would change.
fn combined_affinity(values: &mut dyn Iterator<Item = &Expr>) -> Affinity {
    let mut values = values.peekable();
    let is_cast = matches!(values.peek(), Some(Expr::Cast(..)));
    let mut classes = 0;
    let mut affinity = Affinity::None;
    for value in values {
        if affinity == Affinity::None {
            affinity = affinity_of(value);
        }
        classes |= classes_of(value);
    }
    match affinity {
        Affinity::Text if classes & NUMBERS != 0 => Affinity::Blob,
        affinity if affinity.is_numeric() && classes & TEXTS != 0 => Affinity::Blob,
        affinity if affinity.is_numeric() && is_cast => Affinity::FlexNum,
        affinity => affinity,
    }
}

/// The values of a row on the right of an assignment.
pub(super) fn row_values(expr: Expr) -> Vec<Expr> {
    values_of(expr)
}
