//! In which order the parts of a join are placed, and whether by searching or by hashing.
//!
//! Costs are in rows read in order.

use std::rc::Rc;

use super::access::{AROUND, Mask};
use super::order::{Progress, advance};
use super::path::Path;
use super::planner::Planner;
use super::region::{Item, Region, UNKNOWN_ROWS, Ways, What, changes};
use super::wanted::Order;
use crate::bound::From;
use crate::error::{Error, Result};

/// How an item is joined to those before.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) item: usize,
    pub(super) path: Option<Rc<Path>>,
    pub(super) hash: bool,
    pub(super) reverse: bool,
    /// Of how many columns of a key one row is enough.
    pub(super) apart: usize,
}

/// Some items joined, or one more, and how.
pub(super) struct Joined<By> {
    pub(super) by: By,
    pub(super) rows: f64,
    pub(super) cost: f64,
    /// How many of the wanted terms hold, if rows are in their order so far.
    pub(super) in_order: Option<usize>,
}

/// Items joined in the order of these steps.
pub(super) type Steps = Joined<Vec<Step>>;

impl Steps {
    /// Before any item.
    fn none() -> Steps {
        Joined { by: Vec::new(), rows: 1.0, cost: 0.0, in_order: Some(0) }
    }

    /// With one step more.
    fn and(&self, step: Joined<Step>) -> Steps {
        let mut by = Vec::with_capacity(self.by.len() + 1);
        by.extend(self.by.iter().cloned());
        by.push(step.by);
        Joined { by, rows: step.rows, cost: step.cost, in_order: step.in_order }
    }
}

