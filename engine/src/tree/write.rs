//! Writing what of a tree is only in memory to pages, bottom-up and in key order, and swapping it for the addresses
//! afterwards.
//!
//! What changed in a leaf is written and not the leaf. A delta over another one that has been written as often as to cost as
//! much as both is joined with that, and with the base where the same holds for what they come to ([`Due`]); so is one over
//! what goes to disk in any case.
//!
//! Nothing about the nodes changes by writing them. Where they were written is collected in [`Written`] and noted in
//! the nodes when the caller knows that the pages are durable. From then on they are not written again, and
//! [`Swap`] replaces them by their addresses, in whatever version still holds them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::format::inner::{ChildPages, ChildRef, DeltaPages, LeafPages};
use crate::format::node::{MAX_DELTA_ENTRIES, NodeView, max_entries};
use crate::format::page::PageKind;
use crate::ids::{PageAddr, to_u64};
use crate::page::access::{PageRead, PageWrite};
use crate::page::block::{Block, LongValue, NewValue, OnDisk, Source};
use crate::page::meter::Meter;
use crate::tree::fetch;
use crate::tree::node::{BlockRef, Child, Inner, InnerRef, Leaf, Node};
use crate::tree::params::TreeParams;
use crate::tree::read::{self, ChildView, InnerView, LeafView, MAX_DEPTH, Start};

/// Where pages were moved to.
pub type Moved = HashMap<PageAddr, PageAddr>;

/// Nodes that were written, and where.
#[derive(Default)]
pub struct Written {
    blocks: Vec<(BlockRef, OnDisk)>,
    inners: Vec<(Arc<Inner>, PageAddr)>,
    values: Vec<(LongValue, PageAddr)>,
}

impl Written {
    /// Notes in all nodes where they were written. To be called when the pages are durable; without it, as after an
    /// error, the nodes count as not written.
    pub fn publish(self) {
        for (block, place) in &self.blocks {
            block.made().expect("it was written").set_on_disk(*place);
        }
        self.inners.iter().for_each(|(inner, addr)| inner.set_written(*addr));
        self.values.iter().for_each(|(value, addr)| value.set_written(*addr));
    }
}

/// Writes the nodes of a tree that are only in memory.
pub(crate) struct Writer<'w, P: ?Sized> {
    pub(crate) pages: &'w P,
    pub(crate) to: &'w mut dyn PageWrite,
    /// Which pages are to be copied to a new place, if any.
    pub(crate) relocate: Option<&'w dyn Fn(&PageAddr) -> bool>,
    pub(crate) moved: &'w mut Moved,
    pub(crate) written: &'w mut Written,
    pub(crate) params: &'w TreeParams,
}

