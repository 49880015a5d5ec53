//! Which rowids a value stands for: the one that it is equal to, the first and last of those above or below it.

use crate::plan::Included;
use crate::value::{Affinity, ValueRef, compare_integer_to_real, integer_to_real};

/// The smallest rowid that is over a value, or equal to it if that is included; `None` if there is none.
pub(super) fn first_rowid(value: ValueRef<'_>, included: Included) -> Option<i64> {
    match Affinity::Numeric.apply_numeric(value) {
        ValueRef::Integer(integer) if included == Included::Yes => Some(integer),
        ValueRef::Integer(integer) => integer.checked_add(1),
        ValueRef::Real(real) => {
            if real >= integer_to_real(i64::MAX) {
                return None;
            }
            let near = crate::value::real_to_integer(real);
            let fits = |rowid: i64| {
                let order = compare_integer_to_real(rowid, real);
                order.is_gt() || (order.is_eq() && included == Included::Yes)
            };
            [near.saturating_sub(1), near, near.saturating_add(1)].into_iter().find(|&rowid| fits(rowid))
        }
        _ => None,
    }
}

/// The largest rowid that is below a value, or equal to it if that is included; `None` if there is none.
pub(super) fn last_rowid(value: ValueRef<'_>, included: Included) -> Option<i64> {
    match Affinity::Numeric.apply_numeric(value) {
        ValueRef::Integer(integer) if included == Included::Yes => Some(integer),
        ValueRef::Integer(integer) => integer.checked_sub(1),
        ValueRef::Real(real) => {
            if real < integer_to_real(i64::MIN) {
                return None;
            }
            let near = crate::value::real_to_integer(real);
            let fits = |rowid: i64| {
                let order = compare_integer_to_real(rowid, real);
                order.is_lt() || (order.is_eq() && included == Included::Yes)
            };
            [near.saturating_add(1), near, near.saturating_sub(1)].into_iter().find(|&rowid| fits(rowid))
        }
        // Numbers are below all texts and blobs.
        ValueRef::Text(_) | ValueRef::Blob(_) => Some(i64::MAX),
        ValueRef::Null => None,
    }
}

/// The rowid that a value is equal to, if any.
pub(super) fn exact_rowid(value: ValueRef<'_>) -> Option<i64> {
    match Affinity::Numeric.apply_numeric(value) {
        ValueRef::Integer(integer) => Some(integer),
        ValueRef::Real(real) => {
            let near = crate::value::real_to_integer(real);
            compare_integer_to_real(near, real).is_eq().then_some(near)
        }
        _ => None,
    }
}
