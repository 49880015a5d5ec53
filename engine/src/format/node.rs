//! The slotted page: leaf, delta and inner page alike, on disk and in memory, and the one routine that searches it.
//!
//! | part   | size                  | meaning                                                                        |
//! |--------|----------------------:|--------------------------------------------------------------------------------|
//! | header |                    20 | [`PageHeader`]                                                                 |
//! | heads  |          4 × capacity | per entry: the first four bytes of the key after the prefix, as a number       |
//! | slots  | 2 (or 4) × capacity   | per entry: where in the page its heap entry starts                             |
//! | prefix |     prefix length     | what all keys start with                                                       |
//! | heap   |                       | the heap entries                                                               |
//!
//! A key is the prefix and then a suffix of its own. The head holds the suffix's first four bytes as a big-endian
//! number, filled up with zeros where the suffix is shorter, so that comparing two heads as numbers compares the
//! bytes. The rest of the suffix, the *tail*, stands in the heap entry:
//!
//! | part   | size         | meaning                                                                                 |
//! |--------|-------------:|-----------------------------------------------------------------------------------------|
//! | suffix | varint       | length of the suffix in bytes                                                           |
//! | value  | varint       | length of the value bytes × 4 + kind of value                                           |
//! | tail   | suffix − 4   | the suffix's bytes after the first four                                                 |
//! | bytes  | value length | by kind: 0 the value itself; 1 an address (segment, unit and length as varints, checksum as 4 bytes) of an extent; 2 nothing: the key is deleted; 3 a number (4 bytes) of a long value in memory |
//!
//! Heads, slots and numbers are little-endian. The heads stand together right after the header, so that a search
//! touches two or three cache lines and then one entry.
//!
//! Invariants of a page on disk, checked by [`NodeView::validate`]:
//! 1. Capacity equals count; slots are wide exactly where the page is longer than 65,535 bytes.
//! 2. The heap entries follow each other in the order of their keys and fill the page to its end.
//! 3. Keys rise strictly. A key that is a proper prefix of another one comes first.
//! 4. Kinds of value: leaf 0 and 1, delta 0, 1 and 2, inner 0.
//! 5. There are at most [`MAX_ENTRIES`], in a delta [`MAX_DELTA_ENTRIES`].
//! 6. One content has one form: each varint is as short as it can be.
//!
//! In memory entries may lie anywhere in the heap, with unused bytes between them, and kind 3 may occur.

use std::cmp::Ordering;
use std::hint::select_unpredictable;

use crate::codec::{Reader, Write};
use crate::format::page::{Flaw, PAGE_HEADER_BYTES, PageHeader, PageKind, SlotWidth};
use crate::ids::{PageAddr, SegmentId, to_u64, to_usize};

/// Bytes a key head.
pub const HEAD_BYTES: usize = 4;
/// The most entries a page can have.
pub const MAX_ENTRIES: usize = 32_767;
/// The most entries a delta page can have: so few that a leaf and two deltas, whatever is in them, and what a batch changes fit
/// a node in memory, to be split there.
pub const MAX_DELTA_ENTRIES: usize = MAX_ENTRIES / 4;

/// The most entries a page of this kind can have.
#[must_use]
pub const fn max_entries(kind: PageKind) -> usize {
    match kind {
        PageKind::Delta => MAX_DELTA_ENTRIES,
        PageKind::Leaf | PageKind::Inner | PageKind::Extent => MAX_ENTRIES,
    }
}

const KIND_INLINE: u8 = 0;
const KIND_EXTENT: u8 = 1;
const KIND_TOMBSTONE: u8 = 2;
const KIND_MEMORY: u8 = 3;

/// The value of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// The value, in the node.
    Inline(&'a [u8]),
    /// A long value in an extent page.
    Extent(PageAddr),
    /// A long value in memory: its number in the node's side list. Never on disk.
    Memory(u32),
    /// The key is deleted. Only in deltas.
    Tombstone,
}

