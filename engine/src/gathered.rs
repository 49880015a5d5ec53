//! [`Gathered`]: operations of many commits, to be applied to trees at once and in key order.
//!
//! A replay changes keys all over a tree. Put in order, and each key once with what it holds in the end, the same changes go
//! from leaf to leaf, which takes half the time and makes fewer copies.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::changes::Changes;
use crate::error::Result;
use crate::ids::TreeId;
use crate::page::access::PageRead;
use crate::tree::{Existence, KeyChange, TreeParams};

/// With more bytes of keys and values than this it is time to apply them.
const ENOUGH_BYTES: usize = 32 << 20;

/// Puts and deletes of single keys.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    bytes: usize,
    trees: BTreeMap<TreeId, Changes>,
    /// The puts of the newest record that do not say whether their keys were there,
    unsaid: Vec<(TreeId, usize)>,
    /// and those of the record before.
    unsaid_before: Vec<(TreeId, usize)>,
}

/// A change does not fit the one of the same key before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit;

impl Gathered {
    /// Goes on to the next record.
    pub(crate) fn begin_record(&mut self) {
        self.unsaid_before = std::mem::take(&mut self.unsaid);
    }

    /// Adds the put of a value, or the removal of a key where there is none. The tree exists. Whether the key was there is looked
    /// for where that is not known and the next record does not say so.
    pub(crate) fn add(&mut self, tree: TreeId, key: &[u8], value: Option<&[u8]>, existed: Option<bool>) {
        let existence = existed.map_or(Existence::Look, Existence::Known);
        let changes = self.trees.entry(tree).or_default();
        if existed.is_none() {
            self.unsaid.push((tree, changes.len()));
        }
        changes.push(key, value, existence);
        self.bytes += key.len() + value.map_or(0, <[u8]>::len);
    }

    /// Says whether the keys were there of those puts of the record before that do not say so themselves. Those that were applied
    /// meanwhile need it no more.
    pub(crate) fn say_existed(&mut self, existed: &[bool]) -> std::result::Result<(), Misfit> {
        let unsaid = std::mem::take(&mut self.unsaid_before);
        if !unsaid.is_empty() && unsaid.len() != existed.len() {
            return Err(Misfit);
        }
        for ((tree, n), existed) in unsaid.into_iter().zip(existed) {
            self.trees.entry(tree).or_default().say_existed(n, *existed);
        }
        Ok(())
    }

    /// Whether more should not be gathered before these are applied.
    pub(crate) fn is_enough(&self) -> bool {
        self.bytes >= ENOUGH_BYTES
    }

    /// Applies the changes to the trees of a catalog, and forgets them.
    pub(crate) fn apply(
        &mut self,
        catalog: &mut Catalog,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
    ) -> Result<Result<(), Misfit>> {
        for (tree, changes) in self.trees.iter_mut().filter(|(_, changes)| !changes.is_empty()) {
            changes.sort();
            let Some(root) = catalog.root_mut(*tree) else { return Ok(Err(Misfit)) };
            if !changes.fit() {
                return Ok(Err(Misfit));
            }
            // In order, one a key, and none that does nothing.
            let mut in_order: Vec<KeyChange<'_>> = changes.by_key().filter(KeyChange::counts).collect();
            root.change_many(pages, params, &mut in_order)?;
            changes.clear();
        }
        self.bytes = 0;
        self.unsaid.clear();
        self.unsaid_before.clear();
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests;
