//! From the way that was chosen to the step that reads a table.

use std::sync::Arc;

use super::access::{Term, Wants};
use super::path::{Candidates, End, KeyTerms, Path, Stored, Way, arms, end_of, own_column};
use super::physical::{Access, AnyOf, Each, EachSource, Fetch, Included, KeyPart, KeyRange, Node, Scan};
use super::planner::Planner;
use crate::bound::{BoundIndex, Column, Expr, Place};
use crate::codec::Direction;
use crate::error::{Error, Result};
use crate::expr::{Names, Scalar, affinity_of};
use crate::schema::{IndexColumn, IndexPart, TableKey};
use crate::value::{Affinity, Collation, Value};

/// How a table is read besides the way.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// From the last row to the first.
    pub(super) reverse: bool,
    /// Whether rows may be made of the entries of an index.
    pub(super) covering: bool,
    /// Of rows that are the same in so many columns of a key one is enough.
    pub(super) apart: usize,
}

impl Planner<'_> {
    /// The step that reads a table in the way that was chosen. Of these conditions those that are not made true by it
    /// are tests.
    pub(super) fn scan(
        &mut self,
        from: &Candidates<'_>,
        path: &Path,
        conditions: &[usize],
        reading: Reading,
    ) -> Result<Node> {
        if let Way::Any(number) = path.way {
            return self.any_scan(from, number, conditions);
        }
        let stored = from.stored;
        let covering = match path.way {
            Way::Keys(Some(number), _) if reading.covering && self.covers(stored, number) => Some(number),
            _ => None,
        };
        let row = self.add_table(stored, covering);
        let cursor = self.add_cursors(row);
        let mut each = Vec::new();
        let mut apart = Vec::new();
        let name = stored.name;
        let (access, label) = match &path.way {
            Way::Whole | Way::Any(_) => (Access::All, format!("SCAN {name}")),
            Way::Rowid(number) => {
                let part =
                    self.equal_value(&from.terms[*number], Direction::Ascending, reading, &mut each)?;
                let named_by = self.named_by(&part.value);
                let label = format!("SEARCH {name} USING INTEGER PRIMARY KEY (rowid=?)");
                (Access::Rowid(part.value, named_by), label)
            }
            Way::RowidRange(low, high) => {
                let low_end = self.range_end(from, *low, End::Low)?;
                let high_end = self.range_end(from, *high, End::High)?;
                let terms = range_label("rowid", low.is_some(), high.is_some());
                let raw =
                    |end: Option<(KeyPart, Included)>| end.map(|(part, included)| (part.value, included));
                let label = format!("SEARCH {name} USING INTEGER PRIMARY KEY ({terms})");
                (Access::RowidRange(raw(low_end), raw(high_end)), label)
            }
            Way::Keys(number, terms) => {
                let bound = number.map(|number| &stored.indexes[number]);
                let (range, label) =
                    self.key_range(from, bound, terms, covering.is_some(), reading, &mut each)?;
                let columns = key_columns(stored, bound)?.get(..reading.apart).unwrap_or_default();
                if !reading.reverse {
                    apart.extend(columns.iter().map(|column| column.direction));
                }
                (Access::Keys(range), label)
            }
        };
        let tests = self.tests_but(from, conditions, &path.used)?;
        self.parts.tables.push((stored.store, stored.table.tree));
        let scan = Scan {
            row,
            cursor,
            store: stored.store,
            tree: stored.table.tree,
            has_rowid: stored.table.has_rowid(),
            access,
            is_single: path.is_single,
            reverse: reading.reverse,
            apart,
            tests,
            label,
        };
        let mut node = Node::Scan(Arc::new(scan));
        for list in each.into_iter().rev() {
            node = Node::Nested(Box::new(Node::Each(Arc::new(list))), Box::new(node));
        }
        Ok(node)
    }

    /// Gives a table its row; an index that covers it says where its columns are.
    fn add_table(&mut self, stored: Stored<'_>, covering: Option<usize>) -> usize {
        let places = covering.map(|number| {
            let columns = &stored.indexes[number].index.columns;
            let place_of = |place: usize| {
                columns.iter().position(|column| matches!(column.part, IndexPart::Column(of) if of == place))
            };
            Arc::new((0..stored.table.columns.len()).map(place_of).collect::<Vec<_>>())
        });
        let missing: Vec<Value> = stored.table.columns.iter().map(|column| column.missing.clone()).collect();
        let missing = if missing.iter().all(Value::is_null) { Vec::new() } else { missing };
        self.add_located(stored.slot, places, Arc::new(missing))
    }

    /// The tests of conditions, but for those that are true already.
    fn tests_but(
        &mut self,
        from: &Candidates<'_>,
        conditions: &[usize],
        used: &[usize],
    ) -> Result<Vec<crate::expr::Test>> {
        let mut compiler = self.compiler();
        let rest = conditions.iter().filter(|number| !used.contains(number));
        rest.map(|&number| compiler.test(from.conditions[number].0)).collect()
    }

    /// The rows that some arm of an `OR` finds, each once.
    fn any_scan(&mut self, from: &Candidates<'_>, number: usize, conditions: &[usize]) -> Result<Node> {
        let stored = from.stored;
        let mut scans = Vec::new();
        for arm in arms(from, from.conditions[number].0) {
            let known = !from.own;
            let path = self
                .arm_path(&arm, known)?
                .ok_or_else(|| Error::statement("an arm of a condition has no index"))?;
            let all: Vec<usize> = (0..arm.conditions.len()).collect();
            scans.push(self.scan(
                &arm,
                &path,
                &all,
                Reading { reverse: false, covering: false, apart: 0 },
            )?);
        }
        let row = self.add_table(stored, None);
        let key: Vec<Expr> = match &stored.table.key {
            TableKey::Rowid { .. } => Vec::new(),
            TableKey::Primary { columns, .. } => {
                columns.iter().map(|column| own_column(stored, column)).collect()
            }
        };
        let key = self.scalars(&key)?;
        let tests = self.tests_but(from, conditions, &[number])?;
        Ok(Node::Any(Arc::new(AnyOf { scans, row, key, tests })))
    }

    fn key_range(
        &mut self,
        from: &Candidates<'_>,
        bound: Option<&BoundIndex>,
        terms: &KeyTerms,
        covering: bool,
        reading: Reading,
        each: &mut Vec<Each>,
    ) -> Result<(KeyRange, String)> {
        let stored = from.stored;
        let columns = key_columns(stored, bound)?;
        let mut equal = Vec::new();
        for (number, column) in terms.equal.iter().zip(columns) {
            let mut part = self.equal_value(&from.terms[*number], column.direction, reading, each)?;
            part.collation = column.collation.clone();
            equal.push(part);
        }
        let next = columns.get(equal.len());
        let mut ends = [None, None];
        for (end, (number, which)) in ends.iter_mut().zip([(terms.low, End::Low), (terms.high, End::High)]) {
            *end = self.range_end(from, number, which)?.map(|(mut part, included)| {
                if let Some(column) = next {
                    part.collation = column.collation.clone();
                    part.direction = column.direction;
                }
                (part, included)
            });
        }
        let [low, high] = ends;
        let label = key_label(stored, bound, columns, equal.len(), low.is_some(), high.is_some(), covering);
        let direction = next.map_or(Direction::Ascending, |column| column.direction);
        let tree = bound.map_or(stored.table.tree, |bound| bound.index.tree);
        let fetch = match bound {
            Some(bound) if covering => self.covering(stored, bound),
            _ => fetch(stored, bound),
        };
        Ok((KeyRange { tree, equal, low, high, direction, fetch }, label))
    }

    /// How rows follow from the entries of an index that has all columns that are asked for: as far as those go.
    fn covering(&self, stored: Stored<'_>, bound: &BoundIndex) -> Fetch {
        let columns = &bound.index.columns;
        let is_used = |column: &IndexColumn| match (&column.part, self.used.get(&stored.slot)) {
            (IndexPart::Column(of), Some(used)) => used.contains(&Place::At(*of)),
            _ => false,
        };
        let count = columns.iter().rposition(is_used).map_or(0, |last| last + 1);
        Fetch::Covering {
            directions: columns[..count].iter().map(|column| column.direction).collect(),
            reals: bound.columns[..count].iter().map(|expr| affinity_of(expr) == Affinity::Real).collect(),
            rowid: stored.table.has_rowid(),
        }
    }

    /// The value that a column is equal to; a list of values becomes a loop around the scan.
    fn equal_value(
        &mut self,
        term: &Term<'_>,
        direction: Direction,
        reading: Reading,
        each: &mut Vec<Each>,
    ) -> Result<KeyPart> {
        let part = |value, null_fits| KeyPart {
            value,
            affinity: term.affinity,
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
            affinity: term.affinity,
            collation: term.collation.clone(),
            descending: (direction == Direction::Descending) != reading.reverse,
        });
        Ok(part(Scalar::Column { row, place: 0 }, false))
    }

    fn range_end(
        &mut self,
        from: &Candidates<'_>,
        number: Option<usize>,
        end: End,
    ) -> Result<Option<(KeyPart, Included)>> {
        let Some((value, included, affinity, collation)) =
            number.and_then(|number| end_of(&from.terms[number], end))
        else {
            return Ok(None);
        };
        let part = KeyPart {
            value: self.scalar(value)?,
            affinity,
            collation: collation.clone(),
            direction: Direction::Ascending,
            null_fits: false,
        };
        Ok(Some((part, if included { Included::Yes } else { Included::No })))
    }
}