impl ValueRef<'_> {
    fn kind(&self) -> u8 {
        match self {
            ValueRef::Inline(_) => KIND_INLINE,
            ValueRef::Extent(_) => KIND_EXTENT,
            ValueRef::Memory(_) => KIND_MEMORY,
            ValueRef::Tombstone => KIND_TOMBSTONE,
        }
    }

    /// How many value bytes its heap entry has.
    fn encoded_len(&self) -> usize {
        match self {
            ValueRef::Inline(bytes) => bytes.len(),
            ValueRef::Extent(addr) => {
                varint_len(addr.segment.0.into())
                    + varint_len(addr.unit.into())
                    + varint_len(addr.len.into())
                    + 4
            }
            ValueRef::Memory(_) => 4,
            ValueRef::Tombstone => 0,
        }
    }
}

/// The longest form of an extent's address in a heap entry.
pub(crate) const EXTENT_ADDR_MAX_BYTES: usize = 5 + 5 + 5 + 4;
/// How many bytes the number of a long value in memory takes in a heap entry.
pub(crate) const MEMORY_NUMBER_BYTES: usize = 4;

fn varint_len(value: u64) -> usize {
    let bits = 64 - to_usize((value | 1).leading_zeros());
    bits.div_ceil(7)
}

fn value_field(value: &ValueRef<'_>) -> u64 {
    to_u64(value.encoded_len()) << 2 | u64::from(value.kind())
}

/// The length of the heap entry for a suffix and a value.
pub(crate) fn entry_len(suffix_len: usize, value: &ValueRef<'_>) -> usize {
    varint_len(to_u64(suffix_len))
        + varint_len(value_field(value))
        + suffix_len.saturating_sub(HEAD_BYTES)
        + value.encoded_len()
}

/// Appends the heap entry for a suffix and a value.
pub(crate) fn put_entry(heap: &mut Vec<u8>, suffix: &[u8], value: ValueRef<'_>) {
    put_entry_start(heap, suffix.len(), &value);
    heap.extend_from_slice(tail_of(suffix));
    put_value(heap, value);
}

/// Appends what comes before the tail in a heap entry.
pub(crate) fn put_entry_start(heap: &mut Vec<u8>, suffix_len: usize, value: &ValueRef<'_>) {
    heap.put_varint(to_u64(suffix_len));
    heap.put_varint(value_field(value));
}

/// Appends what comes after the tail in a heap entry.
pub(crate) fn put_value(heap: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Inline(bytes) => heap.extend_from_slice(bytes),
        ValueRef::Extent(addr) => {
            heap.put_varint(addr.segment.0.into());
            heap.put_varint(addr.unit.into());
            heap.put_varint(addr.len.into());
            heap.put_u32(addr.crc);
        }
        ValueRef::Memory(number) => heap.put_u32(number),
        ValueRef::Tombstone => {}
    }
}

/// The first four bytes of a suffix, filled up with zeros, as a number that orders as they do.
#[inline]
pub(crate) fn head_of(suffix: &[u8]) -> u32 {
    let head = match *suffix {
        [a, b, c, d, ..] => [a, b, c, d],
        [a, b, c] => [a, b, c, 0],
        [a, b] => [a, b, 0, 0],
        [a] => [a, 0, 0, 0],
        [] => [0; HEAD_BYTES],
    };
    u32::from_be_bytes(head)
}

/// The bytes of a suffix after its head.
///
/// An empty tail still points into the suffix. The empty slice of a default value points nowhere, and the comparison
/// routine of the C library touches where its arguments point even when their length is zero: measured, such a
/// comparison costs 50 ns, as much as two whole searches.
#[inline]
fn tail_of(suffix: &[u8]) -> &[u8] {
    &suffix[suffix.len().min(HEAD_BYTES)..]
}

/// Where the parts of a node lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) slots_at: usize,
    pub(crate) prefix_at: usize,
    pub(crate) heap_at: usize,
}

impl Layout {
    fn new(capacity: usize, slots: SlotWidth, prefix_len: usize) -> Layout {
        let slots_at = PAGE_HEADER_BYTES + capacity * HEAD_BYTES;
        let prefix_at = slots_at + capacity * slots.bytes();
        Layout { slots_at, prefix_at, heap_at: prefix_at + prefix_len }
    }

