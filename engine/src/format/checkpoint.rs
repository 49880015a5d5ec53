//! The file `checkpoints`: an append-only list of checkpoint records, each naming a version whose pages are durable.
//!
//! Header, 64 bytes:
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 8 | magic | `DURAMENC` |
//! | 8 | 4 | version | format version |
//! | 12 | 16 | database | database id |
//! | 28 | 32 | reserved | zero |
//! | 60 | 4 | checksum | of bytes 0 to 59, seeded with kind and database |
//!
//! Record, one after the other from offset 64:
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 4 | length | of the payload in bytes, not 0 |
//! | 4 | 4 | checksum | of payload and previous record's checksum, seeded with kind and database, at this offset |
//! | 8 | length | payload | the fields of [`CheckpointRecord`] in their order |
//!
//! In the payload numbers are varints, times take eight bytes and checksums four; truth values share a byte (bit 0 bulk,
//! bit 1 whole history, bit 2 whether there is a wish). Ascending lists are a count and then the step to each; a segment
//! is followed by its length. A database id is sixteen bytes, a name its length and its bytes.
//!
//! The chain of checksums ties every record to all before it: a record of another list, or one written over an older
//! one, does not verify. The same [`RootState`] encoding is the payload of the log's bulk and reset records.

use crate::checksum::{UnitKind, checksum, seed};
use crate::codec::{Reader, Short, Write};
use crate::ids::{Ancestor, DatabaseId, LogPosition, Lsn, SegmentId, Timestamp, to_u32, to_u64, to_usize};

use super::version::FormatVersion;
use super::wal::FIRST_RECORD;

/// Length of the file's header in bytes.
pub(crate) const HEADER_BYTES: usize = 64;
/// Length of what stands before a record's payload.
pub(crate) const RECORD_HEAD_BYTES: usize = 8;
/// Where the log of a fork begins, which goes on after the one commit of its first record.
pub(crate) const FORK_LOG_START: LogPosition =
    LogPosition { segment: SegmentId(1), offset: FIRST_RECORD, previous_crc: 0 };
/// What the file begins with.
pub(crate) const MAGIC: [u8; 8] = *b"DURAMENC";

/// A version of the database whose pages are all on disk: the root of the catalog, and the files that hold the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RootState {
    /// The catalog tree's root, as `format::inner` encodes a child.
    pub(crate) catalog: Vec<u8>,
    /// The number that the next new tree gets.
    pub(crate) next_tree: u32,
    /// The number that the next new page segment gets, or a lower one that was never used.
    pub(crate) next_segment: SegmentId,
    /// The page segments, ascending, each with the length up to which it is valid.
    pub(crate) segments: Vec<(SegmentId, u64)>,
}

impl RootState {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.put_sized(&self.catalog);
        out.put_varint(self.next_tree.into());
        out.put_varint(self.next_segment.0.into());
        out.put_varint(to_u64(self.segments.len()));
        let mut previous = 0;
        for (segment, len) in &self.segments {
            out.put_varint(u64::from(segment.0 - previous));
            out.put_varint(*len);
            previous = segment.0;
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<RootState, Short> {
        let catalog = reader.sized()?.to_vec();
        let next_tree = reader.varint_u32()?;
        let next_segment = SegmentId(reader.varint_u32()?);
        let count = reader.varint()?;
        let mut segments = Vec::new();
        let mut previous = 0u32;
        for _ in 0..count {
            let step = reader.varint_u32()?;
            if step == 0 {
                return Err(Short);
            }
            previous = previous.checked_add(step).ok_or(Short)?;
            segments.push((SegmentId(previous), reader.varint()?));
        }
        Ok(RootState { catalog, next_tree, next_segment, segments })
    }
}

/// How much time has passed in the life of a database, as far as it was observed. See `progress.rs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What the wall clock is expected to show now, if all that was observed is true.
    pub(crate) wall: Timestamp,
    /// Time that has passed for certain since the database was made, in microseconds.
    pub(crate) observed_us: u64,
    /// Time that the wall clock says has passed and that is not believed yet, in microseconds.
    pub(crate) doubted_us: u64,
    /// Time that has passed since, with the clock where it was, in microseconds.
    pub(crate) upheld_us: u64,
    /// What of the time that is not believed came on top while the rest was upheld, in microseconds.
    pub(crate) newer_us: u64,
}

/// A commit that stays reachable, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) name: String,
    pub(crate) lsn: Lsn,
}

/// What was asked for that outlives the process that asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    /// Commits that stay reachable, by name.
    pub(crate) pins: Vec<Pin>,
    /// The commit to go back to when the database is next opened for writing.
    pub(crate) wish: Option<Lsn>,
}

