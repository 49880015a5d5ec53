//! Changes of many keys at once, as a replay has them: one way down for all keys below a node, and each leaf changed once.
//!
//! A leaf gets what is new as one new delta, or is merged with it, and split, where that would be too much. What needs more
//! than that (a leaf that is not there yet, loses all, grows at its end or is edited in place, and values that do not lie in
//! their leaf) is left for the way of one key after the other.

use crate::error::Result;
use crate::format::node::ValueRef;
use crate::format::page::PageKind;
use crate::page::access::PageRead;
use crate::page::block::{Block, NewValue, Source};
use crate::tree::edit::{Editor, Existence, Present, PutValue};
use crate::tree::node::{BlockRef, Child, Fences, InnerRef, Kid, Leaf, Node, OwnFences};
use crate::tree::read::{self, ChildView, Entry, InnerView, MAX_DEPTH};
use crate::tree::split::{self, Growth, Parts};

/// A delta that a batch makes may have this many times the entries of others: what a replay makes is read or written soon, and
/// the next change of the leaf merges it. Merging costs a copy of the base, in memory and then on disk.
const DELTAS: usize = 2;

/// One key, and what is to be there.
#[derive(Clone, Copy, Debug)]
pub struct KeyChange<'c> {
    /// The key.
    pub key: &'c [u8],
    /// What it is to hold; nothing where it is to be deleted, which it then is there for.
    pub value: Option<&'c [u8]>,
    /// Whether it is there.
    pub existed: bool,
}

/// How many entries a subtree has gained and lost.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    added: u64,
    removed: u64,
}

