//! [`Opened`]: the database that a command works on.

use std::path::Path;

use duramen::{Database, engine};

use crate::failure::Failure;

/// An open database and where it lies.
pub(crate) struct Opened<'d> {
    pub(crate) db: &'d Database,
    pub(crate) path: &'d Path,
}

impl Opened<'_> {
    /// A failure of the engine, told with the database's path.
    pub(crate) fn failed(&self, error: &engine::Error) -> Failure {
        Failure::of_engine(self.path, error)
    }
}