/// One checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CheckpointRecord {
    /// Counts the checkpoints of the database from 1.
    pub(crate) number: u64,
    /// The newest commit whose effects the pages hold.
    pub(crate) lsn: Lsn,
    /// That commit's time.
    pub(crate) time: Timestamp,
    /// Where replay starts: the log segment and offset of a record at or before the one after `lsn`, and the checksum
    /// of the record before it.
    pub(crate) replay_from: LogPosition,
    /// Bytes of log written since the database was made.
    pub(crate) log_bytes: u64,
    /// Whether a bulk or reset record of the log names this root, so that it is kept while that log is.
    pub(crate) bulk: bool,
    /// Whether log and roots reach back to the first commit of all.
    pub(crate) whole_history: bool,
    /// The numbers of the older checkpoints that are kept beside this one, ascending.
    pub(crate) kept: Vec<u64>,
    /// The time that had passed when the record was made.
    pub(crate) progress: Progress,
    /// What was asked for.
    pub(crate) orders: Orders,
    /// The databases that this one descends from, the oldest first.
    pub(crate) ancestors: Vec<Ancestor>,
    /// The pages.
    pub(crate) state: RootState,
}

fn put_lsn(out: &mut Vec<u8>, lsn: Lsn) {
    out.put_varint(lsn.epoch.into());
    out.put_varint(lsn.number);
}

fn lsn(reader: &mut Reader<'_>) -> Result<Lsn, Short> {
    Ok(Lsn { epoch: reader.varint_u32()?, number: reader.varint()? })
}

impl CheckpointRecord {
    /// Whether it is the record that a fork begins with.
    pub(crate) fn begins_a_fork(&self) -> bool {
        self.number == 1 && self.replay_from == FORK_LOG_START && !self.ancestors.is_empty()
    }
}

impl Progress {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_i64(self.wall.0);
        out.put_varint(self.observed_us);
        out.put_varint(self.doubted_us);
        out.put_varint(self.upheld_us);
        out.put_varint(self.newer_us);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Progress, Short> {
        Ok(Progress {
            wall: Timestamp(reader.i64()?),
            observed_us: reader.varint()?,
            doubted_us: reader.varint()?,
            upheld_us: reader.varint()?,
            newer_us: reader.varint()?,
        })
    }
}

impl Orders {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_varint(to_u64(self.pins.len()));
        for pin in &self.pins {
            out.put_sized(pin.name.as_bytes());
            put_lsn(out, pin.lsn);
        }
        if let Some(wish) = self.wish {
            put_lsn(out, wish);
        }
    }

    fn decode(reader: &mut Reader<'_>, wish: bool) -> Result<Orders, Short> {
        let mut pins = Vec::new();
        for _ in 0..reader.varint()? {
            let name = String::from_utf8(reader.sized()?.to_vec()).map_err(|_| Short)?;
            pins.push(Pin { name, lsn: lsn(reader)? });
        }
        let wish = if wish { Some(lsn(reader)?) } else { None };
        Ok(Orders { pins, wish })
    }
}

impl CheckpointRecord {
    fn encode_payload(&self, out: &mut Vec<u8>) {
        out.put_varint(self.number);
        put_lsn(out, self.lsn);
        out.put_i64(self.time.0);
        out.put_varint(self.replay_from.segment.0.into());
        out.put_varint(self.replay_from.offset);
        out.put_u32(self.replay_from.previous_crc);
        out.put_varint(self.log_bytes);
        let wish = u8::from(self.orders.wish.is_some());
        out.put_u8(u8::from(self.bulk) | u8::from(self.whole_history) << 1 | wish << 2);
        out.put_varint(to_u64(self.kept.len()));
        let mut previous = 0;
        for number in &self.kept {
            out.put_varint(number - previous);
            previous = *number;
        }
        self.progress.encode(out);
        self.orders.encode(out);
        out.put_varint(to_u64(self.ancestors.len()));
        for ancestor in &self.ancestors {
            out.extend_from_slice(&ancestor.database.0);
            out.put_varint(ancestor.before.0.into());
        }
        self.state.encode(out);
    }

    fn decode_payload(payload: &[u8]) -> Result<CheckpointRecord, Short> {
        let mut reader = Reader::new(payload);
        let number = reader.varint()?;
        let lsn = lsn(&mut reader)?;
        let time = Timestamp(reader.i64()?);
        let replay_from = LogPosition {
            segment: SegmentId(reader.varint_u32()?),
            offset: reader.varint()?,
            previous_crc: reader.u32()?,
        };
        let log_bytes = reader.varint()?;
        let flags = reader.u8()?;
        if flags > 7 {
            return Err(Short);
        }
        let (bulk, whole_history) = (flags & 1 != 0, flags & 2 != 0);
        let mut kept = Vec::new();
        let mut previous = 0u64;
        for _ in 0..reader.varint()? {
            let step = reader.varint()?;
            if step == 0 {
                return Err(Short);
            }
            previous = previous.checked_add(step).ok_or(Short)?;
            kept.push(previous);
        }
        let progress = Progress::decode(&mut reader)?;
        let orders = Orders::decode(&mut reader, flags & 4 != 0)?;
        let mut ancestors = Vec::new();
        for _ in 0..reader.varint()? {
            let database = DatabaseId(reader.id()?);
            ancestors.push(Ancestor { database, before: SegmentId(reader.varint_u32()?) });
        }
        let state = RootState::decode(&mut reader)?;
        if !reader.is_empty() || number == 0 || kept.last().is_some_and(|&last| last >= number) {
            return Err(Short);
        }
        Ok(CheckpointRecord {
            number,
            lsn,
            time,
            replay_from,
            log_bytes,
            bulk,
            whole_history,
            kept,
            progress,
            orders,
            ancestors,
            state,
        })
    }

