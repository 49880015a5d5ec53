//! [`Stream`]: a query whose rows are asked for one at a time, for as long as the caller likes.
//!
//! It owns the versions it reads, and its frame borrows from them. Operators borrow nothing, so the frame can be made
//! anew in other versions between two rows ([`Stream::renew`]).

use duramen_engine::{ReadView, View};
use self_cell::self_cell;

use super::frame::Frame;
use super::open::operator;
use super::operator::{BoxOperator, with_env};
use super::output::Output;
use super::query::Given;
use super::subquery::{Idle, Memory};
use crate::error::Result;
use crate::plan::SelectPlan;
use crate::store::Stores;
use crate::value::{ArenaBuffer, ValueRef};

/// One version of each store.
#[derive(Clone, Debug)]
pub struct Views {
    /// The database.
    pub main: ReadView,
    /// The temporary objects.
    pub temp: Option<ReadView>,
}

impl Views {
    /// To be read.
    #[must_use]
    pub fn stores(&self) -> Stores<'_> {
        Stores { main: &self.main, temp: self.temp.as_ref().map(|temp| temp as &dyn View) }
    }
}

self_cell!(
    /// Versions, and what reads them.
    struct Reading {
        owner: Views,
        #[covariant]
        dependent: Reader,
    }
);

/// The frame of the query, and what ran queries inside its expressions.
struct Reader<'v> {
    frame: Frame<'v>,
    idle: Vec<Idle<'v>>,
}

impl<'v> Reader<'v> {
    fn new(frame: Frame<'v>) -> Reader<'v> {
        Reader { frame, idle: Vec::new() }
    }
}

/// A query whose rows are asked for one at a time; see the head of the file.
pub struct Stream {
    reading: Option<Reading>,
    root: BoxOperator,
    started: bool,
    memory: Memory,
    buffer: ArenaBuffer,
    output: Output,
}

impl Stream {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(plan: &SelectPlan) -> Stream {
        Stream {
            reading: None,
            root: operator(&plan.query.root),
            started: false,
            memory: Memory::new(plan.parts.subqueries.len()),
            buffer: ArenaBuffer::new(),
            output: Output::new(plan),
        }
    }

    /// Goes before the first row in these versions.
    pub fn start(&mut self, plan: &SelectPlan, views: Views) {
        self.reading = Some(Reading::new(views, |_| Reader::new(Frame::new(plan.frame))));
        self.started = false;
    }

    /// Lets go of what it reads.
    pub fn end(&mut self) {
        self.reading = None;
    }

    /// Goes on in other versions, behind the row it is at.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn renew(&mut self, views: Views) -> Result<()> {
        let Some(reading) = &self.reading else { return Ok(()) };
        let frame = &reading.borrow_dependent().frame;
        self.reading = Some(Reading::try_new(views, |views| frame.renewed(views.stores()).map(Reader::new))?);
        Ok(())
    }

    /// Moves to the next row; false after the last. Then it is not called again.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn next(&mut self, plan: &SelectPlan, given: Given<'_>) -> Result<bool> {
        let Stream { reading, root, started, memory, buffer, output } = self;
        let Some(reading) = reading else { return Ok(false) };
        reading.with_dependent_mut(|views, Reader { frame, idle }| {
            given.with_ctx(&plan.parts, memory, views.stores(), &[], idle, |ctx| {
                if !*started {
                    root.open(frame, ctx)?;
                    *started = true;
                }
                if !root.next(frame, ctx)? {
                    return Ok(false);
                }
                with_env(buffer, frame, ctx, |env| {
                    output.compute(plan, env);
                    Ok(true)
                })
            })
        })
    }

    /// A value of the row it is at.
    ///
    /// # Errors
    /// Where stored bytes are malformed.
    pub fn value<'s>(&'s self, plan: &'s SelectPlan, place: usize) -> Result<ValueRef<'s>> {
        match &self.reading {
            Some(reading) => self.output.value(plan, place, &reading.borrow_dependent().frame.rows),
            None => Ok(ValueRef::Null),
        }
    }
}