/// Up to this many items all orders are looked at.
pub(super) const MOST_TRIED: usize = 7;
/// What a row costs that is put into a hash table, and one that is looked up there, in rows read in order.
const BUILD_COST: f64 = 2.0;
const PROBE_COST: f64 = 1.5;
/// What a comparison costs when rows are sorted.
const SORT_COST: f64 = 0.3;
impl Planner<'_> {
    /// The cheapest way to join all items, among all orders of them.
    pub(super) fn best_of_all(&mut self, region: &mut Region<'_>, limit: Option<f64>) -> Result<Steps> {
        let (placed, start) = self.single_rows(region)?;
        // The ways to join each set of items.
        let mut best: Vec<Vec<Steps>> = (0..1 << region.items.len()).map(|_| Vec::new()).collect();
        best[placed].push(start);
        for (placed, at) in (0..).zip(0..best.len() - 1) {
            for joined in &std::mem::take(&mut best[at]) {
                for number in 0..region.items.len() {
                    let (own, after) = (region.items[number].own, region.items[number].after);
                    if placed & own != 0 || after & !placed != 0 {
                        continue;
                    }
                    for step in self.joined(region, joined, placed, number)? {
                        keep(&mut best[at | 1 << number], step, |step| joined.and(step));
                    }
                }
            }
        }
        let wanted = region.order.terms().len();
        let total = |joined: &Steps| {
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

    /// The tables of which a unique key is known before anything else is read, or once others of these are read: one row
    /// of each, which is read first at no loss. They are in the set that is the number.
    fn single_rows(&mut self, region: &mut Region<'_>) -> Result<(usize, Steps)> {
        let mut joined = Steps::none();
        let mut placed: Mask = 0;
        let mut at = 0;
        let mut number = 0;
        while number < region.items.len() {
            let Item { own, after, what, .. } = &region.items[number];
            let is_free = placed & own == 0 && after & !placed == 0 && matches!(what, What::Source(_));
            let own = *own;
            number += 1;
            if !is_free
                || !self.ways(region, number - 1, placed | AROUND, false)?.iter().any(|path| path.is_single)
            {
                continue;
            }
            let steps = self.joined(region, &joined, placed, number - 1)?;
            let is_single = |step: &Joined<Step>| step.by.path.as_ref().is_some_and(|path| path.is_single);
            if let Some(step) = steps.into_iter().find(is_single) {
                joined = joined.and(step);
                placed |= own;
                at |= 1 << (number - 1);
                number = 0;
            }
        }
        Ok((at, joined))
    }

    /// Joins many items, each time the one that gives fewest rows for each row so far.
    pub(super) fn one_by_one(&mut self, region: &mut Region<'_>) -> Result<Steps> {
        let mut joined = Steps::none();
        let mut placed: Mask = 0;
        for _ in 0..region.items.len() {
            let mut best: Option<(Joined<Step>, f64)> = None;
            // Rows are counted for each row so far, that they stay in a range where they can be compared.
            let rows = joined.rows.clamp(1.0, 1e6);
            let before = Joined { by: joined.by.clone(), rows, cost: 0.0, in_order: joined.in_order };
            for number in 0..region.items.len() {
                let (own, after) = (region.items[number].own, region.items[number].after);
                if placed & own != 0 || after & !placed != 0 {
                    continue;
                }
                let connected = region.conditions.iter().any(|(_, needs)| {
                    needs & own != 0 && needs & placed != 0 && needs & !(placed | own | AROUND) == 0
                });
                let is_left = matches!(region.items[number].what, What::Left(..));
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
            placed |= region.items[next.by.item].own;
            joined = joined.and(next);
        }
        Ok(joined)
    }

    /// The ways to join an item: the cheapest, and the cheapest that keeps the order.
    fn joined(
        &mut self,
        region: &mut Region<'_>,
        before: &Steps,
        placed: Mask,
        number: usize,
    ) -> Result<Vec<Joined<Step>>> {
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
            !before.by.is_empty() && !changes(source) && !region.hashed(number, placed).is_empty()
        });
        let step = |path, hash, reverse| Step { item: number, path, hash, reverse, apart: 0 };
        let longer = |by: Step, rows: f64, cost: f64, in_order| Joined {
            by,
            rows: before.rows * rows,
            cost: before.cost + cost,
            in_order,
        };
        let done = before.in_order.filter(|&terms| terms == region.order.terms().len());
        if item.table.is_none() {
            let rows = match item.what {
                What::Outer(_) | What::Left(From::Join(_), _) => UNKNOWN_ROWS,
                _ => item.rows,
            };
            let mut passed = rows;
            let mut said = region.conditions.equal(placed | AROUND, &[]);
            for (number, (_, needs)) in region.conditions.iter().enumerate() {
                if needs & item.own != 0 && needs & !(placed | item.own | AROUND) == 0 && said.add(number) {
                    passed *= 0.2;
                }
            }
            let cost = match equal {
                true => rows * BUILD_COST + before.rows * PROBE_COST,
                false => before.rows * rows + rows,
            };
            found.push(longer(step(None, equal, false), passed.max(at_least), cost, done));
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
            keep(&mut found, longer(step, rows, before.rows * path.cost, in_order), |step| step);
        }
        if equal {
            let alone = self.ways(region, number, 0, false)?;
            if let Some(path) = alone.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)) {
                let cost = path.cost + path.rows * BUILD_COST + before.rows * PROBE_COST;
                let rows = fewest.min(path.rows).max(at_least);
                keep(&mut found, longer(step(Some(path.clone()), true, false), rows, cost, done), |step| {
                    step
                });
            }
        }
        Ok(found)
    }

    /// The ways to read a table where these items are known; asked for once.
    fn ways(&mut self, region: &mut Region<'_>, number: usize, known: Mask, any_order: bool) -> Result<Ways> {
        let Some(table) = &region.items[number].table else { return Ok(Rc::default()) };
        let related = table.terms.iter().fold(0, |related, term| related | term.needs);
        let conditions = table.conditions.iter().filter(|(_, needs)| needs & table.own != 0);
        let related = conditions.fold(related, |related, (_, needs)| related | needs);
        let key = (number, known & related, any_order);
        if let Some(found) = region.ways.get(&key) {
            return Ok(found.clone());
        }
        let found: Ways = self.paths(table, known, any_order)?.into_iter().map(Rc::new).collect();
        region.ways.insert(key, found.clone());
        Ok(found)
    }
}

/// Keeps a join if none is cheaper; one in order is kept beside a cheaper one that is not.
fn keep<By, New>(
    all: &mut Vec<Joined<By>>,
    joined: Joined<New>,
    make: impl FnOnce(Joined<New>) -> Joined<By>,
) {
    let is_better = |(cost, in_order): (f64, Option<usize>), than: (f64, Option<usize>)| {
        cost <= than.0 && in_order >= than.1
    };
    let new = (joined.cost, joined.in_order);
    if all.iter().any(|known| is_better((known.cost, known.in_order), new)) {
        return;
    }
    all.retain(|known| !is_better(new, (known.cost, known.in_order)));
    all.push(make(joined));
}
