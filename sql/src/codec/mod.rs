//! Rows and index keys as bytes, and back. Pure: no I/O, and no bytes can make it panic.

mod record;

mod key;

pub use key::{
    Direction, Fidelity, next_value, push_rowid, push_rowid_suffix, push_value, rowid_of, skip_value,
    split_rowid_suffix,
};
pub use record::{Record, encode_record};

/// Bytes that nobody here wrote. Who knows where they lie on disk tells more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("malformed record or index key")
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests;
