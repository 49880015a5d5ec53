//! Putting and deleting one entry: down to its leaf, into the leaf's base or delta, and back up through the splits.
//!
//! A leaf whose base nobody else holds is edited in place. Otherwise the change goes into its delta. A delta that is a page of
//! some length already stays there, and the change goes into a second one over it: that is less to read, to hold and to
//! write. Deltas that get too large are merged with the base into a new one. A tombstone stands only in a delta; after a
//! replay, which does not look into bases, it may stand for a key that is not below.

use bytes::Bytes;

use crate::error::Result;
use crate::format::page::PageKind;
use crate::ids::{to_u64, to_usize};
use crate::page::access::PageRead;
use crate::page::block::{Block, LongValue, NewValue};
use crate::tree::node::{BlockRef, Child, Fences, Inner, Kid, Leaf, Node, OwnFences};
use crate::tree::params::TreeParams;
use crate::tree::read::{self, Entry, InnerView, LeafView, MAX_DEPTH, Start};
use crate::tree::split::{self, Growth, Parts};

/// A shared base shorter than this part of a leaf is copied and edited; a longer one gets a delta.
const COPIED_PART: usize = 8;

/// A delta page as long as this part of its base gets a second delta over it; a shorter one is taken into memory and goes on.
const SETTLED_PART: usize = 8;

/// An unshared delta of more entries than this belongs to a transaction that writes a good part of the tree. It is
/// merged early, since an unshared base is edited in place.
const MERGE_EARLY_ABOVE_ENTRIES: usize = 4;

/// The same for a base that no checkpoint has written: it goes to disk as a whole in any case.
const MERGE_DIRTY_ABOVE_ENTRIES: usize = 2;

/// What the caller knows of a key that is about to be put or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// Nothing: the tree looks.
    Look,
    /// Whether the key is there, as a log record says. It spares reading the leaf's base.
    Known(bool),
}

/// What a put does with a value that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// The new one takes its place.
    Replaced,
    /// It stays.
    Kept,
}

/// A value to put.
#[derive(Clone, Copy, Debug)]
pub enum PutValue<'v> {
    /// Bytes to copy.
    Copied(&'v [u8]),
    /// Bytes that are shared, not copied, where the value is long.
    Shared(&'v Bytes),
}

impl<'v> PutValue<'v> {
    fn bytes(&self) -> &'v [u8] {
        match self {
            PutValue::Copied(bytes) => bytes,
            PutValue::Shared(bytes) => bytes,
        }
    }

    fn to_shared(self) -> Bytes {
        match self {
            PutValue::Copied(bytes) => Bytes::copy_from_slice(bytes),
            PutValue::Shared(bytes) => bytes.clone(),
        }
    }
}

impl<'v> From<&'v [u8]> for PutValue<'v> {
    fn from(bytes: &'v [u8]) -> PutValue<'v> {
        PutValue::Copied(bytes)
    }
}

impl<'v> From<&'v Bytes> for PutValue<'v> {
    fn from(bytes: &'v Bytes) -> PutValue<'v> {
        PutValue::Shared(bytes)
    }
}

/// What all edits of one call share.
pub(crate) struct Editor<'e, P: ?Sized> {
    pub(crate) pages: &'e P,
    pub(crate) params: &'e TreeParams,
}

/// A change on its way to its leaf. The key is deleted where the value is a tombstone.
struct Change<'c> {
    key: &'c [u8],
    value: NewValue<'c>,
    existence: Existence,
    present: Present,
}

impl Change<'_> {
    fn deletes(&self) -> bool {
        matches!(self.value, NewValue::Tombstone)
    }

    /// Whether nothing is to be done where a value is there already or, for a deletion, where none is.
    fn leaves(&self, existed: bool) -> bool {
        if self.deletes() { !existed } else { existed && self.present == Present::Kept }
    }

    /// About how much longer a node gets by its entry.
    fn entry_bytes(&self) -> usize {
        const AROUND: usize = 16;
        let value = match self.value {
            NewValue::Inline(bytes) => bytes.len(),
            NewValue::Extent(_) | NewValue::Memory(_) | NewValue::Tombstone => 0,
        };
        self.key.len() + value + AROUND
    }
}

