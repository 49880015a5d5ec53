//! [`WriteTxn`]: changes to trees, and savepoints.
//!
//! The transaction works on a catalog of its own. Nodes that others share are copied before they are changed, nodes that
//! it made are changed in place. Beside the trees it collects the operations for the log record. A savepoint is a clone
//! of the catalog and the length of the collected operations: going back to it is two assignments.
//!
//! A transaction that outgrows the memory budget **spills**: it writes its dirty pages early, where nothing points at
//! them until the commit, and stops collecting operations; its log record will name the new root instead.

use std::ops::Bound;
use std::sync::Arc;

use super::view::{ReadView, Sealed, Source, View};
use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::format::ops::{Op, OpWriter};
use crate::handle::Handle;
use crate::hold::Hold;
use crate::ids::{Lsn, SegmentId, TreeId, to_u64};
use crate::options::{MAX_KEY_BYTES, MAX_TREE_NAME_BYTES, MAX_VALUE_BYTES};
use crate::page::segments::SegmentSet;
use crate::shared::{Moves, Shared};
use crate::tree::{Existence, Written};
use crate::txn::KeyRange;
use crate::version::{Pinned, Version};
use crate::worker;

/// A transaction whose operations take more than this spills, whatever its memory budget: log records have a limit.
const MAX_RECORD_BYTES: usize = 1 << 30;

/// The one open write transaction of a database.
///
/// Nothing of it is visible to others before [`commit`](WriteTxn::commit); dropping it leaves no trace. After an error
/// from the disk ([`Error::Io`], [`Error::Full`], [`Error::Corrupt`]) it can be read and dropped, but no longer
/// committed, since it may hold half of a change; other errors change nothing and it goes on.
#[derive(Debug)]
pub struct WriteTxn {
    pub(super) writer: Writer,
    pub(super) base: Arc<Version>,
    pub(super) catalog: Catalog,
    pub(super) pages: Arc<SegmentSet>,
    pub(super) ops: OpWriter,
    savepoints: Vec<Kept>,
    next_savepoint: u64,
    /// The first disk error; nothing can be committed after it.
    pub(super) failure: Option<Error>,
    spilled: Option<SegmentId>,
    /// What the log record will be. While it names the root, operations are not collected.
    pub(super) record: Record,
    /// History that the content comes from.
    holds: Vec<Hold>,
    /// Memory that dirty nodes held before this transaction added its own, in bytes.
    memory_before: u64,
}

/// What a commit writes to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The operations.
    Operations,
    /// The root, because the operations were too many.
    Root,
    /// The root, because the content is that of an earlier commit, and what was changed after that.
    Reset(Lsn),
    /// The same, as it had been wished for before the database was opened.
    WishedReset(Lsn),
}

/// The writer lock while it is held.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) handle: Arc<Handle>,
}

impl Writer {
    /// Takes the writer lock, waiting for another holder as long as the options say.
    pub(crate) fn acquire(handle: Arc<Handle>) -> Result<Writer> {
        handle.log()?;
        let timeout = handle.options.busy_timeout;
        if !handle.writer.acquire(timeout) {
            return Err(Error::Busy { waited: timeout });
        }
        Ok(Writer { handle })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.handle.set_spilled_from(None);
        self.handle.writer.release();
        if self.handle.swap_is_pending() {
            worker::request_swap(self.handle.shared());
        }
    }
}

/// A state inside an open transaction to go back to. It belongs to its transaction and is good until it is released or
/// an older one is gone back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint {
    id: u64,
}

#[derive(Debug)]
struct Kept {
    id: u64,
    catalog: Catalog,
    ops_len: usize,
    record: Record,
}

impl Sealed for WriteTxn {
    fn source(&self) -> Source<'_> {
        Source { catalog: &self.catalog, pages: &self.pages }
    }
}

impl View for WriteTxn {
    fn lsn(&self) -> Lsn {
        self.base.lsn
    }
}

