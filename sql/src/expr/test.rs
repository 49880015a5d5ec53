//! Conditions compiled to closures that answer true or false: what `WHERE`, `ON` and `CASE` need. NULL is false.

use std::cmp::Ordering;

use super::compile::{Compiler, is_between, is_same};
use super::env::Env;
use super::scalar::{Scalar, Test};
use crate::bound::{CompareOp, Comparison, Expr};
use crate::error::Result;
use crate::value::{self, Affinity, Collation, ValueRef};

impl Compiler<'_> {
    /// Several conditions.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn tests(&mut self, exprs: &[Expr]) -> Result<Vec<Test>> {
        exprs.iter().map(|expr| self.test(expr)).collect()
    }

    /// A condition.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn test(&mut self, expr: &Expr) -> Result<Test> {
        Ok(match expr {
            Expr::Compare(comparison) => self.compare_test(comparison)?,
            Expr::And(all) => {
                let all = self.tests(all)?;
                Box::new(move |env| all.iter().all(|test| test(env)))
            }
            Expr::Or(all) => {
                let all = self.tests(all)?;
                Box::new(move |env| all.iter().any(|test| test(env)))
            }
            Expr::IsNull(a) => {
                let a = self.scalar(a)?;
                Box::new(move |env| a.eval(env).is_null())
            }
            Expr::NotNull(a) => {
                let a = self.scalar(a)?;
                Box::new(move |env| !a.eval(env).is_null())
            }
            Expr::Between(between) => {
                let operand = self.scalar(&between.operand)?;
                let low = (self.scalar(&between.low.0)?, between.low.1, between.low.2.clone());
                let high = (self.scalar(&between.high.0)?, between.high.1, between.high.2.clone());
                Box::new(move |env| is_between(operand.eval(env), &low, &high, env) == Some(true))
            }
            Expr::In(inside) => {
                let inside = self.inside(inside)?;
                Box::new(move |env| inside(env) == Some(true))
            }
            Expr::Function(call) => match self.matching(call)? {
                Some(matches) => Box::new(move |env| matches(env) == Some(true)),
                None => {
                    let value = self.scalar(expr)?;
                    Box::new(move |env| value.eval(env).to_bool() == Some(true))
                }
            },
            _ => {
                let value = self.scalar(expr)?;
                Box::new(move |env| value.eval(env).to_bool() == Some(true))
            }
        })
    }

    fn compare_test(&mut self, comparison: &Comparison) -> Result<Test> {
        let (a, b) = (self.scalar(&comparison.left)?, self.scalar(&comparison.right)?);
        let (op, affinity, collation) = (comparison.op, comparison.affinity, comparison.collation.clone());
        // A number with a number that is known: the most frequent test of all.
        if affinity != Affinity::Text
            && let Scalar::Number(known) = b
        {
            match known {
                ValueRef::Integer(integer) => {
                    return Ok(by_order(op, move |env| match a.eval(env) {
                        ValueRef::Integer(value) => Some(value.cmp(&integer)),
                        value => {
                            value::compare_with_affinity(value, ValueRef::Integer(integer), affinity, &BINARY)
                        }
                    }));
                }
                ValueRef::Real(real) => {
                    return Ok(by_order(op, move |env| match a.eval(env) {
                        ValueRef::Real(value) => value.partial_cmp(&real),
                        value => value::compare_with_affinity(value, ValueRef::Real(real), affinity, &BINARY),
                    }));
                }
                _ => {}
            }
        }
        match op {
            CompareOp::Is => {
                return Ok(Box::new(move |env| is_same(a.eval(env), b.eval(env), affinity, &collation)));
            }
            CompareOp::IsNot => {
                return Ok(Box::new(move |env| !is_same(a.eval(env), b.eval(env), affinity, &collation)));
            }
            _ => {}
        }
        // Equal texts are the same bytes: their lengths tell most of them apart.
        if op == CompareOp::Eq && collation.is_binary() && !affinity.is_numeric() {
            return Ok(Box::new(move |env| match (a.eval(env), b.eval(env)) {
                (ValueRef::Text(a), ValueRef::Text(b)) => a == b,
                (a, b) => value::compare_with_affinity(a, b, affinity, &BINARY).is_some_and(Ordering::is_eq),
            }));
        }
        Ok(by_order(op, move |env| {
            value::compare_with_affinity(a.eval(env), b.eval(env), affinity, &collation)
        }))
    }
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
