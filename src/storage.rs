//! The storage of one object: SQL, values under keys and an alarm in one database, with transactions that cover all of
//! them and that begin and end by themselves.
//!
//! ```
//! use duramen::kv::Value;
//! use duramen::storage::{Storage, StorageOptions};
//!
//! let storage = Storage::in_memory(StorageOptions::default())?;
//! storage.sql().exec("CREATE TABLE visit (page TEXT)", ())?;
//! storage.sql().exec("INSERT INTO visit VALUES (?1)", ["/about"])?;
//! storage.kv().put("newest", &Value::from("/about"))?;
//! storage.end_turn()?; // all of it is committed together
//! # Ok::<(), duramen::storage::Error>(())
//! ```

mod cursor;
mod error;
mod kv;
mod object;
mod options;
mod profile;
mod session;
mod sql;

pub use cursor::SqlCursor;
pub use error::{Error, Result};
pub use kv::SyncKv;
pub use object::Storage;
pub use options::StorageOptions;
pub use profile::Profile;
pub use sql::Sql;
