//! Conditions that all arms of an `OR` have in common, made conditions of their own: `(a AND b) OR (a AND c)` becomes
//! `a AND (b OR c)`, so that `a` can join tables or choose an index.

use super::volatile::is_volatile;
use crate::bound::Expr;

/// Takes what is common out of every `OR` among conditions that must all be true.
pub(super) fn factor(conditions: &mut Vec<Expr>) {
    for at in 0..conditions.len() {
        if let Expr::Or(arms) = &mut conditions[at] {
            let common = take_common(arms);
            // An arm of which nothing is left is true, and so is the whole.
            if arms.iter().any(|arm| matches!(arm, Expr::And(parts) if parts.is_empty())) {
                conditions[at] = Expr::And(Vec::new());
            }
            conditions.extend(common);
        }
    }
    conditions.retain(|condition| !matches!(condition, Expr::And(parts) if parts.is_empty()));
}

/// Takes the conditions out that are in all arms; what is left of each stays.
fn take_common(arms: &mut [Expr]) -> Vec<Expr> {
    let Some((first, others)) = arms.split_first() else { return Vec::new() };
    let is_common =
        |part: &&Expr| !is_volatile(part) && others.iter().all(|other| parts(other).contains(*part));
    let common: Vec<Expr> = parts(first).iter().filter(is_common).cloned().collect();
    if !common.is_empty() {
        for arm in arms {
            let rest = parts(arm).iter().filter(|part| !common.contains(part)).cloned().collect();
            *arm = Expr::And(rest);
        }
    }
    common
}

/// The conditions that an arm is made of.
pub(super) fn parts(arm: &Expr) -> &[Expr] {
    match arm {
        Expr::And(parts) => parts,
        part => std::slice::from_ref(part),
    }
}
