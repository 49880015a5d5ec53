//! The reference to a child, as an inner page's entries and the catalogue's roots hold it.
//!
//! | field | size | meaning |
//! |---|---|---|
//! | kind  | 1 | 1 empty, 2 inner page, 3 leaf of one page, 4 leaf of a base and a delta page, 5 leaf of a base and two |
//! | flags | 1 | bit 0: values below may lie in extent pages; the other bits are zero |
//! | page  | 16 | address of the inner page, or of the leaf's base page; absent for an empty child |
//! | delta | 16 | address of the leaf's delta page; only in kinds 4 and 5 |
//! | top | 16 | address of the delta page over that one; only in kind 5 |
//! | count | varint | entries below; 0 exactly for an empty child, of a leaf at most what its pages can hold, below 2⁵⁶ in any case |
//!
//! An address is segment, unit, length and checksum, four bytes each. The segment is never 0. Addresses have a fixed
//! width because each read decodes one at every level: as varints they made a warm get a tenth slower and saved six
//! bytes of some fifty that an entry of an inner page has.
//!
//! This file is pure: bytes to struct and back.

use crate::codec::{Reader, Short, Write};
use crate::format::node::{MAX_DELTA_ENTRIES, MAX_ENTRIES};
use crate::ids::{PageAddr, SegmentId, to_u64};

const EMPTY: u8 = 1;
const INNER: u8 = 2;
const LEAF: u8 = 3;
const LEAF_WITH_DELTA: u8 = 4;
const LEAF_WITH_TWO: u8 = 5;

const EXTENTS: u8 = 1;
const ADDR_BYTES: usize = 16;

/// Counts are below this, so that they can be added up and multiplied by the length of a page.
const COUNT_BOUND: u64 = 1 << 56;

/// A subtree on disk: where it starts, and what is known of it without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChildRef {
    /// Entries below.
    pub count: u64,
    /// Whether values below may lie in extent pages.
    pub has_extents: bool,
    /// The pages.
    pub pages: ChildPages,
}

/// What kind of node a subtree starts with, and its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChildPages {
    /// No entries and no page.
    Empty,
    /// An inner page.
    Inner(PageAddr),
    /// A leaf.
    Leaf(LeafPages),
}

/// The pages of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeafPages {
    /// The page that the others change.
    pub base: PageAddr,
    /// The pages of what changed since, if anything did.
    pub deltas: DeltaPages,
}

/// The pages of what changed in a leaf since its base was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeltaPages {
    /// Nothing did.
    None,
    /// A delta.
    One(PageAddr),
    /// A delta, and what changed since that was written.
    Two(PageAddr, PageAddr),
}

impl From<PageAddr> for LeafPages {
    fn from(base: PageAddr) -> LeafPages {
        LeafPages { base, deltas: DeltaPages::None }
    }
}

impl DeltaPages {
    /// The page of the older delta, and that of the one over it.
    #[must_use]
    #[inline]
    pub fn both(&self) -> (Option<&PageAddr>, Option<&PageAddr>) {
        match self {
            DeltaPages::None => (None, None),
            DeltaPages::One(delta) => (Some(delta), None),
            DeltaPages::Two(delta, top) => (Some(delta), Some(top)),
        }
    }
}

impl ChildRef {
    /// A subtree without entries.
    pub const EMPTY: ChildRef = ChildRef { count: 0, has_extents: false, pages: ChildPages::Empty };

