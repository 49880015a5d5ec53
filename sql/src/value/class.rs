//! The five storage classes: borrowed as [`ValueRef`], owned as [`Value`].
//!
//! Text is bytes that are meant to be UTF-8 but need not be, as in SQLite; nothing here or above may rely on it.
//!
//! A [`ValueRef`] is a plain enum of 24 bytes. Two-word forms (an offset into the current record, a pointer to a
//! slice) were measured against it in compiled expressions over records and gained nothing: what costs time is
//! copying a value whole right after writing it in parts, and closures that match on what they get do not do that.
//!
//! Invariants:
//! 1. No value holds NaN: [`ValueRef::real`] and [`Value::real`] turn it into NULL, as SQLite does. The variants
//!    can be built directly by who knows that a real is a number.
//! 2. Owned bytes are shared: cloning a [`Value`] never copies text or blobs.

use std::sync::Arc;

/// A storage class, in the order in which values of different classes sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// No value.
    Null,
    /// A signed integer of 64 bits.
    Integer,
    /// A binary real of 64 bits. It sorts among the integers.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

impl Class {
    /// The name that `typeof()` gives.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::Null => "null",
            Class::Integer => "integer",
            Class::Real => "real",
            Class::Text => "text",
            Class::Blob => "blob",
        }
    }
}

/// A value whose text or bytes are borrowed from a page, a statement or an [`Arena`](super::Arena).
///
/// Equality is that of representation (`Integer(1)` is not `Real(1.0)`); SQL's own is [`compare`](fn@super::compare).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ValueRef<'a> {
    /// NULL.
    #[default]
    Null,
    /// An integer.
    Integer(i64),
    /// A real; never NaN.
    Real(f64),
    /// Text, usually UTF-8.
    Text(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> ValueRef<'a> {
    /// A real, or NULL for NaN.
    #[must_use]
    pub fn real(real: f64) -> ValueRef<'a> {
        if real.is_nan() { ValueRef::Null } else { ValueRef::Real(real) }
    }

    /// Text of a string.
    #[must_use]
    pub fn text(text: &'a str) -> ValueRef<'a> {
        ValueRef::Text(text.as_bytes())
    }

    /// SQL's truth values are 1 and 0.
    #[inline]
    #[must_use]
    pub fn boolean(truth: bool) -> ValueRef<'a> {
        ValueRef::Integer(i64::from(truth))
    }

    /// The storage class.
    #[inline]
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            ValueRef::Null => Class::Null,
            ValueRef::Integer(_) => Class::Integer,
            ValueRef::Real(_) => Class::Real,
            ValueRef::Text(_) => Class::Text,
            ValueRef::Blob(_) => Class::Blob,
        }
    }

    /// Whether it is NULL.
    #[inline]
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self, ValueRef::Null)
    }

    /// Whether it is an integer or a real.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, ValueRef::Integer(_) | ValueRef::Real(_))
    }

    /// The bytes of text or a blob.
    #[must_use]
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The same value, owned.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(integer) => Value::Integer(integer),
            ValueRef::Real(real) => Value::Real(real),
            ValueRef::Text(text) => Value::Text(text.into()),
            ValueRef::Blob(blob) => Value::Blob(blob.into()),
        }
    }
}

/// A value that owns its text or bytes; cloning shares them.
///
/// Equality is that of representation, as for [`ValueRef`].
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// An integer.
    Integer(i64),
    /// A real; never NaN.
    Real(f64),
    /// Text, usually UTF-8.
    Text(Arc<[u8]>),
    /// Bytes.
    Blob(Arc<[u8]>),
}

impl Value {
    /// A real, or NULL for NaN.
    #[must_use]
    pub fn real(real: f64) -> Value {
        ValueRef::real(real).to_value()
    }

    /// The same value, borrowed.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text),
            Value::Blob(blob) => ValueRef::Blob(blob),
        }
    }

    /// Makes it a copy of another value, in the memory of what it was if that has the right length and nobody else has it.
    pub(crate) fn set(&mut self, value: ValueRef<'_>) {
        if let (Value::Text(room), ValueRef::Text(bytes)) | (Value::Blob(room), ValueRef::Blob(bytes)) =
            (&mut *self, value)
            && room.len() == bytes.len()
            && let Some(room) = Arc::get_mut(room)
        {
            room.copy_from_slice(bytes);
        } else {
            *self = value.to_value();
        }
    }

    /// The storage class.
    #[must_use]
    pub fn class(&self) -> Class {
        self.as_ref().class()
    }

    /// Whether it is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> ValueRef<'a> {
        value.as_ref()
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Value {
        value.to_value()
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Value {
        Value::Integer(integer)
    }
}

impl From<f64> for Value {
    fn from(real: f64) -> Value {
        Value::real(real)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.as_bytes().into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text.into_bytes().into())
    }
}

impl From<&[u8]> for Value {
    fn from(blob: &[u8]) -> Value {
        Value::Blob(blob.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(blob: Vec<u8>) -> Value {
        Value::Blob(blob.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