    /// The record as it stands in the file at `offset`, and its checksum, which the next record chains to.
    pub(crate) fn encode(&self, database: DatabaseId, offset: u64, previous_crc: u32) -> (Vec<u8>, u32) {
        let mut bytes = vec![0; RECORD_HEAD_BYTES];
        self.encode_payload(&mut bytes);
        let len = to_u32(bytes.len() - RECORD_HEAD_BYTES);
        let crc = record_checksum(database, offset, previous_crc, &bytes[RECORD_HEAD_BYTES..]);
        bytes[0..4].copy_from_slice(&len.to_le_bytes());
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        (bytes, crc)
    }
}

fn record_checksum(database: DatabaseId, offset: u64, previous_crc: u32, payload: &[u8]) -> u32 {
    let seed = seed(UnitKind::CheckpointRecord, database, SegmentId(previous_crc));
    checksum(seed, offset, payload)
}

/// What stands at one place of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// A whole record, the offset after it, and its checksum.
    Record(Box<CheckpointRecord>, u64, u32),
    /// The list ends here.
    End,
    /// Bytes that are no record of this list.
    Bad(&'static str),
}

/// Reads the record at `offset` of `file`, the whole list.
pub(crate) fn decode_record(file: &[u8], offset: u64, database: DatabaseId, previous_crc: u32) -> Decoded {
    let Some(rest) = usize::try_from(offset).ok().and_then(|start| file.get(start..)) else {
        return Decoded::End;
    };
    if rest.is_empty() {
        return Decoded::End;
    }
    let mut reader = Reader::new(rest);
    let (Ok(len), Ok(crc)) = (reader.u32(), reader.u32()) else {
        return Decoded::Bad("a record cut short");
    };
    let Ok(payload) = reader.bytes(to_usize(len)) else {
        return Decoded::Bad("a record cut short");
    };
    if len == 0 {
        return Decoded::Bad("a record without content");
    }
    if record_checksum(database, offset, previous_crc, payload) != crc {
        return Decoded::Bad("a record with another checksum");
    }
    match CheckpointRecord::decode_payload(payload) {
        Ok(record) => {
            let end = offset + to_u64(RECORD_HEAD_BYTES + payload.len());
            Decoded::Record(Box::new(record), end, crc)
        }
        Err(Short) => Decoded::Bad("a record with impossible fields"),
    }
}

/// The header of the list of `database`.
pub(crate) fn encode_header(database: DatabaseId) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[0..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FormatVersion::CURRENT.number().to_le_bytes());
    bytes[12..28].copy_from_slice(&database.0);
    let crc = checksum(seed(UnitKind::CheckpointHeader, database, SegmentId(0)), 0, &bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Why a header is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    /// The file is no checkpoint list, or its header is damaged.
    Damaged(&'static str),
    /// The list was written in a version that this build does not read.
    Version(u32),
}

/// The database that the list belongs to.
pub(crate) fn decode_header(bytes: &[u8]) -> Result<DatabaseId, BadHeader> {
    let short = |Short| BadHeader::Damaged("a file shorter than its header");
    let mut reader = Reader::new(bytes);
    let magic = reader.bytes(MAGIC.len()).map_err(short)?;
    if magic != MAGIC {
        return Err(BadHeader::Damaged("other bytes than the magic of a checkpoint list"));
    }
    let version = reader.u32().map_err(short)?;
    let database = DatabaseId(reader.id().map_err(short)?);
    let reserved = reader.bytes(32).map_err(short)?;
    let crc = reader.u32().map_err(short)?;
    let expected = checksum(seed(UnitKind::CheckpointHeader, database, SegmentId(0)), 0, &bytes[..60]);
    if crc != expected {
        return Err(BadHeader::Damaged("a header with another checksum"));
    }
    if FormatVersion::from_number(version).is_none() {
        return Err(BadHeader::Version(version));
    }
    if reserved.iter().any(|&byte| byte != 0) {
        return Err(BadHeader::Damaged("reserved bytes that are not zero"));
    }
    Ok(database)
}

#[cfg(test)]
mod tests;
