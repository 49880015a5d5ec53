//! [`Load`]: puts and deletes of one tree, gathered and brought into it from left to right, so that each leaf is changed once in
//! whatever order the keys come.
//!
//! Changes are gathered in memory. What is more than a share of the memory budget is sorted and goes to a scratch file as a
//! **run**; the runs are merged when the changes are made. A tree that is empty then is built bottom-up from the merge, each
//! page written once and full.
//!
//! 1. Of several changes of one key the latest counts: the tree is older than all runs, and these are older than what is gathered.
//! 2. While all keys come in ascending order no run is written: what is gathered goes to the tree, since whatever follows
//!    lies behind it. If the tree is empty it is packed at once.
//! 3. Until all is made, the transaction can go back to before the first change.

use super::runs::{Latest, Runs};
use super::view::View;
use super::write::{Savepoint, WriteTxn, fail, no_such_tree};
use crate::changes::Changes;
use crate::error::Result;
use crate::format::ops::Op;
use crate::ids::TreeId;
use crate::page::access::PageWrite;
use crate::tree::{BulkBuilder, Existence, KeyChange, Root};

/// The share of the memory budget that is gathered. Buffers of a merge, or the list of what is being made, take as much again.
const SHARE: u64 = 8;

/// Puts of more than this are made before they are logged: the disk takes so much less time for them than the tree that nothing is
/// gained.
const SHORT_BYTES: usize = 32 << 10;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Load {
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

impl Load {
    /// No changes yet. `memory_bytes` is the budget of the database.
    pub(super) fn new(tree: TreeId, memory_bytes: u64) -> Load {
        Load {
            tree,
            gathered: Changes::default(),
            runs: None,
            done: None,
            is_ascending: true,
            packing: None,
            before: None,
            most_bytes: usize::try_from(memory_bytes / SHARE).unwrap_or(usize::MAX),
        }
    }

    /// Adds a put, or a delete where there is no value.
    pub(super) fn add(&mut self, txn: &mut WriteTxn, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        let last = self.gathered.last_key().or(self.done.as_deref());
        self.is_ascending &= last.is_none_or(|last| last < key);
        self.gathered.push(key, value, Existence::Look);
        if self.gathered.memory_bytes() < self.most_bytes {
            return Ok(());
        }
        self.make_room(txn)
    }

    /// Before the first change that was made, where one was; the caller's from here on.
    pub(super) fn take_before(&mut self) -> Option<Savepoint> {
        self.before.take()
    }

    /// All changes, in order, where they are a few puts that nothing was done about yet.
    pub(super) fn short_puts(&mut self) -> Option<(TreeId, &Changes)> {
        let untouched = self.runs.is_none() && self.packing.is_none() && self.before.is_none();
        let is_short = !self.gathered.is_empty() && self.gathered.memory_bytes() <= SHORT_BYTES;
        if !untouched || !is_short || self.gathered.deletes() {
            return None;
        }
        self.bring_in_order();
        Some((self.tree, &self.gathered))
    }

    /// Brings what is gathered out of memory.
    fn make_room(&mut self, txn: &mut WriteTxn) -> Result<()> {
        if !self.is_ascending {
            return self.write_run(txn);
        }
        if self.packing.is_none() && self.before.is_none() && txn.is_empty(self.tree)? {
            self.packing = Some(BulkBuilder::new(txn.writer.handle.params.clone()));
        }
        self.done = self.gathered.last_key().map(<[u8]>::to_vec);
        match &mut self.packing {
            Some(builder) => pack(txn, builder, &mut self.gathered),
            None => {
                self.mark(txn);
                self.make_gathered(txn)
            }
        }
    }

    /// Remembers how the transaction is now, unless it is later than what is remembered.
    fn mark(&mut self, txn: &mut WriteTxn) {
        self.before.get_or_insert_with(|| txn.savepoint());
    }

    fn write_run(&mut self, txn: &mut WriteTxn) -> Result<()> {
        self.end_packing(txn)?;
        let runs = match self.runs.take() {
            Some(runs) => runs,
            None => Runs::new(txn.scratch()?),
        };
        let runs = self.runs.insert(runs);
        self.gathered.sort();
        runs.write(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }

    /// Makes the tree what was packed up to now, if anything was.
    fn end_packing(&mut self, txn: &mut WriteTxn) -> Result<()> {
        let Some(builder) = self.packing.take() else { return Ok(()) };
        self.mark(txn);
        txn.take_packed(self.tree, builder)
    }

    /// Makes all changes.
    pub(super) fn make_all(&mut self, txn: &mut WriteTxn) -> Result<()> {
        if self.is_ascending
            && let Some(builder) = &mut self.packing
        {
            pack(txn, builder, &mut self.gathered)?;
        }
        if self.runs.is_some() {
            self.write_run(txn)?;
        }
        self.end_packing(txn)?;
        match self.runs.take() {
            Some(runs) => self.make_runs(txn, &runs),
            None => self.make_gathered(txn),
        }
    }

    /// Makes the changes that are in runs.
    fn make_runs(&mut self, txn: &mut WriteTxn, runs: &Runs) -> Result<()> {
        let mut merged = runs.merged(self.most_bytes)?;
        if txn.is_empty(self.tree)? {
            let mut builder = BulkBuilder::new(txn.writer.handle.params.clone());
            txn.with_pages(|pages| {
                while let Some(Latest { key, value }) = merged.next()? {
                    value.map_or(Ok(()), |value| builder.push(pages, key, value))?;
                }
                Ok(())
            })?;
            return txn.take_packed(self.tree, builder);
        }
        while let Some(Latest { key, value }) = merged.next()? {
            self.gathered.push(key, value, Existence::Look);
            if self.gathered.memory_bytes() >= self.most_bytes {
                txn.change_in_order(self.tree, &self.gathered)?;
                self.gathered.clear();
            }
        }
        txn.change_in_order(self.tree, &self.gathered)
    }

    /// Makes the changes that are in memory.
    fn make_gathered(&mut self, txn: &mut WriteTxn) -> Result<()> {
        self.bring_in_order();
        txn.change_in_order(self.tree, &self.gathered)?;
        self.gathered.clear();
        Ok(())
    }

    fn bring_in_order(&mut self) {
        if !self.is_ascending {
            self.gathered.sort();
        }
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

impl WriteTxn {
    /// Makes changes, which are in order. A single one needs nothing of what makes many of them cheap.
    pub(super) fn change_in_order(&mut self, tree: TreeId, changes: &Changes) -> Result<()> {
        if let Some(KeyChange { key, value, .. }) = changes.only() {
            return match value {
                Some(value) => self.put(tree, key, value).map(drop),
                None => self.delete(tree, key).map(drop),
            };
        }
        let made = self.change_many(tree, changes)?;
        for change in made.iter().filter(|change| change.counts()) {
            let KeyChange { key, value, .. } = *change;
            let existed = Some(change.existed());
            match value {
                Some(value) => self.log(&Op::Put { tree, key, value, existed }),
                None => self.log(&Op::Delete { tree, key }),
            }
        }
        self.spill_if_large()
    }

    /// Makes puts that the log has already. Whether their keys existed.
    pub(super) fn change_unlogged(&mut self, tree: TreeId, puts: &Changes) -> Result<Vec<bool>> {
        let Some(KeyChange { key, value: Some(value), .. }) = puts.only() else {
            return Ok(self.change_many(tree, puts)?.iter().map(KeyChange::existed).collect());
        };
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        let existed = root.put(&*self.pages, &self.writer.handle.params, key, value, Existence::Look)?;
        Ok(vec![existed])
    }

    /// Makes changes, and tells of each whether its key was there.
    fn change_many<'c>(&mut self, tree: TreeId, changes: &'c Changes) -> Result<Vec<KeyChange<'c>>> {
        let mut made: Vec<KeyChange<'_>> = changes.by_key().collect();
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        root.change_many(&*self.pages, &self.writer.handle.params, &mut made)
            .map_err(|error| fail(&mut self.failure, error))?;
        Ok(made)
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
