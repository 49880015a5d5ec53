//! Conditions compiled to closures that answer true or false: what `WHERE`, `ON` and `CASE` need. NULL is false.

use super::compile::{Compiler, is_between, is_same, order_test};
use super::scalar::{Scalar, Test};
use crate::bound::{CompareOp, Comparison, Expr};
use crate::error::Result;
use crate::value::{self, Affinity, ValueRef};

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
            _ => {
                let value = self.scalar(expr)?;
                Box::new(move |env| value.eval(env).to_bool() == Some(true))
            }
        })
    }

    fn compare_test(&mut self, comparison: &Comparison) -> Result<Test> {
        let (a, b) = (self.scalar(&comparison.left)?, self.scalar(&comparison.right)?);
        let (affinity, collation) = (comparison.affinity, comparison.collation.clone());
        if affinity != Affinity::Text
            && let Scalar::Number(ValueRef::Integer(integer)) = b
        {
            // A number with an integer: the most frequent test of all.
            let fits = order_test(comparison.op);
            let op = comparison.op;
            return Ok(Box::new(move |env| match a.eval(env) {
                ValueRef::Integer(value) => fits(value.cmp(&integer)),
                ValueRef::Null => op == CompareOp::IsNot,
                value => value::compare_with_affinity(
                    value,
                    ValueRef::Integer(integer),
                    affinity,
                    &value::Collation::Binary,
                )
                .is_some_and(fits),
            }));
        }
        Ok(match comparison.op {
            CompareOp::Is => Box::new(move |env| is_same(a.eval(env), b.eval(env), affinity, &collation)),
            CompareOp::IsNot => Box::new(move |env| !is_same(a.eval(env), b.eval(env), affinity, &collation)),
            op => {
                let fits = order_test(op);
                Box::new(move |env| {
                    value::compare_with_affinity(a.eval(env), b.eval(env), affinity, &collation)
                        .is_some_and(fits)
                })
            }
        })
    }
}
