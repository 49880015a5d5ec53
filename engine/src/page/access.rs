//! [`PageRead`] and [`PageWrite`]: all a tree knows of pages; and the check that every page passes before it is used.

use crate::error::Result;
use crate::format::node::NodeView;
use crate::format::page::{Flaw, PageHeader, PageKind, PageSeal, extent_value};
use crate::ids::PageAddr;

/// Gives the bytes of pages.
pub trait PageRead {
    /// The bytes of a page: complete, with the checksum that the address holds, and well-formed. Those of a node are
    /// fit for [`NodeView::new`], those of an extent for [`extent_value`]; which of the two it is, the caller checks.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) where there is no such page.
    fn page(&self, addr: &PageAddr) -> Result<&[u8]>;

    /// Where the page lies in memory, if it does and that is known without looking at it. What lies there was not checked.
    fn place(&self, addr: &PageAddr) -> &[u8] {
        let _ = addr;
        &[]
    }

    /// Has a page that will be read soon brought to memory, without waiting for it, where the system would wait for each page that
    /// is missed. May do nothing.
    fn prefetch(&self, addr: &PageAddr) {
        let _ = addr;
    }

    /// Whether [`prefetch`](PageRead::prefetch) does anything.
    fn prefetches(&self) -> bool {
        false
    }
}

/// Takes new pages.
pub trait PageWrite {
    /// Appends a page, which starts with a header of this kind, and fills in length and checksum. The page can be read
    /// after the next flush of whoever implements this.
    ///
    /// # Errors
    /// What the file system answers. All pages appended since the last sync may then be lost.
    fn append(&mut self, kind: PageKind, page: Vec<u8>) -> Result<PageAddr>;

    /// Appends an extent page that holds `value`.
    ///
    /// # Errors
    /// As those of [`PageWrite::append`].
    fn append_extent(&mut self, value: &[u8]) -> Result<PageAddr>;
}

/// Checks that `bytes` are the page that `addr` means.
///
/// # Errors
/// The first flaw found.
pub(crate) fn check_page(bytes: &[u8], addr: &PageAddr, seal: &PageSeal) -> Result<(), Flaw> {
    let header = PageHeader::decode(bytes)?;
    if header.crc != addr.crc {
        return Err(Flaw::new(0, "another checksum than its address has"));
    }
    if header.crc != seal.checksum(bytes, addr.offset()) {
        return Err(Flaw::new(0, "checksum does not match"));
    }
    match header.kind {
        PageKind::Leaf | PageKind::Delta | PageKind::Inner => NodeView::validate(bytes),
        PageKind::Extent => extent_value(bytes).map(|_| ()),
    }
}
