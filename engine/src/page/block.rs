//! [`Block`]: a node in memory, owned and editable, in the byte layout of a page.
//!
//! One search routine, that of [`NodeView`], serves pages and blocks. Against a page on disk a block may have room for
//! more heads and slots than there are entries, entries in any order in the heap, unused bytes between them, and long
//! values that are held in memory beside the node.
//!
//! Invariants:
//! 1. Keys rise strictly and start with the block's prefix.
//! 2. `dead` is the number of heap bytes that belong to no entry.
//! 3. Each long value in the side list belongs to exactly one entry, which holds its number.
//! 4. What the block holds, its long values included, is charged to its meter.
//! 5. A change of the content forgets where the block was written, and is counted.
//! 6. `header` is what the first bytes say: whoever edits asks for it several times, and need not decode it each time.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::error::Result;
use crate::format::node::{
    EXTENT_ADDR_MAX_BYTES, HEAD_BYTES, Layout, MEMORY_NUMBER_BYTES, NodeView, ValueRef, entry_len, head_of,
    max_entries, put_entry, put_entry_start, put_value, slot_at,
};
use crate::format::page::{PAGE_HEADER_BYTES, PageHeader, PageKind, SlotWidth, set_count};
use crate::ids::{PageAddr, to_u32, to_usize};
use crate::page::meter::{Charge, Meter};

/// The most that the two lengths at the start of an entry take.
const LENGTHS_BYTES_MAX: usize = 20;
/// The most entries that a node in memory can number.
pub(crate) const MAX_ENTRIES_IN_MEMORY: usize = 65_535;

/// A long value held in memory, shared by all blocks that have an entry with it and charged once.
#[derive(Clone)]
pub struct LongValue(Arc<HeldBytes>);

struct HeldBytes {
    bytes: Bytes,
    written: OnceLock<PageAddr>,
    _charge: Charge,
}

impl LongValue {
    /// Holds `bytes` and charges them to `meter`, with what it takes to hold them.
    #[must_use]
    pub fn new(bytes: Bytes, meter: &Meter) -> LongValue {
        let charge = meter.charge(size_of::<HeldBytes>() + bytes.len());
        LongValue(Arc::new(HeldBytes { bytes, written: OnceLock::new(), _charge: charge }))
    }

    /// The extent that a checkpoint wrote the value to.
    #[must_use]
    pub fn written(&self) -> Option<PageAddr> {
        self.0.written.get().copied()
    }

    /// Notes the extent that a checkpoint wrote the value to. The first note stays.
    pub fn set_written(&self, addr: PageAddr) {
        self.0.written.get_or_init(|| addr);
    }
}

impl Deref for LongValue {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.0.bytes
    }
}

impl fmt::Debug for LongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LongValue({} bytes)", self.len())
    }
}

/// A value to put into a block.
#[derive(Clone, Copy, Debug)]
pub enum NewValue<'a> {
    /// The value, to be copied into the node.
    Inline(&'a [u8]),
    /// A long value that lies in an extent page.
    Extent(PageAddr),
    /// A long value in memory.
    Memory(&'a LongValue),
    /// The key is deleted. Only in deltas.
    Tombstone,
}

impl NewValue<'_> {
    /// Whether it is known to be the same as another one.
    fn is_same(&self, other: &NewValue<'_>) -> bool {
        match (self, other) {
            (NewValue::Inline(a), NewValue::Inline(b)) => a == b,
            (NewValue::Extent(a), NewValue::Extent(b)) => a == b,
            (NewValue::Memory(a), NewValue::Memory(b)) => Arc::ptr_eq(&a.0, &b.0),
            (NewValue::Tombstone, NewValue::Tombstone) => true,
            _ => false,
        }
    }
}

/// A node to copy entries from: a page, or a block with its long values.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The entries.
    pub view: NodeView<'a>,
    memory: &'a [LongValue],
}

