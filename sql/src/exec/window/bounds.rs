//! Where a frame starts and ends.
//!
//! Both ends only ever move forward while the rows of a partition are given.

use std::ops::Range;

use super::partition::{Partition, Sorted};
use crate::ast::{FrameExclude, FrameUnit};
use crate::error::{Error, Result};
use crate::exec::keys::push_sorted;
use crate::plan::{FrameBound, SortKey, WindowCall};
use crate::value::{Affinity, Value, ValueRef, add, subtract};

/// How far an end of a frame is from the row.
pub(super) enum End {
    Unbounded,
    CurrentRow,
    /// This many rows or groups before it, or behind it.
    Before(usize),
    Behind(usize),
    /// This much smaller or larger.
    Below(Value),
    Above(Value),
}

impl End {
    /// The end that a bound describes, once its offset is known.
    pub(super) fn new(bound: &FrameBound, unit: FrameUnit, offset: ValueRef<'_>, name: &str) -> Result<End> {
        let is_before = match bound {
            FrameBound::Unbounded => return Ok(End::Unbounded),
            FrameBound::CurrentRow => return Ok(End::CurrentRow),
            FrameBound::Preceding(_) => true,
            FrameBound::Following(_) => false,
        };
        let wrong =
            |what: &str| Error::Evaluation(format!("frame {name} offset must be a non-negative {what}"));
        let number = Affinity::Numeric.apply_numeric(offset);
        if unit == FrameUnit::Range {
            let fits = match number {
                ValueRef::Integer(integer) => integer >= 0,
                ValueRef::Real(real) => real >= 0.0,
                _ => false,
            };
            return match (fits, is_before) {
                (false, _) => Err(wrong("number")),
                (true, true) => Ok(End::Below(number.to_value())),
                (true, false) => Ok(End::Above(number.to_value())),
            };
        }
        let ValueRef::Integer(count @ 0..) = number else { return Err(wrong("integer")) };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(if is_before { End::Before(count) } else { End::Behind(count) })
    }
}

/// The frame of a function, moving from row to row.
pub(super) struct Bounds {
    unit: FrameUnit,
    start: End,
    end: End,
    exclude: FrameExclude,
    /// The column with the value that `RANGE` adds to.
    order_column: usize,
    /// How far the ends of a `RANGE` came.
    reached: Range<usize>,
}

impl Bounds {
    pub(super) fn new(call: &WindowCall, start: End, end: End, order_column: usize) -> Bounds {
        Bounds { unit: call.unit, start, end, exclude: call.exclude, order_column, reached: 0..0 }
    }

    /// Whether the first row of the partition is in all frames.
    pub(super) fn only_grows(&self) -> bool {
        matches!(self.start, End::Unbounded)
    }

    /// Whether frames leave out rows between their ends.
    pub(super) fn has_holes(&self) -> bool {
        self.exclude != FrameExclude::NoOthers
    }

    /// Goes before the first row of a partition.
    pub(super) fn restart(&mut self, partition: &Partition) {
        self.reached = partition.places.start..partition.places.start;
    }

