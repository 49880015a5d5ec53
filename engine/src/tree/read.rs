//! Nodes to read, wherever they lie: one view of a subtree for memory and disk alike, and the way down to a key.
//!
//! Nothing here trusts a page to be the one that its parent meant: a wrong kind, a malformed reference and a tree that
//! is too deep are [`Error::Corrupt`](crate::Error::Corrupt).

use crate::error::{Error, Result};
use crate::format::inner::{ChildPages, ChildRef, LeafPages};
use crate::format::node::{NodeView, ValueRef};
use crate::format::page::{Flaw, PageKind, extent_value};
use crate::ids::PageAddr;
use crate::page::access::PageRead;
use crate::page::block::{NewValue, Source};
use crate::tree::fetch::{damaged, damaged_in_memory, node};
use crate::tree::node::{BlockRef, Child, Inner, InnerRef, Kid, Leaf, Node, OwnFences, covering};

/// The most nodes there can be on the way from a root to an entry. Even a tree of the smallest fan-out stays far
/// below; only damaged pages lead deeper, or in a circle.
pub(crate) const MAX_DEPTH: usize = 40;

/// A subtree to read.
#[derive(Clone, Copy)]
pub(crate) enum ChildView<'a> {
    Own(&'a Child),
    Page(ChildRef),
}

/// The first node of a subtree.
pub(crate) enum NodeRef<'a> {
    Empty,
    Inner(InnerView<'a>),
    Leaf(LeafView<'a>),
}

impl<'a> ChildView<'a> {
    pub(crate) fn count(&self) -> u64 {
        match self {
            ChildView::Own(child) => child.count,
            ChildView::Page(child) => child.count,
        }
    }

    pub(crate) fn has_extents(&self) -> bool {
        match self {
            ChildView::Own(child) => child.has_extents,
            ChildView::Page(child) => child.has_extents,
        }
    }

    pub(crate) fn to_child(self) -> Child {
        match self {
            ChildView::Own(child) => child.clone(),
            ChildView::Page(child) => child.into(),
        }
    }

    /// Where it starts.
    #[inline]
    pub(crate) fn start(self) -> Start<'a> {
        match self {
            ChildView::Own(child) => Start::Own(child),
            ChildView::Page(child) => Start::Page(child.pages),
        }
    }

    #[inline]
    pub(crate) fn open(self, pages: &'a (impl PageRead + ?Sized)) -> Result<NodeRef<'a>> {
        self.start().open(pages)
    }
}

/// Where a subtree starts: all that a way down needs to know of it.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    Own(&'a Child),
    Page(ChildPages),
}

impl<'a> Start<'a> {
    /// Where the pages of the first node lie, which are not looked at. Nothing for a node in memory.
    #[inline]
    pub(crate) fn places(&self, pages: &'a (impl PageRead + ?Sized)) -> [&'a [u8]; 3] {
        let (first, (second, third)) = match self {
            Start::Page(ChildPages::Inner(addr))
            | Start::Own(Child { node: Node::Inner(InnerRef::Page(addr)), .. }) => (addr, (None, None)),
            Start::Page(ChildPages::Leaf(LeafPages { base, deltas })) => (base, deltas.both()),
            _ => return [&[]; 3],
        };
        let place = |addr: Option<&PageAddr>| addr.map_or(&[][..], |addr| pages.place(addr));
        [pages.place(first), place(second), place(third)]
    }

    /// Has the pages of the first node brought to memory, where that pays; see [`PageRead::prefetch`].
    pub(crate) fn prefetch(&self, pages: &(impl PageRead + ?Sized)) {
        match self {
            Start::Own(child) => child.prefetch(pages),
            Start::Page(ChildPages::Empty) => {}
            Start::Page(ChildPages::Inner(addr)) => pages.prefetch(addr),
            Start::Page(ChildPages::Leaf(LeafPages { base, deltas })) => {
                let (second, third) = deltas.both();
                [Some(base), second, third].into_iter().flatten().for_each(|addr| pages.prefetch(addr));
            }
        }
    }

