//! [`MemFs`]: a file system in memory, for databases that need not survive and for tests.
//!
//! 1. A clone is an independent file system with the same directories and bytes. It costs the same however much there
//!    is; what neither side writes afterwards stays shared.
//! 2. Handles, and the locks taken on directories, belong to the file system they were opened on, not to its clones.
//! 3. Files are not mapped, so [`File::map`] answers `None`.
//!
//! One lock guards the whole; it is held for one operation, and no operation waits for anything else.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::clock::ManualClock;
use super::content::Content;
use super::disk::{Disk, FileId, Place, dir_key};
use super::entropy::SeededEntropy;
use super::traits::{Advice, DirLock, File, Fs, Io, LockKind, Mapping, OpenMode};

impl Io {
    /// Files in memory, and time and randomness that repeat.
    ///
    /// A database in memory that lives in real time takes these from the system instead:
    ///
    /// ```
    /// use duramen_engine::io::{Io, MemFs};
    /// use std::sync::Arc;
    ///
    /// let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    /// ```
    #[must_use]
    pub fn memory(seed: u64) -> Io {
        Io::repeatable(Arc::new(MemFs::new()), seed)
    }

    /// The given files, a clock that stands still and random numbers from a seed.
    #[must_use]
    pub fn repeatable(fs: Arc<dyn Fs>, seed: u64) -> Io {
        Io { fs, clock: Arc::new(ManualClock::default()), entropy: Arc::new(SeededEntropy::new(seed)) }
    }
}

/// A file system in memory.
pub struct MemFs {
    shared: Arc<Shared>,
}

struct Shared {
    state: RwLock<State>,
}

struct State {
    disk: Disk,
    /// How many handles each open file has.
    open: BTreeMap<FileId, usize>,
    locks: BTreeMap<PathBuf, Held>,
}

/// Who holds a directory.
enum Held {
    Shared(usize),
    Exclusive,
}

impl MemFs {
    /// An empty file system.
    #[must_use]
    pub fn new() -> MemFs {
        MemFs::from_disk(Disk::new())
    }

    pub(super) fn from_disk(disk: Disk) -> MemFs {
        let state = State { disk, open: BTreeMap::new(), locks: BTreeMap::new() };
        MemFs { shared: Arc::new(Shared { state: RwLock::new(state) }) }
    }

    /// What is on this file system now.
    pub(super) fn disk(&self) -> Disk {
        self.shared.read().disk.clone()
    }

    /// The lengths of all files together, in bytes; those removed but still open included.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.shared.read().disk.total_bytes()
    }

    /// A number that two file systems share if they hold the same directories, names and bytes, and hardly ever
    /// otherwise. It does not change from run to run of the same build.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.shared.read().disk.digest()
    }

    /// Opens a file, and does not hide which one it is.
    pub(super) fn open_file(&self, path: &Path, mode: OpenMode) -> io::Result<MemFile> {
        let place = Place::of(path)?;
        let mut state = self.shared.write();
        let file = match mode {
            OpenMode::Read | OpenMode::Write => state.disk.file_at(&place)?,
            OpenMode::CreateNew => {
                state.disk.expect_free(&place)?;
                let file = state.disk.create_file();
                state.disk.set_name(&place, file);
                file
            }
        };
        *state.open.entry(file).or_default() += 1;
        Ok(MemFile { shared: self.shared.clone(), file, writable: mode != OpenMode::Read })
    }

    /// The file that has a name.
    pub(super) fn file_at(&self, place: &Place) -> io::Result<FileId> {
        self.shared.read().disk.file_at(place)
    }

    /// Replaces the bytes of a file, if it is there.
    pub(super) fn set_content(&self, file: FileId, content: Content) {
        if let Some(there) = self.shared.write().disk.content_mut(file) {
            *there = content;
        }
    }
}

impl Default for MemFs {
    fn default() -> MemFs {
        MemFs::new()
    }
}

impl Clone for MemFs {
    /// An independent file system with the same directories and bytes.
    fn clone(&self) -> MemFs {
        MemFs::from_disk(self.disk())
    }
}

impl fmt::Debug for MemFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemFs").field(&self.shared.read().disk).finish()
    }
}

// A panic of another thread cannot leave the state half changed: nothing panics between two changes of it.
impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives the memory of a file back if neither a name nor a handle leads to it.
    fn drop_if_unused(&mut self, file: FileId) {
        if !self.open.contains_key(&file) && !self.disk.is_named(file) {
            self.disk.drop_file(file);
        }
    }
}