impl<'a> Source<'a> {
    /// The value of an entry.
    #[must_use]
    pub fn value(&self, i: usize) -> NewValue<'a> {
        self.resolve(self.view.value(i))
    }

    /// The value at `key`, if there is one; see [`NodeView::find`].
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<NewValue<'a>> {
        self.view.find(key).map(|value| self.resolve(value))
    }

    /// The same, where it is known how many heads are below that of `key`.
    #[inline]
    pub(crate) fn find_from(&self, below: usize, key: &[u8]) -> Option<NewValue<'a>> {
        self.view.find_from(below, key).map(|value| self.resolve(value))
    }

    /// Appends what follows the prefix in an entry's key to `suffix`, and gives its value.
    #[inline(always)]
    pub(crate) fn read(&self, i: usize, suffix: &mut Vec<u8>) -> NewValue<'a> {
        self.resolve(self.view.read_suffix(i, suffix))
    }

    #[inline(always)]
    fn resolve(&self, value: ValueRef<'a>) -> NewValue<'a> {
        match value {
            ValueRef::Inline(bytes) => NewValue::Inline(bytes),
            ValueRef::Extent(addr) => NewValue::Extent(addr),
            ValueRef::Memory(number) => NewValue::Memory(&self.memory[to_usize(number)]),
            ValueRef::Tombstone => NewValue::Tombstone,
        }
    }
}

impl Source<'_> {
    /// Whether it is the same node as another one.
    pub(crate) fn is_same(&self, other: &Source<'_>) -> bool {
        std::ptr::eq(self.view.bytes(), other.view.bytes())
    }

    /// How many bytes the heap entries of a range take.
    fn heap_bytes(&self, range: Range<usize>) -> usize {
        range.map(|i| self.view.heap_entry(i).len()).sum()
    }
}

impl<'a> From<NodeView<'a>> for Source<'a> {
    /// A page from disk, which has no values in memory.
    fn from(view: NodeView<'a>) -> Source<'a> {
        Source { view, memory: &[] }
    }
}

impl<'a> From<&'a Block> for Source<'a> {
    fn from(block: &'a Block) -> Source<'a> {
        Source { view: block.view(), memory: &block.memory }
    }
}

/// A node in memory.
pub struct Block {
    bytes: Vec<u8>,
    header: PageHeader,
    memory: Vec<LongValue>,
    dead: usize,
    /// How often the content changed since it was that of a page.
    changes: u16,
    written: OnceLock<OnDisk>,
    /// The checkpoint that had begun last when the block was made.
    era: u32,
    /// What the block was a copy of, where a checkpoint may be writing that.
    origin: Option<Arc<Block>>,
    charge: Charge,
}

/// Where a checkpoint wrote a block.
#[derive(Clone, Copy, Debug)]
pub enum OnDisk {
    /// Exactly its content is that of a page.
    Page(PageAddr),
    /// A page holds what the base of a leaf is with all its deltas, of which this is the newest.
    Merged(PageAddr),
    /// A page holds what the older delta of a leaf is with this one over it.
    Joined(PageAddr),
}

impl OnDisk {
    /// The page.
    #[must_use]
    pub fn addr(self) -> PageAddr {
        match self {
            OnDisk::Page(addr) | OnDisk::Merged(addr) | OnDisk::Joined(addr) => addr,
        }
    }
}

impl Block {
    /// A block without entries.
    #[must_use]
    pub fn new(kind: PageKind, prefix: &[u8], meter: &Meter) -> Block {
        Block::with_room(kind, prefix, 0, 0, meter)
    }

    /// A block without entries, with room for some whose heap entries take `heap_bytes` together.
    ///
    /// # Panics
    /// If `kind` is that of an extent, or if there can be no node of so many entries.
    #[must_use]
    pub fn with_room(
        kind: PageKind,
        prefix: &[u8],
        entries: usize,
        heap_bytes: usize,
        meter: &Meter,
    ) -> Block {
        assert_ne!(kind, PageKind::Extent, "an extent has no entries");
        let (slots, _) = Layout::packed(entries, prefix.len(), heap_bytes);
        Block::of_bytes(empty_node(kind, slots, prefix, entries, heap_bytes), meter)
    }

    /// A block of these bytes, without long values in memory and without unused bytes in the heap.
    fn of_bytes(bytes: Vec<u8>, meter: &Meter) -> Block {
        let charge = meter.charge(held_bytes(&bytes));
        let header = header_of(&bytes);
        let written = OnceLock::new();
        let (memory, origin) = (Vec::new(), None);
        Block { bytes, header, memory, dead: 0, changes: 0, written, era: 0, origin, charge }
    }