/// What a change did to a subtree.
struct Outcome {
    /// Whether the key was there before.
    existed: bool,
    /// What no longer fits into the subtree's first node.
    right: Vec<Kid>,
}

/// What a change did to a leaf.
enum LeafOutcome {
    /// It was edited.
    Edited { existed: bool },
    /// It is to be replaced.
    Rebuilt { existed: bool, parts: Parts },
}

impl<P: PageRead + ?Sized> Editor<'_, P> {
    /// Puts a value at a key, unless one is there that is to stay; whether the key was there before. After an error the content is as it was.
    pub(crate) fn put(
        &self,
        root: &mut Child,
        key: &[u8],
        value: PutValue<'_>,
        existence: Existence,
        present: Present,
    ) -> Result<bool> {
        let long;
        let value = if value.bytes().len() <= self.params.inline_value_bytes {
            NewValue::Inline(value.bytes())
        } else {
            long = LongValue::new(value.to_shared(), &self.params.meter);
            NewValue::Memory(&long)
        };
        self.change_root(root, &Change { key, value, existence, present })
    }

    /// Deletes a key; whether it was there. After an error the content is as it was.
    pub(crate) fn delete(&self, root: &mut Child, key: &[u8], existence: Existence) -> Result<bool> {
        let exists = match existence {
            Existence::Known(exists) => exists,
            // A key that is absent must not cost copies of the nodes on the way to it.
            Existence::Look => read::contains(root, self.pages, key)?,
        };
        if !exists {
            return Ok(false);
        }
        let (value, present) = (NewValue::Tombstone, Present::Replaced);
        let existed = self.change_root(root, &Change { key, value, existence, present })?;
        self.shrink_root(root);
        Ok(existed)
    }

    fn change_root(&self, root: &mut Child, change: &Change<'_>) -> Result<bool> {
        let Outcome { existed, right } = self.change(root, Fences::NONE, change, MAX_DEPTH)?;
        self.grow_root(root, right);
        Ok(existed)
    }

    /// Puts nodes above a root that does not hold all any more.
    pub(crate) fn grow_root(&self, root: &mut Child, right: Vec<Kid>) {
        if !right.is_empty() {
            let first = std::mem::replace(root, Child::EMPTY);
            *root = split::one(Parts { first, right }, &OwnFences::default(), self.params);
        }
    }

    fn change(
        &self,
        child: &mut Child,
        fences: Fences<'_>,
        change: &Change<'_>,
        depth: usize,
    ) -> Result<Outcome> {
        if depth == 0 {
            return Err(read::too_deep(Start::Own(child)));
        }
        let outcome = match &mut child.node {
            Node::Empty => {
                *child = self.first_entry(fences, change);
                return Ok(Outcome { existed: false, right: Vec::new() });
            }
            Node::Leaf(_) if change.deletes() && child.count == 1 => {
                *child = Child::EMPTY;
                return Ok(Outcome { existed: true, right: Vec::new() });
            }
            Node::Leaf(leaf) => match self.change_leaf(leaf, child.count, fences, change)? {
                LeafOutcome::Edited { existed } => Outcome { existed, right: Vec::new() },
                LeafOutcome::Rebuilt { existed, parts } => {
                    *child = parts.first;
                    return Ok(Outcome { existed, right: parts.right });
                }
            },
            Node::Inner(inner) => {
                let inner = inner.edit(child.count, fences, self.pages, &self.params.meter)?;
                let at = inner.position(change.key);
                let (below, fences_below) = inner.child_mut(at, fences);
                let mut outcome = self.change(below, fences_below, change, depth - 1)?;
                if !outcome.right.is_empty() {
                    let right = std::mem::take(&mut outcome.right);
                    if let Some(parts) = self.adopt(inner, at, right, fences) {
                        *child = parts.first;
                        return Ok(Outcome { right: parts.right, ..outcome });
                    }
                } else if change.deletes() {
                    self.tidy(inner, at, fences);
                }
                outcome
            }
        };
        match (change.deletes(), outcome.existed) {
            (false, false) => child.count += 1,
            (true, true) => child.count -= 1,
            (false, true) | (true, false) => {}
        }
        child.has_extents |= matches!(change.value, NewValue::Memory(_));
        if child.count == 0 {
            *child = Child::EMPTY;
        }
        Ok(outcome)
    }

    /// The leaf for the first entry between these fences.
    fn first_entry(&self, fences: Fences<'_>, change: &Change<'_>) -> Child {
        if change.deletes() {
            return Child::EMPTY;
        }
        let mut block = Block::new(PageKind::Leaf, fences.to_owned().prefix(), &self.params.meter);
        block.push(change.key, change.value);
        Child::leaf(block)
    }

    /// Takes new children in behind child `at`; what to replace the node by, where they are too many for it.
    fn adopt(&self, inner: &mut Inner, at: usize, right: Vec<Kid>, fences: Fences<'_>) -> Option<Parts> {
        let newest = at + right.len();
        if inner.len() + right.len() <= self.params.fanout() {
            inner.insert_after(at, right);
            return None;
        }
        let mut kids = InnerView::Own(inner).kids().expect("children in memory are always there");
        kids.splice(at + 1..at + 1, right);
        let growth = Growth::of(newest, kids.len());
        Some(split::inners(kids, &fences.to_owned(), growth, self.params))
    }

    fn change_leaf(
        &self,
        leaf: &mut Leaf,
        count: u64,
        fences: Fences<'_>,
        change: &Change<'_>,
    ) -> Result<LeafOutcome> {
        if leaf.delta.is_none()
            && let Some(base) = self.editable_base(&mut leaf.base, change)
        {
            return Ok(self.change_base(base, fences, change));
        }
        let place = place_of_changes(leaf);
        if self.merge_is_due(leaf, count, place, change)? {
            return self.merge(leaf, count, fences, change);
        }
        let existed = match change.existence {
            Existence::Known(existed) => existed,
            Existence::Look => LeafView::open(self.pages, leaf)?.find(change.key).is_some(),
        };
        if change.leaves(existed) {
            return Ok(LeafOutcome::Edited { existed });
        }
        // What is nowhere else need not be told to be deleted.
        let is_elsewhere = !change.deletes()
            || change.existence != Existence::Look
            || self.is_below(leaf, place, change.key)?;
        let fences = &mut LeafFences { of_nodes: fences, own: &mut OwnFences::default() };
        let delta = self.delta_to_change(leaf, fences, 1, change.entry_bytes())?;
        match delta.view().search(change.key) {
            Ok(at) if is_elsewhere => delta.replace(at, change.value),
            Ok(at) => delta.remove(at),
            Err(at) => delta.insert(at, change.key, change.value),
        }
        if delta.is_empty() {
            *place.slot(leaf) = None;
        }
        Ok(LeafOutcome::Edited { existed })
    }

    /// Whether a key is in the leaf below the delta that changes go into.
    fn is_below(&self, leaf: &Leaf, place: Place, key: &[u8]) -> Result<bool> {
        let view = LeafView::open(self.pages, leaf)?;
        let delta = view.delta.filter(|_| place == Place::Top);
        Ok(LeafView { delta, top: None, ..view }.find(key).is_some())
    }

    /// Changes a base in place.
    fn change_base(&self, base: &mut Block, fences: Fences<'_>, change: &Change<'_>) -> LeafOutcome {
        let found = base.view().search(change.key);
        let existed = found.is_ok();
        if change.leaves(existed) {
            return LeafOutcome::Edited { existed };
        }
        match found {
            Ok(at) if change.deletes() => base.remove(at),
            Ok(at) => base.replace(at, change.value),
            Err(at) => base.insert(at, change.key, change.value),
        }
        if !self.params.overflows(base) {
            return LeafOutcome::Edited { existed };
        }
        let (Ok(at) | Err(at)) = found;
        let source = base.source();
        let entries: Vec<Entry<'_>> = (0..base.len()).map(|at| Entry { source, at }).collect();
        let growth = Growth::of(at, entries.len());
        let parts = split::leaves(&entries, &fences.to_owned(), growth, self.params);
        LeafOutcome::Rebuilt { existed, parts }
    }

    /// Whether a change is to be merged with base and deltas rather than put into a delta.
    fn merge_is_due(&self, leaf: &Leaf, count: u64, place: Place, change: &Change<'_>) -> Result<bool> {
        let delta = place.delta(leaf);
        let entries = self.entries_of(delta)?;
        let bytes = leaf.deltas_len_on_disk() + change.entry_bytes();
        let early_above = match &leaf.base {
            BlockRef::Own(base) if base.written().is_none() => MERGE_DIRTY_ABOVE_ENTRIES,
            _ => MERGE_EARLY_ABOVE_ENTRIES,
        };
        let early = change.existence == Existence::Look
            && entries > early_above
            && delta.is_some_and(BlockRef::is_unshared);
        Ok(early || self.delta_is_full(leaf, count, entries + 1, bytes)?)
    }

    /// How many entries there are in the delta that changes of a leaf go into.
    pub(crate) fn entries_to_change(&self, leaf: &Leaf) -> Result<usize> {
        self.entries_of(delta_to_change(leaf))
    }

    fn entries_of(&self, delta: Option<&BlockRef>) -> Result<usize> {
        delta.map_or(Ok(0), |delta| Ok(delta.source(PageKind::Delta, self.pages)?.view.len()))
    }

    /// Whether deltas are to be merged with their base where the leaf has `count`, the newest one came to so many entries, and
    /// all of them to so many bytes.
    ///
    /// That takes memory for the whole leaf, and is left to the next checkpoint as long as they are not too large and the
    /// leaf need not be split.
    pub(crate) fn delta_is_full(
        &self,
        leaf: &Leaf,
        count: u64,
        entries: usize,
        bytes: usize,
    ) -> Result<bool> {
        let base_bytes = leaf.base.len_on_disk();
        if entries > self.params.delta_entries || bytes > base_bytes / 4 * 3 {
            return Ok(true);
        }
        if entries <= self.params.delta_entries / 2 && bytes <= base_bytes / 2 {
            return Ok(false);
        }
        let in_base = leaf.base.source(PageKind::Leaf, self.pages)?.view.len();
        Ok(to_u64(base_bytes) * count / to_u64(in_base.max(1)) > to_u64(self.params.leaf_bytes))
    }

    /// Makes base and deltas one base of the leaf's own, and changes that.
    fn merge(
        &self,
        leaf: &mut Leaf,
        count: u64,
        fences: Fences<'_>,
        change: &Change<'_>,
    ) -> Result<LeafOutcome> {
        let merged = self.merged(leaf, &fences.to_owned(), change.entry_bytes())?;
        leaf.check_count(count, merged.len())?;
        let mut base = BlockRef::new(merged);
        let outcome = self.change_base(base.unshared().expect("made just now"), fences, change);
        *leaf = base.into();
        Ok(outcome)
    }

    /// A copy of the base with what the deltas change, and room for `heap_bytes` more.
    pub(crate) fn merged(&self, leaf: &Leaf, fences: &OwnFences, heap_bytes: usize) -> Result<Block> {
        let view = LeafView::open_between(self.pages, leaf, fences)?;
        let entries: usize = view.deltas().map(|delta| delta.view.len()).sum();
        let delta_bytes: usize = view.deltas().map(|delta| delta.view.bytes().len()).sum();
        let (entries, heap_bytes) = (entries + 1, delta_bytes + heap_bytes);
        let mut merged = match &leaf.base {
            BlockRef::Page(_) => Block::of_page(view.base.view, entries, heap_bytes, &self.params.meter),
            BlockRef::Own(block) => block.copy_for_edit(entries, heap_bytes),
            BlockRef::Laid(_) => unreachable!("only a delta is laid"),
        };
        [view.delta, view.top].into_iter().flatten().for_each(|delta| merged.lay_over(delta));
        Ok(merged)
    }

    /// The delta that changes go into, with room for some entries of so many bytes: made where there is none, read where it is
    /// a page, copied where it is shared.
    pub(crate) fn delta_to_change<'d>(
        &self,
        leaf: &'d mut Leaf,
        fences: &mut LeafFences<'_>,
        entries: usize,
        bytes: usize,
    ) -> Result<&'d mut Block> {
        let (meter, era) = (&self.params.meter, self.params.era.now());
        let delta = slot_to_change(leaf);
        let made = match &*delta {
            None => {
                let prefix = fences.own().prefix();
                Some(Block::with_room(PageKind::Delta, prefix, entries, bytes, meter).in_era(era))
            }
            Some(BlockRef::Page(addr)) => {
                let page = read::node_between(self.pages, addr, PageKind::Delta, fences.own())?;
                Some(Block::of_page(page, entries, bytes, meter).in_era(era))
            }
            Some(delta) if delta.is_unshared() => None,
            Some(BlockRef::Own(block)) => Some(block.copy_in_era(era, entries, bytes)),
            Some(BlockRef::Laid(laid)) => {
                Some(laid.block(self.pages)?.copy_for_edit(entries, bytes).in_era(era))
            }
        };
        if let Some(block) = made {
            *delta = Some(BlockRef::new(block));
        }
        let delta = delta.as_mut().expect("made above where there was none");
        Ok(delta.unshared().expect("unshared, or made just now"))
    }

    /// The base to edit in place, where nobody else holds it or it is so short that it is better copied.
    fn editable_base<'b>(&self, base: &'b mut BlockRef, change: &Change<'_>) -> Option<&'b mut Block> {
        if !base.is_unshared()
            && let BlockRef::Own(block) = base
            && block.size_on_disk() < self.params.leaf_bytes / COPIED_PART
        {
            *base = BlockRef::new(block.copy_for_edit(1, change.entry_bytes()));
        }
        base.unshared()
    }
}

