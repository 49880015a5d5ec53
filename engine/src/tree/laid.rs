//! [`Laid`]: the delta of a leaf that a replay changed: a delta page, and changes that are laid over it when somebody looks.
//!
//! A replay changes leaves all over a tree, and whoever wanted it mostly looks at a few of them. So it reads no delta pages.
//!
//! Invariants:
//! 1. Page and changes have the same prefix, which is checked when they come together.
//! 2. What came of them stays, and is the same block for all who look.

use std::sync::OnceLock;

use crate::error::Result;
use crate::format::page::PageKind;
use crate::ids::{PageAddr, to_usize};
use crate::page::access::PageRead;
use crate::page::block::Block;
use crate::tree::fetch;

/// See the head of this file.
pub(crate) struct Laid {
    block: OnceLock<Block>,
    under: PageAddr,
    over: Block,
}

impl Laid {
    /// The delta that the page `under` is with the entries of the delta `over` put into it.
    pub(crate) fn new(under: PageAddr, over: Block) -> Laid {
        Laid { block: OnceLock::new(), under, over }
    }

    /// The delta, made now if nobody has looked at it before.
    #[inline]
    pub(crate) fn block(&self, pages: &(impl PageRead + ?Sized)) -> Result<&Block> {
        match self.block.get() {
            Some(block) => Ok(block),
            None => self.lay(pages),
        }
    }

    #[cold]
    fn lay(&self, pages: &(impl PageRead + ?Sized)) -> Result<&Block> {
        let (under, over) = (fetch::node(pages, &self.under, PageKind::Delta)?, self.over.source());
        if under.prefix() != over.view.prefix() {
            let expected = "a delta page with the prefix that its place has";
            return Err(fetch::damaged(&self.under, expected, "another prefix"));
        }
        let mut block = Block::of_page(under, over.view.len(), over.view.bytes().len(), self.over.meter());
        block.lay_over(over);
        Ok(self.block.get_or_init(|| block))
    }

    /// The delta, if somebody has looked at it.
    pub(crate) fn made(&self) -> Option<&Block> {
        self.block.get()
    }

    /// The same with the page at another address; where it lies does not count any more once the delta was made.
    pub(crate) fn moved_to(&self, under: PageAddr) -> Laid {
        Laid::new(under, self.over.copy_for_edit(0, 0))
    }

    /// The page.
    pub(crate) fn under(&self) -> PageAddr {
        self.under
    }

    /// The changes.
    pub(crate) fn over(&self) -> &Block {
        &self.over
    }

    /// How long the delta would be on disk, at most.
    pub(crate) fn len_on_disk(&self) -> usize {
        to_usize(self.under.len) + self.over.size_on_disk()
    }
}

#[cfg(test)]
mod tests;
