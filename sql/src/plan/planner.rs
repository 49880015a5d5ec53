//! [`Planner`]: what a plan is made of while it is made. Frames with their slots and rows, subqueries, constants, what of
//! each table is used. The files below give it what it plans: tables, joins, queries, writes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use duramen_engine::TreeId;

use super::physical::{FrameSize, NamedBy, Parts, Reuse, SelectPlan, SubqueryPlan};
use crate::bound::{self, Expr, Place, QueryId, RecursionId, Select, Slot};
use crate::error::{Error, Result};
use crate::expr::{Compiler, Constants, Location, Names, Scalar, SubqueryNumber, Test, fold_part};
use crate::schema::Store;
use crate::store::Stores;
use crate::value::{Affinity, Collation, Value};

/// A table of what a plan is made of: small, and made anew for each.
pub(super) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Plans one statement.
pub struct Planner<'v> {
    pub(super) stores: Stores<'v>,
    frames: Vec<FrameNames>,
    pub(super) parts: Parts,
    subqueries: Map<(QueryId, usize), SubqueryNumber>,
    /// How many entries of a tree are equal in its first columns, where that was asked.
    pub(super) equal: Map<(Store, TreeId, usize), f64>,
    /// The columns of each slot that the statement names.
    pub(super) used: Map<Slot, BTreeSet<Place>>,
}

/// What a frame holds.
#[derive(Default)]
struct FrameNames {
    slots: Map<Slot, Located>,
    size: FrameSize,
    /// The rows that scans give, and their cursors.
    scans: Vec<(usize, usize)>,
    /// The rows of recursive common tables.
    recursions: Vec<(RecursionId, usize)>,
    /// Whether rows of frames around are named.
    correlated: bool,
    /// Whether its rows stay the same while the statement runs: those of the row that made a program run.
    fixed: bool,
    /// Whether steps keep rows, and whether these depend on frames around.
    keeps: bool,
    keeps_outer: bool,
}

/// The rows around a statement in a program, in order: their slots, and what columns mean that a record is too short
/// for.
pub(super) type RowsAround = [(Slot, Arc<Vec<Value>>)];

/// Where a slot is in its frame.
#[derive(Clone)]
struct Located {
    row: usize,
    places: Option<Arc<Vec<Option<usize>>>>,
    missing: Arc<Vec<Value>>,
}

impl Names for Planner<'_> {
    fn locate(&mut self, slot: Slot) -> Result<Location> {
        for (depth, frame) in self.frames.iter().rev().enumerate() {
            let Some(found) = frame.slots.get(&slot).cloned() else { continue };
            let inner = self.frames.len() - depth;
            if !frame.fixed {
                for frame in &mut self.frames[inner..] {
                    frame.correlated = true;
                }
            }
            return Ok(Location { depth, row: found.row, places: found.places, missing: found.missing });
        }
        Err(Error::statement("a column is used where its table is not in view"))
    }

    fn subquery(
        &mut self,
        subquery: &Arc<bound::Subquery>,
        rules: &[(Affinity, Collation)],
    ) -> Result<SubqueryNumber> {
        let key = (subquery.id, self.frames.len());
        if let Some(&number) = self.subqueries.get(&key) {
            if !rules.is_empty() {
                self.parts.subqueries[number.0].rules = rules.to_vec();
            }
            if self.parts.subqueries[number.0].correlated {
                self.note_outer(&subquery.select);
            }
            return Ok(number);
        }
        self.frames.push(FrameNames::default());
        let query = self.select(&mut subquery.select.clone());
        let frame = self.frames.pop().unwrap_or_default();
        let number = SubqueryNumber(self.parts.subqueries.len());
        self.parts.subqueries.push(SubqueryPlan {
            query: query?,
            frame: frame.size,
            correlated: frame.correlated,
            reuse: match (frame.keeps_outer, frame.keeps) {
                (true, _) => Reuse::Never,
                (false, true) => Reuse::WithFrame,
                (false, false) => Reuse::Always,
            },
            rules: rules.to_vec(),
        });
        self.subqueries.insert(key, number);
        Ok(number)
    }

    fn constants(&mut self) -> &mut Constants {
        &mut self.parts.constants
    }
}

