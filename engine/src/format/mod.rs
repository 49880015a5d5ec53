//! What lies on disk: one file per part, bytes to struct and back, without I/O and without locks.

pub mod checkpoint;
pub mod inner;
pub mod node;
pub mod ops;
pub mod page;
pub mod segment;
pub mod version;
pub mod wal;
