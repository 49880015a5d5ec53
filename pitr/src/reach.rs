//! [`Reach`]: how far back a database can go, what keeps it so, and what that costs.

use std::time::Duration;

use duramen_engine::{History, HistorySpace, KeptRoot, Lsn, Retention};

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

/// What keeps history that the retention would let go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keeper {
    /// The pin of this name.
    Pin(String),
    /// The restore that the next session begins with.
    NextSession,
    /// A view, a snapshot, a read of the log or another hold of this process.
    Hold,
    /// That the youngest history stays, whatever it takes: [`Window::min_keep`](duramen_engine::Window::min_keep).
    MinKeep,
}

/// History that is kept against the retention: nothing is shortened in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What keeps it.
    pub keeper: Keeper,
    /// How much log it keeps that would go otherwise, in bytes; pages come on top.
    pub log_bytes: u64,
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
    /// The moment that the next session begins with, if one was asked for.
    pub pending_restore: Option<Bookmark>,
    /// What is kept, in bytes.
    pub space: HistorySpace,
    /// What keeps more than the retention asks for.
    pub conflicts: Vec<Conflict>,
}

impl Reach {
    pub(crate) fn new(
        history: &History,
        pins: Vec<Pin>,
        bookmark: &dyn Fn(Lsn) -> Bookmark,
    ) -> Result<Reach> {
        let kept = history.roots();
        let conflicts = conflicts(history, &kept, &pins)?;
        let roots = kept.into_iter().map(|root| (bookmark(root.lsn), root)).collect();
        let (oldest, newest) = (bookmark(history.oldest()), bookmark(history.newest()?));
        let pending_restore = history.wished_reset().map(bookmark);
        Ok(Reach { oldest, newest, roots, pins, pending_restore, space: history.space()?, conflicts })
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

/// What keeps history that the retention would let go.
fn conflicts(history: &History, roots: &[KeptRoot], pins: &[Pin]) -> Result<Vec<Conflict>> {
    // A commit is kept from the root before it on.
    let log_before = |lsn: Lsn| {
        let at = roots.partition_point(|root| root.lsn <= lsn);
        at.checked_sub(1).map_or(0, |at| roots[at].log_bytes)
    };
    let retained = log_before(history.retained_from());
    let kept_by = |lsn: Lsn| retained.saturating_sub(log_before(lsn));
    let by_pins = pins.iter().map(|pin| (Keeper::Pin(pin.name.clone()), kept_by(pin.bookmark.lsn())));
    let by_wish = history.wished_reset().map(|lsn| (Keeper::NextSession, kept_by(lsn)));
    let by_hold = history.held_from().map(|lsn| (Keeper::Hold, kept_by(lsn)));
    let over = match history.retention() {
        Retention::Window(window) => (history.log_bytes() - retained).saturating_sub(window.bytes),
        _ => 0,
    };
    // At most a root's spacing is over for want of a root to cut at.
    let spacing = roots.windows(2).map(|pair| pair[1].log_bytes - pair[0].log_bytes).max().unwrap_or(0);
    let by_age = Some((Keeper::MinKeep, over.saturating_sub(spacing)));
    let all = by_pins.chain(by_wish).chain(by_hold).chain(by_age);
    Ok(all
        .filter(|(_, bytes)| *bytes > 0)
        .map(|(keeper, log_bytes)| Conflict { keeper, log_bytes })
        .collect())
}
