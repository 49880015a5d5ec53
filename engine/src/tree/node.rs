//! The nodes of a tree in memory: what a root holds, and how a shared node becomes one that may be edited.
//!
//! Invariants:
//! 1. A node is edited in place only where nobody else holds it ([`Arc::get_mut`]); a shared one is copied first.
//! 2. A change of a node's content forgets where the node was written.
//! 3. `Inner` has one separator a child; the first one is the node's bare prefix, which is at or below everything
//!    in the node. Child `i` covers the keys from separator `i` to below separator `i + 1`, the last one up to the
//!    node's upper fence.
//! 4. A node's prefix is what its two [`Fences`] start with alike; at an edge of the tree it is empty. The fences of a
//!    node change only when the node is made anew. So a child that loses its last entry leaves [`Node::Empty`].

use std::sync::{Arc, OnceLock};

use crate::error::Result;
use crate::format::inner::{ChildPages, ChildRef, LeafPages};
use crate::format::node::NodeView;
use crate::format::page::PageKind;
use crate::ids::{PageAddr, to_u64, to_usize};
use crate::page::access::PageRead;
use crate::page::block::{Block, NewValue, Source};
use crate::page::meter::{Charge, Meter};
use crate::tree::children::Children;
use crate::tree::fetch;
use crate::tree::laid::Laid;

/// A subtree: what is known of it without looking into it, and its first node.
#[derive(Clone)]
pub(crate) struct Child {
    /// Entries below.
    pub(crate) count: u64,
    /// Whether values below may lie in extent pages. Set wrongly at times, never wrongly clear.
    pub(crate) has_extents: bool,
    pub(crate) node: Node,
}

#[derive(Clone)]
pub(crate) enum Node {
    /// No entries and no page.
    Empty,
    Inner(InnerRef),
    Leaf(Leaf),
}

#[derive(Clone)]
pub(crate) enum InnerRef {
    Page(PageAddr),
    Own(Arc<Inner>),
}

/// A leaf: its base, what changed since that was made, and what changed since that was written.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) base: BlockRef,
    pub(crate) delta: Option<BlockRef>,
    /// A second delta over the first; there is none without that.
    pub(crate) top: Option<BlockRef>,
}

#[derive(Clone)]
pub(crate) enum BlockRef {
    Page(PageAddr),
    Own(Arc<Block>),
    /// Only as the delta of a leaf.
    Laid(Arc<Laid>),
}

impl Child {
    pub(crate) const EMPTY: Child = Child { count: 0, has_extents: false, node: Node::Empty };

    /// Has the pages of its first node brought to memory, where that pays; see [`PageRead::prefetch`].
    pub(crate) fn prefetch(&self, pages: &(impl PageRead + ?Sized)) {
        match &self.node {
            Node::Empty | Node::Inner(InnerRef::Own(_)) => {}
            Node::Inner(InnerRef::Page(addr)) => pages.prefetch(addr),
            Node::Leaf(leaf) => {
                let pages_of = |block: &BlockRef| {
                    if let BlockRef::Page(addr) = block {
                        pages.prefetch(addr);
                    }
                };
                leaf.deltas().chain([&leaf.base]).for_each(pages_of);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.node, Node::Empty)
    }

    /// A leaf that is one block, or nothing where the block is empty.
    pub(crate) fn leaf(block: Block) -> Child {
        let has_extents = fetch::has_long_values(&block.view());
        Child { has_extents, ..Child::leaf_of_short_values(block) }
    }

    /// The same, where no value lies outside of the block.
    pub(crate) fn leaf_of_short_values(block: Block) -> Child {
        if block.is_empty() {
            return Child::EMPTY;
        }
        let count = to_u64(block.len());
        let base = BlockRef::Own(Arc::new(block));
        Child { count, has_extents: false, node: Node::Leaf(base.into()) }
    }

    pub(crate) fn inner(inner: Inner) -> Child {
        let count = inner.children.iter().map(|child| child.count).sum();
        let has_extents = inner.children.iter().any(|child| child.has_extents);
        Child { count, has_extents, node: Node::Inner(InnerRef::Own(Arc::new(inner))) }
    }
}

impl Default for Child {
    fn default() -> Child {
        Child::EMPTY
    }
}

impl From<ChildRef> for Child {
    fn from(from: ChildRef) -> Child {
        let node = match from.pages {
            ChildPages::Empty => Node::Empty,
            ChildPages::Inner(addr) => Node::Inner(InnerRef::Page(addr)),
            ChildPages::Leaf(LeafPages { base, deltas }) => {
                let (delta, top) = deltas.both();
                let page = |addr: &PageAddr| BlockRef::Page(*addr);
                Node::Leaf(Leaf { base: page(&base), delta: delta.map(page), top: top.map(page) })
            }
        };
        Child { count: from.count, has_extents: from.has_extents, node }
    }
}

impl BlockRef {
    pub(crate) fn new(block: Block) -> BlockRef {
        BlockRef::Own(Arc::new(block))
    }

