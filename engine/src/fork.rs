//! Fork: a database of its own whose content is a version of another one, without copying what both share.
//!
//! The page segments that the origin had when it wrote the version's newest root get second names in the fork's directory.
//! Which of them the version reaches is not looked for: that is a walk of all inner nodes, and the first checkpoint of the
//! fork makes it anyway and removes the others. Where the file system cannot give a second name, a segment is copied, if the
//! version reaches it. Segments keep the origin's id; the fork's checkpoint records say up to which number. What the version
//! has in memory, after a replay for instance, goes to a segment of the fork's own, and so does its catalog.
//!
//! The steps, and what a crash leaves behind at each (fault model F01, F04):
//! 1. the directory is locked, and cleared of what an earlier attempt left;
//! 2. segments are linked, pages and catalog written and synced, and all names: files nobody reads;
//! 3. the checkpoint list, which names all of it, is written, synced, renamed and its name synced: this makes the
//!    directory a database.
//!
//! It has no log until the first open for writing makes one, and then a second record, before anything can be committed. So a
//! list whose one record is that of a fork, beside no log, is a fork that nobody has written to; beside any other list a log
//! that is not there was lost. Readers do without.
//!
//! Both are independent from then on. A file with two names is written to by the origin alone, behind the length that the
//! fork knows; the fork appends to segments of its own only. Removing it in one place leaves the other name.
//!
//! No lock of the origin is held: the version keeps its files, and has no node that a checkpoint of the origin writes.
//!
//! The history of the fork begins with it.

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use crate::catalog;
use crate::checkpoint_list::{AppendError, CheckpointList};
use crate::error::{Error, Result};
use crate::format::checkpoint::{CheckpointRecord, FORK_LOG_START, RootState};
use crate::ids::{Ancestor, DatabaseId, PageAddr, SegmentId, to_u64};
use crate::io::{Fs, OpenMode, read_exact_at, write_all_at};
use crate::page::store::PageStore;
use crate::progress::ProgressClock;
use crate::recovery;
use crate::shared::{Moves, Shared};
use crate::tree::{Existence, Root, Written};
use crate::version::Version;

/// What a fork is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForkReport {
    /// The id of the new database.
    pub id: DatabaseId,
    /// Page segments that it shares with its origin, in bytes. Those that it does not need go with its first checkpoint.
    pub shared_bytes: u64,
    /// Page segments that were copied because the file system cannot share them, in bytes.
    pub copied_bytes: u64,
    /// Pages of its own, in bytes.
    pub own_bytes: u64,
}

/// How far a fork is.
pub(crate) type Tell<'t> = &'t mut dyn FnMut(u64, u64);

/// Makes a database in `dir` whose content is a version. Of `files`, the page segments that there were when the version's
/// newest root was written, come those that it needs.
pub(crate) fn run(
    shared: &Shared,
    version: &Version,
    files: &[(SegmentId, u64)],
    dir: &Path,
    tell: Tell<'_>,
) -> Result<ForkReport> {
    let fs = &*shared.io.fs;
    let lock = recovery::claim(fs, dir)?;
    let id = recovery::random_id(&shared.io);
    let made = Fork { shared, version, dir, id }.make(files, tell);
    let made = made.inspect_err(|_| drop(recovery::abandon(fs, dir)));
    drop(lock);
    made
}

struct Fork<'a> {
    shared: &'a Shared,
    version: &'a Version,
    dir: &'a Path,
    id: DatabaseId,
}

