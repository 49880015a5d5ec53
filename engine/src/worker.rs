//! Background work: a few threads that all databases of the process share, each doing one step at a time.
//!
//! A database asks for a step at most once at a time and is held weakly, so a waiting step keeps no database open and an
//! idle database costs nothing. With [`Background::Inline`] the committing thread does the steps itself, and nothing
//! here starts a thread. A step that fails is noted in the database and tried again when next due; commits do not fail
//! because of it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError, Weak};
use std::time::Duration;

use crossbeam::channel::{self, Receiver, RecvTimeoutError, Sender};

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::filters;
use crate::ids::Lsn;
use crate::options::Background;
use crate::reclaim::{self, Effort};
use crate::shared::Shared;
use crate::wal::LogSink;

/// A database in which nothing was committed for this long is checkpointed and its log marked as closed, so that opening
/// it again is fast.
const IDLE: Duration = Duration::from_secs(1);

/// With less log than this since the last checkpoint, an idle database is left alone: replaying it costs less than the
/// pages.
const IDLE_LOG_BYTES: u64 = 64 << 10;

struct Pool {
    log: Sender<(Weak<Shared>, LogWish)>,
    checkpoint: Sender<(Weak<Shared>, Wish)>,
    filters: Sender<Weak<Shared>>,
}

/// What is to be done for a log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LogWish {
    Flush,
    ZerosAhead,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Checkpoint,
    Swap,
    WatchForIdle,
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| {
        let (log, log_wishes) = channel::unbounded();
        let (checkpoint, checkpoints) = channel::unbounded();
        let (filters, wanted_filters) = channel::unbounded();
        spawn("duramen-log", move || log_loop(&log_wishes));
        spawn("duramen-checkpoint", move || checkpoint_loop(&checkpoints));
        spawn("duramen-filters", move || filters_loop(&wanted_filters));
        Pool { log, checkpoint, filters }
    })
}

/// Starts a thread. Where the system refuses, the requests stay undone: deferred commits then become durable with the
/// next immediate one, and memory is bounded by the committing threads.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    let _ = std::thread::Builder::new().name(name.into()).spawn(body);
}

fn log_loop(requests: &Receiver<(Weak<Shared>, LogWish)>) {
    while let Ok((weak, wish)) = requests.recv() {
        let Some(shared) = weak.upgrade() else { continue };
        match wish {
            LogWish::Flush => flush_step(&shared),
            LogWish::ZerosAhead => zeros_step(&shared),
        }
    }
}

fn filters_loop(requests: &Receiver<Weak<Shared>>) {
    while let Ok(weak) = requests.recv() {
        if let Some(shared) = weak.upgrade() {
            filters_step(&shared);
        }
    }
}