    /// The length that the node has or would have on disk, known without reading it: at least as long as it is.
    pub(crate) fn len_on_disk(&self) -> usize {
        match self {
            BlockRef::Page(addr) => to_usize(addr.len),
            BlockRef::Own(block) => block.size_on_disk(),
            BlockRef::Laid(laid) => laid.len_on_disk(),
        }
    }

    /// The block, where nobody else holds it.
    pub(crate) fn unshared(&mut self) -> Option<&mut Block> {
        match self {
            BlockRef::Page(_) | BlockRef::Laid(_) => None,
            BlockRef::Own(block) => Arc::get_mut(block),
        }
    }

    /// The block, made now where it is one that is laid; nothing where it is a page.
    pub(crate) fn block(&self, pages: &(impl PageRead + ?Sized)) -> Result<Option<&Block>> {
        match self {
            BlockRef::Page(_) => Ok(None),
            BlockRef::Own(block) => Ok(Some(block)),
            BlockRef::Laid(laid) => laid.block(pages).map(Some),
        }
    }

    /// The same, where it is there.
    pub(crate) fn made(&self) -> Option<&Block> {
        match self {
            BlockRef::Page(_) => None,
            BlockRef::Own(block) => Some(block),
            BlockRef::Laid(laid) => laid.made(),
        }
    }

    /// Whether it is a block that nobody else holds.
    pub(crate) fn is_unshared(&self) -> bool {
        matches!(self, BlockRef::Own(block) if Arc::strong_count(block) == 1)
    }

    pub(crate) fn source<'a>(
        &'a self,
        kind: PageKind,
        pages: &'a (impl PageRead + ?Sized),
    ) -> Result<Source<'a>> {
        match self {
            BlockRef::Page(addr) => fetch::node(pages, addr, kind).map(Source::from),
            BlockRef::Own(block) => Ok(block.source()),
            BlockRef::Laid(laid) => laid.block(pages).map(Block::source),
        }
    }
}

impl From<BlockRef> for Leaf {
    fn from(base: BlockRef) -> Leaf {
        Leaf { base, delta: None, top: None }
    }
}

impl Leaf {
    /// About how long the leaf would be as one page, known without reading it: at least as long as it is.
    pub(crate) fn len_on_disk(&self) -> usize {
        self.base.len_on_disk() + self.deltas_len_on_disk()
    }

    /// How long the deltas are together.
    pub(crate) fn deltas_len_on_disk(&self) -> usize {
        self.deltas().map(BlockRef::len_on_disk).sum()
    }

    /// The deltas, the newest one first.
    pub(crate) fn deltas(&self) -> impl Iterator<Item = &BlockRef> {
        self.top.iter().chain(&self.delta)
    }

    /// Checks that base and deltas have as many entries together as the leaf's parent says.
    pub(crate) fn check_count(&self, count: u64, found: usize) -> Result<()> {
        if to_u64(found) == count {
            return Ok(());
        }
        let (expected, found) = (format!("{count} entries"), found.to_string());
        Err(match &self.base {
            BlockRef::Page(addr) => fetch::damaged(addr, expected, found),
            BlockRef::Own(_) | BlockRef::Laid(_) => fetch::damaged_in_memory("leaf", expected, found),
        })
    }
}