    /// Always in line, as is what finds a child: on the way down the parts of a node would be copied at each call.
    #[inline(always)]
    pub(crate) fn open(self, pages: &'a (impl PageRead + ?Sized)) -> Result<NodeRef<'a>> {
        match self {
            Start::Own(child) => match &child.node {
                Node::Empty => Ok(NodeRef::Empty),
                Node::Inner(InnerRef::Own(inner)) => Ok(NodeRef::Inner(InnerView::Own(inner))),
                Node::Inner(InnerRef::Page(addr)) => InnerView::open(pages, addr).map(NodeRef::Inner),
                Node::Leaf(leaf) => LeafView::open(pages, leaf).map(NodeRef::Leaf),
            },
            Start::Page(ChildPages::Empty) => Ok(NodeRef::Empty),
            Start::Page(ChildPages::Inner(addr)) => InnerView::open(pages, &addr).map(NodeRef::Inner),
            Start::Page(ChildPages::Leaf(leaf)) => LeafView::open_pages(pages, &leaf).map(NodeRef::Leaf),
        }
    }
}

/// An inner node to read.
#[derive(Clone, Copy)]
pub(crate) enum InnerView<'a> {
    Own(&'a Inner),
    Page(NodeView<'a>, PageAddr),
}

impl<'a> InnerView<'a> {
    #[inline]
    pub(crate) fn open(pages: &'a (impl PageRead + ?Sized), addr: &PageAddr) -> Result<InnerView<'a>> {
        Ok(InnerView::Page(node(pages, addr, PageKind::Inner)?, *addr))
    }

    /// As [`InnerView::open`], for a page whose keys are about to be mixed with others: they must be between its fences.
    pub(crate) fn open_between(
        pages: &'a (impl PageRead + ?Sized),
        addr: &PageAddr,
        fences: &OwnFences,
    ) -> Result<InnerView<'a>> {
        let inner = InnerView::open(pages, addr)?;
        let separators = inner.separators();
        if separators.is_empty() || separators.key_len(0) != separators.prefix().len() {
            return Err(inner.first_is_missing());
        }
        check_fences(&separators, addr, 1, fences)?;
        Ok(inner)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            InnerView::Own(inner) => inner.len(),
            InnerView::Page(view, _) => view.len(),
        }
    }

    pub(crate) fn separators(&self) -> NodeView<'a> {
        match self {
            InnerView::Own(inner) => inner.separators(),
            InnerView::Page(view, _) => *view,
        }
    }

    /// Which child covers `key`.
    #[inline]
    pub(crate) fn position(&self, key: &[u8]) -> Result<usize> {
        covering(&self.separators(), key).ok_or_else(|| self.first_is_missing())
    }

    #[inline(always)]
    pub(crate) fn child(&self, i: usize) -> Result<ChildView<'a>> {
        match self {
            InnerView::Own(inner) => Ok(ChildView::Own(&inner.children[i])),
            InnerView::Page(view, addr) => page_child(view, addr, i).map(ChildView::Page),
        }
    }

    /// Where a child starts.
    #[inline(always)]
    pub(crate) fn start(&self, i: usize) -> Result<Start<'a>> {
        match self {
            InnerView::Own(inner) => Ok(Start::Own(&inner.children[i])),
            InnerView::Page(view, addr) => page_child_pages(view, addr, i).map(Start::Page),
        }
    }
}

/// Has the leaf that covers a key brought to memory, where that pays; see [`PageRead::prefetch`]. Inner nodes are read.
///
/// # Errors
/// Where one of those cannot be read.
pub(crate) fn prefetch_leaf<'a>(
    root: Start<'a>,
    pages: &'a (impl PageRead + ?Sized),
    key: &[u8],
) -> Result<()> {
    let mut start = root;
    for _ in 0..MAX_DEPTH {
        match start {
            Start::Page(ChildPages::Inner(_)) | Start::Own(Child { node: Node::Inner(_), .. }) => {
                let NodeRef::Inner(node) = start.open(pages)? else { break };
                start = node.start(node.position(key)?)?;
            }
            _ => break,
        }
    }
    start.prefetch(pages);
    Ok(())
}