/// A column of a table in the order of a tree.
pub(super) struct InOrder {
    pub(super) expr: Expr,
    pub(super) collation: Collation,
    pub(super) direction: Direction,
    /// Whether it is the same in all rows that are read.
    pub(super) is_constant: bool,
}

/// The columns that rows are in order of when they are read this way; together they tell all rows apart.
pub(super) fn sequence(from: &Candidates<'_>, way: &Way) -> Option<Vec<InOrder>> {
    let stored = from.stored;
    let is_constant = |number: usize| matches!(from.terms[number].wants, Wants::Equal(..) | Wants::Null);
    let rowid = |is_constant| InOrder {
        expr: Expr::Column(Column {
            slot: stored.slot,
            place: Place::Rowid,
            affinity: Affinity::Integer,
            collation: Collation::Binary,
            not_null: true,
            has_collation: true,
        }),
        collation: Collation::Binary,
        direction: Direction::Ascending,
        is_constant,
    };
    let key = |columns: &[IndexColumn]| -> Vec<InOrder> {
        let column = |column: &IndexColumn| InOrder {
            expr: own_column(stored, column),
            collation: column.collation.clone(),
            direction: column.direction,
            is_constant: false,
        };
        columns.iter().map(column).collect()
    };
    let mut all = match way {
        Way::Any(_) => return None,
        Way::Rowid(number) => return Some(vec![rowid(is_constant(*number))]),
        Way::Whole | Way::RowidRange(..) => match &stored.table.key {
            TableKey::Rowid { .. } => return Some(vec![rowid(false)]),
            TableKey::Primary { columns, .. } => key(columns),
        },
        Way::Keys(None, _) => match &stored.table.key {
            TableKey::Rowid { .. } => return None,
            TableKey::Primary { columns, .. } => key(columns),
        },
        Way::Keys(Some(number), _) => {
            let bound = &stored.indexes[*number];
            let mut all = key(&bound.index.columns);
            for (column, expr) in all.iter_mut().zip(&bound.columns) {
                column.expr = expr.clone();
            }
            match stored.table.has_rowid() {
                true => all.push(rowid(false)),
                false => all.extend(key(&bound.index.suffix)),
            }
            all
        }
    };
    if let Way::Keys(_, terms) = way {
        for (number, column) in terms.equal.iter().zip(&mut all) {
            column.is_constant = is_constant(*number);
        }
    }
    Some(all)
}

