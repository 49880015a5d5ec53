//! From bound expressions to [`Scalar`]s.

use std::cmp::Ordering;
use std::sync::Arc;

use super::env::{Env, SubqueryNumber};
use super::scalar::{Constants, Eval, Scalar};
use crate::bound::{
    Arithmetic, Case, Column, CompareOp, Comparison, Expr, FunctionCall, Place, RaiseAction, Slot, Subquery,
};
use crate::error::{ConstraintKind, Error, Result};
use crate::func::{Body, Call, Lazy, concat_operator};
use crate::value::{self, Affinity, Collation, Value, ValueRef};

/// Where a slot is for an expression.
#[derive(Clone, Debug)]
pub struct Location {
    /// How many frames further out.
    pub depth: usize,
    /// Its row in that frame.
    pub row: usize,
    /// Where the row holds the columns, if not at their own places: it came from an index that covers them.
    pub places: Option<Arc<Vec<Option<usize>>>>,
    /// What columns mean that a record is too short for; empty if that is NULL for all.
    pub missing: Arc<Vec<Value>>,
}

/// Tells the compiler what names stand for: the planner's side of it.
pub trait Names {
    /// Where a slot is.
    ///
    /// # Errors
    /// If it is nowhere in view.
    fn locate(&mut self, slot: Slot) -> Result<Location>;

    /// Plans a query inside an expression; for the right side of `IN` with the rules of its columns.
    ///
    /// # Errors
    /// Where it cannot be planned.
    fn subquery(
        &mut self,
        subquery: &Arc<Subquery>,
        rules: &[(Affinity, Collation)],
    ) -> Result<SubqueryNumber>;

    /// The constants of the plan.
    fn constants(&mut self) -> &mut Constants;
}

/// Compiles expressions.
pub struct Compiler<'n> {
    pub(super) names: &'n mut dyn Names,
}

impl<'n> Compiler<'n> {
    /// With these names.
    pub fn new(names: &'n mut dyn Names) -> Compiler<'n> {
        Compiler { names }
    }

    /// Several expressions.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn scalars(&mut self, exprs: &[Expr]) -> Result<Vec<Scalar>> {
        exprs.iter().map(|expr| self.scalar(expr)).collect()
    }

