//! [`SyncKv`]: values under string keys, read and written by plain calls.
//!
//! They are in the tree of [`Kv`]. SQL sees that they exist: the first one makes a table `_cf_KV` beside the tree, which
//! has no rows.
//!
//! Invariant: the tree and the table exist together.

use duramen_engine::WriteTxn;
use duramen_kv::{Kv, Value};

use crate::storage::error::Result;
use crate::storage::session::{Session, Shared};

/// Values under string keys. What is written is part of the transaction of the session.
#[derive(Clone, Copy, Debug)]
pub struct SyncKv<'s> {
    shared: &'s Shared,
}

impl<'s> SyncKv<'s> {
    pub(crate) fn new(shared: &'s Shared) -> SyncKv<'s> {
        SyncKv { shared }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// Those of the key-value layer, and of a session that is over.
    pub fn get(&self, key: &str) -> Result<Option<Value>> {
        self.shared.lock()?.get(key)
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// Those of the key-value layer, and of a session that is over.
    pub fn put(&self, key: &str, value: &Value) -> Result<()> {
        self.shared.lock()?.put(key, value)
    }

    /// Removes a key; whether it existed.
    ///
    /// # Errors
    /// Those of the key-value layer, and of a session that is over.
    pub fn delete(&self, key: &str) -> Result<bool> {
        self.shared.lock()?.delete(key)
    }
}

impl Session {
    pub(crate) fn get(&mut self, key: &str) -> Result<Option<Value>> {
        let limits = self.profile().kv_limits();
        let value = self.connection().with_view(|view| Kv::new(view).with_limits(limits).get(key))??;
        self.count_work(1, 0);
        Ok(value)
    }

    pub(crate) fn put(&mut self, key: &str, value: &Value) -> Result<()> {
        self.write_kv(|kv| kv.put(key, value))?;
        self.count_work(0, 1);
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: &str) -> Result<bool> {
        let existed = self.write_kv(|kv| kv.delete(key))?;
        self.count_work(0, 1);
        Ok(existed)
    }

    /// Runs something that writes values.
    fn write_kv<T>(
        &mut self,
        write: impl FnOnce(&mut Kv<&mut WriteTxn>) -> duramen_kv::Result<T>,
    ) -> Result<T> {
        self.before_write()?;
        let limits = self.profile().kv_limits();
        let done = self.connection().with_write_txn(|txn| write(&mut Kv::new(txn).with_limits(limits)));
        match done {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(error) => Err(self.failed(error)),
        }
    }
}

#[cfg(test)]
mod tests;
