//! Log segments as files: their names, their headers, and which of them form the log.
//!
//! 1. A file `NNNNNNNN.wal` has a durable header from the moment it has that name, so a header that is damaged there
//!    is damage, never the trace of a crash. Until its first sync a segment is called `NNNNNNNN.wal.tmp`.
//! 2. The log is the chain of segments that one meets going back from the newest by what each says it follows. A
//!    segment between two links was given up by a recovery; one older than the last link is waiting to be removed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::version::FormatVersion;
use crate::format::wal::{BadHeader, HEADER_BYTES, SegmentHeader};
use crate::ids::{DatabaseId, LogPosition, Lsn, SegmentId};
use crate::io::{File, Fs, OpenMode, read_up_to_at};

const SUFFIX: &str = ".wal";
const TEMPORARY_SUFFIX: &str = ".wal.tmp";

/// What is known about a segment of the log without reading its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its number.
    pub id: SegmentId,
    /// The commit that its first record holds, or will hold.
    pub first: Lsn,
    /// The commit before that one, or a number that none has between the two.
    pub after: Lsn,
    /// Where that record stands, or will stand.
    pub start: LogPosition,
    /// Where its records end, in bytes.
    pub bytes: u64,
}

/// The name of a segment that was synced.
pub(crate) fn file_name(id: SegmentId) -> String {
    format!("{id}{SUFFIX}")
}

/// The name of a segment before its first sync.
pub(crate) fn temporary_name(id: SegmentId) -> String {
    format!("{id}{TEMPORARY_SUFFIX}")
}

/// The segment of this name, if it is one that [`file_name`] gives.
fn id_of(name: &str) -> Option<SegmentId> {
    let id = SegmentId(name.strip_suffix(SUFFIX)?.parse().ok()?);
    (id.0 > 0 && file_name(id) == name).then_some(id)
}

/// The log's files in a directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    /// Segments with a durable header, ascending.
    pub(crate) segments: Vec<SegmentId>,
    /// Names of segments that were never synced.
    pub(crate) temporary: Vec<String>,
}

impl Listing {
    /// Takes the log's files from the names of a directory; the other names.
    pub(crate) fn of(names: Vec<String>) -> (Listing, Vec<String>) {
        let mut listing = Listing::default();
        let mut others = Vec::new();
        for name in names {
            if let Some(id) = id_of(&name) {
                listing.segments.push(id);
            } else if name.strip_suffix(".tmp").is_some_and(|name| id_of(name).is_some()) {
                listing.temporary.push(name);
            } else {
                others.push(name);
            }
        }
        listing.segments.sort_unstable();
        (listing, others)
    }
}

/// Lists the log's files. A directory that does not exist has none.
pub(crate) fn list(fs: &dyn Fs, dir: &Path) -> Result<Listing> {
    let names = match fs.list(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("list the directory", dir, error)),
    };
    Ok(Listing::of(names).0)
}

/// A segment opened, its header read and checked.
#[derive(Clone, Debug)]
pub(crate) struct OpenSegment {
    pub(crate) file: Arc<dyn File>,
    pub(crate) path: PathBuf,
    pub(crate) header: SegmentHeader,
}

/// Where a log lies and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct LogFiles {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) dir: PathBuf,
    /// The database; unknown until the first header was read, where only the log can tell.
    pub(crate) database: Option<DatabaseId>,
}

impl LogFiles {
    pub(crate) fn path(&self, id: SegmentId) -> PathBuf {
        self.dir.join(file_name(id))
    }

