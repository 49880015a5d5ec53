//! [`Gathered`]: operations of many commits, to be applied to trees at once and in key order.
//!
//! A replay changes keys all over a tree. Put in order, and each key once with what it holds in the end, the same changes go
//! from leaf to leaf, which takes half the time and makes fewer copies.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::error::Result;
use crate::ids::TreeId;
use crate::page::access::PageRead;
use crate::tree::{KeyChange, TreeParams};

/// With more bytes of keys and values than this it is time to apply them.
const ENOUGH_BYTES: usize = 32 << 20;

/// Puts and deletes of single keys.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    trees: BTreeMap<TreeId, Vec<Change>>,
}

/// One put or delete. Its key stands in the bytes, and behind it the value.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The first bytes of the key, which nearly always tell two keys apart.
    head: u64,
    key_at: usize,
    value_at: usize,
    end: usize,
    /// Whether the key was there before.
    existed: bool,
    puts: bool,
}

/// A change does not fit the one of the same key before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit;

impl Change {
    fn key<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        &bytes[self.key_at..self.value_at]
    }

    fn value<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        &bytes[self.value_at..self.end]
    }
}

impl Gathered {
    /// Adds the put of a value, or the removal of a key where there is none. The tree exists.
    pub(crate) fn add(&mut self, tree: TreeId, key: &[u8], value: Option<&[u8]>, existed: bool) {
        let mut head = [0; 8];
        let len = key.len().min(head.len());
        head[..len].copy_from_slice(&key[..len]);
        let key_at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let value_at = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let change = Change {
            head: u64::from_be_bytes(head),
            key_at,
            value_at,
            end: self.bytes.len(),
            existed,
            puts: value.is_some(),
        };
        self.trees.entry(tree).or_default().push(change);
    }

    /// Whether more should not be gathered before these are applied.
    pub(crate) fn is_enough(&self) -> bool {
        self.bytes.len() >= ENOUGH_BYTES
    }

    /// Applies the changes to the trees of a catalog, and forgets them.
    pub(crate) fn apply(
        &mut self,
        catalog: &mut Catalog,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
    ) -> Result<Result<(), Misfit>> {
        let Gathered { bytes, trees } = self;
        for (tree, changes) in trees.iter_mut().filter(|(_, changes)| !changes.is_empty()) {
            changes.sort_unstable_by(|a, b| {
                let by_key = a.head.cmp(&b.head).then_with(|| a.key(bytes).cmp(b.key(bytes)));
                by_key.then_with(|| a.key_at.cmp(&b.key_at))
            });
            let Some(root) = catalog.root_mut(*tree) else { return Ok(Err(Misfit)) };
            let Some(settled) = Settled::new(changes, bytes) else { return Ok(Err(Misfit)) };
            root.change_many(pages, params, &settled.changes())?;
            changes.clear();
        }
        bytes.clear();
        Ok(Ok(()))
    }
}

/// What brings keys from how they were before all changes to how they are after them, in order: one change a key. Keys and
/// values are copied so that they lie in this order too, for who goes through them would wait for the memory at each.
struct Settled {
    bytes: Vec<u8>,
    changes: Vec<Change>,
}

impl Settled {
    /// Of changes in order; `None` where a change does not fit the one of the same key before it.
    fn new(changes: &[Change], from: &[u8]) -> Option<Settled> {
        let len = changes.iter().map(|change| change.end - change.key_at).sum();
        let mut settled =
            Settled { bytes: Vec::with_capacity(len), changes: Vec::with_capacity(changes.len()) };
        for run in changes.chunk_by(|a, b| a.head == b.head && a.key(from) == b.key(from)) {
            if run.windows(2).any(|pair| pair[1].existed != pair[0].puts) {
                return None;
            }
            if let [first, ..] = run
                && let Some(last) = run.last().filter(|last| last.puts || first.existed)
            {
                let key_at = settled.bytes.len();
                let value_at = key_at + last.value_at - last.key_at;
                settled.bytes.extend_from_slice(&from[last.key_at..last.end]);
                let end = settled.bytes.len();
                settled.changes.push(Change { key_at, value_at, end, existed: first.existed, ..*last });
            }
        }
        Some(settled)
    }

    fn changes(&self) -> Vec<KeyChange<'_>> {
        let change = |change: &Change| KeyChange {
            key: change.key(&self.bytes),
            value: change.puts.then(|| change.value(&self.bytes)),
            existed: change.existed,
        };
        self.changes.iter().map(change).collect()
    }
}

#[cfg(test)]
mod tests;
