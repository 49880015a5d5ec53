//! Conditions on groups that are conditions on their rows: those of `HAVING` that name nothing but keys.

use super::volatile::is_simple;
use crate::bound::{Aggregation, Expr, Place, Query, rewrite};
use crate::value::Collation;

/// Moves such conditions before the grouping: rows of groups that nobody wants are not collected.
pub(super) fn having_to_where(query: &mut Query) {
    let Query { aggregation: Some(groups), having, filter, .. } = query else { return };
    // Without keys there is one group, also where there are no rows.
    if groups.keys.is_empty() {
        return;
    }
    having.retain(|condition| match of_rows(condition, groups) {
        Some(condition) => {
            filter.push(condition);
            false
        }
        None => true,
    });
}

/// The condition over rows, if it is the same for all rows of a group.
fn of_rows(condition: &Expr, groups: &Aggregation) -> Option<Expr> {
    if !is_simple(condition) {
        return None;
    }
    let mut fits = true;
    let mut of_rows = condition.clone();
    rewrite(&mut of_rows, &mut |part| {
        let Expr::Column(column) = part else { return true };
        if column.slot != groups.slot {
            return true;
        }
        let key = match column.place {
            Place::At(place) => groups.keys.get(place),
            Place::Rowid | Place::Record => None,
        };
        match key {
            // What else is equal may look different.
            Some((key, Collation::Binary)) if is_simple(key) => *part = key.clone(),
            _ => fits = false,
        }
        false
    });
    fits.then_some(of_rows)
}
