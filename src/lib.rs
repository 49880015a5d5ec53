//! Duramen: an embeddable storage engine.
#![forbid(unsafe_code)]
