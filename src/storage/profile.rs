//! [`Profile`]: what programs may do, and how much of it.

use duramen_kv::Limits;

/// What programs may do, and how much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// What a Durable Object may do in production, with the limits that are documented.
    #[default]
    DurableObject,
    /// What a Durable Object may do in the local runtime, with the limits that it has.
    WorkerdLocal,
    /// Everything.
    Open,
}

impl Profile {
    /// How long keys and values may be.
    pub(crate) fn kv_limits(self) -> Limits {
        match self {
            Profile::DurableObject => Limits::SQL_BACKED,
            Profile::WorkerdLocal => Limits { max_entry_bytes: Some(8 << 20), ..Limits::UNLIMITED },
            Profile::Open => Limits::UNLIMITED,
        }
    }
}
