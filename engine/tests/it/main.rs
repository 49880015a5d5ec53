//! The engine through its public API.

mod batches;
mod beside;
mod forks;
mod history;
mod open;
mod orders;
mod reclaim;
mod support;
mod transactions;
mod verify;
