//! [`InputGate`]: whether events from outside may be delivered to the object.
//!
//! An asynchronous call that is pending and was not made with
//! [`allow_concurrency`](crate::storage::CallOptions::allow_concurrency) holds events back, so that what the object read before
//! the call still holds after it. Reads are never pending, and writes only while the write buffer is full.
//!
//! Locks: the list of those who wait has one of its own, held for no call of anybody else.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The calls of a session that hold events back, and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    holding: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl Calls {
    /// A call holds events back, until this is dropped.
    pub(crate) fn hold(self: &Arc<Calls>) -> Hold {
        self.holding.fetch_add(1, Ordering::SeqCst);
        Hold { calls: self.clone() }
    }

    fn is_open(&self) -> bool {
        self.holding.load(Ordering::SeqCst) == 0
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that holds events back.
#[derive(Debug)]
pub(crate) struct Hold {
    calls: Arc<Calls>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.calls.holding.fetch_sub(1, Ordering::SeqCst) == 1 {
            let waiting = std::mem::take(&mut *self.calls.waiting());
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

/// Open while no asynchronous call holds events back; a future that is ready when it is open. A host that delivers
/// events waits for it before each, and looks again when it is about to.
#[derive(Clone, Debug)]
pub struct InputGate {
    calls: Arc<Calls>,
}

impl InputGate {
    pub(crate) fn new(calls: &Arc<Calls>) -> InputGate {
        InputGate { calls: calls.clone() }
    }

    /// Whether an event may be delivered now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.calls.is_open()
    }
}

impl Future for InputGate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.calls.is_open() {
            return Poll::Ready(());
        }
        let mut waiting = self.calls.waiting();
        if !waiting.iter().any(|known| known.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
        // The last call may have ended before this was noted.
        if self.calls.is_open() { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests;