impl WriteTxn {
    /// Begins on the newest version.
    pub(crate) fn begin(handle: Arc<Handle>) -> Result<WriteTxn> {
        let writer = Writer::acquire(handle)?;
        let base = writer.handle.newest()?;
        let memory_before = writer.handle.dirty_bytes();
        Ok(WriteTxn {
            catalog: base.catalog.clone(),
            pages: base.pages.clone(),
            base,
            writer,
            ops: OpWriter::default(),
            savepoints: Vec::new(),
            next_savepoint: 1,
            failure: None,
            spilled: None,
            record: Record::Operations,
            holds: Vec::new(),
            memory_before,
        })
    }

    /// Makes an empty tree. Its number is never used for another tree.
    ///
    /// # Errors
    /// [`Error::TreeExists`]; [`Error::InvalidArgument`] for an empty name or one over
    /// [`MAX_TREE_NAME_BYTES`].
    pub fn create_tree(&mut self, name: &[u8]) -> Result<TreeId> {
        if name.is_empty() || name.len() > MAX_TREE_NAME_BYTES {
            let len = name.len();
            let text = format!("the name of a tree has 1 to {MAX_TREE_NAME_BYTES} bytes, not {len}");
            return Err(Error::InvalidArgument(text));
        }
        let tree = self.catalog.create(name)?;
        self.log(&Op::CreateTree { tree, name });
        Ok(tree)
    }

    /// The tree of this name, made empty where there is none.
    ///
    /// # Errors
    /// As [`create_tree`](WriteTxn::create_tree), except for [`Error::TreeExists`].
    pub fn open_tree(&mut self, name: &[u8]) -> Result<TreeId> {
        match self.tree(name) {
            Some(tree) => Ok(tree),
            None => self.create_tree(name),
        }
    }

    /// Drops a tree with all its entries, without reading them. O(log n).
    ///
    /// # Errors
    /// [`Error::NoSuchTree`].
    pub fn drop_tree(&mut self, tree: TreeId) -> Result<()> {
        self.catalog.remove(tree).ok_or_else(|| no_such_tree(tree))?;
        self.log(&Op::DropTree { tree });
        Ok(())
    }

    /// Sets the value of a key; whether the key existed before. O(log n).
    ///
    /// # Errors
    /// [`Error::KeyTooLarge`], [`Error::ValueTooLarge`], [`Error::NoSuchTree`]; errors of the disk.
    pub fn put(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        check_entry(key, value)?;
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        let existed = root
            .put(&*self.pages, &self.writer.handle.params, key, value, Existence::Look)
            .map_err(|error| fail(&mut self.failure, error))?;
        self.log(&Op::Put { tree, key, value, existed: Some(existed) });
        self.spill_if_large()?;
        Ok(existed)
    }

    /// Sets the value of a key that does not exist; whether it existed, in which case nothing changes. O(log n).
    ///
    /// # Errors
    /// As [`put`](WriteTxn::put).
    pub fn insert(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        check_entry(key, value)?;
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        let existed = root
            .insert(&*self.pages, &self.writer.handle.params, key, value)
            .map_err(|error| fail(&mut self.failure, error))?;
        if !existed {
            self.log(&Op::Put { tree, key, value, existed: Some(existed) });
            self.spill_if_large()?;
        }
        Ok(existed)
    }

    /// Removes a key; whether it existed. O(log n).
    ///
    /// # Errors
    /// [`Error::NoSuchTree`]; errors of the disk.
    pub fn delete(&mut self, tree: TreeId, key: &[u8]) -> Result<bool> {
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        let existed = root
            .delete(&*self.pages, &self.writer.handle.params, key, Existence::Look)
            .map_err(|error| fail(&mut self.failure, error))?;
        if existed {
            self.log(&Op::Delete { tree, key });
            self.spill_if_large()?;
        }
        Ok(existed)
    }

    /// Removes all keys of a range; how many there were. O(log n): leaves inside the range are not read.
    ///
    /// # Errors
    /// [`Error::NoSuchTree`]; errors of the disk.
    pub fn delete_range(&mut self, tree: TreeId, range: KeyRange<'_>) -> Result<u64> {
        let root = self.catalog.root_mut(tree).ok_or_else(|| no_such_tree(tree))?;
        let removed = root
            .delete_range(&*self.pages, &self.writer.handle.params, range.0, range.1)
            .map_err(|error| fail(&mut self.failure, error))?;
        if removed > 0 {
            self.log(&Op::DeleteRange { tree, start: range.0, end: range.1, removed });
        }
        Ok(removed)
    }

