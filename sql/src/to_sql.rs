//! [`ToSql`]: what may be given as a parameter.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::value::{Value, ValueRef};

/// A value of SQL, borrowed where that is possible.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToSqlOutput<'a> {
    /// Borrowed from what was given.
    Borrowed(ValueRef<'a>),
    /// Made of it.
    Owned(Value),
}

impl ToSqlOutput<'_> {
    /// The value, owned.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            ToSqlOutput::Borrowed(value) => value.to_value(),
            ToSqlOutput::Owned(value) => value,
        }
    }
}

impl<'a, T: Into<Value>> From<T> for ToSqlOutput<'a> {
    fn from(value: T) -> ToSqlOutput<'a> {
        ToSqlOutput::Owned(value.into())
    }
}

/// What may be given as a parameter.
///
/// Integers, reals, texts, blobs, [`Value`]s, and optional ones of all these implement it. An own type does it by naming
/// the value that stands for it:
///
/// ```
/// use duramen_sql::{Result, ToSql, ToSqlOutput};
///
/// enum Colour { Red, Green }
///
/// impl ToSql for Colour {
///     fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
///         Ok(match self { Colour::Red => "red", Colour::Green => "green" }.into())
///     }
/// }
/// ```
pub trait ToSql {
    /// The value that stands for this one.
    ///
    /// # Errors
    /// If there is none, as for an integer beyond 64 bits.
    fn to_sql(&self) -> Result<ToSqlOutput<'_>>;
}

impl<T: ToSql + ?Sized> ToSql for &T {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        (**self).to_sql()
    }
}

impl<T: ToSql + ?Sized> ToSql for &mut T {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        (**self).to_sql()
    }
}

impl<T: ToSql + ?Sized> ToSql for Box<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        (**self).to_sql()
    }
}

impl<T: ToSql + ?Sized> ToSql for Rc<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        (**self).to_sql()
    }
}

impl<T: ToSql + ?Sized> ToSql for Arc<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        (**self).to_sql()
    }
}

impl<T: ToSql + ToOwned + ?Sized> ToSql for Cow<'_, T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        (**self).to_sql()
    }
}

impl<T: ToSql> ToSql for Option<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_ref().map_or(Ok(ToSqlOutput::Borrowed(ValueRef::Null)), T::to_sql)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(impl ToSql for $type {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                match i64::try_from(*self) {
                    Ok(integer) => Ok(ToSqlOutput::Borrowed(ValueRef::Integer(integer))),
                    Err(error) => Err(Error::ToSqlConversionFailure(Arc::new(error))),
                }
            }
        })*
    };
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl ToSql for bool {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::boolean(*self)))
    }
}

impl ToSql for f32 {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::real(f64::from(*self))))
    }
}

impl ToSql for f64 {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::real(*self)))
    }
}

impl ToSql for str {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::text(self)))
    }
}

impl ToSql for String {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl ToSql for [u8] {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self)))
    }
}

impl ToSql for Vec<u8> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_slice().to_sql()
    }
}

impl<const N: usize> ToSql for [u8; N] {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_slice().to_sql()
    }
}

/// NULL.
impl ToSql for () {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Null))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        // A clone shares text and blobs.
        Ok(ToSqlOutput::Owned(self.clone()))
    }
}

impl ToSql for ValueRef<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(*self))
    }
}

impl ToSql for ToSqlOutput<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.clone())
    }
}
