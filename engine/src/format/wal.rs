//! The log: segment files, each a header and then one record a commit.
//!
//! Segment header, [`HEADER_BYTES`] long:
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 8 | magic | `DURAMENL` |
//! | 8 | 4 | version | format version |
//! | 12 | 16 | database | database id |
//! | 28 | 4 | segment | this segment's number, from 1 |
//! | 32 | 8 | salt | random, part of the seed of every checksum in the segment |
//! | 40 | 4 | epoch | the epoch of the commits that are made in this segment |
//! | 44 | 12 | first | LSN that the segment's first record has: epoch (4), number (8) |
//! | 56 | 4 | follows: segment | the segment before this one in the log; 0 if this is the first |
//! | 60 | 4 | follows: checksum | of the last record before this segment; 0 if there is none |
//! | 64 | 8 | follows: offset | where that segment's valid records end; what lies after them is not part of the log |
//! | 72 | 8 | checkpoint | number of the newest durable checkpoint |
//! | 80 | 8 | durable | highest commit number known synced when the header was written |
//! | 88 | 1 | codec | 0: payloads are stored as they are |
//! | 89 | 35 | reserved | zero; room for a nonce and a tag |
//! | 124 | 4 | checksum | of bytes 0 to 123 at offset 0, seeded with kind, database and segment |
//!
//! Record, one after the other from offset [`HEADER_BYTES`] on, unaligned; a length of zero ends the log:
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 4 | length | of the whole record |
//! | 4 | 4 | guard | checksum of the length and of the bytes from 8 up to the payload, at this offset |
//! | 8 | 4 | lag | the commit's number less the highest number known synced when the record was written |
//! | 12 | 4 | checksum | of the previous record's checksum, the length and all bytes from 16 on, at this offset |
//! | 16 | 1 | kind | see [`RecordKind`] |
//! | 17 | 12 | LSN | epoch (4), number (8) |
//! | 29 | 8 | time | the commit's time in microseconds since 1970 |
//! | 37 | 1–10 | raw time | varint: zigzag of the wall clock less the time |
//! | | 1–10 | checkpoint | varint: number of the newest durable checkpoint |
//! | | | payload | to the end of the record |
//!
//! Both checksums of a record are seeded with kind, database, segment and salt. They do different work:
//! 1. The *checksum* is fixed when the record is appended and chains each record to all before it, over segments too.
//! 2. The *guard* is made when the record is written, for `lag` is only known then. It makes the length trustworthy
//!    before the payload is read, and it lets a reader recognise a record without its neighbours: the `lag` of a later
//!    record proves that an earlier one was durable.
//!
//! Neither stale bytes nor a value that imitates a record pass, since neither knows the salt.

use crate::checksum::{UnitKind, checksum, seed};
use crate::codec::{Reader, Short, Write};
use crate::ids::{CommitTime, DatabaseId, LogPosition, Lsn, SegmentId, Timestamp, to_u32, to_u64, to_usize};

use super::version::FormatVersion;

/// What a log segment begins with.
pub const MAGIC: [u8; 8] = *b"DURAMENL";
/// Length of a segment's header in bytes.
pub const HEADER_BYTES: usize = 128;
/// Where a segment's first record starts.
pub const FIRST_RECORD: u64 = 128;
/// The least that stands before a record's payload, in bytes.
pub const MIN_HEAD_BYTES: usize = 39;
/// The most that stands before a record's payload, in bytes.
pub const MAX_HEAD_BYTES: usize = 57;
/// The longest payload of a record, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 2 << 30;

const HEADER_CHECKSUM_AT: usize = HEADER_BYTES - 4;
const RESERVED_BYTES: usize = 35;
const GUARDED_FROM: usize = 8;
const CHECKED_FROM: usize = 16;
const FIXED_HEAD_BYTES: usize = 37;
/// Numbers above this are refused, so that counting on from a number read from disk cannot overflow.
const MAX_NUMBER: u64 = u64::MAX >> 1;

