//! SQL in SQLite's dialect on the engine's trees.
//!
//! A [`Connection`] runs statements; a [`Statement`] is one that is prepared, its [`Rows`] come one at a time.
//!
//! ```
//! use duramen_sql::{Connection, params};
//!
//! let connection = Connection::open_in_memory()?;
//! connection.execute_batch("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;
//! connection.execute("INSERT INTO person (name) VALUES (?1)", params!["Ada"])?;
//! let name: String =
//!     connection.query_row("SELECT name FROM person WHERE id = ?1", [1], |row| row.get("name"))?;
//! assert_eq!(name, "Ada");
//! # Ok::<(), duramen_sql::Error>(())
//! ```
#![forbid(unsafe_code)]

pub mod value;

pub mod ast;
mod code_names;

pub mod error;
pub mod limits;

mod authorizer;

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

mod ambient;

mod pragma;
mod pragma_rows;

mod prepared;

mod names;

mod hooks;

mod txn;

mod session;

mod command;

mod shared;

mod execution;

mod from_sql;
mod to_sql;

mod params;

mod row;

mod deserialize;

mod rows;

mod statement;

mod owned_rows;

mod connection;

mod backup;
mod blob;
mod functions;
mod transaction;

mod joint;

pub use authorizer::{AuthAction, AuthContext, Authorization, TransactionOperation};
pub use blob::Blob;
pub use connection::{Connection, ConnectionOptions, InterruptHandle, ResultSet};
pub use error::{ConstraintKind, Error, Result};
pub use exec::Action;
pub use from_sql::{FromSql, FromSqlError, FromSqlResult};
pub use functions::{AggregateFunction, Arguments, WindowFunction};
pub use limits::Limits;
pub use owned_rows::{OwnedRow, OwnedRows};
pub use params::{Binding, Params, ParamsFromIter, params_from_iter};
pub use row::{Row, RowIndex};
pub use rows::{AndThenRows, MappedRows, Rows};
pub use statement::{CachedStatement, Statement};
pub use store::RestoredTable;
pub use to_sql::{ToSql, ToSqlOutput};
pub use transaction::{DropBehavior, Savepoint, Transaction, TransactionBehavior};
pub use value::{Collate, Value, ValueRef};
