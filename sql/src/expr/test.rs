//! Conditions compiled to closures that answer true or false: what `WHERE`, `ON` and `CASE` need. NULL is false.

use std::cmp::Ordering;

use super::compile::{Compiler, is_between, is_same};
use super::env::Env;
use super::scalar::{Scalar, Test};
use crate::bound::{Between, CompareOp, Comparison, Expr, In};
use crate::error::Result;
use crate::value::{self, Affinity, Collation, ValueRef};

impl Compiler<'_> {
    /// Several conditions.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn tests(&mut self, exprs: &[Expr]) -> Result<Vec<Test>> {
        let mut tests = Vec::with_capacity(exprs.len());
        for expr in exprs {
            tests.push(self.test(expr)?);
        }
        Ok(tests)
    }

    /// A condition. As [`Compiler::scalar`], it only tells the forms apart.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn test(&mut self, expr: &Expr) -> Result<Test> {
        match expr {
            Expr::Compare(comparison) => self.compare_test(comparison),
            Expr::And(all) => self.and_test(all),
            Expr::Or(all) => self.or_test(all),
            Expr::IsNull(a) => self.null_test(a),
            Expr::NotNull(a) => self.not_null_test(a),
            Expr::Between(between) => self.between_test(between),
            Expr::In(inside) => self.inside_test(inside),
            Expr::Function(call) => match self.matching(call)? {
                Some(matches) => Ok(Box::new(move |env| matches(env) == Some(true))),
                None => self.value_test(expr),
            },
            _ => self.value_test(expr),
        }
    }

    #[inline(never)]
    fn and_test(&mut self, all: &[Expr]) -> Result<Test> {
        let all = self.tests(all)?;
        Ok(Box::new(move |env| all.iter().all(|test| test(env))))
    }

    #[inline(never)]
    fn or_test(&mut self, all: &[Expr]) -> Result<Test> {
        let all = self.tests(all)?;
        Ok(Box::new(move |env| all.iter().any(|test| test(env))))
    }

    #[inline(never)]
    fn null_test(&mut self, a: &Expr) -> Result<Test> {
        let a = self.scalar(a)?;
        Ok(Box::new(move |env| a.eval(env).is_null()))
    }

    #[inline(never)]
    fn not_null_test(&mut self, a: &Expr) -> Result<Test> {
        let a = self.scalar(a)?;
        Ok(Box::new(move |env| !a.eval(env).is_null()))
    }

    #[inline(never)]
    fn between_test(&mut self, between: &Between) -> Result<Test> {
        let (operand, ends) = self.range(between)?;
        Ok(Box::new(move |env| is_between(operand.eval(env), &ends, env) == Some(true)))
    }

    #[inline(never)]
    fn inside_test(&mut self, inside: &In) -> Result<Test> {
        let inside = self.inside(inside)?;
        Ok(Box::new(move |env| inside(env) == Some(true)))
    }

    #[inline(never)]
    fn value_test(&mut self, expr: &Expr) -> Result<Test> {
        let value = self.scalar(expr)?;
        Ok(Box::new(move |env| value.eval(env).to_bool() == Some(true)))
    }

    #[inline(never)]
    fn compare_test(&mut self, comparison: &Comparison) -> Result<Test> {
        let a = self.scalar(&comparison.left)?;
        let b = self.scalar(&comparison.right)?;
        Ok(compare_test(comparison, a, b))
    }
}

fn compare_test(comparison: &Comparison, a: Scalar, b: Scalar) -> Test {
    let (op, affinity, collation) = (comparison.op, comparison.affinity, comparison.collation.clone());
    // A number with a number that is known: the most frequent test of all.
    if affinity != Affinity::Text
        && let Scalar::Number(known) = b
    {
        match known {
            ValueRef::Integer(integer) => {
                return by_order(op, move |env| match a.eval(env) {
                    ValueRef::Integer(value) => Some(value.cmp(&integer)),
                    value => {
                        value::compare_with_affinity(value, ValueRef::Integer(integer), affinity, &BINARY)
                    }
                });
            }
            ValueRef::Real(real) => {
                return by_order(op, move |env| match a.eval(env) {
                    ValueRef::Real(value) => value.partial_cmp(&real),
                    value => value::compare_with_affinity(value, ValueRef::Real(real), affinity, &BINARY),
                });
            }
            _ => {}
        }
    }
    match op {
        CompareOp::Is => {
            return Box::new(move |env| is_same(a.eval(env), b.eval(env), affinity, &collation));
        }
        CompareOp::IsNot => {
            return Box::new(move |env| !is_same(a.eval(env), b.eval(env), affinity, &collation));
        }
        _ => {}
    }
    // Equal texts are the same bytes: their lengths tell most of them apart.
    if op == CompareOp::Eq && collation.is_binary() && !affinity.is_numeric() {
        return Box::new(move |env| match (a.eval(env), b.eval(env)) {
            (ValueRef::Text(a), ValueRef::Text(b)) => a == b,
            (a, b) => value::compare_with_affinity(a, b, affinity, &BINARY).is_some_and(Ordering::is_eq),
        });
    }
    by_order(op, move |env| value::compare_with_affinity(a.eval(env), b.eval(env), affinity, &collation))
}

const BINARY: Collation = Collation::Binary;

/// A test of the order of two values, unknown where one is NULL; for `IS` only if the right side cannot be NULL.
fn by_order<F>(op: CompareOp, order: F) -> Test
where
    F: for<'e> Fn(&Env<'e>) -> Option<Ordering> + Send + Sync + 'static,
{
    match op {
        CompareOp::Eq | CompareOp::Is => Box::new(move |env| order(env).is_some_and(Ordering::is_eq)),
        CompareOp::IsNot => Box::new(move |env| !order(env).is_some_and(Ordering::is_eq)),
        CompareOp::Ne => Box::new(move |env| order(env).is_some_and(Ordering::is_ne)),
        CompareOp::Lt => Box::new(move |env| order(env).is_some_and(Ordering::is_lt)),
        CompareOp::Le => Box::new(move |env| order(env).is_some_and(Ordering::is_le)),
        CompareOp::Gt => Box::new(move |env| order(env).is_some_and(Ordering::is_gt)),
        CompareOp::Ge => Box::new(move |env| order(env).is_some_and(Ordering::is_ge)),
    }
}