/// Whether child `at` of a node is the one that covers `key`, if any of them does.
#[inline]
pub(crate) fn covers(node: &InnerView<'_>, at: usize, key: &[u8]) -> bool {
    let separators = node.separators();
    let starts = at == 0 || separators.compare_key(at, key).is_le();
    starts && (at + 1 == separators.len() || separators.compare_key(at + 1, key).is_gt())
}

impl InnerView<'_> {
    pub(crate) fn damaged(&self, expected: &str, found: &str) -> Error {
        match self {
            InnerView::Own(_) => damaged_in_memory("inner node", expected, found),
            InnerView::Page(_, addr) => damaged(addr, expected, found),
        }
    }

    #[cold]
    pub(crate) fn first_is_missing(&self) -> Error {
        self.damaged("a first separator that is the bare prefix", "another or none")
    }

    /// The children with their separators; the first one's is the bare prefix.
    pub(crate) fn kids(&self) -> Result<Vec<Kid>> {
        let separators = self.separators();
        let kid = |i| Ok(Kid { separator: separators.key(i), child: self.child(i)?.to_child() });
        (0..self.len()).map(kid).collect()
    }
}

/// What an entry of an inner page refers to.
#[inline(always)]
fn page_child(view: &NodeView<'_>, addr: &PageAddr, i: usize) -> Result<ChildRef> {
    if let ValueRef::Inline(bytes) = view.value(i)
        && let Ok(child) = ChildRef::decode_all(bytes)
    {
        return Ok(child);
    }
    Err(no_child(addr))
}

/// The pages alone of what an entry of an inner page refers to.
#[inline(always)]
fn page_child_pages(view: &NodeView<'_>, addr: &PageAddr, i: usize) -> Result<ChildPages> {
    match view.value(i) {
        ValueRef::Inline(bytes) => ChildPages::decode(bytes).ok_or_else(|| no_child(addr)),
        _ => Err(no_child(addr)),
    }
}

#[cold]
fn no_child(addr: &PageAddr) -> Error {
    damaged(addr, "a reference to a child", "something else")
}

/// A leaf to read: its base, over it the delta, and over that another one.
#[derive(Clone, Copy)]
pub(crate) struct LeafView<'a> {
    pub(crate) base: Source<'a>,
    pub(crate) delta: Option<Source<'a>>,
    pub(crate) top: Option<Source<'a>>,
}

