//! [`Malformed`]: all that is said of bytes that are no row and no key.

use std::fmt;

/// Bytes that nobody here wrote. Who knows where they lie on disk tells more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed record or index key")
    }
}

impl std::error::Error for Malformed {}
