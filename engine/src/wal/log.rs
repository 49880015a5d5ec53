//! The log of one open database.
//!
//! ```text
//! reserve ──> append ──> (publish) ──> flush_to ──> durable      (or as in begun.rs, where one commits alone)
//!    │ zeroes ahead, rolls     │ leader: take the buffer, unlock, write, sync, lock, wake
//! ```
//!
//! 1. A commit is durable once one `sync_data` has covered it; in a new segment also the rename and the sync of the
//!    directory that follow the first sync.
//! 2. *Group commit:* whoever finds nobody writing becomes the leader and takes all that is pending. What is appended
//!    meanwhile forms the next group, led by one of those who wait. Nobody waits for time to pass, but a leader lets others
//!    run as long as some of those who are about to commit join it (see [`Crowd`](super::crowd::Crowd)).
//! 3. When a segment is full everything in it is synced before the next one is begun, so only the newest segment can
//!    have a torn tail.
//! 4. After a write or a sync of records failed, no file is synced again and every call says [`Error::Poisoned`].
//!    Failing to find *room* is no such failure, as no record bytes were written.
//!
//! Locks: one mutex, held for memory operations only and never while another lock is taken. It may be taken while the
//! database's writer lock is held. Wakers are woken after it was let go. No threads are started.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crossbeam::utils::Backoff;

use super::segment::{LogFiles, SegmentInfo, list};
use super::sink::LogSink;
use super::state::{State, Zeros};
use super::waiters::WaiterId;
use super::writer::{Room, Segment};
use crate::error::{Error, Result};
use crate::format::wal::{FIRST_RECORD, MAX_PAYLOAD_BYTES, Record, RecordKind, record_bytes_at_most};
use crate::ids::{CommitTime, DatabaseId, LogPosition, Lsn, SegmentId};
use crate::io::Io;

/// Records are written without a sync when this many bytes of them are pending.
const WRITE_AT_BYTES: usize = 64 << 10;
/// Who appends faster than the disk takes it waits when this many bytes are pending.
const WAIT_AT_BYTES: usize = 8 << 20;

/// What a log is made of.
#[derive(Clone, Debug)]
pub struct LogSetup {
    /// The outside world.
    pub io: Io,
    /// The database's directory, which exists.
    pub dir: PathBuf,
    /// Whose log it is.
    pub database: DatabaseId,
    /// The size at which a segment is full, in bytes. A longer record gets a segment of its own size.
    pub segment_bytes: u64,
}

/// The log of one open database. See the head of this file.
#[derive(Debug)]
pub struct Log {
    setup: LogSetup,
    state: Mutex<State>,
    changed: Condvar,
    /// Whether the log failed or was closed, for who asks without the lock.
    stopped: AtomicBool,
}

pub(super) type Guard<'a> = MutexGuard<'a, State>;

/// How far what is pending goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    Write,
    Sync,
    /// The segment is finished: its file ends with its last record.
    CutAndSync,
}

impl Log {
    /// The log of a new database. There is no file before the first [`reserve`](LogSink::reserve).
    #[must_use]
    pub fn create(setup: LogSetup) -> Log {
        let state = State::before_segment(1, Lsn::ZERO, SegmentId(1), LogPosition::default());
        Log::with_state(setup, state)
    }

