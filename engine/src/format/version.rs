//! The versions of the file format: one list that says what each of them changed.
//!
//! Every header of every file carries the version it was written in. A build reads all versions up to
//! [`FormatVersion::CURRENT`] and refuses newer ones.

/// A version of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FormatVersion {
    /// The first one. Files: the checkpoint list, log segments of checksummed and chained records, page segments of
    /// leaves, leaf deltas, inner nodes and extents.
    V1 = 1,
}

impl FormatVersion {
    /// The version that this build writes.
    pub const CURRENT: FormatVersion = FormatVersion::V1;

    /// The number that stands in a file's header. Never 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The version of this number, if this build reads it.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<FormatVersion> {
        match number {
            1 => Some(FormatVersion::V1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