    /// The narrowest layout in which slots reach over a heap of this length.
    pub(crate) fn packed(capacity: usize, prefix_len: usize, heap_bytes: usize) -> (SlotWidth, Layout) {
        let narrow = Layout::new(capacity, SlotWidth::Narrow, prefix_len);
        match SlotWidth::reaching(narrow.heap_at + heap_bytes) {
            SlotWidth::Narrow => (SlotWidth::Narrow, narrow),
            SlotWidth::Wide => (SlotWidth::Wide, Layout::new(capacity, SlotWidth::Wide, prefix_len)),
        }
    }

    pub(crate) fn of(header: &PageHeader) -> Layout {
        Layout::new(usize::from(header.capacity), header.slots, to_usize(header.prefix_len))
    }
}

/// A heap entry taken apart.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    suffix_len: usize,
    kind: u8,
    tail: &'a [u8],
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The entry at the start of `bytes` and what follows it; `None` where the bytes end too early.
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<(Entry<'a>, &'a [u8])> {
        let (suffix_len, rest) = read_varint(bytes)?;
        let (field, rest) = read_varint(rest)?;
        let suffix_len = usize::try_from(suffix_len).ok()?;
        let value_len = usize::try_from(field >> 2).ok()?;
        let (tail, rest) = rest.split_at_checked(suffix_len.saturating_sub(HEAD_BYTES))?;
        let (value, rest) = rest.split_at_checked(value_len)?;
        Some((Entry { suffix_len, kind: (field & 3).to_le_bytes()[0], tail, value }, rest))
    }

    /// The order of its key and a suffix that has the same head.
    #[inline]
    fn compare_tail(&self, suffix: &[u8]) -> Ordering {
        let tail = tail_of(suffix);
        // Short keys are all head. To compare nothing with nothing is a call as well.
        let tails =
            if self.tail.is_empty() && tail.is_empty() { Ordering::Equal } else { self.tail.cmp(tail) };
        tails.then(self.suffix_len.cmp(&suffix.len()))
    }

    /// The value of an entry of a node that was validated, or of a block.
    #[inline(always)]
    fn checked_value(&self) -> ValueRef<'a> {
        self.value().expect("validated, or made by a block")
    }

    /// The value; `None` where its bytes are not what its kind says.
    #[inline(always)]
    fn value(&self) -> Option<ValueRef<'a>> {
        match self.kind {
            KIND_INLINE => Some(ValueRef::Inline(self.value)),
            KIND_EXTENT => read_addr(self.value).map(ValueRef::Extent),
            KIND_TOMBSTONE => self.value.is_empty().then_some(ValueRef::Tombstone),
            _ => self.value.try_into().ok().map(|number| ValueRef::Memory(u32::from_le_bytes(number))),
        }
    }
}

/// A varint and what follows it. One and two bytes, by far the most frequent, come first.
#[inline(always)]
fn read_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes {
        [a, rest @ ..] if *a < 0x80 => Some((u64::from(*a), rest)),
        [a, b, rest @ ..] if *b < 0x80 => Some((u64::from(*a & 0x7f) | u64::from(*b) << 7, rest)),
        _ => read_long_varint(bytes),
    }
}

#[cold]
fn read_long_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut reader = Reader::new(bytes);
    let value = reader.varint().ok()?;
    Some((value, reader.rest()))
}

fn read_addr(bytes: &[u8]) -> Option<PageAddr> {
    let mut reader = Reader::new(bytes);
    let segment = SegmentId(reader.varint_u32().ok()?);
    let unit = reader.varint_u32().ok()?;
    let len = reader.varint_u32().ok()?;
    let crc = reader.u32().ok()?;
    reader.is_empty().then_some(PageAddr { segment, unit, len, crc })
}

/// A node to read: borrowed bytes of a mapped page, of a page in memory or of a block.
///
/// Positions are those of entries in key order, from 0 to [`len`](NodeView::len). Methods that take a position panic
/// where there is no such entry.
///
/// A view is small: it is made, copied and kept for each node on the way to each key.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a> {
    bytes: &'a [u8],
    prefix_len: u32,
    count: u16,
    /// For how many heads and slots there is room: as many as there are, but in a block.
    capacity: u16,
    kind: PageKind,
    width: SlotWidth,
}

