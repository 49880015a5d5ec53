//! [`Row`]: the row that a statement is at.

use crate::error::{Error, Result};
use crate::execution::Execution;
use crate::from_sql::{FromSql, FromSqlError};
use crate::value::ValueRef;

/// The row that a statement is at.
pub struct Row<'s> {
    pub(crate) execution: &'s mut Execution,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}

/// A column of a row: by its place, from 0, or by its name, in any case; the first of that name counts.
pub trait RowIndex: sealed::Sealed {
    /// Its place.
    ///
    /// # Errors
    /// If there is no such column.
    fn place(&self, columns: &[Box<str>]) -> Result<usize>;
}

impl RowIndex for usize {
    #[inline]
    fn place(&self, columns: &[Box<str>]) -> Result<usize> {
        if *self < columns.len() { Ok(*self) } else { Err(Error::InvalidColumnIndex(*self)) }
    }
}

impl RowIndex for &str {
    fn place(&self, columns: &[Box<str>]) -> Result<usize> {
        let place = columns.iter().position(|column| column.eq_ignore_ascii_case(self));
        place.ok_or_else(|| Error::InvalidColumnName((*self).into()))
    }
}

impl Row<'_> {
    fn columns(&self) -> &[Box<str>] {
        &self.execution.prepared.columns
    }

    /// The value of a column, as a type of the program.
    ///
    /// # Errors
    /// If there is no such column, or its value cannot be read as this type.
    pub fn get<I: RowIndex, T: FromSql>(&self, column: I) -> Result<T> {
        let place = column.place(self.columns())?;
        read(self.columns(), place, self.execution.value(place)?)
    }

    /// As [`Row::get`], where anything that goes wrong is a mistake in the program.
    ///
    /// # Panics
    /// Where [`Row::get`] gives an error.
    pub fn get_unwrap<I: RowIndex, T: FromSql>(&self, column: I) -> T {
        match self.get(column) {
            Ok(value) => value,
            Err(error) => panic!("reading a column: {error}"),
        }
    }

    /// The value of a column, borrowed; text and blobs are not copied, however large they are.
    ///
    /// # Errors
    /// If there is no such column, or stored bytes are malformed.
    pub fn get_ref<I: RowIndex>(&self, column: I) -> Result<ValueRef<'_>> {
        let place = column.place(self.columns())?;
        self.execution.value(place)
    }

    /// As [`Row::get_ref`], where anything that goes wrong is a mistake in the program.
    ///
    /// # Panics
    /// Where [`Row::get_ref`] gives an error.
    pub fn get_ref_unwrap<I: RowIndex>(&self, column: I) -> ValueRef<'_> {
        match self.get_ref(column) {
            Ok(value) => value,
            Err(error) => panic!("reading a column: {error}"),
        }
    }

    /// The names of the columns.
    #[must_use]
    pub fn column_names(&self) -> Vec<&str> {
        self.columns().iter().map(|column| &**column).collect()
    }

    /// The name of a column, by its place from 0.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn column_name(&self, place: usize) -> Result<&str> {
        let column = self.columns().get(place);
        column.map(|column| &**column).ok_or(Error::InvalidColumnIndex(place))
    }

    /// How many columns there are.
    #[must_use]
    pub fn column_count(&self) -> usize {
        self.columns().len()
    }
}

/// The value of the column at a place, as a type of the program.
pub(crate) fn read<T: FromSql>(columns: &[Box<str>], place: usize, value: ValueRef<'_>) -> Result<T> {
    T::column_result(value).map_err(|error| match error {
        FromSqlError::InvalidType => {
            Error::InvalidColumnType(place, columns[place].to_string(), value.class())
        }
        FromSqlError::OutOfRange(integer) => Error::IntegralValueOutOfRange(place, integer),
        FromSqlError::Other(error) => Error::FromSqlConversionFailure(place, value.class(), error.into()),
        error @ FromSqlError::InvalidBlobSize { .. } => {
            Error::FromSqlConversionFailure(place, value.class(), std::sync::Arc::new(error))
        }
    })
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = f.debug_map();
        for (place, name) in self.columns().iter().enumerate() {
            match self.execution.value(place) {
                Ok(value) => map.entry(name, &value),
                Err(error) => map.entry(name, &error),
            };
        }
        map.finish()
    }
}
