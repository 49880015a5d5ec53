//! Point-in-time recovery: every commit that the history keeps can be named, read and restored.
//!
//! A [`Bookmark`] names the moment right after a commit. [`Pitr`] gives bookmarks for the present and for times, views of
//! the past, and restores, which are commits themselves: nothing is lost by one, and going back to where it started undoes
//! it.
//!
//! ```
//! use duramen_engine::{Database, Durability, Options, Retention, View};
//! use duramen_pitr::Pitr;
//!
//! let db = Database::in_memory(Options { retention: Retention::All, ..Options::default() })?;
//! let pitr = Pitr::new(db.clone());
//! let mut txn = db.begin_write()?;
//! let fruit = txn.create_tree(b"fruit")?;
//! txn.put(fruit, b"apple", b"red")?;
//! txn.commit(Durability::Immediate)?;
//! let good = pitr.current_bookmark();
//!
//! let mut txn = db.begin_write()?;
//! txn.clear(fruit)?;
//! txn.commit(Durability::Immediate)?;
//! assert_eq!(pitr.as_of(&good)?.len(fruit)?, 1);
//!
//! let undo = pitr.restore(&good)?;
//! assert_eq!(db.begin_read()?.len(fruit)?, 1);
//! pitr.restore(&undo)?;
//! assert_eq!(db.begin_read()?.len(fruit)?, 0);
//! # Ok::<(), duramen_pitr::Error>(())
//! ```
#![forbid(unsafe_code)]

mod bookmark;

mod error;

mod feed;

mod partial;

mod reach;

mod snapshot;

mod timeline;

mod pitr;

pub use bookmark::{Bookmark, NotABookmark};
pub use error::{Error, Result};
pub use feed::{CommitChanges, Feed, KeyChange};
pub use pitr::{Moment, Pitr};
pub use reach::{Conflict, Keeper, Pin, Reach};
pub use snapshot::Snapshot;
