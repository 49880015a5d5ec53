//! [`Batch`]: many puts and deletes in one tree, made in the order of their keys.
//!
//! Changes are gathered in memory and brought into the tree from left to right, so that each leaf is changed once in
//! whatever order the keys come. What is more than a share of the memory budget is sorted and goes to a scratch file as a
//! **run**; the runs are merged when the batch is applied. A tree that is empty then is built bottom-up from the merge, each
//! page written once and full.
//!
//! 1. Of several changes of one key the latest counts: the tree is older than all runs, and these are older than what is gathered.
//! 2. While all keys come in ascending order no run is written: what is gathered goes to the tree, since whatever follows
//!    lies behind it.
//! 3. Until it is applied, the transaction can go back to before the batch.

use super::runs::{Merged, Runs};
use super::view::View;
use super::write::{Savepoint, WriteTxn, check_entry, fail, no_such_tree};
use crate::changes::Changes;
use crate::error::Result;
use crate::format::ops::Op;
use crate::ids::TreeId;
use crate::tree::{BulkBuilder, KeyChange, Root};

/// The share of the memory budget that is gathered, and that buffers of a merge take.
const SHARE: u64 = 4;

/// Puts and deletes in one tree of a transaction, to be made at once by [`apply`](Batch::apply).
///
/// Cheaper than the same changes one after the other, the more so the more they are and the less order their keys have: some
/// hundreds of changes take two thirds of the time, and what is larger than the memory budget is sorted in a scratch file and
/// written to the tree once. In exchange it does not tell which keys were there.
///
/// Dropping a batch that was not applied leaves the transaction as it was before.
#[derive(Debug)]
pub struct Batch<'t> {
    txn: &'t mut WriteTxn,
    tree: TreeId,
    gathered: Changes,
    runs: Option<Runs>,
    /// The last key that is in the tree already, of keys that came in ascending order.
    done: Vec<u8>,
    is_ascending: bool,
    /// Before the first change that is in the tree already.
    before: Option<Savepoint>,
    most_bytes: usize,
}

impl WriteTxn {
    /// Begins a batch of changes in one tree.
    ///
    /// # Errors
    /// [`Error::NoSuchTree`](crate::Error::NoSuchTree).
    pub fn batch(&mut self, tree: TreeId) -> Result<Batch<'_>> {
        self.catalog.get(tree).ok_or_else(|| no_such_tree(tree))?;
        let share = self.writer.handle.options.memory_budget_bytes / SHARE;
        Ok(Batch {
            tree,
            gathered: Changes::default(),
            runs: None,
            done: Vec::new(),
            is_ascending: true,
            before: None,
            most_bytes: usize::try_from(share).unwrap_or(usize::MAX),
            txn: self,
        })
    }

    /// Makes changes whose keys ascend.
    fn change_in_order(&mut self, tree: TreeId, changes: &Changes) -> Result<()> {
        let known = self.looked_up(tree, changes)?;
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        root.change_many(&*self.pages, &self.writer.handle.params, &known)
            .map_err(|error| fail(&mut self.failure, error))?;
        for KeyChange { key, value, existed } in known {
            match value {
                Some(value) => self.log(&Op::Put { tree, key, value, existed }),
                None => self.log(&Op::Delete { tree, key }),
            }
        }
        self.spill_if_large()
    }

    /// Changes whose keys ascend, with whether each key is there, and without deletes of keys that are not.
    fn looked_up<'c>(&self, tree: TreeId, changes: &'c Changes) -> Result<Vec<KeyChange<'c>>> {
        let mut known = Vec::with_capacity(changes.len());
        let mut cursor = if self.is_empty(tree)? { None } else { Some(self.cursor(tree)?) };
        for change in changes.key_changes() {
            let existed = match &mut cursor {
                Some(cursor) => cursor.seek(change.key)? && cursor.key() == change.key,
                None => false,
            };
            if existed || change.value.is_some() {
                known.push(KeyChange { existed, ..change });
            }
        }
        Ok(known)
    }

    /// Makes an empty tree one of all that is to be put, packed and written.
    fn build(&mut self, tree: TreeId, content: &mut Merged<'_>) -> Result<()> {
        let shared = self.writer.handle.shared().clone();
        let mut appender = shared.pages.appender();
        self.begin_to_spill(&shared, appender.next_segment());
        let mut builder = BulkBuilder::new(&shared.params, &mut appender);
        while let Some((key, value)) = content.next()? {
            if let Some(value) = value {
                builder.push(key, value)?;
            }
        }
        let root = Root::from_child(builder.finish()?);
        appender.flush_and_sync().map_err(|error| shared.page_failure(error))?;
        drop(appender);
        self.pages = shared.pages.segments();
        *self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))? = root;
        self.collect_no_operations();
        Ok(())
    }
}

