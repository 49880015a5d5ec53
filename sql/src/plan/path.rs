//! The ways to read one table, and what they cost.
//!
//! Costs are in rows read in order. Sizes of trees are exact; so are ranges whose ends are constants, since trees count
//! their entries. How many entries are equal to a value that is not known is asked of a few entries of the index.
//! Nothing depends on the values of parameters.

use std::ops::{Bound, Deref};
use std::rc::Rc;
use std::sync::Arc;

use super::access::{Items, Mask, Term, Wants, add_terms, affinity_fits, implies};
use super::equal::{Equalities, Known};
use super::planner::Planner;
use crate::bound::{BoundIndex, Column, Expr, IndexChoice, Place, Slot};
use crate::codec::{Direction, push_rowid, push_value, skip_value};
use crate::error::{Error, Result};
use crate::expr::affinity_of;
use crate::schema::{IndexColumn, IndexPart, Store, Table, TableKey};
use crate::value::{ArenaBuffer, Collation, Value, ValueRef};

/// A stored table to be read.
#[derive(Clone, Copy)]
pub(super) struct Stored<'q> {
    pub(super) slot: Slot,
    pub(super) name: &'q str,
    pub(super) store: Store,
    pub(super) table: &'q Arc<Table>,
    pub(super) choice: &'q IndexChoice,
    pub(super) indexes: &'q [BoundIndex],
}

/// Conditions, and what each needs.
#[derive(Clone)]
pub(super) struct Conditions<'q> {
    all: Rc<[(&'q Expr, Mask)]>,
    equalities: Rc<Equalities>,
}

impl<'q> FromIterator<(&'q Expr, Mask)> for Conditions<'q> {
    fn from_iter<I: IntoIterator<Item = (&'q Expr, Mask)>>(all: I) -> Conditions<'q> {
        let all: Rc<[(&Expr, Mask)]> = all.into_iter().collect();
        let equalities = Rc::new(Equalities::of(all.iter().map(|(condition, _)| *condition)));
        Conditions { all, equalities }
    }
}

impl<'q> Deref for Conditions<'q> {
    type Target = [(&'q Expr, Mask)];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Conditions<'_> {
    /// What is equal where all conditions on these items are true, and these.
    pub(super) fn equal(&self, items: Mask, besides: &[usize]) -> Known<'_> {
        let mut known = self.equalities.nothing_known();
        for (number, (_, needs)) in self.iter().enumerate() {
            if needs & !items == 0 || besides.contains(&number) {
                known.add(number);
            }
        }
        known
    }
}

/// A stored table with the conditions that name it.
pub(super) struct Candidates<'q> {
    pub(super) stored: Stored<'q>,
    /// The bit of the item it is.
    pub(super) own: Mask,
    /// All conditions around, and what each needs.
    pub(super) conditions: Conditions<'q>,
    pub(super) terms: Vec<Term<'q>>,
    items: Items,
}

impl<'q> Candidates<'q> {
    pub(super) fn new(
        stored: Stored<'q>,
        own: Mask,
        conditions: &Conditions<'q>,
        items: &Items,
    ) -> Candidates<'q> {
        let mut terms = Vec::new();
        for (number, (condition, needs)) in conditions.iter().enumerate() {
            if needs & own != 0 {
                add_terms(number, condition, stored.slot, items, &mut terms);
            }
        }
        Candidates { stored, own, conditions: conditions.clone(), terms, items: items.clone() }
    }

    /// Whether a term can be used where these items are known.
    fn is_usable(&self, term: &Term<'_>, known: Mask) -> bool {
        term.needs & !known == 0
    }

    /// The conditions that can be looked at where these items are known.
    fn usable(&self, known: Mask) -> impl Iterator<Item = (usize, &'q Expr)> {
        let own = self.own;
        self.conditions
            .iter()
            .enumerate()
            .filter(move |(_, (_, needs))| needs & own != 0 && needs & !(known | own) == 0)
            .map(|(number, (condition, _))| (number, *condition))
    }
}

/// A way to read a table.
#[derive(Clone)]
pub(super) struct Path {
    pub(super) way: Way,
    /// How many rows it gives, after all conditions.
    pub(super) rows: f64,
    /// What that costs, in rows read in order.
    pub(super) cost: f64,
    /// The conditions it makes true.
    pub(super) used: Vec<usize>,
    /// Whether there is at most one row.
    pub(super) is_single: bool,
}

