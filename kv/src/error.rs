//! What can go wrong in the key-value layer, grouped by what the caller can do about it.
//!
//! The texts of the limit and list errors are those a Durable Object gives, because clients match on them.

use std::fmt;

use crate::label::Label;

/// The result of a key-value call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The engine refused or failed; its error says what to do.
    Engine(duramen_engine::Error),

    // Fix the call.
    /// The key is longer than the limits allow.
    KeyTooLarge {
        /// Length of the refused key in bytes.
        len: usize,
        /// The longest key allowed, in bytes.
        max: usize,
    },
    /// The value is longer, in its stored form, than the limits allow.
    ValueTooLarge {
        /// Length of the refused value in bytes.
        len: usize,
        /// The longest value allowed, in bytes, as the limits state it.
        max: usize,
    },
    /// Key and value together are longer than the limits allow.
    EntryTooLarge {
        /// Length of key and stored value in bytes.
        len: usize,
        /// The longest entry allowed, in bytes.
        max: usize,
    },
    /// More keys in one call than the limits allow.
    TooManyKeys {
        /// Number of keys given.
        count: usize,
        /// The largest number allowed.
        max: usize,
    },
    /// A list was asked to start both at and after a key.
    StartAndStartAfter,
    /// A list was limited to no entries, or to something that is no number.
    ListLimitNotPositive,
    /// A list limit given as a number does not fit 32 bits.
    ListLimitOutOfRange,

    // Fix the value.
    /// The value is nested deeper than the limit of its direction: [`MAX_DEPTH`](crate::MAX_DEPTH) for values,
    /// [`MAX_TYPED_DEPTH`](crate::MAX_TYPED_DEPTH) for Rust types.
    TooDeep {
        /// The deepest nesting allowed.
        max: usize,
    },
    /// An object, or a map with string keys, has one key twice.
    DuplicateKey(String),
    /// A [`Value::Ref`](crate::Value::Ref) names an anchor that does not come before it.
    UnknownLabel(Label),
    /// Two anchors have the same label.
    DuplicateLabel(Label),
    /// Only objects have an identity that can be shared; this anchor holds a primitive value or a reference.
    AnchorOnPrimitive(Label),
    /// A buffer or a view of one contradicts itself, for instance a view that goes beyond its buffer; the text says
    /// how.
    InvalidBuffer(&'static str),
    /// A string, buffer or collection is too long for the format, which counts in 32 bits.
    TooLong,
    /// A Rust type and a value do not fit each other, or a type says it cannot be stored; the text comes from the
    /// type's own `serde` code.
    Convert(String),
    /// A text is not JSON, or not in the mapping of [`Value::from_json`](crate::Value::from_json).
    Json(String),

    // The stored bytes are not what this crate stores.
    /// A key in the tree is not UTF-8, so something else has written to the tree.
    KeyNotText(Vec<u8>),
    /// The bytes are not in the format.
    Malformed {
        /// Where the problem was noticed, in bytes from the start of the value.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The bytes are in a version of the format that is not read.
    UnsupportedVersion {
        /// The version found.
        found: u32,
    },
    /// The value holds an object that only exists inside the runtime that wrote it.
    UnsupportedObject {
        /// Where it is, in bytes from the start of the value.
        offset: usize,
        /// What it is.
        what: &'static str,
    },
    /// The value contains itself, which the Rust type asked for cannot express; [`Value`](crate::Value) can.
    Cyclic {
        /// Where the inner reference is, in bytes from the start of the value.
        offset: usize,
    },
    /// Written out as a tree, the shared parts or the holes of the value would be far larger than the value.
    Expansion,
}

impl Error {
    /// The bytes at `offset` are not in the format.
    pub(crate) fn malformed(offset: usize, reason: &'static str) -> Error {
        Error::Malformed { offset, reason }
    }
}

impl From<duramen_engine::Error> for Error {
    fn from(error: duramen_engine::Error) -> Error {
        Error::Engine(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Engine(error) => error.fmt(f),
            Error::KeyTooLarge { len, max } => {
                write!(f, "Keys cannot be larger than {max} bytes. A key of size {len} was provided.")
            }
            Error::ValueTooLarge { len, max } => {
                write!(f, "Values cannot be larger than {max} bytes. A value of size {len} was provided.")
            }
            Error::EntryTooLarge { .. } => f.write_str("string or blob too big: SQLITE_TOOBIG"),
            Error::TooManyKeys { count, max } => {
                write!(f, "Maximum number of key value pairs is {max}. {count} pairs were provided.")
            }
            Error::StartAndStartAfter => {
                f.write_str("list() cannot be called with both start and startAfter values.")
            }
            Error::ListLimitNotPositive => f.write_str("List limit must be positive."),
            Error::ListLimitOutOfRange => {
                write!(f, "Value out of range. Must be between {} and {} (inclusive).", i32::MIN, i32::MAX)
            }
            Error::TooDeep { max } => write!(f, "nested more than {max} levels deep"),
            Error::DuplicateKey(key) => write!(f, "the key {key:?} appears twice in one object"),
            Error::UnknownLabel(label) => {
                write!(f, "reference {label} has no anchor of that label before it")
            }
            Error::DuplicateLabel(label) => write!(f, "two anchors have the label {label}"),
            Error::AnchorOnPrimitive(label) => {
                write!(f, "anchor {label} holds a value without identity, which cannot be shared")
            }
            Error::InvalidBuffer(reason) => write!(f, "invalid buffer or view: {reason}"),
            Error::TooLong => f.write_str("longer than the format can say (32 bits)"),
            Error::Convert(text) | Error::Json(text) => f.write_str(text),
            Error::KeyNotText(key) => {
                write!(f, "the tree has a key that is no text: {}", key.escape_ascii())
            }
            Error::Malformed { offset, reason } => write!(f, "malformed value at byte {offset}: {reason}"),
            Error::UnsupportedVersion { found } => {
                write!(f, "the value is in version {found} of the format; versions 13 to 15 are read")
            }
            Error::UnsupportedObject { offset, what } => {
                write!(
                    f,
                    "the value holds {what} at byte {offset}, which only the runtime that wrote it can read"
                )
            }
            Error::Cyclic { offset } => {
                write!(
                    f,
                    "the value contains itself (reference at byte {offset}), which this type cannot express"
                )
            }
            Error::Expansion => f.write_str(
                "written out as a tree, shared parts or holes of the value would be far larger than it",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its text is the text of this error, so what comes next is its own source.
            Error::Engine(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
