//! The greatest key of a tree, without a cursor: what is appended to asks for it again and again.

use crate::error::Result;
use crate::format::node::ValueRef;
use crate::page::access::PageRead;
use crate::tree::cursor::Cursor;
use crate::tree::read::{ChildView, LeafView, MAX_DEPTH, NodeRef};

/// The greatest key of a tree; `None` if it has no entry.
pub(crate) fn last_key(root: ChildView<'_>, pages: &(impl PageRead + ?Sized)) -> Result<Option<Vec<u8>>> {
    let mut child = root;
    for _ in 0..MAX_DEPTH {
        match child.open(pages)? {
            NodeRef::Inner(inner) if inner.len() > 0 => child = inner.child(inner.len() - 1)?,
            NodeRef::Leaf(leaf) => match last_of_leaf(&leaf) {
                None => break,
                known => return Ok(known),
            },
            NodeRef::Inner(_) | NodeRef::Empty => break,
        }
    }
    // The last leaf is empty, or its last entries are deleted: the key is further to the left.
    let mut cursor = Cursor::new(root.start(), pages);
    Ok(if cursor.last()? { Some(cursor.key().to_vec()) } else { None })
}

/// The greatest key of a leaf; `None` where that takes more than a look at the ends of base and one delta.
fn last_of_leaf(leaf: &LeafView<'_>) -> Option<Vec<u8>> {
    if leaf.top.is_some() {
        return None;
    }
    let base = &leaf.base.view;
    let last = base.len().checked_sub(1)?;
    let Some(delta) = leaf.delta.map(|delta| delta.view) else { return Some(base.key(last)) };
    let newest = delta.len().checked_sub(1)?;
    if base.compare_entry(last, &delta, newest).is_gt() {
        return Some(base.key(last));
    }
    (delta.value(newest) != ValueRef::Tombstone).then(|| delta.key(newest))
}
