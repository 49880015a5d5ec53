//! Which pages a tree reaches, those included that nodes in memory were written to, for telling live bytes from dead ones.
//! Inner pages are read; a leaf only where its parent says that it may have extents.

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::format::node::{NodeView, ValueRef};
use crate::format::page::PageKind;
use crate::ids::{PageAddr, SegmentId, to_usize};
use crate::page::access::PageRead;
use crate::page::block::Block;
use crate::tree::fetch;
use crate::tree::node::{BlockRef, Child, InnerRef, Node};
use crate::tree::read::{self, ChildView, InnerView};

/// Remembers pages, so that what several trees share is looked at once.
pub trait PageSet {
    /// Adds a page; whether it was not there before.
    fn insert(&mut self, addr: &PageAddr) -> bool;
}

impl PageSet for HashSet<PageAddr> {
    fn insert(&mut self, addr: &PageAddr) -> bool {
        HashSet::insert(self, *addr)
    }
}

/// Pages by where they start: a bit a unit, in pieces where there are any. For trees that are not suspected, of which no two
/// pages start at one place: it takes a tenth of what their addresses do, and less time.
#[derive(Clone, Debug, Default)]
pub struct MarkedPages {
    pieces: HashMap<(SegmentId, u32), Box<[u64; MARKED_WORDS]>>,
}

const MARKED_WORDS: usize = 64;
const MARKED_UNITS: u32 = 64 * 64;

impl PageSet for MarkedPages {
    fn insert(&mut self, addr: &PageAddr) -> bool {
        let piece = (addr.segment, addr.unit / MARKED_UNITS);
        let words = self.pieces.entry(piece).or_insert_with(|| Box::new([0; MARKED_WORDS]));
        let word = &mut words[to_usize(addr.unit % MARKED_UNITS / 64)];
        let bit = 1 << (addr.unit % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

/// Marks the pages of trees.
pub(crate) struct Marker<'m, P: ?Sized> {
    pub(crate) pages: &'m P,
    pub(crate) seen: &'m mut dyn PageSet,
    /// Gets each page that was not seen before.
    pub(crate) visit: &'m mut dyn FnMut(&PageAddr),
}

impl<P: PageRead + ?Sized> Marker<'_, P> {
    pub(crate) fn child(&mut self, child: ChildView<'_>, depth: usize) -> Result<()> {
        if depth == 0 {
            return Err(read::too_deep(child.start()));
        }
        let child = match child {
            ChildView::Own(child) => child,
            ChildView::Page(child) => &Child::from(child),
        };
        match &child.node {
            Node::Empty => Ok(()),
            Node::Inner(InnerRef::Own(inner)) => {
                if let Some(addr) = inner.written() {
                    self.is_new(&addr);
                }
                self.inner(InnerView::Own(inner), depth)
            }
            Node::Inner(InnerRef::Page(addr)) => {
                if self.is_new(addr) {
                    self.inner(InnerView::open(self.pages, addr)?, depth)?;
                }
                Ok(())
            }
            Node::Leaf(leaf) => {
                self.block(&leaf.base, PageKind::Leaf, child.has_extents)?;
                leaf.deltas().try_for_each(|delta| self.block(delta, PageKind::Delta, child.has_extents))
            }
        }
    }

    fn inner(&mut self, inner: InnerView<'_>, depth: usize) -> Result<()> {
        (0..inner.len()).try_for_each(|i| self.child(inner.child(i)?, depth - 1))
    }

    fn block(&mut self, block: &BlockRef, kind: PageKind, has_extents: bool) -> Result<()> {
        match block {
            BlockRef::Page(addr) => {
                if self.is_new(addr) && has_extents {
                    self.extents(&fetch::node(self.pages, addr, kind)?);
                }
            }
            BlockRef::Own(block) => self.own(block, has_extents),
            BlockRef::Laid(laid) => match laid.made() {
                Some(block) => self.own(block, has_extents),
                // What lies over it has its values in it.
                None => self.block(&BlockRef::Page(laid.under()), kind, has_extents)?,
            },
        }
        Ok(())
    }

    fn own(&mut self, block: &Block, has_extents: bool) {
        for place in [block.on_disk(), block.origin().and_then(Block::on_disk)].into_iter().flatten() {
            self.is_new(&place.addr());
        }
        for addr in block.extents().filter(|_| has_extents) {
            self.is_new(&addr);
        }
    }

    fn extents(&mut self, view: &NodeView<'_>) {
        for i in 0..view.len() {
            if let ValueRef::Extent(addr) = view.value(i) {
                self.is_new(&addr);
            }
        }
    }

    /// Visits a page where it was not seen before; whether that was so.
    fn is_new(&mut self, addr: &PageAddr) -> bool {
        let is_new = self.seen.insert(addr);
        if is_new {
            (self.visit)(addr);
        }
        is_new
    }
}

#[cfg(test)]
mod tests;
