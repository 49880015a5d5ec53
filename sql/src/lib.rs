//! SQL in SQLite's dialect on the engine's trees.
#![forbid(unsafe_code)]
