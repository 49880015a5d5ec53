//! The seam to the outside world: files, time and randomness.
//!
//! Nothing else in the library touches `std::fs`, a clock or a source of randomness, so that a whole database, its
//! background work included, runs deterministically on one thread from a seed.

mod traits;

pub use traits::{
    Clock, DirLock, Entropy, File, Fs, Io, LockKind, Mapping, OpenMode, read_exact_at, read_up_to_at,
    write_all_at,
};