    /// An expression.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn scalar(&mut self, expr: &Expr) -> Result<Scalar> {
        Ok(match expr {
            Expr::Literal(value) => self.literal(value),
            Expr::Parameter(number) => Scalar::Parameter(usize::try_from(*number).unwrap_or(usize::MAX) - 1),
            Expr::Column(column) => return self.column(column),
            Expr::Plus(a) | Expr::Collate(a, _) => return self.scalar(a),
            Expr::Negate(a) => match self.scalar(a)? {
                Scalar::Number(number) => Scalar::Number(value::negate(number)),
                a => computed(move |env| value::negate(a.eval(env))),
            },
            Expr::BitNot(a) => {
                let a = self.scalar(a)?;
                computed(move |env| value::bit_not(a.eval(env)))
            }
            Expr::Arithmetic(op, a, b) => self.arithmetic(*op, a, b)?,
            Expr::Compare(comparison) => Scalar::Computed(self.comparison(comparison)?),
            Expr::Not(a) => {
                let a = self.scalar(a)?;
                computed(move |env| truth(a.eval(env).to_bool().map(|truth| !truth)))
            }
            Expr::And(all) => {
                let all = self.scalars(all)?;
                computed(move |env| {
                    let mut result = Some(true);
                    for each in &all {
                        match each.eval(env).to_bool() {
                            Some(true) => {}
                            Some(false) => return ValueRef::Integer(0),
                            None => result = None,
                        }
                    }
                    truth(result)
                })
            }
            Expr::Or(all) => {
                let all = self.scalars(all)?;
                computed(move |env| {
                    let mut result = Some(false);
                    for each in &all {
                        match each.eval(env).to_bool() {
                            Some(false) => {}
                            Some(true) => return ValueRef::Integer(1),
                            None => result = None,
                        }
                    }
                    truth(result)
                })
            }
            Expr::IsNull(a) => {
                let a = self.scalar(a)?;
                computed(move |env| ValueRef::boolean(a.eval(env).is_null()))
            }
            Expr::NotNull(a) => {
                let a = self.scalar(a)?;
                computed(move |env| ValueRef::boolean(!a.eval(env).is_null()))
            }
            Expr::IsTruth { operand, truth, negated } => {
                let (operand, truth, negated) = (self.scalar(operand)?, *truth, *negated);
                computed(move |env| {
                    ValueRef::boolean((operand.eval(env).to_bool() == Some(truth)) != negated)
                })
            }
            Expr::Between(between) => {
                let operand = self.scalar(&between.operand)?;
                let low = (self.scalar(&between.low.0)?, between.low.1, between.low.2.clone());
                let high = (self.scalar(&between.high.0)?, between.high.1, between.high.2.clone());
                computed(move |env| truth(is_between(operand.eval(env), &low, &high, env)))
            }
            Expr::In(inside) => {
                let inside = self.inside(inside)?;
                computed(move |env| truth(inside(env)))
            }
            Expr::Case(case) => self.case(case)?,
            Expr::Cast(operand, affinity) => {
                let (operand, affinity) = (self.scalar(operand)?, *affinity);
                computed(move |env| value::cast(operand.eval(env), affinity, env.arena))
            }
            Expr::Generated(value, affinity, _) => {
                let (value, affinity) = (self.scalar(value)?, *affinity);
                computed(move |env| affinity.apply(value.eval(env), env.arena))
            }
            Expr::Function(call) => self.function(call)?,
            Expr::Subquery(subquery, column) => {
                let (number, column) = (self.names.subquery(subquery, &[])?, *column);
                computed(move |env| env.value(env.shared.subqueries.column(number, column, env)))
            }
            Expr::Exists(subquery) => {
                let number = self.names.subquery(subquery, &[])?;
                computed(move |env| match env.shared.subqueries.exists(number, env) {
                    Ok(exists) => ValueRef::boolean(exists),
                    Err(error) => env.fail(error),
                })
            }
            Expr::Raise(action, message) => self.raise(*action, message.as_deref())?,
            Expr::Row(_) => return Err(Error::statement("row value misused")),
            Expr::Aggregate(call) => {
                return Err(Error::statement(format!("misuse of aggregate: {}()", call.function.name)));
            }
            Expr::Window(window) => {
                let name = &window.call.function.name;
                return Err(Error::statement(format!("misuse of window function {name}()")));
            }
        })
    }

    fn literal(&mut self, value: &Value) -> Scalar {
        match value {
            Value::Null => Scalar::Number(ValueRef::Null),
            Value::Integer(integer) => Scalar::Number(ValueRef::Integer(*integer)),
            Value::Real(real) => Scalar::Number(ValueRef::Real(*real)),
            Value::Text(_) | Value::Blob(_) => {
                let constants = self.names.constants();
                let number = constants.iter().position(|known| known == value).unwrap_or_else(|| {
                    constants.push(value.clone());
                    constants.len() - 1
                });
                Scalar::Constant(number)
            }
        }
    }

    fn column(&mut self, column: &Column) -> Result<Scalar> {
        let Location { depth, row, places, missing } = self.names.locate(column.slot)?;
        let place = match (column.place, &places) {
            (Place::At(place), Some(places)) => {
                let covered = places.get(place).copied().flatten();
                covered.ok_or_else(|| Error::statement("the index does not cover this column"))?
            }
            (Place::At(place), None) => place,
            (Place::Rowid, _) => {
                return Ok(match depth {
                    0 => Scalar::Rowid { row },
                    _ => computed(move |env| scope(env, depth)[row].rowid_value()),
                });
            }
        };
        let default = match column.place {
            Place::At(own) if places.is_none() => missing.get(own).filter(|value| !value.is_null()),
            _ => None,
        };
        if let Some(default) = default {
            let default = self.literal(default);
            return Ok(computed(move |env| {
                let row = &scope(env, depth)[row];
                match (row.stored_columns(), row.column(place)) {
                    (Ok(Some(stored)), _) if place >= stored => default.eval(env),
                    (Ok(_), Ok(value)) => value,
                    _ => env.fail(Error::malformed()),
                }
            }));
        }
        Ok(match depth {
            0 => Scalar::Column { row, place },
            _ => computed(move |env| match scope(env, depth)[row].column(place) {
                Ok(value) => value,
                Err(_) => env.fail(Error::malformed()),
            }),
        })
    }

    fn arithmetic(&mut self, op: Arithmetic, a: &Expr, b: &Expr) -> Result<Scalar> {
        let (a, b) = (self.scalar(a)?, self.scalar(b)?);
        Ok(match op {
            Arithmetic::Add => computed(move |env| value::add(a.eval(env), b.eval(env))),
            Arithmetic::Subtract => computed(move |env| value::subtract(a.eval(env), b.eval(env))),
            Arithmetic::Multiply => computed(move |env| value::multiply(a.eval(env), b.eval(env))),
            Arithmetic::Divide => computed(move |env| value::divide(a.eval(env), b.eval(env))),
            Arithmetic::Remainder => computed(move |env| value::remainder(a.eval(env), b.eval(env))),
            Arithmetic::BitAnd => computed(move |env| value::bit_and(a.eval(env), b.eval(env))),
            Arithmetic::BitOr => computed(move |env| value::bit_or(a.eval(env), b.eval(env))),
            Arithmetic::ShiftLeft => computed(move |env| value::shift_left(a.eval(env), b.eval(env))),
            Arithmetic::ShiftRight => computed(move |env| value::shift_right(a.eval(env), b.eval(env))),
            Arithmetic::Concat => computed(move |env| {
                let call = Call {
                    arena: env.arena,
                    context: env.shared.context,
                    collation: &Collation::Binary,
                    place: crate::func::Place::Statement,
                    function: "||",
                };
                env.value(concat_operator(&call, a.eval(env), b.eval(env)))
            }),
        })
    }

    fn comparison(&mut self, comparison: &Comparison) -> Result<Eval> {
        let (a, b) = (self.scalar(&comparison.left)?, self.scalar(&comparison.right)?);
        let (affinity, collation) = (comparison.affinity, comparison.collation.clone());
        let op = comparison.op;
        Ok(match op {
            CompareOp::Is | CompareOp::IsNot => {
                let wanted = op == CompareOp::Is;
                Box::new(move |env| {
                    ValueRef::boolean(is_same(a.eval(env), b.eval(env), affinity, &collation) == wanted)
                })
            }
            _ => {
                let fits = order_test(op);
                Box::new(move |env| {
                    let order = value::compare_with_affinity(a.eval(env), b.eval(env), affinity, &collation);
                    truth(order.map(fits))
                })
            }
        })
    }

    fn case(&mut self, case: &Case) -> Result<Scalar> {
        let otherwise = match &case.otherwise {
            Some(otherwise) => self.scalar(otherwise)?,
            None => Scalar::Number(ValueRef::Null),
        };
        if let Some(operand) = &case.operand {
            let operand = self.scalar(operand)?;
            let branches = case
                .branches
                .iter()
                .map(|(when, affinity, collation, then)| {
                    Ok((self.scalar(when)?, *affinity, collation.clone(), self.scalar(then)?))
                })
                .collect::<Result<Vec<_>>>()?;
            return Ok(computed(move |env| {
                let operand = operand.eval(env);
                for (when, affinity, collation, then) in &branches {
                    let order = value::compare_with_affinity(operand, when.eval(env), *affinity, collation);
                    if order == Some(Ordering::Equal) {
                        return then.eval(env);
                    }
                }
                otherwise.eval(env)
            }));
        }
        let branches = case
            .branches
            .iter()
            .map(|(when, _, _, then)| Ok((self.test(when)?, self.scalar(then)?)))
            .collect::<Result<Vec<_>>>()?;
        Ok(computed(move |env| {
            for (when, then) in &branches {
                if when(env) {
                    return then.eval(env);
                }
            }
            otherwise.eval(env)
        }))
    }

    fn function(&mut self, call: &FunctionCall) -> Result<Scalar> {
        let Body::Lazy(lazy, _) = &call.function.body else {
            return match self.matching(call)? {
                Some(matches) => Ok(computed(move |env| truth(matches(env)))),
                None => self.eager(call),
            };
        };
        match lazy {
            Lazy::First => match call.arguments.first() {
                Some(first) => self.scalar(first),
                None => Ok(Scalar::Number(ValueRef::Null)),
            },
            Lazy::Coalesce => {
                let arguments = self.scalars(&call.arguments)?;
                Ok(computed(move |env| {
                    arguments
                        .iter()
                        .map(|argument| argument.eval(env))
                        .find(|value| !value.is_null())
                        .unwrap_or_default()
                }))
            }
            Lazy::Iif => {
                let mut branches = Vec::new();
                let mut pairs = call.arguments.chunks_exact(2);
                for pair in pairs.by_ref() {
                    branches.push((self.test(&pair[0])?, self.scalar(&pair[1])?));
                }
                let otherwise = match pairs.remainder() {
                    [otherwise] => self.scalar(otherwise)?,
                    _ => Scalar::Number(ValueRef::Null),
                };
                Ok(computed(move |env| {
                    let found = branches.iter().find(|(when, _)| when(env));
                    found.map_or(&otherwise, |(_, then)| then).eval(env)
                }))
            }
        }
    }

    pub(super) fn eager(&mut self, call: &FunctionCall) -> Result<Scalar> {
        let arguments = self.scalars(&call.arguments)?;
        let function = call.function.clone();
        let (collation, place) = (call.collation.clone(), call.place);
        Ok(computed(move |env| {
            let call = Call {
                arena: env.arena,
                context: env.shared.context,
                collation: &collation,
                place,
                function: &function.name,
            };
            let result = match arguments.as_slice() {
                [] => function.call(&call, &[]),
                [a] => function.call(&call, &[a.eval(env)]),
                [a, b] => function.call(&call, &[a.eval(env), b.eval(env)]),
                [a, b, c] => function.call(&call, &[a.eval(env), b.eval(env), c.eval(env)]),
                all => {
                    let values: Vec<_> = all.iter().map(|argument| argument.eval(env)).collect();
                    function.call(&call, &values)
                }
            };
            result.map_or(ValueRef::Null, |result| env.value(result))
        }))
    }

    fn raise(&mut self, action: RaiseAction, message: Option<&Expr>) -> Result<Scalar> {
        let message = message.map(|message| self.scalar(message)).transpose()?;
        Ok(computed(move |env| {
            let text = message.as_ref().map_or(String::new(), |message| {
                let value = message.eval(env);
                let mut room = value::NumberText::new();
                value
                    .to_text(&mut room)
                    .map_or(String::new(), |text| String::from_utf8_lossy(text).into_owned())
            });
            env.fail(match action {
                RaiseAction::Ignore => Error::Raise(crate::error::Raised::Ignore, text),
                RaiseAction::Rollback => Error::Raise(crate::error::Raised::Rollback, text),
                RaiseAction::Fail => Error::Raise(crate::error::Raised::Fail, text),
                RaiseAction::Abort => Error::Constraint { kind: ConstraintKind::Trigger, message: text },
            })
        }))
    }
}

