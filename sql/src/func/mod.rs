//! Built-in functions, to the last digit those of SQLite, and the registry in which they and a program's own are found.
//!
//! Functions from values to a value take borrowed values and a [`Call`], which says where the result may be put and
//! what the connection looks like. Aggregates are states that take rows in, let them go again and tell their value.
//!
//! A file imports only from those listed above it.

mod context;

mod patience;

mod writer;

mod format;

mod string;

mod math;

mod general;

mod datetime;

mod aggregate;

mod registry;

pub use aggregate::{Aggregate, AggregateKind, HostAggregate, Percentile, Sum, Taken};
pub use context::{Call, Context, Place};
pub use general::SQLITE_VERSION;
pub use registry::{
    Arity, Body, Function, HostScalar, Lazy, Lookup, Registry, ScalarFn, Volatility, WindowKind,
};
pub use string::{compile_pattern, concat_operator};

#[cfg(test)]
mod tests;
