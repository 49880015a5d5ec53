//! The header of a page segment. Pages follow it at multiples of [`PAGE_UNIT`] bytes, each with what [`super::page`]
//! says; bytes between two pages are zero.
//!
//! | offset | size | field    | meaning                                                                        |
//! |-------:|-----:|----------|--------------------------------------------------------------------------------|
//! |      0 |    8 | magic    | `DURAMENP`                                                                     |
//! |      8 |    4 | version  | format version                                                                 |
//! |     12 |   16 | database | database id                                                                    |
//! |     28 |    4 | segment  | this segment's number, from 1                                                  |
//! |     32 |    1 | codec    | 0: pages are stored as they are                                                |
//! |     33 |   27 | reserved | zero                                                                           |
//! |     60 |    4 | checksum | of bytes 0 to 59 at offset 0, seeded with kind, database and segment           |

use crate::checksum::{UnitKind, checksum, seed};
use crate::codec::{Reader, Short, Write};
use crate::format::version::FormatVersion;
use crate::ids::{DatabaseId, PAGE_UNIT, SegmentId, to_usize};

/// What a page segment begins with.
pub const MAGIC: [u8; 8] = *b"DURAMENP";
/// Length of the header in bytes.
pub const SEGMENT_HEADER_BYTES: usize = 64;

const CHECKSUM_AT: usize = SEGMENT_HEADER_BYTES - 4;
const RESERVED_BYTES: usize = 27;

const _: () = assert!(SEGMENT_HEADER_BYTES.is_multiple_of(to_usize(PAGE_UNIT)), "pages start at units");

/// What a page segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSegmentHeader {
    /// The database the segment belongs to.
    pub database: DatabaseId,
    /// The segment's own number.
    pub segment: SegmentId,
}

/// Why bytes are no header of a page segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSegmentHeader {
    /// They are damaged or something else; the text says what was found.
    Damaged(&'static str),
    /// A newer build wrote them, in this format version.
    Version(u32),
}

impl PageSegmentHeader {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.put_u32(FormatVersion::CURRENT.number());
        bytes.extend_from_slice(&self.database.0);
        bytes.put_u32(self.segment.0);
        bytes.put_u8(0);
        bytes.extend_from_slice(&[0; RESERVED_BYTES]);
        bytes.put_u32(self.checksum_of(&bytes));
        bytes.try_into().expect("the table at the head of this file")
    }

    /// Reads the header from the first bytes of a segment.
    ///
    /// # Errors
    /// When they are not a header that this build reads.
    pub fn decode(bytes: &[u8]) -> Result<PageSegmentHeader, BadSegmentHeader> {
        let damaged = BadSegmentHeader::Damaged;
        let bytes = bytes.get(..SEGMENT_HEADER_BYTES).ok_or(damaged("a file shorter than a header"))?;
        if !bytes.starts_with(&MAGIC) {
            return Err(damaged("other bytes than the magic of a page segment"));
        }
        let fields = Fields::read(bytes).map_err(|Short| damaged("a header cut short"))?;
        if fields.checksum != fields.header.checksum_of(&bytes[..CHECKSUM_AT]) {
            return Err(damaged("a header with another checksum"));
        }
        if FormatVersion::from_number(fields.version).is_none() {
            return Err(BadSegmentHeader::Version(fields.version));
        }
        if !fields.reserved_are_zero {
            return Err(damaged("an unknown codec, or reserved bytes that are not zero"));
        }
        if fields.header.segment.0 == 0 {
            return Err(damaged("segment number 0"));
        }
        Ok(fields.header)
    }

    fn checksum_of(&self, start: &[u8]) -> u32 {
        checksum(seed(UnitKind::PageSegmentHeader, self.database, self.segment), 0, start)
    }
}

/// A header taken apart, before anything in it is believed.
struct Fields {
    version: u32,
    header: PageSegmentHeader,
    reserved_are_zero: bool,
    checksum: u32,
}

impl Fields {
    fn read(bytes: &[u8]) -> Result<Fields, Short> {
        let mut reader = Reader::new(bytes);
        reader.bytes(MAGIC.len())?;
        let version = reader.u32()?;
        let database = DatabaseId(reader.id()?);
        let segment = SegmentId(reader.u32()?);
        let reserved_are_zero = reader.bytes(1 + RESERVED_BYTES)?.iter().all(|byte| *byte == 0);
        let header = PageSegmentHeader { database, segment };
        Ok(Fields { version, header, reserved_are_zero, checksum: reader.u32()? })
    }
}

#[cfg(test)]
mod tests;