/// A closure as a compiled expression.
pub(super) fn computed(eval: impl for<'e> Fn(&Env<'e>) -> ValueRef<'e> + Send + Sync + 'static) -> Scalar {
    Scalar::Computed(Box::new(eval))
}

/// SQL's form of a truth value.
#[inline]
pub(super) fn truth<'e>(truth: Option<bool>) -> ValueRef<'e> {
    truth.map_or(ValueRef::Null, ValueRef::boolean)
}

fn scope<'e>(env: &Env<'e>, depth: usize) -> &'e [super::row::Row<'e>] {
    let mut scope = env.scope;
    for _ in 0..depth {
        match scope.outer {
            Some(outer) => scope = *outer,
            None => return &[],
        }
    }
    scope.rows
}

/// Which orders of its sides make a comparison true.
pub(super) fn order_test(op: CompareOp) -> fn(Ordering) -> bool {
    match op {
        CompareOp::Eq | CompareOp::Is => Ordering::is_eq,
        CompareOp::Ne | CompareOp::IsNot => Ordering::is_ne,
        CompareOp::Lt => Ordering::is_lt,
        CompareOp::Le => Ordering::is_le,
        CompareOp::Gt => Ordering::is_gt,
        CompareOp::Ge => Ordering::is_ge,
    }
}

/// `IS`: equal, or both NULL.
#[inline]
pub(super) fn is_same(a: ValueRef<'_>, b: ValueRef<'_>, affinity: Affinity, collation: &Collation) -> bool {
    match value::compare_with_affinity(a, b, affinity, collation) {
        Some(order) => order.is_eq(),
        None => a.is_null() && b.is_null(),
    }
}

/// `BETWEEN`: unknown ends do not hide that the other end excludes the value.
#[inline]
pub(super) fn is_between(
    operand: ValueRef<'_>,
    low: &(Scalar, Affinity, Collation),
    high: &(Scalar, Affinity, Collation),
    env: &Env<'_>,
) -> Option<bool> {
    let over = value::compare_with_affinity(operand, low.0.eval(env), low.1, &low.2).map(Ordering::is_ge);
    if over == Some(false) {
        return over;
    }
    let under = value::compare_with_affinity(operand, high.0.eval(env), high.1, &high.2).map(Ordering::is_le);
    if under == Some(false) { under } else { over.and(under) }
}
