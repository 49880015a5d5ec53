//! [`FromSql`]: what a column may be read as.

use std::error::Error as StdError;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::value::{Value, ValueRef};

/// Why a value cannot be read as what was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum FromSqlError {
    /// It is of another class.
    InvalidType,
    /// It is this integer, which does not fit.
    OutOfRange(i64),
    /// It is a blob of another size.
    InvalidBlobSize {
        /// The size wanted.
        expected_size: usize,
        /// The size it has.
        blob_size: usize,
    },
    /// Anything else.
    Other(Box<dyn StdError + Send + Sync>),
}

impl FromSqlError {
    /// Any other reason.
    pub fn other(error: impl StdError + Send + Sync + 'static) -> FromSqlError {
        FromSqlError::Other(Box::new(error))
    }
}

impl fmt::Display for FromSqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FromSqlError::InvalidType => f.write_str("the value is of another type"),
            FromSqlError::OutOfRange(integer) => write!(f, "the integer {integer} is out of range"),
            FromSqlError::InvalidBlobSize { expected_size, blob_size } => {
                write!(f, "a blob of {blob_size} bytes, {expected_size} wanted")
            }
            FromSqlError::Other(error) => error.fmt(f),
        }
    }
}

impl StdError for FromSqlError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            FromSqlError::Other(error) => Some(&**error),
            _ => None,
        }
    }
}

/// What reading a value gives.
pub type FromSqlResult<T> = Result<T, FromSqlError>;

/// What a column may be read as: the counterpart of [`ToSql`](crate::ToSql).
///
/// Integers of all sizes, reals (integers too), `bool`, `String`, `Vec<u8>`, [`Value`], and `Option` of these, which is
/// `None` for NULL. [`Row::get_ref`](crate::Row::get_ref) reads without copying.
pub trait FromSql: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// If it cannot be read as this type.
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self>;
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let ValueRef::Integer(integer) = value else { return Err(FromSqlError::InvalidType) };
                integer.try_into().map_err(|_| FromSqlError::OutOfRange(integer))
            }
        })*
    };
}

integers!(i8 i16 i32 i128 isize u8 u16 u32 u64 u128 usize);

impl FromSql for i64 {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<i64> {
        value.as_i64()
    }
}

impl FromSql for f64 {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<f64> {
        match value {
            ValueRef::Real(real) => Ok(real),
            ValueRef::Integer(integer) => Ok(crate::value::integer_to_real(integer)),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// Any integer but 0 is true.
impl FromSql for bool {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<bool> {
        value.as_i64().map(|integer| integer != 0)
    }
}

impl FromSql for String {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<String> {
        value.as_str().map(String::from)
    }
}

impl FromSql for Box<str> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Box<str>> {
        value.as_str().map(Box::from)
    }
}

impl FromSql for Rc<str> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Rc<str>> {
        value.as_str().map(Rc::from)
    }
}

impl FromSql for Arc<str> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Arc<str>> {
        value.as_str().map(Arc::from)
    }
}

impl FromSql for Vec<u8> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Vec<u8>> {
        value.as_blob().map(<[u8]>::to_vec)
    }
}

impl<const N: usize> FromSql for [u8; N] {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<[u8; N]> {
        let blob = value.as_blob()?;
        let wrong_size = |_| FromSqlError::InvalidBlobSize { expected_size: N, blob_size: blob.len() };
        blob.try_into().map_err(wrong_size)
    }
}

impl<T: FromSql> FromSql for Option<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Option<T>> {
        if value.is_null() { Ok(None) } else { T::column_result(value).map(Some) }
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Value> {
        Ok(value.to_value())
    }
}

impl<'a> ValueRef<'a> {
    /// The integer that it is.
    ///
    /// # Errors
    /// If it is none.
    pub fn as_i64(self) -> FromSqlResult<i64> {
        match self {
            ValueRef::Integer(integer) => Ok(integer),
            _ => Err(FromSqlError::InvalidType),
        }
    }

    /// The real that it is.
    ///
    /// # Errors
    /// If it is none.
    pub fn as_f64(self) -> FromSqlResult<f64> {
        match self {
            ValueRef::Real(real) => Ok(real),
            _ => Err(FromSqlError::InvalidType),
        }
    }

    /// The text that it is.
    ///
    /// # Errors
    /// If it is none, or no UTF-8.
    pub fn as_str(self) -> FromSqlResult<&'a str> {
        match self {
            ValueRef::Text(text) => std::str::from_utf8(text).map_err(FromSqlError::other),
            _ => Err(FromSqlError::InvalidType),
        }
    }

    /// The blob that it is.
    ///
    /// # Errors
    /// If it is none.
    pub fn as_blob(self) -> FromSqlResult<&'a [u8]> {
        match self {
            ValueRef::Blob(blob) => Ok(blob),
            _ => Err(FromSqlError::InvalidType),
        }
    }

    /// The bytes of a text or blob.
    ///
    /// # Errors
    /// If it is neither.
    pub fn as_bytes(self) -> FromSqlResult<&'a [u8]> {
        self.bytes().ok_or(FromSqlError::InvalidType)
    }
}