/// By which tree. Numbers are those of terms.
#[derive(Clone)]
pub(super) enum Way {
    /// The whole table.
    Whole,
    /// By rowid.
    Rowid(usize),
    /// By a range of rowids.
    RowidRange(Option<usize>, Option<usize>),
    /// By the key of a table `WITHOUT ROWID`, or by an index: its number.
    Keys(Option<usize>, KeyTerms),
    /// By several ways at once: those of the arms of the `OR` with this number.
    Any(usize),
}

/// The terms of a range of keys: what the first columns are equal to, and the ends of the next one.
#[derive(Clone, Default)]
pub(super) struct KeyTerms {
    pub(super) equal: Vec<usize>,
    pub(super) low: Option<usize>,
    pub(super) high: Option<usize>,
}

/// What part of the rows a condition lets through, where nothing is known.
const EQUAL_PART: f64 = 0.1;
const RANGE_PART: f64 = 0.25;
const OTHER_PART: f64 = 0.9;
/// What finding a row by its rowid costs beside reading it in order.
const LOOKUP_COST: f64 = 3.0;
/// What finding the place in a tree costs.
const SEEK_COST: f64 = 5.0;
/// How many values the query of an `IN` is taken to give.
const QUERY_VALUES: f64 = 25.0;
/// From this many entries on an index is asked how many are equal.
const WORTH_ASKING: f64 = 64.0;
/// A table that is read alone is planned as one of so many rows at least: a plan is used for longer than a new table stays
/// small. Tables that are joined are put in order by what they hold: in most joins some are small and stay so.
const LEAST_ROWS: f64 = 256.0;

/// What a rowid column looks like to conditions.
pub(super) fn is_rowid(expr: &Expr, slot: Slot) -> bool {
    matches!(expr, Expr::Column(Column { slot: of, place: Place::Rowid, .. }) if *of == slot)
}