    /// Makes the log of a database that begins after a commit of another one: a segment without commits, closed. Durable
    /// when this returns.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn begin_after(setup: LogSetup, last: Lsn, checkpoint: u64) -> Result<()> {
        // Before the first commit of all there is no epoch yet.
        let epoch = last.epoch.max(1);
        let state = State::before_segment(epoch, last, SegmentId(1), LogPosition::default());
        let log = Log::with_state(setup, State { checkpoint, ..state });
        log.reserve(0)?;
        let mut state = log.lock();
        state.push_close();
        log.write_out(state, Effort::CutAndSync).check_failure()
    }

    pub(super) fn with_state(setup: LogSetup, state: State) -> Log {
        Log { setup, state: Mutex::new(state), changed: Condvar::new(), stopped: AtomicBool::new(false) }
    }

    /// Whose log it is.
    #[must_use]
    pub fn database(&self) -> DatabaseId {
        self.setup.database
    }

    /// Where the record of the next commit will be found by a reader, for a checkpoint of the newest commit. To be
    /// asked for under the writer's lock, so that it belongs to [`last_lsn`](LogSink::last_lsn).
    #[must_use]
    pub fn position(&self) -> LogPosition {
        self.lock().lasting_position()
    }

    /// Bytes of records appended through this handle.
    #[must_use]
    pub fn appended_bytes(&self) -> u64 {
        self.lock().appended_bytes
    }

    /// Whether appending still has a point. Takes the lock only where it has none.
    ///
    /// # Errors
    /// [`Error::Poisoned`] after a failure; also after [`close`](Log::close).
    pub fn check(&self) -> Result<()> {
        if self.stopped.load(Ordering::Acquire) { self.lock().check() } else { Ok(()) }
    }

    /// A checkpoint is durable. Records name the newest one from now on.
    pub fn set_checkpoint(&self, number: u64) {
        let mut state = self.lock();
        if number > state.checkpoint {
            state.checkpoint = number;
            // A closing record that names an older one does not spare the next open its look at the list.
            state.closed_on_disk = false;
        }
    }

    /// Writes what is pending if it is much, without a sync: for commits that nobody waits for. Waits while far too
    /// much is pending.
    ///
    /// # Errors
    /// [`Error::Poisoned`] if it fails, or did before.
    pub fn write_buffered(&self) -> Result<()> {
        let mut state = self.lock();
        while state.writing && state.pending.len() >= WAIT_AT_BYTES {
            state = self.wait(state);
        }
        state.check()?;
        if !state.writing && state.pending.len() >= WRITE_AT_BYTES {
            state = self.write_out(state, Effort::Write);
        }
        state.check()
    }

    /// Whether the commits are about to run out of zeros, and [`zero_ahead`](Log::zero_ahead) should be called. A log of a
    /// few commits wants none, nor one of long records.
    #[must_use]
    pub fn wants_zeros_ahead(&self) -> bool {
        let state = self.lock();
        let wants = |segment: &Segment| {
            segment.file.is_named()
                && segment.wants_zeros_ahead(state.position.offset, state.last_record_bytes)
        };
        !state.zeroing && !state.syncing_zeros && state.segment.as_ref().is_some_and(wants)
    }

    /// Zeroes ahead of the records and syncs the zeros, so that no commit has to: one step of background work. Whether
    /// there was something to do.
    ///
    /// # Errors
    /// Where there is no space nothing has changed. [`Error::Poisoned`] if the sync fails.
    pub fn zero_ahead(&self) -> Result<bool> {
        let state = self.lock();
        state.check()?;
        let Some(segment) = state.segment.as_ref().filter(|segment| segment.file.is_named()) else {
            return Ok(false);
        };
        let Room::ZeroTo(target) = segment.room_ahead(state.position.offset) else { return Ok(false) };
        if state.zeroing || state.syncing_zeros || state.rolling {
            return Ok(false);
        }
        self.zero(state, target, Zeros::Synced).map(|_| true)
    }

    /// The segments of the log, oldest first. Not the one that was begun and never synced.
    ///
    /// # Errors
    /// Damage in their headers, or what the file system answers.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>> {
        let end = self.lock().named_end();
        self.files().segments(end)
    }

    /// Removes all segments before `segment`, oldest first, but never the newest ones that the log goes on from. How
    /// many it were.
    ///
    /// The caller has made sure that no recovery, history or reader needs them.
    ///
    /// # Errors
    /// What the file system answers; some may be removed then.
    pub fn remove_before(&self, segment: SegmentId) -> Result<usize> {
        let end = segment.min(self.lock().named_end().segment);
        let files = self.files();
        let mut removed = 0;
        for id in list(&*files.fs, &files.dir)?.segments.into_iter().filter(|&id| id < end) {
            let path = files.path(id);
            files.fs.remove(&path).map_err(|error| Error::io("remove", &path, error))?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Makes everything durable and puts a closing record behind it, though commits may follow: if none does, the next
    /// open need not recover. To be called under the writer's lock. Does nothing where there is such a record already.
    ///
    /// # Errors
    /// Where there is no space nothing has changed. [`Error::Poisoned`] if it fails, or something did before.
    pub fn rest(&self) -> Result<()> {
        self.flush_to(self.last_lsn())?;
        if self.lock().is_at_rest() {
            return Ok(());
        }
        self.reserve(0)?;
        let mut state = self.lock();
        while state.writing {
            state = self.wait(state);
        }
        state.check()?;
        self.write_rest(state)
    }

    /// As [`rest`](Log::rest), in a segment that holds nothing else, so that all before it can be removed once no checkpoint
    /// needs it. Where that segment starts, for a checkpoint of the newest commit.
    ///
    /// # Errors
    /// As those of [`rest`](Log::rest).
    pub fn rest_in_new_segment(&self) -> Result<LogPosition> {
        self.flush_to(self.last_lsn())?;
        let mut state = self.lock();
        while state.file_is_busy() {
            state = self.wait(state);
        }
        state.check()?;
        if !state.is_alone_at_rest() {
            state = self.roll(state, record_bytes_at_most(0))?;
            self.write_rest(state)?;
            state = self.lock();
        }
        let segment = state.segment.as_ref().expect("the segment that was just begun, or is alone at rest");
        Ok(segment.file.header.start())
    }

    /// Puts a closing record behind the others, which are durable.
    fn write_rest(&self, mut state: Guard<'_>) -> Result<()> {
        state.push_close();
        let mut state = self.write_out(state, Effort::Sync);
        state.check_failure()?;
        // A commit that follows is to leave a trace before anybody sees it, as after an open.
        (state.closed_on_disk, state.traceless) = (true, true);
        Ok(())
    }

    /// Makes everything durable and marks the log as closed, so that the next open need not recover. The handle takes
    /// no commits afterwards. Does nothing on disk if nothing was appended.
    ///
    /// # Errors
    /// [`Error::Poisoned`] if it fails, or something did before.
    pub fn close(&self) -> Result<()> {
        let mut state = self.lock();
        loop {
            state.check_failure()?;
            if state.file_is_busy() {
                state = self.wait(state);
            } else if state.closed {
                return Ok(());
            } else if state.durable < state.last {
                state = self.write_out(state, Effort::Sync);
            } else {
                break;
            }
        }
        state.closed = true;
        self.stopped.store(true, Ordering::Release);
        let end = state.position.offset;
        let Some(segment) = &state.segment else { return Ok(()) };
        let (file, surplus) = (Arc::clone(&segment.file), segment.zeroed > end);
        if !file.is_named() {
            drop(state);
            file.discard();
            return Ok(());
        }
        if state.closed_on_disk {
            drop(state);
            return if surplus { file.cut(end) } else { Ok(()) };
        }
        state.push_close();
        self.write_out(state, Effort::CutAndSync).check_failure()
    }

    /// Writes what is pending, however little it is.
    #[cfg(test)]
    pub(super) fn write_pending(&self) -> Result<()> {
        let state = self.lock();
        if state.pending.is_empty() || state.last == state.durable {
            return state.check();
        }
        self.write_out(state, Effort::Write).check()
    }

    fn files(&self) -> LogFiles {
        LogFiles {
            fs: Arc::clone(&self.setup.io.fs),
            dir: self.setup.dir.clone(),
            database: Some(self.setup.database),
        }
    }

    pub(super) fn lock(&self) -> Guard<'_> {
        // Whoever panicked while holding it had not begun to change anything.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, mut state: Guard<'a>) -> Guard<'a> {
        state.asleep += 1;
        let mut state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.asleep -= 1;
        state
    }

    /// Wakes those who wait for something to change. To wake asks the system, so nobody is woken where nobody waits.
    fn wake(&self, state: &State) {
        if state.asleep > 0 {
            self.changed.notify_all();
        }
    }

    /// Writes what is pending, and syncs it if so asked, with the lock let go meanwhile. Nobody is writing. How it went
    /// shows in the state.
    fn write_out<'a>(&'a self, mut state: Guard<'a>, effort: Effort) -> Guard<'a> {
        let end = state.position.offset;
        let mut batch = state.take_batch();
        if effort != Effort::Write {
            let last = state.last;
            state.crowd.begin_sync(last);
        }
        drop(state);
        let done = batch.write().and_then(|()| match effort {
            Effort::Write => Ok(()),
            Effort::Sync => batch.file.sync(),
            Effort::CutAndSync => batch.file.cut(end).and_then(|()| batch.file.sync()),
        });
        self.end_writing(done, effort, |state| {
            if let (Effort::CutAndSync, Some(segment)) = (effort, &mut state.segment) {
                (segment.zeroed, segment.capacity) = (end, end);
            }
            state.settle(batch, effort != Effort::Write)
        })
    }

    /// Lets others write, once the caller has: where that went well after `settle`, which tells whom to wake.
    pub(super) fn end_writing<'a>(
        &'a self,
        done: Result<()>,
        effort: Effort,
        settle: impl FnOnce(&mut State) -> Vec<Waker>,
    ) -> Guard<'a> {
        let mut state = self.lock();
        while effort != Effort::Write && state.syncing_zeros {
            state = self.wait(state);
        }
        state.writing = false;
        if effort != Effort::Write {
            state.crowd.end_sync();
        }
        let wakers = match done.and_then(|()| state.check_failure()) {
            Ok(()) => settle(&mut state),
            Err(error) => self.poison(&mut state, error),
        };
        self.wake(&state);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        self.lock()
    }

    /// Lets those who are about to commit join the group of `lsn`. Nobody is gathering.
    fn gather<'a>(&'a self, mut state: Guard<'a>, lsn: Lsn) -> Guard<'a> {
        state.gathering = true;
        let (patience, mut waiting) = (Backoff::new(), 0);
        while !state.crowd.is_whole() && !patience.is_completed() {
            if state.crowd.waiting > waiting {
                waiting = state.crowd.waiting;
                patience.reset();
            }
            drop(state);
            patience.snooze();
            state = self.lock();
        }
        state.gathering = false;
        state.crowd.expect_no_more();
        if state.durable >= lsn {
            // Somebody has finished the segment meanwhile. Who came since waits for a leader, which is not the caller any more.
            self.wake(&state);
        }
        state
    }

    /// Notes that it is unknown what is on disk. Those to wake.
    fn poison(&self, state: &mut State, error: Error) -> Vec<Waker> {
        let wakers = state.poison(error);
        self.stopped.store(true, Ordering::Release);
        wakers
    }

    /// Zeroes the segment up to `target`, with the lock let go meanwhile. Nobody is zeroing. Records may be put there before the
    /// zeros are synced: a sync of records waits for that.
    fn zero<'a>(&'a self, mut state: Guard<'a>, target: u64, zeros: Zeros) -> Result<Guard<'a>> {
        let segment = state.segment.as_ref().expect("the caller has looked at the segment");
        let (file, from) = (Arc::clone(&segment.file), segment.zeroed);
        state.zeroing = true;
        state.syncing_zeros |= zeros == Zeros::Synced;
        drop(state);
        let zeroed = match zeros {
            Zeros::LeftToTheCommit => file.zero_for_record(from, target),
            Zeros::Synced => file.zero(from, target),
        };
        let mut state = self.lock();
        state.zeroing = false;
        if let (Ok(()), Some(segment)) = (&zeroed, &mut state.segment) {
            segment.zeroed = segment.zeroed.max(target);
        }
        self.wake(&state);
        if zeros == Zeros::LeftToTheCommit {
            zeroed.and_then(|()| state.check_failure())?;
            return Ok(state);
        }
        drop(state);
        let synced = if zeroed.is_ok() { file.sync_zeros() } else { Ok(()) };
        let mut state = self.lock();
        state.syncing_zeros = false;
        let wakers = synced.err().map(|error| self.poison(&mut state, error));
        let result = zeroed.and_then(|()| state.check_failure());
        self.wake(&state);
        let Some(wakers) = wakers else { return result.map(|()| state) };
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result.map(|()| self.lock())
    }

    /// Goes on in a new segment with room for a record of `record_bytes`, after finishing the old one. If there is no
    /// room for a new one the old one stays. Nobody is zeroing.
    fn roll<'a>(&'a self, mut state: Guard<'a>, record_bytes: u64) -> Result<Guard<'a>> {
        let salt = self.setup.io.entropy.next_u64();
        let header = state.next_header(self.setup.database, salt, state.next_lsn())?;
        state.rolling = true;
        drop(state);
        let LogSetup { io, dir, segment_bytes, .. } = &self.setup;
        let created = Segment::create(&io.fs, dir, header, *segment_bytes, record_bytes);
        let mut state = self.lock();
        if created.is_ok() && state.segment.is_some() {
            while state.writing {
                state = self.wait(state);
            }
            if state.failure.is_none() {
                state = self.write_out(state, Effort::CutAndSync);
            }
        }
        state.rolling = false;
        let new = created?;
        if let Err(failure) = state.check_failure() {
            drop(state);
            new.file.discard();
            return Err(failure);
        }
        state.begin_segment(new);
        Ok(state)
    }
}

