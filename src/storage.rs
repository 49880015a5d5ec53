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
//!
//! The guide is `docs/storage.md`.

mod alarm;
mod alarm_calls;
mod allowed;
mod async_kv;
mod backend;
mod cursor;
mod error;
mod export;
mod export_form;
mod facts;
mod gate;
mod import;
mod import_fault;
mod input_gate;
mod kv;
mod kv_list;
mod lock;
mod object;
mod options;
mod past;
mod pending;
mod profile;
mod removal;
mod session;
mod sql;
mod transaction;
mod values;
mod write_buffer;

pub use alarm::AlarmHook;
pub use alarm_calls::AlarmOutcome;
pub use async_kv::{AsyncKv, CallOptions};
pub use cursor::SqlCursor;
pub use error::{Error, Interface, Result};
pub use export::{Exported, export};
pub use gate::Gate;
pub use import::Import;
pub use import_fault::ImportFault;
pub use input_gate::InputGate;
pub use kv::SyncKv;
pub use kv_list::KvList;
pub use object::Storage;
pub use options::{AlarmOnDelete, Backend, StorageOptions};
pub use pending::Pending;
pub use profile::Profile;
pub use sql::Sql;
pub use transaction::Transaction;
