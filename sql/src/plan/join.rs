//! The tables of a query: in which order they are joined, and how.
//!
//! 1. The rows of a join are in the order of its outermost table, then in that of the next, whatever joins them.
//! 2. A hash table is made once for as long as the operators are there: nothing on its side may depend on other rows of
//!    the frame.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::access::{AROUND, Items, Mask, Wants};
use super::order::{Progress, advance};
use super::path::{Candidates, Path, Stored, Way, float};
use super::physical::{FunctionRows, HashJoin, Limit, Node, OuterJoin, Recursive, Scan};
use super::planner::{Map, Planner, constant_limit};
use super::scan::Reading;
use super::volatile::is_volatile;
use super::wanted::Order;
use crate::bound::{
    Body, CompareOp, Expr, From, Join, JoinKind, Select, Slot, Source, SourceRows, slots_of_from,
};
use crate::error::{Error, Result};

/// A part of a join that is placed as a whole.
struct Item<'q> {
    what: What<'q>,
    own: Mask,
    /// The items that must come before.
    after: Mask,
    /// The table, if it is one or the right side of a left join.
    table: Option<Candidates<'q>>,
    /// How many rows it is taken to have if it is no table.
    rows: f64,
}

enum What<'q> {
    Source(&'q Source),
    /// The right side of a left join, with its condition.
    Left(&'q From, &'q [Expr]),
    /// A join that gives rows of its right side that nothing fits to.
    Outer(&'q Join),
}

/// A join whose tables may be read in any order that its items allow.
struct Region<'q> {
    items: Vec<Item<'q>>,
    names: Items,
    conditions: Vec<(&'q Expr, Mask)>,
    order: Order<'q>,
    /// What each wanted term needs.
    needs: Vec<Mask>,
    ways: Map<(usize, Mask, bool), Rc<Vec<Path>>>,
}

/// How an item is joined to those before.
#[derive(Clone)]
struct Step {
    item: usize,
    path: Option<Path>,
    hash: bool,
    reverse: bool,
    /// Of how many columns of a key one row is enough.
    apart: usize,
}

/// Some items joined.
#[derive(Clone)]
struct Joined {
    steps: Vec<Step>,
    rows: f64,
    cost: f64,
    /// How many of the wanted terms hold, if rows are in their order so far.
    in_order: Option<usize>,
}

/// Up to this many items all orders are looked at.
const MOST_TRIED: usize = 7;
/// What a row costs that is put into a hash table, and one that is looked up there, in rows read in order.
const BUILD_COST: f64 = 2.0;
const PROBE_COST: f64 = 1.5;
/// What a comparison costs when rows are sorted.
const SORT_COST: f64 = 0.3;
/// How many rows a source is taken to have of which nothing is known.
const UNKNOWN_ROWS: f64 = 1_000.0;

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
        for step in &joined.steps {
            let item = &region.items[step.item];
            let ready: Vec<usize> = (0..region.conditions.len())
                .filter(|&number| !done[number] && region.conditions[number].1 & !(known | item.own) == 0)
                .collect();
            for &number in &ready {
                done[number] = true;
            }
            root = Some(self.add_item(root, &region, step, &ready)?);
            known |= item.own;
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

    /// Takes a join apart.
    fn gathered<'q>(&mut self, from: &'q From, filter: &'q [Expr], order: Order<'q>) -> Result<Region<'q>> {
        let mut names = Items::default();
        let mut own = BTreeSet::new();
        slots_of_from(from, &mut own);
        for slot in self.slots_of_frame() {
            if !own.contains(&slot) {
                names.add(slot, AROUND);
            }
        }
        let mut items = Vec::new();
        let mut conditions: Vec<&Expr> = Vec::new();
        gather(from, &mut items, &mut names, &mut conditions);
        conditions.extend(filter);
        let conditions: Vec<(&Expr, Mask)> =
            conditions.into_iter().map(|condition| (condition, names.needed(condition))).collect();
        for item in &mut items {
            match &item.what {
                What::Source(source) => match stored(source) {
                    Some(stored) => item.table = Some(Candidates::new(stored, item.own, &conditions, &names)),
                    None => item.rows = self.rows_of_source(source)?,
                },
                What::Left(From::Source(source), on) => {
                    let on: Vec<(&Expr, Mask)> = on.iter().map(|on| (on, names.needed(on))).collect();
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
            SourceRows::Select { select, .. } => self.rows_of_select(select)?,
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

    /// The cheapest way to join all items, among all orders of them.
    fn best_of_all(&mut self, region: &mut Region<'_>, limit: Option<f64>) -> Result<Joined> {
        let start = Joined { steps: Vec::new(), rows: 1.0, cost: 0.0, in_order: Some(0) };
        // The ways to join each set of items.
        let mut best: Vec<Vec<Joined>> = vec![Vec::new(); 1 << region.items.len()];
        best[0].push(start);
        for (placed, at) in (0..).zip(0..best.len() - 1) {
            for joined in &std::mem::take(&mut best[at]) {
                for number in 0..region.items.len() {
                    let (own, after) = (region.items[number].own, region.items[number].after);
                    if placed & own != 0 || after & !placed != 0 {
                        continue;
                    }
                    for longer in self.joined(region, joined, placed, number)? {
                        keep(&mut best[at | 1 << number], longer);
                    }
                }
            }
        }
        let wanted = region.order.terms().len();
        let total = |joined: &Joined| {
            let rows = joined.rows.max(1.0);
            match (wanted, joined.in_order) {
                (0, _) => joined.cost,
                (_, Some(terms)) if terms == wanted => {
                    joined.cost * limit.map_or(1.0, |limit| (limit / rows).min(1.0))
                }
                _ => match region.order {
                    Order::Needed(_) => joined.cost + rows * rows.log2().max(1.0) * SORT_COST,
                    Order::Together(_) => joined.cost + rows * BUILD_COST,
                },
            }
        };
        let all = best.pop().unwrap_or_default();
        let cheapest = all.into_iter().min_by(|a, b| total(a).total_cmp(&total(b)));
        cheapest.ok_or_else(|| Error::statement("no query solution"))
    }

    /// Joins many items, each time the one that gives fewest rows for each row so far.
    fn one_by_one(&mut self, region: &mut Region<'_>) -> Result<Joined> {
        let mut joined = Joined { steps: Vec::new(), rows: 1.0, cost: 0.0, in_order: Some(0) };
        let mut placed: Mask = 0;
        for _ in 0..region.items.len() {
            let mut best: Option<(Joined, f64)> = None;
            for number in 0..region.items.len() {
                let (own, after) = (region.items[number].own, region.items[number].after);
                if placed & own != 0 || after & !placed != 0 {
                    continue;
                }
                let connected = region.conditions.iter().any(|(_, needs)| {
                    needs & own != 0 && needs & placed != 0 && needs & !(placed | own | AROUND) == 0
                });
                let is_left = matches!(region.items[number].what, What::Left(..));
                // Rows are counted for each row so far, that they stay in a range where they can be compared.
                let before = Joined { rows: joined.rows.clamp(1.0, 1e6), cost: 0.0, ..joined.clone() };
                for longer in self.joined(region, &before, placed, number)? {
                    let mut score = longer.rows / before.rows + longer.cost / before.rows * 1e-3;
                    if placed != 0 && !connected && !is_left {
                        score = score * 1e6 + 1e6;
                    }
                    if best.as_ref().is_none_or(|(_, known)| score < *known) {
                        best = Some((longer, score));
                    }
                }
            }
            let (next, _) = best.ok_or_else(|| Error::statement("no query solution"))?;
            placed |= next.steps.last().map_or(0, |step| region.items[step.item].own);
            joined = next;
        }
        Ok(joined)
    }

    /// The ways to join an item: the cheapest, and the cheapest that keeps the order.
    fn joined(
        &mut self,
        region: &mut Region<'_>,
        before: &Joined,
        placed: Mask,
        number: usize,
    ) -> Result<Vec<Joined>> {
        let any_order = !region.order.terms().is_empty()
            && before.in_order.is_some_and(|n| n < region.order.terms().len());
        let mut found = Vec::new();
        let item = &region.items[number];
        let is_left = matches!(item.what, What::Left(..));
        let at_least = if is_left { 1.0 } else { 0.0 };
        let equal = match item.what {
            What::Outer(_) | What::Left(From::Join(_), _) => None,
            What::Source(source) => Some(source),
            What::Left(From::Source(source), _) => Some(&**source),
        };
        let equal = equal.is_some_and(|source| {
            !before.steps.is_empty() && !reads_recursion(source) && !region.hashed(number, placed).is_empty()
        });
        let step = |path, hash, reverse| Step { item: number, path, hash, reverse, apart: 0 };
        let longer = |step: Step, rows: f64, cost: f64, in_order| {
            let mut steps = before.steps.clone();
            steps.push(step);
            Joined { steps, rows: before.rows * rows, cost: before.cost + cost, in_order }
        };
        let done = before.in_order.filter(|&terms| terms == region.order.terms().len());
        if item.table.is_none() {
            let rows = match item.what {
                What::Outer(_) | What::Left(From::Join(_), _) => UNKNOWN_ROWS,
                _ => item.rows,
            };
            let mut passed = rows;
            for (_, needs) in &region.conditions {
                if needs & item.own != 0 && needs & !(placed | item.own | AROUND) == 0 {
                    passed *= 0.2;
                }
            }
            let cost = match equal {
                true => rows * BUILD_COST + before.rows * PROBE_COST,
                false => before.rows * rows + rows,
            };
            keep(&mut found, longer(step(None, equal, false), passed.max(at_least), cost, done));
            return Ok(found);
        }
        let paths = self.ways(region, number, placed | AROUND, any_order)?;
        let item = &region.items[number];
        let Some(table) = &item.table else { return Ok(found) };
        let mut fewest = f64::INFINITY;
        for path in paths.iter() {
            let rows = path.rows.max(at_least);
            fewest = fewest.min(rows);
            let progress = before.in_order.and_then(|start| {
                if start == region.order.terms().len() {
                    return Some(Progress { terms: start, reverse: false, columns: 0 });
                }
                let progress = advance(table, path, placed, region.order.terms(), &region.needs, start)?;
                (!is_left).then_some(progress)
            });
            let mut step = step(Some(path.clone()), false, progress.is_some_and(|progress| progress.reverse));
            let in_order = progress.map(|progress| progress.terms);
            if let (Some(progress), Order::Together(terms), 1) = (progress, region.order, region.items.len())
                && progress.terms == terms.len()
            {
                step.apart = progress.columns;
            }
            keep(&mut found, longer(step, rows, before.rows * path.cost, in_order));
        }
        if equal {
            let alone = self.ways(region, number, 0, false)?;
            if let Some(path) = alone.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)) {
                let cost = path.cost + path.rows * BUILD_COST + before.rows * PROBE_COST;
                let rows = fewest.min(path.rows).max(at_least);
                keep(&mut found, longer(step(Some(path.clone()), true, false), rows, cost, done));
            }
        }
        Ok(found)
    }

    /// The ways to read a table where these items are known; asked for once.
    fn ways(
        &mut self,
        region: &mut Region<'_>,
        number: usize,
        known: Mask,
        any_order: bool,
    ) -> Result<Rc<Vec<Path>>> {
        let Some(table) = &region.items[number].table else { return Ok(Rc::default()) };
        let related = table.terms.iter().fold(0, |related, term| related | term.needs);
        let conditions = table.conditions.iter().filter(|(_, needs)| needs & table.own != 0);
        let related = conditions.fold(related, |related, (_, needs)| related | needs);
        let key = (number, known & related, any_order);
        if let Some(found) = region.ways.get(&key) {
            return Ok(found.clone());
        }
        let found = Rc::new(self.paths(table, known, any_order)?);
        region.ways.insert(key, found.clone());
        Ok(found)
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
            SourceRows::Select { select, .. } => {
                let kept = again == Again::Yes && !reads_recursion(source);
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

/// Whether rows are read more than once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

impl Region<'_> {
    /// The conditions by which an item can be joined by hashing where these items are known.
    fn hashed(&self, item: usize, known: Mask) -> Vec<usize> {
        let item = &self.items[item];
        let on: Vec<(&Expr, Mask)>;
        let conditions = match item.what {
            What::Left(_, all) => {
                on = all.iter().map(|on| (on, self.names.needed(on))).collect();
                &on
            }
            _ => &self.conditions,
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
    fn sides<'e>(&self, condition: &'e Expr, own: Mask) -> Option<(&'e Expr, &'e Expr)> {
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

/// Keeps a join if none is cheaper; one in order is kept beside a cheaper one that is not.
fn keep(all: &mut Vec<Joined>, joined: Joined) {
    let is_better = |a: &Joined, b: &Joined| a.cost <= b.cost && a.in_order >= b.in_order;
    if all.iter().any(|known| is_better(known, &joined)) {
        return;
    }
    all.retain(|known| !is_better(&joined, known));
    all.push(joined);
}

/// Whether a source reads the rows of a recursive part, which change all the time.
fn reads_recursion(source: &Source) -> bool {
    fn in_from(from: &From) -> bool {
        match from {
            From::Source(source) => reads_recursion(source),
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
        SourceRows::Select { select, .. } => in_body(&select.body),
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
            add_item(items, names, What::Source(source), BTreeSet::from([source.slot]), after);
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
    slots: BTreeSet<Slot>,
    after: Mask,
) {
    let own: Mask = 1 << items.len();
    for slot in slots {
        names.add(slot, own);
    }
    items.push(Item { what, own, after, table: None, rows: UNKNOWN_ROWS });
}
