//! How many entries lie where, from the counts in the inner nodes: O(log n) pages for any question.

use std::ops::Bound;

use crate::error::Result;
use crate::format::node::ValueRef;
use crate::ids::to_u64;
use crate::page::access::PageRead;
use crate::tree::read::{self, ChildView, InnerView, LeafView, MAX_DEPTH, NodeRef, position_of};

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
            NodeRef::Leaf(leaf) => return Ok(rank + rank_in_leaf(&leaf, key, side)),
            NodeRef::Inner(inner) => {
                let at = inner.position(key)?;
                rank = sum_before(&inner, at, rank)?;
                child = inner.child(at)?;
            }
        }
    }
    Err(read::too_deep(&child))
}

/// How many entries below `child` have a key in this range, whose ends must be between the child's fences.
pub(crate) fn count_range(
    child: ChildView<'_>,
    pages: &(impl PageRead + ?Sized),
    low: Bound<&[u8]>,
    high: Bound<&[u8]>,
) -> Result<u64> {
    let start = match low {
        Bound::Unbounded => 0,
        Bound::Included(key) => rank(child, pages, key, Side::Before)?,
        Bound::Excluded(key) => rank(child, pages, key, Side::Behind)?,
    };
    let end = match high {
        Bound::Unbounded => child.count(),
        Bound::Included(key) => rank(child, pages, key, Side::Behind)?,
        Bound::Excluded(key) => rank(child, pages, key, Side::Before)?,
    };
    Ok(end.saturating_sub(start))
}

/// The counts of the first `at` children, added to `sum`.
fn sum_before(inner: &InnerView<'_>, at: usize, mut sum: u64) -> Result<u64> {
    for i in 0..at {
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
    if let Some(delta) = &leaf.delta {
        for at in 0..side.index(delta.view.search(key)) {
            match (position_of(base, &delta.view, at), delta.view.value(at)) {
                (Ok(_), ValueRef::Tombstone) => rank = rank.saturating_sub(1),
                (Err(_), ValueRef::Tombstone) | (Ok(_), _) => {}
                (Err(_), _) => rank += 1,
            }
        }
    }
    to_u64(rank)
}
