//! Compiled expressions.

use super::env::Env;
use crate::value::{Value, ValueRef};

/// An expression that gives a value.
pub type Eval = Box<dyn for<'e> Fn(&Env<'e>) -> ValueRef<'e> + Send + Sync>;

/// A condition; NULL is false.
pub type Test = Box<dyn for<'e> Fn(&Env<'e>) -> bool + Send + Sync>;

/// The constants of a plan that are no numbers; expressions refer to them by their places.
pub type Constants = Vec<Value>;

/// A compiled expression: leaves as they are, everything else as a closure.
pub enum Scalar {
    /// NULL or a number.
    Number(ValueRef<'static>),
    /// A text or blob of the plan's constants.
    Constant(usize),
    /// A parameter, from 0.
    Parameter(usize),
    /// A column of a row of the same frame.
    Column {
        /// The row.
        row: usize,
        /// Its place.
        place: usize,
    },
    /// The rowid of a row of the same frame.
    Rowid {
        /// The row.
        row: usize,
    },
    /// Anything else.
    Computed(Eval),
}

impl Scalar {
    /// The value for the current rows.
    #[inline]
    pub fn eval<'e>(&self, env: &Env<'e>) -> ValueRef<'e> {
        match self {
            Scalar::Column { row, place } => column(env, *row, *place),
            Scalar::Number(value) => *value,
            Scalar::Computed(eval) => eval(env),
            Scalar::Rowid { row } => env.scope.rows[*row].rowid_value(),
            Scalar::Parameter(number) => parameter(env, *number),
            Scalar::Constant(number) => {
                let constants: &[Value] = env.shared.constants;
                constants[*number].as_ref()
            }
        }
    }

    /// As [`Scalar::eval`], into its place: to copy a column right after it was written costs as much as to read it.
    pub fn eval_into<'e>(&self, env: &Env<'e>, out: &mut ValueRef<'e>) {
        match self {
            Scalar::Column { row, place } => *out = column(env, *row, *place),
            other => *out = other.eval(env),
        }
    }

    /// Whether it is the same for all rows.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self, Scalar::Number(_) | Scalar::Constant(_) | Scalar::Parameter(_))
    }
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scalar::Number(value) => value.fmt(f),
            Scalar::Constant(number) => write!(f, "constant {number}"),
            Scalar::Parameter(number) => write!(f, "?{}", number + 1),
            Scalar::Column { row, place } => write!(f, "row {row}.{place}"),
            Scalar::Rowid { row } => write!(f, "row {row}.rowid"),
            Scalar::Computed(_) => f.write_str("computed"),
        }
    }
}

#[inline]
fn column<'e>(env: &Env<'e>, row: usize, place: usize) -> ValueRef<'e> {
    let rows = env.scope.rows;
    match rows[row].column(place) {
        Ok(value) => value,
        Err(_) => env.fail(crate::error::Error::malformed()),
    }
}

fn parameter<'e>(env: &Env<'e>, number: usize) -> ValueRef<'e> {
    let parameters: &[Value] = env.shared.parameters;
    parameters.get(number).map_or(ValueRef::Null, Value::as_ref)
}