impl<P: PageRead + ?Sized> Writer<'_, P> {
    /// Writes a subtree; the reference to what is then on disk.
    pub(crate) fn child(&mut self, child: &Child) -> Result<ChildRef> {
        let pages = match &child.node {
            Node::Empty => ChildPages::Empty,
            Node::Leaf(leaf) => ChildPages::Leaf(match settled(leaf) {
                Some(settled) => self.leaf(&settled, child)?,
                None => self.leaf(leaf, child)?,
            }),
            Node::Inner(InnerRef::Page(addr)) => ChildPages::Inner(self.kept_inner(addr, MAX_DEPTH)?),
            Node::Inner(InnerRef::Own(inner)) => ChildPages::Inner(match inner.written() {
                Some(addr) => self.kept_inner(&addr, MAX_DEPTH)?,
                None => self.inner(inner)?,
            }),
        };
        Ok(ChildRef { count: child.count, has_extents: child.has_extents, pages })
    }

    fn inner(&mut self, inner: &Arc<Inner>) -> Result<PageAddr> {
        let children = inner.children.iter().map(|child| self.child(child)).collect::<Result<Vec<_>>>()?;
        let addr = self.to.append(PageKind::Inner, inner_page(&inner.separators(), &children)?)?;
        self.written.inners.push((inner.clone(), addr));
        Ok(addr)
    }

    /// Writes a leaf. What of it is in memory was not written before.
    fn leaf(&mut self, leaf: &Leaf, child: &Child) -> Result<LeafPages> {
        let has_extents = child.has_extents;
        if let Some(newest_ref) = leaf.deltas().next()
            && let Some(newest) = newest_ref.block(self.pages)?
        {
            let due = if self.moves(&leaf.base) { Due::Merged } else { due(leaf, newest) };
            if due == Due::Merged
                && let Some(merged) = merge(self.pages, leaf)
                && to_u64(merged.len()) == child.count
                && !self.params.overflows(&merged)
            {
                let addr = self.append(&merged)?;
                self.written.blocks.push((newest_ref.clone(), OnDisk::Merged(addr)));
                return Ok(addr.into());
            }
            if due == Due::Joined
                && let Some(joined) = join(self.pages, leaf)
                && joined.len() <= MAX_DELTA_ENTRIES
            {
                let base = self.block(&leaf.base, has_extents)?;
                let addr = self.append(&joined)?;
                self.written.blocks.push((newest_ref.clone(), OnDisk::Joined(addr)));
                return Ok(LeafPages { base, deltas: DeltaPages::One(addr) });
            }
        }
        let base = self.block(&leaf.base, has_extents)?;
        let Some(delta) = &leaf.delta else { return Ok(base.into()) };
        let delta = self.block(delta, has_extents)?;
        let Some(top) = &leaf.top else { return Ok(LeafPages { base, deltas: DeltaPages::One(delta) }) };
        Ok(LeafPages { base, deltas: DeltaPages::Two(delta, self.block(top, has_extents)?) })
    }

    /// Whether a block is a page that is to be copied to a new place.
    fn moves(&self, block: &BlockRef) -> bool {
        matches!((block, self.relocate), (BlockRef::Page(addr), Some(relocate)) if relocate(addr))
    }

    fn block(&mut self, block_ref: &BlockRef, has_extents: bool) -> Result<PageAddr> {
        let block = match block_ref {
            BlockRef::Page(addr) => return self.kept_block(addr, has_extents),
            BlockRef::Own(block) => block,
            BlockRef::Laid(laid) => laid.block(self.pages)?,
        };
        let addr = self.append(block)?;
        self.written.blocks.push((block_ref.clone(), OnDisk::Page(addr)));
        Ok(addr)
    }

    /// Writes a block and its long values. A delta that nobody had looked at before can have more entries than it is let have;
    /// only a damaged one has nearly so many.
    fn append(&mut self, block: &Block) -> Result<PageAddr> {
        let most = max_entries(block.view().kind());
        if block.len() > most {
            let (expected, found) = (format!("at most {most} entries"), block.len().to_string());
            return Err(fetch::damaged_in_memory("node", expected, found));
        }
        let page = match self.with_extents(block.source())? {
            Some(changed) => page_of(&changed)?,
            None => page_of(block)?,
        };
        self.to.append(block.view().kind(), page)
    }

    /// A copy of a node whose long values are all in extents that stay where they are; `None` where that is the node.
    fn with_extents(&mut self, source: Source<'_>) -> Result<Option<Block>> {
        let mut places = Vec::new();
        for i in 0..source.view.len() {
            let addr = match source.value(i) {
                NewValue::Inline(_) | NewValue::Tombstone => continue,
                NewValue::Extent(addr) => match self.kept_extent(&addr)? {
                    same if same == addr => continue,
                    moved => moved,
                },
                NewValue::Memory(value) => match value.written() {
                    Some(addr) => self.kept_extent(&addr)?,
                    None => {
                        let addr = self.to.append_extent(value)?;
                        self.written.values.push((value.clone(), addr));
                        addr
                    }
                },
            };
            places.push((i, addr));
        }
        Ok((!places.is_empty()).then(|| Block::with_extents(source, &places, &Meter::new())))
    }

    /// Where a page of an inner node stays or goes, when all below it have gone where they are to be.
    fn kept_inner(&mut self, addr: &PageAddr, depth: usize) -> Result<PageAddr> {
        let Some(relocate) = self.relocate else { return Ok(*addr) };
        if let Some(moved) = self.moved.get(addr) {
            return Ok(*moved);
        }
        if depth == 0 {
            return Err(read::too_deep(Start::Page(ChildPages::Inner(*addr))));
        }
        let inner = InnerView::open(self.pages, addr)?;
        let mut children = Vec::with_capacity(inner.len());
        let mut is_changed = relocate(addr);
        for i in 0..inner.len() {
            let ChildView::Page(child) = inner.child(i)? else {
                unreachable!("a page has no nodes in memory")
            };
            let pages = match child.pages {
                ChildPages::Empty => ChildPages::Empty,
                ChildPages::Inner(addr) => ChildPages::Inner(self.kept_inner(&addr, depth - 1)?),
                ChildPages::Leaf(pages) => ChildPages::Leaf(self.kept_leaf(&pages, child.has_extents)?),
            };
            is_changed |= pages != child.pages;
            children.push(ChildRef { pages, ..child });
        }
        if !is_changed {
            return Ok(*addr);
        }
        let moved = self.to.append(PageKind::Inner, inner_page(&inner.separators(), &children)?)?;
        self.moved.insert(*addr, moved);
        Ok(moved)
    }

    fn kept_leaf(&mut self, leaf: &LeafPages, has_extents: bool) -> Result<LeafPages> {
        let mut kept = |addr: &PageAddr| self.kept_block(addr, has_extents);
        let base = kept(&leaf.base)?;
        let deltas = match &leaf.deltas {
            DeltaPages::None => DeltaPages::None,
            DeltaPages::One(delta) => DeltaPages::One(kept(delta)?),
            DeltaPages::Two(delta, top) => DeltaPages::Two(kept(delta)?, kept(top)?),
        };
        Ok(LeafPages { base, deltas })
    }

    /// Where a page of a leaf or delta stays or goes.
    fn kept_block(&mut self, addr: &PageAddr, has_extents: bool) -> Result<PageAddr> {
        let Some(relocate) = self.relocate else { return Ok(*addr) };
        if let Some(moved) = self.moved.get(addr) {
            return Ok(*moved);
        }
        if !relocate(addr) && !has_extents {
            return Ok(*addr);
        }
        let view = NodeView::new(self.pages.page(addr)?);
        let page = match if has_extents { self.with_extents(view.into())? } else { None } {
            Some(changed) => page_of(&changed)?,
            None if relocate(addr) => view.bytes().to_vec(),
            None => return Ok(*addr),
        };
        let moved = self.to.append(view.kind(), page)?;
        self.moved.insert(*addr, moved);
        Ok(moved)
    }

    fn kept_extent(&mut self, addr: &PageAddr) -> Result<PageAddr> {
        match self.moved.get(addr) {
            Some(moved) => Ok(*moved),
            None if self.relocate.is_some_and(|relocate| relocate(addr)) => {
                let value = read::value_bytes(NewValue::Extent(*addr), self.pages)?;
                let moved = self.to.append_extent(value)?;
                self.moved.insert(*addr, moved);
                Ok(moved)
            }
            None => Ok(*addr),
        }
    }
}

