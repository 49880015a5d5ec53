//! Rows and index keys as bytes, and back. Pure: no I/O, and no bytes can make it panic.

mod malformed;

mod record;

mod key;

pub use key::{
    Direction, Fidelity, RowidKey, next_value, push_escaped, push_rowid, push_rowid_suffix, push_value,
    rowid_key, rowid_of, skip_value, split_rowid_suffix,
};
pub use malformed::Malformed;
pub use record::{Record, encode_record, encode_replaced};

#[cfg(test)]
mod tests;
