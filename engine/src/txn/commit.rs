//! The commit protocol: encode, append, publish, sync.
//!
//! An ordinary commit ([`WriteTxn::commit`]):
//! 1. space for the record is made sure of: the last step that may fail without consequence;
//! 2. the record goes to the log's group buffer and gets its LSN;
//! 3. the version is published, and the writer lock given back;
//! 4. for [`Durability::Immediate`] the log is flushed, together with whatever other threads committed meanwhile.
//!
//! A commit of a few puts by one who commits alone ([`WriteTxn::commit_puts`]) goes another way to step 3:
//! 1. as before;
//! 2. the record is written and the disk begins to work ([`Begun`](crate::wal::Begun)), before the tree is changed and without a look at
//!    which keys are there, which is for the next record to tell;
//! 3. the tree is changed. Where a page cannot be read the record is taken back, and nothing has happened;
//! 4. the log counts the record, the version is published, and the writer lock given back;
//! 5. the log is flushed.
//!
//! A bulk commit ([`commit_root`]) is for a transaction that spilled, and for a reset: all dirty pages are written and
//! synced first, the record names the root, and the checkpoint list gets the same root at once.
//!
//! A commit aside ([`WriteTxn::commit_aside`]) is a bulk commit that is not published, and a reset to the version before it,
//! which is. Nobody else commits or makes a checkpoint in between; a crash there leaves the former as the newest.
//!
//! After a crash in any step the commit is there as a whole or not at all, and it is there if step 4 had ended.

use super::write::{Record, WriteTxn};
use crate::catalog::Catalog;
use crate::changes::Changes;
use crate::checkpoint::{self, LogPlace, Pace};
use crate::codec::Write;
use crate::error::Result;
use crate::format::ops::Op;
use crate::format::wal::RecordKind;
use crate::ids::{CommitTime, Lsn, TreeId};
use crate::options::Durability;
use crate::shared::{Checkpoints, Shared};
use crate::tree::KeyChange;
use crate::version::Version;
use crate::wal::LogSink;
use crate::worker::{self, Made};

impl WriteTxn {
    /// Makes the changes visible to new readers, and durable as asked for. A transaction without changes makes no commit
    /// and gives the position it started from.
    ///
    /// # Errors
    /// The disk error that an earlier change met; [`Error::Full`](crate::Error::Full) where the log cannot grow: nothing
    /// is kept then, and the database goes on working. [`Error::Poisoned`](crate::Error::Poisoned) where the flush fails:
    /// the commit may or may not be there after the database was opened again.
    pub fn commit(mut self, durability: Durability) -> Result<Lsn> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let shared = self.writer.handle.shared().clone();
        let log = shared.log()?;
        let root = match self.record {
            Record::Operations => None,
            Record::Root => Some((RecordKind::Root, Vec::new())),
            Record::Reset(target) => Some((RecordKind::Reset, target_payload(target))),
            Record::WishedReset(target) => Some((RecordKind::WishedReset, target_payload(target))),
        };
        let made = if root.is_some() { Made::Root } else { Made::Operations };
        let lsn = if let Some((kind, payload)) = root {
            // Neither keeps the files of pages that are dead after this.
            drop((self.base, self.pages));
            let mut checkpoints = shared.checkpoints();
            let lsn = commit_root(&shared, &mut checkpoints, self.catalog, kind, payload, Seen::ByReaders)?;
            drop(checkpoints);
            drop(self.writer);
            lsn
        } else if self.ops.is_empty() {
            self.base.lsn
        } else {
            self.tell_what_existed();
            log.reserve(self.ops.len())?;
            let time = shared.next_commit_time();
            let lsn = log.append(RecordKind::Commit, time, self.ops.bytes());
            log.ready_to_publish()?;
            self.publish(&shared, lsn, time, Vec::new());
            lsn
        };
        match durability {
            Durability::Immediate => log.flush_to(lsn)?,
            Durability::Deferred => worker::request_flush(&shared),
            Durability::None => log.write_buffered()?,
        }
        worker::after_commit(&shared, made);
        Ok(lsn)
    }
}

