//! Pages in files and nodes in memory.
//!
//! [`access`] is all a tree knows of pages; [`block`] is what it edits; [`segments`] and [`store`] keep the files,
//! [`stream`] what lies together in them.

pub mod access;
pub mod block;
#[cfg(test)]
pub(crate) mod memory;
pub mod meter;
pub mod segments;
pub mod store;
mod stream;
