//! [`Lookup`]: the direct way of queries that read one row by its rowid, or no table at all: no operators, no version to
//! hold.
//!
//! The stored row is copied, which costs less than holding what it is in; rows that are long are left to the operators.

use std::sync::Arc;

use super::output::Output;
use super::query::Given;
use super::rowids::exact_rowid;
use crate::codec::{Record, push_rowid};
use crate::error::{Error, Result};
use crate::expr::{Cells, Env, ErrorSlot, NoSubqueries, Row, Scalar, Scope, Shared};
use crate::plan::{Access, Node, Scan, SelectPlan};
use crate::store::Stores;
use crate::value::{ArenaBuffer, ValueRef};

/// Up to this length a row is copied, in bytes.
const SHORT_BYTES: usize = 4 << 10;

/// What it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// It is at the row.
    Found,
    /// There is no such row.
    Nothing,
    /// The row is long.
    Long,
}

/// A query that reads one row or none; see the head of the file.
pub struct Lookup {
    key: Vec<u8>,
    /// The row, once it was found; its bytes are used again if nobody else kept them.
    rows: [Row<'static>; 1],
    bytes: Arc<Vec<u8>>,
    output: Output,
    buffer: ArenaBuffer,
}

/// The scan and the rowid of a query that reads one row by it.
fn rowid_of_plan(plan: &SelectPlan) -> Option<(&Scan, &Scalar)> {
    let Node::Scan(scan) = &plan.query.root else { return None };
    let Access::Rowid(rowid, _) = &scan.access else { return None };
    (plan.frame.rows == 1 && scan.row == 0).then_some((&**scan, rowid))
}

impl Lookup {
    /// The way of this plan, if it is a plan of this kind.
    #[must_use]
    pub fn of(plan: &SelectPlan) -> Option<Lookup> {
        let is_direct = !Lookup::reads(plan) || rowid_of_plan(plan).is_some();
        (is_direct && plan.parts.subqueries.is_empty()).then(|| Lookup {
            key: Vec::with_capacity(8),
            rows: [Row::default()],
            bytes: Arc::default(),
            output: Output::new(plan),
            buffer: ArenaBuffer::new(),
        })
    }

    /// Whether a plan of this kind reads a table.
    #[must_use]
    pub fn reads(plan: &SelectPlan) -> bool {
        !matches!(plan.query.root, Node::One)
    }

    /// Computes the row of a query that reads none.
    ///
    /// # Errors
    /// Those of expressions.
    pub fn compute(&mut self, plan: &SelectPlan, given: Given<'_>) -> Result<Looked> {
        let Lookup { output, buffer, .. } = self;
        let error = ErrorSlot::default();
        let arena = buffer.arena();
        let shared = shared(plan, given, &error);
        let env = Env { scope: Scope { rows: &[], outer: None }, arena: &arena, shared: &shared };
        output.compute(plan, &env);
        error.check()?;
        Ok(Looked::Found)
    }

    /// Reads the row.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn find(&mut self, plan: &SelectPlan, stores: Stores<'_>, given: Given<'_>) -> Result<Looked> {
        let Some((scan, wanted)) = rowid_of_plan(plan) else { return Ok(Looked::Nothing) };
        let Lookup { key, rows, bytes, output, buffer } = self;
        rows[0] = Row::default();
        let error = ErrorSlot::default();
        let arena = buffer.arena();
        let shared = shared(plan, given, &error);
        let before = Env { scope: Scope { rows: &[], outer: None }, arena: &arena, shared: &shared };
        let rowid = exact_rowid(wanted.eval(&before));
        error.check()?;
        let Some(rowid) = rowid else { return Ok(Looked::Nothing) };
        key.clear();
        given.pace.read(1);
        push_rowid(key, rowid);
        let Some(found) = stores.get(scan.store, scan.tree, key)? else { return Ok(Looked::Nothing) };
        if found.len() > SHORT_BYTES {
            return Ok(Looked::Long);
        }
        Record::new(found).map_err(|_| Error::Malformed)?;
        match Arc::get_mut(bytes) {
            Some(bytes) => {
                bytes.clear();
                bytes.extend_from_slice(found);
            }
            None => *bytes = Arc::new(found.to_vec()),
        }
        rows[0] = Row { cells: Cells::Kept(bytes.clone(), 0..found.len()), rowid };
        let env = Env { scope: Scope { rows: &rows[..], outer: None }, arena: &arena, shared: &shared };
        let passes = scan.tests.iter().all(|test| test(&env));
        error.check()?;
        if !passes {
            return Ok(Looked::Nothing);
        }
        output.compute(plan, &env);
        error.check()?;
        Ok(Looked::Found)
    }

    /// A value of the row.
    ///
    /// # Errors
    /// Where stored bytes are malformed.
    pub fn value<'s>(&'s self, plan: &'s SelectPlan, place: usize) -> Result<ValueRef<'s>> {
        self.output.value(plan, place, &self.rows)
    }
}

/// What expressions without queries inside are given.
fn shared<'e>(plan: &'e SelectPlan, given: Given<'e>, error: &'e ErrorSlot) -> Shared<'e> {
    Shared {
        parameters: given.parameters,
        constants: &plan.parts.constants,
        context: given.context,
        subqueries: &NoSubqueries,
        error,
    }
}
