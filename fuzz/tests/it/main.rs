//! Tests with models and oracles. Those against SQLite need the feature `oracle`.

#[cfg(feature = "oracle")]
mod sql_grammar;
