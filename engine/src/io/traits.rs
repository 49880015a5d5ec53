//! [`Fs`], [`File`], [`Clock`] and [`Entropy`]: the whole surface the engine needs from the system.
//!
//! What the engine assumes of an implementation, and nothing more:
//! 1. A write is neither atomic nor ordered against other writes until [`File::sync_data`] has returned.
//! 2. [`File::sync_data`] makes the file's content and length durable, but not its name.
//! 3. A name made, changed or removed is durable once [`Fs::sync_dir`] of its directory has returned.
//! 4. [`Fs::rename`] within a directory replaces atomically.
//! 5. After a sync that failed nothing is known about the writes it covered.

use std::fmt::Debug;
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::ids::{Timestamp, to_u64};

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// For reading; the file must exist.
    Read,
    /// For reading and writing; the file must exist.
    Write,
    /// For reading and writing; the file must not exist.
    CreateNew,
}

/// What a lock on a directory allows others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Other shared locks, but no exclusive one: for read-only opens.
    Shared,
    /// No other lock: for the one process that writes.
    Exclusive,
}

/// A lock on a database directory, let go when dropped or when the process ends.
pub trait DirLock: Send + Sync + Debug {}

/// In what order a mapping is going to be read, for the system to know how much to read around what is missed (`madvise`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Advice {
    /// In an order that is not known: it reads around a page as much as the device's setting says.
    #[default]
    Normal,
    /// In no order: it reads nothing but what is missed.
    Random,
}

/// What holds the bytes of a mapping.
pub trait MappedBytes: AsRef<[u8]> + Send + Sync + 'static {
    /// Has a part read that is about to be looked at, in one go, without waiting for it. May do nothing.
    fn fetch(&self, part: Range<usize>);
}

/// Bytes of a file in memory, readable at once. They stay where they are for as long as it lives.
pub struct Mapping {
    /// What `owner` holds, at hand without a call.
    bytes: Bytes,
    owner: Arc<dyn MappedBytes>,
}

impl Mapping {
    /// The bytes of `owner`, which is dropped with the mapping.
    pub fn of(owner: impl MappedBytes) -> Mapping {
        struct Shared<T>(Arc<T>);
        impl<T: AsRef<[u8]>> AsRef<[u8]> for Shared<T> {
            fn as_ref(&self) -> &[u8] {
                (*self.0).as_ref()
            }
        }
        let owner = Arc::new(owner);
        Mapping { bytes: Bytes::from_owner(Shared(owner.clone())), owner }
    }

    /// See [`MappedBytes::fetch`].
    pub fn fetch(&self, part: Range<usize>) {
        self.owner.fetch(part);
    }
}

impl Deref for Mapping {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A file system, as much of it as the engine needs. Paths are those of the database directory and of files directly
/// in it.
pub trait Fs: Send + Sync + Debug {
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>>;

    /// Gives a file a new name in the same directory, replacing what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name, also in another directory, where the file system can; `Unsupported` where it
    /// cannot, `AlreadyExists` where the name is taken.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Open handles and mappings of it stay readable.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names of the files in a directory, sorted; `NotFound` where there is no such directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes a directory and those above it, and makes their names durable. Does nothing where it exists.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes a lock on a directory without waiting; `WouldBlock` where somebody else's lock is in the way, `NotFound` where
    /// there is no such directory, `NotADirectory` where it is something else.
    fn lock_dir(&self, dir: &Path, kind: LockKind) -> io::Result<Box<dyn DirLock>>;
}

/// An open file. All methods take `&self` and may be called from several threads at once.
pub trait File: Send + Sync + Debug {
    /// Reads at an offset; fewer bytes than asked for near the end or when interrupted, 0 at the end.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes at an offset, extending the file where needed; may write fewer bytes than given.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize>;

    /// The file's length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts or extends (with zeros) the file.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes the content and the length durable (`fdatasync`).
    fn sync_data(&self) -> io::Result<()>;

    /// Has the system begin to write out what stands there, without waiting for it, so that a sync that follows takes less long
    /// (`sync_file_range`). Promises nothing, and may do nothing.
    fn begin_sync(&self, part: Range<u64>) {
        let _ = part;
    }

    /// Maps the first `capacity` bytes, which may reach past the end of the file: what is past the end must not be
    /// read until the file has grown. `None` where the file system does not map; the caller then reads.
    ///
    /// The file must not be cut while the mapping lives.
    fn map(&self, capacity: u64, advice: Advice) -> io::Result<Option<Mapping>>;
}

/// Time.
pub trait Clock: Send + Sync + Debug {
    /// The wall clock. May jump.
    fn wall(&self) -> Timestamp;

    /// Time since some fixed moment. Never goes back.
    fn monotonic(&self) -> Duration;
}

/// Randomness, for identities only.
pub trait Entropy: Send + Sync + Debug {
    /// Sixty-four random bits.
    fn next_u64(&self) -> u64;
}

/// The three seams together.
#[derive(Clone, Debug)]
pub struct Io {
    /// Files.
    pub fs: Arc<dyn Fs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Fills `buf` from `offset`, going on after short and interrupted reads.
///
/// # Errors
/// `UnexpectedEof` where the file ends before the buffer is full.
pub fn read_exact_at(file: &dyn File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    if read_up_to_at(file, buf, offset)? < buf.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Reads until `buf` is full or the file ends, going on after short and interrupted reads; the number of bytes read.
///
/// # Errors
/// What the file answers, other than being interrupted.
pub fn read_up_to_at(file: &dyn File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        match file.read_at(&mut buf[done..], offset + to_u64(done)) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all of `buf` at `offset`, going on after short and interrupted writes.
///
/// # Errors
/// What the file answers, other than being interrupted; `WriteZero` where it takes no more bytes.
pub fn write_all_at(file: &dyn File, buf: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match file.write_at(&buf[done..], offset + to_u64(done)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
