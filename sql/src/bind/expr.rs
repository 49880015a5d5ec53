//! Expressions.

use std::sync::Arc;

use super::binder::Binder;
use crate::ast::{self, BinaryOp, ExprKind, Literal, UnaryOp};
use crate::bound::{
    Arithmetic, Between, Case, CompareOp, Comparison, Expr, In, InSet, RaiseAction, Subquery,
};
use crate::error::{Error, Result};
use crate::expr::{affinity_of, collation_of};
use crate::value::{Affinity, Collation, Value};

impl Binder<'_> {
    /// An expression that is one value.
    ///
    /// # Errors
    /// If it names what does not exist, or a part stands where it cannot.
    pub fn expr(&mut self, expr: &ast::Expr) -> Result<Expr> {
        let bound = self.row_or_value(expr)?;
        match &bound {
            Expr::Row(_) => Err(Error::statement("row value misused")),
            Expr::Subquery(subquery, 0) if subquery.select.columns.len() != 1 => {
                Err(wrong_width(subquery.select.columns.len(), 1))
            }
            _ => Ok(bound),
        }
    }

    /// Several expressions.
    ///
    /// # Errors
    /// As for one.
    pub fn exprs(&mut self, exprs: &[ast::Expr]) -> Result<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// A condition, split at `AND`.
    ///
    /// # Errors
    /// As for an expression.
    pub fn conjuncts(&mut self, expr: &ast::Expr) -> Result<Vec<Expr>> {
        let mut all = Vec::new();
        split(self.expr(expr)?, &mut all);
        Ok(all)
    }

    /// An expression that may be a row value.
    pub(super) fn row_or_value(&mut self, expr: &ast::Expr) -> Result<Expr> {
        Ok(match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal)?,
            ExprKind::Parameter(_) if self.place != crate::func::Place::Statement => {
                return Err(Error::statement(format!("parameters prohibited in {}", self.place_name)));
            }
            ExprKind::Parameter(number) => Expr::Parameter(*number),
            ExprKind::Column(name) => self.column(name)?,
            ExprKind::Unary(op, operand) => {
                let operand = Box::new(self.expr(operand)?);
                match op {
                    UnaryOp::Minus => match *operand {
                        Expr::Literal(Value::Integer(integer)) if integer != i64::MIN => {
                            Expr::Literal(Value::Integer(-integer))
                        }
                        // The integer 2^63 is a real; with a minus it is the smallest integer.
                        Expr::Literal(Value::Real(real)) => Expr::Literal(Value::Real(-real)),
                        _ => Expr::Negate(operand),
                    },
                    UnaryOp::Plus => Expr::Plus(operand),
                    UnaryOp::BitNot => Expr::BitNot(operand),
                    UnaryOp::Not => Expr::Not(operand),
                }
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right)?,
            ExprKind::And(all) => Expr::And(self.exprs(all)?),
            ExprKind::Or(all) => Expr::Or(self.exprs(all)?),
            ExprKind::IsNull(operand) => Expr::IsNull(Box::new(self.expr(operand)?)),
            ExprKind::NotNull(operand) => Expr::NotNull(Box::new(self.expr(operand)?)),
            ExprKind::Match(matching) => self.matching(matching)?,
            ExprKind::Between { negated, operand, low, high } => {
                negate_if(*negated, self.between(operand, low, high)?)
            }
            ExprKind::In { negated, operand, set } => negate_if(*negated, self.inside(operand, set)?),
            ExprKind::Case(case) => self.case(case)?,
            ExprKind::Cast { operand, type_name } => {
                let operand = Box::new(self.expr(operand)?);
                let affinity = match Affinity::of_type(&type_name.text) {
                    _ if type_name.text.is_empty() => Affinity::Numeric,
                    affinity => affinity,
                };
                Expr::Cast(operand, affinity)
            }
            ExprKind::Collate { operand, collation } => {
                let collation = self.catalog.collation(&collation.text)?;
                Expr::Collate(Box::new(self.expr(operand)?), collation)
            }
            ExprKind::Function(call) => self.call(call)?,
            ExprKind::Exists(select) => Expr::Exists(self.subquery(select)?),
            ExprKind::Subquery(select) => Expr::Subquery(self.subquery(select)?, 0),
            ExprKind::Row(values) => {
                Expr::Row(values.iter().map(|value| self.row_or_value(value)).collect::<Result<_>>()?)
            }
            ExprKind::Raise(raise) => self.raise(raise)?,
        })
    }

    fn literal(&mut self, literal: &Literal) -> Result<Expr> {
        Ok(Expr::Literal(match literal {
            Literal::Null => Value::Null,
            Literal::Integer(integer) => Value::Integer(*integer),
            Literal::Real(real) => Value::real(*real),
            Literal::Text(text) => Value::from(&**text),
            Literal::Blob(blob) => Value::from(&**blob),
            Literal::CurrentTime => return self.builtin("current_time", Vec::new()),
            Literal::CurrentDate => return self.builtin("current_date", Vec::new()),
            Literal::CurrentTimestamp => return self.builtin("current_timestamp", Vec::new()),
        }))
    }

    fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        let arithmetic = |op| move |a, b| Expr::Arithmetic(op, Box::new(a), Box::new(b));
        let make = match op {
            BinaryOp::Add => arithmetic(Arithmetic::Add),
            BinaryOp::Subtract => arithmetic(Arithmetic::Subtract),
            BinaryOp::Multiply => arithmetic(Arithmetic::Multiply),
            BinaryOp::Divide => arithmetic(Arithmetic::Divide),
            BinaryOp::Remainder => arithmetic(Arithmetic::Remainder),
            BinaryOp::Concat => arithmetic(Arithmetic::Concat),
            BinaryOp::BitAnd => arithmetic(Arithmetic::BitAnd),
            BinaryOp::BitOr => arithmetic(Arithmetic::BitOr),
            BinaryOp::ShiftLeft => arithmetic(Arithmetic::ShiftLeft),
            BinaryOp::ShiftRight => arithmetic(Arithmetic::ShiftRight),
            BinaryOp::JsonArrow | BinaryOp::JsonArrowText => {
                let name = if op == BinaryOp::JsonArrow { "->" } else { "->>" };
                let arguments = vec![self.expr(left)?, self.expr(right)?];
                return self.builtin(name, arguments);
            }
            BinaryOp::Eq => return self.comparison(CompareOp::Eq, left, right),
            BinaryOp::Ne => return self.comparison(CompareOp::Ne, left, right),
            BinaryOp::Lt => return self.comparison(CompareOp::Lt, left, right),
            BinaryOp::Le => return self.comparison(CompareOp::Le, left, right),
            BinaryOp::Gt => return self.comparison(CompareOp::Gt, left, right),
            BinaryOp::Ge => return self.comparison(CompareOp::Ge, left, right),
            BinaryOp::Is | BinaryOp::IsNot => return self.is(op, left, right),
        };
        Ok(make(self.expr(left)?, self.expr(right)?))
    }

    /// `IS`: with a bare `true` or `false` that is no column on the right it tests for truth.
    fn is(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        let mut bare = right;
        while let ExprKind::Collate { operand, .. } = &bare.kind {
            bare = operand;
        }
        if let ExprKind::Column(name) = &bare.kind
            && name.table.is_none()
            && (name.column.is_word("true") || name.column.is_word("false"))
            && matches!(self.column(name)?, Expr::Literal(_))
        {
            let truth = name.column.is("true");
            let operand = Box::new(self.expr(left)?);
            return Ok(Expr::IsTruth { operand, truth, negated: op == BinaryOp::IsNot });
        }
        let op = if op == BinaryOp::Is { CompareOp::Is } else { CompareOp::IsNot };
        self.comparison(op, left, right)
    }

    fn comparison(&mut self, op: CompareOp, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        let (left, right) = (self.row_or_value(left)?, self.row_or_value(right)?);
        let (left, right) = (values_of(left), values_of(right));
        if left.len() != right.len() {
            let sub_select = |side: &[Expr]| matches!(side.first(), Some(Expr::Subquery(..)));
            return Err(match (left.len(), right.len()) {
                (wanted, found) if sub_select(&right) => wrong_width(found, wanted),
                (found, wanted) if sub_select(&left) => wrong_width(found, wanted),
                _ => Error::statement("row value misused"),
            });
        }
        Ok(compare_rows(op, left, right))
    }

    fn matching(&mut self, matching: &ast::MatchExpr) -> Result<Expr> {
        let name = match matching.op {
            ast::MatchOp::Like => "like",
            ast::MatchOp::Glob => "glob",
            ast::MatchOp::Regexp => "regexp",
            ast::MatchOp::Match => "match",
        };
        let mut arguments = vec![self.expr(&matching.pattern)?, self.expr(&matching.operand)?];
        if let Some(escape) = &matching.escape {
            arguments.push(self.expr(escape)?);
        }
        Ok(negate_if(matching.negated, self.builtin(name, arguments)?))
    }

    fn between(&mut self, operand: &ast::Expr, low: &ast::Expr, high: &ast::Expr) -> Result<Expr> {
        let operand = self.row_or_value(operand)?;
        let (low, high) = (self.row_or_value(low)?, self.row_or_value(high)?);
        if matches!(operand, Expr::Row(_))
            || matches!(&operand, Expr::Subquery(s, _) if s.select.columns.len() > 1)
        {
            let (operand, low, high) = (values_of(operand), values_of(low), values_of(high));
            if operand.len() != low.len() || operand.len() != high.len() {
                return Err(Error::statement("row value misused"));
            }
            return Ok(Expr::And(vec![
                compare_rows(CompareOp::Ge, operand.clone(), low),
                compare_rows(CompareOp::Le, operand, high),
            ]));
        }
        if matches!(low, Expr::Row(_)) || matches!(high, Expr::Row(_)) {
            return Err(Error::statement("row value misused"));
        }
        let (low_affinity, low_collation) = rules(&operand, &low);
        let (high_affinity, high_collation) = rules(&operand, &high);
        Ok(Expr::Between(Box::new(Between {
            operand,
            low: (low, low_affinity, low_collation),
            high: (high, high_affinity, high_collation),
        })))
    }

    fn inside(&mut self, operand: &ast::Expr, set: &ast::InSet) -> Result<Expr> {
        let operands = values_of(self.row_or_value(operand)?);
        let select;
        let select = match set {
            ast::InSet::Select(select) => select,
            // `IN ((SELECT ..))` is the same as with one pair of parentheses.
            ast::InSet::List(list) => match list.as_slice() {
                [ast::Expr { kind: ExprKind::Subquery(select), .. }] => select,
                _ => return self.in_list(operands, list),
            },
            ast::InSet::Table(name) => {
                select = all_of(ast::TableSource::Table { name: name.clone(), index: ast::IndexHint::Any });
                &select
            }
            ast::InSet::TableFunction { name, arguments } => {
                select =
                    all_of(ast::TableSource::Function { name: name.clone(), arguments: arguments.clone() });
                &select
            }
        };
        let subquery = self.subquery(select)?;
        let columns = &subquery.select.columns;
        if columns.len() != operands.len() {
            return Err(wrong_width(columns.len(), operands.len()));
        }
        let rules = operands
            .iter()
            .zip(columns)
            .map(|(operand, column)| {
                let collation = match (collation_of(operand), &column.collation) {
                    (Some((collation, _)), _) => collation,
                    (None, Some(collation)) => collation.clone(),
                    (None, None) => Collation::Binary,
                };
                (affinity_of(operand).for_comparison(column.affinity), collation)
            })
            .collect();
        Ok(Expr::In(Box::new(In { operands, set: InSet::Select(subquery), rules })))
    }

    fn in_list(&mut self, operands: Vec<Expr>, list: &[ast::Expr]) -> Result<Expr> {
        if operands.len() > 1 {
            // A row is in a list of rows if it is equal to one of them.
            let mut any = Vec::new();
            for each in list {
                let row = values_of(self.row_or_value(each)?);
                if row.len() != operands.len() {
                    return Err(Error::statement("row value misused"));
                }
                any.push(compare_rows(CompareOp::Eq, operands.clone(), row));
            }
            return Ok(match any.len() {
                0 => Expr::Literal(Value::Integer(0)),
                _ => Expr::Or(any),
            });
        }
        let list = self.exprs(list)?;
        let operand = operands.first().ok_or_else(|| Error::statement("row value misused"))?;
        let affinity = affinity_of(operand);
        let collation = collation_of(operand).map_or(Collation::Binary, |(collation, _)| collation);
        let rules = vec![(affinity, collation)];
        Ok(Expr::In(Box::new(In { operands, set: InSet::List(list), rules })))
    }

    fn case(&mut self, case: &ast::CaseExpr) -> Result<Expr> {
        let operand = case.operand.as_ref().map(|operand| self.expr(operand)).transpose()?;
        let mut branches = Vec::new();
        for (when, then) in &case.branches {
            let when = self.expr(when)?;
            let (affinity, collation) = match &operand {
                Some(operand) => rules(operand, &when),
                None => (Affinity::None, Collation::Binary),
            };
            branches.push((when, affinity, collation, self.expr(then)?));
        }
        let otherwise = case.otherwise.as_ref().map(|otherwise| self.expr(otherwise)).transpose()?;
        Ok(Expr::Case(Box::new(Case { operand, branches, otherwise })))
    }

    /// A query inside an expression.
    pub(super) fn subquery(&mut self, select: &ast::Select) -> Result<Arc<Subquery>> {
        if self.place != crate::func::Place::Statement {
            return Err(Error::statement(format!("subqueries prohibited in {}", self.place_name)));
        }
        let select = self.select(select)?;
        Ok(Arc::new(Subquery { id: self.new_query(), select }))
    }

    fn raise(&mut self, raise: &ast::Raise) -> Result<Expr> {
        if !self.in_trigger {
            return Err(Error::statement("RAISE() may only be used within a trigger-program"));
        }
        Ok(match raise {
            ast::Raise::Ignore => Expr::Raise(RaiseAction::Ignore, None),
            ast::Raise::Rollback(message) => {
                Expr::Raise(RaiseAction::Rollback, Some(Box::new(self.expr(message)?)))
            }
            ast::Raise::Abort(message) => {
                Expr::Raise(RaiseAction::Abort, Some(Box::new(self.expr(message)?)))
            }
            ast::Raise::Fail(message) => Expr::Raise(RaiseAction::Fail, Some(Box::new(self.expr(message)?))),
        })
    }
}

