//! The trees of one version of the database: names, numbers and roots.
//!
//! In memory a [`Catalog`] is a persistent map: a clone shares everything and a change copies the list of groups and one small
//! group, so every commit publishes a catalog of its own at little cost. On disk it is itself a tree, from the tree's number (big-endian)
//! to its name and root, brought up to date by each checkpoint for the trees that changed.
//!
//! Invariants:
//! 1. A tree's number is never given to another tree, also not after the tree was dropped or its creation rolled back
//!    and committed over.
//! 2. `names` holds exactly the names of the entries.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::codec::{Reader, Write};
use crate::error::{Error, Result};
use crate::format::checkpoint::RootState;
use crate::format::inner::ChildRef;
use crate::ids::TreeId;
use crate::page::access::PageRead;
use crate::tree::Root;

/// Trees whose numbers share all but the low bits lie in one group, which is copied as a whole.
const GROUP_BITS: u32 = 3;

/// One tree: its name and its root.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntry {
    pub(crate) name: Arc<[u8]>,
    pub(crate) root: Root,
}

type Group = Arc<[(TreeId, TreeEntry)]>;

/// All trees of one version.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    groups: Arc<[(u32, Group)]>,
    names: Arc<BTreeMap<Arc<[u8]>, TreeId>>,
    next_tree: u32,
}

impl Catalog {
    /// The catalog of an empty database.
    pub(crate) fn new() -> Catalog {
        Catalog { groups: Arc::default(), names: Arc::default(), next_tree: 1 }
    }

    /// The catalog that a checkpoint wrote, and the catalog tree itself. `named_by` is the file that holds `state`.
    pub(crate) fn load(state: &RootState, pages: &impl PageRead, named_by: &Path) -> Result<(Root, Catalog)> {
        let damaged = |what: &str| {
            Error::corrupt(
                named_by,
                0,
                "catalog",
                "names and roots of trees",
                format!("an undecodable {what}"),
            )
        };
        let tree = decode_root(&state.catalog).ok_or_else(|| damaged("catalog root"))?;
        let mut catalog = Catalog::new();
        let mut cursor = tree.cursor(pages);
        let mut more = cursor.first()?;
        while more {
            let id = id_of_key(cursor.key()).ok_or_else(|| damaged("tree number"))?;
            let (name, root) = decode_entry(cursor.value()?).ok_or_else(|| damaged("entry"))?;
            let root = decode_root(root).ok_or_else(|| damaged("tree root"))?;
            if catalog.find(name).is_some() {
                return Err(damaged("name given twice"));
            }
            catalog.insert(id, name, root);
            more = cursor.next()?;
        }
        drop(cursor);
        catalog.raise_next_tree(state.next_tree);
        Ok((tree, catalog))
    }

    /// The tree with this number.
    pub(crate) fn get(&self, id: TreeId) -> Option<&TreeEntry> {
        let at = self.groups.binary_search_by_key(&(id.0 >> GROUP_BITS), |group| group.0).ok()?;
        self.groups[at].1.iter().find(|entry| entry.0 == id).map(|entry| &entry.1)
    }

    /// The root of the tree with this number, to be changed. Roots that other catalogs share are not changed with it.
    pub(crate) fn root_mut(&mut self, id: TreeId) -> Option<&mut Root> {
        let at = self.groups.binary_search_by_key(&(id.0 >> GROUP_BITS), |group| group.0).ok()?;
        let slot = self.groups[at].1.iter().position(|entry| entry.0 == id)?;
        let group = &mut Arc::make_mut(&mut self.groups)[at].1;
        Some(&mut Arc::make_mut(group)[slot].1.root)
    }

