//! SQL in SQLite's dialect on the engine's trees.
#![forbid(unsafe_code)]

pub mod ast;
pub mod error;
pub mod limits;

pub mod value;

pub mod codec;

pub mod parse;

pub mod expr;

pub mod func;

pub use error::{ConstraintKind, Error, Result};
pub use limits::Limits;
pub use value::{Value, ValueRef};
