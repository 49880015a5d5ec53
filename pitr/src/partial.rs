//! Restoring a part: the entries of one tree, or of a range of its keys.

use duramen_engine::{KeyRange, PastView, View, WriteTxn};

use crate::error::Result;

/// Makes the entries of a range in the tree of this name what they were in an earlier version; how many that changed.
pub(crate) fn restore(txn: &mut WriteTxn, past: &PastView, name: &[u8], range: KeyRange<'_>) -> Result<u64> {
    let then = past.tree(name);
    Ok(match (then, txn.tree(name)) {
        (None, None) => 0,
        (None, Some(now)) => txn.delete_range(now, range)?,
        (Some(then), Some(now)) => txn.adopt_range(now, &**past, then, range)?,
        (Some(then), None) => {
            let now = txn.create_tree(name)?;
            txn.adopt_range(now, &**past, then, range)?
        }
    })
}