/// How the newest delta of a leaf is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// As a page of its own.
    Alone,
    /// As one page with the delta below.
    Joined,
    /// As one page with all that is below.
    Merged,
}

fn due(leaf: &Leaf, newest: &Block) -> Due {
    let base_bytes = leaf.base.len_on_disk();
    let bytes = newest.size_on_disk();
    let new_bytes = bytes * newest.new_entries() / newest.len().max(1);
    let Some(below) = leaf.delta.as_ref().filter(|_| leaf.top.is_some()) else {
        let merges = is_dirty(&leaf.base) || pays(bytes, new_bytes, base_bytes);
        return if merges { Due::Merged } else { Due::Alone };
    };
    let both_bytes = bytes + below.len_on_disk();
    if is_dirty(&leaf.base) {
        Due::Merged
    } else if !is_dirty(below) && !pays(bytes, new_bytes, below.len_on_disk()) {
        Due::Alone
    } else if pays(both_bytes, bytes, base_bytes) || both_bytes > base_bytes / 4 * 3 {
        Due::Merged
    } else {
        Due::Joined
    }
}

/// Whether a delta of which so much is new is better written together with what is below than once more by itself. A delta that
/// grew by as much each time has cost as much as both when its length, squared, is twice the product of what is new and what is
/// below; there the sum of all costs is least.
fn pays(bytes: usize, new_bytes: usize, below_bytes: usize) -> bool {
    bytes.saturating_mul(bytes) >= new_bytes.saturating_mul(2).saturating_mul(below_bytes)
}

