//! What history is kept: which of the older checkpoints stay beside the next one.
//!
//! History reaches back to a *floor*, a commit: everything from it on can be read. It is kept by the newest checkpoint at
//! or before the floor and the log from there on. Between that checkpoint and the newest some are kept in addition, so that
//! a moment in between is reached by replaying a part of the log.
//!
//! Those in between are **thinned** with age, which only makes a moment take longer to reach: of the newest hour there is one
//! for each `root_spacing_bytes` of log; of the newest day one for as many bytes of log as there is live data, if that is
//! more, so that their pages take at most about as much as the log; of the time before an eighth of those. A checkpoint stays
//! where it is nearer to that distance from the one before than the next one is. In a window there is one a day at least.
//!
//! The floor is where the retention of the options puts it, unless a hold, a pin or a wish for the next open needs more.
//! Nothing here deletes anything: the record that is appended next says what is kept, and once it is durable
//! [`reclaim`](crate::reclaim) removes what it leaves out.

use std::sync::Arc;
use std::time::Duration;

use crate::format::checkpoint::{CheckpointRecord, Progress};
use crate::ids::Lsn;
use crate::options::{Retention, Window};
use crate::reach::Reach;
use crate::shared::Shared;

const HOUR: Duration = Duration::from_secs(3_600);
/// In a window of time a root is kept for each so long a time.
const DAY: Duration = Duration::from_secs(86_400);
/// One of so many roots stays when they are older than a day.
const THINNED_BY: u64 = 8;

/// What stays reachable beside a new checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The numbers of the older checkpoints that are kept.
    pub(crate) kept: Vec<u64>,
    /// Whether everything back to the first commit is.
    pub(crate) whole_history: bool,
}

/// The checkpoints to keep beside the one about to be appended: the newest so far, those that retention, orders and holds
/// need, and bulk roots whose log record is kept.
pub(crate) fn kept_beside_the_next(shared: &Shared, reach: &Reach, now: Progress) -> Kept {
    let records = &reach.roots[..];
    let floor = floor(shared, reach, now);
    let Some(newest) = records.last() else {
        let whole_history = floor < shared.versions.current().lsn;
        return Kept { kept: Vec::new(), whole_history };
    };
    // History from the floor on starts at the newest root at or before it.
    let start = records.iter().rposition(|record| record.lsn <= floor.min(newest.lsn));
    let whole_history = reach.whole_history && start.is_none();
    let in_window = matches!(shared.options.retention, Retention::Window(_));
    // A root that something is being reached from stays, also where a later one of the same commit would do.
    let held = shared.holds.roots();
    let (before, within) = records.split_at(start.unwrap_or(0));
    let before = before.iter().filter(|record| held.contains(&record.number));
    let mut kept: Vec<u64> = before.map(|record| record.number).collect();
    // Before the first root of a whole history is the beginning, from which the log can be replayed as well.
    let beginning = CheckpointRecord::default();
    let mut last = whole_history.then_some(&beginning);
    for (at, record) in within.iter().enumerate() {
        let spacing = spacing(shared, reach, now.since(&record.progress));
        let after = within.get(at + 1).map_or(record.log_bytes, |after| after.log_bytes);
        let spaced = last.is_none_or(|last| {
            record.lsn > last.lsn
                && (is_nearer_than(record.log_bytes, after, last.log_bytes.saturating_add(spacing))
                    || (in_window && record.progress.since(&last.progress) >= DAY))
        });
        if spaced || record.bulk || record.number == newest.number || held.contains(&record.number) {
            kept.push(record.number);
            last = Some(&**record);
        }
    }
    Kept { kept, whole_history }
}

/// Whether the first of two places in the log, which is not behind the second, is nearer to a third.
fn is_nearer_than(first: u64, second: u64, to: u64) -> bool {
    first >= to || second.saturating_sub(to) > to - first
}

/// How much log there is to be between two kept roots of an age.
fn spacing(shared: &Shared, reach: &Reach, age: Duration) -> u64 {
    let dense = shared.options.root_spacing_bytes;
    if age < HOUR {
        return dense;
    }
    let by_size = dense.max(reach.live_page_bytes);
    if age < DAY { by_size } else { by_size.saturating_mul(THINNED_BY) }
}

/// Whether a checkpoint made now would let something of a window of history go, if all time that is doubted had passed.
pub(crate) fn lets_history_go_if_believed(shared: &Shared) -> bool {
    let mut reach = shared.reach();
    let now = reach.progress.now(&*shared.io.clock).believed();
    let (Retention::Window(_), Some(oldest)) = (shared.options.retention, reach.roots.first()) else {
        return false;
    };
    let Kept { kept, whole_history } = kept_beside_the_next(shared, &reach, now);
    if reach.whole_history {
        return !whole_history;
    }
    let first = reach.roots.iter().find(|record| Some(&record.number) == kept.first());
    first.is_none_or(|first| first.lsn != oldest.lsn)
}

/// The oldest commit whose state somebody may still ask for, other than recovery.
fn floor(shared: &Shared, reach: &Reach, now: Progress) -> Lsn {
    let held = shared.holds.oldest().unwrap_or(Lsn::MAX);
    let orders = &reach.orders;
    let ordered = orders.pins.iter().map(|pin| pin.lsn).chain(orders.wish).min().unwrap_or(Lsn::MAX);
    held.min(ordered).min(retained_from(shared, reach, now))
}

/// The commit from which on the retention of the options keeps history, whatever else does.
pub(crate) fn retained_from(shared: &Shared, reach: &Reach, now: Progress) -> Lsn {
    match shared.options.retention {
        Retention::Needed => Lsn::MAX,
        Retention::Window(window) => {
            window_floor(&window, &reach.roots, now, shared.log_bytes()).max(shared.holds.retained_from())
        }
        Retention::All => shared.holds.retained_from(),
    }
}

/// The commit from which on a window keeps history: always that of a checkpoint, or the beginning.
fn window_floor(window: &Window, records: &[Arc<CheckpointRecord>], now: Progress, log_bytes: u64) -> Lsn {
    // All commits up to a checkpoint of this age are at least as old.
    let old = |age: Duration| records.iter().rfind(|record| now.since(&record.progress) >= age);
    let lsn_of = |record: Option<&Arc<CheckpointRecord>>| record.map_or(Lsn::ZERO, |record| record.lsn);
    let by_time = lsn_of(old(window.time));
    let small = records.iter().find(|record| log_bytes.saturating_sub(record.log_bytes) <= window.bytes);
    let by_bytes = if log_bytes <= window.bytes { Lsn::ZERO } else { lsn_of(small.or(records.last())) };
    by_time.max(by_bytes.min(lsn_of(old(window.min_keep))))
}
