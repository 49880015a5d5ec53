//! [`Storage`]: the handle to the storage of one object.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::Io;
use duramen_engine::{Database, Durable};

use crate::storage::error::{Error, Result};
use crate::storage::kv::SyncKv;
use crate::storage::options::StorageOptions;
use crate::storage::session::{Session, Shared};
use crate::storage::sql::Sql;

/// The storage of one object, for one session of it. Clones are handles to the same session; it ends with the last of
/// them.
///
/// The first write opens a transaction. It is committed by [`Storage::end_turn`]; what is not committed when the session
/// ends is gone.
#[derive(Clone, Debug)]
pub struct Storage {
    shared: Arc<Shared>,
}

impl Storage {
    /// Opens the storage in a directory, which is made if it is not there.
    ///
    /// # Errors
    /// Those of [`Database::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Storage> {
        Storage::open_with(path, StorageOptions::default())
    }

    /// Opens the storage in a directory in another way.
    ///
    /// # Errors
    /// Those of [`Database::open_with`].
    pub fn open_with(path: impl AsRef<Path>, options: StorageOptions) -> Result<Storage> {
        let io = options.io.clone().unwrap_or_else(Io::os);
        let database = Database::open_with(io, path, options.engine.clone())?;
        Storage::of(database, &options)
    }

    /// A storage in memory, which is gone with its last handle.
    ///
    /// # Errors
    /// Those of [`Database::in_memory`].
    pub fn in_memory(options: StorageOptions) -> Result<Storage> {
        let database = Database::in_memory(options.engine.clone())?;
        Storage::of(database, &options)
    }

    fn of(database: Database, options: &StorageOptions) -> Result<Storage> {
        let session = Session::new(database, options)?;
        Ok(Storage { shared: Arc::new(Shared::new(session)) })
    }

    /// The statements of the object.
    #[must_use]
    pub fn sql(&self) -> Sql<'_> {
        Sql::new(&self.shared)
    }

    /// The values of the object under keys.
    #[must_use]
    pub fn kv(&self) -> SyncKv<'_> {
        SyncKv::new(&self.shared)
    }

    /// Commits what was written since the last commit, all of it together. It does not wait until that is durable.
    ///
    /// # Errors
    /// [`Error::ConstraintsViolated`], [`Error::TurnRolledBack`], those of the engine. Each ends the session, and nothing
    /// since the last commit is kept.
    pub fn end_turn(&self) -> Result<()> {
        self.shared.lock()?.commit_turn()
    }

    /// Commits what was written, and waits until all of it is durable. One flush, or none if nothing was written.
    ///
    /// # Errors
    /// As [`Storage::end_turn`]; a flush that failed.
    pub fn sync_blocking(&self) -> Result<()> {
        let mut session = self.shared.lock()?;
        session.commit_turn()?;
        let synced = session.database().when_durable(session.committed()).and_then(Durable::wait);
        synced.map_err(|error| session.failed(error))
    }

    /// Ends the session: what is not committed is gone, and every later call gives [`Error::Aborted`] with the reason.
    ///
    /// # Errors
    /// If the session is over already.
    pub fn abort(&self, reason: &str) -> Result<()> {
        self.shared.lock()?.break_with(Error::Aborted(reason.into()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
