//! Verification of a whole database: every kept root, every page it reaches, every record of the log.
//!
//! Damage does not stop it: each damaged place is listed, and what does not depend on it is checked all the same. Pages
//! are read from the files, past mapping and caches.
//!
//! What it looks at is that of the moment it begins. A hold on the oldest root keeps the log, and the page files stay while
//! somebody has them, so that commits, checkpoints and reclaim go on beside it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::checkpoint_list::{self, CheckpointList};
use crate::error::{Corruption, Error, Result};
use crate::format::checkpoint::CheckpointRecord;
use crate::handle::Handle;
use crate::hold::Hold;
use crate::ids::{Lsn, PageAddr};
use crate::page::segments::SegmentSet;
use crate::shared::Shared;
use crate::tree::Root;
use crate::version::Version;
use crate::wal::{LogReader, LogScan, LogSink, LogStart};

/// How far a verification has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of pages and log checked.
    pub done_bytes: u64,
    /// Bytes of pages and log there are. What is dead is not checked, so `done_bytes` may stay below it.
    pub total_bytes: u64,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The newest commit checked.
    pub lsn: Lsn,
    /// How many roots were checked, the newest version's included.
    pub roots: u64,
    /// How many pages they reach; each counts once.
    pub pages: u64,
    /// Length of those pages in bytes.
    pub page_bytes: u64,
    /// Trees of the newest version.
    pub trees: u64,
    /// Entries of the newest version.
    pub entries: u64,
    /// Records of the log.
    pub log_records: u64,
    /// Every damaged place.
    pub problems: Vec<Corruption>,
}

impl VerifyReport {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

struct Verifier<'a> {
    shared: &'a Shared,
    roots: Vec<Arc<CheckpointRecord>>,
    pages: Arc<SegmentSet>,
    /// Pages whose bytes on disk were read.
    read: HashSet<PageAddr>,
    /// Pages whose place in their tree was checked.
    placed: HashSet<PageAddr>,
    report: VerifyReport,
    log_bytes: u64,
    total_bytes: u64,
    progress: &'a mut dyn FnMut(Progress),
}

/// Checks everything that is kept.
pub(crate) fn run(handle: &Arc<Handle>, progress: &mut dyn FnMut(Progress)) -> Result<VerifyReport> {
    let checkpoints = handle.checkpoints();
    let (roots, start, _hold) = from_the_oldest_root(handle);
    let version = handle.newest()?;
    let pages = handle.pages.segments();
    let mut verifier = Verifier {
        shared: handle,
        roots,
        total_bytes: pages.total_bytes(),
        pages,
        read: HashSet::new(),
        placed: HashSet::new(),
        report: VerifyReport { lsn: version.lsn, ..VerifyReport::default() },
        log_bytes: 0,
        progress,
    };
    verifier.check_list(&checkpoints.list)?;
    // Before its second record nobody has committed to a fork.
    let has_log = !checkpoints.list.begins_a_fork();
    drop(checkpoints);
    let log_segments = handle.log.as_ref().map_or(Ok(Vec::new()), |log| log.segments());
    verifier.total_bytes += log_segments.iter().flatten().map(|segment| segment.bytes).sum::<u64>();
    verifier.check_roots();
    verifier.check_version(&version);
    if has_log {
        verifier.check_log(start)?;
    }
    let Verifier { mut report, progress, total_bytes, .. } = verifier;
    report.problems.sort_by(|a, b| (&a.file, a.offset).cmp(&(&b.file, b.offset)));
    report.problems.dedup();
    progress(Progress { done_bytes: total_bytes, total_bytes });
    Ok(report)
}

/// The kept roots, where the log starts that history needs, and a hold on all of that; what is before it may be gone. The
/// caller has the lock of checkpoints.
fn from_the_oldest_root(handle: &Arc<Handle>) -> (Vec<Arc<CheckpointRecord>>, LogStart, Hold) {
    let reach = handle.reach();
    let oldest = reach.roots.first().filter(|_| !reach.whole_history);
    let start = oldest.map_or(LogStart::Beginning, |oldest| LogStart::After {
        lsn: oldest.lsn,
        position: oldest.replay_from,
    });
    let hold = Hold::new(handle.clone(), reach.oldest(), oldest.map(|oldest| oldest.number));
    (reach.roots.clone(), start, hold)
}