const _: () = assert!(to_u64(HEADER_BYTES) == FIRST_RECORD);
const _: () = assert!(MIN_HEAD_BYTES == FIXED_HEAD_BYTES + 2 && MAX_HEAD_BYTES == FIXED_HEAD_BYTES + 20);
const _: () = assert!(MAX_PAYLOAD_BYTES < to_usize(u32::MAX) - MAX_HEAD_BYTES);

/// What a segment says about itself and about the log before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The database the segment belongs to.
    pub database: DatabaseId,
    /// The segment's own number.
    pub segment: SegmentId,
    /// Random bits that no other segment shares.
    pub salt: u64,
    /// The epoch of the commits that are made in this segment. Records copied into it keep the epoch they have.
    pub epoch: u32,
    /// The position of the first record in it.
    pub first: Lsn,
    /// Where the log before this segment ends. Its segment is 0 if there is none.
    pub follows: LogPosition,
    /// The newest durable checkpoint.
    pub checkpoint: u64,
    /// The highest commit number known synced when the segment was begun.
    pub durable: u64,
}

/// Why bytes are no header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHeader {
    /// They are damaged or something else; the text says what was found.
    Damaged(&'static str),
    /// A newer build wrote them, in this format version.
    Version(u32),
}

impl SegmentHeader {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.put_u32(FormatVersion::CURRENT.number());
        bytes.extend_from_slice(&self.database.0);
        bytes.put_u32(self.segment.0);
        bytes.put_u64(self.salt);
        bytes.put_u32(self.epoch);
        bytes.put_u32(self.first.epoch);
        bytes.put_u64(self.first.number);
        bytes.put_u32(self.follows.segment.0);
        bytes.put_u32(self.follows.previous_crc);
        bytes.put_u64(self.follows.offset);
        bytes.put_u64(self.checkpoint);
        bytes.put_u64(self.durable);
        bytes.put_u8(0);
        bytes.extend_from_slice(&[0; RESERVED_BYTES]);
        assert_eq!(bytes.len(), HEADER_CHECKSUM_AT, "the table at the head of this file");
        let crc = checksum(seed(UnitKind::LogSegmentHeader, self.database, self.segment), 0, &bytes);
        bytes.put_u32(crc);
        bytes
    }

    /// Reads the header from the first bytes of a segment.
    ///
    /// # Errors
    /// When they are not a header that this build reads.
    pub fn decode(bytes: &[u8]) -> Result<SegmentHeader, BadHeader> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or(BadHeader::Damaged("a file shorter than a header"))?;
        if !bytes.starts_with(&MAGIC) {
            return Err(BadHeader::Damaged("other bytes than the magic of a log segment"));
        }
        let fields = HeaderFields::read(bytes).map_err(|Short| BadHeader::Damaged("a header cut short"))?;
        let header = fields.header;
        let seed = seed(UnitKind::LogSegmentHeader, header.database, header.segment);
        if fields.checksum != checksum(seed, 0, &bytes[..HEADER_CHECKSUM_AT]) {
            return Err(BadHeader::Damaged("a header with another checksum"));
        }
        if FormatVersion::from_number(fields.version).is_none() {
            return Err(BadHeader::Version(fields.version));
        }
        if !fields.reserved_are_zero {
            return Err(BadHeader::Damaged("an unknown codec, or reserved bytes that are not zero"));
        }
        if !header.is_possible() {
            return Err(BadHeader::Damaged("a header with impossible fields"));
        }
        Ok(header)
    }

    /// Whether the fields can belong together, and can be counted on from.
    fn is_possible(&self) -> bool {
        let first = self.follows.segment.0 == 0;
        (1..u32::MAX).contains(&self.segment.0)
            && self.follows.segment < self.segment
            && (1..u32::MAX).contains(&self.epoch)
            && self.first.epoch <= self.epoch
            && (1..=MAX_NUMBER).contains(&self.first.number)
            && self.durable < self.first.number
            && if first {
                self.follows == LogPosition::default()
            } else {
                self.follows.offset >= FIRST_RECORD
            }
    }

    /// The seed of the checksums of the segment's records.
    #[must_use]
    pub fn record_seed(&self) -> u32 {
        checksum(seed(UnitKind::LogRecord, self.database, self.segment), self.salt, &[])
    }

    /// The position right after this header.
    #[must_use]
    pub fn start(&self) -> LogPosition {
        LogPosition { segment: self.segment, offset: FIRST_RECORD, previous_crc: self.follows.previous_crc }
    }
}

