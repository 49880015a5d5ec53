//! The tables of a query: in which order they are joined, and how.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::needs;
use super::physical::{FunctionRows, HashJoin, Limit, Node, OuterJoin, Recursive};
use super::planner::Planner;
use super::scan::Stored;
use crate::bound::{
    CompareOp, Expr, From, Join, JoinKind, OrderTerm, Select, Slot, Source, SourceRows, slots_of_from,
};
use crate::error::Result;

/// A part of a join that is placed as a whole.
struct Item<'q> {
    what: What<'q>,
    slots: BTreeSet<Slot>,
    /// The items that must come before.
    after: Vec<usize>,
}

enum What<'q> {
    Source(&'q Source),
    /// The right side of a left join, with its condition.
    Left(&'q From, &'q [Expr]),
    /// A join that gives rows of its right side that nothing fits to.
    Outer(&'q Join),
}

/// From this many rows on hashing is worth more than looking at all rows again and again.
const WORTH_HASHING: f64 = 4.0;

impl Planner<'_> {
    /// The rows of `FROM` that pass the conditions, and whether they come in the order that is wanted.
    pub(super) fn from(
        &mut self,
        from: Option<&From>,
        filter: &[Expr],
        _order: &[OrderTerm],
    ) -> Result<(Node, bool)> {
        let Some(from) = from else {
            let tests = self.tests(filter)?;
            let node = match tests.is_empty() {
                true => Node::One,
                false => Node::Filter(Box::new(Node::One), Arc::new(tests)),
            };
            return Ok((node, false));
        };
        Ok((self.region(from, filter)?, false))
    }

    /// A join whose tables may be read in any order.
    fn region(&mut self, from: &From, filter: &[Expr]) -> Result<Node> {
        let mut items = Vec::new();
        let mut conditions: Vec<&Expr> = Vec::new();
        gather(from, &mut items, &mut conditions);
        conditions.extend(filter);
        let mut unknown: BTreeSet<Slot> = BTreeSet::new();
        slots_of_from(from, &mut unknown);
        let of_region = unknown.clone();
        let mut placed = vec![false; items.len()];
        let mut done = vec![false; conditions.len()];
        let mut root: Option<Node> = None;
        // Conditions that need no table at all are looked at once.
        let fixed: Vec<usize> = (0..conditions.len())
            .filter(|&number| needs(conditions[number], &of_region).is_empty())
            .collect();
        for _ in 0..items.len() {
            let chosen = self.choose(&items, &placed, &conditions, &done, &unknown)?;
            placed[chosen] = true;
            let item = &items[chosen];
            let inner_unknown = unknown.clone();
            for slot in &item.slots {
                unknown.remove(slot);
            }
            let ready: Vec<usize> = (0..conditions.len())
                .filter(|&number| !done[number] && needs(conditions[number], &unknown).is_empty())
                .collect();
            for &number in &ready {
                done[number] = true;
            }
            let here: Vec<&Expr> = ready
                .iter()
                .filter(|number| !fixed.contains(number) || root.is_none())
                .map(|&number| conditions[number])
                .collect();
            root = Some(self.add_item(root, item, &here, &inner_unknown)?);
        }
        Ok(root.unwrap_or(Node::One))
    }

    /// The item to place next: the one that gives fewest rows for each row so far.
    fn choose(
        &mut self,
        items: &[Item<'_>],
        placed: &[bool],
        conditions: &[&Expr],
        done: &[bool],
        unknown: &BTreeSet<Slot>,
    ) -> Result<usize> {
        let mut best: Option<(usize, f64)> = None;
        let first = !placed.contains(&true);
        for (number, item) in items.iter().enumerate() {
            if placed[number] || item.after.iter().any(|&before| !placed[before]) {
                continue;
            }
            let mut left = unknown.clone();
            for slot in &item.slots {
                left.remove(slot);
            }
            let usable: Vec<&Expr> = conditions
                .iter()
                .zip(done)
                .filter(|(condition, done)| !**done && needs(condition, &left).is_empty())
                .map(|(condition, _)| *condition)
                .collect();
            let connected = usable.iter().any(|condition| {
                let all = crate::bound::slots_of(condition);
                all.iter().any(|slot| item.slots.contains(slot))
                    && all.iter().any(|slot| !item.slots.contains(slot) && !unknown.contains(slot))
            });
            let mut score = match &item.what {
                What::Source(source) => match stored(source) {
                    Some(stored) => {
                        let path = self.best_path(stored, &usable, unknown)?;
                        path.rows.max(0.5) + path.cost * 1e-3
                    }
                    None => 1_000.0,
                },
                What::Left(..) => 0.5,
                What::Outer(_) => 10_000.0,
            };
            if !first && !connected && !matches!(item.what, What::Left(..)) {
                score = score * 1e6 + 1e6;
            }
            if best.is_none_or(|(_, known)| score < known) {
                best = Some((number, score));
            }
        }
        Ok(best.map_or(0, |(number, _)| number))
    }

    /// Joins an item to the rows so far.
    fn add_item(
        &mut self,
        root: Option<Node>,
        item: &Item<'_>,
        conditions: &[&Expr],
        unknown: &BTreeSet<Slot>,
    ) -> Result<Node> {
        match &item.what {
            What::Source(source) => self.add_source(root, source, conditions, unknown),
            What::Left(right, on) => {
                let outer = root.unwrap_or(Node::One);
                let joined = self.left_join(outer, right, on, &item.slots)?;
                self.filtered(joined, conditions)
            }
            What::Outer(join) => {
                self.note_kept();
                let mut left_slots = BTreeSet::new();
                slots_of_from(&join.left, &mut left_slots);
                let mut right_slots = BTreeSet::new();
                slots_of_from(&join.right, &mut right_slots);
                let left = self.region(&join.left, &[])?;
                let right = self.region(&join.right, &[])?;
                let tests = self.tests(&join.on)?;
                let plan = OuterJoin {
                    tests,
                    left_rows: self.rows_of(&left_slots)?,
                    right_rows: self.rows_of(&right_slots)?,
                    full: join.kind == JoinKind::Full,
                };
                let joined = Node::Outer(Box::new(left), Box::new(right), Arc::new(plan));
                let joined = match root {
                    Some(root) => Node::Nested(Box::new(root), Box::new(joined)),
                    None => joined,
                };
                self.filtered(joined, conditions)
            }
        }
    }

    fn filtered(&mut self, node: Node, conditions: &[&Expr]) -> Result<Node> {
        if conditions.is_empty() {
            return Ok(node);
        }
        let conditions: Vec<Expr> = conditions.iter().map(|condition| (*condition).clone()).collect();
        let tests = self.tests(&conditions)?;
        Ok(Node::Filter(Box::new(node), Arc::new(tests)))
    }

    fn rows_of(&mut self, slots: &BTreeSet<Slot>) -> Result<Vec<usize>> {
        use crate::expr::Names;
        slots.iter().map(|slot| Ok(self.locate(*slot)?.row)).collect()
    }

    fn add_source(
        &mut self,
        root: Option<Node>,
        source: &Source,
        conditions: &[&Expr],
        unknown: &BTreeSet<Slot>,
    ) -> Result<Node> {
        let Some(outer) = root else { return self.source(source, conditions, unknown, false) };
        let own = BTreeSet::from([source.slot]);
        let equal = self.hashable(source, conditions, unknown)?;
        if let Some((hashed, worth)) = equal
            && worth
        {
            let (alone, together): (Vec<&Expr>, Vec<&Expr>) = conditions
                .iter()
                .enumerate()
                .filter(|(number, _)| !hashed.contains(number))
                .map(|(_, condition)| *condition)
                .partition(|condition| {
                    let all = crate::bound::slots_of(condition);
                    all.iter().all(|slot| own.contains(slot)) && !matches!(condition, Expr::Literal(_))
                });
            let inner = self.keeping(|planner| planner.source(source, &alone, unknown, false))?;
            let pairs: Vec<&Expr> = hashed.iter().map(|&number| conditions[number]).collect();
            let plan = self.hash_join(&pairs, &together, &own, false)?;
            return Ok(Node::Hash(Box::new(outer), Box::new(inner), Arc::new(plan)));
        }
        let inner = self.source(source, conditions, unknown, true)?;
        Ok(Node::Nested(Box::new(outer), Box::new(inner)))
    }

    /// The conditions by which a table can be joined by hashing, and whether that is worth it.
    fn hashable(
        &mut self,
        source: &Source,
        conditions: &[&Expr],
        unknown: &BTreeSet<Slot>,
    ) -> Result<Option<(Vec<usize>, bool)>> {
        let equal: Vec<usize> = (0..conditions.len())
            .filter(|&number| hash_sides(conditions[number], &BTreeSet::from([source.slot])).is_some())
            .collect();
        if equal.is_empty() {
            return Ok(None);
        }
        let worth = match (stored(source), &source.rows) {
            (Some(stored), _) => {
                let path = self.best_path(stored, conditions, unknown)?;
                path.is_whole() && path.cost > WORTH_HASHING
            }
            (None, SourceRows::Recursion(_)) => false,
            (None, SourceRows::Function { arguments, .. }) => {
                arguments.iter().all(|argument| crate::bound::slots_of(argument).is_empty())
            }
            (None, _) => true,
        };
        Ok(Some((equal, worth)))
    }

    fn hash_join(
        &mut self,
        pairs: &[&Expr],
        tests: &[&Expr],
        inner: &BTreeSet<Slot>,
        left: bool,
    ) -> Result<HashJoin> {
        let (mut build, mut probe, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        for pair in pairs {
            let Some((own, other)) = hash_sides(pair, inner) else { continue };
            let Expr::Compare(comparison) = pair else { continue };
            build.push(self.scalar(own)?);
            probe.push(self.scalar(other)?);
            rules.push((comparison.affinity, comparison.collation.clone()));
        }
        let tests: Vec<Expr> = tests.iter().map(|test| (*test).clone()).collect();
        let rows = self.rows_of(inner)?;
        Ok(HashJoin { build, probe, rules, rows, tests: self.tests(&tests)?, left })
    }

    fn left_join(&mut self, outer: Node, right: &From, on: &[Expr], slots: &BTreeSet<Slot>) -> Result<Node> {
        if let From::Source(source) = right {
            let conditions: Vec<&Expr> = on.iter().collect();
            if let Some((hashed, true)) = self.hashable(source, &conditions, slots)? {
                let (alone, together): (Vec<&Expr>, Vec<&Expr>) = on
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| !hashed.contains(number))
                    .map(|(_, condition)| condition)
                    .partition(|condition| {
                        let all = crate::bound::slots_of(condition);
                        !all.is_empty() && all.iter().all(|slot| slots.contains(slot))
                    });
                let inner = self.keeping(|planner| planner.source(source, &alone, slots, false))?;
                let pairs: Vec<&Expr> = hashed.iter().map(|&number| &on[number]).collect();
                let plan = self.hash_join(&pairs, &together, slots, true)?;
                return Ok(Node::Hash(Box::new(outer), Box::new(inner), Arc::new(plan)));
            }
        }
        let inner = match right {
            From::Source(source) => {
                let conditions: Vec<&Expr> = on.iter().collect();
                self.source(source, &conditions, slots, true)?
            }
            From::Join(_) => self.region(right, on)?,
        };
        let rows = self.rows_of(slots)?;
        Ok(Node::Left(Box::new(outer), Box::new(inner), Arc::new(rows)))
    }

    /// The rows of one table that pass conditions. `again` says that they are read more than once.
    fn source(
        &mut self,
        source: &Source,
        conditions: &[&Expr],
        unknown: &BTreeSet<Slot>,
        again: bool,
    ) -> Result<Node> {
        if let Some(stored) = stored(source) {
            let path = self.best_path(stored, conditions, unknown)?;
            if path.cost.is_infinite() {
                return Err(crate::error::Error::statement("no query solution"));
            }
            return self.scan(stored, &path, conditions, unknown, false);
        }
        let owned: Vec<Expr> = conditions.iter().map(|condition| (*condition).clone()).collect();
        match &source.rows {
            SourceRows::Select { select, .. } => self.rows(source.slot, select, &owned, again),
            SourceRows::Recursion(id) => {
                let row = self.add_slot(source.slot);
                self.filtered(Node::Recursion(row, *id), conditions)
            }
            SourceRows::Recursive(recursive) => {
                let node = self.recursive(source.slot, recursive)?;
                self.filtered(node, conditions)
            }
            SourceRows::Function { function, arguments } => {
                let arguments = self.scalars(arguments)?;
                let row = self.add_slot(source.slot);
                let tests = self.tests(&owned)?;
                let plan = FunctionRows { row, function: function.clone(), arguments, tests };
                Ok(Node::Function(Arc::new(plan)))
            }
            SourceRows::Table { .. } => Ok(Node::Empty),
        }
    }

    fn recursive(&mut self, slot: Slot, recursive: &crate::bound::Recursive) -> Result<Node> {
        let initial = self.select(&mut recursive.initial.clone())?;
        let mut steps = Vec::new();
        for step in &recursive.steps {
            let mut step: Select = step.clone();
            steps.push(self.select(&mut step)?);
        }
        let row = self.add_slot(slot);
        let order_by = self.sort_keys(&recursive.order_by)?;
        let count = recursive.limit.as_ref().map(|limit| self.scalar(limit)).transpose()?;
        let offset = recursive.offset.as_ref().map(|offset| self.scalar(offset)).transpose()?;
        let plan = Recursive {
            id: recursive.id,
            row,
            initial,
            steps,
            distinct: recursive.distinct.clone(),
            order_by,
            limit: Limit { count, offset },
        };
        Ok(Node::Recursive(Arc::new(plan)))
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

/// The two sides of an equality of which one names only these slots and the other none of them.
fn hash_sides<'e>(condition: &'e Expr, inner: &BTreeSet<Slot>) -> Option<(&'e Expr, &'e Expr)> {
    let Expr::Compare(comparison) = condition else { return None };
    if comparison.op != CompareOp::Eq {
        return None;
    }
    let only_inner = |expr: &Expr| {
        let slots = crate::bound::slots_of(expr);
        !slots.is_empty() && slots.iter().all(|slot| inner.contains(slot))
    };
    let only_outer = |expr: &Expr| {
        let slots = crate::bound::slots_of(expr);
        !slots.is_empty() && slots.iter().all(|slot| !inner.contains(slot))
    };
    let (a, b) = (&comparison.left, &comparison.right);
    if only_inner(a) && only_outer(b) {
        Some((a, b))
    } else if only_inner(b) && only_outer(a) {
        Some((b, a))
    } else {
        None
    }
}

/// Takes a join apart into items and conditions.
fn gather<'q>(from: &'q From, items: &mut Vec<Item<'q>>, conditions: &mut Vec<&'q Expr>) {
    match from {
        From::Source(source) => {
            let after = match &source.rows {
                // The arguments of a function come from tables further left.
                SourceRows::Function { arguments, .. } if !arguments.is_empty() => (0..items.len()).collect(),
                _ => Vec::new(),
            };
            items.push(Item { what: What::Source(source), slots: BTreeSet::from([source.slot]), after });
        }
        From::Join(join) => {
            let start = items.len();
            match join.kind {
                JoinKind::Inner => {
                    gather(&join.left, items, conditions);
                    gather(&join.right, items, conditions);
                    conditions.extend(&join.on);
                }
                JoinKind::Cross => {
                    gather(&join.left, items, conditions);
                    let middle = items.len();
                    gather(&join.right, items, conditions);
                    for item in &mut items[middle..] {
                        item.after.extend(start..middle);
                    }
                    conditions.extend(&join.on);
                }
                JoinKind::Left => {
                    gather(&join.left, items, conditions);
                    let middle = items.len();
                    let mut slots = BTreeSet::new();
                    slots_of_from(&join.right, &mut slots);
                    items.push(Item {
                        what: What::Left(&join.right, &join.on),
                        slots,
                        after: (start..middle).collect(),
                    });
                }
                JoinKind::Right | JoinKind::Full => {
                    let mut slots = BTreeSet::new();
                    slots_of_from(from, &mut slots);
                    items.push(Item { what: What::Outer(join), slots, after: Vec::new() });
                }
            }
        }
    }
}
