//! Expressions that may give another value each time, and those that can as well be looked at elsewhere.

use crate::bound::{Expr, InSet, any};
use crate::func::Volatility;

/// Whether an expression may differ from row to row though it names no column.
pub(super) fn is_volatile(expr: &Expr) -> bool {
    any(
        expr,
        &mut |part| matches!(part, Expr::Function(call) if call.function.volatility == Volatility::Volatile),
    )
}

/// Whether an expression may be looked at in another place and for other rows.
pub(super) fn is_simple(expr: &Expr) -> bool {
    !is_volatile(expr)
        && !any(expr, &mut |part| match part {
            Expr::In(inside) => !matches!(inside.set, InSet::List(_)),
            part => matches!(part, Expr::Subquery(..) | Expr::Exists(_)),
        })
}
