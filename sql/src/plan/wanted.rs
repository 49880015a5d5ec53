//! Which rows are wanted: in which order and what for, and how many.

use crate::bound::{Expr, OrderTerm, Select};
use crate::value::Value;

/// An order in which rows are wanted.
#[derive(Clone, Copy)]
pub(super) enum Order<'q> {
    /// They are sorted if they do not come in it.
    Needed(&'q [OrderTerm]),
    /// Rows with the same values are wanted one behind the other, and one of them is enough; they are hashed if they
    /// do not come so.
    Together(&'q [OrderTerm]),
}

impl<'q> Order<'q> {
    /// What rows are in the order of.
    pub(super) fn terms(self) -> &'q [OrderTerm] {
        match self {
            Order::Needed(terms) | Order::Together(terms) => terms,
        }
    }
}

/// How many rows of a query are asked for, if its text says so.
pub(super) fn rows_wanted(select: &Select) -> Option<f64> {
    let limit = constant_limit(select.limit.as_ref()?)?;
    Some(limit + select.offset.as_ref().and_then(constant_limit).unwrap_or(0.0))
}

/// The number that a `LIMIT` is, if it is written there.
pub(super) fn constant_limit(limit: &Expr) -> Option<f64> {
    match limit {
        Expr::Literal(Value::Integer(integer)) => u32::try_from(*integer).ok().map(f64::from),
        _ => None,
    }
}