/// A header taken apart, before anything in it is believed.
struct HeaderFields {
    version: u32,
    header: SegmentHeader,
    reserved_are_zero: bool,
    checksum: u32,
}

impl HeaderFields {
    fn read(bytes: &[u8]) -> Result<HeaderFields, Short> {
        let mut reader = Reader::new(bytes);
        reader.bytes(MAGIC.len())?;
        let version = reader.u32()?;
        let header = SegmentHeader {
            database: DatabaseId(reader.id()?),
            segment: SegmentId(reader.u32()?),
            salt: reader.u64()?,
            epoch: reader.u32()?,
            first: Lsn { epoch: reader.u32()?, number: reader.u64()? },
            follows: {
                let segment = SegmentId(reader.u32()?);
                let previous_crc = reader.u32()?;
                LogPosition { segment, offset: reader.u64()?, previous_crc }
            },
            checkpoint: reader.u64()?,
            durable: reader.u64()?,
        };
        let reserved_are_zero = reader.bytes(1 + RESERVED_BYTES)?.iter().all(|&byte| byte == 0);
        Ok(HeaderFields { version, header, reserved_are_zero, checksum: reader.u32()? })
    }
}

/// What a record is. 0 is no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A commit; the payload is its operations (see [`ops`](super::ops)).
    Commit = 1,
    /// A commit whose content is on pages already; the payload names their root and belongs to the caller.
    Root = 2,
    /// A commit that puts a former version in place; the payload belongs to the caller.
    Reset = 3,
    /// No commit: the log was closed here with everything synced. Repeats the LSN of the last commit.
    Close = 4,
    /// As a reset, carried out by the open before which it had been wished for.
    WishedReset = 5,
}

impl RecordKind {
    fn from_tag(tag: u8) -> Option<RecordKind> {
        match tag {
            1 => Some(RecordKind::Commit),
            2 => Some(RecordKind::Root),
            3 => Some(RecordKind::Reset),
            4 => Some(RecordKind::Close),
            5 => Some(RecordKind::WishedReset),
            _ => None,
        }
    }
}

/// A record to append.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// The commit's position.
    pub lsn: Lsn,
    /// The commit's times.
    pub time: CommitTime,
    /// The newest durable checkpoint.
    pub checkpoint: u64,
    /// The content.
    pub payload: &'a [u8],
}

impl Record<'_> {
    /// Appends the record to `out` as it will stand at `offset` of its segment, all but `lag` and guard, which
    /// [`seal`] fills in when it is written. The record's checksum, which the next one chains to.
    ///
    /// # Panics
    /// If the payload is longer than [`MAX_PAYLOAD_BYTES`].
    pub fn append_to(&self, out: &mut Vec<u8>, seed: u32, offset: u64, previous_crc: u32) -> u32 {
        assert!(self.payload.len() <= MAX_PAYLOAD_BYTES, "the log refuses longer payloads");
        let start = out.len();
        out.extend_from_slice(&[0; CHECKED_FROM]);
        out.put_u8(self.kind as u8);
        out.put_u32(self.lsn.epoch);
        out.put_u64(self.lsn.number);
        out.put_i64(self.time.time.0);
        out.put_varint(zigzag(self.time.raw.0.wrapping_sub(self.time.time.0)));
        out.put_varint(self.checkpoint);
        out.extend_from_slice(self.payload);
        let record = &mut out[start..];
        let len = to_u32(record.len());
        let crc = record_checksum(seed, offset, previous_crc, len, &record[CHECKED_FROM..]);
        record[0..4].copy_from_slice(&len.to_le_bytes());
        record[12..16].copy_from_slice(&crc.to_le_bytes());
        crc
    }
}

