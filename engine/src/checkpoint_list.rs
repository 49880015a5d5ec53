//! The file `checkpoints`: reading the list at open, appending a record, dropping records no longer kept.
//!
//! Invariants:
//! 1. The file gets its name only after its content was synced, so a list whose header does not verify is damaged, not
//!    unfinished.
//! 2. A record is appended after everything it names was synced. It counts once the file was synced.
//! 3. A tail that does not verify is never appended to: the next record goes into a new file that replaces this one.
//! 4. The file is open only while it is read or written to: there are seconds between two records, and a descriptor less for
//!    each open database.
//!
//! That a missing or damaged newest record is noticed, and not taken for an older state, is the business of recovery: the
//! log names the newest durable checkpoint.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::checkpoint::{self, BadHeader, CheckpointRecord, Decoded, HEADER_BYTES};
use crate::format::version::FormatVersion;
use crate::ids::{DatabaseId, to_u64};
use crate::io::{File, Fs, OpenMode, read_up_to_at, write_all_at};

/// The name of the list in the database's directory.
pub(crate) const FILE_NAME: &str = "checkpoints";
const TEMPORARY_NAME: &str = "checkpoints.tmp";

/// A list longer than this is refused rather than read into memory.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Records that are not kept any more are dropped once there are this many of them, or as many as are kept.
const DROP_AT: usize = 64;

/// The path of the list of the database in a directory.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE_NAME)
}

/// The checkpoints of one database.
#[derive(Debug)]
pub(crate) struct CheckpointList {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    database: DatabaseId,
    /// Whether there is the file.
    exists: bool,
    /// Where the next record goes.
    end: u64,
    /// The checksum of the last record.
    last_crc: u32,
    /// Every record of the file, oldest first.
    records: Vec<Arc<CheckpointRecord>>,
    /// Why bytes at the end of the file are no record.
    bad_tail: Option<&'static str>,
}

impl CheckpointList {
    /// The list of a database that has none yet. The file is made with the first record.
    pub(crate) fn new(fs: Arc<dyn Fs>, dir: &Path, database: DatabaseId) -> CheckpointList {
        CheckpointList {
            fs,
            dir: dir.to_path_buf(),
            database,
            exists: false,
            end: to_u64(HEADER_BYTES),
            last_crc: 0,
            records: Vec::new(),
            bad_tail: None,
        }
    }

    /// Reads the list in `dir`.
    pub(crate) fn open(fs: Arc<dyn Fs>, dir: &Path) -> Result<CheckpointList> {
        let path = dir.join(FILE_NAME);
        let file = fs.open(&path, OpenMode::Read).map_err(|error| Error::io("open", &path, error))?;
        let bytes = read_whole(&*file, &path)?;
        let database = match checkpoint::decode_header(&bytes) {
            Ok(database) => database,
            Err(BadHeader::Version(found)) => {
                let supported = FormatVersion::CURRENT.number();
                return Err(Error::UnsupportedVersion { path, found, supported });
            }
            Err(BadHeader::Damaged(found)) => {
                return Err(Error::corrupt(&path, 0, "checkpoint list header", "a whole header", found));
            }
        };
        let mut list = CheckpointList { exists: true, ..CheckpointList::new(fs, dir, database) };
        list.bad_tail = loop {
            match checkpoint::decode_record(&bytes, list.end, database, list.last_crc) {
                Decoded::Record(record, end, crc) => {
                    if list.records.last().is_some_and(|last| last.number >= record.number) {
                        break Some("a record whose number does not rise");
                    }
                    list.records.push(Arc::from(record));
                    list.end = end;
                    list.last_crc = crc;
                }
                Decoded::End => break None,
                Decoded::Bad(why) => break Some(why),
            }
        };
        Ok(list)
    }

    /// The database that the list belongs to.
    pub(crate) fn database(&self) -> DatabaseId {
        self.database
    }

    /// The path of the list.
    pub(crate) fn path(&self) -> PathBuf {
        path(&self.dir)
    }

    /// The newest checkpoint.
    pub(crate) fn newest(&self) -> Option<&CheckpointRecord> {
        self.records.last().map(|record| &**record)
    }

    /// Whether it is that of a fork that nobody has opened for writing: one record, and nothing of another one.
    pub(crate) fn begins_a_fork(&self) -> bool {
        self.bad_tail.is_none() && self.newest().is_some_and(CheckpointRecord::begins_a_fork)
    }

    /// The checkpoints whose pages exist, oldest first: the newest, and those it says are kept.
    pub(crate) fn kept(&self) -> impl DoubleEndedIterator<Item = &Arc<CheckpointRecord>> {
        let newest = self.records.last();
        let kept = newest.map_or(&[][..], |record| &record.kept);
        self.records.iter().filter(move |record| {
            newest.is_some_and(|newest| newest.number == record.number) || kept.contains(&record.number)
        })
    }

