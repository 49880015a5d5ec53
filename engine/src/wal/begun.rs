//! [`Begun`]: a record that is on its way to the disk while the commit it tells of is still being made.
//!
//! ```text
//! reserve ──> begin ──> (make the changes) ──> admit ──> (publish) ──> sync ──> durable
//!               │ write, begin to write out      │ dropped before: zeros take its place
//! ```
//!
//! 1. Only for who is alone: while it lives nobody else writes records, so that nobody waits for it who could do without.
//! 2. Until it is admitted the log does not count it. Dropped before that, it is taken back durably, and the next record comes
//!    to its place.
//! 3. After a crash in between it is there as a whole or not at all, like every commit that nobody was told of.

use super::log::{Effort, Log};
use super::state::{Batch, Placed};
use crate::error::Result;
use crate::format::wal::{Record, RecordKind};
use crate::ids::{CommitTime, Lsn};

/// See the head of this file.
#[derive(Debug)]
pub struct Begun<'l> {
    log: &'l Log,
    /// What was written; nothing once it is settled.
    written: Option<Batch>,
    placed: Placed,
    admitted: bool,
}

impl Log {
    /// Begins to write the record of a commit that is still to be made, if nobody else commits just now. Room for it was
    /// reserved just before, under the writer's lock, which is held until it is admitted or dropped.
    ///
    /// # Errors
    /// [`Error::Poisoned`](crate::Error::Poisoned) if the write fails, or something did before.
    pub fn begin(&self, time: CommitTime, payload: &[u8]) -> Result<Option<Begun<'_>>> {
        let mut state = self.lock();
        state.check()?;
        if !state.is_free() {
            return Ok(None);
        }
        let (lsn, checkpoint) = (state.next_lsn(), state.checkpoint);
        let (mut batch, placed) =
            state.take_uncounted(&Record { kind: RecordKind::Commit, lsn, time, checkpoint, payload });
        drop(state);
        if let Err(error) = batch.write() {
            self.end_writing(Err(error), Effort::Write, |_| Vec::new()).check_failure()?;
            return Ok(None);
        }
        batch.begin_sync();
        Ok(Some(Begun { log: self, written: Some(batch), placed, admitted: false }))
    }
}

impl Begun<'_> {
    /// The commit is made, and about to be published: the log counts its record from here on. Its LSN.
    pub fn admit(&mut self) -> Lsn {
        let lsn = self.placed.lsn;
        let mut state = self.log.lock();
        state.admit(self.placed);
        state.crowd.join(lsn);
        state.crowd.begin_sync(lsn);
        self.admitted = true;
        lsn
    }

    /// Returns when the commit is durable, once it is admitted.
    ///
    /// # Errors
    /// [`Error::Poisoned`](crate::Error::Poisoned) if the sync fails: it is unknown whether the commit will be there after
    /// opening again.
    pub fn sync(mut self) -> Result<()> {
        assert!(self.admitted, "the commit was made");
        let Some(batch) = self.written.take() else { return Ok(()) };
        let done = batch.file.sync();
        self.log.end_writing(done, Effort::Sync, |state| state.settle(batch, true)).check_failure()
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let Some(batch) = self.written.take() else { return };
        if self.admitted {
            // Somebody panicked in between. It was written, and the next sync makes it durable.
            drop(self.log.end_writing(Ok(()), Effort::Write, |state| state.settle(batch, false)));
        } else {
            let done = batch.take_back();
            drop(self.log.end_writing(done, Effort::Write, |state| {
                state.keep(batch);
                Vec::new()
            }));
        }
    }
}

#[cfg(test)]
mod tests;
