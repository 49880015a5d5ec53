//! How many entries lie where, from the counts in the inner nodes: O(log n) pages for any question.

use std::cmp::Ordering;
use std::ops::{Bound, Range};

use crate::error::Result;
use crate::format::node::ValueRef;
use crate::ids::to_u64;
use crate::page::access::PageRead;
use crate::tree::read::{self, ChildView, Entry, InnerView, LeafView, MAX_DEPTH, NodeRef, position_of};

/// Which side of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The entry with the key is behind.
    Before,
    /// The entry with the key is in front.
    Behind,
}

impl Side {
    fn index(self, found: Result<usize, usize>) -> usize {
        match (found, self) {
            (Ok(at), Side::Behind) => at + 1,
            (Ok(at) | Err(at), _) => at,
        }
    }

    /// Whether an entry that compares so with the key lies before that side of it.
    fn is_before(self, entry: Ordering) -> bool {
        if self == Side::Behind { entry.is_le() } else { entry.is_lt() }
    }
}

/// How many entries below `child` lie before that side of `key`, which must be between the child's fences.
pub(crate) fn rank(
    child: ChildView<'_>,
    pages: &(impl PageRead + ?Sized),
    key: &[u8],
    side: Side,
) -> Result<u64> {
    let mut child = child;
    let mut rank = 0;
    for _ in 0..MAX_DEPTH {
        match child.open(pages)? {
            NodeRef::Empty => return Ok(rank),
            NodeRef::Leaf(leaf) => return Ok(rank.saturating_add(rank_in_leaf(&leaf, key, side))),
            NodeRef::Inner(inner) => {
                let at = inner.position(key)?;
                rank = sum_of(&inner, 0..at, rank)?;
                child = inner.child(at)?;
            }
        }
    }
    Err(read::too_deep(child.start()))
}

/// How many entries below `child` have a key in this range, whose ends must be between the child's fences.
pub(crate) fn count_range(
    child: ChildView<'_>,
    pages: &(impl PageRead + ?Sized),
    low: Bound<&[u8]>,
    high: Bound<&[u8]>,
) -> Result<u64> {
    count_and_next(child, pages, low, high).map(|(count, _)| count)
}

/// As [`count_range`], and whether there is an entry behind the range, if anything is in it.
pub(crate) fn count_and_next(
    child: ChildView<'_>,
    pages: &(impl PageRead + ?Sized),
    low: Bound<&[u8]>,
    high: Bound<&[u8]>,
) -> Result<(u64, bool)> {
    let low = match low {
        Bound::Unbounded => None,
        Bound::Included(key) => Some((key, Side::Before)),
        Bound::Excluded(key) => Some((key, Side::Behind)),
    };
    let high = match high {
        Bound::Unbounded => None,
        Bound::Included(key) => Some((key, Side::Behind)),
        Bound::Excluded(key) => Some((key, Side::Before)),
    };
    let mut child = child;
    let mut is_more = false;
    for _ in 0..MAX_DEPTH {
        match child.open(pages)? {
            NodeRef::Empty => return Ok((0, false)),
            NodeRef::Leaf(leaf) => {
                let start = low.map_or(0, |(key, side)| rank_in_leaf(&leaf, key, side));
                let end = high.map_or(child.count(), |(key, side)| rank_in_leaf(&leaf, key, side));
                return Ok((end.saturating_sub(start), is_more || end < child.count()));
            }
            NodeRef::Inner(inner) => {
                let first = low.map_or(Ok(0), |(key, _)| inner.position(key))?;
                let last = high.map_or(Ok(inner.len().saturating_sub(1)), |(key, _)| inner.position(key))?;
                // Children may be empty.
                for next in last + 1..inner.len() {
                    is_more = is_more || inner.child(next)?.count() > 0;
                    if is_more {
                        break;
                    }
                }
                if first == last {
                    // Both ends lie below the same child: nothing else is looked at.
                    child = inner.child(first)?;
                    continue;
                }
                if first > last {
                    return Ok((0, false));
                }
                let (first_child, last_child) = (inner.child(first)?, inner.child(last)?);
                let start = low.map_or(Ok(0), |(key, side)| rank(first_child, pages, key, side))?;
                let end =
                    high.map_or(Ok(last_child.count()), |(key, side)| rank(last_child, pages, key, side))?;
                let count = sum_of(&inner, first..last, end)?.saturating_sub(start);
                return Ok((count, is_more || end < last_child.count()));
            }
        }
    }
    Err(read::too_deep(child.start()))
}

/// The counts of some children, added to `sum`.
fn sum_of(inner: &InnerView<'_>, children: Range<usize>, mut sum: u64) -> Result<u64> {
    for i in children {
        let count = inner.child(i)?.count();
        sum = sum
            .checked_add(count)
            .ok_or_else(|| inner.damaged("counts that can be added up", "larger ones"))?;
    }
    Ok(sum)
}

fn rank_in_leaf(leaf: &LeafView<'_>, key: &[u8], side: Side) -> u64 {
    let base = &leaf.base.view;
    let mut rank = side.index(base.search(key));
    for Entry { source, at } in leaf.changes() {
        let delta = &source.view;
        if !side.is_before(delta.compare_key(at, key)) {
            break;
        }
        match (position_of(base, delta, at), delta.value(at)) {
            (Ok(_), ValueRef::Tombstone) => rank = rank.saturating_sub(1),
            (Err(_), ValueRef::Tombstone) | (Ok(_), _) => {}
            (Err(_), _) => rank += 1,
        }
    }
    to_u64(rank)
}
