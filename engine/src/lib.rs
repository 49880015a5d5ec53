//! The engine: pages, trees, log, checkpoints, recovery, versions and history, over byte keys and byte values.

#![deny(unsafe_code)]

mod checksum;
mod codec;
mod durable;
mod error;
#[doc(hidden)]
pub mod format;
mod ids;
pub mod io;
#[doc(hidden)]
pub mod page;
#[doc(hidden)]
pub mod tree;
#[doc(hidden)]
pub mod wal;

pub use codec::{Reader, Short, Write};
pub use durable::Durable;
pub use error::{Corruption, Error, Result};
pub use ids::{CommitTime, DatabaseId, LogPosition, Lsn, PAGE_UNIT, PageAddr, SegmentId, Timestamp, TreeId};

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 16 << 20;
/// The longest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 1 << 30;
