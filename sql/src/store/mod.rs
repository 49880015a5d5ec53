//! The files that touch the engine's trees: rows, index entries, and what is known of the schema.
//!
//! A file imports only from those listed above it.

mod stores;

mod writers;

mod catalog;

pub use catalog::*;
pub use stores::Stores;
pub use writers::{Writers, rowid_key};
