//! One page as a node of the tree: that it is of the kind wanted and holds what its parent says; the words for a page
//! that does not.

use std::path::Path;

use crate::error::{Error, Result};
use crate::format::node::{NodeView, ValueRef};
use crate::format::page::PageKind;
use crate::ids::PageAddr;
use crate::page::access::PageRead;

/// The page of a node, which must be of this kind.
#[inline(always)]
pub(crate) fn node<'a>(
    pages: &'a (impl PageRead + ?Sized),
    addr: &PageAddr,
    kind: PageKind,
) -> Result<NodeView<'a>> {
    let page = pages.page(addr)?;
    fetch_start(page);
    let view = NodeView::new(page);
    if view.kind() == kind { Ok(view) } else { Err(damaged(addr, kind.name(), view.kind().name())) }
}

/// Touches the start of a page, where header, heads and slots are, so that its cache lines come in together. A search
/// would ask for one after the other.
#[inline]
fn fetch_start(page: &[u8]) {
    const LINE_BYTES: usize = 64;
    if page.len() > 4 * LINE_BYTES {
        let touched = page[LINE_BYTES] | page[2 * LINE_BYTES] | page[3 * LINE_BYTES] | page[4 * LINE_BYTES];
        std::hint::black_box(touched);
    }
}

/// Whether any value of a leaf or delta lies outside of it.
pub(crate) fn has_long_values(view: &NodeView<'_>) -> bool {
    (0..view.len()).any(|i| matches!(view.value(i), ValueRef::Extent(_) | ValueRef::Memory(_)))
}

/// Checks that the children of a page have as many entries together as the page's parent says.
pub(crate) fn check_count(addr: &PageAddr, count: u64, mut counts: impl Iterator<Item = u64>) -> Result<()> {
    let sum = counts.try_fold(0u64, u64::checked_add);
    if sum == Some(count) {
        return Ok(());
    }
    let found = sum.map_or("more than can be counted".to_string(), |sum| sum.to_string());
    Err(damaged(addr, format!("{count} entries below"), found))
}

/// A page that is whole but not what the tree needs at this place.
pub(crate) fn damaged(addr: &PageAddr, expected: impl Into<String>, found: impl Into<String>) -> Error {
    let file = format!("{}.pages", addr.segment);
    Error::corrupt(Path::new(&file), addr.offset(), "tree page", expected, found)
}

/// A flaw that pages brought into memory, found there.
pub(crate) fn damaged_in_memory(
    unit: &'static str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Error {
    Error::corrupt(Path::new("memory"), 0, unit, expected, found)
}
