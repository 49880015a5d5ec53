//! Plans of statements that write.
//!
//! Rows are found first, all of them, and their keys kept; then they are written one by one. What is evaluated for each
//! written row (new values, conditions, index entries, `RETURNING`) has a frame of its own.

use std::sync::Arc;

use super::physical::{Access, FrameSize, Node, Parts, SelectPlan};
use super::planner::{Planner, RowsAround};
use super::revisits::{Change, Revisits, Sets};
use crate::ast::ConflictAction;
use crate::bound::{
    self, Body, Column, Consequences, Expr, InSet, InsertRows, ParentCheck, Place, ProgramNumber, Query,
    QueryId, ResultColumn, Select, Slot, UpsertTarget, WithPrograms, any, rewrite, visit,
};
use crate::error::Result;
use crate::expr::{Scalar, Test};
use crate::schema::{Index, IndexPart, Store, Table, TableKey, TableKind, Trigger};
use crate::store::Stores;
use crate::value::{Affinity, Collation, Value};

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
    /// The values of generated columns that are not stored.
    pub computed: Vec<(usize, Scalar)>,
    /// What `REPLACE` puts in place of NULL where that is not allowed.
    pub defaults: Vec<(usize, Scalar)>,
    /// What must not be false.
    pub checks: Vec<Scalar>,
    /// The indexes.
    pub indexes: Vec<IndexPlan>,
}

impl TablePlan {
    /// What computes a column, if it is a generated one that is not stored.
    #[must_use]
    pub fn computed_at(&self, place: usize) -> Option<&Scalar> {
        self.computed.iter().find(|(of, _)| *of == place).map(|(_, scalar)| scalar)
    }
}

/// What makes the entry of an index.
pub struct IndexPlan {
    /// The index.
    pub index: Arc<Index>,
    /// Its columns.
    pub columns: Vec<Scalar>,
    /// Whether a row has an entry.
    pub filter: Option<Test>,
    /// The columns of the row that the entry depends on. It depends on the key of the row besides.
    pub reads: Vec<usize>,
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
    /// What counts as read of the rows of the source.
    pub revisits: Revisits,
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
    /// What follows from writing a row.
    pub follows: ConsequencePlan,
    /// What follows from removing a row that is in the way.
    pub replaced: ConsequencePlan,
    /// `RETURNING`
    pub returning: ReturningPlan,
    /// What the statement may make run; none for one that is itself in such a program.
    pub programs: Vec<ProgramPlan>,
}

impl InsertPlan {
    /// Whether nothing follows from writing a row.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.follows.nothing
            && self.replaced.nothing
            && self.upserts.iter().all(|upsert| upsert.follows.nothing)
    }
}

/// Stands for the rowid among the places that are set.
pub const ROWID_PLACE: usize = usize::MAX;

/// What is set in a row.
pub struct SetPlan {
    /// The places of columns, and [`ROWID_PLACE`].
    pub places: Vec<usize>,
    /// What is written there.
    pub values: Vec<Scalar>,
}

/// `ON CONFLICT ..`
pub struct UpsertPlan {
    /// The uniqueness it is about.
    pub target: UpsertTarget,
    /// What is set, and where; `None` for `DO NOTHING`.
    pub update: Option<(SetPlan, Option<Test>)>,
    /// The row that is in the way.
    pub existing: usize,
    /// The row refused.
    pub excluded: usize,
    /// What follows from updating the row that is in the way.
    pub follows: ConsequencePlan,
}

/// The plan of an `UPDATE`.
pub struct UpdatePlan {
    /// Gives the rows as [`found_row`] says; of an update with further tables the new values behind them.
    pub find: SelectPlan,
    /// What counts as read of them.
    pub revisits: Revisits,
    /// How many columns the key has.
    pub key_width: usize,
    /// The row as it is.
    pub existing: usize,
    /// What is evaluated for each row.
    pub row: RowPlan,
    /// The table.
    pub target: TablePlan,
    /// What is set; without values if these are found with the row.
    pub set: SetPlan,
    /// Whether the values are found with the row.
    pub values_are_found: bool,
    /// Whether a row that holds the values already need not be looked at: they are the same for all rows, nothing follows
    /// from writing one, and none is refused for them or removed. Not where rows are looked up: those few were meant to be
    /// changed.
    pub may_pass_over: bool,
    /// `OR ..`
    pub conflict: Option<ConflictAction>,
    /// What follows from writing a row.
    pub follows: ConsequencePlan,
    /// What follows from removing a row that is in the way.
    pub replaced: ConsequencePlan,
    /// `RETURNING`
    pub returning: ReturningPlan,
    /// What the statement may make run; none for one that is itself in such a program.
    pub programs: Vec<ProgramPlan>,
}