impl<'a> LeafView<'a> {
    #[inline]
    pub(crate) fn open(pages: &'a (impl PageRead + ?Sized), leaf: &'a Leaf) -> Result<LeafView<'a>> {
        let delta = |delta: &'a BlockRef| delta.source(PageKind::Delta, pages);
        let (below, top) = (leaf.delta.as_ref(), leaf.top.as_ref());
        let (delta, top) = (below.map(delta).transpose()?, top.map(delta).transpose()?);
        Ok(LeafView { base: leaf.base.source(PageKind::Leaf, pages)?, delta, top })
    }

    /// All pages are looked at before any is searched, so that they come in together.
    #[inline]
    pub(crate) fn open_pages(pages: &'a (impl PageRead + ?Sized), leaf: &LeafPages) -> Result<LeafView<'a>> {
        let page = |addr: &PageAddr, kind| node(pages, addr, kind).map(Source::from);
        let (delta, top) = leaf.deltas.both();
        let top = top.map(|addr| page(addr, PageKind::Delta)).transpose()?;
        let delta = delta.map(|addr| page(addr, PageKind::Delta)).transpose()?;
        Ok(LeafView { base: page(&leaf.base, PageKind::Leaf)?, delta, top })
    }

    /// As [`LeafView::open`], for a leaf whose entries are about to be mixed with others: they must be between its
    /// fences.
    pub(crate) fn open_between(
        pages: &'a (impl PageRead + ?Sized),
        leaf: &'a Leaf,
        fences: &OwnFences,
    ) -> Result<LeafView<'a>> {
        let view = LeafView::open(pages, leaf)?;
        let blocks = [Some(&leaf.base), leaf.delta.as_ref(), leaf.top.as_ref()];
        let sources = [Some(&view.base), view.delta.as_ref(), view.top.as_ref()];
        for (block, source) in blocks.into_iter().zip(sources) {
            let page = match block {
                Some(BlockRef::Page(addr)) => Some(*addr),
                Some(BlockRef::Laid(laid)) => Some(laid.under()),
                Some(BlockRef::Own(_)) | None => None,
            };
            if let (Some(addr), Some(source)) = (page, source) {
                check_fences(&source.view, &addr, 0, fences)?;
            }
        }
        Ok(view)
    }

    /// The deltas, the newest one first.
    #[inline]
    pub(crate) fn deltas(&self) -> impl Iterator<Item = Source<'a>> + use<'a> {
        [self.top, self.delta].into_iter().flatten()
    }

    /// The value at `key`.
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<NewValue<'a>> {
        let known = self.deltas().find_map(|delta| find_in_delta(&delta, key));
        known.unwrap_or_else(|| self.base.find(key))
    }

    /// What the deltas say, in the order of the keys, deletions included: of each key what is newest.
    pub(crate) fn changes(&self) -> Vec<Entry<'a>> {
        let Some(delta) = self.delta else { return Vec::new() };
        let Some(top) = self.top else {
            return (0..delta.view.len()).map(|at| Entry { source: delta, at }).collect();
        };
        let mut changes = Vec::with_capacity(delta.view.len() + top.view.len());
        lay_over(&delta.view, &top.view, |layer, at| {
            changes.push(Entry { source: if layer == Layer::Above { top } else { delta }, at });
        });
        changes
    }

    /// The entries of base and deltas merged, in the order of their keys.
    pub(crate) fn merged(&self) -> Vec<Entry<'a>> {
        let base = &self.base;
        let changes = self.changes();
        let mut entries = Vec::with_capacity(base.view.len() + changes.len());
        let mut from = 0;
        for change in changes {
            let (until, next) = match position_of(&base.view, &change.source.view, change.at) {
                Ok(same) => (same, same + 1),
                Err(greater) => (greater, greater),
            };
            entries.extend((from..until).map(|at| Entry { source: *base, at }));
            if change.source.view.value(change.at) != ValueRef::Tombstone {
                entries.push(change);
            }
            from = next;
        }
        entries.extend((from..base.view.len()).map(|at| Entry { source: *base, at }));
        entries
    }
}

/// An entry of a leaf: where it lies in the base or in the delta.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) at: usize,
}

impl Entry<'_> {
    pub(crate) fn key(&self) -> Vec<u8> {
        self.source.view.key(self.at)
    }
}

/// Which of two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Below,
    Above,
}

/// Goes through the entries of a node and of a delta above it in the order of their keys; where both have a key, only the
/// delta's.
pub(crate) fn lay_over(below: &NodeView<'_>, above: &NodeView<'_>, mut visit: impl FnMut(Layer, usize)) {
    let mut from = 0;
    for at in 0..above.len() {
        let found = position_of(below, above, at);
        let (Ok(until) | Err(until)) = found;
        (from..until).for_each(|at| visit(Layer::Below, at));
        visit(Layer::Above, at);
        from = until + usize::from(found.is_ok());
    }
    (from..below.len()).for_each(|at| visit(Layer::Below, at));
}

