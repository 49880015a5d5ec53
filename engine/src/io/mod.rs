//! The seam to the outside world: files, time and randomness.
//!
//! Nothing else in the library touches `std::fs`, a clock or a source of randomness, so that a whole database, its
//! background work included, runs deterministically on one thread from a seed.

mod clock;
mod content;
mod damage;
mod disk;
mod entropy;
mod map;
mod mem;
mod os;
pub mod sim;
mod traits;
mod writeback;

pub use clock::ManualClock;
pub use damage::{copy_dir, read_file};
pub use entropy::SeededEntropy;
pub use mem::MemFs;
pub use os::{OsClock, OsEntropy, OsFs};
pub use traits::{
    Advice, Clock, DirLock, Entropy, File, Fs, Io, LockKind, MappedBytes, Mapping, OpenMode, read_exact_at,
    read_up_to_at, write_all_at,
};

#[cfg(test)]
mod tests;
