//! [`Batch`]: many puts and deletes in one tree, made in the order of their keys.
//!
//! Changes are gathered in memory and brought into the tree from left to right, so that each leaf is changed once in
//! whatever order the keys come. What is more than a share of the memory budget is sorted and goes to a scratch file as a
//! **run**; the runs are merged when the batch is applied. A tree that is empty then is built bottom-up from the merge, each
//! page written once and full.
//!
//! 1. Of several changes of one key the latest counts: the tree is older than all runs, and these are older than what is gathered.
//! 2. While all keys come in ascending order no run is written: what is gathered goes to the tree, since whatever follows
//!    lies behind it. If the tree is empty it is packed at once.
//! 3. Until it is applied, the transaction can go back to before the batch.

use super::runs::{Latest, Runs};
use super::view::View;
use super::write::{Savepoint, WriteTxn, check_entry, fail, no_such_tree};
use crate::changes::Changes;
use crate::error::Result;
use crate::format::ops::Op;
use crate::ids::TreeId;
use crate::page::access::PageWrite;
use crate::tree::{BulkBuilder, Existence, KeyChange, Root};

/// The share of the memory budget that is gathered. Buffers of a merge, or the list of what is being made, take as much again.
const SHARE: u64 = 8;

/// Puts and deletes in one tree of a transaction, to be made at once by [`apply`](Batch::apply).
///
/// Cheaper than the same changes one after the other, the more so the more they are and the less order their keys have: a
/// million random keys of 174 bytes take a fifth of the time, since what is larger than memory is sorted in a scratch file
/// and written to the tree once. In exchange it does not tell which keys were there. Memory: up to a quarter of
/// [`memory_budget_bytes`](crate::Options::memory_budget_bytes), beside what a transaction takes in any case.
///
/// Dropping a batch that was not applied leaves the transaction as it was before.
#[derive(Debug)]
pub struct Batch<'t> {
    txn: &'t mut WriteTxn,
    tree: TreeId,
    gathered: Changes,
    runs: Option<Runs>,
    /// The last key that is in the tree already, of keys that came in ascending order.
    done: Option<Vec<u8>>,
    is_ascending: bool,
    /// What becomes of an empty tree while keys ascend.
    packing: Option<BulkBuilder>,
    /// Before the first change that is in the tree already.
    before: Option<Savepoint>,
    most_bytes: usize,
}

