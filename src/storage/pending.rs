//! [`Pending`]: the future of an asynchronous call, which did its work when it was made.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use duramen_engine::Durable;

use crate::storage::error::{Error, Result};
use crate::storage::input_gate::Hold;
use crate::storage::session::{Session, Shared};

/// The answer of an asynchronous call. The call did its work when it was made, whether this is awaited or not; the answer
/// is there at once, unless more was written than the
/// [write buffer](crate::StorageOptions::write_buffer_bytes) takes: then it is there when enough of it is durable. It needs
/// no runtime.
#[derive(Debug)]
#[must_use = "the call was made, but whether it failed shows only here"]
pub struct Pending<T> {
    answer: Option<Result<T>>,
    /// What has to be durable first; only after a write.
    room: Option<Room>,
}

/// Waits for room in the write buffer.
#[derive(Debug)]
struct Room {
    shared: Arc<Shared>,
    durable: Option<Durable>,
    /// Holds events back until there is room, if the call is to.
    _hold: Option<Hold>,
}

impl<T> Pending<T> {
    /// The answer of a call that only read, or that failed.
    pub(crate) fn read(answer: Result<T>) -> Pending<T> {
        Pending { answer: Some(answer), room: None }
    }

    /// The answer of a call that wrote.
    pub(crate) fn written(shared: &Arc<Shared>, answer: Result<T>, hold: Option<Hold>) -> Pending<T> {
        let room = Room { shared: shared.clone(), durable: None, _hold: hold };
        Pending { room: answer.is_ok().then_some(room), answer: Some(answer) }
    }

    /// The answer, without waiting for room in the write buffer.
    ///
    /// # Errors
    /// Those of the call.
    pub fn now(self) -> Result<T> {
        self.answer.unwrap_or(Err(Error::Reentrant))
    }
}

impl Room {
    /// Ready when there is room. What is not committed is committed, if it stands in the way.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            let mut session = self.shared.lock()?;
            let Some(durable) = &mut self.durable else {
                match session.commit_to_wait_for()? {
                    Some(durable) => self.durable = Some(durable),
                    None => return Poll::Ready(Ok(())),
                }
                continue;
            };
            match Pin::new(durable).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => self.durable = None,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(session.failed(error))),
            }
        }
    }
}

impl Session {
    /// Whether a call would be pending now.
    pub(crate) fn has_to_wait(&mut self) -> bool {
        let durable = self.database().durable_lsn();
        self.buffer.should_commit() || self.buffer.full(durable).is_some()
    }

    /// What has to be durable before more is written; `None` if there is room.
    fn commit_to_wait_for(&mut self) -> Result<Option<Durable>> {
        if self.buffer.should_commit() {
            self.commit_turn()?;
        }
        let durable = self.database().durable_lsn();
        match self.buffer.full(durable) {
            Some(lsn) => Ok(Some(self.database().when_durable(lsn).map_err(|error| self.failed(error))?)),
            None => Ok(None),
        }
    }
}

impl<T> Unpin for Pending<T> {}

impl<T> Future for Pending<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if let Some(room) = &mut self.room {
            match room.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.answer = Some(Err(error)),
            }
            self.room = None;
        }
        Poll::Ready(self.answer.take().expect("not polled after it was ready"))
    }
}

#[cfg(test)]
mod tests;
