//! Background work: a few threads that all databases of the process share, each doing one step at a time.
//!
//! A database asks for a step at most once at a time and is held weakly, so a waiting step keeps no database open and an
//! idle database costs nothing. With [`Background::Inline`] the committing thread does the steps itself, and nothing
//! here starts a thread. A step that fails is noted in the database and tried again when next due; commits do not fail
//! because of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, Weak};
use std::time::Duration;

use crossbeam::channel::{self, Receiver, Sender};
use crossbeam::select;

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

type Requests = Receiver<(Weak<Shared>, Wish)>;

/// Where each thread takes its requests from.
struct Pool {
    log: Sender<(Weak<Shared>, Wish)>,
    checkpoint: Sender<(Weak<Shared>, Wish)>,
    filters: Sender<(Weak<Shared>, Wish)>,
}

/// What a database can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Checkpoint,
    Swap,
    /// A checkpoint and a closing record, once it is idle.
    Rest,
    Flush,
    Zeros,
    Filters,
}

impl Wish {
    /// Whether it was asked for already.
    fn requested(self, shared: &Shared) -> &AtomicBool {
        let requested = &shared.requested;
        match self {
            Wish::Checkpoint => &requested.checkpoint,
            Wish::Swap => &requested.swap,
            Wish::Rest => &requested.rest,
            Wish::Flush => &requested.flush,
            Wish::Zeros => &requested.zeros,
            Wish::Filters => &requested.filters,
        }
    }

    /// Whose work it is.
    fn thread(self, pool: &Pool) -> &Sender<(Weak<Shared>, Wish)> {
        match self {
            Wish::Checkpoint | Wish::Swap | Wish::Rest => &pool.checkpoint,
            Wish::Flush | Wish::Zeros => &pool.log,
            Wish::Filters => &pool.filters,
        }
    }

    fn fulfil(self, shared: &Shared) {
        match self {
            Wish::Checkpoint => checkpoint_step(shared),
            Wish::Swap => swap_step(shared),
            Wish::Rest => rest_step(shared),
            Wish::Flush => flush_step(shared),
            Wish::Zeros => zeros_step(shared),
            Wish::Filters => filters_step(shared),
        }
    }
}

/// Has the background do something, unless it is about to.
fn request(shared: &Arc<Shared>, wish: Wish) {
    if !wish.requested(shared).swap(true, Ordering::AcqRel) {
        let _ = wish.thread(pool()).send((Arc::downgrade(shared), wish));
    }
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| {
        let (log, log_wishes) = channel::unbounded();
        let (checkpoint, checkpoint_wishes) = channel::unbounded();
        let (filters, filter_wishes) = channel::unbounded();
        spawn("duramen-log", move || in_order(&log_wishes));
        spawn("duramen-checkpoint", move || in_order_and_when_idle(&checkpoint_wishes, IDLE));
        spawn("duramen-filters", move || in_order(&filter_wishes));
        Pool { log, checkpoint, filters }
    })
}

/// Starts a thread. Where the system refuses, the requests stay undone: deferred commits then become durable with the
/// next immediate one, and memory is bounded by the committing threads.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    let _ = std::thread::Builder::new().name(name.into()).spawn(body);
}

fn in_order(requests: &Requests) {
    while let Ok((weak, wish)) = requests.recv() {
        if let Some(shared) = weak.upgrade() {
            wish.fulfil(&shared);
        }
    }
}

