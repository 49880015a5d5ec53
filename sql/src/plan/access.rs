//! What a condition says about one table: which of its columns must be equal to what, or lie where.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bound::{CompareOp, Expr, InSet, Slot, Subquery, slots_of};
use crate::value::{Affinity, Collation};

/// A condition on one side of which only a column or indexed expression of a table stands.
pub(super) struct Term<'e> {
    /// The column or expression.
    pub(super) column: &'e Expr,
    /// What it is compared with.
    pub(super) wants: Wants<'e>,
    /// What the comparison applies to both sides.
    pub(super) affinity: Affinity,
    /// How the comparison takes text.
    pub(super) collation: Collation,
}

/// What a column must be.
pub(super) enum Wants<'e> {
    /// Equal to this; NULL counts if the flag is set.
    Equal(&'e Expr, bool),
    /// NULL.
    Null,
    /// One of these.
    OneOf(&'e [Expr]),
    /// One of the rows of this query.
    InQuery(&'e Arc<Subquery>),
    /// Over or at least this: whether it is included.
    Low(&'e Expr, bool),
    /// Below or at most this: whether it is included.
    High(&'e Expr, bool),
    /// Between these, both included.
    Both(&'e Expr, &'e Expr, (Affinity, &'e Collation)),
}

/// What an expression is without `COLLATE` around it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Collate(inner, _) => bare(inner),
        expr => expr,
    }
}

/// The terms of a condition, for a table of which this is the slot and with these other slots known already.
pub(super) fn terms<'e>(condition: &'e Expr, slot: Slot, is_known: &dyn Fn(&Expr) -> bool) -> Vec<Term<'e>> {
    let is_own = |expr: &Expr| {
        !matches!(expr, Expr::Literal(_) | Expr::Parameter(_)) && slots_of(expr).contains(&slot)
    };
    let mut found = Vec::new();
    let mut add = |column: &'e Expr, wants, affinity: Affinity, collation: &Collation| {
        found.push(Term { column: bare(column), wants, affinity, collation: collation.clone() });
    };
    match condition {
        Expr::Compare(comparison) => {
            let sides =
                [(&comparison.left, &comparison.right, false), (&comparison.right, &comparison.left, true)];
            for (column, other, flipped) in sides {
                if !is_own(column) || !is_known(other) {
                    continue;
                }
                let wants = match (comparison.op, flipped) {
                    (CompareOp::Eq, _) => Wants::Equal(other, false),
                    (CompareOp::Is, _) => Wants::Equal(other, true),
                    (CompareOp::Gt, false) | (CompareOp::Lt, true) => Wants::Low(other, false),
                    (CompareOp::Ge, false) | (CompareOp::Le, true) => Wants::Low(other, true),
                    (CompareOp::Lt, false) | (CompareOp::Gt, true) => Wants::High(other, false),
                    (CompareOp::Le, false) | (CompareOp::Ge, true) => Wants::High(other, true),
                    (CompareOp::Ne | CompareOp::IsNot, _) => continue,
                };
                add(column, wants, comparison.affinity, &comparison.collation);
            }
        }
        Expr::Between(between) => {
            let (low, low_affinity, low_collation) = &between.low;
            let (high, high_affinity, high_collation) = &between.high;
            if is_own(&between.operand) && is_known(low) && is_known(high) && low_collation == high_collation
            {
                let wants = Wants::Both(low, high, (*high_affinity, high_collation));
                add(&between.operand, wants, *low_affinity, low_collation);
            }
        }
        Expr::In(inside) => {
            if let ([operand], [(affinity, collation)]) =
                (inside.operands.as_slice(), inside.rules.as_slice())
                && is_own(operand)
            {
                match &inside.set {
                    InSet::List(list) if list.iter().all(is_known) => {
                        add(operand, Wants::OneOf(list), *affinity, collation);
                    }
                    InSet::Select(subquery) if is_known(&Expr::Exists(subquery.clone())) => {
                        add(operand, Wants::InQuery(subquery), *affinity, collation);
                    }
                    _ => {}
                }
            }
        }
        Expr::IsNull(operand) if is_own(operand) => {
            found.push(Term {
                column: bare(operand),
                wants: Wants::Null,
                affinity: Affinity::None,
                collation: Collation::Binary,
            });
        }
        _ => {}
    }
    found
}

/// Whether a tree sorted by a column of this affinity can be searched by a comparison with that one.
pub(super) fn affinity_fits(comparison: Affinity, column: Affinity) -> bool {
    match comparison {
        Affinity::None | Affinity::Blob => true,
        Affinity::Text => column == Affinity::Text,
        _ => column.is_numeric(),
    }
}

/// Whether a partial index with these conditions has all rows that these conditions let through.
pub(super) fn implies(conditions: &[&Expr], filter: &[Expr]) -> bool {
    filter.iter().all(|wanted| {
        conditions.iter().any(|condition| {
            *condition == wanted || matches!(wanted, Expr::NotNull(column) if refuses_null(condition, column))
        })
    })
}

/// Whether a condition cannot be true where a column is NULL.
pub(super) fn refuses_null(condition: &Expr, column: &Expr) -> bool {
    let is_column = |expr: &Expr| bare(expr) == bare(column);
    match condition {
        Expr::Compare(comparison) => {
            !matches!(comparison.op, CompareOp::Is | CompareOp::IsNot)
                && (is_column(&comparison.left) || is_column(&comparison.right))
        }
        Expr::Between(between) => is_column(&between.operand),
        Expr::In(inside) => inside.operands.iter().any(is_column),
        Expr::NotNull(operand) => is_column(operand),
        _ => false,
    }
}

/// The slots of these that an expression names.
pub(super) fn needs(expr: &Expr, of: &BTreeSet<Slot>) -> BTreeSet<Slot> {
    slots_of(expr).intersection(of).copied().collect()
}
