//! What the tests of the log share: a log in memory, commits, and reading all of it back.

use std::path::Path;
use std::sync::Arc;

use super::{Log, LogEnd, LogReader, LogScan, LogSetup, LogSink, LogStart};
use crate::error::Result;
use crate::format::wal::RecordKind;
use crate::ids::{CommitTime, DatabaseId, Lsn, SegmentId, Timestamp};
use crate::io::{Fs, Io, MemFs};

pub(super) const DATABASE: DatabaseId = DatabaseId(*b"database of logs");
pub(super) const DIR: &str = "db";

/// A log whose segments hold `segment_bytes`.
pub(super) fn setup(fs: Arc<dyn Fs>, segment_bytes: u64) -> LogSetup {
    let io = Io { fs, ..Io::memory(7) };
    LogSetup { io, dir: DIR.into(), database: DATABASE, segment_bytes }
}

/// Makes the directory and a log there.
pub(super) fn create(fs: Arc<dyn Fs>, segment_bytes: u64) -> Log {
    fs.create_dir(Path::new(DIR)).expect("the directory can be made");
    Log::create(setup(fs, segment_bytes))
}

/// The times of a commit, told by its number.
pub(super) fn time(number: u64) -> CommitTime {
    let time = i64::try_from(number).expect("tests make few commits") * 1000;
    CommitTime { time: Timestamp(time), raw: Timestamp(time - 7) }
}

/// The content of a commit, told by its number: some short, some long.
pub(super) fn payload(number: u64) -> Vec<u8> {
    let len = usize::try_from(number * number % 97).expect("below 97");
    let byte = u8::try_from(number % 251).expect("below 251");
    vec![byte; len]
}

/// Appends the next commit, as far as it can be without a sync.
pub(super) fn append(log: &Log) -> Result<Lsn> {
    let number = log.last_lsn().number + 1;
    let payload = payload(number);
    log.reserve(payload.len())?;
    let lsn = log.append(RecordKind::Commit, time(number), &payload);
    log.ready_to_publish()?;
    Ok(lsn)
}

/// Appends the next commit and makes it durable.
pub(super) fn commit(log: &Log) -> Result<Lsn> {
    let lsn = append(log)?;
    log.flush_to(lsn)?;
    Ok(lsn)
}

pub(super) fn whole() -> LogScan {
    LogScan { database: Some(DATABASE), start: LogStart::Beginning, until: None, durable: 0 }
}

/// A reader of a log that is there.
pub(super) fn open(fs: &Arc<dyn Fs>, scan: LogScan) -> Result<LogReader> {
    Ok(LogReader::open(Arc::clone(fs), Path::new(DIR), scan)?.expect("there is a log"))
}

/// The LSNs of the whole log, whose records must be what [`append`] wrote; and how it ends. `None` if there is none.
pub(super) fn scan(fs: &Arc<dyn Fs>, scan: LogScan) -> Result<Option<(Vec<Lsn>, LogEnd)>> {
    let Some(mut reader) = LogReader::open(Arc::clone(fs), Path::new(DIR), scan)? else { return Ok(None) };
    let mut lsns = Vec::new();
    while let Some(record) = reader.next_record()? {
        let number = record.lsn.number;
        assert_eq!(record.payload, payload(number), "commit {number}");
        assert_eq!(record.time, time(number), "commit {number}");
        assert_eq!(record.kind, RecordKind::Commit);
        lsns.push(record.lsn);
    }
    Ok(Some((lsns, reader.end().expect("read to the end"))))
}

/// Opens the log as a database does: reads it, and goes on with it or begins it. The LSNs found.
pub(super) fn recover(fs: &Arc<dyn Fs>, segment_bytes: u64) -> Result<(Log, Vec<Lsn>)> {
    let setup = setup(Arc::clone(fs), segment_bytes);
    match scan(fs, whole())? {
        None => Ok((Log::create(setup), Vec::new())),
        Some((lsns, end)) => Ok((Log::resume(setup, &end)?, lsns)),
    }
}

/// The numbers of `lsns`.
pub(super) fn numbers(lsns: &[Lsn]) -> Vec<u64> {
    lsns.iter().map(|lsn| lsn.number).collect()
}

/// The names in the directory.
pub(super) fn names(fs: &dyn Fs) -> Vec<String> {
    fs.list(Path::new(DIR)).expect("the directory is there")
}

/// The path of a segment.
pub(super) fn path(segment: u32) -> std::path::PathBuf {
    Path::new(DIR).join(super::segment::file_name(SegmentId(segment)))
}

/// A file system with a log of `commits` durable commits, left open or closed.
pub(super) fn written(commits: u64, segment_bytes: u64, close: bool) -> MemFs {
    let fs = Arc::new(MemFs::new());
    let log = create(fs.clone(), segment_bytes);
    for _ in 0..commits {
        commit(&log).expect("memory takes it");
    }
    if close {
        log.close().expect("memory takes it");
    }
    MemFs::clone(&fs)
}
