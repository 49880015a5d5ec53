//! [`Durable`]: "this commit is on disk", to be waited for by a thread or by a task of any async runtime.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::error::Result;
use crate::ids::Lsn;
use crate::wal::{LogSink, WaiterId};

/// The durability of one commit. Ready when the commit and all before it are on disk; an error if a write or a sync of
/// the log failed before they were.
///
/// [`wait`](Durable::wait) syncs the log itself where nobody else does. Polled as a future it only waits: the
/// background work of the database, or another commit, has to sync. Dropping it changes nothing about the commit.
#[derive(Debug)]
#[must_use = "a commit is durable only when this is ready"]
pub struct Durable {
    log: Arc<dyn LogSink>,
    lsn: Lsn,
    waiter: Option<WaiterId>,
}

impl Durable {
    /// The durability of `lsn`, a commit that `log` has given out or found when it was opened.
    pub fn new(log: Arc<dyn LogSink>, lsn: Lsn) -> Durable {
        Durable { log, lsn, waiter: None }
    }

    /// The commit.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// Whether it is known to be durable by now.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.log.durable_lsn() >= self.lsn
    }

    /// Waits until it is durable, syncing the log if nobody does so already.
    ///
    /// # Errors
    /// [`Error::Poisoned`](crate::Error::Poisoned): whether the commit is on disk shows when the database is opened
    /// again.
    pub fn wait(self) -> Result<()> {
        self.log.flush_to(self.lsn)
    }
}

impl Future for Durable {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.log.poll_durable(this.lsn, &mut this.waiter, context.waker())
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            self.log.forget(waiter);
        }
    }
}

#[cfg(test)]
mod tests;