impl Tally {
    /// Counts one change of a key that was there or was not.
    fn count(&mut self, change: &KeyChange<'_>, existed: bool) {
        self.added += u64::from(change.value.is_some() && !existed);
        self.removed += u64::from(change.value.is_none() && existed);
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
    /// Those of the leaf that is being changed.
    fences: OwnFences,
}

impl<P: PageRead + ?Sized> Editor<'_, P> {
    /// Makes changes, which are in the order of their keys, with each key once. After an error the tree is of no use.
    pub(crate) fn change_many(&self, root: &mut Child, changes: &[KeyChange<'_>]) -> Result<()> {
        let mut with = Luggage::default();
        let Below { tally, right } = self.change_below(root, Fences::NONE, changes, MAX_DEPTH, &mut with)?;
        self.grow_root(root, right);
        if tally.removed > 0 {
            self.shrink_root(root);
        }
        for change in with.rest {
            let existence = Existence::Known(change.existed);
            match change.value {
                Some(value) => {
                    self.put(root, change.key, PutValue::Copied(value), existence, Present::Replaced)?
                }
                None => self.delete(root, change.key, existence)?,
            };
        }
        Ok(())
    }

    /// Makes changes below a node, but for those that it adds to `rest`.
    fn change_below<'c>(
        &self,
        child: &mut Child,
        fences: Fences<'_>,
        changes: &[KeyChange<'c>],
        depth: usize,
        with: &mut Luggage<'c>,
    ) -> Result<Below> {
        if depth == 0 {
            return Err(read::too_deep(&ChildView::Own(child)));
        }
        let outcome = match &mut child.node {
            Node::Empty => Outcome::Left,
            Node::Leaf(leaf) => {
                fences.copy_to(&mut with.fences);
                self.change_in_leaf(leaf, child.count, &with.fences, changes)?
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
        mut changes: &[KeyChange<'c>],
        depth: usize,
        with: &mut Luggage<'c>,
    ) -> Result<Outcome> {
        let inner = inner.edit(count, fences, self.pages, &self.params.meter)?;
        let mut here: Vec<(usize, &[KeyChange<'c>])> = Vec::new();
        while let Some(first) = changes.first() {
            let at = inner.position(first.key);
            let len = if at + 1 < inner.len() {
                let separators = inner.separators();
                changes.partition_point(|change| separators.compare_key(at + 1, change.key).is_gt())
            } else {
                changes.len()
            };
            let (these, later) = changes.split_at(len);
            here.push((at, these));
            changes = later;
        }
        for (at, _) in &here {
            fetch_delta(self.pages, &inner.children[*at]);
        }
        let (mut tally, mut thinned, mut right) = (Tally::default(), Vec::new(), Vec::new());
        let mut grown = 0;
        for (at, changes) in here {
            let (below, fences_below) = inner.child_mut(at, fences);
            let below = self.change_below(below, fences_below, changes, depth - 1, with)?;
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

    /// Gives a leaf a new delta, or a new base, or replaces it by several.
    fn change_in_leaf(
        &self,
        leaf: &mut Leaf,
        count: u64,
        fences: &OwnFences,
        changes: &[KeyChange<'_>],
    ) -> Result<Outcome> {
        const ENTRY_BYTES: usize = 16;
        let is_long = |change: &KeyChange<'_>| {
            change.value.is_some_and(|value| value.len() > self.params.inline_value_bytes)
        };
        if (leaf.delta.is_none() && leaf.base.is_unshared()) || changes.iter().any(is_long) {
            return Ok(Outcome::Left);
        }
        let heap_bytes =
            |change: &KeyChange<'_>| change.key.len() + change.value.map_or(0, <[u8]>::len) + ENTRY_BYTES;
        let new_bytes: usize = changes.iter().map(heap_bytes).sum();
        if new_bytes > self.params.leaf_bytes {
            return Ok(Outcome::Left);
        }
        let bytes = leaf.delta.as_ref().map_or(0, BlockRef::len_on_disk) + new_bytes;
        if bytes <= leaf.base.len_on_disk() / 2 {
            let delta = match &leaf.delta {
                Some(BlockRef::Page(addr)) => {
                    Some(read::node_between(self.pages, addr, PageKind::Delta, fences)?.into())
                }
                Some(BlockRef::Own(block)) => Some(block.source()),
                None => None,
            };
            let entries = delta.as_ref().map_or(0, |delta| delta.view.len()) + changes.len();
            if entries <= DELTAS * self.params.delta_entries {
                let (block, tally) = self.delta_with(delta, fences, changes, entries, bytes);
                if count + tally.added == tally.removed {
                    return Ok(Outcome::Left);
                }
                leaf.delta = Some(BlockRef::new(block));
                return Ok(Outcome::Edited(tally));
            }
        }
        let (block, tally) = self.merged_with(leaf, count, fences, changes, new_bytes)?;
        if block.is_empty() {
            return Ok(Outcome::Left);
        }
        if self.params.overflows(&block) {
            if changes
                .first()
                .is_some_and(|first| block.view().search(first.key) == Ok(block.len() - changes.len()))
            {
                // Keys that come in at the end are split off better one by one.
                return Ok(Outcome::Left);
            }
            let source = block.source();
            let entries: Vec<Entry<'_>> = (0..block.len()).map(|at| Entry { source, at }).collect();
            let parts = split::leaves(&entries, fences, Growth::Random, self.params);
            return Ok(Outcome::Rebuilt(tally, parts));
        }
        *leaf = Leaf { base: BlockRef::new(block), delta: None };
        Ok(Outcome::Edited(tally))
    }

    /// A delta, and changes on top of it.
    fn delta_with(
        &self,
        delta: Option<Source<'_>>,
        fences: &OwnFences,
        changes: &[KeyChange<'_>],
        entries: usize,
        heap_bytes: usize,
    ) -> (Block, Tally) {
        let mut block =
            Block::with_room(PageKind::Delta, fences.prefix(), entries, heap_bytes, &self.params.meter);
        let (mut tally, mut from) = (Tally::default(), 0);
        for change in changes {
            let found = delta.as_ref().map_or(Err(0), |delta| delta.view.search(change.key));
            let (Ok(until) | Err(until)) = found;
            let existed = match (found, &delta) {
                (Ok(at), Some(delta)) => delta.view.value(at) != ValueRef::Tombstone,
                _ => change.existed,
            };
            if let Some(delta) = delta {
                block.copy_entries(delta, from..until);
            }
            from = until + usize::from(found.is_ok());
            block.push(change.key, change.value.map_or(NewValue::Tombstone, NewValue::Inline));
            tally.count(change, existed);
        }
        if let Some(delta) = delta {
            block.copy_entries(delta, from..delta.view.len());
        }
        (block, tally)
    }

    /// Base and delta of a leaf as one block, and changes in it.
    fn merged_with(
        &self,
        leaf: &Leaf,
        count: u64,
        fences: &OwnFences,
        changes: &[KeyChange<'_>],
        heap_bytes: usize,
    ) -> Result<(Block, Tally)> {
        let mut block = self.merged(leaf, fences, heap_bytes)?;
        leaf.check_count(count, block.len())?;
        let mut tally = Tally::default();
        for change in changes {
            let found = block.view().search(change.key);
            match (found, change.value) {
                (Ok(at), Some(value)) => block.replace(at, NewValue::Inline(value)),
                (Ok(at), None) => block.remove(at),
                (Err(at), Some(value)) => block.insert(at, change.key, NewValue::Inline(value)),
                (Err(_), None) => {}
            }
            tally.count(change, found.is_ok());
        }
        Ok((block, tally))
    }
}

/// Asks for the delta page of a leaf that is about to be changed: pages asked for one after the other come in together.
fn fetch_delta(pages: &(impl PageRead + ?Sized), child: &Child) {
    const LINE_BYTES: usize = 64;
    if let Node::Leaf(Leaf { delta: Some(BlockRef::Page(addr)), .. }) = &child.node
        && let Ok(page) = pages.page(addr)
    {
        let touched = page.iter().step_by(LINE_BYTES).fold(0, |touched, byte| touched | byte);
        std::hint::black_box(touched);
    }
}
