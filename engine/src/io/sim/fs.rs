//! [`SimFs`]: the file system whose power can be cut and whose operations can fail.
//!
//! 1. Reads see the cache. What is durable is tracked beside it and shows only in images of a crash, after
//!    [`SimFs::drop_caches`], and after a sync that failed.
//! 2. Every call of [`Fs`] and [`File`] but [`File::map`] is one operation; it is counted and noted before anything
//!    else happens, also where it fails.
//! 3. The same calls in the same order give the same trace, hash and images.
//!
//! One lock orders all operations; it is taken before the lock of the cache.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::content::Content;
use super::super::disk::{FileId, Place, dir_key};
use super::super::mem::{MemFile, MemFs};
use super::super::traits::{Advice, DirLock, File, Fs, LockKind, Mapping, OpenMode};
use super::crash::{CrashImages, CrashModel, Moment};
use super::durable::{Change, Durable, Event};
use super::fault::{Action, Fault, Script, SyncFailure, injected};
use super::op::{Op, OpKind, Trace};
use crate::ids::to_u64;

/// A file system in memory that knows what is durable, records every operation and fails on demand.
///
/// See the [module](super) for how to use it.
pub struct SimFs {
    sim: Arc<Sim>,
}

struct Sim {
    cache: MemFs,
    state: Mutex<State>,
}

struct State {
    durable: Durable,
    mark: u64,
    trace: Trace,
    /// What the operations of the trace did, with their numbers.
    events: Vec<(u64, Event)>,
    /// What was durable, and the mark, when the trace began.
    base: (Durable, u64),
    script: Script,
    /// What all files together may take, in bytes.
    capacity: Option<u64>,
    /// Files whose next sync reports that the one before had failed.
    failing_late: BTreeSet<FileId>,
}

impl SimFs {
    /// An empty file system.
    #[must_use]
    pub fn new() -> SimFs {
        SimFs::on(&MemFs::new())
    }

    /// A file system that starts with what is on `image`, all of it durable. The image itself stays as it is.
    #[must_use]
    pub fn on(image: &MemFs) -> SimFs {
        let durable = Durable::new(image.disk());
        let state = State {
            base: (durable.clone(), 0),
            durable,
            mark: 0,
            trace: Trace::default(),
            events: Vec::new(),
            script: Script::default(),
            capacity: None,
            failing_late: BTreeSet::new(),
        };
        SimFs { sim: Arc::new(Sim { cache: image.clone(), state: Mutex::new(state) }) }
    }

    /// How many operations there were, which is the number of the next one.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.sim.lock().trace.len()
    }

    /// The operations so far.
    #[must_use]
    pub fn trace(&self) -> Vec<Op> {
        self.sim.lock().trace.ops().to_vec()
    }

    /// A hash of all operations and of the bytes written. Two runs that should be the same are if their hashes are.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.sim.lock().trace.hash()
    }

    /// Starts a new trace here: operations count from 0 again, and [`SimFs::crash_images`] begins with the present
    /// state. Faults still to come stay, their numbers now meant in the new trace.
    ///
    /// The trace keeps all bytes written, so a long run should do this now and then.
    pub fn restart_trace(&self) {
        let state = &mut *self.sim.lock();
        state.trace = Trace::default();
        state.events.clear();
        state.base = (state.durable.clone(), state.mark);
    }

    /// Notes how much the program under test has promised so far, such as the number of commits acknowledged. Every
    /// [`CrashImage`](super::CrashImage) carries the newest note from before the crash, and must keep that promise.
    pub fn mark(&self, promised: u64) {
        let state = &mut *self.sim.lock();
        state.mark = promised;
        state.record(Event::Mark(promised));
    }

    /// Makes something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.sim.lock().script.add(fault);
    }

    /// Fails every operation from number `operation` on, as if the machine were gone. What is left is in
    /// [`SimFs::crash_images_now`].
    pub fn crash_at(&self, operation: u64) {
        self.sim.lock().script.crash_at(operation);
    }

    /// Lets nothing go wrong any more, a crash included.
    pub fn clear_faults(&self) {
        self.sim.lock().script.clear();
    }

    /// How many operations a fault has hit.
    #[must_use]
    pub fn faults_hit(&self) -> u64 {
        self.sim.lock().script.hits()
    }

    /// Limits by how many bytes the files may grow together from now on; `None` is no limit. A write that fits only
    /// in part is short; one that fits not at all, and the creation of a file on a full disk, fails with
    /// `StorageFull`.
    pub fn set_free_space(&self, bytes: Option<u64>) {
        self.sim.lock().capacity = bytes.map(|bytes| self.sim.cache.total_bytes().saturating_add(bytes));
    }

    /// Forgets what is in the cache and not waiting to be written: from now on reads show what is on the medium, with
    /// the writes of a failed sync undone and lost writes missing.
    pub fn drop_caches(&self) {
        let state = self.sim.lock();
        let files: Vec<FileId> = state.durable.disk.files().map(|(file, _)| file).collect();
        for file in files {
            if let Some(content) = state.durable.expected(file) {
                self.sim.cache.set_content(file, content);
            }
        }
    }

    /// What a program finds that starts after the last one was killed, the machine running on.
    #[must_use]
    pub fn cached(&self) -> MemFs {
        let _state = self.sim.lock();
        self.sim.cache.clone()
    }

    /// What a crash now would leave at the least: only what is certainly durable.
    #[must_use]
    pub fn durable(&self) -> MemFs {
        MemFs::from_disk(self.sim.lock().durable.disk.clone())
    }

    /// What a crash now could leave, one of [`SimFs::crash_images_now`] chosen by the model's seed.
    #[must_use]
    pub fn crashed(&self, model: &CrashModel) -> MemFs {
        Moment::new(self.sim.lock().durable.clone(), model).any_image()
    }

    /// Everything that a crash at any moment of the trace could have left.
    #[must_use]
    pub fn crash_images(&self, model: &CrashModel) -> CrashImages {
        let state = self.sim.lock();
        let (base, mark) = state.base.clone();
        CrashImages::new(model.clone(), base, mark, state.events.clone(), state.trace.len())
    }

    /// Everything that a crash now could leave.
    #[must_use]
    pub fn crash_images_now(&self, model: &CrashModel) -> CrashImages {
        let state = self.sim.lock();
        CrashImages::new(model.clone(), state.durable.clone(), state.mark, Vec::new(), state.trace.len())
    }
}

