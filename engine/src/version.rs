//! Versions: what a read view reads, and which version new readers get.
//!
//! A [`Version`] is immutable and lives until its last reader lets it go. Readers must not get in each other's way, not even
//! by counting on one cache line. So the newest version is [`Pinned`] once for each of a few **stripes**, and a thread uses
//! that of its own: to begin and to end a view touches nothing that another thread touches, as long as there are no
//! more threads than stripes.
//!
//! 1. A stripe holds the newest version or none. It is filled by its first reader, under the shared lock of `current`, and
//!    emptied before another version takes the place of that one, under the exclusive lock.
//! 2. So nobody gets a version after somebody got a later one, and what replaced versions hold is held by views alone.
//! 3. Locks: that of `current`, then that of a stripe. Who finds its stripe filled takes only the latter.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use crossbeam::utils::CachePadded;

use crate::catalog::Catalog;
use crate::ids::{LogPosition, Lsn, Timestamp};
use crate::io::Clock;
use crate::page::segments::SegmentSet;
use crate::stripe::{STRIPES, stripe_of_thread};

/// The state of all trees after one commit.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// The commit.
    pub(crate) lsn: Lsn,
    /// Its time.
    pub(crate) time: Timestamp,
    /// The trees.
    pub(crate) catalog: Catalog,
    /// Where in the log the commit after it will stand.
    pub(crate) log_end: LogEnd,
    /// The page files that clean nodes of these trees lie in.
    pub(crate) pages: Arc<SegmentSet>,
    /// Whether the keys existed of those puts of its record that do not say so, for the next record to tell.
    pub(crate) existed: Vec<bool>,
}

/// The end of the log right after a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) position: LogPosition,
    /// Bytes of log written since the database was made.
    pub(crate) bytes: u64,
}

/// A version that is held. Its clones are counted apart from other pins of the same version.
#[derive(Clone, Debug)]
pub(crate) struct Pinned(Arc<CachePadded<Arc<Version>>>);

impl Pinned {
    pub(crate) fn new(version: impl Into<Arc<Version>>) -> Pinned {
        Pinned(Arc::new(CachePadded::new(version.into())))
    }
}

impl Deref for Pinned {
    type Target = Version;

    fn deref(&self) -> &Version {
        &self.0
    }
}

/// The newest version, and those that readers still hold.
#[derive(Debug)]
pub(crate) struct VersionSet {
    current: RwLock<Arc<Version>>,
    /// Pins of the newest version, each for the threads of one stripe.
    stripes: [OnceLock<Box<Stripe>>; STRIPES],
    /// Which stripes are filled, a bit each. Changed and asked for under the lock of `current`.
    filled: AtomicU64,
    /// Versions that were current, oldest first, with the moment they stopped to be.
    earlier: Mutex<VecDeque<Earlier>>,
}

/// Apart from what other threads use, and not there before it is.
type Stripe = CachePadded<Mutex<Option<Pinned>>>;

#[derive(Debug)]
struct Earlier {
    version: Weak<Version>,
    lsn: Lsn,
    replaced_at: Duration,
}

/// The oldest version that somebody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldestReader {
    /// The commit whose state is read.
    pub lsn: Lsn,
    /// For how long that state has not been the newest.
    pub age: Duration,
}

/// From this many earlier versions on, those in the middle of the list are looked at too.
const SWEEP_LEN: usize = 1024;

impl VersionSet {
    pub(crate) fn new(version: Version) -> VersionSet {
        VersionSet {
            current: RwLock::new(Arc::new(version)),
            stripes: [const { OnceLock::new() }; STRIPES],
            filled: AtomicU64::new(0),
            earlier: Mutex::default(),
        }
    }

    /// The newest version.
    pub(crate) fn current(&self) -> Arc<Version> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest version, for a reader.
    pub(crate) fn pin(&self) -> Pinned {
        let number = stripe_of_thread();
        let stripe = self.stripes[number].get_or_init(Box::default);
        if let Some(pinned) = &*stripe.lock().unwrap_or_else(PoisonError::into_inner) {
            return pinned.clone();
        }
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let pinned = Pinned::new(current.clone());
        *stripe.lock().unwrap_or_else(PoisonError::into_inner) = Some(pinned.clone());
        self.filled.fetch_or(1 << number, Ordering::Relaxed);
        pinned
    }

    /// Makes `version` what new readers get. The one before, to be dropped where nobody waits: many nodes may go with it.
    pub(crate) fn publish(&self, version: Version, clock: &dyn Clock) -> Arc<Version> {
        let previous = self.replace(Arc::new(version));
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        while earlier.front().is_some_and(|first| first.version.strong_count() == 0) {
            earlier.pop_front();
        }
        if earlier.len() >= SWEEP_LEN {
            earlier.retain(|entry| entry.version.strong_count() > 0);
        }
        if Arc::strong_count(&previous) > 1 {
            earlier.push_back(Earlier {
                version: Arc::downgrade(&previous),
                lsn: previous.lsn,
                replaced_at: clock.monotonic(),
            });
        }
        drop(earlier);
        previous
    }

    /// Empties the stripes and gives `current` another version; the one before.
    fn replace(&self, version: Arc<Version>) -> Arc<Version> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let filled = self.filled.swap(0, Ordering::Relaxed);
        let is_filled = |number: &usize| filled >> number & 1 == 1;
        for stripe in (0..STRIPES).filter(is_filled).filter_map(|number| self.stripes[number].get()) {
            *stripe.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        std::mem::replace(&mut *current, version)
    }

    /// The oldest version that is read and is not the newest.
    pub(crate) fn oldest_reader(&self, now: Duration) -> Option<OldestReader> {
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier
            .iter()
            .find(|entry| entry.version.strong_count() > 0)
            .map(|entry| OldestReader { lsn: entry.lsn, age: now.saturating_sub(entry.replaced_at) })
    }
}

#[cfg(test)]
mod tests;
