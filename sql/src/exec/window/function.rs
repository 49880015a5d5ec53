//! The value of a window function for a row.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Range;

use super::bounds::Bounds;
use super::partition::{Partition, Sorted};
use crate::error::{Error, Result};
use crate::func::{Aggregate, AggregateKind, Body, Call, WindowKind};
use crate::plan::{SortKey, WindowCall};
use crate::value::{Affinity, ValueRef, add, compare, subtract};

/// A window function that moves from row to row.
pub(super) struct Function {
    pub(super) bounds: Bounds,
    /// The columns of its arguments.
    arguments: Vec<usize>,
    /// The column that tells whether a row counts.
    filter: Option<usize>,
    kind: Kind,
}

/// How its value is found.
enum Kind {
    /// By counting, or by looking at another row.
    Window(WindowKind, Counts),
    /// From the rows in the frame, which come and go.
    Sliding(Aggregate, Range<usize>),
    /// `min` and `max`: the rows that are the best of all behind them.
    Extreme(Ordering, VecDeque<usize>, Range<usize>),
    /// From all rows of the frame, anew for each.
    Anew,
}

/// What functions that count remember of the partition.
#[derive(Default)]
struct Counts {
    /// The number of parts that `ntile` makes.
    parts: Option<usize>,
}

/// What is the same for all functions of a row.
pub(super) struct At<'r, 'a> {
    pub(super) rows: &'a Sorted,
    pub(super) partition: &'r Partition,
    pub(super) order_by: &'r [SortKey],
    pub(super) place: usize,
}

impl Function {
    pub(super) fn new(
        call: &WindowCall,
        bounds: Bounds,
        arguments: Vec<usize>,
        filter: Option<usize>,
    ) -> Result<Function> {
        let kind = match (&call.call.function.body, call.call.function.start()) {
            (Body::Window(kind), _) => Kind::Window(*kind, Counts::default()),
            (_, None) => {
                let name = &call.call.function.name;
                return Err(Error::statement(format!("misuse of window function {name}()")));
            }
            _ if bounds.has_holes() => Kind::Anew,
            (Body::Aggregate(kind), _) if !kind.has_inverse() && !bounds.only_grows() => {
                let wanted = if *kind == AggregateKind::Min { Ordering::Less } else { Ordering::Greater };
                Kind::Extreme(wanted, VecDeque::new(), 0..0)
            }
            (_, Some(aggregate)) => Kind::Sliding(aggregate, 0..0),
        };
        Ok(Function { bounds, arguments, filter, kind })
    }

    /// Goes before the first row of a partition.
    pub(super) fn restart(&mut self, call: &WindowCall, partition: &Partition) {
        self.bounds.restart(partition);
        let before = partition.places.start..partition.places.start;
        match &mut self.kind {
            Kind::Window(_, counts) => *counts = Counts::default(),
            Kind::Sliding(aggregate, held) => {
                *held = before;
                if let Some(fresh) = call.call.function.start() {
                    *aggregate = fresh;
                }
            }
            Kind::Extreme(_, best, held) => {
                best.clear();
                *held = before;
            }
            Kind::Anew => {}
        }
    }

    /// The value for the row that comes next.
    pub(super) fn value<'a>(
        &mut self,
        window: &WindowCall,
        call: &Call<'_, 'a>,
        at: &At<'_, 'a>,
    ) -> Result<ValueRef<'a>> {
        if let Kind::Window(kind, counts) = &mut self.kind {
            return match kind {
                WindowKind::FirstValue | WindowKind::LastValue | WindowKind::NthValue => {
                    let kind = *kind;
                    self.of_frame(kind, at)
                }
                WindowKind::Lag | WindowKind::Lead => neighbour(*kind, &self.arguments, at),
                _ => counts.value(*kind, &self.arguments, at),
            };
        }
        let frame = self.bounds.at(at.place, at.partition, at.rows, at.order_by)?;
        let rows = Members { rows: at.rows, arguments: &self.arguments, filter: self.filter };
        match &mut self.kind {
            Kind::Sliding(aggregate, held) => {
                rows.remove(aggregate, call, held.start..frame.start.min(held.end))?;
                held.start = held.start.max(frame.start.min(held.end));
                rows.add(aggregate, call, held.end..frame.end)?;
                held.end = held.end.max(frame.end);
                rows.remove(aggregate, call, held.start..frame.start.min(held.end))?;
                held.start = held.start.max(frame.start.min(held.end));
                aggregate.value(call)
            }
            Kind::Extreme(wanted, best, held) => {
                for place in held.end..frame.end {
                    rows.offer(*wanted, best, call, place)?;
                }
                held.end = held.end.max(frame.end);
                while best.front().is_some_and(|place| *place < frame.start) {
                    best.pop_front();
                }
                match best.front() {
                    Some(place) => at.rows.value(*place, self.arguments[0]),
                    None => Ok(ValueRef::Null),
                }
            }
            Kind::Anew | Kind::Window(..) => {
                let Some(mut aggregate) = window.call.function.start() else { return Ok(ValueRef::Null) };
                for part in self.bounds.parts(frame, at.place, at.partition) {
                    rows.add(&mut aggregate, call, part)?;
                }
                aggregate.value(call)
            }
        }
    }

    /// The value of one row of the frame.
    fn of_frame<'a>(&mut self, kind: WindowKind, at: &At<'_, 'a>) -> Result<ValueRef<'a>> {
        let frame = self.bounds.at(at.place, at.partition, at.rows, at.order_by)?;
        let parts = self.bounds.parts(frame, at.place, at.partition);
        let place = match kind {
            WindowKind::FirstValue => parts.into_iter().find(|part| !part.is_empty()).map(|part| part.start),
            WindowKind::LastValue => {
                parts.into_iter().rev().find(|part| !part.is_empty()).map(|part| part.end - 1)
            }
            _ => {
                let number = at.rows.value(at.place, self.arguments[1])?;
                let number = positive(number, "second argument to nth_value must be a positive integer")?;
                parts.into_iter().flatten().nth(number - 1)
            }
        };
        place.map_or(Ok(ValueRef::Null), |place| at.rows.value(place, self.arguments[0]))
    }
}

