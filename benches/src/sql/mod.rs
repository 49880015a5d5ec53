//! The SQL layer, measured line by line and beside SQLite.

pub mod engine;

pub mod data;

pub mod duramen;
#[cfg(feature = "rusqlite")]
pub mod sqlite;

pub mod lines;

pub mod tpch;

pub mod measure;

mod report;

pub use report::{Report, Scale, report};
