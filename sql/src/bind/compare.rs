//! Comparisons, `BETWEEN` and `IN`: of values, and of rows, which are taken apart.

use super::binder::Binder;
use crate::ast::{self, ExprKind};
use crate::bound::{Between, CompareOp, Comparison, Expr, In, InSet, any};
use crate::error::{Error, Result};
use crate::expr::{affinity_of, collation_of};
use crate::value::{Affinity, Collation, Value};

impl Binder<'_> {
    #[inline(never)]
    pub(super) fn comparison(&mut self, op: CompareOp, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        let left = self.row_or_value(left)?;
        let right = self.row_or_value(right)?;
        match is_one_value(&left) && is_one_value(&right) {
            true => Ok(compare(op, left, right)),
            false => self.compare_rows(op, values_of(left), values_of(right)),
        }
    }

    /// `IS` and `IS NOT`: with a bare `true` or `false` that is no column on the right they test for truth.
    #[inline(never)]
    pub(super) fn is(&mut self, op: CompareOp, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        match self.bare_truth(right)? {
            Some(truth) => {
                let operand = self.boxed(left)?;
                Ok(Expr::IsTruth { operand, truth, negated: op == CompareOp::IsNot })
            }
            None => self.comparison(op, left, right),
        }
    }

    #[inline(never)]
    fn bare_truth(&mut self, expr: &ast::Expr) -> Result<Option<bool>> {
        let mut bare = expr;
        while let ExprKind::Collate { operand, .. } = &bare.kind {
            bare = operand;
        }
        let ExprKind::Column(name) = &bare.kind else { return Ok(None) };
        let is_truth = name.table.is_none()
            && (name.column.is_word("true") || name.column.is_word("false"))
            && matches!(self.column(name)?, Expr::Literal(_));
        Ok(is_truth.then(|| name.column.is("true")))
    }

    #[inline(never)]
    pub(super) fn between(
        &mut self,
        negated: bool,
        operand: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Result<Expr> {
        let operand = self.row_or_value(operand)?;
        let low = self.row_or_value(low)?;
        let high = self.row_or_value(high)?;
        let bound = self.range(operand, low, high)?;
        Ok(negate_if(negated, bound))
    }

    #[inline(never)]
    pub(super) fn inside(&mut self, negated: bool, operand: &ast::Expr, set: &ast::InSet) -> Result<Expr> {
        if matches!(set, ast::InSet::List(list) if list.is_empty()) {
            // Nothing is in it, whatever the operand: that is not even looked at.
            return Ok(Expr::Literal(Value::Integer(negated.into())));
        }
        let operands = values_of(self.row_or_value(operand)?);
        let inside = match set {
            ast::InSet::Select(select) => self.in_select(operands, select),
            // `IN ((SELECT ..))` is the same as with one pair of parentheses.
            ast::InSet::List(list) => match list.as_slice() {
                [ast::Expr { kind: ExprKind::Subquery(select), .. }] => self.in_select(operands, select),
                _ => self.in_list(operands, list),
            },
            ast::InSet::Table(name) => {
                let name = name.clone();
                let source = ast::TableSource::Table { name, index: ast::IndexHint::Any };
                self.in_select(operands, &all_of(source))
            }
            ast::InSet::TableFunction { name, arguments } => {
                let (name, arguments) = (name.clone(), arguments.clone());
                self.in_select(operands, &all_of(ast::TableSource::Function { name, arguments }))
            }
        };
        Ok(negate_if(negated, inside?))
    }

    #[inline(never)]
    fn in_select(&mut self, operands: Vec<Expr>, select: &ast::Select) -> Result<Expr> {
        let subquery = self.subquery(select)?;
        let columns = &subquery.select.columns;
        if columns.len() != operands.len() {
            return Err(wrong_width(columns.len(), operands.len()));
        }
        let values = subquery.select.body.last_values();
        let rules = operands
            .iter()
            .zip(columns.iter().zip(values))
            .map(|(operand, (column, value))| {
                let (_, collation) = rules(operand, value);
                (affinity_of(operand).for_comparison(column.affinity), collation)
            })
            .collect();
        Ok(Expr::In(Box::new(In { operands, set: InSet::Select(subquery), rules })))
    }

    #[inline(never)]
    fn in_list(&mut self, operands: Vec<Expr>, list: &[ast::Expr]) -> Result<Expr> {
        if operands.len() != 1 {
            return self.in_rows(&operands, list);
        }
        let list = self.exprs(list)?;
        let operand = operands.first().ok_or_else(misused)?;
        let affinity = affinity_of(operand);
        let collation = match list.as_slice() {
            // With one constant it is a comparison.
            [value] if is_constant(value) => rules(operand, value).1,
            _ => collation_of(operand).map_or(Collation::Binary, |(collation, _)| collation),
        };
        let rules = vec![(affinity, collation)];
        Ok(Expr::In(Box::new(In { operands, set: InSet::List(list), rules })))
    }

    /// A row is in a list of rows if it is equal to one of them.
    #[inline(never)]
    fn in_rows(&mut self, operands: &[Expr], list: &[ast::Expr]) -> Result<Expr> {
        let mut any = Vec::new();
        for each in list {
            let row = values_of(self.row_or_value(each)?);
            if row.len() != operands.len() {
                return Err(misused());
            }
            let copy = self.copies(operands)?;
            any.push(self.compare_rows(CompareOp::Eq, copy, row)?);
        }
        Ok(match any.len() {
            0 => Expr::Literal(Value::Integer(0)),
            _ => Expr::Or(any),
        })
    }

    /// `operand BETWEEN low AND high`; of rows it is two comparisons.
    #[inline(never)]
    fn range(&mut self, operand: Expr, low: Expr, high: Expr) -> Result<Expr> {
        if !is_one_value(&operand) {
            let (operand, low, high) = (values_of(operand), values_of(low), values_of(high));
            if operand.len() != low.len() || operand.len() != high.len() {
                return Err(misused());
            }
            let copy = self.copies(&operand)?;
            return Ok(Expr::And(vec![
                self.compare_rows(CompareOp::Ge, copy, low)?,
                self.compare_rows(CompareOp::Le, operand, high)?,
            ]));
        }
        if matches!(low, Expr::Row(_)) || matches!(high, Expr::Row(_)) {
            return Err(misused());
        }
        let (low_affinity, low_collation) = rules(&operand, &low);
        let (high_affinity, high_collation) = rules(&operand, &high);
        Ok(Expr::Between(Box::new(Between {
            operand,
            low: (low, low_affinity, low_collation),
            high: (high, high_affinity, high_collation),
        })))
    }

    /// A comparison of rows, taken apart into comparisons of values: `(a, b) < (c, d)` is `a < c OR a = c AND b < d`.
    #[inline(never)]
    fn compare_rows(&mut self, op: CompareOp, left: Vec<Expr>, right: Vec<Expr>) -> Result<Expr> {
        if left.len() != right.len() {
            let is_subquery = |side: &[Expr]| matches!(side.first(), Some(Expr::Subquery(..)));
            return Err(match (left.len(), right.len()) {
                (wanted, found) if is_subquery(&right) => wrong_width(found, wanted),
                (found, wanted) if is_subquery(&left) => wrong_width(found, wanted),
                _ => misused(),
            });
        }
        let mut pairs: Vec<(Expr, Expr)> = left.into_iter().zip(right).collect();
        let all = |op: CompareOp, pairs: Vec<(Expr, Expr)>| -> Vec<Expr> {
            pairs.into_iter().map(|(a, b)| compare(op, a, b)).collect()
        };
        Ok(match op {
            CompareOp::Eq | CompareOp::Is => one_or(Expr::And, all(op, pairs)),
            CompareOp::Ne | CompareOp::IsNot => one_or(Expr::Or, all(op, pairs)),
            _ => {
                let strict = match op {
                    CompareOp::Le => CompareOp::Lt,
                    CompareOp::Ge => CompareOp::Gt,
                    other => other,
                };
                let Some((last_left, last_right)) = pairs.pop() else { return Err(misused()) };
                let mut result = compare(op, last_left, last_right);
                for (a, b) in pairs.into_iter().rev() {
                    let equal = compare(CompareOp::Eq, self.copy(&a)?, self.copy(&b)?);
                    result = Expr::Or(vec![compare(strict, a, b), Expr::And(vec![equal, result])]);
                }
                self.note_copy(&result)?;
                result
            }
        })
    }

    /// A copy of an expression that has to stand in two places.
    fn copy(&mut self, expr: &Expr) -> Result<Expr> {
        self.note_copy(expr)?;
        Ok(expr.clone())
    }

    fn copies(&mut self, exprs: &[Expr]) -> Result<Vec<Expr>> {
        exprs.iter().map(|expr| self.copy(expr)).collect()
    }
}

