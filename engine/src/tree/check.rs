//! Structural verification of a whole tree: every page is read, every entry looked at.
//!
//! Checked are: every page can be read and is of the kind its parent says; prefixes are those of the fences; keys rise
//! and lie between the fences; counts are those of the entries; inner nodes have no more children than allowed; long
//! values can be read, and the references above them say that there are some. A problem does not end the check; what
//! does not depend on it is checked all the same.

use crate::error::Error;
use crate::format::node::NodeView;
use crate::ids::{PageAddr, to_u64};
use crate::page::access::PageRead;
use crate::page::block::NewValue;
use crate::tree::fetch;
use crate::tree::mark::PageSet;
use crate::tree::node::{BlockRef, Child, InnerRef, Node, OwnFences};
use crate::tree::read::{self, ChildView, InnerView, LeafView, NodeRef};

/// What was checked so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckStats {
    /// Pages, each counted once.
    pub pages: u64,
    /// Their length in bytes.
    pub page_bytes: u64,
    /// Entries, those of shared leaves counted once.
    pub entries: u64,
}

/// Checks trees.
pub(crate) struct Checker<'c, P: ?Sized> {
    pub(crate) pages: &'c P,
    pub(crate) fanout: usize,
    pub(crate) seen: &'c mut dyn PageSet,
    pub(crate) problems: &'c mut Vec<Error>,
    /// Called after each leaf.
    pub(crate) progress: &'c mut dyn FnMut(&CheckStats),
    pub(crate) stats: CheckStats,
}

impl<P: PageRead + ?Sized> Checker<'_, P> {
    pub(crate) fn child(&mut self, child: ChildView<'_>, fences: &OwnFences, depth: usize) {
        if depth == 0 {
            return self.problems.push(read::too_deep(child.start()));
        }
        let Some(place) = self.enter(&child) else { return };
        match child.open(self.pages) {
            Err(error) => self.problems.push(error),
            Ok(NodeRef::Empty) => {
                self.expect(place, child.count() == 0, "an empty child without entries", || {
                    child.count().to_string()
                });
            }
            Ok(NodeRef::Inner(inner)) => self.inner(place, &child, &inner, fences, depth),
            Ok(NodeRef::Leaf(leaf)) => self.leaf(place, &child, &leaf, fences),
        }
    }

    /// Counts the pages of a node; where to say that its flaws are, unless the node was checked before.
    fn enter(&mut self, child: &ChildView<'_>) -> Option<Place> {
        let node = match child {
            ChildView::Own(child) => child.node.clone(),
            ChildView::Page(child) => Child::from(*child).node,
        };
        let blocks = match node {
            Node::Empty | Node::Inner(InnerRef::Own(_)) => return Some(Place(None)),
            Node::Inner(InnerRef::Page(addr)) => return self.is_new(&addr).then_some(Place(Some(addr))),
            Node::Leaf(leaf) => [Some(leaf.base), leaf.delta, leaf.top],
        };
        let mut is_new = false;
        let mut place = Place(None);
        for block in blocks.into_iter().flatten() {
            match block {
                BlockRef::Own(_) | BlockRef::Laid(_) => is_new = true,
                BlockRef::Page(addr) => {
                    is_new |= self.is_new(&addr);
                    place = Place(place.0.or(Some(addr)));
                }
            }
        }
        is_new.then_some(place)
    }

    fn inner(
        &mut self,
        place: Place,
        child: &ChildView<'_>,
        inner: &InnerView<'_>,
        fences: &OwnFences,
        depth: usize,
    ) {
        let separators = inner.separators();
        self.keys(place, &separators, 1, fences);
        let first_is_bare = separators.key_len(0) == separators.prefix().len();
        self.expect(place, first_is_bare, "a first separator that is the bare prefix", || {
            "a longer one".into()
        });
        self.expect(place, separators.len() == inner.len(), "a separator for each child", || {
            format!("{} for {}", separators.len(), inner.len())
        });
        let most = self.fanout;
        self.expect(place, inner.len() <= most, "no more children than allowed", || inner.len().to_string());
        let mut sum = Some(0u64);
        for i in 0..inner.len() {
            let below = match inner.child(i) {
                Ok(below) => below,
                Err(error) => {
                    self.problems.push(error);
                    continue;
                }
            };
            sum = sum.and_then(|sum| sum.checked_add(below.count()));
            let is_marked = child.has_extents() || !below.has_extents();
            self.expect(place, is_marked, "a mark above nodes with extents", || "none".into());
            let low = if i == 0 { fences.low.clone() } else { Some(separators.key(i)) };
            let is_last = i + 1 == inner.len();
            let high = if is_last { fences.high.clone() } else { Some(separators.key(i + 1)) };
            self.child(below, &OwnFences { low, high }, depth - 1);
        }
        self.expect(
            place,
            sum == Some(child.count()),
            "children with as many entries as their parent says",
            || format!("{sum:?} instead of {}", child.count()),
        );
    }

    fn leaf(&mut self, place: Place, child: &ChildView<'_>, leaf: &LeafView<'_>, fences: &OwnFences) {
        self.keys(place, &leaf.base.view, 0, fences);
        leaf.deltas().for_each(|delta| self.keys(place, &delta.view, 0, fences));
        let entries = leaf.merged();
        self.expect(
            place,
            to_u64(entries.len()) == child.count(),
            "as many entries as the parent says",
            || format!("{} instead of {}", entries.len(), child.count()),
        );
        for entry in &entries {
            let value = entry.source.value(entry.at);
            if !matches!(value, NewValue::Inline(_)) {
                self.expect(place, child.has_extents(), "a mark above long values", || "none".into());
            }
            if let NewValue::Extent(addr) = value
                && self.is_new(&addr)
                && let Err(error) = read::value_bytes(value, self.pages)
            {
                self.problems.push(error);
            }
        }
        self.stats.entries += to_u64(entries.len());
        (self.progress)(&self.stats);
    }

    /// Prefix and keys of a node, from key `first` on.
    fn keys(&mut self, place: Place, view: &NodeView<'_>, first: usize, fences: &OwnFences) {
        self.expect(
            place,
            view.prefix() == fences.prefix(),
            "the prefix that the fences have in common",
            || format!("{} bytes instead of {}", view.prefix().len(), fences.prefix().len()),
        );
        let keys: Vec<Vec<u8>> = (first..view.len()).map(|i| view.key(i)).collect();
        let above = fences.low.as_ref().is_none_or(|low| keys.first().is_none_or(|key| low <= key));
        let below = fences.high.as_ref().is_none_or(|high| keys.last().is_none_or(|key| key < high));
        self.expect(place, above && below, "keys between the fences", || "others".into());
        self.expect(place, keys.is_sorted_by(|a, b| a < b), "keys that rise", || "others".into());
    }

    fn is_new(&mut self, addr: &PageAddr) -> bool {
        let is_new = self.seen.insert(addr);
        if is_new {
            self.stats.pages += 1;
            self.stats.page_bytes += u64::from(addr.len);
        }
        is_new
    }

    fn expect(&mut self, place: Place, holds: bool, expected: &str, found: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(match place.0 {
                Some(addr) => fetch::damaged(&addr, expected, found()),
                None => fetch::damaged_in_memory("tree node", expected, found()),
            });
        }
    }
}

/// The page whose flaw something is; `None` in memory.
#[derive(Clone, Copy)]
struct Place(Option<PageAddr>);
