//! [`Reach`]: how far back a database can go, what keeps it so, and what that costs.

use std::time::Duration;

use duramen_engine::{History, HistorySpace, KeptRoot, Lsn};

use crate::bookmark::Bookmark;
use crate::error::Result;

/// A moment that is kept by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The name.
    pub name: String,
    /// The moment.
    pub bookmark: Bookmark,
}

/// How far back a database can go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reach {
    /// The oldest moment that can be read and restored; so can each commit after it.
    pub oldest: Bookmark,
    /// The newest one.
    pub newest: Bookmark,
    /// The moments whose pages are kept, oldest first. Those in between cost a replay of the log from the one before.
    pub roots: Vec<(Bookmark, KeptRoot)>,
    /// The moments that are kept by name.
    pub pins: Vec<Pin>,
    /// What is kept, in bytes.
    pub space: HistorySpace,
}

impl Reach {
    pub(crate) fn new(
        history: &History,
        pins: Vec<Pin>,
        bookmark: &dyn Fn(Lsn) -> Bookmark,
    ) -> Result<Reach> {
        let roots = history.roots().into_iter().map(|root| (bookmark(root.lsn), root)).collect();
        let (oldest, newest) = (bookmark(history.oldest()), bookmark(history.newest()?));
        Ok(Reach { oldest, newest, roots, pins, space: history.space()? })
    }

    /// For how long the oldest root has been kept, as far as time was observed to pass.
    #[must_use]
    pub fn observed(&self) -> Duration {
        self.roots.first().map_or(Duration::ZERO, |(_, root)| root.age)
    }

    /// Bytes that are kept for the past alone.
    #[must_use]
    pub fn history_bytes(&self) -> u64 {
        self.space.log_bytes + self.space.kept_page_bytes.saturating_sub(self.space.live_page_bytes)
    }

    /// What a day of history costs at the present rate, in bytes; `None` before an hour was observed.
    #[must_use]
    pub fn bytes_a_day(&self) -> Option<u64> {
        const DAY_SECONDS: u64 = 86_400;
        let seconds = self.observed().as_secs();
        let bytes = u128::from(self.history_bytes()) * u128::from(DAY_SECONDS);
        (seconds >= 3600).then(|| u64::try_from(bytes / u128::from(seconds)).unwrap_or(u64::MAX))
    }
}
