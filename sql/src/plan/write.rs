//! Plans of statements that write.
//!
//! Rows are found first, all of them, and their keys kept; then they are written one by one. What is evaluated for each
//! written row (new values, conditions, index entries, `RETURNING`) has a frame of its own.

use std::sync::Arc;

use super::physical::{FrameSize, Parts, SelectPlan};
use super::planner::Planner;
use crate::ast::ConflictAction;
use crate::bound::{
    self, Body, Column, Expr, InsertRows, Place, Query, QueryId, ResultColumn, Select, Slot, UpsertTarget,
};
use crate::error::Result;
use crate::expr::{Scalar, Test};
use crate::schema::{Index, IndexPart, Store, Table, TableKey};
use crate::store::Stores;
use crate::value::{Affinity, Collation};

/// A table that rows are written to.
pub struct TablePlan {
    /// Where it is kept.
    pub store: Store,
    /// The table.
    pub table: Arc<Table>,
    /// The written row.
    pub row: usize,
    /// The values of stored generated columns, in the order in which they can be computed.
    pub generated: Vec<(usize, Scalar)>,
    /// What must not be false.
    pub checks: Vec<Scalar>,
    /// The indexes.
    pub indexes: Vec<IndexPlan>,
}

/// What makes the entry of an index.
pub struct IndexPlan {
    /// The index.
    pub index: Arc<Index>,
    /// Its columns.
    pub columns: Vec<Scalar>,
    /// Whether a row has an entry.
    pub filter: Option<Test>,
}

/// What is evaluated for each written row.
pub struct RowPlan {
    /// What is in its frame.
    pub frame: FrameSize,
    /// Queries inside and constants.
    pub parts: Parts,
}

/// `RETURNING`
pub struct ReturningPlan {
    /// The values.
    pub values: Vec<Scalar>,
    /// What they are called.
    pub columns: Vec<ResultColumn>,
}

/// The plan of an `INSERT`.
pub struct InsertPlan {
    /// Where rows come from; none for one row of defaults.
    pub source: Option<SelectPlan>,
    /// The row of the source.
    pub source_row: usize,
    /// What is evaluated for each row.
    pub row: RowPlan,
    /// The table.
    pub target: TablePlan,
    /// The values of its columns.
    pub values: Vec<Scalar>,
    /// The rowid, if it is given.
    pub rowid: Option<Scalar>,
    /// `OR ..`
    pub conflict: Option<ConflictAction>,
    /// `ON CONFLICT ..`
    pub upserts: Vec<UpsertPlan>,
    /// `RETURNING`
    pub returning: ReturningPlan,
}

/// Places of columns, and what is written there.
pub type Settings = Vec<(usize, Scalar)>;

/// `ON CONFLICT ..`
pub struct UpsertPlan {
    /// The uniqueness it is about.
    pub target: UpsertTarget,
    /// What is set, and where; `None` for `DO NOTHING`.
    pub update: Option<(Settings, Option<Test>)>,
    /// The row that is in the way.
    pub existing: usize,
    /// The row refused.
    pub excluded: usize,
}

/// The plan of an `UPDATE`.
pub struct UpdatePlan {
    /// Gives the keys of the rows; of an update with further tables the new values behind them.
    pub find: SelectPlan,
    /// How many columns the key has.
    pub key_width: usize,
    /// The row as it is.
    pub existing: usize,
    /// What is evaluated for each row.
    pub row: RowPlan,
    /// The table.
    pub target: TablePlan,
    /// The columns that are set.
    pub places: Vec<usize>,
    /// Their values, unless they were found with the key.
    pub values: Option<Vec<Scalar>>,
    /// Whether the last value is the rowid.
    pub sets_rowid: bool,
    /// `OR ..`
    pub conflict: Option<ConflictAction>,
    /// `RETURNING`
    pub returning: ReturningPlan,
}

/// The plan of a `DELETE`.
pub struct DeletePlan {
    /// Gives the keys of the rows.
    pub find: SelectPlan,
    /// Whether all rows go, so that nobody needs to look at them.
    pub all: bool,
    /// What is evaluated for each row.
    pub row: RowPlan,
    /// The table.
    pub target: TablePlan,
    /// `RETURNING`
    pub returning: ReturningPlan,
}

/// What finds a row of a table again, as expressions over its slot.
fn key_of(table: &Table, slot: Slot) -> Vec<Expr> {
    let column = |place| {
        Expr::Column(Column {
            slot,
            place,
            affinity: Affinity::None,
            collation: Collation::Binary,
            not_null: true,
            has_collation: false,
        })
    };
    match &table.key {
        TableKey::Rowid { .. } => vec![column(Place::Rowid)],
        TableKey::Primary { columns, .. } => columns
            .iter()
            .filter_map(|part| match part.part {
                IndexPart::Column(place) => Some(column(Place::At(place))),
                IndexPart::Expr(_) => None,
            })
            .collect(),
    }
}

fn find(
    stores: Stores<'_>,
    from: bound::From,
    filter: Vec<Expr>,
    columns: Vec<Expr>,
    order_by: Vec<bound::OrderTerm>,
    limit: (Option<Expr>, Option<Expr>),
) -> Result<SelectPlan> {
    let query = Query {
        id: QueryId(0),
        from: Some(from),
        filter,
        aggregation: None,
        having: Vec::new(),
        windows: Vec::new(),
        columns,
        distinct: None,
    };
    let select = Select {
        body: Body::Query(Box::new(query)),
        columns: Vec::new(),
        order_by,
        limit: limit.0,
        offset: limit.1,
        slot: Slot(0),
    };
    Planner::new(stores).statement(select)
}