impl Batch<'_> {
    /// Sets the value of a key, whether it is there or not.
    ///
    /// # Errors
    /// [`Error::KeyTooLarge`](crate::Error::KeyTooLarge), [`Error::ValueTooLarge`](crate::Error::ValueTooLarge); errors of
    /// the disk, after which the transaction cannot be committed.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        check_entry(key, value)?;
        self.add(key, Some(value))
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// Errors of the disk, after which the transaction cannot be committed.
    pub fn delete(&mut self, key: &[u8]) -> Result<()> {
        self.add(key, None)
    }

    /// Makes the changes. O(n log n) for n of them.
    ///
    /// # Errors
    /// Errors of the disk, after which the transaction cannot be committed.
    pub fn apply(mut self) -> Result<()> {
        self.make_all().map_err(|error| fail(&mut self.txn.failure, error))?;
        if let Some(before) = self.before.take() {
            self.txn.release(before)?;
        }
        Ok(())
    }

    fn add(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        self.is_ascending &= self.gathered.last_key().unwrap_or(&self.done) < key || self.is_first();
        self.gathered.push(key, value, false);
        if self.gathered.memory_bytes() < self.most_bytes {
            return Ok(());
        }
        self.make_room().map_err(|error| fail(&mut self.txn.failure, error))
    }

    fn is_first(&self) -> bool {
        self.gathered.is_empty() && self.before.is_none() && self.runs.is_none()
    }

    /// Brings what is gathered out of memory.
    fn make_room(&mut self) -> Result<()> {
        if self.is_ascending {
            self.done.clear();
            self.done.extend_from_slice(self.gathered.last_key().unwrap_or_default());
            if self.before.is_none() {
                self.before = Some(self.txn.savepoint());
            }
            return self.make_gathered();
        }
        let runs = match self.runs.take() {
            Some(runs) => runs,
            None => Runs::new(self.txn.scratch()?),
        };
        let runs = self.runs.insert(runs);
        self.gathered.sort();
        runs.write(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }

    fn make_all(&mut self) -> Result<()> {
        if self.runs.is_none() {
            return self.make_gathered();
        }
        self.make_room()?;
        let Some(runs) = self.runs.take() else { return Ok(()) };
        let mut merged = runs.merged(self.most_bytes)?;
        if self.txn.is_empty(self.tree)? {
            return self.txn.build(self.tree, &mut merged);
        }
        while let Some((key, value)) = merged.next()? {
            self.gathered.push(key, value, false);
            if self.gathered.memory_bytes() >= self.most_bytes {
                self.txn.change_in_order(self.tree, &self.gathered)?;
                self.gathered.clear();
            }
        }
        self.txn.change_in_order(self.tree, &self.gathered)
    }

    /// Makes the changes that are in memory.
    fn make_gathered(&mut self) -> Result<()> {
        if !self.is_ascending {
            self.gathered.sort();
            let mut latest = Changes::with_room_of(&self.gathered);
            for last in self.gathered.by_key().filter_map(<[_]>::last) {
                latest.push(self.gathered.key(last), self.gathered.value(last), false);
            }
            self.gathered = latest;
        }
        self.txn.change_in_order(self.tree, &self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            // It is there: it was made by this batch, which let nobody else come to the transaction.
            let _ = self.txn.rollback_to(before);
            let _ = self.txn.release(before);
        }
    }
}