    /// The number of the tree with this name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<TreeId> {
        self.names.get(name).copied()
    }

    /// The trees in order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TreeId, &TreeEntry)> {
        self.groups.iter().flat_map(|group| group.1.iter().map(|(id, entry)| (*id, entry)))
    }

    /// The names in byte order, with the numbers of their trees.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&[u8], TreeId)> {
        self.names.iter().map(|(name, id)| (&name[..], *id))
    }

    /// The number the next new tree gets.
    pub(crate) fn next_tree(&self) -> u32 {
        self.next_tree
    }

    /// Keeps numbers below `next_tree` from being given to new trees.
    pub(crate) fn raise_next_tree(&mut self, next_tree: u32) {
        self.next_tree = self.next_tree.max(next_tree);
    }

    /// Makes an empty tree.
    pub(crate) fn create(&mut self, name: &[u8]) -> Result<TreeId> {
        if self.names.contains_key(name) {
            return Err(Error::TreeExists(String::from_utf8_lossy(name).into_owned()));
        }
        if self.next_tree == u32::MAX {
            return Err(Error::InvalidArgument(
                "4 billion trees were made in this database; no number is left".into(),
            ));
        }
        let id = TreeId(self.next_tree);
        self.insert(id, name, Root::empty());
        Ok(id)
    }

    /// Adds a tree under a number that is not in use.
    pub(crate) fn insert(&mut self, id: TreeId, name: &[u8], root: Root) {
        let name: Arc<[u8]> = name.into();
        Arc::make_mut(&mut self.names).insert(name.clone(), id);
        let entry = (id, TreeEntry { name, root });
        let number = id.0 >> GROUP_BITS;
        match self.groups.binary_search_by_key(&number, |group| group.0) {
            Ok(at) => {
                let group = &mut Arc::make_mut(&mut self.groups)[at].1;
                let slot = group.partition_point(|entry| entry.0 < id);
                *group = replaced(group, slot..slot, Some(entry));
            }
            Err(at) => self.groups = replaced(&self.groups, at..at, Some((number, Arc::new([entry])))),
        }
        self.raise_next_tree(id.0.saturating_add(1));
    }

    /// Takes a tree out. Its number is not used again.
    pub(crate) fn remove(&mut self, id: TreeId) -> Option<TreeEntry> {
        let at = self.groups.binary_search_by_key(&(id.0 >> GROUP_BITS), |group| group.0).ok()?;
        let slot = self.groups[at].1.iter().position(|entry| entry.0 == id)?;
        let (_, entry) = self.groups[at].1[slot].clone();
        if self.groups[at].1.len() == 1 {
            self.groups = replaced(&self.groups, at..at + 1, None);
        } else {
            let group = &mut Arc::make_mut(&mut self.groups)[at].1;
            *group = replaced(group, slot..slot + 1, None);
        }
        Arc::make_mut(&mut self.names).remove(&entry.name);
        Some(entry)
    }

    /// Gives every root to `change`, copying only the groups in which something is to be changed.
    pub(crate) fn change_roots(&mut self, wanted: impl Fn(&Root) -> bool, mut change: impl FnMut(&mut Root)) {
        let wanted = |group: &Group| group.iter().any(|(_, entry)| wanted(&entry.root));
        if !self.groups.iter().any(|(_, group)| wanted(group)) {
            return;
        }
        for (_, group) in Arc::make_mut(&mut self.groups).iter_mut().filter(|(_, group)| wanted(group)) {
            Arc::make_mut(group).iter_mut().for_each(|(_, entry)| change(&mut entry.root));
        }
    }
}

/// The list with something else, or nothing, in place of a range.
fn replaced<T: Clone>(list: &[T], range: Range<usize>, by: Option<T>) -> Arc<[T]> {
    list[..range.start].iter().cloned().chain(by).chain(list[range.end..].iter().cloned()).collect()
}

fn decode_root(bytes: &[u8]) -> Option<Root> {
    let mut reader = Reader::new(bytes);
    let child = ChildRef::decode(&mut reader).ok()?;
    reader.is_empty().then(|| Root::from_child(child))
}

/// The key of a tree in the catalog tree.
pub(crate) fn key(id: TreeId) -> [u8; 4] {
    id.0.to_be_bytes()
}

/// The number in a key of the catalog tree.
pub(crate) fn id_of_key(key: &[u8]) -> Option<TreeId> {
    Some(TreeId(u32::from_be_bytes(key.try_into().ok()?)))
}

/// The value of a tree in the catalog tree: its name, then its root as `format::inner` encodes a child.
pub(crate) fn encode_entry(name: &[u8], root: &ChildRef) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_sized(name);
    root.encode(&mut out);
    out
}

/// Name and encoded root out of a value of the catalog tree.
pub(crate) fn decode_entry(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(value);
    let name = reader.sized().ok()?;
    Some((name, reader.rest()))
}

#[cfg(test)]
mod tests;
