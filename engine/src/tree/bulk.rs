//! [`BulkBuilder`]: a tree from entries in ascending order, packed and written as they come, in memory for one node a
//! level.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::format::inner::{ChildPages, ChildRef};
use crate::format::node::{HEAD_BYTES, ValueRef, entry_len};
use crate::format::page::{PageKind, SlotWidth};
use crate::ids::{PageAddr, to_u64};
use crate::page::access::PageWrite;
use crate::page::block::Block;
use crate::tree::node::{OwnFences, common_prefix_len, separator_between};
use crate::tree::params::TreeParams;
use crate::tree::write::{InnerPage, page_of};

/// Builds a tree bottom-up. Where its pages go is said at each call, since it may take a while between two of them.
#[derive(Debug)]
pub struct BulkBuilder {
    params: TreeParams,
    leaf: Pending,
    /// What waits for its parent to be full, from the leaves up.
    levels: Vec<Vec<Kid>>,
}

/// A written node and the key it starts at; `None` at the left edge of the tree.
#[derive(Debug)]
struct Kid {
    low: Option<Vec<u8>>,
    child: ChildRef,
}

/// The entries of a leaf whose upper fence is not known yet.
#[derive(Debug, Default)]
struct Pending {
    low: Option<Vec<u8>>,
    bytes: Vec<u8>,
    entries: Vec<PendingEntry>,
    /// How long the prefix of the leaf is at most, and what the entries take with that prefix.
    prefix_len: usize,
    used: usize,
}

#[derive(Debug)]
struct PendingEntry {
    key: Range<usize>,
    value: PendingValue,
}

#[derive(Debug)]
enum PendingValue {
    Inline(Range<usize>),
    Extent(PageAddr),
}

impl BulkBuilder {
    /// A builder of a tree.
    #[must_use]
    pub fn new(params: TreeParams) -> BulkBuilder {
        BulkBuilder { params, leaf: Pending::default(), levels: Vec::new() }
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the key is not above the one before; what the pages answer, after which the
    /// builder is of no use.
    pub fn push(&mut self, to: &mut dyn PageWrite, key: &[u8], value: &[u8]) -> Result<()> {
        if self.leaf.last_key().is_some_and(|last| last >= key) {
            return Err(Error::InvalidArgument("keys must rise".to_string()));
        }
        let address;
        let value = if value.len() > self.params.inline_value_bytes {
            address = to.append_extent(value)?;
            ValueRef::Extent(address)
        } else {
            ValueRef::Inline(value)
        };
        if self.leaf.is_full_before(key, &value, &self.params) {
            let last = self.leaf.last_key().expect("a full leaf has entries");
            let separator = separator_between(last, key).to_vec();
            self.write_leaf(to, Some(separator))?;
        }
        self.leaf.push(key, &value);
        Ok(())
    }

    /// Writes what is left; the reference to the whole tree.
    ///
    /// # Errors
    /// What the pages answer.
    pub fn finish(mut self, to: &mut dyn PageWrite) -> Result<ChildRef> {
        if self.leaf.entries.is_empty() {
            return Ok(ChildRef::EMPTY);
        }
        self.write_leaf(to, None)?;
        let mut level = 0;
        loop {
            let kids = std::mem::take(&mut self.levels[level]);
            let is_top = level + 1 == self.levels.len();
            level += 1;
            match <[Kid; 1]>::try_from(kids) {
                Ok([only]) if is_top => return Ok(only.child),
                Ok([only]) => self.add(to, level, only)?,
                Err(kids) => self.write_inner(to, level, kids, None)?,
            }
        }
    }

    /// Writes the entries collected so far as a leaf that ends below `high`.
    fn write_leaf(&mut self, to: &mut dyn PageWrite, high: Option<Vec<u8>>) -> Result<()> {
        let next = Pending { low: high.clone(), ..Pending::default() };
        let mut leaf = std::mem::replace(&mut self.leaf, next);
        let fences = OwnFences { low: leaf.low.take(), high };
        let block = Block::packed(
            PageKind::Leaf,
            fences.prefix(),
            leaf.entries.len(),
            leaf.bytes.len(),
            &self.params.meter,
            |i| (&leaf.bytes[leaf.entries[i].key.clone()], leaf.value(&leaf.entries[i])),
        );
        let has_extents = leaf.entries.iter().any(|entry| matches!(entry.value, PendingValue::Extent(_)));
        let addr = to.append(PageKind::Leaf, page_of(&block)?)?;
        let pages = ChildPages::Leaf(addr.into());
        let child = ChildRef { count: to_u64(leaf.entries.len()), has_extents, pages };
        self.add(to, 0, Kid { low: fences.low, child })
    }

    /// Adds a node to those that wait at a level for their parent.
    fn add(&mut self, to: &mut dyn PageWrite, level: usize, kid: Kid) -> Result<()> {
        if level == self.levels.len() {
            self.levels.push(Vec::new());
        }
        if self.levels[level].len() == self.params.fanout() {
            let full = std::mem::take(&mut self.levels[level]);
            self.write_inner(to, level + 1, full, kid.low.clone())?;
        }
        self.levels[level].push(kid);
        Ok(())
    }

    /// Writes the parent of some nodes, which ends below `high`, and adds it to its level.
    fn write_inner(
        &mut self,
        to: &mut dyn PageWrite,
        level: usize,
        kids: Vec<Kid>,
        high: Option<Vec<u8>>,
    ) -> Result<()> {
        let low = kids.first().and_then(|kid| kid.low.clone());
        let fences = OwnFences { low, high };
        let prefix = fences.prefix();
        let mut page = InnerPage::new(prefix);
        let mut count = 0;
        for (i, kid) in kids.iter().enumerate() {
            page.push(kid.low.as_deref().filter(|_| i > 0).unwrap_or(prefix), &kid.child);
            count += kid.child.count;
        }
        let has_extents = kids.iter().any(|kid| kid.child.has_extents);
        let addr = to.append(PageKind::Inner, page.finish()?)?;
        let child = ChildRef { count, has_extents, pages: ChildPages::Inner(addr) };
        self.add(to, level, Kid { low: fences.low, child })
    }
}

impl Pending {
    fn last_key(&self) -> Option<&[u8]> {
        self.entries.last().map(|entry| &self.bytes[entry.key.clone()])
    }