/// As [`in_order`], and looks each `idle` at those that are to rest, however much else is asked for.
fn in_order_and_when_idle(requests: &Requests, idle: Duration) {
    let mut watched: Vec<(Weak<Shared>, Lsn)> = Vec::new();
    let mut looks = channel::never();
    loop {
        select! {
            recv(requests) -> request => match request {
                Ok((weak, Wish::Rest)) => {
                    if watched.is_empty() {
                        looks = channel::tick(idle);
                    }
                    watched.push((weak, Lsn::ZERO));
                }
                Ok((weak, wish)) => {
                    if let Some(shared) = weak.upgrade() {
                        wish.fulfil(&shared);
                    }
                }
                Err(_) => return,
            },
            recv(looks) -> _ => {
                watched.retain_mut(|(weak, seen)| still_busy(weak, seen));
                if watched.is_empty() {
                    looks = channel::never();
                }
            }
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
    Wish::Rest.fulfil(&shared);
    false
}

/// Checkpoints an idle database, and marks its log as closed unless somebody is about to write.
fn rest_step(shared: &Shared) {
    shared.requested.rest.store(false, Ordering::Release);
    if shared.log_bytes_since_checkpoint() >= IDLE_LOG_BYTES {
        checkpoint_step(shared);
    }
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
    shared.requested.flush.store(false, Ordering::Release);
    // Also where page files failed: the log did not, and somebody may wait for it.
    let flushed = shared.log.as_ref().map_or(Ok(()), |log| log.flush_to(log.last_lsn()));
    if let Err(error) = flushed {
        note(shared, error);
    }
}

/// Zeroes ahead of the log. Where that fails the commits find out by themselves.
fn zeros_step(shared: &Shared) {
    let zeroed = shared.log.as_ref().map_or(Ok(false), |log| log.zero_ahead());
    shared.requested.zeros.store(false, Ordering::Release);
    if let Err(error) = zeroed {
        note(shared, error);
    }
}

/// Goes on with what the last checkpoint had to leave, because a writer kept its lock.
fn swap_step(shared: &Shared) {
    shared.requested.swap.store(false, Ordering::Release);
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
    shared.requested.checkpoint.store(false, Ordering::Release);
    ran?;
    reclaim::run(shared, &mut checkpoints, Effort::WhenDue)
}

/// Keeps an error of background work for [`Info::background_error`](crate::Info::background_error).
pub(crate) fn note(shared: &Shared, error: Error) {
    *shared.background_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
}

/// Makes the filters that trees want.
fn filters_step(shared: &Shared) {
    shared.requested.filters.store(false, Ordering::Release);
    if let Err(error) = filters::run(shared) {
        note(shared, error);
    }
}

/// Has the filters made that trees want: soon, or by the next commit.
pub(crate) fn request_filters(shared: &Arc<Shared>) {
    match shared.options.background {
        Background::Inline => shared.requested.filters.store(true, Ordering::Release),
        Background::Shared => request(shared, Wish::Filters),
    }
}

/// Has the log flushed soon.
pub(crate) fn request_flush(shared: &Arc<Shared>) {
    soon(shared, Wish::Flush);
}

/// Has nodes that were written give way to their pages soon.
pub(crate) fn request_swap(shared: &Arc<Shared>) {
    soon(shared, Wish::Swap);
}

fn soon(shared: &Arc<Shared>, wish: Wish) {
    match shared.options.background {
        Background::Inline => wish.fulfil(shared),
        Background::Shared => request(shared, wish),
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
    let due = made == Made::Root || shared.checkpoint_is_due();
    match shared.options.background {
        Background::Inline => {
            if shared.requested.filters.load(Ordering::Acquire) {
                filters_step(shared);
            }
            if due {
                checkpoint_step(shared);
            }
        }
        Background::Shared => {
            if shared.log.as_ref().is_some_and(|log| log.wants_zeros_ahead()) {
                request(shared, Wish::Zeros);
            }
            if due {
                checkpoint_beside(shared);
            } else if shared.log_bytes_since_checkpoint() >= IDLE_LOG_BYTES {
                request(shared, Wish::Rest);
            }
        }
    }
}

/// Has a checkpoint made that is due.
fn checkpoint_beside(shared: &Arc<Shared>) {
    if shared.pressure.has_run() {
        shared.pressure.hold_back(|| shared.dirty_bytes());
    } else if shared.dirty_bytes() > shared.options.memory_budget_bytes {
        checkpoint_step(shared);
    } else {
        request(shared, Wish::Checkpoint);
    }
}

#[cfg(test)]
mod tests;