    /// Removes all entries of a tree; how many there were. O(log n).
    ///
    /// # Errors
    /// As [`delete_range`](WriteTxn::delete_range).
    pub fn clear(&mut self, tree: TreeId) -> Result<u64> {
        self.delete_range(tree, (Bound::Unbounded, Bound::Unbounded))
    }

    /// Marks the present state of the transaction to go back to. Costs about a hundred nanoseconds, and a copy of what
    /// is changed afterwards.
    pub fn savepoint(&mut self) -> Savepoint {
        let id = self.next_savepoint;
        self.next_savepoint += 1;
        let (catalog, ops_len, record) = (self.catalog.clone(), self.ops.len(), self.record);
        self.savepoints.push(Kept { id, catalog, ops_len, record });
        Savepoint { id }
    }

    /// Goes back to a savepoint, which stays good; those made after it are gone. O(1).
    ///
    /// # Errors
    /// [`Error::NoSuchSavepoint`] where it is gone.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let at = self.find(savepoint)?;
        self.savepoints.truncate(at + 1);
        let kept = &self.savepoints[at];
        let next_tree = self.catalog.next_tree();
        self.catalog = kept.catalog.clone();
        // A number that was seen, even by the rolled-back part alone, names no other tree later.
        self.catalog.raise_next_tree(next_tree);
        self.ops.truncate(kept.ops_len);
        self.record = kept.record;
        Ok(())
    }

    /// Forgets a savepoint and those made after it; the changes stay. O(1).
    ///
    /// # Errors
    /// [`Error::NoSuchSavepoint`] where it is gone.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        let at = self.find(savepoint)?;
        self.savepoints.truncate(at);
        Ok(())
    }

    /// A view of the present state of the transaction, which later changes leave as it is. Costs as much as a savepoint.
    ///
    /// Its [`lsn`](View::lsn) is that of the version the transaction started from.
    #[must_use]
    pub fn view(&self) -> ReadView {
        ReadView::new(Pinned::new(Version {
            lsn: self.base.lsn,
            time: self.base.time,
            catalog: self.catalog.clone(),
            log_end: self.base.log_end,
            pages: self.pages.clone(),
            existed: Vec::new(),
        }))
    }

    /// Drops the transaction without a trace, as dropping the value does.
    pub fn abort(self) {}

    fn find(&self, savepoint: Savepoint) -> Result<usize> {
        self.savepoints
            .binary_search_by_key(&savepoint.id, |kept| kept.id)
            .map_err(|_| Error::NoSuchSavepoint)
    }

    pub(super) fn log(&mut self, op: &Op<'_>) {
        if self.record == Record::Operations {
            self.ops.push(op);
        }
    }

    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.writer.handle
    }

    /// Takes the content of an earlier version, except for some trees.
    pub(crate) fn reset_to_version(&mut self, version: &Version, hold: Hold, keep: &[TreeId]) {
        let mut catalog = version.catalog.clone();
        for tree in keep {
            let Some(entry) = self.catalog.get(*tree) else { continue };
            let same_name = catalog.find(&entry.name);
            for replaced in [Some(*tree), same_name].into_iter().flatten() {
                catalog.remove(replaced);
            }
            catalog.insert(*tree, &entry.name, entry.root.clone());
        }
        // A number given since then names no other tree later.
        catalog.raise_next_tree(self.catalog.next_tree());
        self.catalog = catalog;
        self.pages = self.writer.handle.pages.segments();
        self.record = Record::Reset(version.lsn);
        self.holds.push(hold);
    }

    /// Says that the reset of this transaction is the one that had been wished for.
    pub(crate) fn mark_as_wished(&mut self) {
        if let Record::Reset(target) = self.record {
            self.record = Record::WishedReset(target);
        }
    }

    /// Writes dirty pages early where what the transaction itself added fills half of the memory budget, or a good part of
    /// it that is needed for commits that no checkpoint has written yet.
    pub(super) fn spill_if_large(&mut self) -> Result<()> {
        let shared = &self.writer.handle;
        let (dirty, budget) = (shared.dirty_bytes(), shared.options.memory_budget_bytes);
        let own = dirty.saturating_sub(self.memory_before) + to_u64(self.ops.len());
        let is_large = own > budget / 2 || (own > budget / 4 && dirty > budget);
        if !is_large && self.ops.len() < MAX_RECORD_BYTES {
            return Ok(());
        }
        self.spill().map_err(|error| fail(&mut self.failure, error))
    }

    fn spill(&mut self) -> Result<()> {
        let shared = self.writer.handle.shared().clone();
        let mut appender = shared.pages.appender();
        let mut moves = Moves::new();
        let mut written = Written::default();
        self.begin_to_spill(&shared, appender.first_open_segment());
        for (_, entry) in self.catalog.iter() {
            entry.root.write_dirty(
                &*self.pages,
                &mut appender,
                None,
                &mut moves,
                &mut written,
                &shared.params,
            )?;
        }
        // Synced, because the nodes of earlier commits are among what is written and count as written from here on.
        appender.flush_and_sync().map_err(|error| shared.page_failure(error))?;
        drop(appender);
        written.publish();
        self.collect_no_operations();
        self.catalog.change_roots(|root| !root.is_clean(), |root| root.swap_written(&moves));
        for kept in &mut self.savepoints {
            kept.catalog.change_roots(|root| !root.is_clean(), |root| root.swap_written(&moves));
        }
        // After the swaps, which may take over pages of a checkpoint that ended meanwhile.
        self.pages = shared.pages.segments();
        self.memory_before = shared.dirty_bytes();
        Ok(())
    }

    /// Pages are written from here on that nothing points at before the commit, to segments from `from` on.
    pub(super) fn begin_to_spill(&mut self, shared: &Shared, from: SegmentId) {
        if self.spilled.is_none() {
            shared.set_spilled_from(Some(from));
            self.spilled = Some(from);
        }
    }

    /// Takes trees for its content that `make` gives, whose pages it has written and synced.
    pub(crate) fn replace_content(&mut self, make: impl FnOnce(&Shared) -> Result<Catalog>) -> Result<()> {
        let shared = self.writer.handle.shared().clone();
        let from = shared.pages.appender().first_open_segment();
        self.begin_to_spill(&shared, from);
        let mut catalog = make(&shared).map_err(|error| fail(&mut self.failure, error))?;
        // A number given before names no other tree that is made later.
        catalog.raise_next_tree(self.catalog.next_tree());
        self.catalog = catalog;
        self.pages = shared.pages.segments();
        self.collect_no_operations();
        Ok(())
    }

    /// From here on, and wherever a savepoint leads back to, the log record names the root.
    pub(super) fn collect_no_operations(&mut self) {
        self.ops.truncate(0);
        let records = self.savepoints.iter_mut().map(|kept| (&mut kept.record, &mut kept.ops_len));
        for (record, ops_len) in records {
            *ops_len = 0;
            if *record == Record::Operations {
                *record = Record::Root;
            }
        }
        if self.record == Record::Operations {
            self.record = Record::Root;
        }
    }
}

/// Remembers the first disk error, after which nothing can be committed.
pub(super) fn fail(failure: &mut Option<Error>, error: Error) -> Error {
    failure.get_or_insert_with(|| error.clone());
    error
}

pub(super) fn no_such_tree(tree: TreeId) -> Error {
    Error::NoSuchTree(format!("number {}", tree.0))
}

pub(super) fn check_entry(key: &[u8], value: &[u8]) -> Result<()> {
    if key.len() > MAX_KEY_BYTES {
        return Err(Error::KeyTooLarge { len: to_u64(key.len()), max: to_u64(MAX_KEY_BYTES) });
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(Error::ValueTooLarge { len: to_u64(value.len()), max: to_u64(MAX_VALUE_BYTES) });
    }
    Ok(())
}
