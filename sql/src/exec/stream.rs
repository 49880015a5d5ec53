//! [`Stream`]: a query whose rows are asked for one at a time, for as long as the caller likes.
//!
//! It owns the versions it reads, and its frame borrows from them. Operators borrow nothing, so the frame can be made
//! anew in other versions between two rows ([`Stream::renew`]).
//!
//! Invariants:
//! 1. The values of a row are computed once, when the stream moves to it. Columns that are stored as they are shown are
//!    not copied: they are read in place when they are asked for.

use std::ops::Range;

use duramen_engine::{ReadView, View};
use self_cell::self_cell;

use super::frame::Frame;
use super::open::operator;
use super::operator::{BoxOperator, with_env};
use super::query::Given;
use super::subquery::Memory;
use crate::error::{Error, Result};
use crate::expr::Scalar;
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
    /// Versions, and the frame that reads them.
    struct Reading {
        owner: Views,
        #[covariant]
        dependent: Frame,
    }
);

/// A query whose rows are asked for one at a time; see the head of the file.
pub struct Stream {
    reading: Reading,
    root: BoxOperator,
    started: bool,
    memory: Memory,
    buffer: ArenaBuffer,
    computed: Vec<Computed>,
    /// The text and blobs of `computed`.
    bytes: Vec<u8>,
}

/// A value of the current row that is not stored as it is shown.
#[derive(Clone, Debug, Default)]
enum Computed {
    #[default]
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

impl Stream {
    /// Before the first row.
    #[must_use]
    pub fn new(plan: &SelectPlan, views: Views) -> Stream {
        Stream {
            reading: Reading::new(views, |_| Frame::new(plan.frame)),
            root: operator(&plan.query.root),
            started: false,
            memory: Memory::new(plan.parts.subqueries.len()),
            buffer: ArenaBuffer::new(),
            computed: vec![Computed::Null; plan.query.output.len()],
            bytes: Vec::new(),
        }
    }

    /// Goes on in other versions, behind the row it is at.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn renew(&mut self, views: Views) -> Result<()> {
        let frame = self.reading.borrow_dependent();
        self.reading = Reading::try_new(views, |views| frame.renewed(views.stores()))?;
        Ok(())
    }

    /// Moves to the next row; false after the last. Then it is not called again.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn next(&mut self, plan: &SelectPlan, given: Given<'_>) -> Result<bool> {
        let Stream { reading, root, started, memory, buffer, computed, bytes } = self;
        reading.with_dependent_mut(|views, frame| {
            given.with_ctx(&plan.parts, memory, views.stores(), &[], |ctx| {
                if !*started {
                    root.open(frame, ctx)?;
                    *started = true;
                }
                if !root.next(frame, ctx)? {
                    return Ok(false);
                }
                bytes.clear();
                with_env(buffer, frame, ctx, |env| {
                    for (scalar, computed) in plan.query.output.iter().zip(computed.iter_mut()) {
                        if let Scalar::Computed(eval) = scalar {
                            *computed = keep(eval(env), bytes);
                        } else if let Scalar::Parameter(_) = scalar {
                            *computed = keep(scalar.eval(env), bytes);
                        }
                    }
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
        let Some(scalar) = plan.query.output.get(place) else { return Ok(ValueRef::Null) };
        match scalar {
            Scalar::Number(value) => Ok(*value),
            Scalar::Constant(number) => Ok(plan.parts.constants[*number].as_ref()),
            Scalar::Column { row, place } => {
                self.reading.borrow_dependent().rows[*row].column(*place).map_err(|_| Error::Malformed)
            }
            Scalar::Rowid { row } => Ok(self.reading.borrow_dependent().rows[*row].rowid_value()),
            Scalar::Parameter(_) | Scalar::Computed(_) => Ok(match &self.computed[place] {
                Computed::Null => ValueRef::Null,
                Computed::Integer(integer) => ValueRef::Integer(*integer),
                Computed::Real(real) => ValueRef::Real(*real),
                Computed::Text(range) => ValueRef::Text(&self.bytes[range.clone()]),
                Computed::Blob(range) => ValueRef::Blob(&self.bytes[range.clone()]),
            }),
        }
    }
}

fn keep(value: ValueRef<'_>, bytes: &mut Vec<u8>) -> Computed {
    let mut put = |part: &[u8]| {
        let start = bytes.len();
        bytes.extend_from_slice(part);
        start..bytes.len()
    };
    match value {
        ValueRef::Null => Computed::Null,
        ValueRef::Integer(integer) => Computed::Integer(integer),
        ValueRef::Real(real) => Computed::Real(real),
        ValueRef::Text(text) => Computed::Text(put(text)),
        ValueRef::Blob(blob) => Computed::Blob(put(blob)),
    }
}
