//! Versions: what a read view reads, and which version new readers get.
//!
//! A [`Version`] is immutable. The newest one is published under a lock that is held for the exchange of one pointer;
//! a reader clones that pointer and needs no lock afterwards. A version lives until its last reader lets it go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use crate::catalog::Catalog;
use crate::ids::{LogPosition, Lsn, Timestamp};
use crate::io::Clock;
use crate::page::segments::SegmentSet;

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
}

/// The end of the log right after a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) position: LogPosition,
    /// Bytes of log written since the database was made.
    pub(crate) bytes: u64,
}

/// The newest version, and those that readers still hold.
#[derive(Debug)]
pub(crate) struct VersionSet {
    current: RwLock<Arc<Version>>,
    /// Versions that were current, oldest first, with the moment they stopped to be.
    earlier: Mutex<VecDeque<Earlier>>,
}

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
        VersionSet { current: RwLock::new(Arc::new(version)), earlier: Mutex::default() }
    }

    /// The newest version.
    pub(crate) fn current(&self) -> Arc<Version> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes `version` what new readers get. The one before, to be dropped where nobody waits: many nodes may go with it.
    pub(crate) fn publish(&self, version: Version, clock: &dyn Clock) -> Arc<Version> {
        let version = Arc::new(version);
        let previous = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, version)
        };
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

    /// The oldest version that is read and is not the newest.
    pub(crate) fn oldest_reader(&self, now: Duration) -> Option<OldestReader> {
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier
            .iter()
            .find(|entry| entry.version.strong_count() > 0)
            .map(|entry| OldestReader { lsn: entry.lsn, age: now.saturating_sub(entry.replaced_at) })
    }
}
