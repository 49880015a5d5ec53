//! [`Output`]: the values of the row that a query is at, for a caller who looks at it as long as it likes.
//!
//! Invariants:
//! 1. Values are computed once, when the query moves to the row. Columns that are stored as they are shown are not
//!    copied: they are read in place when they are asked for.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::expr::{Env, Row, Scalar};
use crate::plan::SelectPlan;
use crate::value::ValueRef;

/// The values of a row that had to be computed.
#[derive(Debug)]
pub(super) struct Output {
    values: Vec<Computed>,
    /// The text and blobs among them.
    bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Computed {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

impl Output {
    pub(super) fn new(plan: &SelectPlan) -> Output {
        Output { values: vec![Computed::Null; plan.query.output.len()], bytes: Vec::new() }
    }

    /// Computes the values of the current rows.
    pub(super) fn compute(&mut self, plan: &SelectPlan, env: &Env<'_>) {
        self.bytes.clear();
        for (scalar, value) in plan.query.output.iter().zip(self.values.iter_mut()) {
            if let Scalar::Computed(_) | Scalar::Parameter(_) = scalar {
                *value = keep(scalar.eval(env), &mut self.bytes);
            }
        }
    }

    /// The value at a place; `rows` are those it was computed of.
    pub(super) fn value<'s>(
        &'s self,
        plan: &'s SelectPlan,
        place: usize,
        rows: &'s [Row<'_>],
    ) -> Result<ValueRef<'s>> {
        let Some(scalar) = plan.query.output.get(place) else { return Ok(ValueRef::Null) };
        match scalar {
            Scalar::Number(value) => Ok(*value),
            Scalar::Constant(number) => Ok(plan.parts.constants[*number].as_ref()),
            Scalar::Column { row, place } => rows[*row].column(*place).map_err(|_| Error::Malformed),
            Scalar::Rowid { row } => Ok(rows[*row].rowid_value()),
            Scalar::Parameter(_) | Scalar::Computed(_) => Ok(match &self.values[place] {
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
