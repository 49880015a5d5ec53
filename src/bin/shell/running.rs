//! [`Running`]: the statement that is running, for whoever may want to stop it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The flag that stops the running statement, if one runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<Option<Arc<AtomicBool>>>>);

impl Running {
    /// Says that a statement runs that this flag stops, as long as the result lives.
    pub(crate) fn begin(&self, flag: Arc<AtomicBool>) -> Run<'_> {
        flag.store(false, Ordering::Relaxed);
        self.set(Some(flag.clone()));
        Run { running: self, flag }
    }

    /// Stops the running statement; false if none runs, or it was asked before.
    pub(crate) fn stop(&self) -> bool {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().is_some_and(|flag| !flag.swap(true, Ordering::Relaxed))
    }

    /// Whether a statement runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn set(&self, flag: Option<Arc<AtomicBool>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = flag;
    }
}

/// A statement under way.
pub(crate) struct Run<'r> {
    running: &'r Running,
    flag: Arc<AtomicBool>,
}

impl Run<'_> {
    /// Whether it is to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.running.set(None);
    }
}