/// Whether a block is in memory and was not written.
fn is_dirty(block: &BlockRef) -> bool {
    !matches!(block, BlockRef::Page(_)) && block.made().is_none_or(|block| block.written().is_none())
}

/// Base and deltas of a leaf as one block; nothing where they cannot be read or do not belong together, which whoever wants
/// their entries is told.
fn merge(pages: &(impl PageRead + ?Sized), leaf: &Leaf) -> Option<Block> {
    let LeafView { base, delta, top } = LeafView::open(pages, leaf).ok()?;
    one_over_the_other(&leaf.base, base, [delta?].into_iter().chain(top))
}

/// The deltas of a leaf as one; nothing as with [`merge`].
fn join(pages: &(impl PageRead + ?Sized), leaf: &Leaf) -> Option<Block> {
    let view = LeafView::open(pages, leaf).ok()?;
    one_over_the_other(leaf.delta.as_ref()?, view.delta?, view.top.into_iter())
}

/// A copy of a block with some deltas laid over it.
fn one_over_the_other<'a>(
    block: &BlockRef,
    source: Source<'a>,
    deltas: impl Iterator<Item = Source<'a>> + Clone,
) -> Option<Block> {
    if deltas.clone().any(|delta| delta.view.prefix() != source.view.prefix()) {
        return None;
    }
    let entries = deltas.clone().map(|delta| delta.view.len()).sum();
    let bytes = deltas.clone().map(|delta| delta.view.bytes().len()).sum();
    let mut all = match block {
        BlockRef::Page(_) => Block::of_page(source.view, entries, bytes, &Meter::new()),
        BlockRef::Own(_) | BlockRef::Laid(_) => block.made()?.copy_for_edit(entries, bytes),
    };
    deltas.for_each(|delta| all.lay_over(delta));
    Some(all)
}

/// The page of an inner node on its way.
pub(crate) struct InnerPage {
    block: Block,
    reference: Vec<u8>,
}

impl InnerPage {
    pub(crate) fn new(prefix: &[u8]) -> InnerPage {
        InnerPage { block: Block::new(PageKind::Inner, prefix, &Meter::new()), reference: Vec::new() }
    }

    pub(crate) fn push(&mut self, separator: &[u8], child: &ChildRef) {
        self.reference.clear();
        child.encode(&mut self.reference);
        self.block.push(separator, NewValue::Inline(&self.reference));
    }

    pub(crate) fn finish(&self) -> Result<Vec<u8>> {
        page_of(&self.block)
    }
}

fn inner_page(separators: &NodeView<'_>, children: &[ChildRef]) -> Result<Vec<u8>> {
    let mut page = InnerPage::new(separators.prefix());
    let mut separator = Vec::new();
    for (i, child) in children.iter().enumerate() {
        separator.clear();
        separators.append_key(i, &mut separator);
        page.push(&separator, child);
    }
    page.finish()
}

/// The page of a block without long values in memory.
pub(crate) fn page_of(block: &Block) -> Result<Vec<u8>> {
    block.to_page_bytes(|_| unreachable!("long values were written before"))
}

/// Replaces the nodes of a tree that were written by the addresses of their pages, and addresses of pages that were moved
/// by the new ones. The content stays. Nodes that were not written are gone through, and copied where something below them
/// changes.
///
/// The walk may be made in parts, with edits between them: what is left is then known by its keys, which edits do not move.
pub(crate) struct Swap<'m> {
    moved: &'m Moved,
    /// How many more nodes are looked at in this part, about.
    room: &'m mut usize,
    /// Where the next part goes on; nothing while there is room, and at the end of the tree.
    next: Option<Vec<u8>>,
}

