//! Changes of many keys at once, as batches and replays have them: one way down for all keys below a node, and each leaf
//! changed once. A replay knows of each key whether it is there; for a batch the leaf that is changed is looked into first.
//!
//! A leaf that nobody else holds is edited in place. Another gets what is new in its delta, or is merged with it, and split,
//! where that would be too much. A delta page that nothing was looked for in is not read either: what is new is laid over it
//! ([`Laid`]). What needs more than that (a leaf that is not there yet, loses all, gets full or grows at its end) is left for
//! the way of one key after the other.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Result;
use crate::format::node::{EXTENT_ADDR_MAX_BYTES, MAX_DELTA_ENTRIES, MAX_ENTRIES};
use crate::format::page::PageKind;
use crate::ids::PageAddr;
use crate::options::MAX_LEAF_BYTES;
use crate::page::access::PageRead;
use crate::page::block::{Block, LongValue, MAX_ENTRIES_IN_MEMORY, NewValue};
use crate::tree::edit::{self, Editor, Existence, LeafFences, Present, PutValue};
use crate::tree::laid::Laid;
use crate::tree::node::{BlockRef, Child, Fences, InnerRef, Kid, Leaf, Node, OwnFences};
use crate::tree::params::TreeParams;
use crate::tree::read::{self, Entry, InnerView, LeafView, MAX_DEPTH, Start};
use crate::tree::split::{self, Growth, Parts};

/// Of so many changes or fewer below a node, keys and values are asked for at once.
const FETCHED_TOGETHER: usize = 512;

/// Of so many changes or fewer all leaves are asked for before the first is changed, where a miss would be waited for.
const ASKED_FOR_TOGETHER: usize = 1024;

/// With more changes of one leaf its delta is made at once: to read the page is little beside them.
const LAID_ENTRIES: usize = 4;

/// What an entry is taken to need beside its key and value. So no more than a leaf's length divided by this are changed at once.
const AROUND_BYTES: usize = 16;

/// Whatever is in its pages, a leaf can be merged with its deltas and changed in memory before it is split.
const _: () = {
    let most = MAX_ENTRIES + 2 * MAX_DELTA_ENTRIES;
    assert!(most as u64 + MAX_LEAF_BYTES / AROUND_BYTES as u64 <= MAX_ENTRIES_IN_MEMORY as u64);
};

/// One key, and what is to be there.
#[derive(Clone, Copy, Debug)]
pub struct KeyChange<'c> {
    /// The key.
    pub key: &'c [u8],
    /// What it is to hold; nothing where it is to be deleted.
    pub value: Option<&'c [u8]>,
    /// Whether it is there. Once the change was made this is known.
    pub existence: Existence,
}

impl KeyChange<'_> {
    /// Whether its key is known to be there.
    #[must_use]
    pub fn existed(&self) -> bool {
        self.existence == Existence::Known(true)
    }

    /// Whether it may do something: it is not the delete of a key that is not there.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.value.is_some() || self.existence != Existence::Known(false)
    }

    /// Whether its value is too long for a leaf.
    fn is_long(&self, params: &TreeParams) -> bool {
        self.value.is_some_and(|value| value.len() > params.inline_value_bytes)
    }

    /// About how much longer a node gets by its entry.
    fn entry_bytes(&self, params: &TreeParams) -> usize {
        let value = self.value.map_or(0, <[u8]>::len);
        self.key.len() + AROUND_BYTES + if self.is_long(params) { EXTENT_ADDR_MAX_BYTES } else { value }
    }
}

/// How many entries a subtree has gained and lost.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    added: u64,
    removed: u64,
}

