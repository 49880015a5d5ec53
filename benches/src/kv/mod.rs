//! Key-value workloads on duramen and its peers.
//!
//! An engine is one file that implements [`engine::Store`]; a part of the report is one file that works on any of them.
//! Durable commits are measured with the engines in turns within one process, all else with a process for each engine.

pub mod engine;

pub mod duramen;

#[cfg(feature = "canopydb")]
pub mod canopydb;
#[cfg(feature = "fjall")]
pub mod fjall;
#[cfg(feature = "heed")]
pub mod lmdb;
#[cfg(feature = "redb")]
pub mod redb;
#[cfg(feature = "rocksdb")]
pub mod rocksdb;
#[cfg(feature = "sled")]
pub mod sled;
#[cfg(feature = "rusqlite")]
pub mod sqlite;

pub mod engines;
pub mod figures;
pub mod floor;
pub mod options;
pub mod probe;
pub mod rows;

pub mod churn;
pub mod crash;
pub mod life;
pub mod many;
pub mod order;
pub mod tight;
pub mod turns;
pub mod values;
pub mod ycsb;

mod plots;
mod run;
mod table;

pub use options::Options;
pub use run::report;