    /// Whether the leaf is better written without one more entry.
    fn is_full_before(&mut self, key: &[u8], value: &ValueRef<'_>, params: &TreeParams) -> bool {
        // The separator to the next leaf will be cut from a key behind `key`, so the prefix only gets shorter.
        let prefix_len = self.low.as_ref().map_or(0, |low| common_prefix_len(low, key));
        if prefix_len != self.prefix_len {
            self.prefix_len = prefix_len;
            self.used = self.entries.iter().map(|entry| self.size(entry)).sum();
        }
        let with_it = self.used + entry_size(key.len() - prefix_len, value);
        !self.entries.is_empty() && with_it > params.room_in_leaf(prefix_len)
    }

    fn push(&mut self, key: &[u8], value: &ValueRef<'_>) {
        let key = self.append(key);
        let value = match value {
            ValueRef::Extent(addr) => PendingValue::Extent(*addr),
            ValueRef::Inline(bytes) => PendingValue::Inline(self.append(bytes)),
            ValueRef::Memory(_) | ValueRef::Tombstone => unreachable!("a pushed value is bytes or an extent"),
        };
        let entry = PendingEntry { key, value };
        self.used += self.size(&entry);
        self.entries.push(entry);
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn size(&self, entry: &PendingEntry) -> usize {
        entry_size(entry.key.len() - self.prefix_len, &self.value(entry))
    }

    fn value(&self, entry: &PendingEntry) -> ValueRef<'_> {
        match &entry.value {
            PendingValue::Inline(range) => ValueRef::Inline(&self.bytes[range.clone()]),
            PendingValue::Extent(addr) => ValueRef::Extent(*addr),
        }
    }
}

/// What an entry takes up in a page.
fn entry_size(suffix_len: usize, value: &ValueRef<'_>) -> usize {
    entry_len(suffix_len, value) + HEAD_BYTES + SlotWidth::Narrow.bytes()
}