/// How rows of the table follow from the entries of a tree.
fn fetch(stored: Stored<'_>, bound: Option<&BoundIndex>) -> Fetch {
    let Some(bound) = bound else { return Fetch::Own };
    let index = &bound.index;
    let all: Vec<&IndexColumn> = index.columns.iter().chain(&index.suffix).collect();
    let directions = all.iter().map(|column| column.direction).collect();
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

/// The columns of an index, or of the key of a table `WITHOUT ROWID`.
fn key_columns<'q>(stored: Stored<'q>, bound: Option<&'q BoundIndex>) -> Result<&'q [IndexColumn]> {
    match (bound, &stored.table.key) {
        (Some(bound), _) => Ok(&bound.index.columns),
        (None, TableKey::Primary { columns, .. }) => Ok(columns),
        (None, TableKey::Rowid { .. }) => Err(Error::statement("no such key")),
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
    low: bool,
    high: bool,
    covering: bool,
) -> String {
    let name = |column: &IndexColumn| match column.part {
        IndexPart::Column(place) => stored.table.columns[place].name.to_string(),
        IndexPart::Expr(_) => "<expr>".into(),
    };
    let mut terms: Vec<String> =
        columns[..equal].iter().map(|column| format!("{}=?", name(column))).collect();
    if (low || high)
        && let Some(column) = columns.get(equal)
    {
        terms.push(range_label(&name(column), low, high));
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