impl<'a> NodeView<'a> {
    /// Checks everything about the structure of a node page from disk, so that no method of a view of it panics.
    ///
    /// The checksum is not looked at.
    ///
    /// # Errors
    /// The first flaw found.
    pub fn validate(bytes: &[u8]) -> Result<(), Flaw> {
        let header = PageHeader::decode(bytes)?;
        if usize::try_from(header.len) != Ok(bytes.len()) {
            return Err(Flaw::new(4, "length in the header differs"));
        }
        if header.kind == PageKind::Extent {
            return Err(Flaw::new(8, "an extent where a node was expected"));
        }
        if header.slots != SlotWidth::reaching(bytes.len()) {
            return Err(Flaw::new(9, "slots of the wrong width"));
        }
        if header.capacity != header.count {
            return Err(Flaw::new(12, "room for more entries than there are"));
        }
        if usize::from(header.count) > max_entries(header.kind) {
            return Err(Flaw::new(10, "more entries than a page can have"));
        }
        let layout = Layout::of(&header);
        if layout.heap_at > bytes.len() {
            return Err(Flaw::new(16, "heads, slots and prefix longer than the page"));
        }
        NodeView::new(bytes).validate_entries(layout.heap_at)
    }

    /// The checks of [`NodeView::validate`] that need the parts of the node to be where the header says.
    fn validate_entries(&self, heap_at: usize) -> Result<(), Flaw> {
        let mut at = heap_at;
        let mut before: Option<(u32, Entry<'_>)> = None;
        for i in 0..self.len() {
            if self.slot(i) != at {
                return Err(Flaw::new(at, "entry not where its slot says"));
            }
            let (entry, rest) = Entry::read(&self.bytes[at..]).ok_or(Flaw::new(at, "entry cut off"))?;
            let value = entry.value().ok_or(Flaw::new(at, "malformed value"))?;
            let end = self.bytes.len() - rest.len();
            if end - at != entry_len(entry.suffix_len, &value) {
                return Err(Flaw::new(at, "numbers longer than they need be"));
            }
            let allowed = match self.kind {
                PageKind::Leaf => matches!(value, ValueRef::Inline(_) | ValueRef::Extent(_)),
                PageKind::Delta => !matches!(value, ValueRef::Memory(_)),
                PageKind::Inner | PageKind::Extent => matches!(value, ValueRef::Inline(_)),
            };
            if !allowed {
                return Err(Flaw::new(at, "kind of value not allowed here"));
            }
            let head = self.head(i);
            if head.to_be_bytes().iter().skip(entry.suffix_len).any(|byte| *byte != 0) {
                return Err(Flaw::new(at, "head longer than its key"));
            }
            if let Some((head_before, entry_before)) = before {
                let order = (head_before, entry_before.tail, entry_before.suffix_len).cmp(&(
                    head,
                    entry.tail,
                    entry.suffix_len,
                ));
                if order != Ordering::Less {
                    return Err(Flaw::new(at, "keys out of order"));
                }
            }
            before = Some((head, entry));
            at = end;
        }
        if at != self.bytes.len() {
            return Err(Flaw::new(at, "bytes after the last entry"));
        }
        Ok(())
    }

    /// A view of a page that was [validated](NodeView::validate), or of a block's bytes.
    ///
    /// # Panics
    /// If the bytes are neither.
    #[must_use]
    #[inline]
    pub fn new(bytes: &'a [u8]) -> NodeView<'a> {
        NodeView::with_header(bytes, &PageHeader::decode(bytes).expect("validated, or made by a block"))
    }

    /// The same, where the header is known.
    #[inline(always)]
    pub(crate) fn with_header(bytes: &'a [u8], header: &PageHeader) -> NodeView<'a> {
        let &PageHeader { kind, slots: width, count, capacity, prefix_len, .. } = header;
        NodeView { bytes, prefix_len, count, capacity, kind, width }
    }

    /// Where the slots start. The heads end there or, where a block has room for more, before it.
    #[inline(always)]
    fn slots_at(&self) -> usize {
        PAGE_HEADER_BYTES + usize::from(self.capacity) * HEAD_BYTES
    }

    /// The heads of the entries.
    #[inline(always)]
    fn heads(&self) -> &'a [[u8; HEAD_BYTES]] {
        let end = PAGE_HEADER_BYTES + usize::from(self.count) * HEAD_BYTES;
        self.bytes[PAGE_HEADER_BYTES..end].as_chunks().0
    }

    /// What kind of page it is. An extent page shows as a node without entries.
    #[must_use]
    pub fn kind(&self) -> PageKind {
        self.kind
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What all keys of the node start with.
    #[must_use]
    pub fn prefix(&self) -> &'a [u8] {
        let prefix_at = self.slots_at() + usize::from(self.capacity) * self.width.bytes();
        &self.bytes[prefix_at..prefix_at + self.prefix_len()]
    }

    #[inline(always)]
    fn prefix_len(&self) -> usize {
        to_usize(self.prefix_len)
    }

    /// All bytes of the node.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where `key` is, or where it would be: the position of the first entry with a greater key.
    ///
    /// The key must start with the node's prefix, which the fences of the tree guarantee; for any other key the
    /// answer is some position, and there is no entry of that key.
    #[inline]
    pub fn search(&self, key: &[u8]) -> Result<usize, usize> {
        self.search_from(self.heads_below(key), key)
    }

    /// The value at `key`, if there is one; the key as in [`NodeView::search`].
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<ValueRef<'a>> {
        self.find_from(self.heads_below(key), key)
    }

    /// The second part of that, after [`NodeView::heads_below`].
    #[inline]
    pub(crate) fn find_from(&self, below: usize, key: &[u8]) -> Option<ValueRef<'a>> {
        let suffix = self.suffix_of(key);
        let head = head_of(suffix);
        if *self.heads().get(below)? != head.to_le_bytes() {
            return None;
        }
        let entry = self.entry(below);
        match entry.compare_tail(suffix) {
            Ordering::Equal => Some(entry.checked_value()),
            Ordering::Greater => None,
            Ordering::Less => self.search_rest_of_run(below, head, suffix).ok().map(|at| self.value(at)),
        }
    }

