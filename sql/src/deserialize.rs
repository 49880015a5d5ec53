//! [`Row::deserialize`]: a row as a type that `serde` fills.
//!
//! | type | what it gets |
//! |---|---|
//! | struct, map | the columns by their names, as they are written |
//! | tuple, sequence | the columns in order |
//! | anything else | the first column |
//!
//! | in a column | takes |
//! |---|---|
//! | integers and floating-point numbers | integers and reals that fit |
//! | `bool` | integers; 0 is false |
//! | `&str`, `String`, `char` | text that is UTF-8 |
//! | `&[u8]`, `Vec<u8>`, `[u8; N]` | blobs, and text as its bytes |
//! | `Option` | NULL as `None` |
//! | an enum without values | text that is the name of a variant |

use std::fmt;
use std::sync::Arc;

use serde::de::value::{BorrowedStrDeserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::error::{Error, Result};
use crate::row::Row;
use crate::value::{Class, ValueRef};

impl Row<'_> {
    /// The row as a type that `serde` fills: a struct by the names of columns, a tuple by their places. Text and blobs can
    /// be borrowed from the row.
    ///
    /// ```
    /// use duramen_sql::Connection;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Person<'r> {
    ///     name: &'r str,
    ///     age: Option<u8>,
    /// }
    ///
    /// let connection = Connection::open_in_memory()?;
    /// let mut statement = connection.prepare("SELECT 'Ada' AS name, 36 AS age")?;
    /// let mut rows = statement.query(())?;
    /// while let Some(row) = rows.next()? {
    ///     let person: Person = row.deserialize()?;
    ///     assert_eq!((person.name, person.age), ("Ada", Some(36)));
    /// }
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidColumnName`] for a field without a column, [`Error::FromSqlConversionFailure`] for a value that
    /// does not fit.
    pub fn deserialize<'de, T: Deserialize<'de>>(&'de self) -> Result<T> {
        T::deserialize(Columns { row: self, place: 0 }).map_err(Problem::into_error)
    }
}

/// What is wrong.
#[derive(Debug)]
enum Problem {
    /// A field has no column.
    Missing(&'static str),
    /// The row does not have the form that is asked for.
    Form(String),
    /// The value at this place does not fit.
    Value(usize, Class, String),
    /// It could not be read.
    Read(Error),
}

impl Problem {
    fn into_error(self) -> Error {
        let failure = |place, class, text: String| {
            let source: Box<dyn std::error::Error + Send + Sync> = text.into();
            Error::FromSqlConversionFailure(place, class, Arc::from(source))
        };
        match self {
            Problem::Missing(name) => Error::InvalidColumnName(name.into()),
            Problem::Form(text) => failure(0, Class::Null, text),
            Problem::Value(place, class, text) => failure(place, class, text),
            Problem::Read(error) => error,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing(name) => write!(f, "no column is named {name}"),
            Problem::Form(text) | Problem::Value(_, _, text) => f.write_str(text),
            Problem::Read(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Problem {}

impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Problem {
        Problem::Form(message.to_string())
    }

    fn missing_field(field: &'static str) -> Problem {
        Problem::Missing(field)
    }
}

/// The columns of a row, from one of them on.
struct Columns<'de, 's> {
    row: &'de Row<'s>,
    place: usize,
}

impl<'de> Columns<'de, '_> {
    /// What a type makes of the present column.
    fn take<T: DeserializeSeed<'de>>(&self, seed: T) -> Result<T::Value, Problem> {
        let value = self.row.get_ref(self.place).map_err(Problem::Read)?;
        seed.deserialize(Cell(value)).map_err(|problem| match problem {
            Problem::Form(text) => Problem::Value(self.place, value.class(), text),
            problem => problem,
        })
    }

    fn first(&self) -> Result<Cell<'de>, Problem> {
        self.row.get_ref(0).map(Cell).map_err(Problem::Read)
    }

    fn are_over(&self) -> bool {
        self.place >= self.row.column_count()
    }
}

impl<'de> MapAccess<'de> for Columns<'de, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        if self.are_over() {
            return Ok(None);
        }
        let name = self.row.column_name(self.place).map_err(Problem::Read)?;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let value = self.take(seed);
        self.place += 1;
        value
    }
}

impl<'de> SeqAccess<'de> for Columns<'de, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        if self.are_over() {
            return Ok(None);
        }
        let value = self.take(seed);
        self.place += 1;
        value.map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.column_count() - self.place)
    }
}

/// Calls that are about the first column.
macro_rules! of_the_first_column {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            self.first()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Columns<'de, '_> {
    type Error = Problem;

    of_the_first_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_unit
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.first()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_map(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_seq(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_seq(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! { unit_struct map struct identifier ignored_any }
}

/// A value in a column.
#[derive(Clone, Copy)]
struct Cell<'de>(ValueRef<'de>);

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            ValueRef::Null => visitor.visit_unit(),
            ValueRef::Integer(integer) => visitor.visit_i64(integer),
            ValueRef::Real(real) => visitor.visit_f64(real),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => visitor.visit_borrowed_str(text),
                Err(error) => Err(Problem::Form(error.to_string())),
            },
            ValueRef::Blob(blob) => visitor.visit_borrowed_bytes(blob),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            ValueRef::Integer(integer) => visitor.visit_bool(integer != 0),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => visitor.visit_borrowed_bytes(bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            ValueRef::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
                Err(error) => Err(Problem::Form(error.to_string())),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests;
