//! Identifiers and positions, each a type of its own so that two of them are never swapped in silence, and the
//! checked conversions between integer widths.

use std::fmt;

/// The position of a commit: the epoch of the log it was made in, and its number.
///
/// Numbers rise by one with every commit and go on rising across epochs. The epoch rises with every recovery that
/// may have lost unsynced commits, so an `Lsn` never names two states of a database. The order is the commit order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn {
    /// Raised by every recovery after an unclean stop.
    pub epoch: u32,
    /// The number of the commit, from 1; 0 is the empty database before the first commit.
    pub number: u64,
}

impl Lsn {
    /// The state before the first commit.
    pub const ZERO: Lsn = Lsn { epoch: 0, number: 0 };

    /// The largest position, above every commit.
    pub const MAX: Lsn = Lsn { epoch: u32::MAX, number: u64::MAX };

    /// The position of the commit after this one in the same epoch.
    #[must_use]
    pub fn next(self) -> Lsn {
        Lsn { epoch: self.epoch, number: self.number + 1 }
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.number)
    }
}

/// A moment in microseconds since 1970-01-01T00:00:00Z; negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// The two times of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitTime {
    /// When the commit was made, as far as history goes: never before the commit before it.
    pub time: Timestamp,
    /// What the wall clock said then.
    pub raw: Timestamp,
}

/// Sixteen random bytes that name a database. Every file of the database carries them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseId(pub [u8; 16]);

impl fmt::Debug for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseId({self})")
    }
}

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The number of a tree in its database. Never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub u32);

/// The number of a segment file: of pages, or of log. Each kind counts for itself, from 1; never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(pub u32);

impl SegmentId {
    /// The id after this one.
    #[must_use]
    pub fn next(self) -> SegmentId {
        SegmentId(self.0 + 1)
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// A database that another one was forked from: page segments below a number carry its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The id.
    pub database: DatabaseId,
    /// The first segment that is not the ancestor's.
    pub before: SegmentId,
}

/// A place between two records of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogPosition {
    /// The log segment.
    pub segment: SegmentId,
    /// Where the next record starts in it, in bytes.
    pub offset: u64,
    /// The checksum of the record before, which the next one chains to; 0 before the first record of all.
    pub previous_crc: u32,
}

/// Pages start at multiples of this many bytes in their segment.
pub const PAGE_UNIT: u32 = 64;

/// Where a page lies, how long it is, and what its bytes must hash to.
///
/// The checksum is kept by whoever points at the page, so a stale or misplaced page is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageAddr {
    /// The segment that holds the page.
    pub segment: SegmentId,
    /// Where the page starts, in units of [`PAGE_UNIT`] bytes.
    pub unit: u32,
    /// The page's true length in bytes, header included.
    pub len: u32,
    /// The checksum that the page's header carries.
    pub crc: u32,
}

impl PageAddr {
    /// Where the page starts in its segment, in bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        u64::from(self.unit) * u64::from(PAGE_UNIT)
    }

    /// The room that the page takes in its segment, in bytes.
    #[must_use]
    pub fn padded_len(&self) -> u64 {
        u64::from(self.len).next_multiple_of(u64::from(PAGE_UNIT))
    }

    /// Where the page ends in its segment, in bytes.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset() + u64::from(self.len)
    }
}

/// A length in memory as a `u64`. Never loses anything on the platforms we build for.
#[must_use]
pub(crate) const fn to_u64(n: usize) -> u64 {
    const _: () = assert!(usize::BITS <= u64::BITS);
    n as u64
}

/// A length below 4 GiB as a `u32`.
///
/// # Panics
/// If `n` does not fit: callers hold lengths that the limits on keys and values bound.
#[must_use]
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).expect("bounded by the limits on keys and values")
}

/// A length from a file as an index in memory.
#[must_use]
pub(crate) const fn to_usize(n: u32) -> usize {
    const _: () = assert!(usize::BITS >= u32::BITS);
    n as usize
}
