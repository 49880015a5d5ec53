//! [`Running`]: the statement that is running, for whoever may want to stop it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The running statement, if one runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<Option<Current>>>);

/// What stops a statement.
#[derive(Clone, Debug)]
struct Current {
    /// The flag of its connection, which the start of a statement resets.
    flag: Arc<AtomicBool>,
    /// Whether somebody asked for it.
    asked: Arc<AtomicBool>,
}

impl Running {
    /// Says that something runs that this flag stops, as long as the result lives.
    pub(crate) fn begin(&self, flag: Arc<AtomicBool>) -> Run<'_> {
        let asked = Arc::new(AtomicBool::new(false));
        self.set(Some(Current { flag, asked: asked.clone() }));
        Run { running: self, asked }
    }

    /// Stops what runs; false if nothing does, or it was asked before.
    pub(crate) fn stop(&self) -> bool {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().is_some_and(|current| {
            current.flag.store(true, Ordering::Relaxed);
            !current.asked.swap(true, Ordering::Relaxed)
        })
    }

    /// Whether something runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn set(&self, current: Option<Current>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

/// Something under way.
pub(crate) struct Run<'r> {
    running: &'r Running,
    asked: Arc<AtomicBool>,
}

impl Run<'_> {
    /// Whether it is to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.running.set(None);
    }
}