    /// Opens a segment and reads its header.
    pub(crate) fn open(&mut self, id: SegmentId, mode: OpenMode) -> Result<OpenSegment> {
        let path = self.path(id);
        let file = self.fs.open(&path, mode).map_err(|error| match error.kind() {
            ErrorKind::NotFound => missing(&path),
            _ => Error::io("open", &path, error),
        })?;
        let mut bytes = [0; HEADER_BYTES];
        let n = read_up_to_at(&*file, &mut bytes, 0).map_err(|error| Error::io("read", &path, error))?;
        let header = SegmentHeader::decode(&bytes[..n]).map_err(|bad| match bad {
            BadHeader::Damaged(found) => header_damage(&path, "the header of a log segment", found),
            BadHeader::Version(found) => Error::UnsupportedVersion {
                path: path.clone(),
                found,
                supported: FormatVersion::CURRENT.number(),
            },
        })?;
        if header.segment != id {
            return Err(header_damage(&path, format!("segment {id}"), format!("segment {}", header.segment)));
        }
        let database = *self.database.get_or_insert(header.database);
        if header.database != database {
            return Err(header_damage(
                &path,
                format!("database {database}"),
                format!("database {}", header.database),
            ));
        }
        Ok(OpenSegment { file, path, header })
    }

    /// The segments that form the log, oldest first, as far back as they exist but not beyond `oldest`.
    pub(crate) fn chain(&mut self, listed: &[SegmentId], oldest: SegmentId) -> Result<Chain> {
        let mut chain = Chain::default();
        let mut next = listed.last().copied();
        while let Some(id) = next {
            let opened = self.open(id, OpenMode::Read)?;
            let before = opened.header.follows.segment;
            next = (id > oldest && before.0 > 0 && listed.binary_search(&before).is_ok()).then_some(before);
            chain.headers.push(opened.header);
            chain.first = Some(opened);
        }
        chain.headers.reverse();
        Ok(chain)
    }

    /// The segments that form the log, oldest first, where its records end at `end`.
    pub(crate) fn segments(&mut self, end: LogPosition) -> Result<Vec<SegmentInfo>> {
        loop {
            let listed = self.listed(end)?;
            match self.chain(&listed, SegmentId(1)) {
                // Those removed meanwhile, the oldest first, are no part of the log any more.
                Err(_) if self.listed(end)? != listed => {}
                chain => return Ok(chain?.infos(end.offset)),
            }
        }
    }

    fn listed(&self, end: LogPosition) -> Result<Vec<SegmentId>> {
        let mut listed = list(&*self.fs, &self.dir)?.segments;
        listed.retain(|&id| id <= end.segment);
        Ok(listed)
    }
}

/// The segments of a log that nobody writes to, oldest first, where its records end at `end`.
///
/// # Errors
/// Damage in their headers, or what the file system answers.
pub fn segments(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    database: DatabaseId,
    end: LogPosition,
) -> Result<Vec<SegmentInfo>> {
    LogFiles { fs: Arc::clone(fs), dir: dir.to_path_buf(), database: Some(database) }.segments(end)
}

/// Segments that follow each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    /// What they say, the oldest first.
    pub(crate) headers: Vec<SegmentHeader>,
    /// The oldest, opened.
    pub(crate) first: Option<OpenSegment>,
}

impl Chain {
    /// What they hold. The last one's records end at `end`.
    pub(crate) fn infos(&self, end: u64) -> Vec<SegmentInfo> {
        let ends = self.headers.iter().skip(1).map(|successor| successor.follows.offset).chain([end]);
        let infos = self.headers.iter().zip(ends);
        let info = |(header, bytes): (&SegmentHeader, u64)| SegmentInfo {
            id: header.segment,
            first: header.first,
            after: Lsn { number: header.first.number.saturating_sub(1), ..header.first },
            start: header.start(),
            bytes,
        };
        infos.map(info).collect()
    }
}

/// A segment that has to be there is not.
pub(crate) fn missing(path: &Path) -> Error {
    Error::corrupt(path, 0, "log segment", "a file", "none")
}

/// A header that is not what it has to be.
pub(crate) fn header_damage(path: &Path, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::corrupt(path, 0, "log segment header", expected, found)
}

#[cfg(test)]
mod tests;
