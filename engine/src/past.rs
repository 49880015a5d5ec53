//! An earlier version as a database of its own, for layers that work on databases: read-only, beside the live one.
//!
//! It shares the pages and files of the database it comes from, keeps it open, and holds the history it was reached
//! through. It has no log and no checkpoints, so it never writes anything, and nothing before it is reached from it.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock};

use crate::checkpoint_list::CheckpointList;
use crate::commit_clock::CommitClock;
use crate::error::Result;
use crate::format::checkpoint::Orders;
use crate::hold::Hold;
use crate::options::{Access, Options};
use crate::page::store::PageStore;
use crate::pressure::Pressure;
use crate::progress::ProgressClock;
use crate::reach::Reach;
use crate::recovery;
use crate::shared::{Checkpoints, Holds, PastOf, Requested, Shared};
use crate::tree::Root;
use crate::version::{Version, VersionSet};
use crate::writer_lock::WriterLock;

/// What the handles of such a database share.
pub(crate) fn shared(origin: &Shared, version: &Version, hold: Hold) -> Result<Shared> {
    let options = Options { access: Access::ReadOnly, ..origin.options.clone() };
    let ancestors = version.pages.place().ancestors.to_vec();
    let table = version.pages.table();
    let next = table.last().map_or_else(Default::default, |(id, _)| id.next());
    let pages = PageStore::open(
        origin.io.fs.clone(),
        &origin.dir,
        origin.database,
        &ancestors,
        recovery::page_options(&options),
        &table,
        next,
    )?;
    let list = CheckpointList::new(origin.io.fs.clone(), &origin.dir, origin.database);
    let reach = Reach::new(&list, Orders::default(), ProgressClock::new(&*origin.io.clock));
    Ok(Shared {
        dir: origin.dir.clone(),
        io: origin.io.clone(),
        database: origin.database,
        versions: VersionSet::new(version.clone()),
        writer: WriterLock::default(),
        log: None,
        pages,
        params: origin.params.clone(),
        clock: Mutex::new(CommitClock::after(version.time)),
        checkpoints: Mutex::new(Checkpoints {
            list,
            catalog: Root::empty(),
            ancestors,
            outstanding: None,
            victims: Vec::new(),
            marked_page_bytes: 0,
        }),
        reach: Mutex::new(reach),
        pending_swap: Mutex::default(),
        holds: Holds::default(),
        pressure: Pressure::default(),
        log_bytes_at_open: version.log_end.bytes,
        checkpointed_log_bytes: AtomicU64::new(version.log_end.bytes),
        requested: Requested::default(),
        spilled_from: Mutex::default(),
        background_error: Mutex::default(),
        poison: OnceLock::new(),
        lock: Mutex::new(None),
        past_of: Some(PastOf { lsn: version.lsn, _hold: Box::new(hold) }),
        options,
    })
}