impl Planner<'_> {
    /// The ways to read a table where these items are known. `any_order` adds those that are no use but for their order.
    pub(super) fn paths(&mut self, from: &Candidates<'_>, known: Mask, any_order: bool) -> Result<Vec<Path>> {
        let stored = from.stored;
        let only = matches!(stored.choice, IndexChoice::Only(_));
        let count = self.rows_of_table(from)?;
        let mut paths = Vec::new();
        if !only {
            let whole =
                Path { way: Way::Whole, rows: count, cost: count + 1.0, used: vec![], is_single: false };
            paths.push(whole);
            if stored.table.has_rowid() {
                self.rowid_paths(from, known, count, &mut paths)?;
                // One row found by its rowid: no other way is cheaper, nor has it another order.
                if let Some(single) = paths.iter().position(|path| path.is_single) {
                    let mut single = paths.swap_remove(single);
                    self.thin_out(from, known, &mut single);
                    return Ok(vec![single]);
                }
            } else if let TableKey::Primary { columns, .. } = &stored.table.key {
                let exprs: Vec<Expr> = columns.iter().map(|column| own_column(stored, column)).collect();
                let tree = KeyTree {
                    number: None,
                    columns,
                    exprs: &exprs,
                    unique: true,
                    covers: true,
                    entries: count,
                };
                paths.extend(self.key_path(from, &tree, known)?);
            }
        }
        if !matches!(stored.choice, IndexChoice::None) {
            self.index_paths(from, known, count, any_order, &mut paths)?;
            if !only {
                self.or_paths(from, known, &mut paths)?;
            }
        }
        for path in &mut paths {
            self.thin_out(from, known, path);
        }
        Ok(paths)
    }

    /// How many rows a table is planned to have.
    fn rows_of_table(&self, from: &Candidates<'_>) -> Result<f64> {
        let stored = from.stored;
        let least = if from.items.is_alone(from.own) { LEAST_ROWS } else { 1.0 };
        Ok(float(self.stores.len(stored.store, stored.table.tree)?).max(least))
    }

    /// Conditions that a way does not make true still let fewer rows through.
    fn thin_out(&self, from: &Candidates<'_>, known: Mask, path: &mut Path) {
        let mut equal = from.conditions.equal(known, &path.used);
        for (number, condition) in from.usable(known) {
            if path.used.contains(&number) || !equal.add(number) {
                continue;
            }
            let mut terms = from.terms.iter().filter(|term| term.condition == number);
            path.rows *= match (terms.next().map(|term| &term.wants), condition) {
                (Some(Wants::Equal(..) | Wants::Null), _) => EQUAL_PART,
                (Some(_), _) | (None, Expr::Or(_)) => RANGE_PART,
                (None, _) => OTHER_PART,
            };
        }
    }

    fn index_paths(
        &mut self,
        from: &Candidates<'_>,
        known: Mask,
        count: f64,
        any_order: bool,
        paths: &mut Vec<Path>,
    ) -> Result<()> {
        let stored = from.stored;
        for (number, bound) in stored.indexes.iter().enumerate() {
            let index = &bound.index;
            let only = match stored.choice {
                IndexChoice::Only(only) if !Arc::ptr_eq(only, index) => continue,
                IndexChoice::Only(_) => true,
                _ => false,
            };
            let conditions: Vec<&Expr> = from.usable(known).map(|(_, condition)| condition).collect();
            if !implies(&conditions, &bound.filter) {
                continue;
            }
            let entries = match bound.filter.is_empty() {
                true => count,
                false => float(self.stores.len(stored.store, index.tree)?),
            };
            let covers = self.covers(stored, number);
            let tree = KeyTree {
                number: Some(number),
                columns: &index.columns,
                exprs: &bound.columns,
                unique: index.unique,
                covers,
                entries,
            };
            let found = self.key_path(from, &tree, known)?;
            if found.is_none() && !(only || any_order || entries < count) {
                continue;
            }
            let whole = || Path {
                way: Way::Keys(Some(number), KeyTerms::default()),
                rows: entries,
                cost: SEEK_COST + entries * if covers { 1.0 } else { LOOKUP_COST },
                used: Vec::new(),
                is_single: false,
            };
            let mut path = found.unwrap_or_else(whole);
            // What the index asks for itself is true of its rows.
            for (number, condition) in from.usable(known) {
                if bound.filter.contains(condition) && !path.used.contains(&number) {
                    path.used.push(number);
                }
            }
            paths.push(path);
        }
        Ok(())
    }

    /// Whether an index has all columns of a table that the statement names.
    pub(super) fn covers(&self, stored: Stored<'_>, index: usize) -> bool {
        let columns = &stored.indexes[index].index.columns;
        let Some(used) = self.used.get(&stored.slot) else { return true };
        stored.table.has_rowid()
            && used.iter().all(|place| match place {
                Place::Rowid => true,
                Place::Record => false,
                Place::At(place) => {
                    columns.iter().any(|column| matches!(column.part, IndexPart::Column(of) if of == *place))
                }
            })
    }

    /// The ways by rowid.
    fn rowid_paths(
        &self,
        from: &Candidates<'_>,
        known: Mask,
        count: f64,
        paths: &mut Vec<Path>,
    ) -> Result<()> {
        let stored = from.stored;
        let (mut low, mut high) = (None, None);
        for (number, term) in from.terms.iter().enumerate() {
            if !is_rowid(term.column, stored.slot) || !from.is_usable(term, known) {
                continue;
            }
            let values = match &term.wants {
                Wants::Equal(_, false) => 1.0,
                Wants::OneOf(list) => length(list),
                Wants::InQuery(_) => QUERY_VALUES,
                Wants::Low(..) => {
                    low = low.or(Some(number));
                    continue;
                }
                Wants::High(..) => {
                    high = high.or(Some(number));
                    continue;
                }
                Wants::Both(..) => {
                    if low.is_none() && high.is_none() {
                        (low, high) = (Some(number), Some(number));
                    }
                    continue;
                }
                Wants::Equal(_, true) | Wants::Null => continue,
            };
            paths.push(Path {
                way: Way::Rowid(number),
                rows: values.min(count.max(1.0)),
                cost: values * SEEK_COST,
                used: vec![term.condition],
                is_single: matches!(term.wants, Wants::Equal(..)),
            });
        }
        if low.is_some() || high.is_some() {
            let rows = match self.rowids_between(from, low, high)? {
                Some(exact) => exact,
                None => count * range_part(low, high),
            };
            let used = ends_used(from, low, high);
            let way = Way::RowidRange(low, high);
            paths.push(Path { way, rows, cost: rows + SEEK_COST, used, is_single: false });
        }
        Ok(())
    }

    /// How many rowids are in a range whose ends are constants.
    fn rowids_between(
        &self,
        from: &Candidates<'_>,
        low: Option<usize>,
        high: Option<usize>,
    ) -> Result<Option<f64>> {
        let end = |number: Option<usize>, end| match number {
            None => Some(None),
            Some(number) => match end_of(&from.terms[number], end) {
                Some((Expr::Literal(Value::Integer(integer)), ..)) => Some(Some(*integer)),
                _ => None,
            },
        };
        let (Some(low), Some(high)) = (end(low, End::Low), end(high, End::High)) else { return Ok(None) };
        let key = |rowid: Option<i64>| {
            rowid.map(|rowid| {
                let mut key = Vec::new();
                push_rowid(&mut key, rowid);
                key
            })
        };
        let (low, high) = (key(low), key(high));
        let bound = |key: &Option<Vec<u8>>| key.is_some();
        let range = (
            if bound(&low) { Bound::Included(low.as_deref().unwrap_or(&[])) } else { Bound::Unbounded },
            if bound(&high) { Bound::Included(high.as_deref().unwrap_or(&[])) } else { Bound::Unbounded },
        );
        Ok(Some(float(self.stores.count(from.stored.store, from.stored.table.tree, range)?)))
    }

    /// The way by a tree of keys, if a condition fits to its first column.
    fn key_path(&mut self, from: &Candidates<'_>, tree: &KeyTree<'_>, known: Mask) -> Result<Option<Path>> {
        let mut terms = KeyTerms::default();
        let mut used = Vec::new();
        let mut values = 1.0;
        for (column, expr) in tree.columns.iter().zip(tree.exprs) {
            let fits = |term: &Term<'_>| from.is_usable(term, known) && fits_column(term, column, expr);
            let found = from
                .terms
                .iter()
                .position(|term| is_equal(&term.wants) && fits(term) && !used.contains(&term.condition));
            let Some(number) = found else {
                for (number, term) in from.terms.iter().enumerate().filter(|(_, term)| fits(term)) {
                    match term.wants {
                        Wants::Low(..) => terms.low = terms.low.or(Some(number)),
                        Wants::High(..) => terms.high = terms.high.or(Some(number)),
                        Wants::Both(_, _, (affinity, _))
                            if terms.low.is_none()
                                && terms.high.is_none()
                                && affinity_fits(affinity, affinity_of(expr)) =>
                        {
                            (terms.low, terms.high) = (Some(number), Some(number));
                        }
                        _ => {}
                    }
                }
                break;
            };
            values *= match from.terms[number].wants {
                Wants::OneOf(list) => length(list),
                Wants::InQuery(_) => QUERY_VALUES,
                _ => 1.0,
            };
            terms.equal.push(number);
            used.push(from.terms[number].condition);
        }
        if terms.equal.is_empty() && terms.low.is_none() && terms.high.is_none() {
            return Ok(None);
        }
        used.extend(ends_used(from, terms.low, terms.high));
        let is_plain = |number: &usize| matches!(from.terms[*number].wants, Wants::Equal(_, false));
        let is_single =
            tree.unique && terms.equal.len() == tree.columns.len() && terms.equal.iter().all(is_plain);
        let rows = if is_single {
            1.0
        } else if tree.unique && terms.equal.len() == tree.columns.len() {
            values
        } else {
            self.entries(from, tree, &terms, values)?
        };
        let rows = rows.min(tree.entries.max(1.0));
        let cost = values * SEEK_COST + rows * if tree.covers { 1.0 } else { LOOKUP_COST };
        Ok(Some(Path { way: Way::Keys(tree.number, terms), rows, cost, used, is_single }))
    }

    /// How many entries a range of keys has.
    fn entries(
        &mut self,
        from: &Candidates<'_>,
        tree: &KeyTree<'_>,
        terms: &KeyTerms,
        values: f64,
    ) -> Result<f64> {
        let of = match tree.number {
            Some(number) => from.stored.indexes[number].index.tree,
            None => from.stored.table.tree,
        };
        if let Some((low, high)) = constant_range(from, tree, terms) {
            let high = high.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let range = (Bound::Included(low.as_slice()), high);
            return Ok(float(self.stores.count(from.stored.store, of, range)?));
        }
        let mut rows = tree.entries;
        if !terms.equal.is_empty() {
            rows = values * self.equal_entries(from.stored.store, of, tree, terms.equal.len())?;
        }
        if terms.low.is_some() || terms.high.is_some() {
            rows *= range_part(terms.low, terms.high);
        }
        Ok(rows)
    }

    /// How many entries of an index are equal in the first columns: what some entries say.
    fn equal_entries(
        &mut self,
        store: Store,
        of: duramen_engine::TreeId,
        tree: &KeyTree<'_>,
        columns: usize,
    ) -> Result<f64> {
        if tree.entries < WORTH_ASKING {
            return Ok((tree.entries * EQUAL_PART).max(1.0));
        }
        if let Some(&known) = self.equal.get(&(store, of, columns)) {
            return Ok(known);
        }
        let count = self.stores.len(store, of)?;
        let mut cursor = self.stores.view(store).cursor(of)?;
        let mut sum = 0.0;
        let mut asked: f64 = 0.0;
        for part in [count / 5, count / 2, count / 5 * 4] {
            if !cursor.nth(part)? {
                continue;
            }
            let key = cursor.key();
            let mut rest = key;
            for column in &tree.columns[..columns] {
                skip_value(&mut rest, column.direction).map_err(|_| Error::malformed())?;
            }
            let low = &key[..key.len() - rest.len()];
            let mut high = low.to_vec();
            high.push(BEHIND);
            let range = (Bound::Included(low), Bound::Excluded(high.as_slice()));
            sum += float(self.stores.count(store, of, range)?);
            asked += 1.0;
        }
        let rows = (sum / asked.max(1.0)).max(1.0);
        self.equal.insert((store, of, columns), rows);
        Ok(rows)
    }

    /// The ways by several indexes, one for each arm of an `OR`.
    fn or_paths(&mut self, from: &Candidates<'_>, known: Mask, paths: &mut Vec<Path>) -> Result<()> {
        let conditions: Vec<(usize, &Expr)> = from.usable(known).collect();
        for (number, condition) in conditions {
            let Expr::Or(_) = condition else { continue };
            let (mut rows, mut cost) = (0.0, 0.0);
            let mut fits = true;
            for arm in arms(from, condition) {
                let Some(path) = self.arm_path(&arm, known)? else {
                    fits = false;
                    break;
                };
                rows += path.rows;
                cost += path.cost + path.rows;
            }
            if fits {
                paths.push(Path { way: Way::Any(number), rows, cost, used: vec![number], is_single: false });
            }
        }
        Ok(())
    }

    /// The way to read the rows of one arm of an `OR`, if it is not the whole table.
    pub(super) fn arm_path(&mut self, arm: &Candidates<'_>, known: Mask) -> Result<Option<Path>> {
        let mut best: Option<Path> = None;
        let count = self.rows_of_table(arm)?;
        let mut paths = Vec::new();
        if arm.stored.table.has_rowid() {
            self.rowid_paths(arm, known, count, &mut paths)?;
        }
        self.index_paths(arm, known, count, false, &mut paths)?;
        for path in paths {
            let is_search = !matches!(&path.way, Way::Keys(_, terms) if terms.equal.is_empty() && terms.low.is_none() && terms.high.is_none());
            if is_search && best.as_ref().is_none_or(|best| path.cost < best.cost) {
                best = Some(path);
            }
        }
        Ok(best)
    }
}

