//! What can go wrong in the engine, grouped by what the caller can do about it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::ids::Lsn;

/// The result of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
///
/// Cloning is cheap, so that one failure can be reported to everybody who waits for the same flush.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    // Fix the call.
    /// An argument or option is outside what it may be; the text says which and what is allowed.
    InvalidArgument(String),
    /// The key is longer than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
    KeyTooLarge {
        /// Length of the refused key in bytes.
        len: u64,
        /// The longest key allowed, in bytes.
        max: u64,
    },
    /// The value is longer than [`MAX_VALUE_BYTES`](crate::MAX_VALUE_BYTES).
    ValueTooLarge {
        /// Length of the refused value in bytes.
        len: u64,
        /// The longest value allowed, in bytes.
        max: u64,
    },
    /// No tree has this name or number in this version of the database.
    NoSuchTree(String),
    /// A tree of this name exists already.
    TreeExists(String),
    /// The savepoint was released, rolled back over, or belongs to another transaction.
    NoSuchSavepoint,
    /// There are as many pins as there may be: [`MAX_PINS`](crate::MAX_PINS). Let one go first.
    TooManyPins {
        /// How many there may be.
        max: u64,
    },
    /// The database was opened read-only.
    ReadOnly(PathBuf),
    /// There is no database at this path, and creating one was not asked for.
    NotFound(PathBuf),
    /// A new database was asked for, and the path holds something already.
    AlreadyExists(PathBuf),
    /// The path holds something that is no database.
    NotADatabase {
        /// What was looked at.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was written by a version of the format that this build does not read.
    UnsupportedVersion {
        /// The file.
        path: PathBuf,
        /// The version found in it.
        found: u32,
        /// The newest version this build reads.
        supported: u32,
    },

    // Try again.
    /// Another write transaction of this process was not finished in time.
    Busy {
        /// How long was waited.
        waited: Duration,
    },
    /// Another process has the database open.
    Locked(PathBuf),
    /// The version that was read is no longer the newest, so a writer based on it would overwrite newer commits.
    StaleView {
        /// The version that was read.
        read: Lsn,
        /// The newest version.
        newest: Lsn,
    },
    /// The disk or quota is full. Nothing of the refused commit was kept; the database goes on working.
    Full {
        /// The file that could not grow.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// The system refused an operation on a file. What was committed before is untouched.
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// Something in memory was in the way of the operation; the text says what to finish first.
    InUse(String),

    // Open again.
    /// A write or a sync of the log failed earlier, so it is unknown which of the last commits are on disk. This
    /// handle accepts nothing more; opening the database again recovers all that is known to be durable.
    Poisoned {
        /// The failure that caused it.
        source: Arc<Error>,
    },

    // Restore.
    /// Bytes on disk are not what was written.
    Corrupt(Box<Corruption>),
    /// A restore that an earlier session put off to this open could not be carried out. What was there before still is: an open
    /// for reading shows it, one with [`PendingRestore::Leave`](crate::PendingRestore::Leave) goes on with it, and can take
    /// the restore back.
    PendingRestore {
        /// The commit to go back to.
        to: Lsn,
        /// What was in the way.
        source: Arc<Error>,
    },
    /// The history needed to reach this commit is not kept (any more), or the commit does not exist.
    HistoryUnavailable {
        /// The commit asked for.
        lsn: Lsn,
        /// The oldest commit that can be reached.
        oldest: Lsn,
        /// The newest commit that can be reached.
        newest: Lsn,
    },
}

/// A place where bytes on disk are not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corruption {
    /// The damaged file.
    pub file: PathBuf,
    /// Where in the file the damaged unit starts, in bytes.
    pub offset: u64,
    /// Which unit it is, such as "leaf page" or "log record".
    pub unit: &'static str,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: damaged {} at byte {}: expected {}, found {}",
            self.file.display(),
            self.unit,
            self.offset,
            self.expected,
            self.found
        )
    }
}

impl Error {
    /// An error of the operating system, told apart into [`Error::Full`] and [`Error::Io`].
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Error {
        let path = path.to_path_buf();
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Error::Full { path, source: Arc::new(source) }
            }
            _ => Error::Io { action, path, source: Arc::new(source) },
        }
    }

    /// Damage found at a place in a file.
    pub(crate) fn corrupt(
        file: &Path,
        offset: u64,
        unit: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        Error::Corrupt(Box::new(Corruption {
            file: file.to_path_buf(),
            offset,
            unit,
            expected: expected.into(),
            found: found.into(),
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InvalidArgument(what) => f.write_str(what),
            Error::KeyTooLarge { len, max } => write!(f, "key of {len} bytes; at most {max} are allowed"),
            Error::ValueTooLarge { len, max } => write!(f, "value of {len} bytes; at most {max} are allowed"),
            Error::NoSuchTree(name) => write!(f, "no tree named {name}"),
            Error::TreeExists(name) => write!(f, "a tree named {name} exists already"),
            Error::NoSuchSavepoint => f.write_str("no such savepoint in this transaction"),
            Error::TooManyPins { max } => {
                write!(f, "a database has at most {max} pins, and has as many; let one go first")
            }
            Error::ReadOnly(path) => {
                write!(f, "{}: opened read-only; open it for writing to change it", path.display())
            }
            Error::NotFound(path) => write!(f, "{}: no database here", path.display()),
            Error::AlreadyExists(path) => write!(f, "{}: exists already", path.display()),
            Error::NotADatabase { path, reason } => {
                write!(f, "{}: not a duramen database: {reason}", path.display())
            }
            Error::UnsupportedVersion { path, found, supported } => write!(
                f,
                "{}: written in format version {found}; this build reads up to version {supported}",
                path.display()
            ),
            Error::Busy { waited } => {
                write!(f, "another write transaction was still open after {} ms", waited.as_millis())
            }
            Error::Locked(path) => write!(f, "{}: open in another process", path.display()),
            Error::StaleView { read, newest } => {
                write!(f, "version {read} was read, but version {newest} was committed since; read again")
            }
            Error::Full { path, source } => {
                write!(f, "{}: no space left ({source}); nothing of this commit was kept", path.display())
            }
            Error::Io { action, path, source } => write!(f, "{}: cannot {action}: {source}", path.display()),
            Error::InUse(what) => f.write_str(what),
            Error::Poisoned { source } => {
                write!(f, "the database must be opened again, because an earlier write failed: {source}")
            }
            Error::Corrupt(corruption) => corruption.fmt(f),
            Error::PendingRestore { to, source } => write!(
                f,
                "the restore to commit {to} that was put off to this session cannot be carried out: {source}; open with \
                 PendingRestore::Leave to go on without it"
            ),
            Error::HistoryUnavailable { lsn, oldest, newest } => {
                write!(f, "commit {lsn} cannot be reached; history holds {oldest} to {newest}")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Full { source, .. } | Error::Io { source, .. } => Some(source.as_ref()),
            Error::Poisoned { source } | Error::PendingRestore { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}