impl Planner<'_> {
    fn target(&mut self, target: &bound::Target) -> Result<TablePlan> {
        let missing = target.table.columns.iter().map(|column| column.missing.clone()).collect();
        let row = self.add_located(target.slot, None, Arc::new(missing));
        let generated = target
            .generated
            .iter()
            .map(|(place, value)| Ok((*place, self.scalar(value)?)))
            .collect::<Result<_>>()?;
        let checks = self.scalars(&target.checks)?;
        let mut indexes = Vec::new();
        for index in &target.indexes {
            let columns = self.scalars(&index.columns)?;
            let filter = match &index.filter {
                Some(filter) => Some(self.compiler().test(filter)?),
                None => None,
            };
            indexes.push(IndexPlan { index: index.index.clone(), columns, filter });
        }
        Ok(TablePlan { store: target.store, table: target.table.clone(), row, generated, checks, indexes })
    }

    fn returning(&mut self, returning: &bound::Returning) -> Result<ReturningPlan> {
        for value in &returning.values {
            self.note(value);
        }
        Ok(ReturningPlan { values: self.scalars(&returning.values)?, columns: returning.columns.clone() })
    }

    fn slot_of(&mut self, slot: Slot, table: &Table) -> usize {
        let missing = table.columns.iter().map(|column| column.missing.clone()).collect();
        self.add_located(slot, None, Arc::new(missing))
    }
}

/// Plans writing rows of a table alone: for who fills an index.
///
/// # Errors
/// Where an expression cannot be compiled.
pub fn plan_target(stores: Stores<'_>, target: &bound::Target) -> Result<(TablePlan, RowPlan)> {
    let mut planner = Planner::new(stores);
    let target = planner.target(target)?;
    let (frame, parts) = planner.finish();
    Ok((target, RowPlan { frame, parts }))
}

/// Plans an `INSERT`.
///
/// # Errors
/// As for queries.
pub fn plan_insert(stores: Stores<'_>, insert: bound::Insert) -> Result<InsertPlan> {
    let source = match insert.rows {
        InsertRows::Defaults => None,
        InsertRows::Select(select) => Some(Planner::new(stores).statement(*select)?),
    };
    let mut planner = Planner::new(stores);
    let source_row = planner.add_slot(insert.source);
    let target = planner.target(&insert.target)?;
    let values = planner.scalars(&insert.values)?;
    let rowid = insert.rowid.as_ref().map(|rowid| planner.scalar(rowid)).transpose()?;
    let mut upserts = Vec::new();
    for upsert in insert.upserts {
        let existing = planner.slot_of(upsert.existing, &target.table);
        let excluded = planner.slot_of(upsert.excluded, &target.table);
        let update = match &upsert.update {
            None => None,
            Some((set, filter)) => {
                let mut compiled = Vec::new();
                for (place, value) in set {
                    planner.note(value);
                    compiled.push((*place, planner.scalar(value)?));
                }
                let filter = match filter {
                    Some(filter) => {
                        planner.note(filter);
                        Some(planner.compiler().test(filter)?)
                    }
                    None => None,
                };
                Some((compiled, filter))
            }
        };
        upserts.push(UpsertPlan { target: upsert.target, update, existing, excluded });
    }
    let returning = planner.returning(&insert.returning)?;
    let (frame, parts) = planner.finish();
    let row = RowPlan { frame, parts };
    Ok(InsertPlan {
        source,
        source_row,
        row,
        target,
        values,
        rowid,
        conflict: insert.conflict,
        upserts,
        returning,
    })
}

/// Plans an `UPDATE`.
///
/// # Errors
/// As for queries.
pub fn plan_update(stores: Stores<'_>, update: bound::Update) -> Result<UpdatePlan> {
    let mut columns = key_of(&update.target.table, update.existing);
    let key_width = columns.len();
    let mut values: Vec<Expr> = update.assignments.iter().map(|(_, value)| value.clone()).collect();
    values.extend(update.rowid.clone());
    let places = update.assignments.iter().map(|(place, _)| *place).collect();
    // With further tables, or an order, the values are those of the moment when the row was found.
    let found_with_key = matches!(update.from, bound::From::Join(_));
    if found_with_key {
        columns.extend(values.iter().cloned());
    }
    let find = find(stores, update.from, update.filter, columns, update.order_by, update.limit)?;
    let mut planner = Planner::new(stores);
    let existing = planner.slot_of(update.existing, &update.target.table);
    let target = planner.target(&update.target)?;
    let compiled = match found_with_key {
        true => None,
        false => {
            for value in &values {
                planner.note(value);
            }
            Some(planner.scalars(&values)?)
        }
    };
    let returning = planner.returning(&update.returning)?;
    let (frame, parts) = planner.finish();
    Ok(UpdatePlan {
        find,
        key_width,
        existing,
        row: RowPlan { frame, parts },
        target,
        places,
        values: compiled,
        sets_rowid: update.rowid.is_some(),
        conflict: update.conflict,
        returning,
    })
}

/// Plans a `DELETE`.
///
/// # Errors
/// As for queries.
pub fn plan_delete(stores: Stores<'_>, delete: bound::Delete) -> Result<DeletePlan> {
    let columns = key_of(&delete.target.table, delete.existing);
    let all = delete.filter.is_empty() && delete.limit.0.is_none() && delete.returning.values.is_empty();
    let find = find(stores, delete.from, delete.filter, columns, delete.order_by, delete.limit)?;
    let mut planner = Planner::new(stores);
    let target = planner.target(&delete.target)?;
    let returning = planner.returning(&delete.returning)?;
    let (frame, parts) = planner.finish();
    Ok(DeletePlan { find, all, row: RowPlan { frame, parts }, target, returning })
}
