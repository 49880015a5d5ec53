//! Functions on values of any class, and those that ask the connection.

use std::cmp::Ordering;

use crate::error::Result;
use crate::func::context::Call;
use crate::value::{ValueRef, compare};

type Args<'v, 'a> = &'v [ValueRef<'a>];
type Output<'a> = Result<ValueRef<'a>>;

/// The version of SQLite whose behaviour is followed.
pub const SQLITE_VERSION: &str = "3.54.1";

pub(super) fn type_of<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::text(args[0].class().name()))
}

/// The first argument that is not NULL.
pub(super) fn coalesce<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    Ok(args.iter().copied().find(|argument| !argument.is_null()).unwrap_or_default())
}

/// `iif(condition, value, condition, value, ..., otherwise)`
pub(super) fn iif<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    for pair in args.chunks(2) {
        match *pair {
            [condition, value] if condition.to_bool() == Some(true) => return Ok(value),
            [otherwise] => return Ok(otherwise),
            _ => {}
        }
    }
    Ok(ValueRef::Null)
}

/// `likely`, `unlikely`, `likelihood`: the first argument.
pub(super) fn first<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    Ok(args[0])
}

pub(super) fn nullif<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let is_equal = compare(args[0], args[1], call.collation) == Ordering::Equal;
    Ok(if is_equal { ValueRef::Null } else { args[0] })
}

/// The smallest argument, the last one of several; NULL if one is NULL.
pub(super) fn min<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    best(args, |a, b| compare(a, b, call.collation) != Ordering::Less)
}

/// The largest argument, the first one of several; NULL if one is NULL.
pub(super) fn max<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    best(args, |a, b| compare(a, b, call.collation) == Ordering::Less)
}

fn best<'a>(args: Args<'_, 'a>, is_better: impl Fn(ValueRef<'a>, ValueRef<'a>) -> bool) -> Output<'a> {
    if args.iter().any(|argument| argument.is_null()) {
        return Ok(ValueRef::Null);
    }
    let best = args.iter().copied().reduce(|best, next| if is_better(best, next) { next } else { best });
    Ok(best.unwrap_or_default())
}

pub(super) fn changes<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::Integer(call.context.changes()))
}

pub(super) fn total_changes<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::Integer(call.context.total_changes()))
}

pub(super) fn last_insert_rowid<'a>(call: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::Integer(call.context.last_insert_rowid()))
}

pub(super) fn sqlite_version<'a>(_: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::text(SQLITE_VERSION))
}

pub(super) fn sqlite_source_id<'a>(_: &Call<'_, 'a>, _: Args<'_, 'a>) -> Output<'a> {
    Ok(ValueRef::text(concat!("duramen ", env!("CARGO_PKG_VERSION"))))
}

/// The options that SQLite would have to be compiled with to know the same functions.
const COMPILE_OPTIONS: [&str; 3] = ["ENABLE_MATH_FUNCTIONS", "ENABLE_PERCENTILE", "SOUNDEX"];

pub(super) fn sqlite_compileoption_get<'a>(_: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let option = usize::try_from(args[0].to_integer()).ok().and_then(|at| COMPILE_OPTIONS.get(at));
    Ok(option.map_or(ValueRef::Null, |option| ValueRef::text(option)))
}

pub(super) fn sqlite_compileoption_used<'a>(call: &Call<'_, 'a>, args: Args<'_, 'a>) -> Output<'a> {
    let Some(name) = call.text_of(args[0]) else {
        return Ok(ValueRef::Null);
    };
    let upper = name.to_ascii_uppercase();
    let name = upper.strip_prefix(b"SQLITE_").unwrap_or(&upper);
    Ok(ValueRef::boolean(COMPILE_OPTIONS.iter().any(|option| option.as_bytes() == name)))
}

#[cfg(test)]
mod tests;
