//! A file system that counts what is asked of another: calls, bytes and flushes are steady where times are not.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duramen_engine::io::{Advice, DirLock, File, Fs, LockKind, Mapping, OpenMode};

/// What was counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that make the content of a file durable.
    pub file_syncs: AtomicU64,
    /// Calls that make names in a directory durable.
    pub dir_syncs: AtomicU64,
    /// Bytes written to files.
    pub written_bytes: AtomicU64,
    /// Calls that write to a file.
    pub writes: AtomicU64,
    /// Calls that read from a file; what is read through a mapping is none.
    pub reads: AtomicU64,
}

/// The counts of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// All flushes.
    pub syncs: u64,
    /// Calls that write to a file.
    pub writes: u64,
    /// Bytes written to files.
    pub written_bytes: u64,
    /// Calls that read from a file.
    pub reads: u64,
}

impl Counts {
    /// All flushes.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.file_syncs.load(Ordering::Relaxed) + self.dir_syncs.load(Ordering::Relaxed)
    }

    /// All counts, as they are now.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            syncs: self.syncs(),
            writes: self.writes.load(Ordering::Relaxed),
            written_bytes: self.written_bytes.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
        }
    }
}

/// Passes everything on and counts.
#[derive(Debug)]
pub struct CountingFs<F> {
    inner: F,
    counts: Arc<Counts>,
}

impl<F: Fs> CountingFs<F> {
    /// Counts what `inner` is asked.
    pub fn new(inner: F) -> CountingFs<F> {
        CountingFs { inner, counts: Arc::default() }
    }

    /// The counts so far, and from now on.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }
}

impl<F: Fs> Fs for CountingFs<F> {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        let inner = self.inner.open(path, mode)?;
        Ok(Arc::new(CountingFile { inner, counts: self.counts.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.inner.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.inner.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.counts.dir_syncs.fetch_add(1, Ordering::Relaxed);
        self.inner.sync_dir(dir)
    }

    fn lock_dir(&self, dir: &Path, kind: LockKind) -> io::Result<Box<dyn DirLock>> {
        self.inner.lock_dir(dir, kind)
    }
}

#[derive(Debug)]
struct CountingFile {
    inner: Arc<dyn File>,
    counts: Arc<Counts>,
}

impl File for CountingFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let written = self.inner.write_at(buf, offset)?;
        self.counts.writes.fetch_add(1, Ordering::Relaxed);
        self.counts.written_bytes.fetch_add(u64::try_from(written).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(written)
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.counts.file_syncs.fetch_add(1, Ordering::Relaxed);
        self.inner.sync_data()
    }

    fn map(&self, capacity: u64, advice: Advice) -> io::Result<Option<Mapping>> {
        self.inner.map(capacity, advice)
    }
}