/// The most bytes that a record with a payload of this length takes.
#[must_use]
pub fn record_bytes_at_most(payload_len: usize) -> u64 {
    to_u64(payload_len) + to_u64(MAX_HEAD_BYTES)
}

fn record_checksum(seed: u32, offset: u64, previous_crc: u32, len: u32, checked: &[u8]) -> u32 {
    checksum(checksum(seed, u64::from(previous_crc), &len.to_le_bytes()), offset, checked)
}

fn guard(seed: u32, offset: u64, len: u32, guarded: &[u8]) -> u32 {
    checksum(checksum(seed, u64::from(len), b"guard"), offset, guarded)
}

/// Fills in what is only known when records are written. `records` holds whole ones, the first at `offset` of its
/// segment; `durable` is the highest commit number known synced.
pub fn seal(mut records: &mut [u8], seed: u32, mut offset: u64, durable: u64) {
    while !records.is_empty() {
        let fields = HeadFields::read(records).expect("this process has encoded the record");
        let (record, rest) = records.split_at_mut(to_usize(fields.len));
        let lag = u32::try_from(fields.lsn.number.saturating_sub(durable)).unwrap_or(u32::MAX);
        record[8..12].copy_from_slice(&lag.to_le_bytes());
        let guard = guard(seed, offset, fields.len, &record[GUARDED_FROM..fields.head_bytes]);
        record[4..8].copy_from_slice(&guard.to_le_bytes());
        offset += u64::from(fields.len);
        records = rest;
    }
}

/// What stands before a record's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHead {
    /// Length of the whole record in bytes.
    pub len: u32,
    /// Where in the record the payload starts.
    pub head_bytes: usize,
    /// What the record is.
    pub kind: RecordKind,
    /// The commit's position.
    pub lsn: Lsn,
    /// The commit's times.
    pub time: CommitTime,
    /// The newest durable checkpoint when the record was appended.
    pub checkpoint: u64,
    /// The highest commit number known synced when the record was written.
    pub durable: u64,
    /// What the next record chains to.
    pub crc: u32,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRecord {
    /// The length is zero: the log ends here, or something that was written is missing.
    Empty,
    /// The file ends within the record.
    CutShort,
    /// The length is one that no record has.
    Length,
    /// The guard does not match what it covers.
    Guard,
    /// The guard matches, but the fields are impossible.
    Fields,
    /// The checksum does not match content and predecessor.
    Checksum,
    /// The commit's number does not come next.
    Order,
}

impl BadRecord {
    /// What was found, for a message.
    #[must_use]
    pub fn found(self) -> &'static str {
        match self {
            BadRecord::Empty => "zeros",
            BadRecord::CutShort => "a record cut short",
            BadRecord::Length => "an impossible length",
            BadRecord::Guard => "a record head with another checksum",
            BadRecord::Fields => "a record with impossible fields",
            BadRecord::Checksum => "a record with another checksum",
            BadRecord::Order => "a record out of order",
        }
    }
}

