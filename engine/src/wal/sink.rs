//! What a database needs of a log. [`Log`](super::Log) gives it to one database; a journal that many databases of one
//! host share can give it too, so that commits of all of them cost one sync.
//!
//! The order of a commit: [`reserve`](LogSink::reserve), then everything that can still fail, then
//! [`append`](LogSink::append), which cannot; [`ready_to_publish`](LogSink::ready_to_publish); then the commit is made
//! visible, the writer's lock is let go, and [`flush_to`](LogSink::flush_to) makes it durable. The first two steps and
//! publishing are done by one thread at a time, under the writer's lock of the database.

use std::fmt::Debug;
use std::task::{Poll, Waker};

use super::waiters::WaiterId;
use crate::error::Result;
use crate::format::wal::RecordKind;
use crate::ids::{CommitTime, Lsn};

/// A log that commits are appended to.
pub trait LogSink: Send + Sync + Debug {
    /// Makes sure that a record with a payload of so many bytes has its place.
    ///
    /// # Errors
    /// Where there is no space nothing has changed, and a smaller record or a later try may succeed. After
    /// [`Error::Poisoned`](crate::Error::Poisoned) none will.
    fn reserve(&self, payload_len: usize) -> Result<()>;

    /// Gives the commit its LSN and the record its place. Room for it was reserved just before.
    fn append(&self, kind: RecordKind, time: CommitTime, payload: &[u8]) -> Lsn;

    /// To be called before readers may see the commit that was appended last. Returns at once, but for the first
    /// commit after an open that left no trace on disk: that one is made durable here. So a later open knows that
    /// LSNs were given out, and gives none of them to another commit.
    ///
    /// # Errors
    /// The commit must not be published.
    fn ready_to_publish(&self) -> Result<()>;

    /// Returns when all commits up to `lsn` are durable.
    ///
    /// # Errors
    /// It is unknown which of the commits that were not durable before will be there after opening again.
    fn flush_to(&self, lsn: Lsn) -> Result<()>;

    /// The newest commit known durable.
    fn durable_lsn(&self) -> Lsn;

    /// The newest commit.
    fn last_lsn(&self) -> Lsn;

    /// Whether `lsn` is durable, or never will be. If neither, `waker` is woken when that changes; `waiter` says who
    /// waits and is kept by the caller. This flushes nothing.
    fn poll_durable(&self, lsn: Lsn, waiter: &mut Option<WaiterId>, waker: &Waker) -> Poll<Result<()>>;

    /// Somebody no longer waits.
    fn forget(&self, waiter: WaiterId);
}