    /// The first part of a search, which looks at no entry: how many heads are below that of `key`.
    #[inline(always)]
    pub(crate) fn heads_below(&self, key: &[u8]) -> usize {
        lower_bound(self.heads(), head_of(self.suffix_of(key)))
    }

    /// The second part of a search, after [`NodeView::heads_below`].
    #[inline(always)]
    pub(crate) fn search_from(&self, below: usize, key: &[u8]) -> Result<usize, usize> {
        let suffix = self.suffix_of(key);
        let head = head_of(suffix);
        match self.heads().get(below) {
            Some(found) if u32::from_le_bytes(*found) == head => self.search_run(below, head, suffix),
            _ => Err(below),
        }
    }

    /// The bytes from an entry on, none of which is looked at; nothing where there is no such entry.
    #[inline]
    pub(crate) fn bytes_from(&self, i: usize) -> &'a [u8] {
        if i < self.len() { &self.bytes[self.slot(i)..] } else { &[] }
    }

    /// What follows the prefix in `key`, which starts with it; something where it does not.
    #[inline]
    fn suffix_of<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        &key[self.prefix_len().min(key.len())..]
    }

    /// Goes on with a search among the entries from `first` on, which is the first one with this head.
    #[inline(never)]
    fn search_run(&self, first: usize, head: u32, suffix: &[u8]) -> Result<usize, usize> {
        match self.compare_tail(first, suffix) {
            Ordering::Equal => Ok(first),
            Ordering::Greater => Err(first),
            Ordering::Less => self.search_rest_of_run(first, head, suffix),
        }
    }

    /// Gallops to the end of the run of equal heads that starts at `first`, then halves what is between.
    fn search_rest_of_run(&self, first: usize, head: u32, suffix: &[u8]) -> Result<usize, usize> {
        let (heads, stored) = (self.heads(), head.to_le_bytes());
        let mut step = 1;
        let mut low = first + 1;
        while heads.get(low + step - 1) == Some(&stored) {
            low += step;
            step *= 2;
        }
        let unsure = &heads[low..self.len().min(low + step - 1)];
        let mut high = low + unsure.partition_point(|other| *other == stored);
        low = first + 1;
        while low < high {
            let middle = low.midpoint(high);
            match self.compare_tail(middle, suffix) {
                Ordering::Equal => return Ok(middle),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// The order of an entry's key and a suffix that has the same head.
    #[inline]
    fn compare_tail(&self, i: usize, suffix: &[u8]) -> Ordering {
        self.entry(i).compare_tail(suffix)
    }

    /// The order of an entry's key and `key`, which must start with the node's prefix.
    #[must_use]
    pub fn compare_key(&self, i: usize, key: &[u8]) -> Ordering {
        let suffix = self.suffix_of(key);
        self.head(i).cmp(&head_of(suffix)).then_with(|| self.compare_tail(i, suffix))
    }

    /// Whether an entry's key is below `end`, which may be any bytes.
    #[must_use]
    pub(crate) fn is_below(&self, i: usize, end: &[u8]) -> bool {
        match self.prefix().cmp(&end[..end.len().min(self.prefix_len())]) {
            Ordering::Less => true,
            Ordering::Equal => self.compare_key(i, end).is_lt(),
            Ordering::Greater => false,
        }
    }

    /// The order of an entry's key and the key of an entry of another node with the same prefix.
    #[must_use]
    pub fn compare_entry(&self, i: usize, other: &NodeView<'_>, j: usize) -> Ordering {
        self.head(i).cmp(&other.head(j)).then_with(|| {
            let (a, b) = (self.entry(i), other.entry(j));
            a.tail.cmp(b.tail).then(a.suffix_len.cmp(&b.suffix_len))
        })
    }

    /// The length of an entry's key, prefix included, in bytes.
    #[must_use]
    pub fn key_len(&self, i: usize) -> usize {
        self.prefix_len() + self.entry(i).suffix_len
    }

    /// Appends an entry's key to `out`.
    pub fn append_key(&self, i: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(self.prefix());
        self.append_suffix(i, out);
    }

    /// Appends what follows the prefix in an entry's key to `out`.
    pub fn append_suffix(&self, i: usize, out: &mut Vec<u8>) {
        self.push_suffix(i, &self.entry(i), out);
    }

    /// Appends what follows the prefix in an entry's key to `out`, and gives its value.
    #[inline(always)]
    pub(crate) fn read_suffix(&self, i: usize, out: &mut Vec<u8>) -> ValueRef<'a> {
        let entry = self.entry(i);
        self.push_suffix(i, &entry, out);
        entry.checked_value()
    }

    #[inline(always)]
    fn push_suffix(&self, i: usize, entry: &Entry<'_>, out: &mut Vec<u8>) {
        let head_end = out.len() + entry.suffix_len.min(HEAD_BYTES);
        // All of the head, then cut: a copy of fixed length is two instructions.
        out.extend_from_slice(&self.head(i).to_be_bytes());
        out.truncate(head_end);
        if !entry.tail.is_empty() {
            out.extend_from_slice(entry.tail);
        }
    }

    /// An entry's key.
    #[must_use]
    pub fn key(&self, i: usize) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.key_len(i));
        self.append_key(i, &mut key);
        key
    }

    /// An entry's value.
    #[must_use]
    #[inline]
    pub fn value(&self, i: usize) -> ValueRef<'a> {
        self.entry(i).checked_value()
    }

    /// The bytes of an entry in the heap.
    pub(crate) fn heap_entry(&self, i: usize) -> &'a [u8] {
        let start = self.slot(i);
        let (_, rest) = self.read_entry(i);
        &self.bytes[start..self.bytes.len() - rest.len()]
    }

    /// The bytes of an entry in the heap, and its value.
    pub(crate) fn heap_entry_and_value(&self, i: usize) -> (&'a [u8], ValueRef<'a>) {
        let start = self.slot(i);
        let (entry, rest) = self.read_entry(i);
        let value = entry.checked_value();
        (&self.bytes[start..self.bytes.len() - rest.len()], value)
    }

    /// Appends an entry to a heap without the first `cut` bytes of its suffix; its head then.
    pub(crate) fn put_without(&self, i: usize, cut: usize, heap: &mut Vec<u8>) -> u32 {
        let entry = self.entry(i);
        // A head is filled up with zeros, and so is what follows the suffix.
        let mut start = [0; 2 * HEAD_BYTES];
        start[..HEAD_BYTES].copy_from_slice(&self.head(i).to_be_bytes());
        let known = entry.tail.len().min(HEAD_BYTES);
        start[HEAD_BYTES..HEAD_BYTES + known].copy_from_slice(&entry.tail[..known]);
        heap.put_varint(to_u64(entry.suffix_len - cut));
        heap.put_varint(to_u64(entry.value.len()) << 2 | u64::from(entry.kind));
        heap.extend_from_slice(entry.tail.get(cut..).unwrap_or_default());
        heap.extend_from_slice(entry.value);
        match cut.checked_sub(HEAD_BYTES) {
            Some(cut) => head_of(entry.tail.get(cut..).unwrap_or_default()),
            None => head_of(&start[cut..]),
        }
    }

    /// Appends an entry to a heap with its key and no value; its head.
    pub(crate) fn put_key(&self, i: usize, heap: &mut Vec<u8>) -> u32 {
        let entry = self.entry(i);
        put_entry_start(heap, entry.suffix_len, &ValueRef::Inline(&[]));
        heap.extend_from_slice(entry.tail);
        self.head(i)
    }

    /// Where in the node an entry's tail and its value lie.
    pub(crate) fn entry_parts(&self, i: usize) -> EntryParts {
        let (entry, rest) = self.read_entry(i);
        let end = self.bytes.len() - rest.len();
        let value_at = end - entry.value.len();
        let tail_at = value_at - entry.tail.len();
        EntryParts { suffix_len: entry.suffix_len, start: self.slot(i), tail_at, value_at, end }
    }

    /// An entry's head as a number.
    #[inline]
    pub(crate) fn head(&self, i: usize) -> u32 {
        u32::from_le_bytes(self.heads()[i])
    }

    #[inline(always)]
    fn entry(&self, i: usize) -> Entry<'a> {
        self.read_entry(i).0
    }

    #[inline(always)]
    fn read_entry(&self, i: usize) -> (Entry<'a>, &'a [u8]) {
        Entry::read(&self.bytes[self.slot(i)..]).expect("validated, or made by a block")
    }

    #[inline]
    fn slot(&self, i: usize) -> usize {
        slot_at(self.bytes, self.slots_at(), self.width, i)
    }
}

