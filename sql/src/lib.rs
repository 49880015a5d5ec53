//! SQL in SQLite's dialect on the engine's trees.
#![forbid(unsafe_code)]

pub mod ast;
pub mod error;
pub mod limits;

pub mod value;

pub mod codec;

pub mod parse;

pub mod func;

pub mod schema;

pub mod bound;

pub mod expr;

pub mod bind;

pub mod store;

pub mod plan;

pub mod exec;

mod session;

mod connection;

pub use connection::Connection;
pub use error::{ConstraintKind, Error, Result};
pub use limits::Limits;
pub use session::ResultSet;
pub use value::{Value, ValueRef};
