//! [`ImportFault`]: why a file is not imported.

use std::fmt;

/// Why a file is not imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportFault {
    /// It does not begin as an export does.
    Foreign,
    /// It was written by a newer version.
    Version(u32),
    /// It ends too early.
    Truncated,
    /// What it holds is not what was written.
    Damaged {
        /// Where the header or the block starts that is not as it was written, in bytes.
        offset: u64,
    },
    /// The database holds something already.
    NotEmpty,
}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportFault::Foreign => f.write_str("this is no export of an object"),
            ImportFault::Version(version) => {
                write!(f, "the export has version {version}, which this build does not know")
            }
            ImportFault::Truncated => f.write_str("the export ends too early"),
            ImportFault::Damaged { offset } => write!(f, "the export is damaged at byte {offset}"),
            ImportFault::NotEmpty => f.write_str("the database is not empty"),
        }
    }
}
