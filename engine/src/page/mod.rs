//! Pages in files and nodes in memory.
//!
//! [`access`] is all a tree knows of pages; [`block`] is what it edits.

pub mod access;
pub mod block;
#[cfg(test)]
pub(crate) mod memory;
pub mod meter;