/// Where entry `at` of a delta is in the base, or where it would be.
pub(crate) fn position_of(base: &NodeView<'_>, delta: &NodeView<'_>, at: usize) -> Result<usize, usize> {
    let mut low = 0;
    let mut high = base.len();
    while low < high {
        let middle = low.midpoint(high);
        match base.compare_entry(middle, delta, at) {
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

/// The bytes of an entry's value.
#[inline]
pub(crate) fn value_bytes<'a>(value: NewValue<'a>, pages: &'a (impl PageRead + ?Sized)) -> Result<&'a [u8]> {
    match value {
        NewValue::Inline(bytes) => Ok(bytes),
        NewValue::Memory(value) => Ok(value),
        NewValue::Extent(addr) => {
            let page = pages.page(&addr)?;
            let wrong = |flaw: Flaw| damaged(&addr, "an extent", flaw.what);
            extent_value(page).map_err(wrong)
        }
        NewValue::Tombstone => unreachable!("a tombstone is no entry"),
    }
}

/// Whether there is an entry at `key`.
pub(crate) fn contains(root: &Child, pages: &(impl PageRead + ?Sized), key: &[u8]) -> Result<bool> {
    Ok(find(root, pages, key)?.is_some())
}

/// The bytes of the value at `key`, unless there is none.
#[inline]
pub(crate) fn get<'a>(
    root: &'a Child,
    pages: &'a (impl PageRead + ?Sized),
    key: &[u8],
) -> Result<Option<&'a [u8]>> {
    match find(root, pages, key)? {
        Some(value) => value_bytes(value, pages).map(Some),
        None => Ok(None),
    }
}

/// The value at `key`, unless there is none.
pub(crate) fn find<'a>(
    root: &'a Child,
    pages: &'a (impl PageRead + ?Sized),
    key: &[u8],
) -> Result<Option<NewValue<'a>>> {
    let mut child = root;
    let mut below = loop {
        match &child.node {
            Node::Empty => return Ok(None),
            Node::Leaf(leaf) => return Ok(LeafView::open(pages, leaf)?.find(key)),
            Node::Inner(InnerRef::Own(inner)) => child = &inner.children[inner.position(key)],
            Node::Inner(InnerRef::Page(addr)) => break ChildPages::Inner(*addr),
        }
    };
    for _ in 0..MAX_DEPTH {
        match below {
            ChildPages::Empty => return Ok(None),
            ChildPages::Leaf(leaf) => return Ok(LeafView::open_pages(pages, &leaf)?.find(key)),
            ChildPages::Inner(addr) => {
                let inner = node(pages, &addr, PageKind::Inner)?;
                let at =
                    covering(&inner, key).ok_or_else(|| InnerView::Page(inner, addr).first_is_missing())?;
                below = page_child_pages(&inner, &addr, at)?;
            }
        }
    }
    Err(too_deep(Start::Page(below)))
}

/// What a delta knows of `key`, if anything: its value, or that it has none.
#[inline]
pub(crate) fn find_in_delta<'a>(delta: &Source<'a>, key: &[u8]) -> Option<Option<NewValue<'a>>> {
    Some(delta.find(key)?).map(|value| Some(value).filter(|value| !matches!(value, NewValue::Tombstone)))
}

/// As [`node`], for a page whose entries are about to be mixed with others: they must be between its fences.
pub(crate) fn node_between<'a>(
    pages: &'a (impl PageRead + ?Sized),
    addr: &PageAddr,
    kind: PageKind,
    fences: &OwnFences,
) -> Result<NodeView<'a>> {
    let view = node(pages, addr, kind)?;
    check_fences(&view, addr, 0, fences)?;
    Ok(view)
}

/// Checks prefix and keys of a page against its fences, the keys from the `first` one on.
fn check_fences(view: &NodeView<'_>, addr: &PageAddr, first: usize, fences: &OwnFences) -> Result<()> {
    if view.prefix() != fences.prefix() {
        return Err(damaged(addr, "the prefix that the node's fences have in common", "another"));
    }
    if view.len() > first {
        let above = fences.low.as_ref().is_none_or(|low| view.compare_key(first, low).is_ge());
        let below = fences.high.as_ref().is_none_or(|high| view.compare_key(view.len() - 1, high).is_lt());
        if !above || !below {
            return Err(damaged(addr, "keys between the node's fences", "others"));
        }
    }
    Ok(())
}

/// The error of a way down that does not end.
pub(crate) fn too_deep(start: Start<'_>) -> Error {
    let expected = format!("at most {MAX_DEPTH} nodes on a path");
    match start {
        Start::Page(ChildPages::Inner(addr) | ChildPages::Leaf(LeafPages { base: addr, .. })) => {
            damaged(&addr, expected, "more")
        }
        Start::Own(Child { node: Node::Inner(InnerRef::Page(addr)), .. }) => damaged(addr, expected, "more"),
        _ => damaged_in_memory("tree", expected, "more"),
    }
}
