//! Writing what of a tree is only in memory to pages, bottom-up and in key order, and swapping it for the addresses
//! afterwards.
//!
//! A leaf whose delta has been written as often as to cost a whole leaf is written as one page instead ([`merge_pays`]); so is
//! one whose base goes to disk in any case.
//!
//! Nothing about the nodes changes by writing them. Where they were written is collected in [`Written`] and noted in
//! the nodes when the caller knows that the pages are durable. From then on they are not written again, and
//! [`Swap`] replaces them by their addresses, in whatever version still holds them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::format::inner::{ChildPages, ChildRef};
use crate::format::node::NodeView;
use crate::format::page::PageKind;
use crate::ids::{PageAddr, to_u64};
use crate::page::access::{PageRead, PageWrite};
use crate::page::block::{Block, LongValue, NewValue, Source};
use crate::page::meter::Meter;
use crate::tree::node::{BlockRef, Child, Inner, InnerRef, Leaf, Node};
use crate::tree::params::TreeParams;
use crate::tree::read::{self, ChildView, InnerView, MAX_DEPTH, Start};

/// Where pages were moved to.
pub type Moved = HashMap<PageAddr, PageAddr>;

/// Nodes that were written, and where.
#[derive(Default)]
pub struct Written {
    blocks: Vec<(BlockRef, PageAddr)>,
    /// Deltas that were merged with their bases, and where that is.
    merged: Vec<(BlockRef, PageAddr)>,
    inners: Vec<(Arc<Inner>, PageAddr)>,
    values: Vec<(LongValue, PageAddr)>,
}