/// Which delta of a leaf changes go into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Delta,
    Top,
}

impl Place {
    fn delta(self, leaf: &Leaf) -> Option<&BlockRef> {
        match self {
            Place::Delta => leaf.delta.as_ref(),
            Place::Top => leaf.top.as_ref(),
        }
    }

    fn slot(self, leaf: &mut Leaf) -> &mut Option<BlockRef> {
        match self {
            Place::Delta => &mut leaf.delta,
            Place::Top => &mut leaf.top,
        }
    }
}

fn place_of_changes(leaf: &Leaf) -> Place {
    let is_settled = |delta: &BlockRef| match delta {
        BlockRef::Page(addr) => to_usize(addr.len) >= leaf.base.len_on_disk() / SETTLED_PART,
        BlockRef::Own(_) | BlockRef::Laid(_) => false,
    };
    if leaf.top.is_some() || leaf.delta.as_ref().is_some_and(is_settled) { Place::Top } else { Place::Delta }
}

/// The delta of a leaf that changes go into, if it is there.
pub(crate) fn delta_to_change(leaf: &Leaf) -> Option<&BlockRef> {
    place_of_changes(leaf).delta(leaf)
}

/// Where the delta is, or is to be, that changes of a leaf go into.
pub(crate) fn slot_to_change(leaf: &mut Leaf) -> &mut Option<BlockRef> {
    place_of_changes(leaf).slot(leaf)
}

/// The fences of the leaf that is being changed, copied only where they are needed: a delta in memory has the prefix already.
pub(crate) struct LeafFences<'f> {
    pub(crate) of_nodes: Fences<'f>,
    pub(crate) own: &'f mut OwnFences,
}

impl LeafFences<'_> {
    pub(crate) fn own(&mut self) -> &OwnFences {
        self.of_nodes.copy_to(self.own);
        self.own
    }
}