impl UpdatePlan {
    /// Whether nothing follows from writing a row.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.follows.nothing && self.replaced.nothing
    }
}

/// The plan of a `DELETE`.
pub struct DeletePlan {
    /// Gives the rows as [`found_row`] says.
    pub find: SelectPlan,
    /// What counts as read of them.
    pub revisits: Revisits,
    /// How many columns the key has.
    pub key_width: usize,
    /// Whether all rows go, so that nobody needs to look at them.
    pub all: bool,
    /// What is evaluated for each row.
    pub row: RowPlan,
    /// The table.
    pub target: TablePlan,
    /// What follows from writing a row.
    pub follows: ConsequencePlan,
    /// `RETURNING`
    pub returning: ReturningPlan,
    /// What the statement may make run; none for one that is itself in such a program.
    pub programs: Vec<ProgramPlan>,
}

/// What follows from writing a row.
#[derive(Default)]
pub struct ConsequencePlan {
    /// What runs before.
    pub before: Vec<ProgramNumber>,
    /// What runs afterwards.
    pub after: Vec<ProgramNumber>,
    /// The rows that its foreign keys name.
    pub parents: Vec<ParentCheck>,
    /// The rows whose foreign keys name it.
    pub children: Vec<ChildPlan>,
    /// What happens to those.
    pub actions: Vec<ProgramNumber>,
    /// Whether nothing follows at all.
    pub nothing: bool,
}

/// Finds the rows whose foreign key names the row around.
pub struct ChildPlan {
    /// All of them.
    pub all: SelectPlan,
    /// Those besides the row itself, where that makes a difference.
    pub others: Option<SelectPlan>,
    /// Whether the key is checked at commit only.
    pub deferred: bool,
}

/// What runs when a row is written. The rows around its statements are the row as it was and as it will be.
pub struct ProgramPlan {
    /// The trigger; `None` for a foreign key's action.
    pub trigger: Option<Arc<Trigger>>,
    /// Whether it may run while it runs.
    pub recursive: bool,
    /// Whether it is left out where all checks of foreign keys are put off.
    pub restricts: bool,
    /// Only where this holds.
    pub condition: Option<(RowPlan, Test)>,
    /// What is done.
    pub steps: Vec<StepPlan>,
}

/// A statement in a program.
pub enum StepPlan {
    /// `SELECT`
    Select(Box<SelectPlan>),
    /// `INSERT`
    Insert(Box<InsertPlan>),
    /// `UPDATE`
    Update(Box<UpdatePlan>),
    /// `DELETE`
    Delete(Box<DeletePlan>),
}

/// What is kept of a row that was found, as expressions over its slot: its key, and the row itself if it is short.
fn found_row(table: &Table, slot: Slot) -> Vec<Expr> {
    let mut columns = key_of(table, slot);
    columns.push(column_of(slot, Place::Record));
    columns
}

fn column_of(slot: Slot, place: Place) -> Expr {
    Expr::Column(Column {
        slot,
        place,
        affinity: Affinity::None,
        collation: Collation::Binary,
        not_null: true,
        has_collation: false,
    })
}

