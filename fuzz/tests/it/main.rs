//! Tests with models and oracles. Those against SQLite need the feature `oracle`.

mod decoders;
mod sequences;
#[cfg(feature = "oracle")]
mod sql_differences;
#[cfg(feature = "oracle")]
mod sql_grammar;
mod sql_relations;
mod vectors;