impl RecordHead {
    /// Reads the head of the record at `offset` of its segment. `bytes` starts there and may end anywhere from
    /// [`MAX_HEAD_BYTES`] later, or earlier where the file ends; `available` is how many bytes the file has from there.
    ///
    /// # Errors
    /// When they are not the head of a record that belongs there.
    pub fn decode(bytes: &[u8], available: u64, seed: u32, offset: u64) -> Result<RecordHead, BadRecord> {
        let len = Reader::new(bytes).u32().map_err(|Short| {
            if bytes.iter().all(|&byte| byte == 0) { BadRecord::Empty } else { BadRecord::CutShort }
        })?;
        if len == 0 {
            return Err(BadRecord::Empty);
        }
        if to_usize(len) < MIN_HEAD_BYTES || to_usize(len) > MAX_PAYLOAD_BYTES + MAX_HEAD_BYTES {
            return Err(BadRecord::Length);
        }
        if u64::from(len) > available {
            return Err(BadRecord::CutShort);
        }
        let fields = HeadFields::read(bytes).map_err(|Short| BadRecord::Guard)?;
        if fields.guard != guard(seed, offset, len, &bytes[GUARDED_FROM..fields.head_bytes]) {
            return Err(BadRecord::Guard);
        }
        fields.check().ok_or(BadRecord::Fields)
    }

    /// Whether `record`, all of it, is what was written at `offset` after the record with checksum `previous_crc`.
    #[must_use]
    pub fn matches(&self, record: &[u8], seed: u32, offset: u64, previous_crc: u32) -> bool {
        record.len() == to_usize(self.len)
            && self.crc == record_checksum(seed, offset, previous_crc, self.len, &record[CHECKED_FROM..])
    }

    /// Whether the bytes can be the head of a record of a commit from `numbers`, as far as that shows without a
    /// checksum. Cheap; meant for looking at every place of a file.
    #[must_use]
    pub fn may_start(bytes: &[u8], available: u64, numbers: &std::ops::RangeInclusive<u64>) -> bool {
        let mut reader = Reader::new(bytes);
        let (Ok(len), Ok(_), Ok(tag)) = (reader.u32(), reader.bytes(12), reader.u8()) else { return false };
        let (Ok(_), Ok(number)) = (reader.u32(), reader.u64()) else { return false };
        to_usize(len) >= MIN_HEAD_BYTES
            && u64::from(len) <= available
            && RecordKind::from_tag(tag).is_some()
            && numbers.contains(&number)
    }
}

/// A record's head taken apart, before anything in it is believed.
struct HeadFields {
    len: u32,
    guard: u32,
    lag: u32,
    crc: u32,
    tag: u8,
    lsn: Lsn,
    time: CommitTime,
    checkpoint: u64,
    head_bytes: usize,
}

impl HeadFields {
    fn read(bytes: &[u8]) -> Result<HeadFields, Short> {
        let mut reader = Reader::new(bytes);
        let (len, guard, lag, crc) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
        let tag = reader.u8()?;
        let lsn = Lsn { epoch: reader.u32()?, number: reader.u64()? };
        let time = reader.i64()?;
        let raw = time.wrapping_add(unzigzag(reader.varint()?));
        let checkpoint = reader.varint()?;
        Ok(HeadFields {
            len,
            guard,
            lag,
            crc,
            tag,
            lsn,
            time: CommitTime { time: Timestamp(time), raw: Timestamp(raw) },
            checkpoint,
            head_bytes: bytes.len() - reader.rest().len(),
        })
    }

    fn check(&self) -> Option<RecordHead> {
        let kind = RecordKind::from_tag(self.tag)?;
        let lag = u64::from(self.lag);
        let possible = match kind {
            RecordKind::Close => lag == 0 && to_usize(self.len) == self.head_bytes,
            RecordKind::Commit | RecordKind::Root | RecordKind::Reset | RecordKind::WishedReset => lag > 0,
        };
        if !possible || self.lsn.number > MAX_NUMBER || self.head_bytes > to_usize(self.len) {
            return None;
        }
        Some(RecordHead {
            len: self.len,
            head_bytes: self.head_bytes,
            kind,
            lsn: self.lsn,
            time: self.time,
            checkpoint: self.checkpoint,
            durable: self.lsn.number.checked_sub(lag)?,
            crc: self.crc,
        })
    }
}

fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests;
