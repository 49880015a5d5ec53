//! The past: naming, showing and restoring moments of a database.
//!
//! A moment is written as a bookmark or as a time. A file imports only from those listed above it.

mod moment;

mod touched;

mod log;

mod rows;

mod script;

mod diff;

mod commands;

pub(crate) use commands::{bookmark, fork, history, pin, restore};
pub(crate) use diff::diff;
pub(crate) use log::log;
pub(crate) use moment::Past;