    /// A block with so many entries, given by their numbers, whose keys rise and start with `prefix`. `heap_bytes` is what
    /// keys and values take together, or more.
    ///
    /// # Panics
    /// If a key does not start with the prefix, or a value is long and in memory.
    pub(crate) fn packed<'e>(
        kind: PageKind,
        prefix: &[u8],
        entries: usize,
        heap_bytes: usize,
        meter: &Meter,
        entry: impl Fn(usize) -> (&'e [u8], ValueRef<'e>),
    ) -> Block {
        let most_bytes = heap_bytes + entries * (LENGTHS_BYTES_MAX + EXTENT_ADDR_MAX_BYTES);
        let mut block = Block::with_room(kind, prefix, entries, most_bytes, meter);
        block.append_all(entries, |i, heap| {
            let (key, value) = entry(i);
            assert!(!matches!(value, ValueRef::Memory(_)), "a block holds its own long values");
            let suffix = key.strip_prefix(prefix).expect("the fences of a node bound its keys");
            put_entry(heap, suffix, value);
            head_of(suffix)
        });
        block
    }

    /// A block with some of the entries of another node, whose keys must all start with `prefix`.
    #[must_use]
    pub fn from_source(
        kind: PageKind,
        prefix: &[u8],
        source: Source<'_>,
        range: Range<usize>,
        meter: &Meter,
    ) -> Block {
        let mut block = Block::with_room(kind, prefix, range.len(), source.heap_bytes(range.clone()), meter);
        block.copy_entries(source, range);
        block
    }

    /// A copy of a node with these long values, by the numbers of their entries in rising order, in these extents.
    #[must_use]
    pub(crate) fn with_extents(source: Source<'_>, places: &[(usize, PageAddr)], meter: &Meter) -> Block {
        let view = source.view;
        let heap_bytes = source.heap_bytes(0..view.len()) + places.len() * EXTENT_ADDR_MAX_BYTES;
        let mut block = Block::with_room(view.kind(), view.prefix(), view.len(), heap_bytes, meter);
        let mut places = places.iter().peekable();
        let mut key = Vec::new();
        for i in 0..view.len() {
            key.clear();
            view.append_key(i, &mut key);
            match places.next_if(|(at, _)| *at == i) {
                Some((_, addr)) => block.push(&key, NewValue::Extent(*addr)),
                None => block.push(&key, source.value(i)),
            }
        }
        block
    }

    /// The block with some of its long values in these extents, as in [`Block::with_extents`]. That is no change of the content.
    #[must_use]
    pub(crate) fn moved_to_extents(&self, places: &[(usize, PageAddr)]) -> Block {
        Block { changes: self.changes, ..Block::with_extents(self.source(), places, self.meter()) }
    }

    /// The keys of another node, without values.
    #[must_use]
    pub(crate) fn keys_of(from: NodeView<'_>, meter: &Meter) -> Block {
        let none = ValueRef::Inline(&[]);
        let suffix_len = |i: usize| from.key_len(i) - from.prefix().len();
        let heap_bytes = (0..from.len()).map(|i| entry_len(suffix_len(i), &none)).sum();
        let mut block = Block::with_room(from.kind(), from.prefix(), from.len(), heap_bytes, meter);
        block.append_all(from.len(), |i, heap| from.put_key(i, heap));
        block
    }

    /// A copy to be changed, with room for some entries more, of `heap_bytes` in the heap together.
    #[must_use]
    pub fn copy_for_edit(&self, entries: usize, heap_bytes: usize) -> Block {
        let header = self.header;
        let fits = usize::from(header.count) + entries <= usize::from(header.capacity);
        let (bytes, dead) = if self.dead > self.bytes.len() / 4 {
            (self.rebuilt(roomier(header.count, entries), heap_bytes), 0)
        } else if fits {
            let mut bytes = Vec::with_capacity(self.bytes.len() + heap_bytes);
            bytes.extend_from_slice(&self.bytes);
            (bytes, self.dead)
        } else {
            (regrown(&self.bytes, &header, roomier(header.count, entries), heap_bytes), self.dead)
        };
        let (memory, changes) = (self.memory.clone(), self.changes);
        Block { memory, dead, changes, ..Block::of_bytes(bytes, self.charge.meter()) }
    }

    /// As [`Block::copy_for_edit`], in an era. The copy remembers what a checkpoint that began since may be writing, so that it
    /// can be told apart from what came later.
    #[must_use]
    pub fn copy_in_era(self: &Arc<Block>, era: u32, entries: usize, heap_bytes: usize) -> Block {
        let copy = self.copy_for_edit(entries, heap_bytes);
        if self.era == era {
            return Block { era, origin: self.origin.clone(), ..copy };
        }
        // Where one checkpoint after the other fails, copies of copies must not keep them all.
        let origin = self.origin.is_none().then(|| self.clone());
        let changes = if origin.is_some() { 0 } else { copy.changes };
        Block { era, origin, changes, ..copy }
    }

    /// The block, made in an era.
    #[must_use]
    pub fn in_era(self, era: u32) -> Block {
        Block { era, ..self }
    }

    /// What the block was a copy of, where a checkpoint may have written that.
    #[must_use]
    pub fn origin(&self) -> Option<&Block> {
        self.origin.as_deref()
    }

    /// What has to be laid over another delta, of which this one was a copy, for the content of this one.
    #[must_use]
    pub fn since(&self, older: &Block) -> Block {
        let (newer, before) = (self.view(), older.view());
        let mut since = Block::new(newer.kind(), newer.prefix(), self.charge.meter()).in_era(self.era);
        let mut at = 0;
        for i in 0..newer.len() {
            while at < before.len() && before.compare_entry(at, &newer, i).is_lt() {
                since.push(&before.key(at), NewValue::Tombstone);
                at += 1;
            }
            let is_there = at < before.len() && before.compare_entry(at, &newer, i).is_eq();
            let value = self.source().value(i);
            if !(is_there && value.is_same(&older.source().value(at))) {
                since.push(&newer.key(i), value);
            }
            at += usize::from(is_there);
        }
        (at..before.len()).for_each(|at| since.push(&before.key(at), NewValue::Tombstone));
        since
    }

    /// What a page holds, to be changed, with room for some entries more, of `heap_bytes` in the heap together.
    #[must_use]
    pub fn of_page(page: NodeView<'_>, entries: usize, heap_bytes: usize, meter: &Meter) -> Block {
        let header = header_of(page.bytes());
        Block::of_bytes(regrown(page.bytes(), &header, roomier(header.count, entries), heap_bytes), meter)
    }

    /// The entries.
    #[must_use]
    #[inline]
    pub fn view(&self) -> NodeView<'_> {
        NodeView::with_header(&self.bytes, &self.header)
    }

    /// The entries with their long values, to copy from.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        self.into()
    }

    /// What the block is charged to.
    pub(crate) fn meter(&self) -> &Meter {
        self.charge.meter()
    }

    /// The long value that a [`ValueRef::Memory`] of this block names.
    ///
    /// # Panics
    /// If the number is not from an entry of this block.
    #[must_use]
    pub fn memory(&self, number: u32) -> &Bytes {
        &self.memory[to_usize(number)]
    }

    /// Puts an entry in at a position that [`NodeView::search`] answered as not found.
    ///
    /// # Panics
    /// If the key does not start with the prefix, or if the block has as many entries as it can number.
    pub fn insert(&mut self, i: usize, key: &[u8], value: NewValue<'_>) {
        let view = self.view();
        debug_assert!(i == 0 || view.compare_key(i - 1, key).is_lt(), "keys rise strictly");
        debug_assert!(i == view.len() || view.compare_key(i, key).is_gt(), "keys rise strictly");
        let suffix =
            key.strip_prefix(view.prefix()).expect("the fences of a node bound the keys put into it");
        let value = self.hold(value);
        self.make_room(1, entry_len(suffix.len(), &value));
        let slot = self.bytes.len();
        put_entry(&mut self.bytes, suffix, value);
        self.open_gap(i, head_of(suffix), slot);
        self.changed();
    }

    /// Puts an entry in behind all others.
    ///
    /// # Panics
    /// If the key does not start with the prefix, or if the block has as many entries as it can number.
    pub fn push(&mut self, key: &[u8], value: NewValue<'_>) {
        self.insert(self.len(), key, value);
    }

    /// Puts copies of entries of another node in behind all others. Copying a range at once is cheaper than one by one.
    pub fn extend(&mut self, source: Source<'_>, range: Range<usize>) {
        self.make_room(range.len(), source.heap_bytes(range.clone()));
        self.copy_entries(source, range);
    }

    /// [`Block::extend`], where there is room for the entries as they are in the source.
    pub(crate) fn copy_entries(&mut self, source: Source<'_>, range: Range<usize>) {
        let from = source.view;
        let header = self.header;
        let longer = to_usize(header.prefix_len).checked_sub(from.prefix().len());
        let Some(cut) = longer.filter(|_| source.memory.is_empty()) else {
            range.for_each(|i| self.push(&from.key(i), source.value(i)));
            return;
        };
        debug_assert!(self.view().prefix().starts_with(from.prefix()), "keys start with the prefix");
        let start = range.start;
        self.append_all(range.len(), |i, heap| {
            let j = start + i;
            if cut == 0 {
                heap.extend_from_slice(from.heap_entry(j));
                from.head(j)
            } else {
                from.put_without(j, cut, heap)
            }
        });
    }

    /// Puts entries in behind all others, for which there is room: `put` appends that of a number to the heap and gives its
    /// head.
    fn append_all(&mut self, entries: usize, put: impl Fn(usize, &mut Vec<u8>) -> u32) {
        let header = self.header;
        let slots_at = Layout::of(&header).slots_at;
        let count = header.count + u16::try_from(entries).expect("there is room for the entries");
        for (i, j) in (usize::from(header.count)..).zip(0..entries) {
            let slot = self.bytes.len();
            let head = put(j, &mut self.bytes);
            set_head(&mut self.bytes[PAGE_HEADER_BYTES..], i, head);
            set_slot(&mut self.bytes[slots_at..], header.slots, i, slot);
        }
        self.set_count(count);
        self.changed();
    }

    /// Gives an entry another value.
    pub fn replace(&mut self, i: usize, value: NewValue<'_>) {
        let view = self.view();
        let old = view.entry_parts(i);
        if let (ValueRef::Inline(before), NewValue::Inline(after)) = (view.value(i), value)
            && before.len() == after.len()
        {
            self.bytes[old.value_at..old.end].copy_from_slice(after);
            self.changed();
            return;
        }
        self.release_memory(i);
        let value = self.hold(value);
        self.make_room(0, entry_len(old.suffix_len, &value));
        let old = self.view().entry_parts(i);
        let slot = self.bytes.len();
        put_entry_start(&mut self.bytes, old.suffix_len, &value);
        self.bytes.extend_from_within(old.tail_at..old.value_at);
        put_value(&mut self.bytes, value);
        self.dead += old.end - old.start;
        let (slots_at, width) = (Layout::of(&self.header).slots_at, self.header.slots);
        set_slot(&mut self.bytes[slots_at..], width, i, slot);
        self.changed();
    }

    /// Takes an entry out.
    pub fn remove(&mut self, i: usize) {
        self.release_memory(i);
        let old = self.view().entry_parts(i);
        self.dead += old.end - old.start;
        let header = self.header;
        let count = usize::from(header.count);
        let width = header.slots.bytes();
        let slots_at = Layout::of(&header).slots_at;
        self.bytes[PAGE_HEADER_BYTES..].copy_within((i + 1) * HEAD_BYTES..count * HEAD_BYTES, i * HEAD_BYTES);
        self.bytes[slots_at..].copy_within((i + 1) * width..count * width, i * width);
        self.set_count(header.count - 1);
        self.changed();
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.header.count)
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of the page that the block makes. A long value in memory counts as the longest address that an
    /// extent can have.
    #[must_use]
    pub fn size_on_disk(&self) -> usize {
        let header = self.header;
        let addresses = self.memory.len() * (EXTENT_ADDR_MAX_BYTES - MEMORY_NUMBER_BYTES);
        let heap_bytes = self.bytes.len() - Layout::of(&header).heap_at - self.dead + addresses;
        let (_, layout) = Layout::packed(usize::from(header.count), to_usize(header.prefix_len), heap_bytes);
        layout.heap_at + heap_bytes
    }

    /// How long the prefix is that all keys share.
    #[must_use]
    pub fn prefix_len(&self) -> usize {
        to_usize(self.header.prefix_len)
    }

    /// The page that the block makes: without unused room, complete but for the checksum.
    ///
    /// `write_extent` is called for each long value in memory, in the order of the keys, and answers where it wrote it.
    ///
    /// # Errors
    /// What `write_extent` answers.
    ///
    /// # Panics
    /// If there are more than a page can have ([`max_entries`]): the node should have been split.
    pub fn to_page_bytes(&self, mut write_extent: impl FnMut(&Bytes) -> Result<PageAddr>) -> Result<Vec<u8>> {
        let view = self.view();
        assert!(view.len() <= max_entries(view.kind()), "a node is split long before");
        let mut heap = Vec::with_capacity(self.live_heap_bytes());
        let mut starts = Vec::with_capacity(view.len());
        for i in 0..view.len() {
            starts.push(heap.len());
            if let ValueRef::Memory(number) = view.value(i) {
                let addr = ValueRef::Extent(write_extent(self.memory(number))?);
                let parts = view.entry_parts(i);
                put_entry_start(&mut heap, parts.suffix_len, &addr);
                heap.extend_from_slice(&self.bytes[parts.tail_at..parts.value_at]);
                put_value(&mut heap, addr);
            } else {
                heap.extend_from_slice(view.heap_entry(i));
            }
        }
        let (slots, layout) = Layout::packed(view.len(), view.prefix().len(), heap.len());
        let len = layout.heap_at + heap.len();
        let mut page = empty_node(view.kind(), slots, view.prefix(), view.len(), heap.len());
        let header = self.header;
        let header = PageHeader { len: to_u32(len), slots, capacity: header.count, ..header };
        page[..PAGE_HEADER_BYTES].copy_from_slice(&header.encode());
        for (i, start) in starts.iter().enumerate() {
            set_head(&mut page[PAGE_HEADER_BYTES..], i, view.head(i));
            set_slot(&mut page[layout.slots_at..], slots, i, layout.heap_at + start);
        }
        page.extend_from_slice(&heap);
        debug_assert_eq!(NodeView::validate(&page), Ok(()));
        Ok(page)
    }

    /// Lays a delta with the same prefix over the node: its entries take the place of those of the same keys, and its
    /// tombstones take theirs away. In a delta tombstones stay, since the base below may have such a key.
    pub fn lay_over(&mut self, delta: Source<'_>) {
        let is_delta = self.header.kind == PageKind::Delta;
        let mut key = Vec::new();
        for at in 0..delta.view.len() {
            key.clear();
            delta.view.append_key(at, &mut key);
            match (self.view().search(&key), delta.value(at)) {
                (Ok(same), NewValue::Tombstone) if !is_delta => self.remove(same),
                (Err(_), NewValue::Tombstone) if !is_delta => {}
                (Ok(same), value) => self.replace(same, value),
                (Err(greater), value) => self.insert(greater, &key, value),
            }
        }
    }

    /// Where a checkpoint wrote exactly this content.
    #[must_use]
    pub fn written(&self) -> Option<PageAddr> {
        match self.written.get() {
            Some(OnDisk::Page(addr)) => Some(*addr),
            Some(OnDisk::Merged(_) | OnDisk::Joined(_)) | None => None,
        }
    }

    /// Where a checkpoint wrote this content, by itself or together with others.
    #[must_use]
    pub fn on_disk(&self) -> Option<OnDisk> {
        self.written.get().copied()
    }

    /// Notes where a checkpoint wrote this content. The first note stays.
    pub fn set_on_disk(&self, place: OnDisk) {
        self.written.get_or_init(|| place);
    }

    /// How many entries at most are not those of the page that the block was.
    #[must_use]
    pub fn new_entries(&self) -> usize {
        usize::from(self.changes).min(self.len())
    }

    /// The extents of its long values, as far as they were written.
    pub fn extents(&self) -> impl Iterator<Item = PageAddr> {
        let source = self.source();
        (0..self.len()).filter_map(move |i| match source.value(i) {
            NewValue::Extent(addr) => Some(addr),
            NewValue::Memory(value) => value.written(),
            NewValue::Inline(_) | NewValue::Tombstone => None,
        })
    }

    fn set_count(&mut self, count: u16) {
        self.header.count = count;
        set_count(&mut self.bytes, count);
    }

    fn live_heap_bytes(&self) -> usize {
        self.bytes.len() - Layout::of(&self.header).heap_at - self.dead
    }

    /// Takes a value in; a long one into the side list.
    fn hold<'v>(&mut self, value: NewValue<'v>) -> ValueRef<'v> {
        match value {
            NewValue::Inline(bytes) => ValueRef::Inline(bytes),
            NewValue::Extent(addr) => ValueRef::Extent(addr),
            NewValue::Tombstone => ValueRef::Tombstone,
            NewValue::Memory(value) => {
                self.memory.push(value.clone());
                ValueRef::Memory(to_u32(self.memory.len() - 1))
            }
        }
    }

    /// Lets go of the long value, if any, of an entry that is about to lose it. The last one takes over its number.
    fn release_memory(&mut self, i: usize) {
        let view = self.view();
        let ValueRef::Memory(number) = view.value(i) else { return };
        let last = ValueRef::Memory(to_u32(self.memory.len() - 1));
        let owner = (0..view.len()).find(|j| view.value(*j) == last).expect("each long value has an entry");
        let at = view.entry_parts(owner).value_at;
        self.bytes[at..at + MEMORY_NUMBER_BYTES].copy_from_slice(&number.to_le_bytes());
        self.memory.swap_remove(to_usize(number));
    }

    /// Makes room for entries more, and for `heap_bytes` more in the heap.
    fn make_room(&mut self, entries: usize, heap_bytes: usize) {
        let header = self.header;
        let full = usize::from(header.count) + entries > usize::from(header.capacity);
        let out_of_reach = header.slots < SlotWidth::reaching(self.bytes.len() + heap_bytes);
        let spare = self.bytes.capacity() - self.bytes.len();
        let wasteful = spare < heap_bytes && self.dead > self.bytes.len() / 4;
        if full || out_of_reach || wasteful {
            let capacity = if full { roomier(header.count, entries) } else { usize::from(header.capacity) };
            if self.dead > self.bytes.len() / 4 {
                self.bytes = self.rebuilt(capacity, heap_bytes);
                self.dead = 0;
            } else {
                self.bytes = regrown(&self.bytes, &header, capacity, heap_bytes + self.bytes.len() / 2);
            }
            self.header = header_of(&self.bytes);
        } else if spare < heap_bytes {
            self.bytes.reserve_exact(heap_bytes + self.bytes.len() / 2);
        }
    }

    /// The node with room for `capacity` entries and `heap_bytes` more in the heap, and without unused bytes there.
    fn rebuilt(&self, capacity: usize, heap_bytes: usize) -> Vec<u8> {
        let view = self.view();
        let heap_bytes = self.live_heap_bytes() + heap_bytes;
        let (slots, layout) = Layout::packed(capacity, view.prefix().len(), heap_bytes);
        let mut bytes = empty_node(view.kind(), slots, view.prefix(), capacity, heap_bytes);
        for i in 0..view.len() {
            let slot = bytes.len();
            set_head(&mut bytes[PAGE_HEADER_BYTES..], i, view.head(i));
            set_slot(&mut bytes[layout.slots_at..], slots, i, slot);
            bytes.extend_from_slice(view.heap_entry(i));
        }
        set_count(&mut bytes, self.header.count);
        bytes
    }

    /// Puts a head and a slot in before those of entry `i`.
    fn open_gap(&mut self, i: usize, head: u32, slot: usize) {
        let header = self.header;
        let count = usize::from(header.count);
        let width = header.slots.bytes();
        let slots_at = Layout::of(&header).slots_at;
        if i < count {
            let heads = &mut self.bytes[PAGE_HEADER_BYTES..];
            heads.copy_within(i * HEAD_BYTES..count * HEAD_BYTES, (i + 1) * HEAD_BYTES);
            self.bytes[slots_at..].copy_within(i * width..count * width, (i + 1) * width);
        }
        set_head(&mut self.bytes[PAGE_HEADER_BYTES..], i, head);
        set_slot(&mut self.bytes[slots_at..], header.slots, i, slot);
        self.set_count(header.count + 1);
    }

    fn changed(&mut self) {
        self.changes = self.changes.saturating_add(1);
        self.written.take();
        self.charge.set(held_bytes(&self.bytes));
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.view();
        f.debug_struct("Block")
            .field("kind", &view.kind())
            .field("prefix", &view.prefix())
            .field("entries", &view.len())
            .field("bytes", &self.bytes.len())
            .field("dead", &self.dead)
            .field("memory", &self.memory)
            .field("written", &self.written.get())
            .finish_non_exhaustive()
    }
}

