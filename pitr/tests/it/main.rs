//! The past through the crate's public interface.

mod faults;
mod model;
mod moments;
mod others;
mod retention;
mod sessions;
mod snapshots;
mod support;
