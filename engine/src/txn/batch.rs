//! [`Batch`] and [`WriteBatch`]: many puts and deletes in one tree, made in the order of their keys.
//!
//! How they are gathered and brought into the tree is the matter of [`Load`]. A [`Batch`] is a part of its transaction, which can go
//! back to before it; a [`WriteBatch`] is the end of one.

use super::load::Load;
use super::write::{WriteTxn, check_entry, fail, no_such_tree};
use crate::error::Result;
use crate::ids::{Lsn, TreeId};
use crate::options::Durability;

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
    load: Load,
}

/// Puts and deletes in one tree that end their transaction, made and committed at once by [`commit`](WriteBatch::commit).
///
/// The least that a durable change can cost: the record of a short batch of puts is on its way to the disk before the tree is changed,
/// and who commits alone changes the tree while the disk works. Else as a [`Batch`], whatever its size.
///
/// Dropping it ends the transaction without a trace.
#[derive(Debug)]
pub struct WriteBatch {
    txn: WriteTxn,
    load: Load,
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
        let load = self.load(tree)?;
        Ok(Batch { txn: self, load })
    }

    /// Makes the rest of the transaction a batch of changes in one tree.
    ///
    /// ```
    /// use duramen_engine::{Database, Durability, Options, View};
    ///
    /// let db = Database::in_memory(Options::default())?;
    /// let mut txn = db.begin_write()?;
    /// let tree = txn.create_tree(b"readings")?;
    /// let mut batch = txn.into_batch(tree)?;
    /// batch.put(b"2026-11-23", b"7.5")?;
    /// batch.commit(Durability::Immediate)?;
    /// assert_eq!(db.begin_read()?.get(tree, b"2026-11-23")?, Some(&b"7.5"[..]));
    /// # Ok::<(), duramen_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchTree`](crate::Error::NoSuchTree); the transaction is given up then.
    pub fn into_batch(self, tree: TreeId) -> Result<WriteBatch> {
        let load = self.load(tree)?;
        Ok(WriteBatch { txn: self, load })
    }

    fn load(&self, tree: TreeId) -> Result<Load> {
        self.catalog.get(tree).ok_or_else(|| no_such_tree(tree))?;
        Ok(Load::new(tree, self.writer.handle.options.memory_budget_bytes))
    }
}

impl Batch<'_> {
    /// Sets the value of a key, whether it is there or not.
    ///
    /// # Errors
    /// [`Error::KeyTooLarge`](crate::Error::KeyTooLarge), [`Error::ValueTooLarge`](crate::Error::ValueTooLarge); errors of
    /// the disk, after which the transaction cannot be committed.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        add(self.txn, &mut self.load, key, Some(value))
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// Errors of the disk, after which the transaction cannot be committed.
    pub fn delete(&mut self, key: &[u8]) -> Result<()> {
        add(self.txn, &mut self.load, key, None)
    }

    /// Makes the changes. O(n log n) for n of them.
    ///
    /// # Errors
    /// Errors of the disk, after which the transaction cannot be committed.
    pub fn apply(mut self) -> Result<()> {
        apply(self.txn, &mut self.load)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.load.take_before() {
            // It is there: it was made by this batch, which let nobody else come to the transaction.
            let _ = self.txn.rollback_to(before);
            let _ = self.txn.release(before);
        }
    }
}

impl WriteBatch {
    /// Sets the value of a key, whether it is there or not.
    ///
    /// # Errors
    /// As those of [`Batch::put`].
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        add(&mut self.txn, &mut self.load, key, Some(value))
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// As those of [`Batch::delete`].
    pub fn delete(&mut self, key: &[u8]) -> Result<()> {
        add(&mut self.txn, &mut self.load, key, None)
    }

    /// Makes the changes, and commits the transaction. O(n log n) for n changes, and one flush where that is asked for. The position
    /// of the commit.
    ///
    /// # Errors
    /// Errors of the disk met while the changes were made: nothing is kept then, and the database goes on working; else as
    /// those of [`WriteTxn::commit`].
    pub fn commit(self, durability: Durability) -> Result<Lsn> {
        let WriteBatch { mut txn, mut load } = self;
        if durability == Durability::Immediate
            && let Some((tree, puts)) = load.short_puts()
        {
            return txn.commit_puts(tree, puts);
        }
        apply(&mut txn, &mut load)?;
        txn.commit(durability)
    }
}

fn add(txn: &mut WriteTxn, load: &mut Load, key: &[u8], value: Option<&[u8]>) -> Result<()> {
    check_entry(key, value.unwrap_or_default())?;
    load.add(txn, key, value).map_err(|error| fail(&mut txn.failure, error))
}

fn apply(txn: &mut WriteTxn, load: &mut Load) -> Result<()> {
    load.make_all(txn).map_err(|error| fail(&mut txn.failure, error))?;
    match load.take_before() {
        Some(before) => txn.release(before),
        None => Ok(()),
    }
}
