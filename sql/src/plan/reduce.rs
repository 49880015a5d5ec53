//! What conditions say about joins: outer joins whose empty rows no condition lets through are less than that.

use std::collections::BTreeSet;

use crate::bound::{CompareOp, Expr, From, InSet, Join, JoinKind, Query, Slot, slots_of_from};

/// Makes of outer joins what they come to.
pub(super) fn reduce(query: &mut Query) {
    let Some(from @ From::Join(_)) = &mut query.from else { return };
    if has_outer(from) {
        let rejected = rejected_by(&query.filter);
        while reduce_from(from, &rejected) {}
    }
}

fn has_outer(from: &From) -> bool {
    let From::Join(join) = from else { return false };
    !matches!(join.kind, JoinKind::Inner | JoinKind::Cross) || has_outer(&join.left) || has_outer(&join.right)
}

/// Rows of which all columns of one of these slots are NULL do not come through.
fn reduce_from(from: &mut From, rejected: &BTreeSet<Slot>) -> bool {
    let From::Join(join) = from else { return false };
    let has_rejected = |side: &From| {
        let mut slots = BTreeSet::new();
        slots_of_from(side, &mut slots);
        !slots.is_disjoint(rejected)
    };
    let kind = match (join.kind, has_rejected(&join.left), has_rejected(&join.right)) {
        (JoinKind::Left, _, true) | (JoinKind::Right, true, _) | (JoinKind::Full, true, true) => {
            JoinKind::Inner
        }
        (JoinKind::Full, true, false) => JoinKind::Left,
        (JoinKind::Full, false, true) => JoinKind::Right,
        (kind, ..) => kind,
    };
    let changed = kind != join.kind;
    join.kind = kind;
    let by_on = rejected_by(&join.on);
    let Join { left, right, .. } = &mut **join;
    let inside = match kind {
        JoinKind::Inner | JoinKind::Cross => {
            let both = rejected.union(&by_on).copied().collect();
            reduce_from(left, &both) | reduce_from(right, &both)
        }
        JoinKind::Left => reduce_from(left, rejected) | reduce_from(right, &by_on),
        JoinKind::Right => reduce_from(left, &by_on) | reduce_from(right, rejected),
        JoinKind::Full => false,
    };
    changed | inside
}

fn rejected_by(conditions: &[Expr]) -> BTreeSet<Slot> {
    conditions.iter().flat_map(rejected).collect()
}

/// The slots whose columns cannot all be NULL where a condition is true.
fn rejected(condition: &Expr) -> BTreeSet<Slot> {
    match condition {
        Expr::And(all) => rejected_by(all),
        Expr::Or(all) => {
            let mut sets = all.iter().map(rejected);
            let first = sets.next().unwrap_or_default();
            sets.fold(first, |both, set| both.intersection(&set).copied().collect())
        }
        Expr::NotNull(operand) | Expr::IsTruth { operand, negated: false, .. } => nulls(operand),
        Expr::In(inside) if inside.operands.len() == 1 => nulls(&inside.operands[0]),
        condition => nulls(condition),
    }
}

/// The slots that make an expression NULL when all their columns are.
fn nulls(expr: &Expr) -> BTreeSet<Slot> {
    match expr {
        Expr::Column(column) => BTreeSet::from([column.slot]),
        Expr::Plus(a)
        | Expr::Negate(a)
        | Expr::BitNot(a)
        | Expr::Not(a)
        | Expr::Cast(a, _)
        | Expr::Collate(a, _)
        | Expr::Generated(a, ..) => nulls(a),
        Expr::Arithmetic(_, a, b) => nulls(a).union(&nulls(b)).copied().collect(),
        Expr::Compare(comparison) if !matches!(comparison.op, CompareOp::Is | CompareOp::IsNot) => {
            nulls(&comparison.left).union(&nulls(&comparison.right)).copied().collect()
        }
        Expr::Between(between) => nulls(&between.operand),
        Expr::In(inside) => match (&inside.set, inside.operands.as_slice()) {
            (InSet::List(list), [operand]) if !list.is_empty() => nulls(operand),
            _ => BTreeSet::new(),
        },
        _ => BTreeSet::new(),
    }
}
