//! Structural verification of a whole tree: every page is read, every entry looked at.
//!
//! Checked are: every page can be read and is of the kind its parent says; prefixes are those of the fences; keys rise
//! and lie between the fences; counts are those of the entries; inner nodes have no more children than allowed; long
//! values can be read, and the references above them say that there are some.

use std::ops::ControlFlow;

use crate::format::node::NodeView;
use crate::ids::to_u64;
use crate::page::access::PageRead;
use crate::page::block::NewValue;
use crate::tree::node::OwnFences;
use crate::tree::read::{self, ChildView, InnerView, LeafView, MAX_DEPTH, NodeRef, damaged_in_memory};

/// What a check found wrong, and where in the tree.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The way from the root to the node: the number of the child at each level.
    pub path: Vec<usize>,
    /// What is wrong. Corruption that pages brought into memory names no file.
    pub error: crate::Error,
}

/// Gets what a check finds, and says whether to go on.
pub trait CheckObserver {
    /// A problem was found. The check goes on beside it.
    fn problem(&mut self, problem: Problem);

    /// A leaf of this many entries was checked.
    fn progress(&mut self, entries: u64) -> ControlFlow<()>;
}

/// Checks the tree below `root`.
pub(crate) fn check(
    root: ChildView<'_>,
    pages: &(impl PageRead + ?Sized),
    fanout: usize,
    observer: &mut dyn CheckObserver,
) -> ControlFlow<()> {
    let mut check = Check { pages, fanout, observer, path: Vec::new() };
    check.child(root, &OwnFences::default())
}

struct Check<'c, P: ?Sized> {
    pages: &'c P,
    fanout: usize,
    observer: &'c mut dyn CheckObserver,
    path: Vec<usize>,
}

impl<P: PageRead + ?Sized> Check<'_, P> {
    fn problem(&mut self, error: crate::Error) {
        self.observer.problem(Problem { path: self.path.clone(), error });
    }

    fn expect(&mut self, holds: bool, expected: &str, found: impl FnOnce() -> String) {
        if !holds {
            self.problem(damaged_in_memory("tree node", expected, found()));
        }
    }

    fn child(&mut self, child: ChildView<'_>, fences: &OwnFences) -> ControlFlow<()> {
        if self.path.len() > MAX_DEPTH {
            self.problem(read::too_deep(&child));
            return ControlFlow::Continue(());
        }
        match child.open(self.pages) {
            Err(error) => self.problem(error),
            Ok(NodeRef::Empty) => {
                self.expect(child.count() == 0, "no entries below an empty child", || {
                    child.count().to_string()
                });
            }
            Ok(NodeRef::Inner(inner)) => self.inner(child, inner, fences)?,
            Ok(NodeRef::Leaf(leaf)) => return self.leaf(child, &leaf, fences),
        }
        ControlFlow::Continue(())
    }

    fn inner(&mut self, child: ChildView<'_>, inner: InnerView<'_>, fences: &OwnFences) -> ControlFlow<()> {
        let separators = inner.separators();
        self.keys(&separators, 1, fences);
        self.expect(separators.len() == inner.len(), "one separator a child", || {
            separators.len().to_string()
        });
        self.expect(separators.key_len(0) == separators.prefix().len(), "a bare prefix first", || {
            "a longer separator".to_string()
        });
        self.expect(inner.len() <= self.fanout, "children up to the fan-out", || inner.len().to_string());
        let mut sum = Some(0u64);
        for i in 0..inner.len() {
            self.path.push(i);
            match inner.child(i) {
                Err(error) => self.problem(error),
                Ok(below) => {
                    sum = sum.and_then(|sum| sum.checked_add(below.count()));
                    let marked = child.has_extents() || !below.has_extents();
                    self.expect(marked, "a mark above nodes with extents", || "none".to_string());
                    let low = if i == 0 { fences.low.clone() } else { Some(separators.key(i)) };
                    let last = i + 1 == inner.len();
                    let high = if last { fences.high.clone() } else { Some(separators.key(i + 1)) };
                    self.child(below, &OwnFences { low, high })?;
                }
            }
            self.path.pop();
        }
        self.expect(sum == Some(child.count()), "a count that is the sum of those below", || {
            format!("{} above {sum:?}", child.count())
        });
        ControlFlow::Continue(())
    }

    fn leaf(&mut self, child: ChildView<'_>, leaf: &LeafView<'_>, fences: &OwnFences) -> ControlFlow<()> {
        self.keys(&leaf.base.view, 0, fences);
        if let Some(delta) = &leaf.delta {
            self.keys(&delta.view, 0, fences);
        }
        let entries = leaf.merged();
        self.expect(to_u64(entries.len()) == child.count(), "a count that is that of the entries", || {
            format!("{} above {}", child.count(), entries.len())
        });
        for entry in &entries {
            let value = entry.source.value(entry.at);
            if !matches!(value, NewValue::Inline(_)) {
                self.expect(child.has_extents(), "a mark above long values", || "none".to_string());
                if let Err(error) = read::value_bytes(value, self.pages) {
                    self.problem(error);
                }
            }
        }
        self.observer.progress(to_u64(entries.len()))
    }

    /// Prefix and keys of a node, from key `first` on.
    fn keys(&mut self, view: &NodeView<'_>, first: usize, fences: &OwnFences) {
        self.expect(view.prefix() == fences.prefix(), "the prefix that the fences have in common", || {
            format!("{} bytes instead of {}", view.prefix().len(), fences.prefix().len())
        });
        let keys: Vec<Vec<u8>> = (first..view.len()).map(|i| view.key(i)).collect();
        let above = fences.low.as_ref().is_none_or(|low| keys.first().is_none_or(|key| low <= key));
        let below = fences.high.as_ref().is_none_or(|high| keys.last().is_none_or(|key| key < high));
        self.expect(above && below, "keys between the fences", || "others".to_string());
        self.expect(keys.is_sorted_by(|a, b| a < b), "keys that rise", || "others".to_string());
    }
}
