//! What a condition says about one table: which of its columns must be equal to what, or lie where.

use std::rc::Rc;
use std::sync::Arc;

use crate::bound::{CompareOp, Expr, InSet, Slot, Subquery, slots_of, visit};
use crate::value::{Affinity, Collation};

/// A set of items of a join: a bit for each.
pub(super) type Mask = u128;

/// The bit of all rows of the frame that are not of the join: a part of a join is read again for each of them.
pub(super) const AROUND: Mask = 1 << 127;

/// Which item of a join a slot belongs to: a bit for each item. Slots of other queries have none: they are known.
#[derive(Clone, Default)]
pub(super) struct Items {
    slots: Rc<Vec<(Slot, Mask)>>,
}

impl Items {
    /// A slot belongs to the items of a bit.
    pub(super) fn add(&mut self, slot: Slot, bit: Mask) {
        Rc::make_mut(&mut self.slots).push((slot, bit));
    }

    /// Whether this bit is that of the only item there is.
    pub(super) fn is_alone(&self, own: Mask) -> bool {
        self.slots.iter().all(|(_, bit)| *bit == own || *bit == AROUND)
    }

    /// The items that an expression needs.
    pub(super) fn needed(&self, expr: &Expr) -> Mask {
        let mut needed = 0;
        visit(expr, &mut |part| {
            if let Expr::Column(column) = part {
                needed |= self.slots.iter().find(|(slot, _)| *slot == column.slot).map_or(0, |(_, bit)| *bit);
            }
            true
        });
        needed
    }
}

/// A condition on one side of which only a column or indexed expression of a table stands.
pub(super) struct Term<'e> {
    /// The number of the condition.
    pub(super) condition: usize,
    /// The column or expression.
    pub(super) column: &'e Expr,
    /// What it is compared with.
    pub(super) wants: Wants<'e>,
    /// What the comparison applies to both sides.
    pub(super) affinity: Affinity,
    /// How the comparison takes text.
    pub(super) collation: Collation,
    /// The items that must be known for it.
    pub(super) needs: Mask,
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

/// Adds the terms of a condition for a table of which this is the slot.
pub(super) fn add_terms<'e>(
    condition: usize,
    expr: &'e Expr,
    slot: Slot,
    items: &Items,
    found: &mut Vec<Term<'e>>,
) {
    let is_own = |expr: &Expr| match expr {
        Expr::Literal(_) | Expr::Parameter(_) => false,
        Expr::Column(column) => column.slot == slot,
        expr => slots_of(expr).contains(&slot),
    };
    let mut add = |column: &'e Expr, wants, affinity: Affinity, collation: &Collation, needs| {
        let collation = collation.clone();
        found.push(Term { condition, column: bare(column), wants, affinity, collation, needs });
    };
    match expr {
        Expr::Compare(comparison) => {
            let sides =
                [(&comparison.left, &comparison.right, false), (&comparison.right, &comparison.left, true)];
            for (column, other, flipped) in sides {
                if !is_own(column) {
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
                add(column, wants, comparison.affinity, &comparison.collation, items.needed(other));
            }
        }
        Expr::Between(between) => {
            let (low, low_affinity, low_collation) = &between.low;
            let (high, high_affinity, high_collation) = &between.high;
            if is_own(&between.operand) && low_collation == high_collation {
                let wants = Wants::Both(low, high, (*high_affinity, high_collation));
                let needs = items.needed(low) | items.needed(high);
                add(&between.operand, wants, *low_affinity, low_collation, needs);
            }
        }
        Expr::In(inside) => {
            if let ([operand], [(affinity, collation)]) =
                (inside.operands.as_slice(), inside.rules.as_slice())
                && is_own(operand)
            {
                match &inside.set {
                    InSet::List(list) => {
                        let needs = list.iter().fold(0, |needs, each| needs | items.needed(each));
                        add(operand, Wants::OneOf(list), *affinity, collation, needs);
                    }
                    InSet::Select(subquery) => {
                        let needs = items.needed(&Expr::Exists(subquery.clone()));
                        add(operand, Wants::InQuery(subquery), *affinity, collation, needs);
                    }
                }
            }
        }
        Expr::IsNull(operand) if is_own(operand) => {
            add(operand, Wants::Null, Affinity::None, &Collation::Binary, 0);
        }
        _ => {}
    }
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