/// An inner node in memory.
pub(crate) struct Inner {
    /// Apart from the children, since a path copy replaces a child far more often than a separator.
    separators: Arc<Separators>,
    pub(crate) children: Children<Child>,
    written: OnceLock<PageAddr>,
}

/// The separators as the keys of a node without values. They also bear the charge for the children, so that a path copy
/// has nothing to count.
struct Separators {
    block: Block,
    charge: Charge,
}

impl Separators {
    fn new(block: Block, meter: &Meter) -> Arc<Separators> {
        let mut separators = Separators { block, charge: meter.charge(0) };
        separators.charge_children();
        Arc::new(separators)
    }

    /// The separators to change: a copy where others hold them.
    fn edit(separators: &mut Arc<Separators>) -> &mut Separators {
        if Arc::strong_count(separators) > 1 {
            *separators = Separators::new(separators.block.copy_for_edit(1, 0), separators.charge.meter());
        }
        Arc::get_mut(separators).expect("nobody else holds them, or they were made just now")
    }

    fn insert(&mut self, i: usize, key: &[u8]) {
        self.block.insert(i, key, NewValue::Inline(&[]));
        self.charge_children();
    }

    fn remove(&mut self, i: usize) {
        self.block.remove(i);
        self.charge_children();
    }

    fn charge_children(&mut self) {
        self.charge.set(size_of::<Inner>() + self.block.len() * size_of::<Child>());
    }
}

/// A child on its way into an inner node, with the key it starts at.
pub(crate) struct Kid {
    pub(crate) separator: Vec<u8>,
    pub(crate) child: Child,
}

impl Inner {
    /// A node of these children in order, between these fences. The first child's separator is not looked at.
    pub(crate) fn new(kids: Vec<Kid>, fences: &OwnFences, meter: &Meter) -> Inner {
        let prefix = fences.prefix();
        let mut separators = Block::new(PageKind::Inner, prefix, meter);
        for (i, kid) in kids.iter().enumerate() {
            separators.push(if i == 0 { prefix } else { &kid.separator }, NewValue::Inline(&[]));
        }
        Inner::of_parts(separators, Children::new(kids.into_iter().map(|kid| kid.child)), meter)
    }

    /// A node of as many children as there are keys in `separators`.
    pub(crate) fn of_parts(separators: Block, children: Children<Child>, meter: &Meter) -> Inner {
        Inner { separators: Separators::new(separators, meter), children, written: OnceLock::new() }
    }

    /// The same node to be changed, so it counts as not written.
    pub(crate) fn copy(&self) -> Inner {
        let (separators, children) = (self.separators.clone(), self.children.clone());
        Inner { separators, children, written: OnceLock::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.children.len()
    }

    pub(crate) fn separators(&self) -> NodeView<'_> {
        self.separators.block.view()
    }

    /// Which child covers `key`.
    pub(crate) fn position(&self, key: &[u8]) -> usize {
        covering(&self.separators(), key).expect("the first separator is the bare prefix")
    }

    /// One child to edit, and the fences it lies between.
    pub(crate) fn child_mut<'a>(&'a mut self, i: usize, fences: Fences<'a>) -> (&'a mut Child, Fences<'a>) {
        let fences = fences_of(&self.separators.block, i, self.children.len(), fences);
        (self.children.get_mut(i), fences)
    }

    /// The fences of children `i` to `j`, both included, taken together.
    pub(crate) fn fences_of(&self, i: usize, j: usize, fences: Fences<'_>) -> OwnFences {
        let low = fences_of(&self.separators.block, i, self.len(), fences).low;
        let high = fences_of(&self.separators.block, j, self.len(), fences).high;
        Fences { low, high }.to_owned()
    }

    /// Puts children in behind child `i`.
    pub(crate) fn insert_after(&mut self, i: usize, right: Vec<Kid>) {
        let separators = Separators::edit(&mut self.separators);
        for (n, kid) in right.into_iter().enumerate() {
            separators.insert(i + 1 + n, &kid.separator);
            self.children.insert(i + 1 + n, kid.child);
        }
    }

    /// Replaces children `i` and `i + 1` by one, whose fences are those of both together.
    pub(crate) fn join(&mut self, i: usize, joined: Child) {
        Separators::edit(&mut self.separators).remove(i + 1);
        self.children.remove(i + 1);
        *self.children.get_mut(i) = joined;
    }

    pub(crate) fn written(&self) -> Option<PageAddr> {
        self.written.get().copied()
    }

    /// Notes that the content is about to differ from what any checkpoint wrote.
    pub(crate) fn forget_written(&mut self) {
        self.written.take();
    }

    /// Notes where a checkpoint wrote exactly this content. The first note stays.
    pub(crate) fn set_written(&self, addr: PageAddr) {
        self.written.get_or_init(|| addr);
    }
}

