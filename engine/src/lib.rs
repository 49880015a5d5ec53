//! The engine: pages, trees, log, checkpoints, recovery, versions and history, over byte keys and byte values.
//!
//! A [`Database`] holds named trees, ordered maps of byte keys to byte values. One [`WriteTxn`] at a time changes them;
//! any number of [`ReadView`]s read, each its own version. What is committed is in the log; checkpoints bring it to pages.
//!
//! ```
//! use duramen_engine::{Database, Durability, Options, View};
//!
//! let db = Database::in_memory(Options::default())?;
//! let mut txn = db.begin_write()?;
//! let fruit = txn.create_tree(b"fruit")?;
//! txn.put(fruit, b"apple", b"red")?;
//! txn.commit(Durability::Immediate)?;
//!
//! let view = db.begin_read()?;
//! assert_eq!(view.get(fruit, b"apple")?, Some(&b"red"[..]));
//! # Ok::<(), duramen_engine::Error>(())
//! ```

#![deny(unsafe_code)]

mod adopt;
mod catalog;
mod changes;
mod checkpoint;
mod checkpoint_list;
mod checksum;
mod codec;
mod commit_clock;
mod commits;
mod compact;
mod database;
mod durable;
mod error;
mod filters;
mod fork;
#[doc(hidden)]
pub mod format;
mod gathered;
mod handle;
mod history;
mod hold;
mod ids;
pub mod io;
mod keep;
mod options;
mod orders;
#[doc(hidden)]
pub mod page;
mod past;
mod past_views;
mod pressure;
mod progress;
mod reach;
mod reclaim;
mod recovery;
mod replay;
mod scratch;
mod shared;
mod stripe;
mod swap;
#[doc(hidden)]
pub mod tree;
mod txn;
mod verify;
mod version;
#[doc(hidden)]
pub mod wal;
mod worker;
mod writer_lock;

pub use checkpoint::CheckpointReport;
pub use codec::{Reader, Short, Write};
pub use commits::{Commit, CommitKind, Commits, LogMark};
pub use database::{Database, Info};
pub use durable::Durable;
pub use error::{Corruption, Error, Result};
pub use fork::ForkReport;
pub use format::ops::Op;
pub use history::{History, HistorySpace, KeptRoot, PastView};
pub use hold::Hold;
pub use ids::{CommitTime, DatabaseId, LogPosition, Lsn, PAGE_UNIT, PageAddr, SegmentId, Timestamp, TreeId};
pub use options::{
    Access, Background, Durability, MAX_KEY_BYTES, MAX_PIN_NAME_BYTES, MAX_PINS, MAX_TREE_NAME_BYTES,
    MAX_VALUE_BYTES, Options, PageAccess, PendingRestore, Retention, Window,
};
pub use past_views::PastViews;
pub use recovery::RecoveryReport;
pub use scratch::Scratch;
pub use tree::Change;
pub use txn::{Batch, Cursor, Diff, KeyRange, ReadView, Savepoint, View, WriteBatch, WriteTxn};
pub use verify::{Progress, VerifyReport};
pub use version::OldestReader;
pub use wal::TornTail;
