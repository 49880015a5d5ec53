//! How one table is read: by rowid, by an index, or whole; and what that costs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{Term, Wants, affinity_fits, implies, terms};
use super::physical::{Access, Each, EachSource, Fetch, Included, KeyPart, KeyRange, Node, Scan};
use super::planner::Planner;
use crate::bound::{BoundIndex, Column, Expr, IndexChoice, Place, Slot};
use crate::codec::Direction;
use crate::error::{Error, Result};
use crate::expr::{Names, Scalar, affinity_of};
use crate::schema::{IndexColumn, IndexPart, Store, Table, TableKey};
use crate::value::{Affinity, Value};

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

/// A way to read a table.
pub(super) struct Path {
    way: Way,
    /// How many rows it gives, and what reading them costs, in rows read in order.
    pub(super) rows: f64,
    pub(super) cost: f64,
    /// The conditions it makes true.
    pub(super) used: Vec<usize>,
}

/// By which tree.
enum Way {
    /// The whole table.
    Whole,
    /// By rowid: the number of a condition.
    Rowid(usize),
    /// By a range of rowids.
    RowidRange(Option<usize>, Option<usize>),
    /// By the key of a table `WITHOUT ROWID`, or by an index: its number, the conditions of its first columns, and
    /// those of the next one.
    Keys(Option<usize>, Vec<usize>, Option<usize>, Option<usize>),
}

impl Path {
    /// Whether every row is read.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.way, Way::Whole)
    }
}

/// What part of the rows a condition lets through, where nothing is known.
const EQUAL_PART: f64 = 0.1;
const RANGE_PART: f64 = 0.25;
/// What finding a row by its rowid costs beside reading it in order.
const LOOKUP_COST: f64 = 3.0;
/// What finding the place in a tree costs.
const SEEK_COST: f64 = 5.0;

/// What a rowid column looks like to conditions.
fn is_rowid(expr: &Expr, slot: Slot) -> bool {
    matches!(expr, Expr::Column(Column { slot: of, place: Place::Rowid, .. }) if *of == slot)
}

