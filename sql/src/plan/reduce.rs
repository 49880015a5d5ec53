//! What conditions say about joins and columns: outer joins whose empty rows no condition lets through are less than
//! that, and what is equal to a constant passes it on.

use std::collections::BTreeSet;

use super::access::bare;
use crate::bound::{CompareOp, Comparison, Expr, From, InSet, Join, JoinKind, Query, Slot, slots_of_from};
use crate::value::{Affinity, Collation};

/// Makes of outer joins what they come to, and adds the constants that follow from equalities.
pub(super) fn reduce(query: &mut Query) {
    let Some(from @ From::Join(_)) = &mut query.from else { return };
    if has_outer(from) {
        let rejected = rejected_by(&query.filter);
        while reduce_from(from, &rejected) {}
    }
    let mut conditions: Vec<&Expr> = query.filter.iter().collect();
    inner_conditions(from, &mut conditions);
    let found = constants(&conditions);
    query.filter.extend(found);
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

/// Adds the conditions that hold for all rows of a join as those of `WHERE` do.
fn inner_conditions<'q>(from: &'q From, conditions: &mut Vec<&'q Expr>) {
    let From::Join(join) = from else { return };
    match join.kind {
        JoinKind::Inner | JoinKind::Cross => {
            conditions.extend(&join.on);
            inner_conditions(&join.left, conditions);
            inner_conditions(&join.right, conditions);
        }
        JoinKind::Left => inner_conditions(&join.left, conditions),
        JoinKind::Right => inner_conditions(&join.right, conditions),
        JoinKind::Full => {}
    }
}

/// Of `a = 5 AND a = b` that `b = 5`.
fn constants(conditions: &[&Expr]) -> Vec<Expr> {
    let mut known: Vec<(&Expr, &Comparison)> = Vec::new();
    let mut pairs: Vec<(&Expr, &Expr)> = Vec::new();
    for condition in conditions {
        let Expr::Compare(comparison) = condition else { continue };
        if comparison.op != CompareOp::Eq || comparison.collation != Collation::Binary {
            continue;
        }
        match (bare(&comparison.left), bare(&comparison.right)) {
            (column @ Expr::Column(_), Expr::Literal(_) | Expr::Parameter(_))
            | (Expr::Literal(_) | Expr::Parameter(_), column @ Expr::Column(_)) => {
                known.push((column, comparison))
            }
            (a @ Expr::Column(_), b @ Expr::Column(_)) if affinity(a) == affinity(b) => pairs.push((a, b)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((column, comparison)) = known.get(at).copied() {
        at += 1;
        for (a, b) in &pairs {
            let other = if *a == column {
                *b
            } else if *b == column {
                *a
            } else {
                continue;
            };
            if known.iter().any(|(column, _)| *column == other) {
                continue;
            }
            known.push((other, comparison));
            let constant = match bare(&comparison.left) {
                Expr::Column(_) => comparison.right.clone(),
                _ => comparison.left.clone(),
            };
            let passed_on = Comparison { left: other.clone(), right: constant, ..comparison.clone() };
            found.push(Expr::Compare(Box::new(passed_on)));
        }
    }
    found
}

fn affinity(expr: &Expr) -> Option<(Affinity, &Collation)> {
    match expr {
        Expr::Column(column) => Some((column.affinity, &column.collation)),
        _ => None,
    }
}
