//! [`TreeBatch`]: puts and deletes of one tree that are committed at once.

use std::fmt;
use std::marker::PhantomData;

use duramen_engine::{Durability, Lsn, WriteBatch};

use crate::error::Result;
use crate::key::TreeKey;
use crate::scratch::Scratch;
use crate::value::TreeValue;

/// Puts and deletes in one tree that end their transaction: what [`Tree::batch`](crate::Tree::batch) gives.
///
/// This is how to write the most in the least time, be it one durable entry or millions: changes are made in the order of their
/// keys, a few puts are on their way to the disk before the tree is changed, and more than fits into memory is sorted outside of it. In
/// exchange nothing tells which keys were there. See [`WriteBatch`] for the cost.
///
/// Dropping it ends the transaction without a trace.
pub struct TreeBatch<K = &'static [u8], V = &'static [u8]> {
    batch: WriteBatch,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: TreeKey, V: TreeValue> TreeBatch<K, V> {
    pub(crate) fn new(batch: WriteBatch) -> TreeBatch<K, V> {
        TreeBatch { batch, types: PhantomData }
    }

    /// Sets the value of a key, whether it is there or not.
    ///
    /// # Errors
    /// As those of [`WriteBatch::put`].
    pub fn put(&mut self, key: K::Given<'_>, value: V::Given<'_>) -> Result<()> {
        let (mut key_scratch, mut value_scratch) = (Scratch::new(), Scratch::new());
        let key = K::bytes(&key, &mut key_scratch);
        Ok(self.batch.put(key, V::bytes(&value, &mut value_scratch))?)
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// As those of [`WriteBatch::delete`].
    pub fn delete(&mut self, key: K::Given<'_>) -> Result<()> {
        Ok(self.batch.delete(K::bytes(&key, &mut Scratch::new()))?)
    }

    /// Makes the changes, and commits the transaction. The position of the commit.
    ///
    /// # Errors
    /// As those of [`WriteBatch::commit`].
    pub fn commit(self, durability: Durability) -> Result<Lsn> {
        Ok(self.batch.commit(durability)?)
    }
}

impl<K, V> fmt::Debug for TreeBatch<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.batch.fmt(f)
    }
}