/// The header of a node in memory, or of a page that was validated.
fn header_of(node: &[u8]) -> PageHeader {
    PageHeader::decode(node).expect("validated, or made by a block")
}

/// What a block with these bytes holds, its long values aside.
fn held_bytes(bytes: &Vec<u8>) -> usize {
    size_of::<Block>() + bytes.capacity()
}

/// How many entries a node with `count` gets room for when it must take `more`.
fn roomier(count: u16, more: usize) -> usize {
    let count = usize::from(count);
    assert!(count + more <= MAX_ENTRIES_IN_MEMORY, "a node is split long before it has so many entries");
    (count + more + (count + more) / 2 + 3).min(MAX_ENTRIES_IN_MEMORY)
}

/// A node's bytes with room for `capacity` entries and `heap_bytes` more in the heap, which is copied as it is.
fn regrown(node: &[u8], header: &PageHeader, capacity: usize, heap_bytes: usize) -> Vec<u8> {
    let from = Layout::of(header);
    let count = usize::from(header.count);
    let heap = &node[from.heap_at..];
    let heap_bytes = heap.len() + heap_bytes;
    let prefix = &node[from.prefix_at..from.heap_at];
    let (slots, to) = Layout::packed(capacity, prefix.len(), heap_bytes);
    let mut bytes = empty_node(header.kind, slots, prefix, capacity, heap_bytes);
    bytes.extend_from_slice(heap);
    let heads = PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + count * HEAD_BYTES;
    bytes[heads.clone()].copy_from_slice(&node[heads]);
    let moved = |slot: usize| slot - from.heap_at + to.heap_at;
    for i in 0..count {
        let slot = moved(slot_at(node, from.slots_at, header.slots, i));
        set_slot(&mut bytes[to.slots_at..], slots, i, slot);
    }
    set_count(&mut bytes, header.count);
    bytes
}

