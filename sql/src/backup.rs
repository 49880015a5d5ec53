//! A copy of a database in another directory, while it is used.

use std::path::Path;

use crate::connection::Connection;
use crate::error::Result;
use crate::store::copy_database;

impl Connection {
    /// Copies what this connection sees of the database to a new one in another directory. Others go on reading and
    /// writing; what they commit meanwhile is not in the copy. Temporary objects are not copied.
    ///
    /// When this returns the copy is durable. If it fails, what there is of the copy is no database with any table.
    ///
    /// # Errors
    /// If there is a database in that directory, and those of the engine.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        let view = self.lock()?.txn.views()?.main;
        copy_database(&view, path.as_ref())
    }
}

#[cfg(test)]
mod tests;