/// What finds a row of a table again, as expressions over its slot. A row of a view is known by all its values.
fn key_of(table: &Table, slot: Slot) -> Vec<Expr> {
    let column = |place| column_of(slot, place);
    match &table.key {
        _ if table.kind == TableKind::View => {
            (0..table.columns.len()).map(|place| column(Place::At(place))).collect()
        }
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

/// Puts the values of a single row of `VALUES` in place of the columns of the source, so that no query runs for them.
fn put_row_in_place(insert: &mut bound::Insert) {
    let InsertRows::Select(select) = &insert.rows else { return };
    let Body::Values(rows) = &select.body else { return };
    let [row] = rows.as_slice() else { return };
    if select.limit.is_some() || select.offset.is_some() || row.iter().any(has_query) {
        return;
    }
    let row = row.clone();
    if let (Some(_), Some(alias)) = (&insert.rowid, insert.target.table.rowid_alias()) {
        // It is stored as the rowid alone, and no value is computed twice.
        insert.values[alias] = Expr::Literal(Value::Null);
    }
    let source = insert.source;
    for value in insert.values.iter_mut().chain(&mut insert.rowid) {
        rewrite(value, &mut |part| match part {
            Expr::Column(Column { slot, place: Place::At(place), .. }) if *slot == source => {
                *part = row[*place].clone();
                false
            }
            _ => true,
        });
    }
    insert.rows = InsertRows::Defaults;
}

/// Whether there is a query in an expression.
fn has_query(expr: &Expr) -> bool {
    any(expr, &mut |part| match part {
        Expr::Subquery(..) | Expr::Exists(_) => true,
        Expr::In(inside) => matches!(inside.set, InSet::Select(_)),
        _ => false,
    })
}

fn missing_of(table: &Table) -> Arc<Vec<Value>> {
    Arc::new(table.columns.iter().map(|column| column.missing.clone()).collect())
}

fn find(
    planner: Planner<'_>,
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
    planner.statement(select)
}

impl Planner<'_> {
    fn target(&mut self, target: &bound::Target) -> Result<TablePlan> {
        let row = self.slot_of(target.slot, &target.table);
        let generated = self.placed(&target.generated)?;
        let computed = self.placed(&target.computed)?;
        let defaults = self.placed(&target.defaults)?;
        let checks = self.scalars(&target.checks)?;
        let mut indexes = Vec::new();
        for index in &target.indexes {
            let columns = self.scalars(&index.columns)?;
            let filter = match &index.filter {
                Some(filter) => Some(self.compiler().test(filter)?),
                None => None,
            };
            let mut reads = Vec::new();
            for expr in index.columns.iter().chain(&index.filter) {
                visit(expr, &mut |part| {
                    if let Expr::Column(Column { place: Place::At(place), .. }) = part
                        && !reads.contains(place)
                    {
                        reads.push(*place);
                    }
                    true
                });
            }
            indexes.push(IndexPlan { index: index.index.clone(), columns, filter, reads });
        }
        Ok(TablePlan {
            store: target.store,
            table: target.table.clone(),
            row,
            generated,
            computed,
            defaults,
            checks,
            indexes,
        })
    }

    /// Compiles expressions that belong to columns.
    fn placed(&mut self, values: &[(usize, Expr)]) -> Result<Vec<(usize, Scalar)>> {
        values.iter().map(|(place, value)| Ok((*place, self.scalar(value)?))).collect()
    }

    fn returning(&mut self, returning: &bound::Returning) -> Result<ReturningPlan> {
        for value in &returning.values {
            self.note(value);
        }
        Ok(ReturningPlan { values: self.scalars(&returning.values)?, columns: returning.columns.clone() })
    }

    fn upsert(&mut self, set: &bound::Settings, filter: Option<&Expr>) -> Result<(SetPlan, Option<Test>)> {
        let mut compiled = SetPlan { places: Vec::new(), values: Vec::new() };
        for (place, value) in set {
            self.note(value);
            compiled.places.push(*place);
            compiled.values.push(self.scalar(value)?);
        }
        let filter = match filter {
            Some(filter) => {
                self.note(filter);
                Some(self.compiler().test(filter)?)
            }
            None => None,
        };
        Ok((compiled, filter))
    }

    fn slot_of(&mut self, slot: Slot, table: &Table) -> usize {
        self.add_located(slot, None, missing_of(table))
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
pub fn plan_insert(stores: Stores<'_>, insert: WithPrograms<bound::Insert>) -> Result<InsertPlan> {
    let plan = Writes { stores, around: &[] }.insert(insert.statement)?;
    Ok(InsertPlan { programs: programs(stores, insert.programs)?, ..plan })
}

/// Plans an `UPDATE`.
///
/// # Errors
/// As for queries.
pub fn plan_update(stores: Stores<'_>, update: WithPrograms<bound::Update>) -> Result<UpdatePlan> {
    let plan = Writes { stores, around: &[] }.update(update.statement)?;
    Ok(UpdatePlan { programs: programs(stores, update.programs)?, ..plan })
}

/// Plans a `DELETE`.
///
/// # Errors
/// As for queries.
pub fn plan_delete(stores: Stores<'_>, delete: WithPrograms<bound::Delete>) -> Result<DeletePlan> {
    let plan = Writes { stores, around: &[] }.delete(delete.statement)?;
    Ok(DeletePlan { programs: programs(stores, delete.programs)?, ..plan })
}

fn programs(stores: Stores<'_>, programs: Vec<bound::Program>) -> Result<Vec<ProgramPlan>> {
    programs.into_iter().map(|program| plan_program(stores, program)).collect()
}

fn plan_program(stores: Stores<'_>, program: bound::Program) -> Result<ProgramPlan> {
    let missing = missing_of(&program.table);
    let around = [(program.old, missing.clone()), (program.new, missing)];
    let writes = Writes { stores, around: &around };
    let condition = match &program.condition {
        Some(condition) => {
            let mut planner = writes.planner();
            planner.note(condition);
            let test = planner.compiler().test(condition)?;
            let (frame, parts) = planner.finish();
            Some((RowPlan { frame, parts }, test))
        }
        None => None,
    };
    let mut steps = Vec::new();
    for step in program.steps {
        steps.push(match step {
            bound::Step::Select(select) => StepPlan::Select(Box::new(writes.planner().statement(*select)?)),
            bound::Step::Insert(insert) => StepPlan::Insert(Box::new(writes.insert(*insert)?)),
            bound::Step::Update(update) => StepPlan::Update(Box::new(writes.update(*update)?)),
            bound::Step::Delete(delete) => StepPlan::Delete(Box::new(writes.delete(*delete)?)),
        });
    }
    Ok(ProgramPlan {
        trigger: program.trigger,
        recursive: program.recursive,
        restricts: program.restricts,
        condition,
        steps,
    })
}

/// Plans statements that write, by themselves or in a program.
#[derive(Clone, Copy)]
struct Writes<'w, 'v> {
    stores: Stores<'v>,
    around: &'w RowsAround,
}

impl<'v> Writes<'_, 'v> {
    fn planner(&self) -> Planner<'v> {
        Planner::within(self.stores, self.around)
    }

    fn consequences(&self, follows: Consequences, table: &Table) -> Result<ConsequencePlan> {
        let nothing = follows.is_empty();
        let mut children = Vec::new();
        for child in follows.children {
            let row = [(child.row, missing_of(table))];
            let planned = |select| Planner::within(self.stores, &row).statement(select);
            children.push(ChildPlan {
                all: planned(child.select)?,
                others: child.others.map(planned).transpose()?,
                deferred: child.deferred,
            });
        }
        Ok(ConsequencePlan {
            before: follows.before,
            after: follows.after,
            parents: follows.parents,
            children,
            actions: follows.actions,
            nothing,
        })
    }

    fn insert(&self, mut insert: bound::Insert) -> Result<InsertPlan> {
        put_row_in_place(&mut insert);
        let is_query = matches!(&insert.rows, InsertRows::Select(select) if !is_one_row(&select.body));
        let source = match insert.rows {
            InsertRows::Defaults => None,
            InsertRows::Select(select) => Some(self.planner().statement(*select)?),
        };
        let own = (insert.target.store, insert.target.table.tree);
        let reads_own = source.as_ref().is_some_and(|source| source.parts.tables.contains(&own));
        let is_watched = reads_own
            || !insert.returning.values.is_empty()
            || !insert.follows.before.is_empty()
            || !insert.follows.after.is_empty();
        let revisits = if is_query && is_watched { Revisits::LISTED } else { Revisits::default() };
        let mut planner = self.planner();
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
                Some((set, filter)) => Some(planner.upsert(set, filter.as_ref())?),
            };
            let follows = self.consequences(upsert.follows, &target.table)?;
            upserts.push(UpsertPlan { target: upsert.target, update, existing, excluded, follows });
        }
        let returning = planner.returning(&insert.returning)?;
        let follows = self.consequences(insert.follows, &target.table)?;
        let replaced = self.consequences(insert.replaced, &target.table)?;
        let (frame, parts) = planner.finish();
        Ok(InsertPlan {
            source,
            revisits,
            source_row,
            row: RowPlan { frame, parts },
            target,
            values,
            rowid,
            conflict: insert.conflict,
            upserts,
            follows,
            replaced,
            returning,
            programs: Vec::new(),
        })
    }

    fn update(&self, update: bound::Update) -> Result<UpdatePlan> {
        let table = update.target.table.clone();
        let key_width = key_of(&table, update.existing).len();
        let mut values: Vec<Expr> = update.assignments.iter().map(|(_, value)| value.clone()).collect();
        values.extend(update.rowid.clone());
        let places = update.assignments.iter().map(|(place, _)| *place);
        let places = places.chain(update.rowid.as_ref().map(|_| ROWID_PLACE)).collect();
        // With further tables the values are those of the moment when the row was found; those of a view have no other.
        let values_are_found = matches!(update.from, bound::From::Join(_)) || table.kind == TableKind::View;
        let same_for_all = !values_are_found
            && values.iter().all(|value| matches!(value, Expr::Literal(_) | Expr::Parameter(_)));
        let columns = match values_are_found {
            true => key_of(&table, update.existing).into_iter().chain(values.iter().cloned()).collect(),
            false => found_row(&table, update.existing),
        };
        let limited = update.limit.0.is_some();
        let filter_has_query = update.filter.iter().any(has_query);
        let find = find(self.planner(), update.from, update.filter, columns, update.order_by, update.limit)?;
        let mut planner = self.planner();
        let existing = planner.slot_of(update.existing, &table);
        let target = planner.target(&update.target)?;
        if values_are_found {
            values.clear();
        }
        for value in &values {
            planner.note(value);
        }
        let set = SetPlan { places, values: planner.scalars(&values)? };
        let returning = planner.returning(&update.returning)?;
        let follows = self.consequences(update.follows, &table)?;
        let replaced = self.consequences(update.replaced, &table)?;
        let (frame, parts) = planner.finish();
        let sets = sets_of(&target, &set.places, update.conflict);
        let may_pass_over = same_for_all
            && !is_lookup(&find.query.root)
            && follows.nothing
            && replaced.nothing
            && returning.values.is_empty()
            && !sets.key
            && !may_be_refused(&target, &sets, &set.places);
        let change = Change {
            find: &find,
            of_view: table.kind == TableKind::View,
            has_rowid: table.has_rowid(),
            limited,
            watched: filter_has_query || !returning.values.is_empty() || !follows.nothing,
            sets: Some(sets),
        };
        let revisits = change.revisits();
        Ok(UpdatePlan {
            find,
            revisits,
            key_width,
            existing,
            row: RowPlan { frame, parts },
            target,
            set,
            values_are_found,
            may_pass_over,
            conflict: update.conflict,
            follows,
            replaced,
            returning,
            programs: Vec::new(),
        })
    }

    fn delete(&self, delete: bound::Delete) -> Result<DeletePlan> {
        let key_width = key_of(&delete.target.table, delete.existing).len();
        let columns = match delete.target.table.kind {
            TableKind::View => key_of(&delete.target.table, delete.existing),
            _ => found_row(&delete.target.table, delete.existing),
        };
        let all = delete.filter.is_empty()
            && delete.limit.0.is_none()
            && delete.returning.values.is_empty()
            && delete.follows.is_empty();
        let limited = delete.limit.0.is_some();
        let filter_has_query = delete.filter.iter().any(has_query);
        let find = find(self.planner(), delete.from, delete.filter, columns, delete.order_by, delete.limit)?;
        let mut planner = self.planner();
        let target = planner.target(&delete.target)?;
        let returning = planner.returning(&delete.returning)?;
        let follows = self.consequences(delete.follows, &target.table)?;
        let (frame, parts) = planner.finish();
        let row = RowPlan { frame, parts };
        let change = Change {
            find: &find,
            of_view: target.table.kind == TableKind::View,
            has_rowid: target.table.has_rowid(),
            limited,
            watched: filter_has_query || !returning.values.is_empty() || !follows.nothing,
            sets: None,
        };
        let revisits = change.revisits();
        let programs = Vec::new();
        Ok(DeletePlan { find, revisits, key_width, all, row, target, follows, returning, programs })
    }
}

