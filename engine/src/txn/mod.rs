//! Transactions: what a reader and a writer see, and how a writer's changes become a commit.

mod batch;
mod commit;
mod cursor;
mod diff;
mod load;
mod runs;
mod view;
mod write;

pub use batch::{Batch, WriteBatch};
pub use cursor::Cursor;
pub use diff::Diff;
pub use view::{KeyRange, ReadView, View};
pub(crate) use view::{Sealed, Source};
pub(crate) use write::Writer;
pub use write::{Savepoint, WriteTxn};
