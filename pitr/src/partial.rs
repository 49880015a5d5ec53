//! Restoring a part: the entries of one tree, or of a range of its keys.

use std::ops::RangeBounds;

use duramen_engine::{Diff, KeyRange, PastView, TreeId, View, WriteTxn};

use crate::error::Result;

/// Makes the entries of a range in the tree of this name what they were in an earlier version; how many that changed.
///
/// Where the tree of that name is another one by now, or not there, its entries are compared one by one.
pub(crate) fn restore(txn: &mut WriteTxn, past: &PastView, name: &[u8], range: KeyRange<'_>) -> Result<u64> {
    let mut removed = 0;
    let edits = match (past.tree(name), txn.tree(name)) {
        (None, None) => Vec::new(),
        (Some(then), Some(now)) if then == now => differing(txn, past, now, range)?,
        (then, now) => {
            if let Some(now) = now {
                removed = txn.delete_range(now, range)?;
            }
            then.map_or(Ok(Vec::new()), |then| all(past, then, range))?
        }
    };
    if edits.is_empty() {
        return Ok(removed);
    }
    let tree = txn.open_tree(name)?;
    for (key, value) in &edits {
        match value {
            Some(value) => drop(txn.put(tree, key, value)?),
            None => drop(txn.delete(tree, key)?),
        }
    }
    Ok(removed.max(u64::try_from(edits.len()).unwrap_or(u64::MAX)))
}

/// A key and what it is to hold.
type Edit = (Vec<u8>, Option<Vec<u8>>);

fn differing(txn: &WriteTxn, past: &PastView, tree: TreeId, range: KeyRange<'_>) -> Result<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut diff = Diff::new(&**past, txn, tree)?;
    while let Some(change) = diff.next()? {
        if RangeBounds::<[u8]>::contains(&range, change.key) {
            edits.push((change.key.to_vec(), change.before.map(<[u8]>::to_vec)));
        }
    }
    Ok(edits)
}

fn all(past: &PastView, tree: TreeId, range: KeyRange<'_>) -> Result<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut cursor = past.cursor(tree)?;
    while cursor.next()? {
        if RangeBounds::<[u8]>::contains(&range, cursor.key()) {
            edits.push((cursor.key().to_vec(), Some(cursor.value()?.to_vec())));
        }
    }
    Ok(edits)
}
