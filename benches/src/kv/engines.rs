//! Which engines there are. Peers are there where the feature of their name is.

use super::engine::{Kind, Role};

/// All engines of this build, duramen first.
#[must_use]
pub fn all() -> Vec<Kind> {
    vec![
        super::duramen::KIND,
        #[cfg(feature = "redb")]
        super::redb::KIND,
        #[cfg(feature = "heed")]
        super::lmdb::KIND,
        #[cfg(feature = "rusqlite")]
        super::sqlite::KIND,
        #[cfg(feature = "fjall")]
        super::fjall::KIND,
        #[cfg(feature = "canopydb")]
        super::canopydb::KIND,
        #[cfg(feature = "rocksdb")]
        super::rocksdb::KIND,
        #[cfg(feature = "sled")]
        super::sled::KIND,
    ]
}

/// How a figure of this engine counts, by its name.
#[must_use]
pub fn role_of(engine: &str) -> Role {
    all().iter().find(|kind| kind.name == engine).map_or(Role::Floor, |kind| kind.role)
}
