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
pub mod sql_answer;
pub mod sql_case;
pub mod sql_expr;
pub mod sql_functions;
pub mod sql_metamorphic;
pub mod sql_operators;
#[cfg(feature = "oracle")]
pub mod sql_oracle;
pub mod sql_query;
pub mod sql_schema;
pub mod sql_subject;
pub mod sql_tree;
pub mod sql_triggers;
pub mod sql_values;
pub mod sql_windows;
pub mod sql_write;
pub mod sweep;