impl LogSink for Log {
    fn reserve(&self, payload_len: usize) -> Result<()> {
        if payload_len > MAX_PAYLOAD_BYTES {
            return Err(Error::InvalidArgument(format!(
                "a commit of {payload_len} bytes of log; at most {MAX_PAYLOAD_BYTES} are allowed"
            )));
        }
        let record_bytes = record_bytes_at_most(payload_len);
        let mut state = self.lock();
        loop {
            state.check()?;
            let offset = state.position.offset;
            let room = match &mut state.segment {
                None => Room::None,
                Some(segment) => {
                    if offset == FIRST_RECORD {
                        segment.capacity = segment.capacity.max(offset + record_bytes);
                    }
                    segment.room(offset, record_bytes)
                }
            };
            match room {
                Room::Enough => return Ok(()),
                _ if state.zeroing => state = self.wait(state),
                Room::ZeroTo(target) => state = self.zero(state, target, Zeros::LeftToTheCommit)?,
                Room::None => state = self.roll(state, record_bytes)?,
            }
        }
    }

    fn append(&self, kind: RecordKind, time: CommitTime, payload: &[u8]) -> Lsn {
        assert!(kind != RecordKind::Close, "a closing record is no commit");
        let mut state = self.lock();
        let lsn = state.next_lsn();
        let checkpoint = state.checkpoint;
        state.push(&Record { kind, lsn, time, checkpoint, payload });
        let zeroed = state.segment.as_ref().map_or(0, |segment| segment.zeroed);
        assert!(state.position.offset <= zeroed, "room was reserved");
        lsn
    }

