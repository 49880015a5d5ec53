//! Expressions that may give another value each time.

use crate::bound::{Expr, any};
use crate::func::Volatility;

/// Whether an expression may differ from row to row though it names no column.
pub(super) fn is_volatile(expr: &Expr) -> bool {
    any(
        expr,
        &mut |part| matches!(part, Expr::Function(call) if call.function.volatility == Volatility::Volatile),
    )
}
