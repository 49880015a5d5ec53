//! How a node that lies in a page becomes one in memory that may be edited.

use std::sync::Arc;

use crate::error::Result;
use crate::page::access::PageRead;
use crate::page::block::Block;
use crate::page::meter::Meter;
use crate::tree::children::{Children, MAX_FANOUT};
use crate::tree::fetch;
use crate::tree::node::{Child, Fences, Inner, InnerRef, unshared_inner};
use crate::tree::read::InnerView;

impl Inner {
    /// The node that a page holds.
    pub(crate) fn from_page(page: InnerView<'_>, meter: &Meter) -> Result<Inner> {
        if page.len() > MAX_FANOUT {
            return Err(page.damaged("children up to the largest fan-out", "more"));
        }
        let mut failure = None;
        let children = Children::new((0..page.len()).map(|i| match page.child(i) {
            Ok(child) => child.to_child(),
            Err(error) => {
                failure.get_or_insert(error);
                Child::EMPTY
            }
        }));
        match failure {
            None => Ok(Inner::of_parts(Block::keys_of(page.separators(), meter), children, meter)),
            Some(error) => Err(error),
        }
    }
}

impl InnerRef {
    /// The node to edit: read where it is a page, copied where it is shared.
    pub(crate) fn edit(
        &mut self,
        count: u64,
        fences: Fences<'_>,
        pages: &(impl PageRead + ?Sized),
        meter: &Meter,
    ) -> Result<&mut Inner> {
        if let InnerRef::Page(addr) = self {
            let page = InnerView::open_between(pages, addr, &fences.to_owned())?;
            let inner = Inner::from_page(page, meter)?;
            fetch::check_count(addr, count, inner.children.iter().map(|child| child.count))?;
            *self = InnerRef::Own(Arc::new(inner));
        }
        let InnerRef::Own(inner) = self else { unreachable!("made own above") };
        let inner = unshared_inner(inner);
        inner.forget_written();
        Ok(inner)
    }
}