impl Default for SimFs {
    fn default() -> SimFs {
        SimFs::new()
    }
}

impl fmt::Debug for SimFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFs").field("operations", &self.operations()).finish_non_exhaustive()
    }
}

impl Sim {
    // A panic of another thread cannot leave the state half changed: nothing panics between two changes of it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes files may still grow.
    fn free(&self, state: &State) -> Option<u64> {
        state.capacity.map(|capacity| capacity.saturating_sub(self.cache.total_bytes()))
    }

    /// How many of the `len` bytes to be written at `offset` to a file of length `file_len` find room.
    fn room(&self, state: &State, file_len: u64, offset: u64, len: usize) -> io::Result<usize> {
        let Some(free) = self.free(state) else { return Ok(len) };
        let fits = file_len.saturating_add(free).saturating_sub(offset);
        match usize::try_from(fits).unwrap_or(usize::MAX).min(len) {
            0 if len > 0 => Err(io::ErrorKind::StorageFull.into()),
            room => Ok(room),
        }
    }
}

impl State {
    /// Counts and notes an operation and says what goes wrong with it.
    fn begin(&mut self, op: Op, detail: &[u8]) -> io::Result<Option<Action>> {
        let index = self.trace.len();
        self.trace.push(op.clone(), detail);
        self.script.next(index, &op)
    }

    /// The same for an operation on a name or a directory.
    fn begin_at(&mut self, kind: OpKind, path: &Path, detail: &[u8]) -> io::Result<()> {
        self.begin(Op { kind, path: path.into(), offset: 0, len: 0 }, detail).map(drop)
    }

    /// Notes what the operation under way did.
    fn record(&mut self, event: Event) {
        self.durable.follow(&event);
        self.events.push((self.trace.len().saturating_sub(1), event));
    }
}

