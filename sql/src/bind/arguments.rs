//! The hidden columns of a table function are its arguments, so a condition that says what one of them equals gives it:
//! `FROM pragma_table_info WHERE arg = 't'`.
//!
//! Invariants:
//! 1. A condition that became an argument is no condition any more, as in SQLite.
//! 2. An argument names only tables further left, and those of queries outside.
//! 3. A condition of `WHERE` is no argument of a table that an outer join may leave without a row.

use std::collections::BTreeSet;
use std::mem;

use crate::bound::{
    CompareOp, Expr, From, Join, JoinKind, Place, Slot, Source, SourceRows, any_source, slots_of,
    slots_of_from,
};
use crate::value::Value;

/// Lists of conditions that hold for the same rows, each to be put back where it stood.
type Holding = Vec<Vec<Expr>>;

/// Takes the arguments of the functions in `from` out of its conditions, and out of those that hold for its rows.
pub(super) fn take_arguments(from: &mut From, conditions: &mut Vec<Expr>) {
    if !any_source(from, &|source| matches!(source.rows, SourceRows::Function { .. })) {
        return;
    }
    let mut unread = BTreeSet::new();
    slots_of_from(from, &mut unread);
    with(conditions, &mut Holding::new(), |holding| take(from, holding, &mut unread));
}

/// Runs something while these conditions hold too.
fn with(conditions: &mut Vec<Expr>, holding: &mut Holding, run: impl FnOnce(&mut Holding)) {
    holding.push(mem::take(conditions));
    run(holding);
    *conditions = holding.pop().unwrap_or_default();
}

/// The same for a part of a `FROM`; `unread` are the slots of its tables and of those further right.
fn take(from: &mut From, holding: &mut Holding, unread: &mut BTreeSet<Slot>) {
    match from {
        From::Source(source) => {
            take_of_source(source, holding, unread);
            unread.remove(&source.slot);
        }
        From::Join(join) => {
            let Join { kind, left, right, on } = &mut **join;
            match kind {
                JoinKind::Inner | JoinKind::Cross => with(on, holding, |holding| {
                    take(left, holding, unread);
                    take(right, holding, unread);
                }),
                JoinKind::Left => {
                    take(left, holding, unread);
                    with(on, &mut Holding::new(), |holding| take(right, holding, unread));
                }
                JoinKind::Right | JoinKind::Full => {
                    take(left, &mut Holding::new(), unread);
                    take(right, &mut Holding::new(), unread);
                }
            }
        }
    }
}

fn take_of_source(source: &mut Source, holding: &mut Holding, unread: &BTreeSet<Slot>) {
    let SourceRows::Function { arguments, parameters, .. } = &mut source.rows else { return };
    let mut skipped = 0;
    for place in parameters.start + arguments.len()..parameters.end {
        let found = holding.iter_mut().find_map(|conditions| {
            let mut numbers = 0..conditions.len();
            numbers.find_map(|number| {
                let value = value_of(&mut conditions[number], source.slot, place)?;
                slots_of(value).is_disjoint(unread).then_some(())?;
                let value = mem::replace(value, Expr::Literal(Value::Null));
                conditions.remove(number);
                Some(value)
            })
        });
        match found {
            Some(value) => {
                arguments.extend((0..skipped).map(|_| Expr::Literal(Value::Null)));
                arguments.push(value);
                skipped = 0;
            }
            None => skipped += 1,
        }
    }
}

/// What a condition says that a column equals.
fn value_of(condition: &mut Expr, slot: Slot, place: usize) -> Option<&mut Expr> {
    let Expr::Compare(comparison) = condition else { return None };
    if comparison.op != CompareOp::Eq {
        return None;
    }
    let is_column = |side: &Expr| matches!(side, Expr::Column(column) if column.slot == slot && column.place == Place::At(place));
    if is_column(&comparison.left) {
        Some(&mut comparison.right)
    } else if is_column(&comparison.right) {
        Some(&mut comparison.left)
    } else {
        None
    }
}
