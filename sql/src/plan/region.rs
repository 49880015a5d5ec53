//! A join taken apart: what may be placed in which order, the conditions, and about how many rows each part has.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::access::{AROUND, Items, Mask};
use super::path::{Candidates, Conditions, Path, Stored, float};
use super::planner::{Map, Planner};
use super::volatile::is_volatile;
use super::wanted::Order;
use super::wanted::constant_limit;
use crate::bound::{
    Body, CompareOp, Expr, From, Join, JoinKind, Select, Slot, Source, SourceRows, any, slots_of_from,
};
use crate::error::Result;

/// A part of a join that is placed as a whole.
pub(super) struct Item<'q> {
    pub(super) what: What<'q>,
    pub(super) own: Mask,
    /// The items that must come before.
    pub(super) after: Mask,
    /// The table, if it is one or the right side of a left join.
    pub(super) table: Option<Candidates<'q>>,
    /// How many rows it is taken to have if it is no table.
    pub(super) rows: f64,
}

pub(super) enum What<'q> {
    Source(&'q Source),
    /// The right side of a left join, with its condition.
    Left(&'q From, &'q [Expr]),
    /// A join that gives rows of its right side that nothing fits to.
    Outer(&'q Join),
}

/// A join whose tables may be read in any order that its items allow.
pub(super) struct Region<'q> {
    pub(super) items: Vec<Item<'q>>,
    pub(super) names: Items,
    pub(super) conditions: Conditions<'q>,
    pub(super) order: Order<'q>,
    /// What each wanted term needs.
    pub(super) needs: Vec<Mask>,
    pub(super) ways: Map<(usize, Mask, bool), Ways>,
}

/// The ways to read a table.
pub(super) type Ways = Rc<[Rc<Path>]>;

/// How many rows a source is taken to have of which nothing is known.
pub(super) const UNKNOWN_ROWS: f64 = 1_000.0;

impl Planner<'_> {
    /// Takes a join apart.
    pub(super) fn gathered<'q>(
        &mut self,
        from: &'q From,
        filter: &'q [Expr],
        order: Order<'q>,
    ) -> Result<Region<'q>> {
        let mut names = Items::default();
        let of_frame = self.slots_of_frame();
        if !of_frame.is_empty() {
            let mut own = BTreeSet::new();
            slots_of_from(from, &mut own);
            let around = of_frame.into_iter().filter(|slot| !own.contains(slot));
            around.for_each(|slot| names.add(slot, AROUND));
        }
        let mut items = Vec::new();
        let mut conditions: Vec<&Expr> = Vec::new();
        gather(from, &mut items, &mut names, &mut conditions);
        conditions.extend(filter);
        let conditions: Conditions<'q> =
            conditions.into_iter().map(|condition| (condition, names.needed(condition))).collect();
        for item in &mut items {
            match &item.what {
                What::Source(source) => match stored(source) {
                    Some(stored) => item.table = Some(Candidates::new(stored, item.own, &conditions, &names)),
                    None => item.rows = self.rows_of_source(source)?,
                },
                What::Left(From::Source(source), on) => {
                    let on: Conditions<'q> = on.iter().map(|on| (on, names.needed(on))).collect();
                    match stored(source) {
                        Some(stored) => item.table = Some(Candidates::new(stored, item.own, &on, &names)),
                        None => item.rows = self.rows_of_source(source)?,
                    }
                }
                What::Left(..) | What::Outer(_) => {}
            }
        }
        let needs = order
            .terms()
            .iter()
            .map(|term| if is_volatile(&term.expr) { Mask::MAX } else { names.needed(&term.expr) })
            .collect();
        Ok(Region { items, names, conditions, order, needs, ways: Map::default() })
    }

    /// About how many rows a source has that is no table.
    fn rows_of_source(&self, source: &Source) -> Result<f64> {
        Ok(match &source.rows {
            SourceRows::Select(select) => self.rows_of_select(select)?,
            SourceRows::Recursion(_) => 1.0,
            _ => UNKNOWN_ROWS,
        })
    }

    fn rows_of_select(&self, select: &Select) -> Result<f64> {
        let rows = self.rows_of_body(&select.body)?;
        Ok(match &select.limit {
            Some(limit) => rows.min(constant_limit(limit).unwrap_or(rows)),
            None => rows,
        })
    }

    fn rows_of_body(&self, body: &Body) -> Result<f64> {
        Ok(match body {
            Body::Values(rows) => float(u64::try_from(rows.len()).unwrap_or(u64::MAX)),
            Body::Compound(compound) => {
                self.rows_of_body(&compound.left)? + self.rows_of_body(&compound.right)?
            }
            Body::Query(query) => {
                if query.aggregation.as_ref().is_some_and(|aggregation| !aggregation.grouped) {
                    return Ok(1.0);
                }
                let part = if query.filter.is_empty() { 1.0 } else { 0.25 };
                query.from.as_ref().map_or(Ok(1.0), |from| self.rows_of_from(from))? * part
            }
        })
    }

    fn rows_of_from(&self, from: &From) -> Result<f64> {
        match from {
            From::Join(join) => Ok(self.rows_of_from(&join.left)?.max(self.rows_of_from(&join.right)?)),
            From::Source(source) => match stored(source) {
                Some(stored) => Ok(float(self.stores.len(stored.store, stored.table.tree)?)),
                None => self.rows_of_source(source),
            },
        }
    }
}