impl Fs for MemFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(self.open_file(path, mode)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (Place::of(from)?, Place::of(to)?);
        if from.dir != to.dir {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut state = self.shared.write();
        let file = state.disk.file_at(&from)?;
        let replaced = match state.disk.file_at(&to) {
            // Two names of one file stay what they are, as POSIX has it.
            Ok(same) if same == file => return Ok(()),
            Ok(other) => Some(other),
            Err(_) => {
                state.disk.expect_free(&to)?;
                None
            }
        };
        state.disk.clear_name(&from, file);
        state.disk.set_name(&to, file);
        if let Some(replaced) = replaced {
            state.drop_if_unused(replaced);
        }
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (Place::of(from)?, Place::of(to)?);
        let mut state = self.shared.write();
        let file = state.disk.file_at(&from)?;
        state.disk.expect_free(&to)?;
        state.disk.set_name(&to, file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let place = Place::of(path)?;
        let mut state = self.shared.write();
        let file = state.disk.file_at(&place)?;
        state.disk.clear_name(&place, file);
        state.drop_if_unused(file);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.shared.read().disk.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.shared.write();
        state.disk.expect_dir(dir)?;
        state.disk.add_dir(dir);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.list(dir).map(drop)
    }

    fn lock_dir(&self, dir: &Path, kind: LockKind) -> io::Result<Box<dyn DirLock>> {
        let mut state = self.shared.write();
        state.disk.list(dir)?;
        let dir = dir_key(dir);
        let held = match (state.locks.get(&dir), kind) {
            (None, LockKind::Exclusive) => Held::Exclusive,
            (None, LockKind::Shared) => Held::Shared(1),
            (Some(Held::Shared(n)), LockKind::Shared) => Held::Shared(n + 1),
            _ => return Err(io::ErrorKind::WouldBlock.into()),
        };
        state.locks.insert(dir.clone(), held);
        Ok(Box::new(MemLock { shared: self.shared.clone(), dir }))
    }
}

/// A lock that lasts until it is dropped.
struct MemLock {
    shared: Arc<Shared>,
    dir: PathBuf,
}

impl DirLock for MemLock {}

impl Drop for MemLock {
    fn drop(&mut self) {
        let mut state = self.shared.write();
        match state.locks.get_mut(&self.dir) {
            Some(Held::Shared(n)) if *n > 1 => *n -= 1,
            _ => _ = state.locks.remove(&self.dir),
        }
    }
}

impl fmt::Debug for MemLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemLock").field(&self.dir).finish()
    }
}

/// An open file in memory.
pub(super) struct MemFile {
    shared: Arc<Shared>,
    file: FileId,
    writable: bool,
}

impl MemFile {
    pub(super) fn id(&self) -> FileId {
        self.file
    }

    /// Changes the bytes, if the file was opened for that.
    fn change(&self, change: impl FnOnce(&mut Content)) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut state = self.shared.write();
        change(state.disk.content_mut(self.file).expect(OPEN_FILES_STAY));
        Ok(())
    }
}

const OPEN_FILES_STAY: &str = "a file is there as long as a handle is open";

impl File for MemFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.shared.read();
        Ok(state.disk.content(self.file).expect(OPEN_FILES_STAY).read(buf, offset))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        Content::end_of(offset, buf.len())?;
        // Writing nothing extends nothing.
        if !buf.is_empty() {
            self.change(|content| content.write(buf, offset))?;
        }
        Ok(buf.len())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.shared.read().disk.content(self.file).expect(OPEN_FILES_STAY).len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        Content::end_of(len, 0)?;
        self.change(|content| content.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn map(&self, _capacity: u64, _advice: Advice) -> io::Result<Option<Mapping>> {
        Ok(None)
    }
}

impl Drop for MemFile {
    fn drop(&mut self) {
        let mut state = self.shared.write();
        let handles = state.open.get_mut(&self.file).expect(OPEN_FILES_STAY);
        *handles -= 1;
        if *handles == 0 {
            state.open.remove(&self.file);
            state.drop_if_unused(self.file);
        }
    }
}

impl fmt::Debug for MemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemFile").field(&self.file).finish()
    }
}

#[cfg(test)]
mod tests;