    /// The frame of the row at a place, without what is left out; where its end is before its start it is empty.
    pub(super) fn at(
        &mut self,
        place: usize,
        partition: &Partition,
        rows: &Sorted,
        order_by: &[SortKey],
    ) -> Result<Range<usize>> {
        let (first, last) = (partition.places.start, partition.places.end);
        let start = match &self.start {
            End::Unbounded => first,
            End::CurrentRow if self.unit == FrameUnit::Rows => place,
            End::CurrentRow => partition.peers().start,
            End::Before(count) => match self.unit {
                FrameUnit::Groups => partition.group_start(partition.group.saturating_sub(*count)),
                _ => place.saturating_sub(*count).max(first),
            },
            End::Behind(count) => match self.unit {
                FrameUnit::Groups => partition.group_start(partition.group.saturating_add(*count)),
                _ => place.saturating_add(*count).min(last),
            },
            End::Below(_) | End::Above(_) => {
                let mut at = self.reached.start;
                let offset = Offset { rows, column: self.order_column, order_by };
                while at < last && offset.is_before(at, place, &self.start)? {
                    at += 1;
                }
                self.reached.start = at;
                at
            }
        };
        let end = match &self.end {
            End::Unbounded => last,
            End::CurrentRow if self.unit == FrameUnit::Rows => place + 1,
            End::CurrentRow => partition.peers().end,
            End::Before(count) => match self.unit {
                FrameUnit::Groups => match partition.group.checked_sub(*count) {
                    Some(group) => partition.group_start(group + 1),
                    None => first,
                },
                _ => (place + 1).saturating_sub(*count).max(first),
            },
            End::Behind(count) => match self.unit {
                FrameUnit::Groups => {
                    partition.group_start(partition.group.saturating_add(*count).saturating_add(1))
                }
                _ => place.saturating_add(*count).saturating_add(1).min(last),
            },
            End::Below(_) | End::Above(_) => {
                let mut at = self.reached.end;
                let offset = Offset { rows, column: self.order_column, order_by };
                while at < last && !offset.is_past(at, place, &self.end)? {
                    at += 1;
                }
                self.reached.end = at;
                at
            }
        };
        Ok(start..end)
    }

    /// The parts of a frame that are left when the rows to leave out are gone.
    pub(super) fn parts(
        &self,
        frame: Range<usize>,
        place: usize,
        partition: &Partition,
    ) -> [Range<usize>; 3] {
        let gone = match self.exclude {
            FrameExclude::NoOthers => return [frame, 0..0, 0..0],
            FrameExclude::CurrentRow => place..place + 1,
            FrameExclude::Group | FrameExclude::Ties => partition.peers(),
        };
        let row = match self.exclude {
            FrameExclude::Ties => frame.start.max(place)..frame.end.min(place + 1),
            _ => 0..0,
        };
        [frame.start..frame.end.min(gone.start), row, frame.start.max(gone.end)..frame.end]
    }
}

/// Compares values of `ORDER BY` that are an offset apart.
///
/// It is always the earlier row to whose value the offset is added: reals are rounded, so it matters.
struct Offset<'r> {
    rows: &'r Sorted,
    column: usize,
    order_by: &'r [SortKey],
}

impl Offset<'_> {
    /// Whether the row `at` is before the frame of the one at `place` that starts there.
    fn is_before(&self, at: usize, place: usize, start: &End) -> Result<bool> {
        Ok(match start {
            End::Below(offset) => *self.shifted(at, offset)? < *self.rows.order_key(place),
            End::Above(offset) => *self.rows.order_key(at) < *self.shifted(place, offset)?,
            _ => false,
        })
    }

    /// Whether the row `at` is behind the frame of the one at `place` that ends there.
    fn is_past(&self, at: usize, place: usize, end: &End) -> Result<bool> {
        Ok(match end {
            End::Below(offset) => *self.shifted(at, offset)? > *self.rows.order_key(place),
            End::Above(offset) => *self.rows.order_key(at) > *self.shifted(place, offset)?,
            _ => false,
        })
    }

    /// The key of the value of a row, moved towards the later rows. What is no number is not moved.
    fn shifted(&self, at: usize, offset: &Value) -> Result<Vec<u8>> {
        let value = self.rows.value(at, self.column)?;
        let mut key = Vec::new();
        if let Some(sort) = self.order_by.first() {
            let moved = match value {
                ValueRef::Integer(_) | ValueRef::Real(_) if sort.descending => {
                    subtract(value, offset.as_ref())
                }
                ValueRef::Integer(_) | ValueRef::Real(_) => add(value, offset.as_ref()),
                _ => value,
            };
            push_sorted(&mut key, moved, sort);
        }
        Ok(key)
    }
}