impl WriteTxn {
    /// Begins a batch of changes in one tree.
    ///
    /// ```
    /// use duramen_engine::{Database, Durability, Options, View};
    ///
    /// let db = Database::in_memory(Options::default())?;
    /// let mut txn = db.begin_write()?;
    /// let tree = txn.create_tree(b"words")?;
    /// let mut batch = txn.batch(tree)?;
    /// for word in ["of", "all", "the", "words", "of", "this", "text"] {
    ///     batch.put(word.as_bytes(), b"")?;
    /// }
    /// batch.delete(b"the")?;
    /// batch.apply()?;
    /// assert_eq!(txn.len(tree)?, 5);
    /// txn.commit(Durability::Immediate)?;
    /// # Ok::<(), duramen_engine::Error>(())
    /// ```
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
            done: None,
            is_ascending: true,
            packing: None,
            before: None,
            most_bytes: usize::try_from(share).unwrap_or(usize::MAX),
            txn: self,
        })
    }

    /// Makes changes, which are sorted. A single one needs nothing of what makes many of them cheap.
    fn change_in_order(&mut self, tree: TreeId, changes: &Changes) -> Result<()> {
        if let Some(KeyChange { key, value, .. }) = changes.only() {
            return match value {
                Some(value) => self.put(tree, key, value).map(drop),
                None => self.delete(tree, key).map(drop),
            };
        }
        let mut made: Vec<KeyChange<'_>> = changes.by_key().collect();
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        root.change_many(&*self.pages, &self.writer.handle.params, &mut made)
            .map_err(|error| fail(&mut self.failure, error))?;
        for change in made.iter().filter(|change| change.counts()) {
            let KeyChange { key, value, .. } = *change;
            match value {
                Some(value) => self.log(&Op::Put { tree, key, value, existed: change.existed() }),
                None => self.log(&Op::Delete { tree, key }),
            }
        }
        self.spill_if_large()
    }

    /// Hands something the pages that a transaction larger than memory writes to.
    fn with_pages(&mut self, write: impl FnOnce(&mut dyn PageWrite) -> Result<()>) -> Result<()> {
        let shared = self.writer.handle.shared().clone();
        let mut appender = shared.pages.appender();
        self.begin_to_spill(&shared, appender.first_open_segment());
        write(&mut appender)
    }

    /// Makes an empty tree one that was packed.
    fn take_packed(&mut self, tree: TreeId, builder: BulkBuilder) -> Result<()> {
        let shared = self.writer.handle.shared().clone();
        let mut appender = shared.pages.appender();
        let mut root = Root::from_child(builder.finish(&mut appender)?);
        root.watch(&shared.params);
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
        let last = self.gathered.last_key().or(self.done.as_deref());
        self.is_ascending &= last.is_none_or(|last| last < key);
        self.gathered.push(key, value, Existence::Look);
        if self.gathered.memory_bytes() < self.most_bytes {
            return Ok(());
        }
        self.make_room().map_err(|error| fail(&mut self.txn.failure, error))
    }

    /// Brings what is gathered out of memory.
    fn make_room(&mut self) -> Result<()> {
        if !self.is_ascending {
            return self.write_run();
        }
        if self.packing.is_none() && self.before.is_none() && self.txn.is_empty(self.tree)? {
            self.packing = Some(BulkBuilder::new(self.txn.writer.handle.params.clone()));
        }
        self.done = self.gathered.last_key().map(<[u8]>::to_vec);
        match &mut self.packing {
            Some(builder) => pack(self.txn, builder, &mut self.gathered),
            None => {
                self.mark();
                self.make_gathered()
            }
        }
    }

    /// Remembers how the transaction is now, unless it is later than what is remembered.
    fn mark(&mut self) {
        self.before.get_or_insert_with(|| self.txn.savepoint());
    }

    fn write_run(&mut self) -> Result<()> {
        self.end_packing()?;
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

    /// Makes the tree what was packed up to now, if anything was.
    fn end_packing(&mut self) -> Result<()> {
        let Some(builder) = self.packing.take() else { return Ok(()) };
        self.mark();
        self.txn.take_packed(self.tree, builder)
    }

    fn make_all(&mut self) -> Result<()> {
        if self.is_ascending
            && let Some(builder) = &mut self.packing
        {
            pack(self.txn, builder, &mut self.gathered)?;
        }
        if self.runs.is_some() {
            self.write_run()?;
        }
        self.end_packing()?;
        match self.runs.take() {
            Some(runs) => self.make_runs(&runs),
            None => self.make_gathered(),
        }
    }

    /// Makes the changes that are in runs.
    fn make_runs(&mut self, runs: &Runs) -> Result<()> {
        let mut merged = runs.merged(self.most_bytes)?;
        if self.txn.is_empty(self.tree)? {
            let mut builder = BulkBuilder::new(self.txn.writer.handle.params.clone());
            self.txn.with_pages(|pages| {
                while let Some(Latest { key, value }) = merged.next()? {
                    value.map_or(Ok(()), |value| builder.push(pages, key, value))?;
                }
                Ok(())
            })?;
            return self.txn.take_packed(self.tree, builder);
        }
        while let Some(Latest { key, value }) = merged.next()? {
            self.gathered.push(key, value, Existence::Look);
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
        }
        self.txn.change_in_order(self.tree, &self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}

/// Packs what is gathered of keys that ascend.
fn pack(txn: &mut WriteTxn, builder: &mut BulkBuilder, gathered: &mut Changes) -> Result<()> {
    txn.with_pages(|pages| {
        for change in gathered.ascending() {
            change.value.map_or(Ok(()), |value| builder.push(pages, change.key, value))?;
        }
        Ok(())
    })?;
    gathered.clear();
    Ok(())
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
