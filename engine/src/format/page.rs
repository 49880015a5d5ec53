//! The header that every page starts with, and the extent page, which has nothing but a value after it.
//!
//! | offset | size | field    | meaning                                                                           |
//! |-------:|-----:|----------|-----------------------------------------------------------------------------------|
//! |      0 |    4 | crc      | checksum of everything after it, at the page's byte offset in its segment         |
//! |      4 |    4 | len      | the page's length in bytes, header included                                       |
//! |      8 |    1 | kind     | 1 leaf, 2 delta, 3 inner, 4 extent; 0 is invalid                                  |
//! |      9 |    1 | flags    | bit 0: slots are 4 bytes wide instead of 2; the others are zero                   |
//! |     10 |    2 | count    | number of entries, at most 32,767; zero in an extent                              |
//! |     12 |    2 | capacity | number of heads and slots there is room for; equals count on disk                 |
//! |     14 |    2 | reserved | zero                                                                              |
//! |     16 |    4 | prefix   | length in bytes of the prefix that all keys of the node share; zero in an extent  |
//!
//! An extent page is the header and then the bytes of one long value. All other kinds are nodes: [`super::node`].
//!
//! The same header starts a node in memory. There capacity may be larger than count, and crc and len are zero.

use std::fmt;

use crate::checksum::{UnitKind, checksum_of_parts, seed};
use crate::ids::{DatabaseId, SegmentId, to_u32};

/// Length of the page header in bytes.
pub const PAGE_HEADER_BYTES: usize = 20;

const CRC_BYTES: usize = 4;
const LEN_AT: usize = 4;
const KIND_AT: usize = 8;
const FLAGS_AT: usize = 9;
const COUNT_AT: usize = 10;
const CAPACITY_AT: usize = 12;
const RESERVED_AT: usize = 14;
const PREFIX_AT: usize = 16;
const FLAG_WIDE: u8 = 1;

/// What a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Keys and values of a tree.
    Leaf = 1,
    /// What changed in one leaf since it was written.
    Delta = 2,
    /// Separators and children of a tree.
    Inner = 3,
    /// One long value.
    Extent = 4,
}

impl PageKind {
    #[inline]
    fn from_byte(byte: u8) -> Option<PageKind> {
        match byte {
            1 => Some(PageKind::Leaf),
            2 => Some(PageKind::Delta),
            3 => Some(PageKind::Inner),
            4 => Some(PageKind::Extent),
            _ => None,
        }
    }

    /// What to call such a page in an error.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PageKind::Leaf => "leaf page",
            PageKind::Delta => "delta page",
            PageKind::Inner => "inner page",
            PageKind::Extent => "extent page",
        }
    }
}

/// What is wrong with the bytes of a page, and where in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Byte in the page.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Flaw {
    pub(crate) fn new(at: usize, what: &'static str) -> Flaw {
        Flaw { at, what }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of the page", self.what, self.at)
    }
}

/// How wide the slots of a node are: two bytes reach over nodes below 64 KiB, which nearly all are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotWidth {
    /// Two bytes a slot.
    Narrow,
    /// Four bytes a slot.
    Wide,
}

impl SlotWidth {
    /// The width that a node whose last entry starts at or before byte `last` needs.
    #[must_use]
    pub fn reaching(last: usize) -> SlotWidth {
        if u16::try_from(last).is_ok() { SlotWidth::Narrow } else { SlotWidth::Wide }
    }

    /// Bytes a slot.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            SlotWidth::Narrow => 2,
            SlotWidth::Wide => 4,
        }
    }
}

/// The header of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageHeader {
    /// Checksum of everything after it; zero in memory.
    pub crc: u32,
    /// The page's length in bytes; zero in memory.
    pub len: u32,
    /// What the page holds.
    pub kind: PageKind,
    /// Width of the slots.
    pub slots: SlotWidth,
    /// Number of entries.
    pub count: u16,
    /// Number of heads and slots there is room for.
    pub capacity: u16,
    /// Length in bytes of the prefix that all keys share.
    pub prefix_len: u32,
}

