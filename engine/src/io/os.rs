//! The real thing: [`OsFs`], [`OsClock`] and [`OsEntropy`].
//!
//! 1. [`File::sync_data`] is `fdatasync` (`F_FULLFSYNC` on Apple systems): after it the bytes are on the medium, if
//!    the medium is honest.
//! 2. Locks are advisory and belong to the handle, so a second lock in the same process is refused like one of
//!    another process. They end with the process, however it ends.
//! 3. Where directories cannot be opened (systems that are not Unix), [`Fs::sync_dir`] has nothing to do, the lock is
//!    taken on a file named `lock` in the directory, and nothing is mapped.

use std::fs;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::io;
use std::ops::Range;
#[cfg(unix)]
use std::os::unix::fs::FileExt;
#[cfg(windows)]
use std::os::windows::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::traits::{Advice, Clock, DirLock, Entropy, File, Fs, Io, LockKind, Mapping, OpenMode};
use crate::ids::Timestamp;

impl Io {
    /// Files, time and randomness of the operating system.
    #[must_use]
    pub fn os() -> Io {
        Io { fs: Arc::new(OsFs), clock: Arc::new(OsClock::default()), entropy: Arc::new(OsEntropy) }
    }
}

/// The files of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsFs;

impl Fs for OsFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => {}
            OpenMode::Write => _ = options.write(true),
            OpenMode::CreateNew => _ = options.write(true).create_new(true),
        }
        Ok(Arc::new(OsFile { file: options.open(path)? }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to).map_err(|error| match error.kind() {
            io::ErrorKind::CrossesDevices | io::ErrorKind::TooManyLinks => {
                io::Error::new(io::ErrorKind::Unsupported, error)
            }
            // What file systems without links answer on Linux, as opposed to a missing permission (EACCES).
            io::ErrorKind::PermissionDenied if cfg!(unix) && error.raw_os_error() == Some(EPERM) => {
                io::Error::new(io::ErrorKind::Unsupported, error)
            }
            _ => error,
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                continue;
            }
            // A name that is no text is none of ours.
            if let Ok(name) = entry.file_name().into_string()
                && (cfg!(unix) || name != LOCK_FILE)
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.is_dir()).collect();
        for dir in missing.into_iter().rev() {
            match fs::create_dir(dir) {
                // Somebody else may have made it meanwhile, but not have come to syncing it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
                other => other?,
            }
            match dir.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent)?,
                _ => self.sync_dir(Path::new("."))?,
            }
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if cfg!(unix) { fs::File::open(dir)?.sync_all() } else { Ok(()) }
    }

    fn lock_dir(&self, dir: &Path, kind: LockKind) -> io::Result<Box<dyn DirLock>> {
        if !fs::metadata(dir)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let handle = if cfg!(unix) {
            fs::File::open(dir)?
        } else {
            let mut options = fs::OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).open(dir.join(LOCK_FILE))?
        };
        match kind {
            LockKind::Shared => handle.try_lock_shared()?,
            LockKind::Exclusive => handle.try_lock()?,
        }
        Ok(Box::new(OsLock { _handle: handle }))
    }
}

/// The file that carries the lock where a directory cannot.
const LOCK_FILE: &str = "lock";

/// "Operation not permitted" on every Unix.
const EPERM: i32 = 1;

/// A lock that lasts as long as its handle is open.
#[derive(Debug)]
struct OsLock {
    _handle: fs::File,
}

impl DirLock for OsLock {}

/// An open file of the operating system.
#[derive(Debug)]
struct OsFile {
    file: fs::File,
}

impl File for OsFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return self.file.read_at(buf, offset);
        #[cfg(windows)]
        return self.file.seek_read(buf, offset);
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return self.file.write_at(buf, offset);
        #[cfg(windows)]
        return self.file.seek_write(buf, offset);
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn begin_sync(&self, part: Range<u64>) {
        super::writeback::begin(&self.file, part);
    }

    fn map(&self, capacity: u64, advice: Advice) -> io::Result<Option<Mapping>> {
        if capacity == 0 || !cfg!(unix) {
            return Ok(None);
        }
        let capacity = usize::try_from(capacity).map_err(|_| io::ErrorKind::InvalidInput)?;
        super::map::map(&self.file, capacity, advice).map(Some)
    }
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct OsClock {
    /// What [`Clock::monotonic`] counts from.
    start: Instant,
}

impl Default for OsClock {
    fn default() -> OsClock {
        OsClock { start: Instant::now() }
    }
}

impl Clock for OsClock {
    fn wall(&self) -> Timestamp {
        let us = |distance: Duration| i64::try_from(distance.as_micros()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Timestamp(us(after)),
            Err(before) => Timestamp(-us(before.duration())),
        }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Random numbers from the keys that the standard library draws from the system for its hash maps.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn next_u64(&self) -> u64 {
        // The keys are drawn once a thread and then counted up, so a process that forks has a twin with the same
        // ones: the process and the time tell the two apart.
        let mut hasher = RandomState::new().build_hasher();
        std::process::id().hash(&mut hasher);
        SystemTime::now().hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests;