impl Written {
    /// Notes in all nodes where they were written. To be called when the pages are durable; without it, as after an
    /// error, the nodes count as not written.
    pub fn publish(self) {
        for (block, addr) in &self.blocks {
            block.made().expect("it was written").set_written(*addr);
        }
        for (delta, addr) in &self.merged {
            delta.made().expect("it was written").set_merged(*addr);
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
            Node::Leaf(leaf) => match self.merged(leaf, child)? {
                Some(merged) => ChildPages::Leaf(merged, None),
                None => {
                    let base = self.block(&leaf.base, child.has_extents)?;
                    let delta =
                        leaf.delta.as_ref().map(|delta| self.block(delta, child.has_extents)).transpose()?;
                    ChildPages::Leaf(base, delta)
                }
            },
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

    /// Where base and delta of a leaf are one page, written now if that is due.
    fn merged(&mut self, leaf: &Leaf, child: &Child) -> Result<Option<PageAddr>> {
        let Some(delta_ref) = &leaf.delta else { return Ok(None) };
        let Some(delta) = delta_ref.block(self.pages)? else { return Ok(None) };
        if let Some(addr) = delta.merged() {
            return self.kept_block(&addr, child.has_extents).map(Some);
        }
        if delta.written().is_some() || !merge_pays(leaf, delta) {
            return Ok(None);
        }
        let Some(merged) = merge(self.pages, leaf, delta) else { return Ok(None) };
        if to_u64(merged.len()) != child.count || self.params.overflows(&merged) {
            return Ok(None);
        }
        let addr = self.append(&merged)?;
        self.written.merged.push((delta_ref.clone(), addr));
        Ok(Some(addr))
    }

    fn block(&mut self, block_ref: &BlockRef, has_extents: bool) -> Result<PageAddr> {
        let block = match block_ref {
            BlockRef::Page(addr) => return self.kept_block(addr, has_extents),
            BlockRef::Own(block) => block,
            BlockRef::Laid(laid) => laid.block(self.pages)?,
        };
        if let Some(addr) = block.written() {
            return self.kept_block(&addr, has_extents);
        }
        let addr = self.append(block)?;
        self.written.blocks.push((block_ref.clone(), addr));
        Ok(addr)
    }

    /// Writes a block and its long values.
    fn append(&mut self, block: &Block) -> Result<PageAddr> {
        let page = match self.with_extents(block.source())? {
            Some(changed) => page_of(&changed)?,
            None => page_of(block)?,
        };
        self.to.append(block.view().kind(), page)
    }

    /// A copy of a node whose long values are all in extents that stay where they are; `None` where that is the node.
    fn with_extents(&mut self, source: Source<'_>) -> Result<Option<Block>> {
        let mut changed: Option<Block> = None;
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
            changed.get_or_insert_with(|| copy_of(source)).replace(i, NewValue::Extent(addr));
        }
        Ok(changed)
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
                ChildPages::Leaf(base, delta) => {
                    let delta = delta.map(|addr| self.kept_block(&addr, child.has_extents)).transpose()?;
                    ChildPages::Leaf(self.kept_block(&base, child.has_extents)?, delta)
                }
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

/// Whether a leaf is better written as one page than its delta once more. A delta that grew by as many entries each time has
/// cost as much as a leaf when its length, squared, is twice the product of both; there the sum of both costs is least.
fn merge_pays(leaf: &Leaf, delta: &Block) -> bool {
    let is_dirty = matches!(&leaf.base, BlockRef::Own(base) if base.written().is_none());
    is_dirty || delta.size_on_disk() * delta.len() >= 2 * delta.new_entries() * leaf.base.len_on_disk()
}

/// Base and delta of a leaf as one block; nothing where they cannot be read or do not belong together, which whoever wants
/// their entries is told.
fn merge(pages: &(impl PageRead + ?Sized), leaf: &Leaf, delta: &Block) -> Option<Block> {
    let base = leaf.base.source(PageKind::Leaf, pages).ok()?;
    let delta = delta.source();
    if base.view.prefix() != delta.view.prefix() {
        return None;
    }
    let room = (delta.view.len(), delta.view.bytes().len());
    let mut merged = match &leaf.base {
        BlockRef::Page(_) => Block::of_page(base.view, room.0, room.1, &Meter::new()),
        BlockRef::Own(block) => block.copy_for_edit(room.0, room.1),
        BlockRef::Laid(_) => unreachable!("only a delta is laid"),
    };
    merged.lay_over(delta);
    Some(merged)
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

fn copy_of(source: Source<'_>) -> Block {
    Block::from_source(source.view.kind(), source.view.prefix(), source, 0..source.view.len(), &Meter::new())
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
    if let Some(delta) = leaf.delta.as_ref().and_then(BlockRef::made)
        && let Some(merged) = delta.merged()
    {
        return Some(Leaf { base: BlockRef::Page(current(merged, moved)), delta: None });
    }
    let base = swapped_block(&leaf.base, moved, has_extents);
    let delta = leaf.delta.as_ref().and_then(|delta| swapped_block(delta, moved, has_extents));
    if base.is_none() && delta.is_none() {
        return None;
    }
    let base = base.unwrap_or_else(|| leaf.base.clone());
    Some(Leaf { base, delta: delta.or_else(|| leaf.delta.clone()) })
}

fn swapped_block(block: &BlockRef, moved: &Moved, has_extents: bool) -> Option<BlockRef> {
    match block {
        BlockRef::Page(addr) => moved.get(addr).map(|moved| BlockRef::Page(*moved)),
        BlockRef::Own(own) => swapped_own(own, moved, has_extents),
        BlockRef::Laid(laid) => match laid.made() {
            Some(own) => swapped_own(own, moved, has_extents),
            None => moved.get(&laid.under()).map(|moved| BlockRef::Laid(Arc::new(laid.moved_to(*moved)))),
        },
    }
}

fn swapped_own(own: &Block, moved: &Moved, has_extents: bool) -> Option<BlockRef> {
    if let Some(addr) = own.written() {
        return Some(BlockRef::Page(current(addr, moved)));
    }
    if !has_extents {
        return None;
    }
    let mut changed = None;
    for (i, addr) in changed_extents(own, moved) {
        changed.get_or_insert_with(|| own.copy_for_edit(0, 0)).replace(i, NewValue::Extent(addr));
    }
    changed.map(BlockRef::new)
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
        Node::Leaf(leaf) => is_page(&leaf.base) && leaf.delta.as_ref().is_none_or(is_page),
    }
}
