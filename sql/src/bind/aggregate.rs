//! What `GROUP BY` and aggregates make of the expressions of a query.
//!
//! Expressions are bound over the tables first. Then whatever follows grouping is rewritten over the row of the group:
//! a part that equals a `GROUP BY` term is the key, an aggregate its result, and any other column a bare one.

use std::collections::BTreeSet;

use super::binder::Binder;
use crate::bound::{AggregateCall, Aggregation, Column, Expr, Place, QueryId, Slot, rewrite, visit};
use crate::error::{Error, Result};
use crate::expr::{affinity_of, collation_of};
use crate::value::{Affinity, Collation};

/// Places from here on are results of aggregates, and from [`BARE`] on bare columns, until their number is known.
const RESULTS: usize = 1 << 20;
const BARE: usize = 1 << 21;

impl Binder<'_> {
    /// The query whose rows an aggregate is over.
    pub(super) fn owner_of(&self, call: &AggregateCall) -> QueryId {
        let mut slots = BTreeSet::new();
        let probe = Expr::Aggregate(Box::new(call.clone()));
        visit(&probe, &mut |part| {
            if let Expr::Column(column) = part {
                slots.insert(column.slot);
            }
            true
        });
        let owns = |scope: &&super::scope::Scope| scope.tables.iter().any(|t| slots.contains(&t.slot));
        let found = if slots.is_empty() { None } else { self.scopes.iter().rev().find(owns) };
        found.or(self.scopes.last()).map_or(call.owner, |scope| scope.query)
    }
}

/// Whether some aggregate of this query is in the expression.
pub(super) fn has_aggregate(expr: &Expr, query: QueryId) -> bool {
    crate::bound::any(expr, &mut |part| matches!(part, Expr::Aggregate(call) if call.owner == query))
}

/// Refuses aggregates of a query where it cannot have them.
pub(super) fn no_aggregate(expr: &Expr, id: QueryId) -> Result<()> {
    let mut found = None;
    visit(expr, &mut |part| {
        if let Expr::Aggregate(call) = part
            && call.owner == id
        {
            found = Some(call.function.name.to_string());
        }
        found.is_none()
    });
    match found {
        Some(name) => Err(Error::statement(format!("misuse of aggregate: {name}()"))),
        None => Ok(()),
    }
}

/// Rewrites expressions over the row of the group.
pub(super) struct Lift<'a> {
    pub(super) aggregation: Aggregation,
    pub(super) query: QueryId,
    pub(super) tables: &'a BTreeSet<Slot>,
}

impl Lift<'_> {
    /// Rewrites one expression.
    pub(super) fn lift(&mut self, expr: &mut Expr) {
        rewrite(expr, &mut |part| {
            if let Some(place) = self.aggregation.keys.iter().position(|(key, _)| key == part) {
                let collation = collation_of(part);
                *part = self.column(place, affinity_of(part), collation.map(|(collation, _)| collation));
                return false;
            }
            match part {
                Expr::Aggregate(call) if call.owner == self.query => {
                    let calls = &mut self.aggregation.calls;
                    let number = calls.iter().position(|known| *known == **call).unwrap_or_else(|| {
                        calls.push((**call).clone());
                        calls.len() - 1
                    });
                    *part = self.column(RESULTS + number, Affinity::None, None);
                    false
                }
                Expr::Column(column) if self.tables.contains(&column.slot) => {
                    let (affinity, collation) =
                        (column.affinity, column.has_collation.then(|| column.collation.clone()));
                    let bare = &mut self.aggregation.bare;
                    let number = bare.iter().position(|known| known == part).unwrap_or_else(|| {
                        bare.push(part.clone());
                        bare.len() - 1
                    });
                    *part = self.column(BARE + number, affinity, collation);
                    false
                }
                _ => true,
            }
        });
    }

    fn column(&self, place: usize, affinity: Affinity, collation: Option<Collation>) -> Expr {
        Expr::Column(Column {
            slot: self.aggregation.slot,
            place: Place::At(place),
            affinity,
            has_collation: collation.is_some(),
            collation: collation.unwrap_or_default(),
            not_null: false,
        })
    }

    /// Puts results and bare columns at their places, now that it is known how many there are.
    pub(super) fn settle(&self, expr: &mut Expr) {
        let keys = self.aggregation.keys.len();
        let calls = self.aggregation.calls.len();
        rewrite(expr, &mut |part| {
            if let Expr::Column(column) = part
                && column.slot == self.aggregation.slot
                && let Place::At(place) = &mut column.place
            {
                if *place >= BARE {
                    *place = *place - BARE + keys + calls;
                } else if *place >= RESULTS {
                    *place = *place - RESULTS + keys;
                }
            }
            true
        });
    }
}
