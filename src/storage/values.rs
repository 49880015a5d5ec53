//! The values of an object under their keys, in the tree of [`Kv`]: what the synchronous and the asynchronous calls do.
//!
//! SQL sees that there are values: the first write makes a table `_cf_KV`, which has no rows, and deleting everything or a
//! rollback takes it away again.
//!
//! Invariant: in an object that is backed by SQL the tree and the table exist together.

use duramen_engine::{View, WriteTxn};
use duramen_kv::{Kv, Limits};

use crate::storage::error::Result;
use crate::storage::options::Backend;
use crate::storage::profile::Profile;
use crate::storage::session::{Confirm, Session};

/// The definition of the table that stands for the tree.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID";

/// What a write of values gives: it tells how many of them it changed.
pub(crate) trait Written {
    fn rows(&self) -> u64;
}

/// One value was set.
impl Written for () {
    fn rows(&self) -> u64 {
        1
    }
}

/// Whether one value was there to be removed.
impl Written for bool {
    fn rows(&self) -> u64 {
        u64::from(*self)
    }
}

/// How many values were set, or there to be removed.
impl Written for usize {
    fn rows(&self) -> u64 {
        u64::try_from(*self).unwrap_or(u64::MAX)
    }
}

impl Session {
    fn limits(&self) -> Limits {
        match (self.profile(), self.backend) {
            (Profile::DurableObject, Backend::KeyValue) => Limits::KEY_VALUE_BACKED,
            (profile, _) => profile.kv_limits(),
        }
    }

    /// Refuses entries that cannot be stored, before any of them is.
    pub(crate) fn check_entries(&self, entries: &[(&str, Vec<u8>)]) -> Result<()> {
        let limits = self.limits();
        limits.check_batch(entries.len())?;
        Ok(entries.iter().try_for_each(|(key, stored)| limits.check_entry(key, stored.len()))?)
    }

    /// Runs something that reads values.
    pub(crate) fn read_values<T>(
        &mut self,
        read: impl FnOnce(&Kv<&dyn View>) -> duramen_kv::Result<T>,
    ) -> Result<T> {
        let limits = self.limits();
        Ok(self.connection().with_view(|view| read(&Kv::new(view).with_limits(limits)))??)
    }

    /// Runs something that writes values. SQL counts them as rows that changed.
    pub(crate) fn write_values<T: Written>(
        &mut self,
        confirm: Confirm,
        write: impl FnOnce(&mut Kv<&mut WriteTxn>) -> duramen_kv::Result<T>,
    ) -> Result<T> {
        self.before_write_of(confirm)?;
        if !self.listed.values {
            self.list_values()?;
        }
        self.values_changed += 1;
        let limits = self.limits();
        match self.connection().with_write_txn(|txn| write(&mut Kv::new(txn).with_limits(limits))) {
            Ok(Ok(done)) => {
                self.connection().note_changes(done.rows())?;
                Ok(done)
            }
            Ok(Err(error)) => Err(self.failed(error)),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes the table that stands for the values.
    pub(crate) fn list_values(&mut self) -> Result<()> {
        if self.backend == Backend::Sql {
            self.define(TABLE)?;
        }
        self.listed.values = true;
        Ok(())
    }

    /// Runs a definition of the storage's own.
    pub(crate) fn define(&mut self, definition: &str) -> Result<()> {
        let defined = self.connection().unasked(|connection| connection.execute(definition, ()));
        defined.map(drop).map_err(|error| self.failed(error))
    }
}