impl WriteTxn {
    /// Puts the values of a few keys, which are in order, and makes all of the transaction durable. Who commits alone has the
    /// disk write the record while the tree is changed.
    ///
    /// # Errors
    /// As those of [`commit`](WriteTxn::commit).
    pub(super) fn commit_puts(mut self, tree: TreeId, puts: &Changes) -> Result<Lsn> {
        if self.record != Record::Operations || self.failure.is_some() {
            self.change_in_order(tree, puts)?;
            return self.commit(Durability::Immediate);
        }
        let shared = self.writer.handle.shared().clone();
        let log = shared.log()?;
        let before = self.ops.len();
        for KeyChange { key, value, .. } in puts.by_key() {
            self.log(&Op::Put { tree, key, value: value.unwrap_or_default(), existed: None });
        }
        self.tell_what_existed();
        log.reserve(self.ops.len())?;
        let time = shared.next_commit_time();
        let Some(mut begun) = log.begin(time, self.ops.bytes())? else {
            self.ops.truncate(before);
            self.change_in_order(tree, puts)?;
            return self.commit(Durability::Immediate);
        };
        let existed = self.change_unlogged(tree, puts)?;
        let lsn = begun.admit();
        self.publish(&shared, lsn, time, existed);
        begun.sync()?;
        worker::after_commit(&shared, Made::Operations);
        Ok(lsn)
    }

    /// Has the record tell which keys existed, where that of the commit before could not know.
    fn tell_what_existed(&mut self) {
        if !self.base.existed.is_empty() {
            self.ops.push_existed(&self.base.existed);
        }
    }

    /// Makes the transaction, whose record is in the log, the newest version, and gives the writer lock back. `existed` is what
    /// the next record has to tell.
    fn publish(self, shared: &Shared, lsn: Lsn, time: CommitTime, existed: Vec<bool>) {
        drop(self.base);
        let version = Version {
            lsn,
            time: time.time,
            catalog: self.catalog,
            log_end: shared.log_end(),
            pages: self.pages,
            existed,
        };
        let before = shared.versions.publish(version, &*shared.io.clock);
        drop(self.writer);
        drop(before);
    }

    /// Makes what the transaction holds a version of the history alone, durably; its position. Readers go on with the version
    /// that the transaction started from, which is the newest one again when this returns.
    ///
    /// A crash before that leaves the version before, or this one as the newest.
    ///
    /// # Errors
    /// As [`commit`](WriteTxn::commit). [`Error::Poisoned`](crate::Error::Poisoned) where the disk fails between the two: the
    /// next open finds this version as the newest.
    pub fn commit_aside(self) -> Result<Lsn> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let shared = self.writer.handle.shared().clone();
        let (then, before) = (self.base.catalog.clone(), target_payload(self.base.lsn));
        drop((self.base, self.pages));
        let mut checkpoints = shared.checkpoints();
        let lsn = commit_root(
            &shared,
            &mut checkpoints,
            self.catalog,
            RecordKind::Root,
            Vec::new(),
            Seen::ByNobody,
        )?;
        commit_root(&shared, &mut checkpoints, then, RecordKind::Reset, before, Seen::ByReaders)
            .map_err(|error| shared.poison(error))?;
        drop(checkpoints);
        drop(self.writer);
        worker::after_commit(&shared, Made::Root);
        Ok(lsn)
    }
}

/// Whether a version becomes the one that new readers get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    ByReaders,
    ByNobody,
}

/// What a reset's record holds before the root.
fn target_payload(target: Lsn) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.put_varint(target.epoch.into());
    payload.put_varint(target.number);
    payload
}

/// Commits `catalog` as a root on disk. `payload` is what the record holds before the root. The caller holds the writer lock.
///
/// The commit is durable when this returns, whatever was asked for.
fn commit_root(
    shared: &Shared,
    checkpoints: &mut Checkpoints,
    catalog: Catalog,
    kind: RecordKind,
    mut payload: Vec<u8>,
    seen: Seen,
) -> Result<Lsn> {
    let log = shared.log()?;
    checkpoint::append_outstanding(shared, checkpoints)?;
    let written = checkpoint::write_state(shared, &catalog, checkpoints, Pace::AtOnce)?;
    written.state.encode(&mut payload);
    log.reserve(payload.len())?;
    let time = shared.next_commit_time();
    let lsn = log.append(kind, time, &payload);
    log.ready_to_publish()?;
    let log_end = shared.log_end();
    let place = LogPlace { lsn, time: time.time, log_end, bulk: true };
    if seen == Seen::ByReaders {
        let pages = shared.pages.segments();
        let version = Version { lsn, time: time.time, catalog, log_end, pages, existed: Vec::new() };
        drop(shared.versions.publish(version, &*shared.io.clock));
    }
    log.flush_to(lsn)?;
    if kind == RecordKind::WishedReset {
        // Recovery takes the log's word for it where the list was not told.
        shared.reach().orders.wish = None;
    }
    match checkpoint::finish(shared, checkpoints, written, place) {
        Ok(()) => while shared.swap_part().is_some() {},
        // The log holds the commit; the record is added to the list by the next checkpoint.
        Err(error) => worker::note(shared, error),
    }
    Ok(lsn)
}