    /// Appends the bytes of this reference.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let kind = match self.pages {
            ChildPages::Empty => EMPTY,
            ChildPages::Inner(_) => INNER,
            ChildPages::Leaf(LeafPages { deltas: DeltaPages::None, .. }) => LEAF,
            ChildPages::Leaf(LeafPages { deltas: DeltaPages::One(_), .. }) => LEAF_WITH_DELTA,
            ChildPages::Leaf(LeafPages { deltas: DeltaPages::Two(..), .. }) => LEAF_WITH_TWO,
        };
        out.put_u8(kind);
        out.put_u8(if self.has_extents { EXTENTS } else { 0 });
        match self.pages {
            ChildPages::Empty => {}
            ChildPages::Inner(page) => encode_addr(&page, out),
            ChildPages::Leaf(LeafPages { base, deltas }) => {
                let (delta, top) = deltas.both();
                [Some(&base), delta, top].into_iter().flatten().for_each(|addr| encode_addr(addr, out));
            }
        }
        out.put_varint(self.count);
    }

    /// The reference that these bytes are.
    #[inline]
    pub(crate) fn decode_all(bytes: &[u8]) -> Result<ChildRef, Short> {
        let mut from = Reader::new(bytes);
        let child = ChildRef::decode(&mut from)?;
        if from.is_empty() { Ok(child) } else { Err(Short) }
    }

    /// Reads back what [`ChildRef::encode`] appended.
    #[inline]
    pub fn decode(from: &mut Reader<'_>) -> Result<ChildRef, Short> {
        let start = from.rest();
        let [_, flags] = from.array()?;
        if flags & !EXTENTS != 0 {
            return Err(Short);
        }
        let pages = ChildPages::decode(start).ok_or(Short)?;
        from.bytes(pages.encoded_len())?;
        let count = from.varint()?;
        let child = ChildRef { count, has_extents: flags & EXTENTS != 0, pages };
        let empty = child.pages == ChildPages::Empty;
        if (count == 0) != empty || (empty && child.has_extents) || count > pages.max_count() {
            return Err(Short);
        }
        Ok(child)
    }
}

impl ChildPages {
    /// The most entries that there can be below.
    fn max_count(&self) -> u64 {
        let deltas = match self {
            ChildPages::Empty => return 0,
            ChildPages::Inner(_) => return COUNT_BOUND - 1,
            ChildPages::Leaf(LeafPages { deltas, .. }) => deltas.both(),
        };
        let deltas = usize::from(deltas.0.is_some()) + usize::from(deltas.1.is_some());
        to_u64(MAX_ENTRIES + deltas * MAX_DELTA_ENTRIES)
    }

    fn encoded_len(&self) -> usize {
        match self {
            ChildPages::Empty => 0,
            ChildPages::Inner(_) => ADDR_BYTES,
            ChildPages::Leaf(LeafPages { deltas, .. }) => match deltas {
                DeltaPages::None => ADDR_BYTES,
                DeltaPages::One(_) => 2 * ADDR_BYTES,
                DeltaPages::Two(..) => 3 * ADDR_BYTES,
            },
        }
    }

    /// The pages of the reference that these bytes start with: all that a way down to a key needs. The rest of the reference
    /// is not looked at.
    #[inline(always)]
    pub(crate) fn decode(bytes: &[u8]) -> Option<ChildPages> {
        let (&[kind, _], rest) = bytes.split_first_chunk()?;
        let delta = |n: usize| read_addr(rest.get(n * ADDR_BYTES..)?);
        let deltas = match kind {
            EMPTY => return Some(ChildPages::Empty),
            INNER => return read_addr(rest).map(ChildPages::Inner),
            LEAF => DeltaPages::None,
            LEAF_WITH_DELTA => DeltaPages::One(delta(1)?),
            LEAF_WITH_TWO => DeltaPages::Two(delta(1)?, delta(2)?),
            _ => return None,
        };
        Some(ChildPages::Leaf(LeafPages { base: read_addr(rest)?, deltas }))
    }
}

fn encode_addr(addr: &PageAddr, out: &mut Vec<u8>) {
    out.put_u32(addr.segment.0);
    out.put_u32(addr.unit);
    out.put_u32(addr.len);
    out.put_u32(addr.crc);
}

/// The address at the start of `bytes`.
#[inline(always)]
fn read_addr(bytes: &[u8]) -> Option<PageAddr> {
    let (words, _) = bytes.first_chunk::<ADDR_BYTES>()?.as_chunks::<4>();
    let word = |i: usize| u32::from_le_bytes(words[i]);
    let (segment, unit, len, crc) = (SegmentId(word(0)), word(1), word(2), word(3));
    (segment.0 != 0).then_some(PageAddr { segment, unit, len, crc })
}

#[cfg(test)]
mod tests;
