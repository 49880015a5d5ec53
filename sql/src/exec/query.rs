//! A query that runs, from its first row to its last.

use std::cell::RefCell;
use std::sync::Arc;

use super::chunk::Chunk;
use super::frame::{Ctx, Frame, FunctionTables};
use super::open::operator;
use super::operator::{BoxOperator, with_env, with_values};
use super::pace::Pace;
use super::subquery::{Idle, Memory, Runtime};
use crate::error::Result;
use crate::expr::{ErrorSlot, Row, Scope, Shared};
use crate::func::Context;
use crate::plan::{FrameSize, Parts, QueryPlan, SelectPlan};
use crate::schema::Store;
use crate::store::Stores;
use crate::value::{ArenaBuffer, Value, ValueRef};

/// What was done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It was inserted.
    Insert,
    /// It was updated.
    Update,
    /// It was deleted.
    Delete,
}

/// Is told of rows that change.
pub trait Watch {
    /// A row was written or removed; the rowid is its new one.
    fn row_changed(&self, action: Action, store: Store, table: &str, rowid: i64);
}

/// What a statement is given to run.
#[derive(Clone, Copy)]
pub struct Given<'g> {
    /// Its parameters.
    pub parameters: &'g [Value],
    /// What functions learn.
    pub context: &'g dyn Context,
    /// Counts what it does, and may stop it.
    pub pace: &'g Pace,
    /// What table functions read.
    pub tables: &'g dyn FunctionTables,
    /// Who is told of rows that change.
    pub watch: Option<&'g dyn Watch>,
}

impl<'g> Given<'g> {
    /// What a query that runs was given, for another one inside it.
    #[must_use]
    pub fn of(ctx: &Ctx<'g, '_>) -> Given<'g> {
        let Shared { parameters, context, .. } = *ctx.shared;
        Given { parameters, context, pace: ctx.pace, tables: ctx.tables, watch: None }
    }

    /// Runs something with all that is around the frame of a query. What ran queries inside expressions is taken from
    /// `idle` and put back there.
    pub(super) fn with_ctx<'v, T>(
        self,
        parts: &Parts,
        memory: &Memory,
        stores: Stores<'v>,
        around: &[Row<'_>],
        idle: &mut Vec<Idle<'v>>,
        run: impl FnOnce(&Ctx<'_, 'v>) -> T,
    ) -> T {
        let Given { parameters, context, pace, tables, .. } = self;
        let subqueries = &*parts.subqueries;
        let frames = RefCell::new(std::mem::take(idle));
        let runtime = Runtime { stores, plans: subqueries, memory, pace, tables, frames };
        let error = ErrorSlot::default();
        let shared =
            Shared { parameters, constants: &parts.constants, context, subqueries: &runtime, error: &error };
        let scope = Scope { rows: around, outer: None };
        let outer = (!around.is_empty()).then_some(&scope);
        let result = run(&Ctx { shared: &shared, stores, outer, subqueries, pace, tables });
        *idle = runtime.frames.into_inner();
        result
    }
}

/// A query that runs.
pub struct Running<'v> {
    frame: Frame<'v>,
    root: BoxOperator,
    buffer: ArenaBuffer,
    started: bool,
}

impl<'v> Running<'v> {
    /// Before the first row.
    #[must_use]
    pub fn new(plan: &QueryPlan, size: FrameSize) -> Running<'v> {
        Running::with(operator(&plan.root), size)
    }

    /// The same, with operators that are there.
    fn with(root: BoxOperator, size: FrameSize) -> Running<'v> {
        Running { frame: Frame::new(size), root, buffer: ArenaBuffer::new(), started: false }
    }

    /// Hands the values of the next row to `take`; `None` after the last.
    ///
    /// # Errors
    /// Those of the engine, of expressions and of `take`.
    pub fn next<T>(
        &mut self,
        plan: &QueryPlan,
        ctx: &Ctx<'_, 'v>,
        take: impl for<'e> FnOnce(&[ValueRef<'e>]) -> Result<T>,
    ) -> Result<Option<T>> {
        if !self.started {
            self.root.open(&mut self.frame, ctx)?;
            self.started = true;
        }
        if !self.root.next(&mut self.frame, ctx)? {
            return Ok(None);
        }
        with_env(&mut self.buffer, &self.frame, ctx, |env| {
            with_values(&plan.output, env, |values| take(values).map(Some))
        })
    }
}

/// Hands the rows of a query to `take`, until it has had enough.
///
/// # Errors
/// Those of the engine, of expressions, and of `take`.
pub fn run_select(
    plan: &SelectPlan,
    stores: Stores<'_>,
    given: Given<'_>,
    take: impl FnMut(&[ValueRef<'_>]) -> Result<bool>,
) -> Result<()> {
    run_select_within(plan, stores, given, &[], take)
}

/// The same for a query in a program, with the rows that the program is about.
///
/// # Errors
/// As without.
pub(super) fn run_select_within(
    plan: &SelectPlan,
    stores: Stores<'_>,
    given: Given<'_>,
    around: &[Row<'_>],
    take: impl FnMut(&[ValueRef<'_>]) -> Result<bool>,
) -> Result<()> {
    Finder::default().run(plan, stores, given, around, take)
}

/// What a query keeps from one run to the next.
#[derive(Default)]
pub struct Finder {
    /// Its operators, if they are light.
    root: Option<BoxOperator>,
    /// Where the rows of its last run were kept, if they were few.
    room: Option<Arc<Chunk>>,
}

/// How many bytes of rows there is room for at first.
const FIRST_ROOM: usize = 256;

/// The room of rows that take more is given back.
const MOST_ROOM_KEPT: usize = 4096;

impl Finder {
    /// Room for the rows of a run, which is empty and belongs to nobody else.
    pub(super) fn room(&mut self) -> Arc<Chunk> {
        let mut room = self.room.take();
        match room.as_mut().and_then(Arc::get_mut) {
            Some(rows) => rows.clear(),
            None => room = None,
        }
        room.unwrap_or_else(|| Arc::new(Chunk::with_room(FIRST_ROOM)))
    }

    /// Takes rows that were found, so that the next run uses their room if they are gone by then.
    pub(super) fn keep_room(&mut self, rows: &Arc<Chunk>) {
        self.room = (rows.held_bytes() <= MOST_ROOM_KEPT).then(|| rows.clone());
    }

    /// Hands the rows of a query, always the same one, to `take`, until it has had enough. After an error the
    /// operators are made anew the next time.
    pub(super) fn run(
        &mut self,
        plan: &SelectPlan,
        stores: Stores<'_>,
        given: Given<'_>,
        around: &[Row<'_>],
        mut take: impl FnMut(&[ValueRef<'_>]) -> Result<bool>,
    ) -> Result<()> {
        let memory = Memory::new(plan.parts.subqueries.len());
        let root = self.root.take().unwrap_or_else(|| operator(&plan.query.root));
        given.with_ctx(&plan.parts, &memory, stores, around, &mut Vec::new(), |ctx| {
            let mut running = Running::with(root, plan.frame);
            while let Some(more) = running.next(&plan.query, ctx, &mut take)? {
                if !more {
                    break;
                }
            }
            self.root = plan.is_light().then_some(running.root);
            Ok(())
        })
    }
}