impl Region<'_> {
    /// The conditions by which an item can be joined by hashing where these items are known.
    pub(super) fn hashed(&self, item: usize, known: Mask) -> Vec<usize> {
        let item = &self.items[item];
        let conditions = match item.what {
            What::Left(_, all) => all.iter().map(|on| (on, self.names.needed(on))).collect(),
            _ => self.conditions.clone(),
        };
        (0..conditions.len())
            .filter(|&number| {
                let (condition, needs) = conditions[number];
                needs & item.own != 0
                    && needs & !(known | item.own) == 0
                    && self.sides(condition, item.own).is_some()
            })
            .collect()
    }

    /// The two sides of an equality of which one names only these items and the other only other ones.
    pub(super) fn sides<'e>(&self, condition: &'e Expr, own: Mask) -> Option<(&'e Expr, &'e Expr)> {
        let Expr::Compare(comparison) = condition else { return None };
        if comparison.op != CompareOp::Eq {
            return None;
        }
        let (a, b) = (&comparison.left, &comparison.right);
        let (of_a, of_b) = (self.names.needed(a), self.names.needed(b));
        if of_a == own && of_b != 0 && of_b & own == 0 {
            Some((a, b))
        } else if of_b == own && of_a != 0 && of_a & own == 0 {
            Some((b, a))
        } else {
            None
        }
    }
}

/// Whether a source has other rows each time it is opened in one run of a join: those of a recursive part, or of a function
/// that is given values of other tables.
pub(super) fn changes(source: &Source) -> bool {
    fn in_from(from: &From) -> bool {
        match from {
            From::Source(source) => changes(source),
            From::Join(join) => in_from(&join.left) || in_from(&join.right),
        }
    }
    fn in_body(body: &Body) -> bool {
        match body {
            Body::Query(query) => query.from.as_ref().is_some_and(in_from),
            Body::Values(_) => false,
            Body::Compound(compound) => in_body(&compound.left) || in_body(&compound.right),
        }
    }
    match &source.rows {
        SourceRows::Recursion(_) => true,
        SourceRows::Function { arguments, .. } => {
            arguments.iter().any(|argument| any(argument, &mut |part| matches!(part, Expr::Column(_))))
        }
        SourceRows::Select(select) => in_body(&select.body),
        _ => false,
    }
}

/// A stored table, if the source is one.
pub(super) fn stored(source: &Source) -> Option<Stored<'_>> {
    match &source.rows {
        SourceRows::Table { store, table, index, indexes, .. } => Some(Stored {
            slot: source.slot,
            name: &source.name,
            store: *store,
            table,
            choice: index,
            indexes,
        }),
        _ => None,
    }
}

/// Takes a join apart into items and conditions.
fn gather<'q>(from: &'q From, items: &mut Vec<Item<'q>>, names: &mut Items, conditions: &mut Vec<&'q Expr>) {
    let before = |count: usize| -> Mask { (1 << count) - 1 };
    match from {
        From::Source(source) => {
            let after = match &source.rows {
                // The arguments of a function come from tables further left.
                SourceRows::Function { arguments, .. } if !arguments.is_empty() => before(items.len()),
                _ => 0,
            };
            add_item(items, names, What::Source(source), [source.slot], after);
        }
        From::Join(join) => {
            let start = items.len();
            match join.kind {
                JoinKind::Inner => {
                    gather(&join.left, items, names, conditions);
                    gather(&join.right, items, names, conditions);
                    conditions.extend(&join.on);
                }
                JoinKind::Cross => {
                    gather(&join.left, items, names, conditions);
                    let middle = items.len();
                    gather(&join.right, items, names, conditions);
                    for item in &mut items[middle..] {
                        item.after |= before(middle) & !before(start);
                    }
                    conditions.extend(&join.on);
                }
                JoinKind::Left => {
                    gather(&join.left, items, names, conditions);
                    let mut slots = BTreeSet::new();
                    slots_of_from(&join.right, &mut slots);
                    let after = before(items.len()) & !before(start);
                    add_item(items, names, What::Left(&join.right, &join.on), slots, after);
                }
                JoinKind::Right | JoinKind::Full => {
                    let mut slots = BTreeSet::new();
                    slots_of_from(from, &mut slots);
                    add_item(items, names, What::Outer(join), slots, 0);
                }
            }
        }
    }
}

fn add_item<'q>(
    items: &mut Vec<Item<'q>>,
    names: &mut Items,
    what: What<'q>,
    slots: impl IntoIterator<Item = Slot>,
    after: Mask,
) {
    let own: Mask = 1 << items.len();
    for slot in slots {
        names.add(slot, own);
    }
    items.push(Item { what, own, after, table: None, rows: UNKNOWN_ROWS });
}