impl<'m> Swap<'m> {
    pub(crate) fn new(moved: &'m Moved, room: &'m mut usize) -> Swap<'m> {
        Swap { moved, room, next: None }
    }

    /// Goes on from `from`, or begins. Where it has to go on, if anything is left.
    pub(crate) fn run(mut self, child: &mut Child, from: Option<&[u8]>) -> Option<Vec<u8>> {
        *self.room = self.room.saturating_sub(1);
        if let Some(node) = self.swapped(child, from) {
            child.node = node;
        }
        self.next
    }

    /// What takes the place of a node; `None` where it stays. What lies before `from`, a key in the node, was dealt with.
    fn swapped(&mut self, child: &Child, from: Option<&[u8]>) -> Option<Node> {
        match &child.node {
            Node::Empty => None,
            Node::Inner(InnerRef::Page(addr)) => {
                self.moved.get(addr).map(|moved| Node::Inner(InnerRef::Page(*moved)))
            }
            Node::Inner(InnerRef::Own(inner)) => match inner.written() {
                Some(addr) => Some(Node::Inner(InnerRef::Page(current(addr, self.moved)))),
                None => {
                    self.swapped_below(inner, from).map(|inner| Node::Inner(InnerRef::Own(Arc::new(inner))))
                }
            },
            Node::Leaf(leaf) => swapped_leaf(leaf, self.moved, child.has_extents).map(Node::Leaf),
        }
    }

    fn swapped_below(&mut self, inner: &Inner, mut from: Option<&[u8]>) -> Option<Inner> {
        let mut changed = None;
        for i in from.map_or(0, |from| inner.position(from))..inner.len() {
            if let Some(node) = self.swapped(&inner.children[i], from.take()) {
                changed.get_or_insert_with(|| inner.copy()).children.get_mut(i).node = node;
            }
            *self.room = self.room.saturating_sub(1);
            if self.next.is_none() && *self.room == 0 && i + 1 < inner.len() {
                let mut next = Vec::new();
                inner.separators().append_key(i + 1, &mut next);
                self.next = Some(next);
            }
            if self.next.is_some() {
                break;
            }
        }
        changed
    }
}

fn swapped_leaf(leaf: &Leaf, moved: &Moved, has_extents: bool) -> Option<Leaf> {
    let settled = settled(leaf);
    let settled = rebased(settled.as_ref().unwrap_or(leaf)).or(settled);
    let now = settled.as_ref().unwrap_or(leaf);
    let swapped = |block: &BlockRef| swapped_block(block, moved, has_extents);
    let base = swapped(&now.base);
    let (delta, top) = (now.delta.as_ref().and_then(swapped), now.top.as_ref().and_then(swapped));
    if base.is_none() && delta.is_none() && top.is_none() {
        return settled;
    }
    let base = base.unwrap_or_else(|| now.base.clone());
    Some(Leaf { base, delta: delta.or_else(|| now.delta.clone()), top: top.or_else(|| now.top.clone()) })
}

/// A leaf with the pages of what was written in the place of that; `None` where nothing was.
fn settled(leaf: &Leaf) -> Option<Leaf> {
    let on_disk = |block: &BlockRef| block.made().and_then(Block::on_disk);
    let place = [leaf.delta.as_ref(), leaf.top.as_ref()].map(|delta| delta.and_then(on_disk));
    let page = |addr: PageAddr| Some(BlockRef::Page(addr));
    let mut now = match place {
        [_, Some(OnDisk::Merged(addr))] => BlockRef::Page(addr).into(),
        [Some(OnDisk::Merged(addr)), _] => {
            let below = Leaf { base: BlockRef::Page(addr), delta: leaf.top.clone(), top: None };
            return Some(settled(&below).unwrap_or(below));
        }
        [_, Some(OnDisk::Joined(addr))] => Leaf { delta: page(addr), top: None, ..leaf.clone() },
        [delta, top] => {
            let is_page = |place: &Option<OnDisk>| matches!(place, Some(OnDisk::Page(_)));
            if !is_page(&delta) && !is_page(&top) && on_disk(&leaf.base).is_none() {
                return None;
            }
            let mut now = leaf.clone();
            if let Some(OnDisk::Page(addr)) = delta {
                now.delta = page(addr);
            }
            if let Some(OnDisk::Page(addr)) = top {
                now.top = page(addr);
            }
            now
        }
    };
    if let Some(OnDisk::Page(addr)) = on_disk(&now.base) {
        now.base = BlockRef::Page(addr);
    }
    Some(now)
}

