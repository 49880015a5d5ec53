//! [`PendingSwap`]: nodes that a checkpoint wrote give way to the addresses of their pages in the newest version.
//!
//! The walk goes through every node in memory that was changed since the checkpoint began, so it is made in parts, and commits
//! go on between them.
//!
//! 1. What is left is known by a tree and a key. Edits between two parts change neither, and nodes they make are not written.
//! 2. Pages that were moved must not go before the walk has ended.

use crate::catalog::Catalog;
use crate::ids::TreeId;
use crate::tree::{Moved, Root};

/// A part looks at so many nodes: some tenths of a millisecond.
const PART_NODES: usize = 1024;

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct PendingSwap {
    moved: Moved,
    /// The tree with which the next part begins,
    tree: TreeId,
    /// and the key there.
    key: Option<Vec<u8>>,
}

impl PendingSwap {
    /// Another checkpoint has written nodes, and moved pages. The walk begins again.
    pub(crate) fn add(&mut self, moved: Moved) {
        self.moved.extend(moved);
        (self.tree, self.key) = (TreeId::default(), None);
    }

    /// Makes the next part; whether it was the last one.
    pub(crate) fn part(&mut self, catalog: &mut Catalog) -> bool {
        let mut room = PART_NODES;
        for id in self.next_trees(catalog) {
            let from = self.key.take().filter(|_| id == self.tree);
            let root = catalog.root_mut(id).expect("it was found there");
            self.key = root.swap_part(&self.moved, from.as_deref(), &mut room);
            self.tree = if self.key.is_some() { id } else { TreeId(id.0.saturating_add(1)) };
            if room == 0 {
                return false;
            }
        }
        true
    }

    /// The trees in which something may be left, as many as one part can look at.
    fn next_trees(&self, catalog: &Catalog) -> Vec<TreeId> {
        let wanted = |root: &Root| !self.moved.is_empty() || !root.is_clean();
        let left = catalog.iter().filter(|(id, entry)| *id >= self.tree && wanted(&entry.root));
        left.map(|(id, _)| id).take(PART_NODES).collect()
    }
}