/// Slot `i` of a node whose slots start at `slots_at`.
#[inline]
pub(crate) fn slot_at(node: &[u8], slots_at: usize, width: SlotWidth, i: usize) -> usize {
    let slots = "a node has a slot for each entry";
    let bytes = &node[slots_at + i * width.bytes()..];
    match width {
        SlotWidth::Narrow => usize::from(u16::from_le_bytes(*bytes.first_chunk().expect(slots))),
        SlotWidth::Wide => to_usize(u32::from_le_bytes(*bytes.first_chunk().expect(slots))),
    }
}

/// Where the parts of a heap entry lie, as offsets in the node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryParts {
    pub(crate) suffix_len: usize,
    pub(crate) start: usize,
    pub(crate) tail_at: usize,
    pub(crate) value_at: usize,
    pub(crate) end: usize,
}

/// So many heads are compared at once: about as many as take as long as two steps of halving, which wait for each other.
const WINDOW: usize = 16;

/// How many heads are smaller than `target`. Nothing in it is a branch that depends on the heads.
#[inline]
fn lower_bound(heads: &[[u8; HEAD_BYTES]], target: u32) -> usize {
    let is_smaller = |head: &[u8; HEAD_BYTES]| u32::from_le_bytes(*head) < target;
    let Some(last_window) = heads.len().checked_sub(WINDOW) else {
        return heads.partition_point(is_smaller);
    };
    let mut base = 0;
    let mut size = heads.len();
    while size > WINDOW {
        let half = size / 2;
        base = select_unpredictable(is_smaller(&heads[base + half - 1]), base + half, base);
        size -= half;
    }
    // All heads before the base are smaller, so a window may begin among them.
    let start = base.min(last_window);
    let window: &[_; WINDOW] = heads[start..].first_chunk().expect("there is one from the last window on");
    start + to_usize(window.iter().map(|head| u32::from(is_smaller(head))).sum())
}

#[cfg(test)]
mod tests;