impl Verifier<'_> {
    fn check_roots(&mut self) {
        let named_by = checkpoint_list::path(&self.shared.dir);
        for record in std::mem::take(&mut self.roots) {
            self.report.roots += 1;
            match Catalog::load(&record.state, &*self.pages, &named_by) {
                Ok((tree, catalog)) => {
                    self.check_tree(&tree);
                    catalog.iter().for_each(|(_, entry)| self.check_tree(&entry.root));
                }
                Err(error) => self.note(error),
            }
        }
    }

    /// Reads the pages of a tree from their files, then checks how they belong together; each page once.
    fn check_tree(&mut self, root: &Root) {
        let pages = self.pages.clone();
        let mut fresh = Vec::new();
        let marked = root.mark(&*pages, &mut self.read, &mut |addr| fresh.push(*addr));
        if let Err(error) = marked {
            self.note(error);
        }
        for addr in fresh {
            if let Err(error) = pages.read_page_uncached(&addr) {
                self.note(error);
            }
            self.report.pages += 1;
            self.report.page_bytes += addr.padded_len();
            self.tell_progress();
        }
        let mut problems = Vec::new();
        root.check(&*pages, &self.shared.params, &mut self.placed, &mut problems, &mut |_| {});
        problems.into_iter().for_each(|problem| self.note(problem));
    }

    fn check_version(&mut self, version: &Version) {
        self.report.roots += 1;
        for (_, entry) in version.catalog.iter() {
            self.report.trees += 1;
            self.report.entries += entry.root.count();
            self.check_tree(&entry.root);
        }
    }

    fn tell_progress(&mut self) {
        let done_bytes = self.report.page_bytes + self.log_bytes;
        (self.progress)(Progress { done_bytes, total_bytes: self.total_bytes });
    }

    /// Reads the checkpoint list from its file once more.
    fn check_list(&mut self, list: &CheckpointList) -> Result<()> {
        if list.newest().is_none() {
            return Ok(());
        }
        match CheckpointList::open(self.shared.io.fs.clone(), &self.shared.dir) {
            Ok(read) => {
                if let (Some((offset, why)), None) = (read.bad_tail(), list.bad_tail()) {
                    self.note(Error::corrupt(
                        &list.path(),
                        offset,
                        "checkpoint record",
                        "a whole record",
                        why,
                    ));
                } else if read.newest() != list.newest() {
                    let expected = "the newest checkpoint at its end";
                    self.note(Error::corrupt(&list.path(), 0, "checkpoint list", expected, "an older one"));
                }
                Ok(())
            }
            Err(error @ Error::Io { .. }) => Err(error),
            Err(error) => {
                self.note(error);
                Ok(())
            }
        }
    }

    fn check_log(&mut self, start: LogStart) -> Result<()> {
        let durable = match &self.shared.log {
            Some(log) => log.durable_lsn(),
            None => self.report.lsn,
        };
        if durable == Lsn::ZERO || self.shared.past_of.is_some() {
            return Ok(());
        }
        let scan = LogScan {
            database: Some(self.shared.database),
            start,
            until: Some(durable),
            durable: durable.number,
        };
        let mut reader = match LogReader::open(self.shared.io.fs.clone(), &self.shared.dir, scan) {
            Ok(Some(reader)) => reader,
            Ok(None) => return Ok(()),
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => {
                self.note(error);
                return Ok(());
            }
        };
        loop {
            match reader.next_record() {
                Ok(Some(record)) => {
                    self.report.log_records += 1;
                    self.log_bytes += record.bytes;
                    self.tell_progress();
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.note(error);
                    return Ok(());
                }
            }
        }
    }

    /// Lists damage; a page that cannot be read is as lost as one that is damaged.
    fn note(&mut self, error: Error) {
        match error {
            Error::Corrupt(corruption) => self.report.problems.push(*corruption),
            Error::Io { action, path, source } => self.report.problems.push(Corruption {
                file: path,
                offset: 0,
                unit: "file",
                expected: format!("that the system can {action} it"),
                found: source.to_string(),
            }),
            other => self.report.problems.push(Corruption {
                file: self.shared.dir.clone(),
                offset: 0,
                unit: "database",
                expected: "to be readable".into(),
                found: other.to_string(),
            }),
        }
    }
}
