//! The tables of a query joined: from the order that was chosen to the steps that read and join them.
//!
//! 1. The rows of a join are in the order of its outermost table, then in that of the next, whatever joins them.
//! 2. A hash table is made once for as long as the operators are there: nothing on its side may depend on other rows of
//!    the frame.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{AROUND, Mask, Wants};
use super::join_order::{MOST_TRIED, Step};
use super::path::{Candidates, Path, Way};
use super::physical::{FunctionRows, HashJoin, Limit, Node, OuterJoin, Recursive, Scan};
use super::planner::{Map, Planner};
use super::region::{Item, Region, What, changes, stored};
use super::scan::Reading;
use super::volatile::is_volatile;
use super::wanted::Order;
use crate::bound::{Expr, From, Join, JoinKind, Select, Slot, Source, SourceRows, slots_of_from};
use crate::error::Result;

impl Planner<'_> {
    /// The rows of `FROM` that pass the conditions, and whether they come in the order that is wanted. `limit` says
    /// how many of them are asked for, if that is known.
    pub(super) fn from(
        &mut self,
        from: Option<&From>,
        filter: &[Expr],
        order: Order<'_>,
        limit: Option<f64>,
    ) -> Result<(Node, bool)> {
        let Some(from) = from else {
            let tests = self.tests(filter)?;
            let node = match tests.is_empty() {
                true => Node::One,
                false => Node::Filter(Box::new(Node::One), Arc::new(tests)),
            };
            return Ok((node, false));
        };
        self.region(from, filter, order, limit)
    }

    /// A join whose tables may be read in any order.
    fn region(
        &mut self,
        from: &From,
        filter: &[Expr],
        order: Order<'_>,
        limit: Option<f64>,
    ) -> Result<(Node, bool)> {
        let wanted = order.terms();
        let mut region = self.gathered(from, filter, order)?;
        let joined = match region.items.len() <= MOST_TRIED {
            true => self.best_of_all(&mut region, limit)?,
            false => self.one_by_one(&mut region)?,
        };
        let ordered = !wanted.is_empty() && joined.in_order == Some(wanted.len());
        let mut known = AROUND;
        let mut done = vec![false; region.conditions.len()];
        // Conditions that need no table of the join are looked at once.
        let mut fixed = Vec::new();
        for (number, (condition, needs)) in region.conditions.iter().enumerate() {
            if needs & !AROUND == 0 && !is_volatile(condition) {
                done[number] = true;
                fixed.push((*condition).clone());
            }
        }
        let mut root = None;
        for step in &joined.by {
            let ready = ready(&region, step, known, &mut done);
            root = Some(self.add_item(root, &region, step, &ready)?);
            known |= region.items[step.item].own;
        }
        let mut root = root.unwrap_or(Node::One);
        if !fixed.is_empty() {
            let tests = Arc::new(self.tests(&fixed)?);
            root = Node::Nested(Box::new(Node::Filter(Box::new(Node::One), tests)), Box::new(root));
        }
        Ok((root, ordered))
    }

    /// The range of one tree in which just the rows of a table are that pass all conditions, if there is one.
    pub(super) fn range_of(&mut self, from: &From, filter: &[Expr]) -> Result<Option<Arc<Scan>>> {
        let region = self.gathered(from, filter, Order::Needed(&[]))?;
        let [Item { table: Some(table), what: What::Source(_), .. }] = region.items.as_slice() else {
            return Ok(None);
        };
        let all: Vec<usize> = (0..region.conditions.len()).collect();
        let paths = self.paths(table, AROUND, false)?;
        let is_range = |path: &&Path| {
            let is_plain =
                |number: &usize| matches!(table.terms[*number].wants, Wants::Equal(..) | Wants::Null);
            all.iter().all(|number| path.used.contains(number))
                && match &path.way {
                    Way::RowidRange(..) => true,
                    Way::Keys(_, terms) => terms.equal.iter().all(is_plain),
                    Way::Whole | Way::Rowid(_) | Way::Any(_) => false,
                }
        };
        let Some(path) = paths.iter().find(is_range) else { return Ok(None) };
        match self.scan(table, path, &all, Reading { reverse: false, covering: true, apart: 0 })? {
            Node::Scan(scan) => Ok(Some(scan)),
            _ => Ok(None),
        }
    }

    /// Joins an item to the rows so far.
    fn add_item(
        &mut self,
        root: Option<Node>,
        region: &Region<'_>,
        step: &Step,
        ready: &[usize],
    ) -> Result<Node> {
        let item = &region.items[step.item];
        let conditions: Vec<&Expr> = ready.iter().map(|&number| region.conditions[number].0).collect();
        match &item.what {
            What::Source(source) => {
                let Some(outer) = root else { return self.read(region, source, step, ready, Again::No) };
                if step.hash {
                    return self.hash_join(outer, region, source, step, ready, false);
                }
                let inner = self.read(region, source, step, ready, Again::Yes)?;
                Ok(Node::Nested(Box::new(outer), Box::new(inner)))
            }
            What::Left(right, on) => {
                let outer = root.unwrap_or(Node::One);
                let joined = match right {
                    From::Source(source) => {
                        let names = &region.names;
                        let part = Region {
                            items: Vec::new(),
                            names: names.clone(),
                            conditions: on.iter().map(|on| (on, names.needed(on))).collect(),
                            order: Order::Needed(&[]),
                            needs: Vec::new(),
                            ways: Map::default(),
                        };
                        let part = Region { items: vec![self.left_item(&part, source, item)], ..part };
                        let all: Vec<usize> = (0..on.len()).collect();
                        let step = Step { item: 0, ..step.clone() };
                        if step.hash {
                            self.hash_join(outer, &part, source, &step, &all, true)?
                        } else {
                            let inner = self.read(&part, source, &step, &all, Again::Yes)?;
                            let row = self.rows_of(&BTreeSet::from([source.slot]))?;
                            Node::Left(Box::new(outer), Box::new(inner), Arc::new(row))
                        }
                    }
                    From::Join(_) => {
                        let (inner, _) = self.region(right, on, Order::Needed(&[]), None)?;
                        let mut slots = BTreeSet::new();
                        slots_of_from(right, &mut slots);
                        let rows = self.rows_of(&slots)?;
                        Node::Left(Box::new(outer), Box::new(inner), Arc::new(rows))
                    }
                };
                self.filtered(joined, &conditions)
            }
            What::Outer(join) => {
                let joined = self.outer_join(join)?;
                let joined = match root {
                    Some(root) => Node::Nested(Box::new(root), Box::new(joined)),
                    None => joined,
                };
                self.filtered(joined, &conditions)
            }
        }
    }

    /// The right side of a left join as the only item of its own conditions.
    fn left_item<'q>(&self, part: &Region<'q>, source: &'q Source, item: &Item<'q>) -> Item<'q> {
        let table =
            stored(source).map(|stored| Candidates::new(stored, item.own, &part.conditions, &part.names));
        Item { what: What::Source(source), own: item.own, after: 0, table, rows: item.rows }
    }

    fn outer_join(&mut self, join: &Join) -> Result<Node> {
        self.note_kept();
        let mut left_slots = BTreeSet::new();
        slots_of_from(&join.left, &mut left_slots);
        let mut right_slots = BTreeSet::new();
        slots_of_from(&join.right, &mut right_slots);
        let (left, _) = self.region(&join.left, &[], Order::Needed(&[]), None)?;
        let (right, _) = self.region(&join.right, &[], Order::Needed(&[]), None)?;
        let tests = self.tests(&join.on)?;
        let plan = OuterJoin {
            tests,
            left_rows: self.rows_of(&left_slots)?,
            right_rows: self.rows_of(&right_slots)?,
            full: join.kind == JoinKind::Full,
        };
        Ok(Node::Outer(Box::new(left), Box::new(right), Arc::new(plan)))
    }

    fn filtered(&mut self, node: Node, conditions: &[&Expr]) -> Result<Node> {
        if conditions.is_empty() {
            return Ok(node);
        }
        let mut compiler = self.compiler();
        let tests = conditions.iter().map(|condition| compiler.test(condition)).collect::<Result<_>>()?;
        Ok(Node::Filter(Box::new(node), Arc::new(tests)))
    }

    fn rows_of(&mut self, slots: &BTreeSet<Slot>) -> Result<Vec<usize>> {
        use crate::expr::Names;
        slots.iter().map(|slot| Ok(self.locate(*slot)?.row)).collect()
    }

    /// Joins a source by hashing it.
    fn hash_join(
        &mut self,
        outer: Node,
        region: &Region<'_>,
        source: &Source,
        step: &Step,
        ready: &[usize],
        left: bool,
    ) -> Result<Node> {
        let own = region.items[step.item].own;
        let hashed = region.hashed(step.item, !own);
        let rest = ready.iter().copied().filter(|number| !hashed.contains(number));
        let (alone, together): (Vec<usize>, Vec<usize>) =
            rest.partition(|&number| region.conditions[number].1 == own);
        let inner = self.keeping(|planner| planner.read(region, source, step, &alone, Again::No))?;
        let (mut build, mut probe, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        for number in hashed.into_iter().filter(|number| ready.contains(number)) {
            let condition = region.conditions[number].0;
            let Some((inside, outside)) = region.sides(condition, own) else { continue };
            let Expr::Compare(comparison) = condition else { continue };
            build.push(self.scalar(inside)?);
            probe.push(self.scalar(outside)?);
            rules.push((comparison.affinity, comparison.collation.clone()));
        }
        let rows = self.rows_of(&BTreeSet::from([source.slot]))?;
        let mut compiler = self.compiler();
        let tests = together
            .iter()
            .map(|&number| compiler.test(region.conditions[number].0))
            .collect::<Result<_>>()?;
        let plan = HashJoin { build, probe, rules, rows, tests, left };
        Ok(Node::Hash(Box::new(outer), Box::new(inner), Arc::new(plan)))
    }

    /// The rows of one table that pass conditions.
    fn read(
        &mut self,
        region: &Region<'_>,
        source: &Source,
        step: &Step,
        conditions: &[usize],
        again: Again,
    ) -> Result<Node> {
        if let (Some(table), Some(path)) = (&region.items[step.item].table, &step.path) {
            let reading = Reading { reverse: step.reverse, covering: true, apart: step.apart };
            return self.scan(table, path, conditions, reading);
        }
        let conditions: Vec<&Expr> = conditions.iter().map(|&number| region.conditions[number].0).collect();
        let owned: Vec<Expr> = conditions.iter().map(|condition| (*condition).clone()).collect();
        match &source.rows {
            SourceRows::Select(select) => {
                let kept = again == Again::Yes && !changes(source);
                self.rows(source.slot, select, &owned, kept)
            }
            SourceRows::Recursion(id) => {
                let row = self.add_slot(source.slot);
                let node = self.recursion_of(*id).map_or(Node::Empty, |of| Node::Recursion { row, of });
                self.filtered(node, &conditions)
            }
            SourceRows::Recursive(recursive) => {
                let node = self.recursive(source.slot, recursive)?;
                self.filtered(node, &conditions)
            }
            SourceRows::Function { function, arguments, .. } => {
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
        let row = self.add_slot(slot);
        self.note_recursion(recursive.id, row);
        let initial = self.select(&mut recursive.initial.clone())?;
        let mut steps = Vec::new();
        for step in &recursive.steps {
            let mut step: Select = step.clone();
            steps.push(self.select(&mut step)?);
        }
        let order_by = self.sort_keys(&recursive.order_by)?;
        let count = recursive.limit.as_ref().map(|limit| self.scalar(limit)).transpose()?;
        let offset = recursive.offset.as_ref().map(|offset| self.scalar(offset)).transpose()?;
        let plan = Recursive {
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

/// The conditions that can be looked at once an item is joined to those known, but for those that follow from others.
fn ready(region: &Region<'_>, step: &Step, known: Mask, done: &mut [bool]) -> Vec<usize> {
    let item = &region.items[step.item];
    let used = match (&item.what, &step.path) {
        (What::Source(_), Some(path)) => path.used.as_slice(),
        _ => &[],
    };
    let mut equal = region.conditions.equal(known, used);
    let mut ready = Vec::new();
    for (number, (_, needs)) in region.conditions.iter().enumerate() {
        if done[number] || needs & !(known | item.own) != 0 {
            continue;
        }
        done[number] = true;
        if used.contains(&number) || equal.add(number) {
            ready.push(number);
        }
    }
    ready
}

/// Whether rows are read more than once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}