impl Fork<'_> {
    fn make(&self, files: &[(SegmentId, u64)], tell: Tell<'_>) -> Result<ForkReport> {
        let mut report = ForkReport { id: self.id, ..ForkReport::default() };
        let mut inherited = self.inherit(files, &mut report, tell)?;
        let mut ancestors = self.version.pages.place().ancestors.to_vec();
        let last = ancestors.last().map_or(SegmentId(1), |ancestor| ancestor.before);
        let before = inherited.last().map_or(last, |(id, _)| last.max(id.next()));
        ancestors.push(Ancestor { database: self.shared.database, before });
        let mut state = self.write_pages(&ancestors, before, &mut report)?;
        inherited.append(&mut state.segments);
        state.segments = inherited;
        let fs = &self.shared.io.fs;
        fs.sync_dir(self.dir).map_err(|error| Error::io("sync", self.dir, error))?;

        let record = CheckpointRecord {
            number: 1,
            lsn: self.version.lsn,
            time: self.version.time,
            replay_from: FORK_LOG_START,
            progress: ProgressClock::new(&*self.shared.io.clock).now(&*self.shared.io.clock),
            ancestors,
            state,
            ..CheckpointRecord::default()
        };
        let mut list = CheckpointList::new(fs.clone(), self.dir, self.id);
        list.append(Arc::new(record)).map_err(AppendError::into_error)?;
        Ok(report)
    }

    /// Gives segments of the origin a name in the fork's directory, or copies them; which it has then. They are there as long
    /// as the version is, but for those that were removed before it was looked for.
    fn inherit(
        &self,
        files: &[(SegmentId, u64)],
        report: &mut ForkReport,
        tell: Tell<'_>,
    ) -> Result<Vec<(SegmentId, u64)>> {
        // Without a tree there is nothing to inherit, and no segment of the fork's own to append to.
        let is_empty = self.version.catalog.iter().next().is_none();
        let there = |(id, _): &&(SegmentId, u64)| !is_empty && self.version.pages.get(*id).is_some();
        let files: Vec<(SegmentId, u64)> = files.iter().filter(there).copied().collect();
        let total = files.iter().fold(0u64, |total, (_, len)| total.saturating_add(*len));
        let (mut inherited, mut passed) = (Vec::new(), 0);
        let mut reached = None;
        let fs = &*self.shared.io.fs;
        for (id, len) in files {
            let from = self.version.pages.place().path(id);
            let to = self.dir.join(format!("{id}.pages"));
            match fs.hard_link(&from, &to) {
                Ok(()) => {
                    report.shared_bytes += len;
                    inherited.push((id, len));
                }
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    let reached = match &reached {
                        Some(reached) => reached,
                        None => reached.insert(self.reached()?),
                    };
                    if let Some(&len) = reached.get(&id) {
                        copy(fs, &from, &to, len)?;
                        report.copied_bytes += len;
                        inherited.push((id, len));
                    }
                }
                Err(error) => return Err(Error::io("link a page segment", &to, error)),
            }
            passed += len;
            tell(passed, total);
        }
        Ok(inherited)
    }

    /// The page segments that the version reaches, each up to the last page that it reaches there. Walks its inner nodes.
    fn reached(&self) -> Result<BTreeMap<SegmentId, u64>> {
        let mut reached: BTreeMap<SegmentId, u64> = BTreeMap::new();
        let mut seen: HashSet<PageAddr> = HashSet::new();
        for (_, entry) in self.version.catalog.iter() {
            entry.root.mark(&*self.version.pages, &mut seen, &mut |addr| {
                let end = reached.entry(addr.segment).or_default();
                *end = (addr.offset() + addr.padded_len()).max(*end);
            })?;
        }
        Ok(reached)
    }

    /// Writes what of the version is not on pages, and its catalog, to segments of the fork.
    fn write_pages(
        &self,
        ancestors: &[Ancestor],
        next: SegmentId,
        report: &mut ForkReport,
    ) -> Result<RootState> {
        let inherited = &*self.version.pages;
        let Shared { io, options, params, .. } = self.shared;
        let options = recovery::page_options(options);
        let store = PageStore::open(io.fs.clone(), self.dir, self.id, ancestors, options, &[], next)?;
        let mut appender = store.appender();
        let (mut moves, mut written) = (Moves::new(), Written::default());
        let mut tree = Root::empty();
        for (id, entry) in self.version.catalog.iter() {
            let root =
                entry.root.write_dirty(inherited, &mut appender, None, &mut moves, &mut written, params)?;
            let value = catalog::encode_entry(&entry.name, &root);
            tree.put(inherited, params, &catalog::key(id), &value[..], Existence::Look)?;
        }
        let root = tree.write_dirty(inherited, &mut appender, None, &mut moves, &mut written, params)?;
        let mut encoded = Vec::new();
        root.encode(&mut encoded);
        appender.flush_and_sync()?;
        report.own_bytes = store.segments().total_bytes();
        Ok(RootState {
            catalog: encoded,
            next_tree: self.version.catalog.next_tree(),
            next_segment: appender.next_segment(),
            segments: store.segments().table(),
        })
    }
}

/// Copies the first `len` bytes of a file, durably but for the name.
fn copy(fs: &dyn Fs, from: &Path, to: &Path, len: u64) -> Result<()> {
    const STEP_BYTES: u64 = 1 << 20;
    let source = fs.open(from, OpenMode::Read).map_err(|error| Error::io("open", from, error))?;
    let target = fs.open(to, OpenMode::CreateNew).map_err(|error| Error::io("create", to, error))?;
    let mut at = 0;
    while at < len {
        let mut bytes = vec![0; usize::try_from(STEP_BYTES.min(len - at)).unwrap_or(0)];
        read_exact_at(&*source, &mut bytes, at).map_err(|error| Error::io("read", from, error))?;
        write_all_at(&*target, &bytes, at).map_err(|error| Error::io("write", to, error))?;
        at += to_u64(bytes.len());
    }
    target.sync_data().map_err(|error| Error::io("sync", to, error))
}
