//! Content of another version, or of another database, taken over in a transaction: all of it, or a range of one tree.

use std::ops::RangeBounds;

use crate::catalog::Catalog;
use crate::compact::{Ticker, pack};
use crate::error::Result;
use crate::ids::TreeId;
use crate::txn::{Diff, KeyRange, View, WriteTxn};

impl WriteTxn {
    /// Makes the content what a view shows, be it of another database: the same trees under the same numbers. More changes may
    /// follow, and a savepoint goes back to before. The commit will be a bulk one.
    ///
    /// `progress` is told the entries written and their total.
    ///
    /// # Errors
    /// Errors of the disk.
    pub fn adopt(&mut self, content: &impl View, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let source = content.source();
        let total = source.catalog.iter().map(|(_, entry)| entry.root.count()).sum();
        self.replace_content(|shared| {
            let mut ticker = Ticker::new(total, progress);
            let mut catalog = Catalog::new();
            for (id, entry) in source.catalog.iter() {
                catalog.insert(id, &entry.name, pack(shared, &entry.root, source.pages, &mut ticker)?);
            }
            Ok(catalog)
        })
    }

    /// Makes the entries of a range in one tree what they are in a tree of an earlier version of this database; how many
    /// changed. If it is the same tree, subtrees that are the same are passed over; otherwise all entries are replaced.
    ///
    /// # Errors
    /// [`Error::NoSuchTree`](crate::Error::NoSuchTree); errors of the disk.
    pub fn adopt_range(
        &mut self,
        tree: TreeId,
        then: &impl View,
        tree_then: TreeId,
        range: KeyRange<'_>,
    ) -> Result<u64> {
        if tree == tree_then {
            return self.adopt_differences(tree, then, range);
        }
        let now = self.view();
        // Each entry that goes has changed, until it turns out to come back.
        let mut changed = self.delete_range(tree, range)?;
        let mut cursor = then.cursor(tree_then)?;
        while cursor.next()? {
            if RangeBounds::<[u8]>::contains(&range, cursor.key()) {
                let value = cursor.value()?;
                match now.get(tree, cursor.key())? {
                    None => changed += 1,
                    Some(before) if *before == *value => changed -= 1,
                    Some(_) => {}
                }
                self.put(tree, cursor.key(), value)?;
            }
        }
        Ok(changed)
    }

    fn adopt_differences(&mut self, tree: TreeId, then: &impl View, range: KeyRange<'_>) -> Result<u64> {
        let now = self.view();
        let mut diff = Diff::new(&now, then, tree)?;
        let mut changed = 0;
        while let Some(change) = diff.next()? {
            if !RangeBounds::<[u8]>::contains(&range, change.key) {
                continue;
            }
            match change.after {
                Some(value) => self.put(tree, change.key, value)?,
                None => self.delete(tree, change.key)?,
            };
            changed += 1;
        }
        Ok(changed)
    }
}
