//! Conditions on the rows of a subquery in `FROM`, moved into it; and values of it that nobody asks for, left out.

use std::collections::BTreeSet;

use super::volatile::is_simple;
use crate::ast::CompoundOp;
use crate::bound::{
    Body, Column, Expr, From, JoinKind, Place, Query, Select, Size, Slot, Source, SourceRows, any_source,
    rewrite, slots_of, slots_of_from,
};
use crate::value::{Collation, Value};

/// A condition that would become larger than this by the values in it stays where it is.
const MOST_OF_A_CONDITION: Size = Size { parts: 100_000, height: 1_000 };

/// Moves conditions of a query into the subqueries that they are about.
pub(super) fn push_down(query: &mut Query) {
    let Some(from) = &mut query.from else { return };
    if !any_source(from, &|source| matches!(source.rows, SourceRows::Select(_))) {
        return;
    }
    let mut own = BTreeSet::new();
    slots_of_from(from, &mut own);
    push_from(from, &mut [&mut query.filter], &own);
}

/// Goes down where conditions may as well be looked at before the join; each table is come to once.
fn push_from(from: &mut From, lists: &mut [&mut Vec<Expr>], own: &BTreeSet<Slot>) {
    match from {
        From::Source(source) => {
            for conditions in lists {
                push_source(source, conditions, own);
            }
        }
        From::Join(join) => match join.kind {
            JoinKind::Inner | JoinKind::Cross if join.on.is_empty() => {
                push_from(&mut join.left, lists, own);
                push_from(&mut join.right, lists, own);
            }
            JoinKind::Inner | JoinKind::Cross => {
                let mut lists: Vec<&mut Vec<Expr>> = lists.iter_mut().map(|list| &mut **list).collect();
                lists.push(&mut join.on);
                push_from(&mut join.left, &mut lists, own);
                push_from(&mut join.right, &mut lists, own);
            }
            JoinKind::Left => {
                push_from(&mut join.left, lists, own);
                push_from(&mut join.right, &mut [&mut join.on], own);
            }
            JoinKind::Right | JoinKind::Full => {}
        },
    }
}

fn push_source(source: &mut Source, conditions: &mut Vec<Expr>, own: &BTreeSet<Slot>) {
    let slot = source.slot;
    let SourceRows::Select(select) = &mut source.rows else { return };
    conditions.retain(|condition| {
        let mut slots = slots_of(condition);
        slots.retain(|slot| own.contains(slot));
        let is_about = slots.len() == 1 && slots.contains(&slot) && is_simple(condition);
        !(is_about && accepts(select, condition, slot))
    });
}

/// Puts a condition into a query, if it lets the same rows through there.
fn accepts(select: &mut Select, condition: &Expr, slot: Slot) -> bool {
    if select.limit.is_some() || select.offset.is_some() || !fits(&select.body, condition, slot) {
        return false;
    }
    put(&mut select.body, condition, slot);
    true
}

/// The condition over the rows that a query selects from; `None` if it is about something that is computed later.
fn inside(query: &Query, condition: &Expr, slot: Slot) -> Option<Expr> {
    if !query.windows.is_empty() || query.from.is_none() {
        return None;
    }
    let mut fits = true;
    let mut inner = condition.clone();
    rewrite(&mut inner, &mut |part| {
        let Expr::Column(Column { slot: of, place, .. }) = part else { return true };
        if *of != slot {
            return true;
        }
        let value = match place {
            Place::At(place) => query.columns.get(*place),
            Place::Rowid | Place::Record => None,
        };
        let value = match (value, &query.aggregation) {
            (Some(Expr::Column(column)), Some(groups)) if column.slot == groups.slot => match column.place {
                // What another collation holds for equal may look different, and a group shows one of it.
                Place::At(place) => match groups.keys.get(place) {
                    Some((key, Collation::Binary)) => Some(key),
                    _ => None,
                },
                Place::Rowid | Place::Record => None,
            },
            (_, Some(_)) => None,
            (value, None) => value,
        };
        match value {
            Some(value) if is_simple(value) => *part = value.clone(),
            _ => fits = false,
        }
        false
    });
    (fits && Size::of(&inner).fits(MOST_OF_A_CONDITION)).then_some(inner)
}

fn fits(body: &Body, condition: &Expr, slot: Slot) -> bool {
    match body {
        Body::Query(query) => inside(query, condition, slot).is_some(),
        Body::Values(_) => false,
        Body::Compound(compound) => {
            let same = compound.op == CompoundOp::UnionAll
                || compound.collations.iter().all(|collation| *collation == Collation::Binary);
            same && fits(&compound.left, condition, slot) && fits(&compound.right, condition, slot)
        }
    }
}

fn put(body: &mut Body, condition: &Expr, slot: Slot) {
    match body {
        Body::Query(query) => {
            if let Some(inner) = inside(query, condition, slot) {
                query.filter.push(inner);
            }
        }
        Body::Values(_) => {}
        Body::Compound(compound) => {
            put(&mut compound.left, condition, slot);
            put(&mut compound.right, condition, slot);
        }
    }
}

/// Leaves out the values of a subquery that are not among those used.
pub(super) fn leave_out(select: &mut Select, used: &BTreeSet<Place>) {
    fn body(part: &mut Body, used: &BTreeSet<Place>) {
        match part {
            Body::Query(query) if query.distinct.is_none() => {
                for (place, value) in query.columns.iter_mut().enumerate() {
                    if !used.contains(&Place::At(place)) {
                        *value = Expr::Literal(Value::Null);
                    }
                }
            }
            Body::Compound(compound) if compound.op == CompoundOp::UnionAll => {
                body(&mut compound.left, used);
                body(&mut compound.right, used);
            }
            _ => {}
        }
    }
    // A compound is sorted by its values themselves.
    if matches!(select.body, Body::Query(_)) || select.order_by.is_empty() {
        body(&mut select.body, used);
    }
}
