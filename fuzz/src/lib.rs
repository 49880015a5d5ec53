//! Models, generators, fault injection and oracles for testing storage engines.
#![forbid(unsafe_code)]

pub mod md5;