    /// Where the file stops to be a list of records, and why; `None` where all of it is.
    pub(crate) fn bad_tail(&self) -> Option<(u64, &'static str)> {
        self.bad_tail.map(|why| (self.end, why))
    }

    /// Appends a record and makes it durable: one sync, three where the file is written anew.
    ///
    /// After [`Error::Full`] or [`Error::Io`] of a write the list is as before. A failed sync is told apart by
    /// [`AppendError::Sync`]: what is on disk is then unknown.
    pub(crate) fn append(&mut self, record: Arc<CheckpointRecord>) -> Result<(), AppendError> {
        let kept = self.records.iter().filter(|old| record.kept.contains(&old.number)).count();
        let dropped = self.records.len() - kept;
        if self.exists && self.bad_tail.is_none() && dropped < DROP_AT.max(kept) {
            return self.append_in_place(record);
        }
        let kept = self.records.iter().filter(|old| record.kept.contains(&old.number));
        let mut records: Vec<Arc<CheckpointRecord>> = kept.cloned().collect();
        records.push(record);
        self.replace_file(records)
    }

    fn append_in_place(&mut self, record: Arc<CheckpointRecord>) -> Result<(), AppendError> {
        let path = self.path();
        let (bytes, crc) = record.encode(self.database, self.end, self.last_crc);
        let file = self.fs.open(&path, OpenMode::Write);
        let file = file.map_err(|error| AppendError::Write(Error::io("open", &path, error)))?;
        if let Err(error) = write_all_at(&*file, &bytes, self.end) {
            self.bad_tail = Some("a record that could not be written");
            return Err(AppendError::Write(Error::io("write", &path, error)));
        }
        file.sync_data().map_err(|error| AppendError::Sync(Error::io("sync", &path, error)))?;
        self.end += to_u64(bytes.len());
        self.last_crc = crc;
        self.records.push(record);
        Ok(())
    }

    /// Makes all records durable, also those that were read from a cache whose sync had failed: they are written anew.
    pub(crate) fn make_durable(&mut self) -> Result<(), AppendError> {
        self.replace_file(self.records.clone())
    }

    /// Writes records to a new file that takes the old one's place.
    fn replace_file(&mut self, records: Vec<Arc<CheckpointRecord>>) -> Result<(), AppendError> {
        let (end, last_crc) = self.write_file(&records)?;
        self.exists = true;
        self.end = end;
        self.last_crc = last_crc;
        self.records = records;
        self.bad_tail = None;
        Ok(())
    }

    fn write_file(&self, records: &[Arc<CheckpointRecord>]) -> Result<(u64, u32), AppendError> {
        let mut bytes = checkpoint::encode_header(self.database).to_vec();
        let mut last_crc = 0;
        for record in records {
            let (encoded, crc) = record.encode(self.database, to_u64(bytes.len()), last_crc);
            bytes.extend_from_slice(&encoded);
            last_crc = crc;
        }
        let temporary = self.dir.join(TEMPORARY_NAME);
        let written = |action, error| AppendError::Write(Error::io(action, &temporary, error));
        match self.fs.remove(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(written("remove", error));
            }
            _ => {}
        }
        let file = self.fs.open(&temporary, OpenMode::CreateNew).map_err(|error| written("create", error))?;
        write_all_at(&*file, &bytes, 0).map_err(|error| written("write", error))?;
        file.sync_data().map_err(|error| AppendError::Sync(Error::io("sync", &temporary, error)))?;
        self.fs.rename(&temporary, &self.path()).map_err(|error| written("rename", error))?;
        self.fs
            .sync_dir(&self.dir)
            .map_err(|error| AppendError::Sync(Error::io("sync", &self.dir, error)))?;
        Ok((to_u64(bytes.len()), last_crc))
    }
}

/// Why a record was not appended.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// Nothing of it counts; the next append writes the file anew.
    Write(Error),
    /// It is unknown whether the record is on disk.
    Sync(Error),
}

impl AppendError {
    /// What went wrong.
    pub(crate) fn into_error(self) -> Error {
        match self {
            AppendError::Write(error) | AppendError::Sync(error) => error,
        }
    }
}

fn read_whole(file: &dyn File, path: &Path) -> Result<Vec<u8>> {
    let len = file.len().map_err(|error| Error::io("measure", path, error))?;
    if len > MAX_FILE_BYTES {
        let expected = format!("at most {MAX_FILE_BYTES} bytes");
        return Err(Error::corrupt(path, 0, "checkpoint list", expected, format!("{len} bytes")));
    }
    let len =
        usize::try_from(len).map_err(|_| Error::InvalidArgument("the file is larger than memory".into()))?;
    let mut bytes = vec![0; len];
    let read = read_up_to_at(file, &mut bytes, 0).map_err(|error| Error::io("read", path, error))?;
    bytes.truncate(read);
    Ok(bytes)
}
