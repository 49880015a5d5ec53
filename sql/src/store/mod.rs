//! The files that touch the engine's trees: rows, index entries, and what is known of the schema.
//!
//! A file imports only from those listed above it.

mod stores;

mod writers;

mod catalog;
mod copy;

mod sequence;

mod restore;

pub use catalog::*;
pub use copy::copy_database;
pub use restore::{RestoredTable, restore_table};
pub use sequence::{put_sequence_row, remove_sequence, sequence_rows};
pub use stores::{Stores, empty_schema};
pub use writers::{Savepoints, Writers};