fn negate_if(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}

pub(super) fn wrong_width(found: usize, expected: usize) -> Error {
    Error::statement(format!("sub-select returns {found} columns - expected {expected}"))
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

/// A comparison of rows, taken apart into comparisons of values: `(a, b) < (c, d)` is `a < c OR a = c AND b < d`.
fn compare_rows(op: CompareOp, left: Vec<Expr>, right: Vec<Expr>) -> Expr {
    let mut pairs: Vec<(Expr, Expr)> = left.into_iter().zip(right).collect();
    let Some((last_left, last_right)) = pairs.pop() else { return Expr::Literal(Value::Null) };
    let all = |op: CompareOp, pairs: Vec<(Expr, Expr)>| -> Vec<Expr> {
        pairs.into_iter().map(|(a, b)| compare(op, a, b)).collect()
    };
    if pairs.is_empty() {
        return compare(op, last_left, last_right);
    }
    match op {
        CompareOp::Eq | CompareOp::Is => {
            pairs.push((last_left, last_right));
            Expr::And(all(op, pairs))
        }
        CompareOp::Ne | CompareOp::IsNot => {
            pairs.push((last_left, last_right));
            Expr::Or(all(op, pairs))
        }
        _ => {
            let strict = match op {
                CompareOp::Le => CompareOp::Lt,
                CompareOp::Ge => CompareOp::Gt,
                other => other,
            };
            let mut result = compare(op, last_left, last_right);
            for (a, b) in pairs.into_iter().rev() {
                let equal = compare(CompareOp::Eq, a.clone(), b.clone());
                result = Expr::Or(vec![compare(strict, a, b), Expr::And(vec![equal, result])]);
            }
            result
        }
    }
}

/// Splits at `AND`.
pub(super) fn split(expr: Expr, all: &mut Vec<Expr>) {
    match expr {
        Expr::And(parts) => parts.into_iter().for_each(|part| split(part, all)),
        expr => all.push(expr),
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