fn checkpoint_loop(requests: &Receiver<(Weak<Shared>, Wish)>) {
    let mut watched: Vec<(Weak<Shared>, Lsn)> = Vec::new();
    loop {
        let request = if watched.is_empty() {
            requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            requests.recv_timeout(IDLE)
        };
        match request {
            Ok((weak, Wish::Checkpoint)) => {
                if let Some(shared) = weak.upgrade() {
                    checkpoint_step(&shared);
                }
            }
            Ok((weak, Wish::Swap)) => {
                if let Some(shared) = weak.upgrade() {
                    swap_step(&shared);
                }
            }
            Ok((weak, Wish::WatchForIdle)) => watched.push((weak, Lsn::ZERO)),
            Err(RecvTimeoutError::Timeout) => watched.retain_mut(|(weak, seen)| still_busy(weak, seen)),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Whether a watched database has committed since it was last looked at; an idle one is checkpointed.
fn still_busy(weak: &Weak<Shared>, seen: &mut Lsn) -> bool {
    let Some(shared) = weak.upgrade() else { return false };
    let newest = shared.versions.current().lsn;
    if newest != *seen {
        *seen = newest;
        return true;
    }
    shared.watched.store(false, Ordering::Release);
    if shared.log_bytes_since_checkpoint() >= IDLE_LOG_BYTES {
        checkpoint_step(&shared);
    }
    rest_step(&shared);
    false
}

/// Marks the log of an idle database as closed, unless somebody is about to write.
fn rest_step(shared: &Shared) {
    if !shared.writer.try_acquire_for_step() {
        return;
    }
    let rested = shared.log().and_then(|log| log.rest());
    shared.writer.release();
    if let Err(error) = rested {
        note(shared, error);
    }
}

/// Flushes what deferred commits left in the log's buffer.
fn flush_step(shared: &Shared) {
    shared.flush_requested.store(false, Ordering::Release);
    // Also where page files failed: the log did not, and somebody may wait for it.
    let flushed = shared.log.as_ref().map_or(Ok(()), |log| log.flush_to(log.last_lsn()));
    if let Err(error) = flushed {
        note(shared, error);
    }
}

/// Zeroes ahead of the log. Where that fails the commits find out by themselves.
fn zeros_step(shared: &Shared) {
    let zeroed = shared.log.as_ref().map_or(Ok(false), |log| log.zero_ahead());
    shared.zeros_requested.store(false, Ordering::Release);
    if let Err(error) = zeroed {
        note(shared, error);
    }
}

/// Goes on with what the last checkpoint had to leave, because a writer kept its lock.
fn swap_step(shared: &Shared) {
    shared.swap_requested.store(false, Ordering::Release);
    checkpoint::swap_written(shared);
}

/// One checkpoint, and the reclaim after it.
fn checkpoint_step(shared: &Shared) {
    if let Err(error) = checkpoint_and_reclaim(shared) {
        note(shared, error);
    }
}

fn checkpoint_and_reclaim(shared: &Shared) -> Result<()> {
    let mut checkpoints = shared.checkpoints();
    let ran = checkpoint::run(shared, &mut checkpoints);
    shared.checkpoint_requested.store(false, Ordering::Release);
    ran?;
    reclaim::run(shared, &mut checkpoints, Effort::WhenDue)
}

/// Keeps an error of background work for [`Info::background_error`](crate::Info::background_error).
pub(crate) fn note(shared: &Shared, error: Error) {
    *shared.background_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
}

/// Makes the filters that trees want.
fn filters_step(shared: &Shared) {
    shared.filters_requested.store(false, Ordering::Release);
    if let Err(error) = filters::run(shared) {
        note(shared, error);
    }
}

/// Has the filters made that trees want: soon, or by the next commit.
pub(crate) fn request_filters(shared: &Arc<Shared>) {
    let requested = shared.filters_requested.swap(true, Ordering::AcqRel);
    if shared.options.background == Background::Shared && !requested {
        let _ = pool().filters.send(Arc::downgrade(shared));
    }
}

/// Has the log flushed soon.
pub(crate) fn request_flush(shared: &Arc<Shared>) {
    match shared.options.background {
        Background::Inline => flush_step(shared),
        Background::Shared => {
            if !shared.flush_requested.swap(true, Ordering::AcqRel) {
                let _ = pool().log.send((Arc::downgrade(shared), LogWish::Flush));
            }
        }
    }
}

/// Has nodes that were written give way to their pages soon.
pub(crate) fn request_swap(shared: &Arc<Shared>) {
    match shared.options.background {
        Background::Inline => swap_step(shared),
        Background::Shared => {
            if !shared.swap_requested.swap(true, Ordering::AcqRel) {
                let _ = pool().checkpoint.send((Arc::downgrade(shared), Wish::Swap));
            }
        }
    }
}

/// What a commit put into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Operations,
    /// A root. What its transaction wrote early and replaced later is dead now, which may be several times the data.
    Root,
}

/// Looks after a commit whether background work is due.
///
/// A writer that fills memory faster than the checkpoint beside it frees it is held back by that; where the memory is full and the
/// shared threads are busy elsewhere, it does the checkpoint itself.
pub(crate) fn after_commit(shared: &Arc<Shared>, made: Made) {
    if shared.options.background == Background::Shared
        && shared.log.as_ref().is_some_and(|log| log.wants_zeros_ahead())
        && !shared.zeros_requested.swap(true, Ordering::AcqRel)
    {
        let _ = pool().log.send((Arc::downgrade(shared), LogWish::ZerosAhead));
    }
    if shared.options.background == Background::Inline && shared.filters_requested.load(Ordering::Acquire) {
        filters_step(shared);
    }
    let due = made == Made::Root || shared.checkpoint_is_due();
    match shared.options.background {
        Background::Inline if due => checkpoint_step(shared),
        Background::Inline => {}
        Background::Shared if due => {
            if shared.pressure.has_run() {
                shared.pressure.hold_back(|| shared.dirty_bytes());
            } else if shared.dirty_bytes() > shared.options.memory_budget_bytes {
                checkpoint_step(shared);
            } else if !shared.checkpoint_requested.swap(true, Ordering::AcqRel) {
                let _ = pool().checkpoint.send((Arc::downgrade(shared), Wish::Checkpoint));
            }
        }
        Background::Shared => {
            let bytes = shared.log_bytes_since_checkpoint();
            if bytes >= IDLE_LOG_BYTES && !shared.watched.swap(true, Ordering::AcqRel) {
                let _ = pool().checkpoint.send((Arc::downgrade(shared), Wish::WatchForIdle));
            }
        }
    }
}

#[cfg(test)]
mod tests;
