//! [`Gate`]: opens when what was written so far is durable.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use duramen_engine::{Durable, Lsn};

use crate::storage::error::Result;
use crate::storage::session::{Session, Shared};

/// Ready when what was written, and so whatever was read, before it was made is durable: a future for any executor, and
/// [`wait`](Gate::wait) for threads. A reply that is held until then never tells of what a crash may undo.
///
/// An error ends the session: whether its last commits are there shows when the object is opened again.
#[derive(Debug)]
#[must_use = "it is durable only when this is ready"]
pub struct Gate {
    shared: Arc<Shared>,
    /// `None` once it is open.
    state: Result<Option<Durable>>,
}

impl Gate {
    /// Commits what is not committed; opens when the commit that `of` names is durable.
    pub(crate) fn new(shared: &Arc<Shared>, of: impl FnOnce(&Session) -> Lsn) -> Gate {
        Gate { shared: shared.clone(), state: Gate::begin(shared, of) }
    }

    fn begin(shared: &Shared, of: impl FnOnce(&Session) -> Lsn) -> Result<Option<Durable>> {
        let mut session = shared.lock()?;
        session.commit_turn()?;
        let lsn = of(&session);
        if session.database().durable_lsn() >= lsn {
            return Ok(None);
        }
        Ok(Some(session.database().when_durable(lsn).map_err(|error| session.failed(error))?))
    }

    /// Waits until it is open. One flush, shared with others who wait.
    ///
    /// # Errors
    /// Those of the commit, and a flush that failed.
    pub fn wait(self) -> Result<()> {
        match self.state? {
            Some(durable) => settle(&self.shared, durable.wait()),
            None => Ok(()),
        }
    }
}

/// What a flush means for the session.
fn settle(shared: &Shared, flushed: duramen_engine::Result<()>) -> Result<()> {
    match flushed {
        Ok(()) => Ok(()),
        Err(error) => Err(shared.lock()?.failed(error)),
    }
}

impl Future for Gate {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = match &mut self.state {
            Err(error) => return Poll::Ready(Err(error.clone())),
            Ok(None) => return Poll::Ready(Ok(())),
            Ok(Some(durable)) => std::task::ready!(Pin::new(durable).poll(context)),
        };
        let settled = settle(&self.shared, flushed);
        self.state = settled.clone().map(|()| None);
        Poll::Ready(settled)
    }
}

#[cfg(test)]
mod tests;