impl Fs for SimFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let state = &mut *self.sim.lock();
        let creates = mode == OpenMode::CreateNew;
        state.begin_at(if creates { OpKind::Create } else { OpKind::Open }, path, &[])?;
        if creates && self.sim.free(state) == Some(0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = self.sim.cache.open_file(path, mode)?;
        if creates {
            state.record(Event::Change(Change::Name { place: Place::of(path)?, file: file.id() }));
        }
        Ok(Arc::new(SimFile { sim: self.sim.clone(), file, path: path.into() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        state.begin_at(OpKind::Rename, from, to.as_os_str().as_encoded_bytes())?;
        let (old, new) = (Place::of(from)?, Place::of(to)?);
        let file = self.sim.cache.file_at(&old)?;
        let nothing_to_do = self.sim.cache.file_at(&new).is_ok_and(|there| there == file);
        self.sim.cache.rename(from, to)?;
        if !nothing_to_do {
            state.record(Event::Change(Change::Rename { from: old, to: new, file }));
        }
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        state.begin_at(OpKind::Link, from, to.as_os_str().as_encoded_bytes())?;
        self.sim.cache.hard_link(from, to)?;
        let place = Place::of(to)?;
        let file = self.sim.cache.file_at(&place)?;
        state.record(Event::Change(Change::Name { place, file }));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        state.begin_at(OpKind::Remove, path, &[])?;
        let place = Place::of(path)?;
        let file = self.sim.cache.file_at(&place)?;
        self.sim.cache.remove(path)?;
        state.record(Event::Change(Change::Unname { place, file }));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.sim.lock().begin_at(OpKind::List, dir, &[])?;
        self.sim.cache.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        state.begin_at(OpKind::CreateDir, dir, &[])?;
        self.sim.cache.create_dir(dir)?;
        state.record(Event::CreateDir(dir_key(dir)));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        state.begin_at(OpKind::SyncDir, dir, &[])?;
        self.sim.cache.sync_dir(dir)?;
        state.record(Event::SyncDir(dir_key(dir)));
        Ok(())
    }

    fn lock_dir(&self, dir: &Path, kind: LockKind) -> io::Result<Box<dyn DirLock>> {
        self.sim.lock().begin_at(OpKind::Lock, dir, &[])?;
        self.sim.cache.lock_dir(dir, kind)
    }
}

/// An open file.
struct SimFile {
    sim: Arc<Sim>,
    file: MemFile,
    path: Arc<Path>,
}

impl SimFile {
    fn op(&self, kind: OpKind, offset: u64, len: usize) -> Op {
        Op { kind, path: self.path.clone(), offset, len: to_u64(len) }
    }

    /// Says that the writes since the last sync will never be durable.
    fn forget(&self, state: &mut State) {
        state.record(Event::Forget(self.file.id()));
    }
}

impl File for SimFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let action = self.sim.lock().begin(self.op(OpKind::Read, offset, buf.len()), &[])?;
        let len = match action {
            Some(Action::Short(n)) => n.max(1).min(buf.len()),
            _ => buf.len(),
        };
        self.file.read_at(&mut buf[..len], offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let state = &mut *self.sim.lock();
        let action = state.begin(self.op(OpKind::Write, offset, buf.len()), buf)?;
        let len = match action {
            Some(Action::Short(n)) => n.min(buf.len()),
            _ => buf.len(),
        };
        let len = self.sim.room(state, self.file.len()?, offset, len)?;
        let written = self.file.write_at(&buf[..len], offset)?;
        if written > 0 && action != Some(Action::LoseWrite) {
            let bytes = buf[..written].into();
            state.record(Event::Change(Change::Write { file: self.file.id(), offset, bytes }));
        }
        Ok(written)
    }

    fn len(&self) -> io::Result<u64> {
        self.sim.lock().begin(self.op(OpKind::Len, 0, 0), &[])?;
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        state.begin(self.op(OpKind::SetLen, len, 0), &[])?;
        let growth = Content::end_of(len, 0)?.saturating_sub(self.file.len()?);
        if self.sim.free(state).is_some_and(|free| free < growth) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.set_len(len)?;
        state.record(Event::Change(Change::SetLen { file: self.file.id(), len }));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let state = &mut *self.sim.lock();
        let action = state.begin(self.op(OpKind::Sync, 0, 0), &[])?;
        let file = self.file.id();
        let index = state.trace.len() - 1;
        let failed_before = state.failing_late.remove(&file);
        if let Some(Action::FailSync(failure)) = action {
            self.forget(state);
            match failure {
                SyncFailure::CacheKept => {}
                SyncFailure::CacheReverted => {
                    if let Some(content) = state.durable.expected(file) {
                        self.sim.cache.set_content(file, content);
                    }
                }
                SyncFailure::ReportedLate => {
                    state.failing_late.insert(file);
                    return Ok(());
                }
            }
            return Err(injected(io::ErrorKind::Other, index));
        }
        if failed_before {
            self.forget(state);
            return Err(injected(io::ErrorKind::Other, index));
        }
        state.record(Event::SyncFile(file));
        Ok(())
    }

    fn map(&self, _capacity: u64, _advice: Advice) -> io::Result<Option<Mapping>> {
        Ok(None)
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimFile").field(&self.path).finish()
    }
}

#[cfg(test)]
mod tests;
