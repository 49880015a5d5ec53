//! From bound expressions to [`Scalar`]s.

use std::cmp::Ordering;
use std::sync::Arc;

use super::env::{Env, SubqueryNumber};
use super::row::Cells;
use super::scalar::{Constants, Scalar, Test};
use crate::bound::{
    Arithmetic, Between, Case, Column, CompareOp, Comparison, Expr, FunctionCall, In, Place, RaiseAction,
    Slot, Subquery,
};
use crate::error::{ConstraintKind, Error, Result};
use crate::func::{Body, Call, Function, Lazy, concat_operator};
use crate::value::{self, Affinity, Collation, Value, ValueRef};

/// The longest record that [`Place::Record`] gives, in bytes: rows that wait to be written should not fill the memory.
const LONGEST_RECORD: usize = 1 << 10;

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
        let mut scalars = Vec::with_capacity(exprs.len());
        for expr in exprs {
            scalars.push(self.scalar(expr)?);
        }
        Ok(scalars)
    }

    /// An expression. It only tells the forms apart, for trees are high: see [`Binder`](crate::bind::Binder).
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn scalar(&mut self, expr: &Expr) -> Result<Scalar> {
        match expr {
            Expr::Literal(value) => Ok(self.literal(value)),
            Expr::Parameter(number) => {
                Ok(Scalar::Parameter(usize::try_from(*number).unwrap_or(usize::MAX) - 1))
            }
            Expr::Column(column) => self.column(column),
            Expr::Plus(a) | Expr::Collate(a, _) => self.scalar(a),
            Expr::Negate(a) => self.negate(a),
            Expr::BitNot(a) => self.bit_not(a),
            Expr::Arithmetic(op, a, b) => self.arithmetic(*op, a, b),
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::Not(a) => self.not(a),
            Expr::And(all) => self.and(all),
            Expr::Or(all) => self.or(all),
            Expr::IsNull(a) => self.is_null(a),
            Expr::NotNull(a) => self.not_null(a),
            Expr::IsTruth { operand, truth, negated } => self.is_truth(operand, *truth, *negated),
            Expr::Between(between) => self.between(between),
            Expr::In(inside) => self.is_inside(inside),
            Expr::Case(case) => self.case(case),
            Expr::Cast(operand, affinity) => self.cast(operand, *affinity),
            Expr::Generated(value, affinity, _) => self.generated(value, *affinity),
            Expr::Function(call) => self.function(call),
            Expr::Subquery(subquery, column) => self.subquery(subquery, *column),
            Expr::Exists(subquery) => self.exists(subquery),
            Expr::Raise(action, message) => self.raise(*action, message.as_deref()),
            Expr::Row(_) | Expr::Aggregate(_) | Expr::Window(_) => Err(misplaced(expr)),
        }
    }

    #[inline(never)]
    fn negate(&mut self, a: &Expr) -> Result<Scalar> {
        Ok(match self.scalar(a)? {
            Scalar::Number(number) => Scalar::Number(value::negate(number)),
            a => computed(move |env| value::negate(a.eval(env))),
        })
    }

    #[inline(never)]
    fn bit_not(&mut self, a: &Expr) -> Result<Scalar> {
        let a = self.scalar(a)?;
        Ok(computed(move |env| value::bit_not(a.eval(env))))
    }

    #[inline(never)]
    fn not(&mut self, a: &Expr) -> Result<Scalar> {
        let a = self.scalar(a)?;
        Ok(computed(move |env| truth(a.eval(env).to_bool().map(|truth| !truth))))
    }

    #[inline(never)]
    fn and(&mut self, all: &[Expr]) -> Result<Scalar> {
        let all = self.scalars(all)?;
        Ok(computed(move |env| {
            let mut result = Some(true);
            for each in &all {
                match each.eval(env).to_bool() {
                    Some(true) => {}
                    Some(false) => return ValueRef::Integer(0),
                    None => result = None,
                }
            }
            truth(result)
        }))
    }

    #[inline(never)]
    fn or(&mut self, all: &[Expr]) -> Result<Scalar> {
        let all = self.scalars(all)?;
        Ok(computed(move |env| {
            let mut result = Some(false);
            for each in &all {
                match each.eval(env).to_bool() {
                    Some(false) => {}
                    Some(true) => return ValueRef::Integer(1),
                    None => result = None,
                }
            }
            truth(result)
        }))
    }

    #[inline(never)]
    fn is_null(&mut self, a: &Expr) -> Result<Scalar> {
        let a = self.scalar(a)?;
        Ok(computed(move |env| ValueRef::boolean(a.eval(env).is_null())))
    }

    #[inline(never)]
    fn not_null(&mut self, a: &Expr) -> Result<Scalar> {
        let a = self.scalar(a)?;
        Ok(computed(move |env| ValueRef::boolean(!a.eval(env).is_null())))
    }

    #[inline(never)]
    fn is_truth(&mut self, operand: &Expr, truth: bool, negated: bool) -> Result<Scalar> {
        let operand = self.scalar(operand)?;
        Ok(computed(move |env| ValueRef::boolean((operand.eval(env).to_bool() == Some(truth)) != negated)))
    }

    #[inline(never)]
    fn between(&mut self, between: &Between) -> Result<Scalar> {
        let (operand, ends) = self.range(between)?;
        Ok(computed(move |env| truth(is_between(operand.eval(env), &ends, env))))
    }

    /// The operand and the ends of a `BETWEEN`.
    pub(super) fn range(&mut self, between: &Between) -> Result<(Scalar, Box<Ends>)> {
        let operand = self.scalar(&between.operand)?;
        let low = self.end(&between.low)?;
        let high = self.end(&between.high)?;
        Ok((operand, Box::new(Ends { low, high })))
    }

    fn end(&mut self, (end, affinity, collation): &(Expr, Affinity, Collation)) -> Result<End> {
        Ok(End { value: self.scalar(end)?, affinity: *affinity, collation: collation.clone() })
    }

    #[inline(never)]
    fn is_inside(&mut self, inside: &In) -> Result<Scalar> {
        let inside = self.inside(inside)?;
        Ok(computed(move |env| truth(inside(env))))
    }

    #[inline(never)]
    fn cast(&mut self, operand: &Expr, affinity: Affinity) -> Result<Scalar> {
        let operand = self.scalar(operand)?;
        Ok(computed(move |env| value::cast(operand.eval(env), affinity, env.arena)))
    }

    #[inline(never)]
    fn generated(&mut self, value: &Expr, affinity: Affinity) -> Result<Scalar> {
        let value = self.scalar(value)?;
        Ok(computed(move |env| affinity.apply(value.eval(env), env.arena)))
    }

    #[inline(never)]
    fn subquery(&mut self, subquery: &Arc<Subquery>, column: usize) -> Result<Scalar> {
        let number = self.names.subquery(subquery, &[])?;
        Ok(computed(move |env| env.value(env.shared.subqueries.column(number, column, env))))
    }

    #[inline(never)]
    fn exists(&mut self, subquery: &Arc<Subquery>) -> Result<Scalar> {
        let number = self.names.subquery(subquery, &[])?;
        Ok(computed(move |env| match env.shared.subqueries.exists(number, env) {
            Ok(exists) => ValueRef::boolean(exists),
            Err(error) => env.fail(error),
        }))
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

    #[inline(never)]
    fn column(&mut self, column: &Column) -> Result<Scalar> {
        let Location { depth, row, places, missing } = self.names.locate(column.slot)?;
        let place = match (column.place, &places) {
            (Place::At(place), Some(places)) => {
                let covered = places.get(place).copied().flatten();
                covered.ok_or_else(|| Error::statement("the index does not cover this column"))?
            }
            (Place::At(place), None) => place,
            (Place::Record, _) => {
                return Ok(computed(move |env| match &scope(env, depth)[row].cells {
                    Cells::Page(record) if record.as_bytes().len() <= LONGEST_RECORD => {
                        ValueRef::Blob(record.as_bytes())
                    }
                    _ => ValueRef::Null,
                }));
            }
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

    #[inline(never)]
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

    #[inline(never)]
    fn comparison(&mut self, comparison: &Comparison) -> Result<Scalar> {
        let a = self.scalar(&comparison.left)?;
        let b = self.scalar(&comparison.right)?;
        let (affinity, collation) = (comparison.affinity, comparison.collation.clone());
        let op = comparison.op;
        Ok(match op {
            CompareOp::Is | CompareOp::IsNot => {
                let wanted = op == CompareOp::Is;
                computed(move |env| {
                    ValueRef::boolean(is_same(a.eval(env), b.eval(env), affinity, &collation) == wanted)
                })
            }
            _ => {
                let fits = order_test(op);
                computed(move |env| {
                    let order = value::compare_with_affinity(a.eval(env), b.eval(env), affinity, &collation);
                    truth(order.map(fits))
                })
            }
        })
    }

    fn case(&mut self, case: &Case) -> Result<Scalar> {
        match &case.operand {
            Some(operand) => self.case_of(operand, case),
            None => self.case_when(case),
        }
    }

    fn otherwise(&mut self, case: &Case) -> Result<Scalar> {
        match &case.otherwise {
            Some(otherwise) => self.scalar(otherwise),
            None => Ok(Scalar::Number(ValueRef::Null)),
        }
    }

    /// `CASE operand WHEN ..`
    #[inline(never)]
    fn case_of(&mut self, operand: &Expr, case: &Case) -> Result<Scalar> {
        let operand = self.scalar(operand)?;
        let mut branches = Vec::with_capacity(case.branches.len());
        for (when, affinity, collation, then) in &case.branches {
            let when = self.scalar(when)?;
            branches.push((when, *affinity, collation.clone(), self.scalar(then)?));
        }
        let otherwise = self.otherwise(case)?;
        Ok(computed(move |env| {
            let operand = operand.eval(env);
            for (when, affinity, collation, then) in &branches {
                let order = value::compare_with_affinity(operand, when.eval(env), *affinity, collation);
                if order == Some(Ordering::Equal) {
                    return then.eval(env);
                }
            }
            otherwise.eval(env)
        }))
    }

    /// `CASE WHEN ..`
    #[inline(never)]
    fn case_when(&mut self, case: &Case) -> Result<Scalar> {
        let mut branches = Vec::with_capacity(case.branches.len());
        for (when, _, _, then) in &case.branches {
            let when = self.test(when)?;
            branches.push((when, self.scalar(then)?));
        }
        let otherwise = self.otherwise(case)?;
        Ok(first_that_holds(branches, otherwise))
    }

    fn function(&mut self, call: &FunctionCall) -> Result<Scalar> {
        match &call.function.body {
            Body::Lazy(Lazy::First, _) => self.first(&call.arguments),
            Body::Lazy(Lazy::Coalesce, _) => self.coalesce(&call.arguments),
            Body::Lazy(Lazy::Iif, _) => self.iif(&call.arguments),
            _ => match self.matching(call)? {
                Some(matches) => Ok(computed(move |env| truth(matches(env)))),
                None => self.eager(call),
            },
        }
    }

    fn first(&mut self, arguments: &[Expr]) -> Result<Scalar> {
        match arguments.first() {
            Some(first) => self.scalar(first),
            None => Ok(Scalar::Number(ValueRef::Null)),
        }
    }

    #[inline(never)]
    fn coalesce(&mut self, arguments: &[Expr]) -> Result<Scalar> {
        let arguments = self.scalars(arguments)?;
        Ok(computed(move |env| {
            for argument in &arguments {
                let value = argument.eval(env);
                if !value.is_null() {
                    return value;
                }
            }
            ValueRef::Null
        }))
    }

    #[inline(never)]
    fn iif(&mut self, arguments: &[Expr]) -> Result<Scalar> {
        let (pairs, rest) = arguments.as_chunks::<2>();
        let mut branches = Vec::with_capacity(pairs.len());
        for [when, then] in pairs {
            let when = self.test(when)?;
            branches.push((when, self.scalar(then)?));
        }
        let otherwise = self.first(rest)?;
        Ok(first_that_holds(branches, otherwise))
    }

    #[inline(never)]
    fn eager(&mut self, call: &FunctionCall) -> Result<Scalar> {
        let arguments = self.scalars(&call.arguments)?;
        let callee = Callee::of(call);
        Ok(computed(move |env| match arguments.as_slice() {
            [] => callee.call(&[], env),
            [a] => callee.call(&[a.eval(env)], env),
            [a, b] => callee.call(&[a.eval(env), b.eval(env)], env),
            [a, b, c] => callee.call(&[a.eval(env), b.eval(env), c.eval(env)], env),
            all => {
                let mut values = Vec::with_capacity(all.len());
                for argument in all {
                    values.push(argument.eval(env));
                }
                callee.call(&values, env)
            }
        }))
    }

    #[inline(never)]
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

/// A function and what it is told besides its arguments.
pub(super) struct Callee {
    function: Arc<Function>,
    collation: Collation,
    place: crate::func::Place,
}

impl Callee {
    pub(super) fn of(call: &FunctionCall) -> Callee {
        Callee { function: call.function.clone(), collation: call.collation.clone(), place: call.place }
    }

    /// Apart from the evaluation of the arguments, which contain other calls.
    #[inline(never)]
    pub(super) fn call<'e>(&self, values: &[ValueRef<'e>], env: &Env<'e>) -> ValueRef<'e> {
        let call = Call {
            arena: env.arena,
            context: env.shared.context,
            collation: &self.collation,
            place: self.place,
            function: &self.function.name,
        };
        self.function.call(&call, values).map_or(ValueRef::Null, |result| env.value(result))
    }
}

/// The ends of a `BETWEEN`.
pub(super) struct Ends {
    low: End,
    high: End,
}

/// One end of a `BETWEEN`, and how it is compared.
struct End {
    value: Scalar,
    affinity: Affinity,
    collation: Collation,
}

impl End {
    fn compare(&self, operand: ValueRef<'_>, env: &Env<'_>) -> Option<Ordering> {
        value::compare_with_affinity(operand, self.value.eval(env), self.affinity, &self.collation)
    }
}

/// The value behind the first condition that holds.
fn first_that_holds(branches: Vec<(Test, Scalar)>, otherwise: Scalar) -> Scalar {
    computed(move |env| {
        for (when, then) in &branches {
            if when(env) {
                return then.eval(env);
            }
        }
        otherwise.eval(env)
    })
}

/// The error for what is gone when a query is bound, but was not.
fn misplaced(expr: &Expr) -> Error {
    Error::statement(match expr {
        Expr::Aggregate(call) => format!("misuse of aggregate: {}()", call.function.name),
        Expr::Window(window) => format!("misuse of window function {}()", window.call.function.name),
        _ => "row value misused".to_owned(),
    })
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
pub(super) fn is_between(operand: ValueRef<'_>, ends: &Ends, env: &Env<'_>) -> Option<bool> {
    let over = ends.low.compare(operand, env).map(Ordering::is_ge);
    if over == Some(false) {
        return over;
    }
    let under = ends.high.compare(operand, env).map(Ordering::is_le);
    if under == Some(false) { under } else { over.and(under) }
}
