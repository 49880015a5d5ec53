//! Compaction: every tree is written anew, packed and in key order, and the old pages are removed.
//!
//! Nothing of the content changes, so there is no commit and no log record: the new pages become a checkpoint of the same
//! version. Two checkpoint records are appended, since what one frees is removed only after the next is durable. A crash
//! before the first of them leaves pages nobody points at; after it, the old pages are removed by a later reclaim.

use std::sync::Arc;

use crate::checkpoint::{self, CheckpointReport, LogPlace, Pace};
use crate::error::Result;
use crate::handle::Handle;
use crate::ids::Lsn;
use crate::page::segments::SegmentSet;
use crate::reclaim::{self, Effort};
use crate::shared::Shared;
use crate::tree::{BulkBuilder, Root};
use crate::txn::Writer;
use crate::version::Version;

/// `progress` is told after this many entries.
const PROGRESS_EVERY: u64 = 4096;

/// Rewrites the whole database. `progress` gets the entries written and their total.
pub(crate) fn run(handle: &Arc<Handle>, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckpointReport> {
    let writer = Writer::acquire(handle.clone())?;
    let mut checkpoints = handle.checkpoints();
    if handle.newest()?.lsn == Lsn::ZERO {
        // There is no commit that a checkpoint could be of, and no log for it to go on with.
        return Ok(CheckpointReport::default());
    }
    reclaim::leave_log_behind(handle)?;
    let version = handle.newest()?;
    checkpoint::append_outstanding(handle, &mut checkpoints)?;
    handle.pages.appender().start_segment()?;
    let total = version.catalog.iter().map(|(_, entry)| entry.root.count()).sum();
    let mut ticker = Ticker::new(total, progress);
    let mut catalog = version.catalog.clone();
    for (id, entry) in version.catalog.iter() {
        let packed = pack(handle, &entry.root, &version.pages, &mut ticker)?;
        catalog.root_mut(id).expect("the clone has the trees of its origin").take_pages_of(packed);
    }
    let (lsn, time, log_end) = (version.lsn, version.time, version.log_end);
    let mut page_bytes = 0;
    for _ in 0..2 {
        let written = checkpoint::write_state(handle, &catalog, &checkpoints, Pace::AtOnce)?;
        page_bytes += written.page_bytes;
        let place = LogPlace { lsn, time, log_end, bulk: false };
        checkpoint::finish(handle, &mut checkpoints, written, place)?;
    }
    drop(version);
    let version =
        Version { lsn, time, catalog, log_end, pages: handle.pages.segments(), existed: Vec::new() };
    drop(handle.versions.publish(version, &*handle.io.clock));
    while handle.swap_part().is_some() {}
    drop(writer);
    (ticker.progress)(total, total);
    reclaim::run(handle, &mut checkpoints, Effort::Now)?;
    Ok(CheckpointReport { lsn, page_bytes })
}

/// How many entries were written, for whoever waits.
pub(crate) struct Ticker<'p> {
    done: u64,
    total: u64,
    progress: &'p mut dyn FnMut(u64, u64),
}

impl Ticker<'_> {
    pub(crate) fn new(total: u64, progress: &mut dyn FnMut(u64, u64)) -> Ticker<'_> {
        Ticker { done: 0, total, progress }
    }
}

/// Writes a tree, which lies in `pages`, anew to the pages of `shared`, and syncs them.
pub(crate) fn pack(
    shared: &Shared,
    root: &Root,
    pages: &SegmentSet,
    ticker: &mut Ticker<'_>,
) -> Result<Root> {
    let mut appender = shared.pages.appender();
    let mut builder = BulkBuilder::new(shared.params.clone());
    let mut cursor = root.cursor(pages);
    let mut more = cursor.first()?;
    while more {
        builder.push(&mut appender, cursor.key(), cursor.value()?)?;
        ticker.done += 1;
        if ticker.done.is_multiple_of(PROGRESS_EVERY) {
            (ticker.progress)(ticker.done, ticker.total);
        }
        more = cursor.next()?;
    }
    let packed = builder.finish(&mut appender)?;
    appender.flush_and_sync().map_err(|error| shared.page_failure(error))?;
    Ok(Root::from_child(packed))
}
