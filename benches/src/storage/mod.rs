//! The storage of one object, call by call: beside the engine alone, and beside SQLite doing the same.

pub mod object;

mod duramen;
mod floor;
#[cfg(feature = "rusqlite")]
mod sqlite;

mod lines;
mod report;

pub use report::{Scale, report};