impl PageHeader {
    /// The header at the start of `bytes`.
    ///
    /// # Errors
    /// Where a field has a value that no version of it may have.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<PageHeader, Flaw> {
        let Some(header) = bytes.first_chunk::<PAGE_HEADER_BYTES>() else {
            return Err(Flaw::new(0, "page header cut off"));
        };
        let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let u32_at =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let kind = PageKind::from_byte(header[KIND_AT]).ok_or(Flaw::new(KIND_AT, "unknown page kind"))?;
        let slots = match header[FLAGS_AT] {
            0 => SlotWidth::Narrow,
            FLAG_WIDE => SlotWidth::Wide,
            _ => return Err(Flaw::new(FLAGS_AT, "unknown flags")),
        };
        if u16_at(RESERVED_AT) != 0 {
            return Err(Flaw::new(RESERVED_AT, "reserved bytes not zero"));
        }
        let (crc, len) = (u32_at(0), u32_at(LEN_AT));
        let (count, capacity) = (u16_at(COUNT_AT), u16_at(CAPACITY_AT));
        Ok(PageHeader { crc, len, kind, slots, count, capacity, prefix_len: u32_at(PREFIX_AT) })
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; PAGE_HEADER_BYTES] {
        let flags = match self.slots {
            SlotWidth::Narrow => 0,
            SlotWidth::Wide => FLAG_WIDE,
        };
        let mut bytes = [0; PAGE_HEADER_BYTES];
        bytes[..4].copy_from_slice(&self.crc.to_le_bytes());
        bytes[LEN_AT..8].copy_from_slice(&self.len.to_le_bytes());
        bytes[KIND_AT] = self.kind as u8;
        bytes[FLAGS_AT] = flags;
        bytes[COUNT_AT..12].copy_from_slice(&self.count.to_le_bytes());
        bytes[CAPACITY_AT..RESERVED_AT].copy_from_slice(&self.capacity.to_le_bytes());
        bytes[PREFIX_AT..].copy_from_slice(&self.prefix_len.to_le_bytes());
        bytes
    }

    /// The header of the extent page that holds a value of `value_len` bytes, without its checksum.
    #[must_use]
    pub fn of_extent(value_len: usize) -> PageHeader {
        PageHeader {
            crc: 0,
            len: to_u32(PAGE_HEADER_BYTES + value_len),
            kind: PageKind::Extent,
            slots: SlotWidth::Narrow,
            count: 0,
            capacity: 0,
            prefix_len: 0,
        }
    }
}

/// Changes the entry count in the header of a node in memory.
pub(crate) fn set_count(node: &mut [u8], count: u16) {
    node[COUNT_AT..COUNT_AT + 2].copy_from_slice(&count.to_le_bytes());
}

/// The checksums of the pages of one segment.
#[derive(Clone, Copy, Debug)]
pub struct PageSeal {
    seed: u32,
}

impl PageSeal {
    /// For the pages of this segment of this database.
    #[must_use]
    pub fn new(database: DatabaseId, segment: SegmentId) -> PageSeal {
        PageSeal { seed: seed(UnitKind::Page, database, segment) }
    }

    /// The checksum of a whole page at `offset` in the segment.
    #[must_use]
    pub fn checksum(&self, page: &[u8], offset: u64) -> u32 {
        self.checksum_of_parts(page, &[], offset)
    }

    fn checksum_of_parts(&self, start: &[u8], rest: &[u8], offset: u64) -> u32 {
        checksum_of_parts(self.seed, offset, &[start.get(CRC_BYTES..).unwrap_or_default(), rest])
    }

    /// Fills in length and checksum of a page that will lie at `offset`; the checksum.
    ///
    /// # Panics
    /// If there is no room for a header.
    pub fn seal(&self, page: &mut [u8], offset: u64) -> u32 {
        let len = to_u32(page.len());
        page[LEN_AT..LEN_AT + 4].copy_from_slice(&len.to_le_bytes());
        let crc = self.checksum(page, offset);
        page[..CRC_BYTES].copy_from_slice(&crc.to_le_bytes());
        crc
    }

    /// The header, checksum included, of an extent page that will lie at `offset`.
    #[must_use]
    pub fn extent_header(&self, value: &[u8], offset: u64) -> ([u8; PAGE_HEADER_BYTES], u32) {
        let header = PageHeader::of_extent(value.len());
        let crc = self.checksum_of_parts(&header.encode(), value, offset);
        (PageHeader { crc, ..header }.encode(), crc)
    }
}

/// The value in an extent page.
///
/// # Errors
/// Where the header is not that of an extent page of this length.
pub fn extent_value(page: &[u8]) -> Result<&[u8], Flaw> {
    let header = PageHeader::decode(page)?;
    let value = &page[PAGE_HEADER_BYTES..];
    let expected = PageHeader { crc: header.crc, ..PageHeader::of_extent(value.len()) };
    if header.kind != PageKind::Extent {
        return Err(Flaw::new(KIND_AT, "not an extent"));
    }
    if header != expected {
        return Err(Flaw::new(LEN_AT, "header does not fit an extent of this length"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
