//! [`Handle`]: what keeps a database open. The last one to go closes it, in the thread that lets it go.
//!
//! Background threads hold [`Shared`] without a handle, so a step of theirs never keeps a closed database locked.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use crate::checkpoint;
use crate::error::Result;
use crate::options::Retention;
use crate::reclaim::{self, Effort};
use crate::shared::Shared;
use crate::wal::LogSink;
use crate::worker;

/// With more log than this since the last checkpoint, closing does a checkpoint, so that the next open is fast.
const CLOSE_LOG_BYTES: u64 = 64 << 10;

/// Closing leaves no log behind that is longer than this part of the pages.
const CLOSE_LOG_PART: u64 = 4;

/// Keeps a database open.
#[derive(Debug)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
    closed: AtomicBool,
}

impl Handle {
    pub(crate) fn new(shared: Shared) -> Handle {
        let shared = Arc::new(shared);
        let weak = Arc::downgrade(&shared);
        shared.params.nudge.set(move || {
            if let Some(shared) = weak.upgrade() {
                worker::request_filters(&shared);
            }
        });
        Handle { shared, closed: AtomicBool::new(false) }
    }

    /// The state, for background work.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Closes the log after a checkpoint where that pays, and gives the directory free. Does nothing the second time.
    pub(crate) fn close(&self) -> Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let closed = self.shut_down();
        *self.shared.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
        closed
    }

    fn shut_down(&self) -> Result<()> {
        let shared = &self.shared;
        let Some(log) = &shared.log else { return Ok(()) };
        if let Err(error) = shared.log() {
            // The log did not fail with the page files, and somebody may wait for it.
            return log.flush_to(log.last_lsn()).and(Err(error));
        }
        let checkpointed =
            if shared.log_bytes_since_checkpoint() > CLOSE_LOG_BYTES { self.checkpoint() } else { Ok(()) };
        // Without the checkpoint the log alone holds the newest commits, which is as safe.
        let closed = log.close();
        checkpointed.and(closed)
    }

    /// The last checkpoint. Where nobody wants the past, and the log is a good part of what lies on disk, the log is left behind
    /// with it. For that it is stated twice: what one checkpoint frees is removed only after the next.
    fn checkpoint(&self) -> Result<()> {
        let shared = &self.shared;
        let mut checkpoints = shared.checkpoints();
        let log_bytes: u64 = shared.log()?.segments()?.iter().map(|segment| segment.bytes).sum();
        let leaves_log = shared.options.retention == Retention::Needed
            && log_bytes > shared.pages.segments().total_bytes() / CLOSE_LOG_PART
            && shared.writer.try_acquire_for_step();
        if leaves_log {
            let left = reclaim::leave_log_behind(shared);
            shared.writer.release();
            left?;
        }
        checkpoint::run(shared, &mut checkpoints)?;
        if leaves_log {
            checkpoint::restate(shared, &mut checkpoints)?;
        }
        reclaim::run(shared, &mut checkpoints, Effort::WhenDue)
    }
}

impl Deref for Handle {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Handle {
    /// Closes the database where nobody did. An error has nowhere to go: the next open recovers as after a crash.
    fn drop(&mut self) {
        let _ = self.close();
    }
}
