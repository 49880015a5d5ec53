//! Duramen: an embeddable storage engine. One process opens one directory and has named, sorted trees of keys and
//! values, with transactions that survive a crash, views that never change under their reader, and a history.
//!
//! # Bytes and types
//!
//! A [`Tree`] maps keys to values, both of types that say how they look as bytes. [`TreeName`] names it once.
//!
//! ```
//! use duramen::{Database, Durability, Options, TreeName, View};
//!
//! const VISITS: TreeName<(&str, u64), u64> = TreeName::new("visits by page and day");
//!
//! # fn main() -> Result<(), duramen::Error> {
//! let db = Database::in_memory(Options::default())?; // or Database::open("a/directory", …)
//!
//! let mut txn = db.begin_write()?;
//! let visits = VISITS.create(&mut txn)?;
//! visits.put(&mut txn, ("/about", 20_412), 7)?;
//! visits.put(&mut txn, ("/about", 20_413), 9)?;
//! visits.put(&mut txn, ("/home", 20_412), 81)?;
//!
//! let before = txn.savepoint();
//! visits.clear(&mut txn)?;
//! txn.rollback_to(before)?; // as if `clear` had not been called
//! txn.commit(Durability::Immediate)?; // returns when it is on disk
//!
//! let view = db.begin_read()?; // stays as it is, whatever is committed later
//! assert_eq!(visits.get(&view, ("/home", 20_412))?, Some(81));
//! let days = ("/about", 20_000)..("/about", 30_000);
//! assert_eq!(visits.count(&view, days.clone())?, 2); // exact, without reading the entries
//! let newest_first: Vec<u64> =
//!     visits.range(&view, days)?.rev().map(|entry| entry.map(|(_, n)| n)).collect::<Result<_, _>>()?;
//! assert_eq!(newest_first, [9, 7]);
//! # Ok(())
//! # }
//! ```
//!
//! `Tree` without types maps bytes to bytes: `TreeName<'_>` is short for `TreeName<'_, &[u8], &[u8]>`. What is read is
//! borrowed from the view; [`Tree::get_owned`] gives [`Bytes`] that outlive it.
//!
//! # Values with structure
//!
//! [`kv`] keeps structured values under string keys: what `serde` knows, and all that JavaScript's structured clone can
//! express.
//!
//! # SQL
//!
//! [`sql`] runs statements in SQLite's dialect on a database, with the calls that users of `rusqlite` know.
//!
//! # The past
//!
//! [`pitr`] names, reads, restores and forks every commit of the last days, as far as [`Retention`] keeps them.
//!
//! # What is kept
//!
//! Each commit says with its [`Durability`] what it survives. After a crash, [`Database::open`] recovers without being
//! asked; whatever was acknowledged as durable is there, and no transaction is there in part. The guide to it all is
//! `docs/guarantees.md`.
//!
//! # Testing your own program
//!
//! [`io`] has the files, clock and randomness that the engine runs on, and simulated ones with faults and crashes. Open
//! a database on them with [`Database::open_with`] to see what your program does on a bad day.
//!
//! # Features
//!
//! `shell` (on by default) builds the program `duramen`. A program that embeds the library needs none of it:
//! `duramen = { version = "0.1", default-features = false }`.

#![forbid(unsafe_code)]

mod batch;
mod bytes;
mod ends;
mod error;
mod key;
mod range;
mod read;
mod scratch;
mod table_restore;
mod tree;
mod value;

pub mod storage;

pub use duramen_engine as engine;
pub use duramen_engine::{
    Access, Background, Batch, CheckpointReport, Cursor, Database, DatabaseId, Durability, Durable, History,
    Info, KeyRange, Lsn, Options, PendingRestore, ReadView, Retention, Savepoint, Timestamp, TreeId,
    VerifyReport, View, Window, WriteBatch, WriteTxn, io,
};
pub use duramen_kv as kv;
pub use duramen_pitr as pitr;
pub use duramen_sql as sql;

pub use crate::batch::TreeBatch;
pub use crate::bytes::Bytes;
pub use crate::error::{Error, Part, Result};
pub use crate::key::TreeKey;
pub use crate::range::{Entry, Range};
pub use crate::scratch::Scratch;
pub use crate::storage::{Profile, Storage, StorageOptions};
pub use crate::table_restore::{TableRestore, restore_table};
pub use crate::tree::{Tree, TreeName};
pub use crate::value::TreeValue;
