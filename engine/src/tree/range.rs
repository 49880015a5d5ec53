//! Deleting a range of keys: what lies inside is dropped unread, only the paths to the two ends are touched.

use std::ops::{Bound, RangeBounds};

use crate::error::Result;
use crate::page::access::PageRead;
use crate::tree::count::count_range;
use crate::tree::edit::Editor;
use crate::tree::node::{Child, Fences, Leaf, Node};
use crate::tree::read::{self, ChildView, LeafView, MAX_DEPTH, Start};
use crate::tree::split::{self, Growth};

/// Keys from one bound to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyRange<'k> {
    pub(crate) low: Bound<&'k [u8]>,
    pub(crate) high: Bound<&'k [u8]>,
}

impl KeyRange<'_> {
    /// Whether no key can be in it.
    fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Bound::Included(low), Bound::Included(high)) => low > high,
            (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high) | Bound::Included(high)) => {
                low >= high
            }
            (Bound::Unbounded, Bound::Excluded(high)) => high.is_empty(),
            _ => false,
        }
    }

    fn contains(&self, key: &[u8]) -> bool {
        RangeBounds::<[u8]>::contains(&(self.low, self.high), key)
    }
}

impl<P: PageRead + ?Sized> Editor<'_, P> {
    /// Deletes all entries in a range; how many there were. After an error the content is as it was.
    pub(crate) fn delete_range(&self, root: &mut Child, range: KeyRange<'_>) -> Result<u64> {
        if range.is_empty() {
            return Ok(0);
        }
        let mut edited = root.clone();
        let deleted = self.delete_below(&mut edited, Fences::NONE, range, MAX_DEPTH)?;
        if deleted > 0 {
            self.shrink_root(&mut edited);
            *root = edited;
        }
        Ok(deleted)
    }

    fn delete_below(
        &self,
        child: &mut Child,
        fences: Fences<'_>,
        range: KeyRange<'_>,
        depth: usize,
    ) -> Result<u64> {
        if depth == 0 {
            return Err(read::too_deep(Start::Own(child)));
        }
        let deleted = count_range(ChildView::Own(child), self.pages, range.low, range.high)?;
        if deleted == 0 {
            return Ok(0);
        }
        if deleted >= child.count {
            return Ok(std::mem::replace(child, Child::EMPTY).count);
        }
        match &mut child.node {
            Node::Empty => {}
            Node::Leaf(leaf) => *child = self.without(leaf, child.count, fences, range)?,
            Node::Inner(inner) => {
                let inner = inner.edit(child.count, fences, self.pages, &self.params.meter)?;
                let first = match range.low {
                    Bound::Unbounded => 0,
                    Bound::Included(key) | Bound::Excluded(key) => inner.position(key),
                };
                let last = match range.high {
                    Bound::Unbounded => inner.len() - 1,
                    Bound::Included(key) | Bound::Excluded(key) => inner.position(key),
                };
                let mut sum = 0;
                for i in first..=last {
                    let low = if i == first { range.low } else { Bound::Unbounded };
                    let high = if i == last { range.high } else { Bound::Unbounded };
                    let (below, fences) = inner.child_mut(i, fences);
                    sum += self.delete_below(below, fences, KeyRange { low, high }, depth - 1)?;
                }
                for i in (first..=last).rev() {
                    self.tidy(inner, i.min(inner.len() - 1), fences);
                }
                child.count -= sum;
                return Ok(sum);
            }
        }
        Ok(deleted)
    }

    /// A leaf without the entries in a range; an inner node above several, where base and deltas together were too long.
    fn without(&self, leaf: &Leaf, count: u64, fences: Fences<'_>, range: KeyRange<'_>) -> Result<Child> {
        let fences = fences.to_owned();
        let mut entries = LeafView::open_between(self.pages, leaf, &fences)?.merged();
        leaf.check_count(count, entries.len())?;
        entries.retain(|entry| !range.contains(&entry.key()));
        Ok(split::one(split::leaves(&entries, &fences, Growth::Random, self.params), &fences, self.params))
    }
}
