//! The versions of the file format: one list that says what each of them changed.
//!
//! Every header of every file carries the version it was written in. Until the first release a build reads the version
//! that it writes, [`FormatVersion::CURRENT`], and refuses all others.

/// A version of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FormatVersion {
    /// The first one. Files: the checkpoint list, log segments of checksummed and chained records, page segments of
    /// leaves, leaf deltas, inner nodes and extents.
    V1 = 1,
    /// Checkpoint records carry observed time, pins, a wish for the next open, and the ancestors of a fork; log records
    /// have a kind for a reset that an open carried out.
    V2 = 2,
    /// A leaf may have a second delta page over the first.
    V3 = 3,
}

impl FormatVersion {
    /// The version that this build writes.
    pub const CURRENT: FormatVersion = FormatVersion::V3;

    /// The number that stands in a file's header. Never 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The version of this number, if this build reads it.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<FormatVersion> {
        match number {
            3 => Some(FormatVersion::V3),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
