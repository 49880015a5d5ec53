//! [`StorageOptions`]: how the storage of an object is opened.

use duramen_engine::Options;
use duramen_engine::io::Io;

use crate::storage::profile::Profile;

/// How the storage of an object is opened.
#[derive(Clone, Debug, Default)]
pub struct StorageOptions {
    /// What programs may do. Default: [`Profile::DurableObject`].
    pub profile: Profile,
    /// The files, clock and randomness to run on; `None`, the default, for those of the system.
    pub io: Option<Io>,
    /// How the database is opened.
    pub engine: Options,
}