    fn ready_to_publish(&self) -> Result<()> {
        let state = self.lock();
        state.check()?;
        if !state.traceless {
            return Ok(());
        }
        let last = state.last;
        drop(state);
        self.flush_to(last)
    }

    fn flush_to(&self, lsn: Lsn) -> Result<()> {
        let mut state = self.lock();
        if state.durable < lsn {
            state.crowd.join(lsn);
        }
        loop {
            if state.durable >= lsn {
                return Ok(());
            }
            state.check()?;
            if lsn > state.last {
                return Err(Error::InvalidArgument(format!(
                    "commit {lsn} is not in the log, which ends with {}",
                    state.last
                )));
            }
            state = if state.writing || state.gathering {
                self.wait(state)
            } else if state.crowd.is_whole() {
                self.write_out(state, Effort::Sync)
            } else {
                self.gather(state, lsn)
            };
        }
    }

    fn durable_lsn(&self) -> Lsn {
        self.lock().durable
    }

    fn last_lsn(&self) -> Lsn {
        self.lock().last
    }

    fn poll_durable(&self, lsn: Lsn, waiter: &mut Option<WaiterId>, waker: &Waker) -> Poll<Result<()>> {
        let mut state = self.lock();
        let ready = if state.durable >= lsn { Some(Ok(())) } else { state.check().err().map(Err) };
        match ready {
            Some(ready) => {
                if let Some(waiter) = waiter.take() {
                    state.waiters.forget(&waiter);
                }
                Poll::Ready(ready)
            }
            None => {
                state.waiters.wait(lsn, waiter, waker);
                Poll::Pending
            }
        }
    }

    fn forget(&self, waiter: WaiterId) {
        self.lock().waiters.forget(&waiter);
    }
}

#[cfg(test)]
mod tests;