/// Whether rows are looked up by given values, rather than gone through.
fn is_lookup(root: &Node) -> bool {
    matches!(root, Node::Scan(scan) if scan.is_exact() || matches!(scan.access, Access::Rowid(..)))
}

/// Whether there is one row, and that is given.
fn is_one_row(body: &Body) -> bool {
    matches!(body, Body::Values(rows) if rows.len() == 1)
}

/// What setting these columns changes.
fn sets_of(target: &TablePlan, places: &[usize], conflict: Option<ConflictAction>) -> Sets {
    let table = &target.table;
    let is_of_key = |place: &usize| {
        let column = table.columns.get(*place);
        *place == ROWID_PLACE || !table.has_rowid() && column.is_some_and(|column| column.primary_key > 0)
    };
    let changed = target.indexes.iter().filter(|index| index.reads.iter().any(|of| places.contains(of)));
    Sets {
        key: places.iter().any(is_of_key),
        indexes: changed.map(|index| index.index.tree).collect(),
        replaces: conflict == Some(ConflictAction::Replace),
    }
}

/// Whether a row may be refused, or another one removed, for what is set in it.
fn may_be_refused(target: &TablePlan, sets: &Sets, places: &[usize]) -> bool {
    let columns = &target.table.columns;
    let is_unique = |index: &IndexPlan| index.index.unique && sets.indexes.contains(&index.index.tree);
    let is_not_null = |place: &usize| columns.get(*place).is_none_or(|column| column.not_null.is_some());
    !target.checks.is_empty()
        || !target.generated.is_empty()
        || target.indexes.iter().any(is_unique)
        || places.iter().any(is_not_null)
}
