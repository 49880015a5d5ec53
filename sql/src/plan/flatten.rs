//! Subqueries in `FROM` that are no more than a selection become part of the query around them.

use crate::bound::{
    Body, Column, Expr, From, JoinKind, Place, Query, Select, Slot, SourceRows, rewrite_select,
};

/// Flattens what can be flattened, innermost first.
pub(super) fn flatten(select: &mut Select) {
    loop {
        let Body::Query(query) = &mut select.body else { return };
        let Some((slot, columns)) = take_one(query) else { return };
        substitute(select, slot, &columns);
    }
}

/// Takes one subquery out of `FROM`, and gives its slot and the values of its columns.
fn take_one(query: &mut Query) -> Option<(Slot, Vec<Expr>)> {
    let from = query.from.as_mut()?;
    let mut conditions = Vec::new();
    let found = take_from(from, &mut conditions)?;
    query.filter.extend(conditions);
    Some(found)
}

fn take_from(from: &mut From, conditions: &mut Vec<Expr>) -> Option<(Slot, Vec<Expr>)> {
    match from {
        From::Source(source) => {
            let SourceRows::Select { select, .. } = &mut source.rows else { return None };
            flatten(select);
            if !is_plain(select) {
                return None;
            }
            let Body::Query(inner) = &mut select.body else { return None };
            let slot = source.slot;
            let columns = std::mem::take(&mut inner.columns);
            conditions.append(&mut inner.filter);
            let inside = inner.from.take()?;
            *from = inside;
            Some((slot, columns))
        }
        From::Join(join) => match join.kind {
            JoinKind::Inner | JoinKind::Cross => {
                take_from(&mut join.left, conditions).or_else(|| take_from(&mut join.right, conditions))
            }
            // What is left of a left join is as free as without it.
            JoinKind::Left => take_from(&mut join.left, conditions),
            JoinKind::Right | JoinKind::Full => None,
        },
    }
}

/// Whether a query only selects and joins.
fn is_plain(select: &Select) -> bool {
    let Body::Query(query) = &select.body else { return false };
    query.from.is_some()
        && query.aggregation.is_none()
        && query.windows.is_empty()
        && query.distinct.is_none()
        && select.limit.is_none()
        && select.offset.is_none()
        && query.columns.iter().all(is_cheap)
}

/// Whether an expression may be evaluated in several places, or not at all, instead of once a row.
fn is_cheap(expr: &Expr) -> bool {
    !crate::bound::any(expr, &mut |part| match part {
        Expr::Subquery(..) | Expr::Exists(_) => true,
        Expr::Function(call) => call.function.volatility == crate::func::Volatility::Volatile,
        _ => false,
    })
}

/// Puts the values in place of the columns of a slot.
fn substitute(select: &mut Select, slot: Slot, columns: &[Expr]) {
    rewrite_select(select, &mut |part| {
        if let Expr::Column(Column { slot: of, place: Place::At(place), .. }) = part
            && *of == slot
            && let Some(value) = columns.get(*place)
        {
            *part = value.clone();
            return false;
        }
        true
    });
}
