//! Subqueries in `FROM` that are no more than a selection become part of the query around them.
//!
//! 1. A subquery with grouping, windows, `DISTINCT` or `LIMIT` stays one, and so does one whose values are costly.
//! 2. On the right of a left join only plain columns are taken out: they are NULL together with their table.
//! 3. Its `ORDER BY` becomes that of a query which has none and nothing else that could tell; a join or another
//!    `ORDER BY` makes it pointless.

use std::collections::{BTreeSet, HashMap};

use crate::bound::{
    AggregateCall, Body, Column, Expr, From, JoinKind, OrderTerm, Place, Query, Select, Size, Slot, Source,
    SourceRows, rewrite_select, slots_of_from,
};
use crate::error::{Error, Result};
use crate::func;

/// More tables than this are not joined as one: beyond it a subquery stays one.
const MOST_TABLES: usize = 64;
/// A query that comes to more tables than this is refused, as by SQLite.
const MOST_TERMS: usize = 200;

/// A value larger than this is not put where its name stands, as names of names would make it grow without bound.
const MOST_OF_A_VALUE: Size = Size { parts: 1_000, height: 100 };

/// The values of the columns of slots that are gone.
type Gone = HashMap<Slot, Vec<Expr>>;

/// Flattens what can be flattened, innermost first.
///
/// # Errors
/// Where a query has too many tables.
pub(super) fn flatten(select: &mut Select) -> Result<()> {
    let Body::Query(query) = &mut select.body else { return Ok(()) };
    let Some(from) = query.from.take() else { return Ok(()) };
    let mut around = Around {
        tables: count_tables(&from),
        order: order_of(query, !select.order_by.is_empty(), matches!(from, From::Source(_))),
        filter: Vec::new(),
        order_by: Vec::new(),
        gone: Gone::new(),
    };
    query.from = Some(around.from(from)?);
    query.filter.append(&mut around.filter);
    if around.order == Order::Moved && !around.order_by.is_empty() {
        select.order_by = around.order_by;
    }
    if !around.gone.is_empty() {
        substitute(select, &around.gone);
    }
    Ok(())
}

/// What becomes of the order of a subquery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The query around takes it over.
    Moved,
    /// Nobody can tell.
    Dropped,
    /// It is needed where it is.
    Needed,
}

fn order_of(query: &Query, has_order: bool, alone: bool) -> Order {
    let any_order = |call: &AggregateCall| {
        matches!(call.function.body, func::Body::Aggregate(_))
            && matches!(&*call.function.name, "count" | "sum" | "avg" | "total" | "min" | "max")
    };
    let tells = query
        .aggregation
        .as_ref()
        .is_some_and(|aggregation| !aggregation.bare.is_empty() || !aggregation.calls.iter().all(any_order));
    if tells || !query.windows.is_empty() || (query.distinct.is_some() && !has_order) {
        Order::Needed
    } else if has_order || !alone || query.aggregation.is_some() {
        Order::Dropped
    } else {
        Order::Moved
    }
}

/// What becomes of a source.
enum Taken {
    /// The tables and conditions of a subquery.
    Out(From, Vec<Expr>),
    /// It stays as it is.
    Stays(Box<Source>),
}

/// The query that subqueries become part of.
struct Around {
    tables: usize,
    order: Order,
    filter: Vec<Expr>,
    order_by: Vec<OrderTerm>,
    gone: Gone,
}

impl Around {
    /// The tables of a part of `FROM` in which every condition may as well stand in `WHERE`.
    fn from(&mut self, from: From) -> Result<From> {
        match from {
            From::Source(source) => Ok(match self.take(source, &|_, _| true)? {
                Taken::Out(inner, mut conditions) => {
                    self.filter.append(&mut conditions);
                    inner
                }
                Taken::Stays(source) => From::Source(source),
            }),
            From::Join(mut join) => {
                match join.kind {
                    JoinKind::Inner | JoinKind::Cross => {
                        join.left = self.from(join.left)?;
                        join.right = self.from(join.right)?;
                    }
                    JoinKind::Left => {
                        join.left = self.from(join.left)?;
                        join.right = match join.right {
                            From::Source(source) => {
                                let is_own = |value: &Expr, own: &BTreeSet<Slot>| matches!(value, Expr::Column(column) if own.contains(&column.slot));
                                match self.take(source, &is_own)? {
                                    Taken::Out(inner, mut conditions) => {
                                        join.on.append(&mut conditions);
                                        inner
                                    }
                                    Taken::Stays(source) => From::Source(source),
                                }
                            }
                            joined => joined,
                        };
                    }
                    JoinKind::Right | JoinKind::Full => {}
                }
                Ok(From::Join(join))
            }
        }
    }

    /// The tables and conditions of a subquery that can be taken out; else the source as it is.
    fn take(
        &mut self,
        mut source: Box<Source>,
        fits: &dyn Fn(&Expr, &BTreeSet<Slot>) -> bool,
    ) -> Result<Taken> {
        let SourceRows::Select(select) = &mut source.rows else {
            return Ok(Taken::Stays(source));
        };
        flatten(select)?;
        if !is_plain(select) || (!select.order_by.is_empty() && self.order == Order::Needed) {
            return Ok(Taken::Stays(source));
        }
        let Body::Query(inner) = &mut select.body else { return Ok(Taken::Stays(source)) };
        let Some(from) = inner.from.take() else { return Ok(Taken::Stays(source)) };
        let mut own = BTreeSet::new();
        slots_of_from(&from, &mut own);
        let tables = self.tables + count_tables(&from) - 1;
        if tables > MOST_TERMS {
            return Err(Error::statement(format!("too many FROM clause terms, max: {MOST_TERMS}")));
        }
        if tables > MOST_TABLES || !inner.columns.iter().all(|column| fits(column, &own)) {
            inner.from = Some(from);
            return Ok(Taken::Stays(source));
        }
        self.tables = tables;
        self.order_by.append(&mut select.order_by);
        self.gone.insert(source.slot, std::mem::take(&mut inner.columns));
        Ok(Taken::Out(from, std::mem::take(&mut inner.filter)))
    }
}

fn count_tables(from: &From) -> usize {
    match from {
        From::Source(_) => 1,
        From::Join(join) => count_tables(&join.left) + count_tables(&join.right),
    }
}

/// Whether a query only selects and joins.
fn is_plain(select: &Select) -> bool {
    let Body::Query(query) = &select.body else { return false };
    query.from.is_some()
        && query.aggregation.is_none()
        && query.windows.is_empty()
        && query.distinct.is_none()
        && select.limit.is_none()
        && select.offset.is_none()
        && query.columns.iter().all(|column| is_cheap(column) && Size::of(column).fits(MOST_OF_A_VALUE))
}

/// Whether an expression may be evaluated in several places, or not at all, instead of once a row.
fn is_cheap(expr: &Expr) -> bool {
    !crate::bound::any(expr, &mut |part| match part {
        Expr::Subquery(..) | Expr::Exists(_) => true,
        Expr::Function(call) => call.function.volatility == crate::func::Volatility::Volatile,
        _ => false,
    })
}

/// Puts the values in place of the columns of slots that are gone.
fn substitute(select: &mut Select, gone: &Gone) {
    rewrite_select(select, &mut |part| {
        if let Expr::Column(Column { slot, place: Place::At(place), .. }) = part
            && let Some(value) = gone.get(slot).and_then(|columns| columns.get(*place))
        {
            *part = value.clone();
            return false;
        }
        true
    });
}