impl Tally {
    /// That of changes of which it is known whether their keys are there.
    fn of(changes: &[KeyChange<'_>]) -> Tally {
        let mut tally = Tally::default();
        for change in changes {
            tally.added += u64::from(change.value.is_some() && !change.existed());
            tally.removed += u64::from(change.value.is_none() && change.existed());
        }
        tally
    }
}

/// What became of a node.
enum Outcome {
    /// Nothing: all of the changes are left.
    Left,
    Edited(Tally),
    /// It is to be replaced.
    Rebuilt(Tally, Parts),
}

/// What changes did to a subtree: how much it gained and lost, and what does not fit into its first node any more.
#[derive(Default)]
struct Below {
    tally: Tally,
    right: Vec<Kid>,
}

/// What a batch has with it on its way.
#[derive(Default)]
struct Luggage<'c> {
    /// Changes that are left.
    rest: Vec<KeyChange<'c>>,
    /// Room for the fences of a leaf.
    fences: OwnFences,
    /// Which children of the nodes on the way are changed, each with the number of its changes.
    shares: Vec<(usize, usize)>,
}

impl<P: PageRead + ?Sized> Editor<'_, P> {
    /// Makes changes, which are in the order of their keys, with each key once. After an error the tree is of no use.
    pub(crate) fn change_many(&self, root: &mut Child, changes: &mut [KeyChange<'_>]) -> Result<()> {
        if changes.len() <= ASKED_FOR_TOGETHER && self.pages.prefetches() {
            changes
                .iter()
                .try_for_each(|change| read::prefetch_leaf(Start::Own(root), self.pages, change.key))?;
        }
        let mut with = Luggage::default();
        let Below { tally, right } = self.change_below(root, Fences::NONE, changes, MAX_DEPTH, &mut with)?;
        self.grow_root(root, right);
        if tally.removed > 0 {
            self.shrink_root(root);
        }
        for KeyChange { key, value, existence } in with.rest {
            match value {
                Some(value) => self.put(root, key, PutValue::Copied(value), existence, Present::Replaced)?,
                None => self.delete(root, key, existence)?,
            };
        }
        Ok(())
    }

    /// Makes changes below a node, but for those that it adds to the rest. Whether their keys were there is known then of all.
    fn change_below<'c>(
        &self,
        child: &mut Child,
        fences: Fences<'_>,
        changes: &mut [KeyChange<'c>],
        depth: usize,
        with: &mut Luggage<'c>,
    ) -> Result<Below> {
        if depth == 0 {
            return Err(read::too_deep(Start::Own(child)));
        }
        let outcome = match &mut child.node {
            Node::Empty => {
                changes.iter_mut().for_each(|change| change.existence = Existence::Known(false));
                Outcome::Left
            }
            Node::Leaf(leaf) => {
                let fences = LeafFences { of_nodes: fences, own: &mut with.fences };
                self.change_in_leaf(leaf, child.count, fences, changes)?
            }
            Node::Inner(inner) => self.change_in_inner(inner, child.count, fences, changes, depth, with)?,
        };
        match outcome {
            Outcome::Left => {
                with.rest.extend_from_slice(changes);
                Ok(Below::default())
            }
            Outcome::Edited(tally) => {
                child.count = child.count + tally.added - tally.removed;
                child.has_extents |= changes.iter().any(|change| change.is_long(self.params));
                Ok(Below { tally, right: Vec::new() })
            }
            Outcome::Rebuilt(tally, parts) => {
                *child = parts.first;
                Ok(Below { tally, right: parts.right })
            }
        }
    }

    fn change_in_inner<'c>(
        &self,
        inner: &mut InnerRef,
        count: u64,
        fences: Fences<'_>,
        mut changes: &mut [KeyChange<'c>],
        depth: usize,
        with: &mut Luggage<'c>,
    ) -> Result<Outcome> {
        let inner = inner.edit(count, fences, self.pages, &self.params.meter)?;
        if changes.len() <= FETCHED_TOGETHER {
            fetch_changes(changes);
        }
        let shares_at = with.shares.len();
        let mut rest = &*changes;
        while let Some(first) = rest.first() {
            let at = inner.position(first.key);
            let len = if at + 1 < inner.len() {
                let separators = inner.separators();
                leading(rest, |change| separators.compare_key(at + 1, change.key).is_gt())
            } else {
                rest.len()
            };
            with.shares.push((at, len));
            rest = &rest[len..];
        }
        if let several @ [_, _, ..] = &with.shares[shares_at..] {
            let looks = changes.iter().any(|change| change.existence == Existence::Look);
            let read = several.iter().filter(|(_, len)| looks || *len > LAID_ENTRIES);
            read.for_each(|(at, _)| fetch_delta(self.pages, &inner.children[*at]));
        }
        let (mut tally, mut thinned, mut right) = (Tally::default(), Vec::new(), Vec::new());
        let mut grown = 0;
        for n in shares_at..with.shares.len() {
            let (at, len) = with.shares[n];
            let (these, later) = changes.split_at_mut(len);
            changes = later;
            let (below, fences_below) = inner.child_mut(at, fences);
            let below = self.change_below(below, fences_below, these, depth - 1, with)?;
            tally.added += below.tally.added;
            tally.removed += below.tally.removed;
            if below.tally.removed > 0 {
                // Where it is once all that is new was put in.
                thinned.push(at + grown);
            }
            if !below.right.is_empty() {
                grown += below.right.len();
                right.push((at, below.right));
            }
        }
        with.shares.truncate(shares_at);
        if inner.len() + grown > self.params.fanout() {
            let mut kids = InnerView::Own(inner).kids()?;
            for (at, new) in right.into_iter().rev() {
                kids.splice(at + 1..at + 1, new);
            }
            let parts = split::inners(kids, &fences.to_owned(), Growth::Random, self.params);
            return Ok(Outcome::Rebuilt(tally, parts));
        }
        // From the end on, since what is put in and what is joined moves what is behind it.
        for (at, new) in right.into_iter().rev() {
            inner.insert_after(at, new);
        }
        for at in thinned.into_iter().rev() {
            self.tidy(inner, at, fences);
        }
        Ok(Outcome::Edited(tally))
    }

    /// Changes a leaf in place, gives it a new delta or a new base, or replaces it by several.
    fn change_in_leaf(
        &self,
        leaf: &mut Leaf,
        count: u64,
        mut fences: LeafFences<'_>,
        changes: &mut [KeyChange<'_>],
    ) -> Result<Outcome> {
        if changes.len() > LAID_ENTRIES {
            fetch_changes(changes);
        }
        let was_seen = self.look(leaf, changes)?;
        let tally = Tally::of(changes);
        if !changes.iter().any(KeyChange::counts) {
            return Ok(Outcome::Edited(tally));
        }
        let new_bytes: usize = changes.iter().map(|change| change.entry_bytes(self.params)).sum();
        let loses_all = count + tally.added <= tally.removed;
        if loses_all || new_bytes > self.params.leaf_bytes {
            return Ok(Outcome::Left);
        }
        if leaf.delta.is_none()
            && let Some(base) = leaf.base.unshared()
        {
            if base.size_on_disk() + new_bytes > self.params.leaf_bytes {
                return Ok(Outcome::Left);
            }
            self.change_block(base, changes);
            return Ok(Outcome::Edited(tally));
        }
        if !was_seen && let Some(under) = self.lays_over(leaf, changes.len(), new_bytes) {
            let prefix = fences.own().prefix();
            let meter = &self.params.meter;
            let mut over = Block::with_room(PageKind::Delta, prefix, changes.len(), new_bytes, meter);
            self.change_block(&mut over, changes);
            *edit::slot_to_change(leaf) = Some(BlockRef::Laid(Arc::new(Laid::new(under, over))));
            return Ok(Outcome::Edited(tally));
        }
        if self.delta_takes(leaf, count + tally.added - tally.removed, changes.len(), new_bytes)? {
            self.change_block(self.delta_to_change(leaf, &mut fences, changes.len(), new_bytes)?, changes);
            return Ok(Outcome::Edited(tally));
        }
        let fences = fences.own();
        let mut block = self.merged(leaf, fences, new_bytes)?;
        self.change_block(&mut block, changes);
        leaf.check_count(count + tally.added - tally.removed, block.len())?;
        if self.params.overflows(&block) {
            if changes.first().is_some_and(|first| {
                block.view().search(first.key).is_ok_and(|at| at + changes.len() == block.len())
            }) {
                // Keys that come in at the end are split off better one by one.
                return Ok(Outcome::Left);
            }
            let source = block.source();
            let entries: Vec<Entry<'_>> = (0..block.len()).map(|at| Entry { source, at }).collect();
            let parts = split::leaves(&entries, fences, Growth::Random, self.params);
            return Ok(Outcome::Rebuilt(tally, parts));
        }
        *leaf = BlockRef::new(block).into();
        Ok(Outcome::Edited(tally))
    }

    /// Makes changes in the base of a leaf, or in its delta, where what is deleted leaves a tombstone.
    fn change_block(&self, block: &mut Block, changes: &[KeyChange<'_>]) {
        let is_delta = block.view().kind() == PageKind::Delta;
        for change in changes.iter().filter(|change| change.counts()) {
            let long;
            let value = match change.value {
                Some(value) if change.is_long(self.params) => {
                    long = LongValue::new(Bytes::copy_from_slice(value), &self.params.meter);
                    Some(NewValue::Memory(&long))
                }
                Some(value) => Some(NewValue::Inline(value)),
                None => is_delta.then_some(NewValue::Tombstone),
            };
            match (block.view().search(change.key), value) {
                (Ok(at), Some(value)) => block.replace(at, value),
                (Ok(at), None) => block.remove(at),
                (Err(at), Some(value)) => block.insert(at, change.key, value),
                (Err(_), None) => {}
            }
        }
    }

    /// Looks for the keys of which it is not known whether they are there; whether there were any.
    fn look(&self, leaf: &Leaf, changes: &mut [KeyChange<'_>]) -> Result<bool> {
        if changes.iter().all(|change| change.existence != Existence::Look) {
            return Ok(false);
        }
        let view = LeafView::open(self.pages, leaf)?;
        for change in changes.iter_mut().filter(|change| change.existence == Existence::Look) {
            change.existence = Existence::Known(view.find(change.key).is_some());
        }
        Ok(true)
    }

    /// The delta page of a leaf, if so many entries, which take so many bytes, may be laid over it unseen.
    fn lays_over(&self, leaf: &Leaf, entries: usize, bytes: usize) -> Option<PageAddr> {
        let Some(BlockRef::Page(under)) = edit::delta_to_change(leaf) else { return None };
        let is_short = entries <= LAID_ENTRIES.min(self.params.delta_entries / 2)
            && leaf.deltas_len_on_disk() + bytes <= leaf.base.len_on_disk() / 2;
        is_short.then_some(*under)
    }

    /// Whether a leaf's delta may take so many entries more, which take so many bytes; the leaf then has `count`.
    fn delta_takes(&self, leaf: &Leaf, count: u64, entries: usize, bytes: usize) -> Result<bool> {
        let entries = self.entries_to_change(leaf)? + entries;
        Ok(!self.delta_is_full(leaf, count, entries, leaf.deltas_len_on_disk() + bytes)?)
    }
}

/// How many at the start are `wanted`, as the first one is and none after the first that is not. Where it is few, few are
/// looked at.
fn leading<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> usize {
    let mut bound = 1;
    while items.get(bound).is_some_and(&wanted) {
        bound *= 2;
    }
    let sure = bound / 2 + 1;
    sure + items[sure..bound.min(items.len()).max(sure)].partition_point(wanted)
}

/// Asks for keys and values of changes that are about to be made, which lie anywhere.
fn fetch_changes(changes: &[KeyChange<'_>]) {
    let touched = changes.iter().fold(0, |touched, KeyChange { key, value, .. }| {
        let value = value.unwrap_or_default();
        let of = |bytes: &[u8]| bytes.first().unwrap_or(&0) | bytes.last().unwrap_or(&0);
        touched | of(key) | of(value)
    });
    std::hint::black_box(touched);
}

/// Asks for the newest delta page of a leaf that is about to be changed: pages asked for one after the other come in together.
fn fetch_delta(pages: &(impl PageRead + ?Sized), child: &Child) {
    const LINE_BYTES: usize = 64;
    if let Node::Leaf(leaf) = &child.node
        && let Some(BlockRef::Page(addr)) = leaf.deltas().next()
        && let Ok(page) = pages.page(addr)
    {
        let touched = page.iter().step_by(LINE_BYTES).fold(0, |touched, byte| touched | byte);
        std::hint::black_box(touched);
    }
}