/// A node without entries, its vector with room for `heap_bytes`.
fn empty_node(
    kind: PageKind,
    slots: SlotWidth,
    prefix: &[u8],
    capacity: usize,
    heap_bytes: usize,
) -> Vec<u8> {
    let header = PageHeader {
        crc: 0,
        len: 0,
        kind,
        slots,
        count: 0,
        capacity: u16::try_from(capacity).expect("a node is split long before"),
        prefix_len: to_u32(prefix.len()),
    };
    let layout = Layout::of(&header);
    let mut bytes = Vec::with_capacity(layout.heap_at + heap_bytes);
    bytes.extend_from_slice(&header.encode());
    bytes.resize(layout.prefix_at, 0);
    bytes.extend_from_slice(prefix);
    bytes
}

fn set_head(heads: &mut [u8], i: usize, head: u32) {
    heads[i * HEAD_BYTES..(i + 1) * HEAD_BYTES].copy_from_slice(&head.to_le_bytes());
}

fn set_slot(slots: &mut [u8], width: SlotWidth, i: usize, slot: usize) {
    let slot = to_u32(slot).to_le_bytes();
    let width = width.bytes();
    slots[i * width..(i + 1) * width].copy_from_slice(&slot[..width]);
}

#[cfg(test)]
mod tests;