impl Planner<'_> {
    /// The best way to read a table with these conditions, where these slots are not known yet.
    pub(super) fn best_path(
        &mut self,
        stored: Stored<'_>,
        conditions: &[&Expr],
        unknown: &BTreeSet<Slot>,
    ) -> Result<Path> {
        let is_known = |expr: &Expr| super::access::needs(expr, unknown).is_empty();
        let all: Vec<Vec<Term<'_>>> =
            conditions.iter().map(|condition| terms(condition, stored.slot, &is_known)).collect();
        let count = float(self.stores.len(stored.store, stored.table.tree)?);
        let mut best = Path { way: Way::Whole, rows: count, cost: count + 1.0, used: Vec::new() };
        if matches!(stored.choice, IndexChoice::Only(_)) {
            best.cost = f64::INFINITY;
        } else if stored.table.has_rowid() {
            for path in rowid_paths(stored, &all, count) {
                if path.cost < best.cost {
                    best = path;
                }
            }
        } else if let TableKey::Primary { columns, .. } = &stored.table.key {
            let exprs: Vec<Expr> = columns.iter().map(|column| own_column(stored, column)).collect();
            if let Some(path) = key_path(None, columns, &exprs, true, &all, count, true)
                && path.cost < best.cost
            {
                best = path;
            }
        }
        if !matches!(stored.choice, IndexChoice::None) {
            for (number, bound) in stored.indexes.iter().enumerate() {
                let index = &bound.index;
                let only = match stored.choice {
                    IndexChoice::Only(only) => {
                        if !Arc::ptr_eq(only, index) {
                            continue;
                        }
                        true
                    }
                    _ => false,
                };
                if !implies(conditions, &bound.filter) {
                    if only {
                        return Err(Error::statement("no query solution"));
                    }
                    continue;
                }
                let entries = float(self.stores.len(stored.store, index.tree)?);
                let covers = self.covers(stored, number);
                let path = key_path(
                    Some(number),
                    &index.columns,
                    &bound.columns,
                    index.unique,
                    &all,
                    entries,
                    covers,
                );
                let whole = || Path {
                    way: Way::Keys(Some(number), Vec::new(), None, None),
                    rows: entries,
                    cost: entries * if covers { 1.0 } else { LOOKUP_COST },
                    used: Vec::new(),
                };
                let path = match path {
                    Some(path) => path,
                    None if only => whole(),
                    None => continue,
                };
                if path.cost < best.cost {
                    best = path;
                }
            }
        }
        // Conditions that the way does not make true still let fewer rows through.
        for (number, found) in all.iter().enumerate() {
            if best.used.contains(&number) || found.is_empty() {
                continue;
            }
            best.rows *= match found[0].wants {
                Wants::Equal(..) | Wants::Null => EQUAL_PART,
                _ => RANGE_PART,
            };
        }
        Ok(best)
    }

    /// Whether an index has all columns of a table that the statement names.
    fn covers(&self, stored: Stored<'_>, index: usize) -> bool {
        let columns = &stored.indexes[index].index.columns;
        let Some(used) = self.used.get(&stored.slot) else { return true };
        stored.table.has_rowid()
            && used.iter().all(|place| match place {
                Place::Rowid => true,
                Place::At(place) => {
                    columns.iter().any(|column| matches!(column.part, IndexPart::Column(of) if of == *place))
                }
            })
    }

    /// The step that reads a table in the way that was chosen. Conditions that are not made true by it are tests.
    pub(super) fn scan(
        &mut self,
        stored: Stored<'_>,
        path: &Path,
        conditions: &[&Expr],
        unknown: &BTreeSet<Slot>,
        reverse: bool,
    ) -> Result<Node> {
        let covering = match path.way {
            Way::Keys(Some(number), ..) if self.covers(stored, number) => Some(number),
            _ => None,
        };
        let places = covering.map(|number| {
            let columns = &stored.indexes[number].index.columns;
            let place_of = |place: usize| {
                columns.iter().position(|column| matches!(column.part, IndexPart::Column(of) if of == place))
            };
            Arc::new((0..stored.table.columns.len()).map(place_of).collect::<Vec<_>>())
        });
        let missing: Vec<Value> = stored.table.columns.iter().map(|column| column.missing.clone()).collect();
        let missing = if missing.iter().all(Value::is_null) { Vec::new() } else { missing };
        let row = self.add_located(stored.slot, places, Arc::new(missing));
        let cursor = self.add_cursors();
        let is_known = |expr: &Expr| super::access::needs(expr, unknown).is_empty();
        let all: Vec<Vec<Term<'_>>> =
            conditions.iter().map(|condition| terms(condition, stored.slot, &is_known)).collect();
        let mut each = Vec::new();
        let name = stored.name;
        let (access, label) = match &path.way {
            Way::Whole => (Access::All, format!("SCAN {name}")),
            Way::Rowid(number) => {
                let term = rowid_term(&all[*number], stored.slot)
                    .ok_or_else(|| Error::statement("a condition on the rowid is gone"))?;
                let value = self.equal_value(term, Affinity::Integer, Direction::Ascending, &mut each)?;
                (Access::Rowid(value.value), format!("SEARCH {name} USING INTEGER PRIMARY KEY (rowid=?)"))
            }
            Way::RowidRange(low, high) => {
                let low_end = match low {
                    Some(number) => self.range_end(&all[*number], &|e| is_rowid(e, stored.slot), End::Low)?,
                    None => None,
                };
                let high_end = match high {
                    Some(number) => {
                        self.range_end(&all[*number], &|e| is_rowid(e, stored.slot), End::High)?
                    }
                    None => None,
                };
                let label = format!(
                    "SEARCH {name} USING INTEGER PRIMARY KEY ({})",
                    range_label("rowid", low.is_some(), high.is_some())
                );
                let raw =
                    |end: Option<(KeyPart, Included)>| end.map(|(part, included)| (part.value, included));
                (Access::RowidRange(raw(low_end), raw(high_end)), label)
            }
            Way::Keys(number, equal, low, high) => {
                let bound = number.map(|number| &stored.indexes[number]);
                let (columns, exprs): (&[IndexColumn], Vec<Expr>) = match (bound, &stored.table.key) {
                    (Some(bound), _) => (&bound.index.columns, bound.columns.clone()),
                    (None, TableKey::Primary { columns, .. }) => {
                        (columns, columns.iter().map(|column| own_column(stored, column)).collect())
                    }
                    (None, TableKey::Rowid { .. }) => return Err(Error::statement("no such key")),
                };
                let mut parts = Vec::new();
                for (place, number) in equal.iter().enumerate() {
                    let fits = |term: &&Term<'_>| {
                        is_equal(&term.wants) && fits_column(term, &columns[place], &exprs[place])
                    };
                    let term = all[*number]
                        .iter()
                        .find(fits)
                        .ok_or_else(|| Error::statement("a condition on an index is gone"))?;
                    let affinity = term.affinity;
                    let mut part = self.equal_value(term, affinity, columns[place].direction, &mut each)?;
                    part.collation = columns[place].collation.clone();
                    parts.push(part);
                }
                let next = parts.len();
                let mut ends = [None, None];
                for (end, (number, which)) in ends.iter_mut().zip([(low, End::Low), (high, End::High)]) {
                    if let (Some(number), Some(column)) = (number, columns.get(next)) {
                        let fits = |e: &Expr| *e == exprs[next];
                        *end = self.range_end(&all[*number], &fits, which)?.map(|(mut part, included)| {
                            part.collation = column.collation.clone();
                            part.direction = column.direction;
                            (part, included)
                        });
                    }
                }
                let [low_end, high_end] = ends;
                let label = key_label(stored, bound, columns, next, &low_end, &high_end, covering.is_some());
                let direction = columns.get(next).map_or(Direction::Ascending, |column| column.direction);
                let tree = bound.map_or(stored.table.tree, |bound| bound.index.tree);
                let fetch = fetch(stored, bound, covering.is_some());
                let range = KeyRange { tree, equal: parts, low: low_end, high: high_end, direction, fetch };
                (Access::Keys(range), label)
            }
        };
        let rest: Vec<Expr> = conditions
            .iter()
            .enumerate()
            .filter(|(number, _)| !path.used.contains(number))
            .map(|(_, condition)| (*condition).clone())
            .collect();
        let tests = self.tests(&rest)?;
        let scan = Scan {
            row,
            cursor,
            store: stored.store,
            tree: stored.table.tree,
            has_rowid: stored.table.has_rowid(),
            access,
            reverse,
            tests,
            label,
        };
        let mut node = Node::Scan(Arc::new(scan));
        for list in each.into_iter().rev() {
            node = Node::Nested(Box::new(Node::Each(Arc::new(list))), Box::new(node));
        }
        Ok(node)
    }

    /// The value that a column is equal to; a list of values becomes a loop around the scan.
    fn equal_value(
        &mut self,
        term: &Term<'_>,
        affinity: Affinity,
        direction: Direction,
        each: &mut Vec<Each>,
    ) -> Result<KeyPart> {
        let part = |value, null_fits| KeyPart {
            value,
            affinity,
            collation: term.collation.clone(),
            direction,
            null_fits,
        };
        let source = match &term.wants {
            Wants::Equal(value, null_fits) => return Ok(part(self.scalar(value)?, *null_fits)),
            Wants::Null => return Ok(part(self.scalar(&Expr::Literal(Value::Null))?, true)),
            Wants::OneOf(list) => EachSource::List(self.scalars(list)?),
            Wants::InQuery(subquery) => {
                EachSource::Subquery(self.subquery(subquery, &[(term.affinity, term.collation.clone())])?)
            }
            Wants::Low(..) | Wants::High(..) | Wants::Both(..) => {
                return Err(Error::statement("a range is no value"));
            }
        };
        let row = self.add_row();
        each.push(Each {
            row,
            source,
            affinity,
            collation: term.collation.clone(),
            descending: direction == Direction::Descending,
        });
        Ok(part(Scalar::Column { row, place: 0 }, false))
    }

    fn range_end(
        &mut self,
        terms: &[Term<'_>],
        fits: &dyn Fn(&Expr) -> bool,
        end: End,
    ) -> Result<Option<(KeyPart, Included)>> {
        let included = |included: bool| if included { Included::Yes } else { Included::No };
        for term in terms {
            if !fits(term.column) {
                continue;
            }
            let (value, included, affinity, collation) = match (&term.wants, end) {
                (Wants::Low(value, with), End::Low) | (Wants::High(value, with), End::High) => {
                    (*value, included(*with), term.affinity, &term.collation)
                }
                (Wants::Both(low, _, _), End::Low) => (*low, Included::Yes, term.affinity, &term.collation),
                (Wants::Both(_, high, (affinity, collation)), End::High) => {
                    (*high, Included::Yes, *affinity, *collation)
                }
                _ => continue,
            };
            let part = KeyPart {
                value: self.scalar(value)?,
                affinity,
                collation: collation.clone(),
                direction: Direction::Ascending,
                null_fits: false,
            };
            return Ok(Some((part, included)));
        }
        Ok(None)
    }
}

