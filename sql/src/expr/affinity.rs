//! The affinity and collation of bound expressions: what a comparison with them goes by.

use crate::bound::{Arithmetic, Expr};
use crate::value::{Affinity, Collation, Value};

/// The affinity of an expression: columns, casts and subqueries of them have one.
#[must_use]
pub fn affinity_of(expr: &Expr) -> Affinity {
    match expr {
        Expr::Column(column) => column.affinity,
        Expr::Cast(_, affinity) | Expr::Generated(_, affinity, _) => *affinity,
        Expr::Collate(operand, _) => affinity_of(operand),
        Expr::Subquery(subquery, column) => {
            subquery.select.columns.get(*column).map_or(Affinity::None, |column| column.affinity)
        }
        Expr::Row(values) => values.first().map_or(Affinity::None, affinity_of),
        _ => Affinity::None,
    }
}

/// The classes of values that an expression may have: [`NUMBERS`], [`TEXTS`] and blobs, together.
#[must_use]
pub fn classes_of(expr: &Expr) -> u8 {
    match expr {
        Expr::Collate(operand, _) | Expr::Plus(operand) => classes_of(operand),
        Expr::Literal(Value::Null) => 0,
        Expr::Literal(Value::Text(_)) => TEXTS,
        Expr::Literal(Value::Blob(_)) => BLOBS,
        Expr::Arithmetic(Arithmetic::Concat, ..) => TEXTS | BLOBS,
        Expr::Parameter(_) | Expr::Aggregate(_) | Expr::Function(_) | Expr::Window(_) => {
            NUMBERS | TEXTS | BLOBS
        }
        Expr::Column(_) | Expr::Generated(..) | Expr::Subquery(..) | Expr::Cast(..) => {
            match affinity_of(expr) {
                affinity if affinity.is_numeric() => NUMBERS | BLOBS,
                Affinity::Text => TEXTS | BLOBS,
                _ => NUMBERS | TEXTS | BLOBS,
            }
        }
        Expr::Case(case) => {
            let values = case.branches.iter().map(|branch| &branch.3).chain(&case.otherwise);
            values.fold(0, |classes, value| classes | classes_of(value))
        }
        _ => NUMBERS,
    }
}

/// In the result of [`classes_of`].
pub const NUMBERS: u8 = 1;
/// In the result of [`classes_of`].
pub const TEXTS: u8 = 2;
/// In the result of [`classes_of`].
const BLOBS: u8 = 4;

/// The collation of an expression and whether it was asked for by `COLLATE`; `None` if it has no say.
#[must_use]
pub fn collation_of(expr: &Expr) -> Option<(Collation, bool)> {
    match expr {
        Expr::Collate(_, collation) => Some((collation.clone(), true)),
        Expr::Generated(_, _, collation) => Some((collation.clone(), false)),
        Expr::Column(column) => column.has_collation.then(|| (column.collation.clone(), false)),
        Expr::Plus(operand) | Expr::Cast(operand, _) => collation_of(operand),
        Expr::Subquery(..) | Expr::Literal(_) | Expr::Parameter(_) => None,
        _ => explicit(expr).map(|collation| (collation, true)),
    }
}

/// The first `COLLATE` among the operands of an expression: it speaks for the whole.
fn explicit(expr: &Expr) -> Option<Collation> {
    let of = |operand: &Expr| match collation_of(operand) {
        Some((collation, true)) => Some(collation),
        _ => None,
    };
    match expr {
        Expr::Negate(a) | Expr::BitNot(a) | Expr::Not(a) | Expr::IsNull(a) | Expr::NotNull(a) => of(a),
        Expr::Arithmetic(_, a, b) => of(a).or_else(|| of(b)),
        Expr::Compare(comparison) => of(&comparison.left).or_else(|| of(&comparison.right)),
        Expr::And(all) | Expr::Or(all) | Expr::Row(all) => all.iter().find_map(of),
        Expr::Function(call) => call.arguments.iter().find_map(of),
        Expr::Aggregate(call) => call.arguments.iter().find_map(of),
        Expr::Case(case) => case
            .operand
            .iter()
            .chain(case.branches.iter().flat_map(|branch| [&branch.0, &branch.3]))
            .chain(&case.otherwise)
            .find_map(of),
        Expr::Between(between) => {
            of(&between.operand).or_else(|| of(&between.low.0)).or_else(|| of(&between.high.0))
        }
        Expr::In(inside) => inside.operands.iter().find_map(of),
        _ => None,
    }
}