/// The arms of an `OR`, each with its own conditions.
pub(super) fn arms<'q>(from: &Candidates<'q>, condition: &'q Expr) -> Vec<Candidates<'q>> {
    let Expr::Or(arms) = condition else { return Vec::new() };
    arms.iter()
        .map(|arm| {
            let parts: Vec<&'q Expr> = match arm {
                Expr::And(parts) => parts.iter().collect(),
                part => vec![part],
            };
            let conditions: Conditions<'q> =
                parts.into_iter().map(|part| (part, from.items.needed(part) | from.own)).collect();
            Candidates::new(from.stored, from.own, &conditions, &from.items)
        })
        .collect()
}

/// A tree of keys to be searched.
struct KeyTree<'t> {
    number: Option<usize>,
    columns: &'t [IndexColumn],
    exprs: &'t [Expr],
    unique: bool,
    covers: bool,
    entries: f64,
}

/// Sorts behind every key that starts with the bytes before it.
const BEHIND: u8 = 0xff;

/// The first key of a range, and the key behind it.
type Ends = (Vec<u8>, Option<Vec<u8>>);

/// The ends of a range of keys where all values are constants.
fn constant_range(from: &Candidates<'_>, tree: &KeyTree<'_>, terms: &KeyTerms) -> Option<Ends> {
    let mut prefix = Vec::new();
    for (number, column) in terms.equal.iter().zip(tree.columns) {
        let term = &from.terms[*number];
        let null = Expr::Literal(Value::Null);
        let value = match &term.wants {
            Wants::Equal(value, _) => *value,
            Wants::Null => &null,
            _ => return None,
        };
        push_constant(&mut prefix, value, term.affinity, column)?;
    }
    let next = tree.columns.get(terms.equal.len());
    let mut ends = [None, None];
    for (slot, (number, end)) in ends.iter_mut().zip([(terms.low, End::Low), (terms.high, End::High)]) {
        if let (Some(number), Some(column)) = (number, next) {
            let (value, included, affinity, _) = end_of(&from.terms[number], end)?;
            let mut key = prefix.clone();
            push_constant(&mut key, value, affinity, column)?;
            *slot = Some((key, included));
        }
    }
    let [mut low, mut high] = ends;
    if low.is_none() && high.is_some() {
        let mut key = prefix.clone();
        push_value(&mut key, ValueRef::Null, &Collation::Binary, next?.direction);
        low = Some((key, false));
    }
    if next.is_some_and(|column| column.direction == Direction::Descending) {
        std::mem::swap(&mut low, &mut high);
    }
    let behind = |mut key: Vec<u8>| {
        key.push(BEHIND);
        key
    };
    let high = match high {
        Some((key, true)) => Some(behind(key)),
        Some((key, false)) => Some(key),
        None if prefix.is_empty() => None,
        None => Some(behind(prefix.clone())),
    };
    let low = match low {
        Some((key, true)) => key,
        Some((key, false)) => behind(key),
        None => prefix,
    };
    Some((low, high))
}