/// The node to change: a copy where others hold it. The copy counts as not written.
pub(crate) fn unshared_inner(inner: &mut Arc<Inner>) -> &mut Inner {
    if Arc::strong_count(inner) > 1 {
        *inner = Arc::new(inner.copy());
    }
    Arc::get_mut(inner).expect("nobody else holds it, or it was made just now")
}

/// Which of these separators is the last one at or below `key`.
#[inline]
pub(crate) fn covering(separators: &NodeView<'_>, key: &[u8]) -> Option<usize> {
    covered(separators.search(key))
}

/// The same, by what a search for the key found.
#[inline]
pub(crate) fn covered(found: Result<usize, usize>) -> Option<usize> {
    match found {
        Ok(i) => Some(i),
        Err(i) => i.checked_sub(1),
    }
}

/// A separator on the path to a node: key `at` of a node above it.
#[derive(Clone, Copy)]
pub(crate) struct Fence<'a> {
    separators: &'a Block,
    at: usize,
}

/// What bounds the keys of a node: from `low` to below `high`; `None` is an edge of the tree.
#[derive(Clone, Copy)]
pub(crate) struct Fences<'a> {
    pub(crate) low: Option<Fence<'a>>,
    pub(crate) high: Option<Fence<'a>>,
}

impl Fences<'_> {
    /// Those of a root.
    pub(crate) const NONE: Fences<'static> = Fences { low: None, high: None };

    pub(crate) fn to_owned(self) -> OwnFences {
        let mut fences = OwnFences::default();
        self.copy_to(&mut fences);
        fences
    }

    /// As [`Fences::to_owned`], in the place of other ones, whose memory is used again.
    pub(crate) fn copy_to(self, to: &mut OwnFences) {
        let copy = |from: Option<Fence<'_>>, to: &mut Option<Vec<u8>>| match from {
            Some(fence) => {
                let key = to.get_or_insert_default();
                key.clear();
                fence.separators.view().append_key(fence.at, key);
            }
            None => *to = None,
        };
        copy(self.low, &mut to.low);
        copy(self.high, &mut to.high);
    }
}

fn fences_of<'a>(separators: &'a Block, i: usize, len: usize, fences: Fences<'a>) -> Fences<'a> {
    let low = if i == 0 { fences.low } else { Some(Fence { separators, at: i }) };
    let high = if i + 1 == len { fences.high } else { Some(Fence { separators, at: i + 1 }) };
    Fences { low, high }
}

/// [`Fences`] with keys of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnFences {
    pub(crate) low: Option<Vec<u8>>,
    pub(crate) high: Option<Vec<u8>>,
}

impl OwnFences {
    /// What all keys between them start with.
    pub(crate) fn prefix(&self) -> &[u8] {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => &low[..common_prefix_len(low, high)],
            _ => &[],
        }
    }

    /// The fences on both sides of `separator`.
    pub(crate) fn split_at(self, separator: &[u8]) -> (OwnFences, OwnFences) {
        let left = OwnFences { low: self.low, high: Some(separator.to_vec()) };
        let right = OwnFences { low: Some(separator.to_vec()), high: self.high };
        (left, right)
    }
}

/// How many bytes `a` and `b` start with alike.
pub(crate) fn common_prefix_len(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// The shortest key above `left` and at or below `right`, which must be above `left`.
pub(crate) fn separator_between<'k>(left: &[u8], right: &'k [u8]) -> &'k [u8] {
    debug_assert!(left < right);
    &right[..common_prefix_len(left, right) + 1]
}
