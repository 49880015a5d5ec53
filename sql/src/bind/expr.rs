//! Expressions, form by form.
//!
//! 1. Trees are as high as [`Limits::expression_depth`](crate::Limits::expression_depth), and stacks may be small. So
//!    [`Binder::form`] only tells the forms apart. Each is bound by a function of its own that is never inlined:
//!    a level costs the frame of its own form, not one with room for all.

use std::sync::Arc;

use super::binder::Binder;
use super::compare::{is_one_value, negate_if, rules, wrong_width};
use crate::ast::{self, BinaryOp, ExprKind, Literal, UnaryOp};
use crate::bound::{Arithmetic, Case, CompareOp, Expr, RaiseAction, Subquery};
use crate::error::{Error, Result};
use crate::func::Place;
use crate::value::{Affinity, Collation, Value};

impl Binder<'_> {
    /// An expression that is one value.
    ///
    /// # Errors
    /// If it names what does not exist, or a part stands where it cannot.
    pub fn expr(&mut self, expr: &ast::Expr) -> Result<Expr> {
        let bound = self.row_or_value(expr)?;
        match is_one_value(&bound) {
            true => Ok(bound),
            false => Err(no_value(&bound)),
        }
    }

    /// The same in a box of its own, as operands are.
    pub(super) fn boxed(&mut self, expr: &ast::Expr) -> Result<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    pub(super) fn optional(&mut self, expr: Option<&ast::Expr>) -> Result<Option<Expr>> {
        match expr {
            Some(expr) => self.expr(expr).map(Some),
            None => Ok(None),
        }
    }

    /// Several expressions.
    ///
    /// # Errors
    /// As for one.
    pub fn exprs(&mut self, exprs: &[ast::Expr]) -> Result<Vec<Expr>> {
        let mut all = Vec::with_capacity(exprs.len());
        for expr in exprs {
            all.push(self.expr(expr)?);
        }
        Ok(all)
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
        self.enter_expr()?;
        let bound = self.form(expr);
        self.leave_expr();
        bound
    }

    fn form(&mut self, expr: &ast::Expr) -> Result<Expr> {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal, expr.span.offset()),
            ExprKind::Parameter(number) => self.parameter(*number),
            ExprKind::Column(name) => self.column(name),
            ExprKind::Unary(op, operand) => self.unary(*op, operand),
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right),
            ExprKind::And(all) => self.and(all),
            ExprKind::Or(all) => self.or(all),
            ExprKind::IsNull(operand) => self.is_null(operand),
            ExprKind::NotNull(operand) => self.not_null(operand),
            ExprKind::Match(matching) => self.matching(matching),
            ExprKind::Between { negated, operand, low, high } => self.between(*negated, operand, low, high),
            ExprKind::In { negated, operand, set } => self.inside(*negated, operand, set),
            ExprKind::Case(case) => self.case(case),
            ExprKind::Cast { operand, type_name } => self.cast(operand, type_name),
            ExprKind::Collate { operand, collation } => self.collate(operand, collation),
            ExprKind::Function(call) => self.call(call),
            ExprKind::Exists(select) => self.exists(select),
            ExprKind::Subquery(select) => self.first_row(select),
            ExprKind::Row(values) => self.row(values),
            ExprKind::Raise(raise) => self.raise(raise),
        }
    }

    #[inline(never)]
    fn literal(&mut self, literal: &Literal, at: usize) -> Result<Expr> {
        Ok(Expr::Literal(match literal {
            Literal::Null => Value::Null,
            Literal::Integer(integer) => Value::Integer(*integer),
            Literal::Real(real) => Value::real(*real),
            Literal::Text(text) => Value::from(&**text),
            Literal::Blob(blob) => Value::from(&**blob),
            Literal::CurrentTime => return self.builtin("current_time", Vec::new(), Some(at)),
            Literal::CurrentDate => return self.builtin("current_date", Vec::new(), Some(at)),
            Literal::CurrentTimestamp => return self.builtin("current_timestamp", Vec::new(), Some(at)),
        }))
    }

    #[inline(never)]
    fn parameter(&mut self, number: u32) -> Result<Expr> {
        match self.place {
            Place::Statement => Ok(Expr::Parameter(number)),
            _ => Err(Error::statement(format!("parameters prohibited in {}", self.place_name))),
        }
    }

    #[inline(never)]
    fn unary(&mut self, op: UnaryOp, operand: &ast::Expr) -> Result<Expr> {
        let is_literal = matches!(operand.kind, ExprKind::Literal(_));
        let operand = self.boxed(operand)?;
        Ok(match op {
            UnaryOp::Minus => match *operand {
                Expr::Literal(Value::Integer(integer)) if integer != i64::MIN => {
                    Expr::Literal(Value::Integer(-integer))
                }
                // The integer 2^63 is a real; with a minus it is the smallest integer.
                Expr::Literal(Value::Real(real)) if is_literal => Expr::Literal(Value::Real(-real)),
                _ => Expr::Negate(operand),
            },
            UnaryOp::Plus => Expr::Plus(operand),
            UnaryOp::BitNot => Expr::BitNot(operand),
            UnaryOp::Not => Expr::Not(operand),
        })
    }

    fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        match op {
            BinaryOp::Add => self.arithmetic(Arithmetic::Add, left, right),
            BinaryOp::Subtract => self.arithmetic(Arithmetic::Subtract, left, right),
            BinaryOp::Multiply => self.arithmetic(Arithmetic::Multiply, left, right),
            BinaryOp::Divide => self.arithmetic(Arithmetic::Divide, left, right),
            BinaryOp::Remainder => self.arithmetic(Arithmetic::Remainder, left, right),
            BinaryOp::Concat => self.arithmetic(Arithmetic::Concat, left, right),
            BinaryOp::BitAnd => self.arithmetic(Arithmetic::BitAnd, left, right),
            BinaryOp::BitOr => self.arithmetic(Arithmetic::BitOr, left, right),
            BinaryOp::ShiftLeft => self.arithmetic(Arithmetic::ShiftLeft, left, right),
            BinaryOp::ShiftRight => self.arithmetic(Arithmetic::ShiftRight, left, right),
            BinaryOp::JsonArrow => self.arrow("->", left, right),
            BinaryOp::JsonArrowText => self.arrow("->>", left, right),
            BinaryOp::Eq => self.comparison(CompareOp::Eq, left, right),
            BinaryOp::Ne => self.comparison(CompareOp::Ne, left, right),
            BinaryOp::Lt => self.comparison(CompareOp::Lt, left, right),
            BinaryOp::Le => self.comparison(CompareOp::Le, left, right),
            BinaryOp::Gt => self.comparison(CompareOp::Gt, left, right),
            BinaryOp::Ge => self.comparison(CompareOp::Ge, left, right),
            BinaryOp::Is => self.is(CompareOp::Is, left, right),
            BinaryOp::IsNot => self.is(CompareOp::IsNot, left, right),
        }
    }

    #[inline(never)]
    fn arithmetic(&mut self, op: Arithmetic, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        let left = self.boxed(left)?;
        let right = self.boxed(right)?;
        Ok(Expr::Arithmetic(op, left, right))
    }

    #[inline(never)]
    fn arrow(&mut self, name: &str, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        let arguments = vec![self.expr(left)?, self.expr(right)?];
        self.builtin(name, arguments, None)
    }

    #[inline(never)]
    fn and(&mut self, all: &[ast::Expr]) -> Result<Expr> {
        self.exprs(all).map(Expr::And)
    }

    #[inline(never)]
    fn or(&mut self, all: &[ast::Expr]) -> Result<Expr> {
        self.exprs(all).map(Expr::Or)
    }

    #[inline(never)]
    fn is_null(&mut self, operand: &ast::Expr) -> Result<Expr> {
        self.boxed(operand).map(Expr::IsNull)
    }

    #[inline(never)]
    fn not_null(&mut self, operand: &ast::Expr) -> Result<Expr> {
        self.boxed(operand).map(Expr::NotNull)
    }

    #[inline(never)]
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
        Ok(negate_if(matching.negated, self.builtin(name, arguments, Some(matching.at.offset()))?))
    }

    #[inline(never)]
    fn cast(&mut self, operand: &ast::Expr, type_name: &ast::TypeName) -> Result<Expr> {
        let operand = self.boxed(operand)?;
        let affinity = match Affinity::of_type(&type_name.text) {
            _ if type_name.text.is_empty() => Affinity::Numeric,
            affinity => affinity,
        };
        Ok(Expr::Cast(operand, affinity))
    }

    #[inline(never)]
    fn collate(&mut self, operand: &ast::Expr, collation: &ast::Name) -> Result<Expr> {
        let collation = self.catalog.collation(&collation.text)?;
        Ok(Expr::Collate(self.boxed(operand)?, collation))
    }

    #[inline(never)]
    fn case(&mut self, case: &ast::CaseExpr) -> Result<Expr> {
        let operand = self.optional(case.operand.as_ref())?;
        let mut branches = Vec::with_capacity(case.branches.len());
        for (when, then) in &case.branches {
            let when = self.expr(when)?;
            let (affinity, collation) = match &operand {
                Some(operand) => rules(operand, &when),
                None => (Affinity::None, Collation::Binary),
            };
            branches.push((when, affinity, collation, self.expr(then)?));
        }
        let otherwise = self.optional(case.otherwise.as_ref())?;
        Ok(Expr::Case(Box::new(Case { operand, branches, otherwise })))
    }

    #[inline(never)]
    fn row(&mut self, values: &[ast::Expr]) -> Result<Expr> {
        let mut all = Vec::with_capacity(values.len());
        for value in values {
            all.push(self.row_or_value(value)?);
        }
        Ok(Expr::Row(all))
    }

    #[inline(never)]
    fn exists(&mut self, select: &ast::Select) -> Result<Expr> {
        self.subquery(select).map(Expr::Exists)
    }

    #[inline(never)]
    fn first_row(&mut self, select: &ast::Select) -> Result<Expr> {
        Ok(Expr::Subquery(self.subquery(select)?, 0))
    }

    /// A query inside an expression.
    pub(super) fn subquery(&mut self, select: &ast::Select) -> Result<Arc<Subquery>> {
        if self.place != Place::Statement {
            return Err(Error::statement(format!("subqueries prohibited in {}", self.place_name)));
        }
        let select = self.select(select)?;
        Ok(Arc::new(Subquery { id: self.new_query(), select }))
    }

    #[inline(never)]
    fn raise(&mut self, raise: &ast::Raise) -> Result<Expr> {
        if !self.in_trigger {
            return Err(Error::statement("RAISE() may only be used within a trigger-program"));
        }
        let (action, message) = match raise {
            ast::Raise::Ignore => return Ok(Expr::Raise(RaiseAction::Ignore, None)),
            ast::Raise::Rollback(message) => (RaiseAction::Rollback, message),
            ast::Raise::Abort(message) => (RaiseAction::Abort, message),
            ast::Raise::Fail(message) => (RaiseAction::Fail, message),
        };
        Ok(Expr::Raise(action, Some(self.boxed(message)?)))
    }
}

/// What is wrong with an expression where one value has to stand.
fn no_value(bound: &Expr) -> Error {
    match bound {
        Expr::Subquery(subquery, _) => wrong_width(subquery.select.columns.len(), 1),
        _ => Error::statement("row value misused"),
    }
}

/// Splits at `AND`.
pub(super) fn split(expr: Expr, all: &mut Vec<Expr>) {
    match expr {
        Expr::And(parts) => parts.into_iter().for_each(|part| split(part, all)),
        expr => all.push(expr),
    }
}