pub(super) fn negate_if(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}

fn misused() -> Error {
    Error::statement("row value misused")
}

pub(super) fn wrong_width(found: usize, expected: usize) -> Error {
    Error::statement(format!("sub-select returns {found} columns - expected {expected}"))
}

/// Whether an expression is one value: no row, and no subquery with several columns.
pub(super) fn is_one_value(expr: &Expr) -> bool {
    match expr {
        Expr::Row(_) => false,
        Expr::Subquery(subquery, 0) => subquery.select.columns.len() == 1,
        _ => true,
    }
}

/// Whether an expression is made of literals and parameters alone, without functions.
fn is_constant(expr: &Expr) -> bool {
    !any(expr, &mut |part| {
        matches!(
            part,
            Expr::Column(_) | Expr::Function(_) | Expr::Subquery(..) | Expr::Exists(_) | Expr::In(_)
        )
    })
}

/// The values of a row, of a subquery with several columns, or of what is one value.
pub(super) fn values_of(expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::Row(values) => values,
        Expr::Subquery(subquery, 0) => (0..subquery.select.columns.len())
            .map(|column| Expr::Subquery(subquery.clone(), column))
            .collect(),
        value => vec![value],
    }
}

/// What a comparison of two values goes by.
pub(super) fn rules(left: &Expr, right: &Expr) -> (Affinity, Collation) {
    let collation = match (collation_of(left), collation_of(right)) {
        (Some((collation, true)), _) | (_, Some((collation, true))) => collation,
        (Some((collation, false)), _) | (None, Some((collation, false))) => collation,
        (None, None) => Collation::Binary,
    };
    // Numbers stay what they are: no integer is rounded to a real here.
    let affinity = affinity_of(left).for_comparison(affinity_of(right)).min(Affinity::Numeric);
    (affinity, collation)
}

/// A comparison of two values by SQLite's rules.
pub(super) fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    let (affinity, collation) = rules(&left, &right);
    Expr::Compare(Box::new(Comparison { op, left, right, affinity, collation }))
}

/// The only one, or all of them joined.
fn one_or(join: fn(Vec<Expr>) -> Expr, mut all: Vec<Expr>) -> Expr {
    match all.len() {
        1 => all.swap_remove(0),
        _ => join(all),
    }
}

/// `SELECT * FROM` one source.
fn all_of(source: ast::TableSource) -> Box<ast::Select> {
    let span = ast::Span::default();
    let first = ast::TableTerm { source, alias: None, span };
    Box::new(ast::Select {
        with: None,
        body: ast::SelectBody::Query(Box::new(ast::Query {
            distinct: false,
            columns: vec![ast::ResultColumn::Star(span)],
            from: Some(ast::From { first, joins: Vec::new() }),
            filter: None,
            group_by: Vec::new(),
            having: None,
            windows: Vec::new(),
        })),
        compound: Vec::new(),
        order_by: Vec::new(),
        limit: None,
        span,
    })
}
