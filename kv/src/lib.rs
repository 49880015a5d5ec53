//! Key-value layer: structured values under string keys, on a borrowed engine transaction.
#![forbid(unsafe_code)]
