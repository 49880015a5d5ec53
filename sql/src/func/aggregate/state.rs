//! The states of aggregates.

use std::cmp::Ordering;
use std::fmt;

use super::concat::Concat;
use super::percentile::{Numbers, Percentile};
use super::sum::Sum;
use crate::error::Result;
use crate::func::context::Call;
use crate::value::{Value, ValueRef, compare};

/// Which built-in aggregate it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateKind {
    /// `count(*)` and `count(x)`
    Count,
    /// `sum(x)`
    Sum,
    /// `total(x)`
    Total,
    /// `avg(x)`
    Average,
    /// `min(x)`
    Min,
    /// `max(x)`
    Max,
    /// `group_concat(x)`, `group_concat(x, separator)` and `string_agg(x, separator)`
    Concat,
    /// `median` and the `percentile`s
    Percentile(Percentile),
}

impl AggregateKind {
    /// The state before any row.
    #[must_use]
    pub fn start(self) -> Aggregate {
        match self {
            AggregateKind::Count => Aggregate::Count(0),
            AggregateKind::Sum => Aggregate::Sum(Sum::default()),
            AggregateKind::Total => Aggregate::Total(Sum::default()),
            AggregateKind::Average => Aggregate::Average(Sum::default()),
            AggregateKind::Min => Aggregate::Best(Ordering::Less, None),
            AggregateKind::Max => Aggregate::Best(Ordering::Greater, None),
            AggregateKind::Concat => Aggregate::Concat(Box::default()),
            AggregateKind::Percentile(kind) => Aggregate::Percentile(Box::new(Numbers::new(kind))),
        }
    }

    /// Whether rows can be let go one by one. For others a window is computed anew when its frame loses rows.
    #[must_use]
    pub fn has_inverse(self) -> bool {
        !matches!(self, AggregateKind::Min | AggregateKind::Max)
    }
}

/// An aggregate that a program defines.
pub trait HostAggregate: Send {
    /// Takes a row in.
    fn step(&mut self, args: &[ValueRef<'_>]) -> Result<()>;

    /// Lets the oldest row go. Called only for functions that are registered as window functions.
    fn inverse(&mut self, args: &[ValueRef<'_>]) -> Result<()>;

    /// The result over the rows that are in.
    fn value(&mut self) -> Result<Value>;
}

/// What a step did with its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// For `min` and `max`: the row is the one that the result now comes from. Columns outside of aggregates take
    /// their values from it.
    AsResult,
    /// Anything else.
    Into,
}

/// The state of an aggregate over some rows.
///
/// After an error the state is as good as undefined; it is to be dropped.
pub enum Aggregate {
    /// `count`
    Count(i64),
    /// `sum`
    Sum(Sum),
    /// `total`
    Total(Sum),
    /// `avg`
    Average(Sum),
    /// `min` ([`Ordering::Less`]) and `max` ([`Ordering::Greater`]), and the best value so far.
    Best(Ordering, Option<Value>),
    /// `group_concat`
    Concat(Box<Concat>),
    /// `median` and the `percentile`s
    Percentile(Box<Numbers>),
    /// Defined by the program.
    Host(Box<dyn HostAggregate>),
}

impl fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aggregate::Count(count) => f.debug_tuple("Count").field(count).finish(),
            Aggregate::Sum(sum) | Aggregate::Total(sum) | Aggregate::Average(sum) => sum.fmt(f),
            Aggregate::Best(order, best) => f.debug_tuple("Best").field(order).field(best).finish(),
            Aggregate::Concat(concat) => concat.fmt(f),
            Aggregate::Percentile(numbers) => numbers.fmt(f),
            Aggregate::Host(_) => f.write_str("Host"),
        }
    }
}

impl Aggregate {
    /// Takes a row in. `args` may be empty for `count(*)`.
    #[inline(always)]
    pub fn step<'a>(&mut self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Result<Taken> {
        match self {
            Aggregate::Count(count) => *count += i64::from(counts(args)),
            Aggregate::Sum(sum) | Aggregate::Total(sum) | Aggregate::Average(sum) => sum.add(&args[0]),
            Aggregate::Best(wanted, best) => return Ok(take_best(*wanted, best, call, &args[0])),
            Aggregate::Concat(concat) => concat.add(call, args)?,
            Aggregate::Percentile(numbers) => numbers.add(call, args)?,
            Aggregate::Host(host) => host.step(args)?,
        }
        Ok(Taken::Into)
    }

    /// Lets the oldest row go that is in. Not for `min` and `max`; see [`AggregateKind::has_inverse`].
    pub fn inverse<'a>(&mut self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Result<()> {
        match self {
            Aggregate::Count(count) => *count -= i64::from(counts(args)),
            Aggregate::Sum(sum) | Aggregate::Total(sum) | Aggregate::Average(sum) => sum.remove(args[0]),
            Aggregate::Best(..) => {}
            Aggregate::Concat(concat) => concat.remove(call, args),
            Aggregate::Percentile(numbers) => numbers.remove(args[0]),
            Aggregate::Host(host) => host.inverse(args)?,
        }
        Ok(())
    }

    /// The result over the rows that are in; it may be asked for again after more rows.
    pub fn value<'a>(&mut self, call: &Call<'_, 'a>) -> Result<ValueRef<'a>> {
        Ok(match self {
            Aggregate::Count(count) => ValueRef::Integer(*count),
            Aggregate::Sum(sum) => sum.sum()?,
            Aggregate::Total(sum) => sum.total(),
            Aggregate::Average(sum) => sum.average(),
            Aggregate::Best(_, best) => best.as_ref().map_or(ValueRef::Null, |best| owned(call, best)),
            Aggregate::Concat(concat) => concat.value(call)?,
            Aggregate::Percentile(numbers) => numbers.value(),
            Aggregate::Host(host) => owned(call, &host.value()?),
        })
    }
}

fn counts(args: &[ValueRef<'_>]) -> bool {
    args.first().is_none_or(|argument| !argument.is_null())
}

fn take_best<'a>(
    wanted: Ordering,
    best: &mut Option<Value>,
    call: &Call<'_, 'a>,
    value: &ValueRef<'a>,
) -> Taken {
    let is_better = match best {
        _ if value.is_null() => return if best.is_none() { Taken::AsResult } else { Taken::Into },
        None => true,
        Some(best) => compare(*value, best.as_ref(), call.collation) == wanted,
    };
    if !is_better {
        return Taken::Into;
    }
    *best = Some(value.to_value());
    Taken::AsResult
}

/// A copy in the arena of the call.
fn owned<'a>(call: &Call<'_, 'a>, value: &Value) -> ValueRef<'a> {
    match value.as_ref() {
        ValueRef::Null => ValueRef::Null,
        ValueRef::Integer(integer) => ValueRef::Integer(integer),
        ValueRef::Real(real) => ValueRef::Real(real),
        ValueRef::Text(text) => ValueRef::Text(call.arena.copy(text)),
        ValueRef::Blob(blob) => ValueRef::Blob(call.arena.copy(blob)),
    }
}

#[cfg(test)]
mod tests;