/// A leaf whose newest delta was changed while a checkpoint wrote it, with the page of what was written and over that only what
/// came later. `None` where it is no such leaf.
fn rebased(leaf: &Leaf) -> Option<Leaf> {
    let Some(BlockRef::Own(newest)) = leaf.deltas().next() else { return None };
    let origin = newest.origin()?;
    let now = match origin.on_disk()? {
        OnDisk::Merged(addr) => BlockRef::Page(addr).into(),
        OnDisk::Joined(addr) => Leaf { delta: Some(BlockRef::Page(addr)), top: None, ..leaf.clone() },
        OnDisk::Page(addr) if leaf.top.is_none() => {
            Leaf { delta: Some(BlockRef::Page(addr)), ..leaf.clone() }
        }
        // There is no room for a third delta.
        OnDisk::Page(_) => return None,
    };
    let since = newest.since(origin);
    if since.is_empty() {
        return Some(now);
    }
    let since = Some(BlockRef::new(since));
    Some(if now.delta.is_none() { Leaf { delta: since, ..now } } else { Leaf { top: since, ..now } })
}

/// What takes the place of a block of a leaf that is settled.
fn swapped_block(block: &BlockRef, moved: &Moved, has_extents: bool) -> Option<BlockRef> {
    match block {
        BlockRef::Page(addr) => moved.get(addr).map(|moved| BlockRef::Page(*moved)),
        BlockRef::Own(own) => moved_extents(own, moved, has_extents),
        BlockRef::Laid(laid) => match laid.made() {
            Some(own) => moved_extents(own, moved, has_extents),
            None => moved.get(&laid.under()).map(|moved| BlockRef::Laid(Arc::new(laid.moved_to(*moved)))),
        },
    }
}

/// A block with the places that its long values have now; `None` where it stays.
fn moved_extents(own: &Block, moved: &Moved, has_extents: bool) -> Option<BlockRef> {
    if !has_extents {
        return None;
    }
    let places: Vec<_> = changed_extents(own, moved).collect();
    (!places.is_empty()).then(|| BlockRef::new(own.moved_to_extents(&places)))
}

/// The entries of a block whose long values lie elsewhere now, and where.
fn changed_extents(block: &Block, moved: &Moved) -> impl Iterator<Item = (usize, PageAddr)> {
    let source = block.source();
    (0..source.view.len()).filter_map(move |i| match source.value(i) {
        NewValue::Inline(_) | NewValue::Tombstone => None,
        NewValue::Extent(addr) => moved.get(&addr).map(|moved| (i, *moved)),
        NewValue::Memory(value) => value.written().map(|addr| (i, current(addr, moved))),
    })
}

fn current(addr: PageAddr, moved: &Moved) -> PageAddr {
    moved.get(&addr).copied().unwrap_or(addr)
}

/// Whether nothing of a subtree is in memory.
pub(crate) fn is_clean(child: &Child) -> bool {
    let is_page = |block: &BlockRef| matches!(block, BlockRef::Page(_));
    match &child.node {
        Node::Empty | Node::Inner(InnerRef::Page(_)) => true,
        Node::Inner(InnerRef::Own(_)) => false,
        Node::Leaf(leaf) => is_page(&leaf.base) && leaf.deltas().all(is_page),
    }
}
