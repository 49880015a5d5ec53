//! Checksums of everything on disk: CRC-32 (IEEE 802.3), seeded with what the bytes belong to.
//!
//! The seed is itself the CRC-32 of the database id and of the unit's own place, so that a unit of another database, a
//! misplaced one or a stale one fails the check even when its bytes are whole. A checksum notices accidents; it is no
//! protection against somebody who means to deceive.

use crc32fast::Hasher;

use crate::ids::{DatabaseId, SegmentId};

/// What a unit on disk is. Part of the seed, so that a unit of one kind never passes for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// A page in a page segment.
    Page = 1,
    /// The header of a page segment.
    PageSegmentHeader = 2,
    /// The header of a log segment.
    LogSegmentHeader = 3,
    /// A record of the log.
    LogRecord = 4,
    /// The header of the checkpoint list.
    CheckpointHeader = 5,
    /// A record of the checkpoint list.
    CheckpointRecord = 6,
}

/// The seed for units of `kind` in one segment of one database.
#[must_use]
pub(crate) fn seed(kind: UnitKind, database: DatabaseId, segment: SegmentId) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&[kind as u8]);
    hasher.update(&database.0);
    hasher.update(&segment.0.to_le_bytes());
    hasher.finalize()
}

/// The checksum of `bytes` at `position` (an offset, or a number that orders the units) under a [`seed`].
#[must_use]
pub(crate) fn checksum(seed: u32, position: u64, bytes: &[u8]) -> u32 {
    checksum_of_parts(seed, position, &[bytes])
}

/// The [`checksum`] of bytes that lie in several places, as if they followed each other.
#[must_use]
pub(crate) fn checksum_of_parts(seed: u32, position: u64, parts: &[&[u8]]) -> u32 {
    let mut hasher = Hasher::new_with_initial(seed);
    hasher.update(&position.to_le_bytes());
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}
