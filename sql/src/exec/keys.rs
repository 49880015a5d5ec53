//! Values as bytes that sort and compare as they do: what sorting, grouping and joining work on.

use crate::codec::{Direction, push_value};
use crate::expr::{Env, Scalar};
use crate::plan::SortKey;
use crate::value::{Affinity, ArenaBuffer, Collation, Value, ValueRef};

/// NULL sorts before everything in a key; these two bytes turn that over where it is wanted.
const NULL_LAST: u8 = 2;
const NOT_NULL: u8 = 1;

/// A value as a column of this affinity stores it.
pub(super) fn converted(affinity: Affinity, value: &Value) -> Value {
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    affinity.apply(value.as_ref(), &arena).to_value()
}

/// Appends a value to sort by.
pub(super) fn push_sort_key(key: &mut Vec<u8>, sort: &SortKey, env: &Env<'_>) {
    push_sorted(key, sort.value.eval(env), sort);
}

/// Appends a value in the order that a sort key asks for.
pub(super) fn push_sorted(key: &mut Vec<u8>, value: ValueRef<'_>, sort: &SortKey) {
    let direction = if sort.descending { Direction::Descending } else { Direction::Ascending };
    if sort.nulls_first == sort.descending {
        key.push(match (value.is_null(), sort.nulls_first) {
            (true, true) => 0,
            (true, false) => NULL_LAST,
            (false, _) => NOT_NULL,
        });
    }
    push_value(key, value, &sort.collation, direction);
}

/// Appends values that are compared for equality only, or sorted upwards.
pub(super) fn push_group_key<'s>(
    key: &mut Vec<u8>,
    values: impl IntoIterator<Item = (&'s Scalar, &'s Collation)>,
    env: &Env<'_>,
) {
    for (value, collation) in values {
        push_value(key, value.eval(env), collation, Direction::Ascending);
    }
}
