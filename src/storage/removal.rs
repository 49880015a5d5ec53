//! Deleting everything: SQL, values, the alarm if it is to go too.

use duramen_engine::{View, WriteTxn};

use crate::storage::alarm::Alarm;
use crate::storage::error::{Error, Result};
use crate::storage::facts::{self, Fact};
use crate::storage::options::{AlarmOnDelete, Backend};
use crate::storage::session::Session;

/// The name of the tree of values.
const VALUES: &[u8] = b"kv";

impl Session {
    /// Deletes everything. What is written afterwards is committed together with that.
    pub(crate) fn delete_all(&mut self) -> Result<()> {
        if self.has_scopes() {
            return Err(Error::DeleteAllInTransaction);
        }
        self.before_write()?;
        let (backend, alarm_on_delete) = (self.backend, self.alarm_on_delete);
        self.clear_sql()?;
        self.write_facts(|txn| {
            let alarm = Alarm::read(txn)?.filter(|_| alarm_on_delete == AlarmOnDelete::Keep);
            for name in [VALUES, facts::TREE] {
                if let Some(tree) = txn.tree(name) {
                    txn.drop_tree(tree)?;
                }
            }
            if backend == Backend::KeyValue {
                Fact::KeyValueBacked.write(txn, &[])?;
            }
            alarm.map_or(Ok(()), |alarm| alarm.write(txn))
        })?;
        self.alarm_changed = true;
        Ok(())
    }

    /// Writes what the object keeps of itself, in the open transaction.
    pub(crate) fn write_facts<T>(
        &mut self,
        write: impl FnOnce(&mut WriteTxn) -> duramen_engine::Result<T>,
    ) -> Result<T> {
        match self.connection().with_write_txn(write) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(error) => Err(self.failed(error)),
        }
    }
}

#[cfg(test)]
mod tests;