/// An argument that counts something.
fn positive(value: ValueRef<'_>, otherwise: &str) -> Result<usize> {
    match Affinity::Integer.apply_numeric(value) {
        ValueRef::Integer(number @ 1..) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        _ => Err(Error::Evaluation(otherwise.into())),
    }
}

/// The value of a row some places before or behind.
fn neighbour<'a>(kind: WindowKind, arguments: &[usize], at: &At<'_, 'a>) -> Result<ValueRef<'a>> {
    let offset = match arguments.get(1) {
        Some(column) => at.rows.value(at.place, *column)?,
        None => ValueRef::Integer(1),
    };
    let start = at.partition.places.start;
    let here = ValueRef::Integer(i64::try_from(at.place - start).unwrap_or(i64::MAX));
    let there = match kind {
        WindowKind::Lag => subtract(here, offset),
        _ => add(here, offset),
    };
    let place = match Affinity::Integer.apply_numeric(there) {
        ValueRef::Integer(number) => {
            usize::try_from(number).ok().and_then(|number| start.checked_add(number))
        }
        _ => None,
    };
    match (place, arguments.get(2)) {
        (Some(place), _) if place < at.partition.places.end => at.rows.value(place, arguments[0]),
        (_, Some(otherwise)) => at.rows.value(at.place, *otherwise),
        _ => Ok(ValueRef::Null),
    }
}

impl Counts {
    fn value<'a>(&mut self, kind: WindowKind, arguments: &[usize], at: &At<'_, 'a>) -> Result<ValueRef<'a>> {
        let places = &at.partition.places;
        let (row, peers) = (at.place - places.start, at.partition.peers());
        let integer = |number: usize| ValueRef::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let rank = peers.start - places.start + 1;
        Ok(match kind {
            WindowKind::RowNumber => integer(row + 1),
            WindowKind::Rank => integer(rank),
            WindowKind::DenseRank => integer(at.partition.group + 1),
            WindowKind::PercentRank if places.len() == 1 => ValueRef::Real(0.0),
            WindowKind::PercentRank => share(rank - 1, places.len() - 1),
            WindowKind::CumeDist => share(peers.end - places.start, places.len()),
            _ => {
                let parts = match self.parts {
                    Some(parts) => parts,
                    None => {
                        let number = at.rows.value(at.place, arguments[0])?;
                        positive(number, "argument of ntile must be a positive integer")?
                    }
                };
                self.parts = Some(parts);
                integer(part_of(row, places.len(), parts) + 1)
            }
        })
    }
}

/// A quotient of counts.
fn share(part: usize, whole: usize) -> ValueRef<'static> {
    let real = |number: usize| ValueRef::Integer(i64::try_from(number).unwrap_or(i64::MAX)).to_real();
    ValueRef::real(real(part) / real(whole))
}

/// In which of `parts` nearly equal parts of `all` rows a row is; the larger parts come first.
fn part_of(row: usize, all: usize, parts: usize) -> usize {
    let (size, larger) = (all / parts, all % parts);
    let in_larger = larger * (size + 1);
    if row < in_larger || size == 0 { row / (size + 1) } else { larger + (row - in_larger) / size }
}

/// The rows that an aggregate takes.
struct Members<'r, 'a> {
    rows: &'a Sorted,
    arguments: &'r [usize],
    filter: Option<usize>,
}

impl<'a> Members<'_, 'a> {
    fn counts(&self, place: usize) -> Result<bool> {
        match self.filter {
            Some(column) => Ok(self.rows.value(place, column)?.to_integer() != 0),
            None => Ok(true),
        }
    }

    fn add(&self, aggregate: &mut Aggregate, call: &Call<'_, 'a>, places: Range<usize>) -> Result<()> {
        let mut values = Vec::new();
        for place in places {
            if self.counts(place)? {
                values.clear();
                self.rows.values(place, self.arguments.iter().copied(), &mut values)?;
                aggregate.step(call, &values)?;
            }
        }
        Ok(())
    }

    fn remove(&self, aggregate: &mut Aggregate, call: &Call<'_, 'a>, places: Range<usize>) -> Result<()> {
        let mut values = Vec::new();
        for place in places {
            if self.counts(place)? {
                values.clear();
                self.rows.values(place, self.arguments.iter().copied(), &mut values)?;
                aggregate.inverse(call, &values)?;
            }
        }
        Ok(())
    }

    /// Puts a row behind those that are better, and drops those that it is as good as.
    fn offer(
        &self,
        wanted: Ordering,
        best: &mut VecDeque<usize>,
        call: &Call<'_, 'a>,
        place: usize,
    ) -> Result<()> {
        let value = self.rows.value(place, self.arguments[0])?;
        if value.is_null() || !self.counts(place)? {
            return Ok(());
        }
        while let Some(last) = best.back() {
            let last = self.rows.value(*last, self.arguments[0])?;
            if compare(last, value, call.collation) == wanted {
                break;
            }
            best.pop_back();
        }
        best.push_back(place);
        Ok(())
    }
}