fn push_constant(
    key: &mut Vec<u8>,
    value: &Expr,
    affinity: crate::value::Affinity,
    column: &IndexColumn,
) -> Option<()> {
    let Expr::Literal(value) = value else { return None };
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    push_value(key, affinity.apply(value.as_ref(), &arena), &column.collation, column.direction);
    Some(())
}

/// Which end of a range.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Low,
    High,
}

/// An end of a range: its value, whether that is included, and the rules of the comparison.
type RangeEnd<'t> = (&'t Expr, bool, crate::value::Affinity, &'t Collation);

/// One end of the range that a term asks for.
pub(super) fn end_of<'t>(term: &'t Term<'_>, end: End) -> Option<RangeEnd<'t>> {
    match (&term.wants, end) {
        (Wants::Low(value, included), End::Low) | (Wants::High(value, included), End::High) => {
            Some((value, *included, term.affinity, &term.collation))
        }
        (Wants::Both(low, _, _), End::Low) => Some((low, true, term.affinity, &term.collation)),
        (Wants::Both(_, high, (affinity, collation)), End::High) => Some((high, true, *affinity, collation)),
        _ => None,
    }
}

/// The conditions that the ends of a range make true. A `BETWEEN` of which only one end is used is still to be tested.
fn ends_used(from: &Candidates<'_>, low: Option<usize>, high: Option<usize>) -> Vec<usize> {
    let is_both = |number: usize| matches!(from.terms[number].wants, Wants::Both(..));
    match (low, high) {
        (Some(low), Some(high)) if low == high => vec![from.terms[low].condition],
        (low, high) => low
            .into_iter()
            .chain(high)
            .filter(|number| !is_both(*number))
            .map(|number| from.terms[number].condition)
            .collect(),
    }
}

