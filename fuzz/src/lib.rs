//! Models, generators, fault injection and oracles for testing storage engines.
#![forbid(unsafe_code)]

pub mod compare;
pub mod crash;
pub mod damage;
pub mod decoders;
pub mod duramen;
pub mod engine;
pub mod histories;
pub mod md5;
pub mod model;
pub mod ops;
pub mod panics;
pub mod random;
pub mod runner;
pub mod sequences;
pub mod sweep;