impl<'v> Planner<'v> {
    /// Over these versions, of which only sizes are asked.
    #[must_use]
    pub fn new(stores: Stores<'v>) -> Planner<'v> {
        Planner {
            stores,
            frames: vec![FrameNames::default()],
            parts: Parts::default(),
            subqueries: Map::default(),
            used: Map::default(),
            equal: Map::default(),
        }
    }

    /// For a statement in a program: these rows are in the frame around its own.
    #[must_use]
    pub(super) fn within(stores: Stores<'v>, around: &RowsAround) -> Planner<'v> {
        let mut planner = Planner::new(stores);
        if around.is_empty() {
            return planner;
        }
        for (slot, missing) in around {
            planner.add_located(*slot, None, missing.clone());
        }
        if let Some(frame) = planner.frames.last_mut() {
            frame.fixed = true;
        }
        planner.frames.push(FrameNames::default());
        planner
    }

    /// The plan of a query that is a statement.
    ///
    /// # Errors
    /// Where an index was asked for that cannot be used, and those of the engine.
    pub fn statement(mut self, mut select: Select) -> Result<SelectPlan> {
        bound::rewrite_select(&mut select, &mut fold_part);
        let query = self.select(&mut select)?;
        let (frame, parts) = self.finish();
        Ok(SelectPlan { query, frame, parts, columns: select.columns })
    }

    /// What was planned besides.
    #[must_use]
    pub fn finish(mut self) -> (FrameSize, Parts) {
        let frame = self.frames.pop().unwrap_or_default();
        (frame.size, self.parts)
    }

    /// Takes note of the columns that a query names.
    pub fn note_select(&mut self, select: &Select) {
        let used = &mut self.used;
        bound::visit_select(select, &mut |part| {
            if let Expr::Column(column) = part {
                used.entry(column.slot).or_default().insert(column.place);
            }
            true
        });
    }

    /// Takes note of the columns that an expression names.
    pub fn note(&mut self, expr: &Expr) {
        let used = &mut self.used;
        bound::visit(expr, &mut |part| {
            if let Expr::Column(column) = part {
                used.entry(column.slot).or_default().insert(column.place);
            }
            true
        });
    }

    /// Takes note of the frames around that a query planned before names.
    fn note_outer(&mut self, select: &Select) {
        let mut slots = BTreeSet::new();
        bound::visit_select(select, &mut |part| {
            if let Expr::Column(column) = part {
                slots.insert(column.slot);
            }
            true
        });
        for slot in slots {
            // Slots of the query itself are nowhere in view.
            let _ = self.locate(slot);
        }
    }

    /// Plans something that a step keeps for as long as its operators are there.
    pub(super) fn keeping<T>(&mut self, plan: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let innermost = self.frames.len() - 1;
        let before = std::mem::take(&mut self.frames[innermost].correlated);
        let result = plan(self);
        let frame = &mut self.frames[innermost];
        frame.keeps = true;
        frame.keeps_outer |= frame.correlated;
        frame.correlated |= before;
        result
    }

    /// Takes note of a step that keeps rows in the frame, and reads them anew each time.
    pub(super) fn note_kept(&mut self) {
        let innermost = self.frames.len() - 1;
        self.frames[innermost].keeps = true;
    }

    /// A compiler for the frame that is planned.
    pub(super) fn compiler(&mut self) -> Compiler<'_> {
        Compiler::new(self)
    }

    /// Compiles an expression for the frame that is planned.
    ///
    /// # Errors
    /// Where a query inside cannot be planned.
    pub fn scalar(&mut self, expr: &Expr) -> Result<Scalar> {
        self.compiler().scalar(expr)
    }

    /// Compiles expressions.
    ///
    /// # Errors
    /// As for one.
    pub fn scalars(&mut self, exprs: &[Expr]) -> Result<Vec<Scalar>> {
        self.compiler().scalars(exprs)
    }

    /// Compiles conditions.
    ///
    /// # Errors
    /// As for an expression.
    pub fn tests(&mut self, exprs: &[Expr]) -> Result<Vec<Test>> {
        self.compiler().tests(exprs)
    }

    /// Gives a slot a row in the frame that is planned; its columns are at their own places.
    pub fn add_slot(&mut self, slot: Slot) -> usize {
        self.add_located(slot, None, Arc::default())
    }

    pub(super) fn add_located(
        &mut self,
        slot: Slot,
        places: Option<Arc<Vec<Option<usize>>>>,
        missing: Arc<Vec<Value>>,
    ) -> usize {
        let innermost = self.frames.len() - 1;
        let frame = &mut self.frames[innermost];
        let row = match frame.slots.get(&slot) {
            Some(known) => known.row,
            None => {
                frame.size.rows += 1;
                frame.size.rows - 1
            }
        };
        frame.slots.insert(slot, Located { row, places, missing });
        row
    }

    /// Takes note of where a recursive common table has its row.
    pub(super) fn note_recursion(&mut self, id: RecursionId, row: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.recursions.push((id, row));
        }
    }

    /// Where a recursive common table of the frame that is planned has its row.
    pub(super) fn recursion_of(&self, id: RecursionId) -> Option<usize> {
        let recursions = &self.frames.last()?.recursions;
        recursions.iter().rev().find(|(of, _)| *of == id).map(|(_, row)| *row)
    }

    /// The slots that have a row in the frame that is planned.
    pub(super) fn slots_of_frame(&self) -> Vec<Slot> {
        self.frames.last().map(|frame| frame.slots.keys().copied().collect()).unwrap_or_default()
    }

    /// A row that no slot has.
    pub(super) fn add_row(&mut self) -> usize {
        let innermost = self.frames.len() - 1;
        let size = &mut self.frames[innermost].size;
        size.rows += 1;
        size.rows - 1
    }

    /// Two cursors: for a table, of which this is the row, and an index of it.
    pub(super) fn add_cursors(&mut self, row: usize) -> usize {
        let innermost = self.frames.len() - 1;
        let FrameNames { size, scans, .. } = &mut self.frames[innermost];
        size.cursors += 2;
        scans.push((row, size.cursors - 2));
        size.cursors - 2
    }

    /// The scan of the frame that is planned whose rows name a rowid, if one does.
    pub(super) fn named_by(&self, rowid: &Scalar) -> Option<NamedBy> {
        let (row, place) = match rowid {
            Scalar::Column { row, place } => (*row, Some(*place)),
            Scalar::Rowid { row } => (*row, None),
            _ => return None,
        };
        let scans = &self.frames.last()?.scans;
        let (_, cursor) = scans.iter().rev().find(|(of, _)| *of == row)?;
        Some(NamedBy { cursor: *cursor, place })
    }
}