fn range_part(low: Option<usize>, high: Option<usize>) -> f64 {
    if low.is_some() && high.is_some() { RANGE_PART * RANGE_PART } else { RANGE_PART }
}

pub(super) fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn length(list: &[Expr]) -> f64 {
    float(u64::try_from(list.len()).unwrap_or(u64::MAX))
}

/// A column of the primary key of a table `WITHOUT ROWID` as an expression.
pub(super) fn own_column(stored: Stored<'_>, column: &IndexColumn) -> Expr {
    let place = match column.part {
        IndexPart::Column(place) => place,
        IndexPart::Expr(_) => 0,
    };
    let of = &stored.table.columns[place];
    Expr::Column(Column {
        slot: stored.slot,
        place: Place::At(place),
        affinity: of.affinity,
        collation: of.collation.clone(),
        not_null: of.not_null.is_some(),
        has_collation: true,
    })
}

pub(super) fn is_equal(wants: &Wants<'_>) -> bool {
    matches!(wants, Wants::Equal(..) | Wants::Null | Wants::OneOf(_) | Wants::InQuery(_))
}

/// Whether a condition can be looked up in a column of an index.
fn fits_column(term: &Term<'_>, column: &IndexColumn, expr: &Expr) -> bool {
    term.column == expr
        && affinity_fits(term.affinity, affinity_of(expr))
        && (term.collation == column.collation || matches!(term.wants, Wants::Null))
}
