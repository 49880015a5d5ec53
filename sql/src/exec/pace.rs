//! [`Pace`]: how much a statement did so far, and what may stop it: an interrupt, the program's progress hook, a limit.
//!
//! One belongs to a connection. What a statement did moves in and out, since several queries may be open by turns.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// What a statement did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Rows looked at or made, in whatever stage.
    pub steps: u64,
    /// Entries of tables and indexes that were read, the first one of each range also where there is none.
    pub rows_read: u64,
    /// Rows and entries of indexes that were written, and rows that were removed.
    pub rows_written: u64,
}

/// Asked now and then whether to stop: true stops.
pub type ProgressHook = Box<dyn FnMut() -> bool + Send>;

/// The hook, and after how many steps of a statement it is asked.
struct Progress {
    every: u64,
    hook: ProgressHook,
}

/// How much a statement did and what may stop it; see the head of the file.
pub struct Pace {
    interrupt: Arc<AtomicBool>,
    steps: Cell<u64>,
    rows_read: Cell<u64>,
    rows_written: Cell<u64>,
    most_steps: Cell<u64>,
    /// At this step something besides the interrupt is looked at.
    look_at: Cell<u64>,
    progress: RefCell<Option<Progress>>,
}

impl Pace {
    /// Without a hook. The flag is set by who wants a statement to stop.
    #[must_use]
    pub fn new(interrupt: Arc<AtomicBool>) -> Pace {
        Pace {
            interrupt,
            steps: Cell::default(),
            rows_read: Cell::default(),
            rows_written: Cell::default(),
            most_steps: Cell::new(u64::MAX),
            look_at: Cell::new(u64::MAX),
            progress: RefCell::default(),
        }
    }

    /// Sets who is asked every so many steps of a statement, which are not 0.
    pub fn set_progress(&self, every: u64, hook: Option<ProgressHook>) {
        *self.progress.borrow_mut() = hook.map(|hook| Progress { every: every.max(1), hook });
    }

    /// Goes on with a statement that did so much.
    pub fn resume(&self, work: Work, most_steps: u64) {
        self.steps.set(work.steps);
        self.rows_read.set(work.rows_read);
        self.rows_written.set(work.rows_written);
        self.most_steps.set(most_steps);
        self.plan_look();
    }

    /// What the statement did that runs.
    #[must_use]
    pub fn work(&self) -> Work {
        Work {
            steps: self.steps.get(),
            rows_read: self.rows_read.get(),
            rows_written: self.rows_written.get(),
        }
    }

    /// Whether somebody wants the statement to stop.
    #[inline]
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Counts a step; fails if the statement is to stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`], [`Error::TooBig`].
    #[inline]
    pub fn step(&self) -> Result<()> {
        if self.is_interrupted() {
            return Err(Error::Interrupted);
        }
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps < self.look_at.get() { Ok(()) } else { self.look(steps) }
    }

    /// Counts entries that were read.
    #[inline]
    pub fn read(&self, entries: u64) {
        self.rows_read.set(self.rows_read.get() + entries);
    }

    /// Counts what was written.
    #[inline]
    pub fn wrote(&self, entries: u64) {
        self.rows_written.set(self.rows_written.get() + entries);
    }

    #[cold]
    fn look(&self, steps: u64) -> Result<()> {
        if steps > self.most_steps.get() {
            return Err(Error::TooBig("statement takes too many steps"));
        }
        if let Some(progress) = &mut *self.progress.borrow_mut()
            && steps.is_multiple_of(progress.every)
            && (progress.hook)()
        {
            return Err(Error::Interrupted);
        }
        self.plan_look();
        Ok(())
    }

    /// Finds the next step at which there is something to look at.
    fn plan_look(&self) {
        let steps = self.steps.get();
        let hook = match &*self.progress.borrow() {
            Some(progress) => (steps / progress.every).saturating_add(1).saturating_mul(progress.every),
            None => u64::MAX,
        };
        self.look_at.set(hook.min(self.most_steps.get().saturating_add(1)));
    }
}