/// Which end of a range.
#[derive(Clone, Copy)]
enum End {
    Low,
    High,
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A column of the primary key of a table `WITHOUT ROWID` as an expression.
fn own_column(stored: Stored<'_>, column: &IndexColumn) -> Expr {
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

fn is_equal(wants: &Wants<'_>) -> bool {
    matches!(wants, Wants::Equal(..) | Wants::Null | Wants::OneOf(_) | Wants::InQuery(_))
}

/// Whether a condition can be looked up in a column of an index.
fn fits_column(term: &Term<'_>, column: &IndexColumn, expr: &Expr) -> bool {
    term.column == expr
        && affinity_fits(term.affinity, affinity_of(expr))
        && (term.collation == column.collation || matches!(term.wants, Wants::Null))
}

fn rowid_term<'t, 'e>(terms: &'t [Term<'e>], slot: Slot) -> Option<&'t Term<'e>> {
    terms.iter().find(|term| is_rowid(term.column, slot) && is_equal(&term.wants))
}

/// The ways by rowid.
fn rowid_paths(stored: Stored<'_>, all: &[Vec<Term<'_>>], count: f64) -> Vec<Path> {
    let mut paths = Vec::new();
    let (mut low, mut high) = (None, None);
    for (number, terms) in all.iter().enumerate() {
        for term in terms.iter().filter(|term| is_rowid(term.column, stored.slot)) {
            let rows = match &term.wants {
                Wants::Equal(_, false) => 1.0,
                Wants::OneOf(list) => float(u64::try_from(list.len()).unwrap_or(u64::MAX)),
                Wants::InQuery(_) => 25.0,
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
            let rows = rows.min(count.max(1.0));
            let cost = rows * SEEK_COST;
            paths.push(Path { way: Way::Rowid(number), rows, cost, used: vec![number] });
        }
    }
    if low.is_some() || high.is_some() {
        let part = if low.is_some() && high.is_some() { RANGE_PART * RANGE_PART } else { RANGE_PART };
        let rows = count * part;
        let is_both = |number: usize| all[number].iter().any(|term| matches!(term.wants, Wants::Both(..)));
        // A BETWEEN of which only one end is used is still to be tested.
        let used: Vec<usize> = match (low, high) {
            (Some(low), Some(high)) if low == high => vec![low],
            (low, high) => low.into_iter().chain(high).filter(|number| !is_both(*number)).collect(),
        };
        paths.push(Path { way: Way::RowidRange(low, high), rows, cost: rows + SEEK_COST, used });
    }
    paths
}

/// The way by a tree with these columns, if a condition fits to the first.
fn key_path(
    index: Option<usize>,
    columns: &[IndexColumn],
    exprs: &[Expr],
    unique: bool,
    all: &[Vec<Term<'_>>],
    entries: f64,
    covers: bool,
) -> Option<Path> {
    let mut equal = Vec::new();
    let mut used = Vec::new();
    let mut rows = entries;
    let mut seeks = 1.0;
    let (mut low, mut high) = (None, None);
    for (column, expr) in columns.iter().zip(exprs) {
        let found = all.iter().enumerate().find_map(|(number, terms)| {
            let term = terms.iter().find(|term| is_equal(&term.wants) && fits_column(term, column, expr))?;
            (!used.contains(&number)).then_some((number, term))
        });
        let Some((number, term)) = found else {
            for (number, terms) in all.iter().enumerate() {
                for term in terms.iter().filter(|term| fits_column(term, column, expr)) {
                    match term.wants {
                        Wants::Low(..) => low = low.or(Some(number)),
                        Wants::High(..) => high = high.or(Some(number)),
                        Wants::Both(_, _, (affinity, _))
                            if low.is_none()
                                && high.is_none()
                                && affinity_fits(affinity, affinity_of(expr)) =>
                        {
                            (low, high) = (Some(number), Some(number));
                        }
                        _ => {}
                    }
                }
            }
            break;
        };
        let values = match term.wants {
            Wants::OneOf(list) => float(u64::try_from(list.len()).unwrap_or(u64::MAX)),
            Wants::InQuery(_) => 25.0,
            _ => 1.0,
        };
        seeks *= values;
        rows *= EQUAL_PART * values.min(1.0 / EQUAL_PART);
        equal.push(number);
        used.push(number);
    }
    if equal.is_empty() && low.is_none() && high.is_none() {
        return None;
    }
    if unique && equal.len() == columns.len() {
        rows = seeks.min(entries.max(1.0));
    } else if !equal.is_empty() {
        // Equal values are taken to be at most a few.
        rows = rows.min(entries.sqrt().max(10.0) * seeks);
    }
    if low.is_some() && high.is_some() {
        rows *= RANGE_PART * RANGE_PART;
    } else if low.is_some() || high.is_some() {
        rows *= RANGE_PART;
    }
    let is_both = |number: usize| all[number].iter().any(|term| matches!(term.wants, Wants::Both(..)));
    match (low, high) {
        (Some(low), Some(high)) if low == high => used.push(low),
        (low, high) => used.extend(low.into_iter().chain(high).filter(|number| !is_both(*number))),
    }
    let cost = seeks * SEEK_COST + rows * if covers { 1.0 } else { LOOKUP_COST };
    Some(Path { way: Way::Keys(index, equal, low, high), rows, cost, used })
}

/// How rows follow from the entries of a tree.
fn fetch(stored: Stored<'_>, bound: Option<&BoundIndex>, covering: bool) -> Fetch {
    let Some(bound) = bound else { return Fetch::Own };
    let index = &bound.index;
    let all: Vec<&IndexColumn> = index.columns.iter().chain(&index.suffix).collect();
    let directions = all.iter().map(|column| column.direction).collect();
    if covering {
        let reals = bound.columns.iter().map(|expr| affinity_of(expr) == Affinity::Real).collect();
        return Fetch::Covering { directions, reals, rowid: stored.table.has_rowid() };
    }
    match &stored.table.key {
        TableKey::Rowid { .. } => Fetch::ByRowid,
        TableKey::Primary { columns, .. } => {
            let parts = columns
                .iter()
                .map(|key| {
                    let place = all.iter().position(|column| same_column(column, key)).unwrap_or(0);
                    (place, key.collation.clone(), key.direction)
                })
                .collect();
            Fetch::ByKey { directions, parts }
        }
    }
}

fn same_column(a: &IndexColumn, b: &IndexColumn) -> bool {
    matches!((&a.part, &b.part), (IndexPart::Column(a), IndexPart::Column(b)) if a == b)
        && a.collation == b.collation
}

fn range_label(column: &str, low: bool, high: bool) -> String {
    match (low, high) {
        (true, true) => format!("{column}>? AND {column}<?"),
        (true, false) => format!("{column}>?"),
        _ => format!("{column}<?"),
    }
}

fn key_label(
    stored: Stored<'_>,
    bound: Option<&BoundIndex>,
    columns: &[IndexColumn],
    equal: usize,
    low: &Option<(KeyPart, Included)>,
    high: &Option<(KeyPart, Included)>,
    covering: bool,
) -> String {
    let name = |column: &IndexColumn| match column.part {
        IndexPart::Column(place) => stored.table.columns[place].name.to_string(),
        IndexPart::Expr(_) => "<expr>".into(),
    };
    let mut terms: Vec<String> =
        columns[..equal].iter().map(|column| format!("{}=?", name(column))).collect();
    if (low.is_some() || high.is_some())
        && let Some(column) = columns.get(equal)
    {
        terms.push(range_label(&name(column), low.is_some(), high.is_some()));
    }
    let verb = if terms.is_empty() { "SCAN" } else { "SEARCH" };
    let using = match bound {
        Some(bound) if covering => format!("COVERING INDEX {}", bound.index.name),
        Some(bound) => format!("INDEX {}", bound.index.name),
        None => "PRIMARY KEY".into(),
    };
    let terms = if terms.is_empty() { String::new() } else { format!(" ({})", terms.join(" AND ")) };
    format!("{verb} {} USING {using}{terms}", stored.name)
}
