//! The engine through its public API.

mod history;
mod open;
mod reclaim;
mod support;
mod transactions;
mod verify;
