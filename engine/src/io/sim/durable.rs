//! [`Durable`]: what is certainly on the medium, and the changes that may or may not be.
//!
//! 1. Applying the pending changes in order to what is durable gives what reads see, except where a write was lost.
//! 2. Pending changes of bytes concern files that a durable name or a pending one leads to; a file that neither
//!    leads to is forgotten when its directory is synced.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::content::Content;
use super::super::disk::{Disk, FileId, Place};

/// How many contents that files once had are kept, for [`Tail::Stale`](super::crash::Tail::Stale).
const OLD_CONTENTS: usize = 4;

/// A change that is not durable yet.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Bytes of a file.
    Write { file: FileId, offset: u64, bytes: Arc<[u8]> },
    /// A file's length.
    SetLen { file: FileId, len: u64 },
    /// A name for a file, new or not.
    Name { place: Place, file: FileId },
    /// Another name for a file, in one step with the end of the old one.
    Rename { from: Place, to: Place, file: FileId },
    /// The end of a name.
    Unname { place: Place, file: FileId },
}

impl Change {
    /// The file whose bytes or length it changes.
    fn data_of(&self) -> Option<FileId> {
        match self {
            Change::Write { file, .. } | Change::SetLen { file, .. } => Some(*file),
            _ => None,
        }
    }

    /// Whether it changes bytes or a length, as opposed to a name.
    pub(super) fn is_data(&self) -> bool {
        self.data_of().is_some()
    }

    /// The directory whose names it changes.
    fn dir(&self) -> Option<&Path> {
        match self {
            Change::Name { place, .. } | Change::Rename { to: place, .. } | Change::Unname { place, .. } => {
                Some(&place.dir)
            }
            _ => None,
        }
    }

    /// The file it gives a name to.
    fn names(&self) -> Option<FileId> {
        match self {
            Change::Name { file, .. } | Change::Rename { file, .. } => Some(*file),
            _ => None,
        }
    }

    /// Carries the change out. Nothing happens where the file or the directory is not there.
    pub(super) fn apply(&self, disk: &mut Disk) {
        match self {
            Change::Name { place, file } => disk.set_name(place, *file),
            Change::Rename { from, to, file } => {
                disk.clear_name(from, *file);
                disk.set_name(to, *file);
            }
            Change::Unname { place, file } => disk.clear_name(place, *file),
            Change::Write { file, .. } | Change::SetLen { file, .. } => {
                if let Some(content) = disk.content_mut(*file) {
                    self.apply_to(content);
                }
            }
        }
    }

    /// Carries out a change of bytes or length.
    fn apply_to(&self, content: &mut Content) {
        match self {
            Change::Write { offset, bytes, .. } => content.write(bytes, *offset),
            Change::SetLen { len, .. } => content.set_len(*len),
            _ => {}
        }
    }
}

/// Something that happened to the medium, or to what may come to it.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A change was made in the cache.
    Change(Change),
    /// A directory was made, which is durable at once.
    CreateDir(PathBuf),
    /// The bytes of a file became durable.
    SyncFile(FileId),
    /// The names in a directory became durable.
    SyncDir(PathBuf),
    /// The changes of a file will never become durable.
    Forget(FileId),
    /// The program noted how much it had promised.
    Mark(u64),
}

/// What is on the medium, and what may be.
#[derive(Clone, Debug)]
pub(super) struct Durable {
    pub(super) disk: Disk,
    pub(super) pending: Vec<Change>,
    /// Contents that files once had: what a block that was given to another file may still hold.
    pub(super) old: Vec<Content>,
}

impl Durable {
    /// A medium with nothing pending.
    pub(super) fn new(disk: Disk) -> Durable {
        Durable { disk, pending: Vec::new(), old: Vec::new() }
    }

    /// Follows what happened.
    pub(super) fn follow(&mut self, event: &Event) {
        match event {
            Event::Change(change) => self.add(change),
            Event::CreateDir(dir) => self.disk.add_dir(dir),
            Event::SyncFile(file) => self.sync_file(*file),
            Event::SyncDir(dir) => self.sync_dir(dir),
            Event::Forget(file) => self.pending.retain(|change| change.data_of() != Some(*file)),
            Event::Mark(_) => {}
        }
    }

    fn add(&mut self, change: &Change) {
        if let Change::Name { file, .. } = change {
            self.disk.adopt_file(*file);
        }
        if change.data_of().is_none_or(|file| self.disk.content(file).is_some()) {
            self.pending.push(change.clone());
        }
    }

    fn sync_file(&mut self, file: FileId) {
        if let Some(content) = self.disk.content(file) {
            let before = content.clone();
            let after = self.expected(file).unwrap_or_default();
            if after.len() < before.len() {
                self.keep_old(before);
            }
            if let Some(content) = self.disk.content_mut(file) {
                *content = after;
            }
        }
        self.pending.retain(|change| change.data_of() != Some(file));
    }

    fn sync_dir(&mut self, dir: &Path) {
        let (now, later) = std::mem::take(&mut self.pending).into_iter().partition(|c| c.dir() == Some(dir));
        self.pending = later;
        let now: Vec<Change> = now;
        for change in now {
            change.apply(&mut self.disk);
        }
        let unreachable: Vec<FileId> = self
            .disk
            .files()
            .map(|(file, _)| file)
            .filter(|file| {
                !self.disk.is_named(*file) && !self.pending.iter().any(|c| c.names() == Some(*file))
            })
            .collect();
        for file in unreachable {
            if let Some(content) = self.disk.drop_file(file) {
                self.keep_old(content);
            }
            self.pending.retain(|change| change.data_of() != Some(file));
        }
    }

    /// The bytes a file has if all that is pending becomes durable.
    pub(super) fn expected(&self, file: FileId) -> Option<Content> {
        let mut content = self.disk.content(file)?.clone();
        for change in self.pending.iter().filter(|change| change.data_of() == Some(file)) {
            change.apply_to(&mut content);
        }
        Some(content)
    }

    fn keep_old(&mut self, content: Content) {
        if content.len() > 0 {
            self.old.truncate(OLD_CONTENTS - 1);
            self.old.insert(0, content);
        }
    }
}
