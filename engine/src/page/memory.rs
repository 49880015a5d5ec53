//! [`MemoryPages`]: pages in a vector, for tests of what works on [`PageRead`] and [`PageWrite`].

use std::path::Path;

use crate::error::{Error, Result};
use crate::format::page::{PAGE_HEADER_BYTES, PageHeader, PageKind, PageSeal};
use crate::ids::{DatabaseId, PageAddr, SegmentId, to_u32, to_usize};
use crate::page::access::{PageRead, PageWrite, check_page};

const SEGMENT: SegmentId = SegmentId(1);

/// Pages in memory. Unit `n` of its only segment is the `n`-th page, whatever its length.
#[derive(Debug)]
pub(crate) struct MemoryPages {
    pages: Vec<Vec<u8>>,
    seal: PageSeal,
}

impl MemoryPages {
    /// No pages.
    pub(crate) fn new() -> MemoryPages {
        MemoryPages { pages: Vec::new(), seal: PageSeal::new(DatabaseId::default(), SEGMENT) }
    }

    /// Number of pages appended so far.
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Length of all pages appended so far, in bytes.
    pub(crate) fn total_bytes(&self) -> usize {
        self.pages.iter().map(Vec::len).sum()
    }

    /// A page's bytes, to damage them.
    pub(crate) fn page_mut(&mut self, addr: &PageAddr) -> &mut Vec<u8> {
        &mut self.pages[to_usize(addr.unit)]
    }
}

impl PageRead for MemoryPages {
    fn page(&self, addr: &PageAddr) -> Result<&[u8]> {
        let corrupt = |expected: &str, found: String| {
            Err(Error::corrupt(Path::new("memory"), addr.offset(), "page", expected, found))
        };
        let Some(page) = self.pages.get(to_usize(addr.unit)).filter(|_| addr.segment == SEGMENT) else {
            return corrupt("a page", "none".to_string());
        };
        match check_page(page, addr, &self.seal) {
            Ok(()) if page.len() == to_usize(addr.len) => Ok(page),
            Ok(()) => corrupt("the address's length", page.len().to_string()),
            Err(flaw) => corrupt("a well-formed page", flaw.to_string()),
        }
    }
}

impl PageWrite for MemoryPages {
    fn append(&mut self, kind: PageKind, mut page: Vec<u8>) -> Result<PageAddr> {
        assert_eq!(PageHeader::decode(&page).map(|header| header.kind), Ok(kind));
        let mut addr =
            PageAddr { segment: SEGMENT, unit: to_u32(self.len()), len: to_u32(page.len()), crc: 0 };
        addr.crc = self.seal.seal(&mut page, addr.offset());
        self.pages.push(page);
        Ok(addr)
    }

    fn append_extent(&mut self, value: &[u8]) -> Result<PageAddr> {
        let mut page = PageHeader::of_extent(value.len()).encode().to_vec();
        page.extend_from_slice(value);
        debug_assert_eq!(page.len(), PAGE_HEADER_BYTES + value.len());
        self.append(PageKind::Extent, page)
    }
}

#[cfg(test)]
mod tests;
