//! What functions are given besides their arguments.

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::value::{Arena, Collation, NumberText, ValueRef};

/// What functions learn from the connection that runs them.
pub trait Context {
    /// Milliseconds since 1970-01-01, in UTC: the same one throughout a statement.
    fn now_ms(&self) -> i64;

    /// How many seconds local time was ahead of UTC at a moment, given in seconds since 1970-01-01; `None` if that
    /// cannot be told. Without a time zone local time is UTC.
    fn local_offset_seconds(&self, _utc_seconds: i64) -> Option<i64> {
        Some(0)
    }

    /// Fills `out` with random bytes.
    fn random(&self, out: &mut [u8]);

    /// How many rows the last statement changed.
    fn changes(&self) -> i64;

    /// How many rows were changed since the connection was opened.
    fn total_changes(&self) -> i64;

    /// The rowid of the last row inserted.
    fn last_insert_rowid(&self) -> i64;

    /// The limits of the connection.
    fn limits(&self) -> &Limits;

    /// Whether the statement is to stop: long calls ask now and then.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// Whether `LIKE` distinguishes capital letters (`PRAGMA case_sensitive_like`).
    fn is_like_case_sensitive(&self) -> bool {
        false
    }
}

/// Where an expression stands, as far as it matters for what it may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In a statement.
    #[default]
    Statement,
    /// In the definition of an index.
    Index,
    /// In a `CHECK` constraint.
    Check,
    /// In a generated column.
    GeneratedColumn,
}

/// One call of a function.
#[derive(Clone, Copy)]
pub struct Call<'c, 'a> {
    /// Where text and blobs of the result come to lie.
    pub arena: &'c Arena<'a>,
    /// The connection.
    pub context: &'c dyn Context,
    /// The collation of the first argument that has one; only functions with `uses_collation` look at it.
    pub collation: &'c Collation,
    /// Where the call stands.
    pub place: Place,
    /// The name of the function, for error messages.
    pub function: &'c str,
}

impl<'a> Call<'_, 'a> {
    /// The value as text; `None` for NULL.
    #[must_use]
    pub fn text_of(&self, value: ValueRef<'a>) -> Option<&'a [u8]> {
        match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
            number => number.to_text(&mut NumberText::new()).map(|text| self.arena.copy(text)),
        }
    }

    /// The longest text or blob allowed, in bytes.
    #[must_use]
    pub fn length_limit(&self) -> usize {
        self.context.limits().length_bytes
    }

    /// The greatest width of a conversion of `printf`.
    pub(crate) fn format_width(&self) -> u64 {
        self.context.limits().format_width
    }

    /// Refuses a result that would be longer than allowed.
    pub fn check_len(&self, len: usize) -> Result<()> {
        if len > self.length_limit() { Err(too_big()) } else { Ok(()) }
    }

    /// A text as the result.
    pub fn text(&self, text: Vec<u8>) -> Result<ValueRef<'a>> {
        self.check_len(text.len())?;
        Ok(ValueRef::Text(self.arena.keep(text)))
    }

    /// A blob as the result.
    pub fn blob(&self, blob: Vec<u8>) -> Result<ValueRef<'a>> {
        self.check_len(blob.len())?;
        Ok(ValueRef::Blob(self.arena.keep(blob)))
    }
}

/// The error for a text or blob over the limit.
pub(crate) fn too_big() -> Error {
    Error::TooBig("string or blob too big")
}

/// An error that a function raises.
pub(crate) fn refused<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::Evaluation(message.into()))
}
