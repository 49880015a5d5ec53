//! Workloads and reports that measure the engine beside its peers.
//!
//! Reports are Markdown on standard output, so that they can be read as they are and pasted into `docs/reports`.

#![deny(unsafe_code)]

mod bars;
pub mod cost;
pub mod counting;
pub mod cpu;
pub mod ground;
pub mod keys;
pub mod kv;
pub mod sql;
pub mod storage;
