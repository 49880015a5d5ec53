//! [`Image`]: a row of a table as it is stored, and the key it is stored under.
//!
//! Invariant: every column of the record can be read; whoever makes an image has seen to that.

use std::borrow::Cow;
use std::sync::Arc;

use crate::codec::{Record, RowidKey, encode_record, encode_replaced, push_value, rowid_key};
use crate::error::{Error, Result};
use crate::expr::Row;
use crate::schema::{IndexPart, Table, TableKey};
use crate::value::{Value, ValueRef};

/// A row of a table; see the head of the file.
#[derive(Clone, Debug)]
pub struct Image<'r> {
    /// Its rowid; 0 in a table without.
    pub rowid: i64,
    record: Cow<'r, [u8]>,
}

/// The key that a row is stored under.
pub(super) enum StoredKey {
    Rowid(RowidKey),
    /// Of a table `WITHOUT ROWID`.
    Columns(Vec<u8>),
}

impl std::ops::Deref for StoredKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            StoredKey::Rowid(key) => key,
            StoredKey::Columns(key) => key,
        }
    }
}

impl<'r> Image<'r> {
    /// A row from its stored bytes.
    ///
    /// # Errors
    /// If they are malformed.
    pub fn decode(bytes: &'r [u8], rowid: i64) -> Result<Image<'r>> {
        let record = Record::new(bytes).map_err(|_| Error::Malformed)?;
        if !record.is_sound() {
            return Err(Error::Malformed);
        }
        Ok(Image { rowid, record: Cow::Borrowed(bytes) })
    }

    /// The same row with memory of its own.
    #[must_use]
    pub fn into_owned(self) -> Image<'static> {
        Image { rowid: self.rowid, record: Cow::Owned(self.record.into_owned()) }
    }
}

impl Image<'static> {
    /// A row of these values.
    ///
    /// # Errors
    /// If it is too big.
    pub fn new(table: &Table, columns: &[ValueRef<'_>], rowid: i64) -> Result<Image<'static>> {
        let at_least =
            table.columns.iter().rposition(|column| !column.missing.is_null()).map_or(0, |last| last + 1);
        let bytes = columns.iter().filter_map(|column| column.bytes()).map(<[u8]>::len).sum::<usize>();
        let mut record = Vec::with_capacity(bytes + columns.len() * (3 + size_of::<i64>()));
        encode_record(&mut record, columns, at_least).map_err(|_| Error::TooBig("string or blob too big"))?;
        Ok(Image { rowid, record: Cow::Owned(record) })
    }
}

impl Image<'_> {
    /// The same row with another value in a column.
    ///
    /// # Errors
    /// If it is too big.
    pub fn with(&self, table: &Table, place: usize, value: ValueRef<'_>) -> Result<Image<'static>> {
        let mut columns = self.columns(table);
        columns[place] = value;
        Image::new(table, &columns, self.rowid)
    }

    /// The same row with other values in some columns, each named once, and another rowid. It has its bytes in common with
    /// this one if the columns hold these values already.
    ///
    /// # Errors
    /// If it is too big.
    pub(super) fn replaced<'i>(
        &'i self,
        table: &Table,
        places: &[usize],
        values: &[ValueRef<'_>],
        rowid: i64,
    ) -> Result<Image<'i>> {
        let mut replaced = places.iter().zip(values);
        if replaced.all(|(&place, value)| is_same_value(self.stored(table, place), *value)) {
            return Ok(Image { rowid, record: Cow::Borrowed(&self.record) });
        }
        let record = Record::new(&self.record).map_err(|_| Error::Malformed)?;
        let longer =
            values.iter().map(|value| value.bytes().map_or(size_of::<i64>(), <[u8]>::len)).sum::<usize>();
        let mut bytes = Vec::with_capacity(self.record.len() + longer);
        if encode_replaced(&mut bytes, &record, places, values).map_err(|_| Error::Malformed)? {
            return Ok(Image { rowid, record: Cow::Owned(bytes) });
        }
        let mut columns = self.columns(table);
        for (&place, value) in places.iter().zip(values) {
            columns[place] = *value;
        }
        Image::new(table, &columns, rowid)
    }

    /// A column as it is stored; its default if the row is older than the column.
    #[must_use]
    pub fn stored<'i>(&'i self, table: &'i Table, place: usize) -> ValueRef<'i> {
        match Record::new(&self.record) {
            Ok(record) if place < record.len() => record.column(place).unwrap_or_default(),
            _ => table.columns[place].missing.as_ref(),
        }
    }

    /// All columns as they are stored.
    #[must_use]
    pub fn columns<'i>(&'i self, table: &'i Table) -> Vec<ValueRef<'i>> {
        let mut columns = vec![ValueRef::Null; table.columns.len()];
        self.read_columns(table, &mut columns);
        columns
    }

    /// The same, into memory that is there.
    pub(super) fn read_columns<'i>(&'i self, table: &'i Table, columns: &mut [ValueRef<'i>]) {
        let record = Record::new(&self.record).unwrap_or_default();
        for (place, column) in columns.iter_mut().enumerate() {
            *column = match place < record.len() {
                true => record.column(place).unwrap_or_default(),
                false => table.columns[place].missing.as_ref(),
            };
        }
    }

    /// The value of a column that is not computed when it is read.
    #[must_use]
    pub fn shown(&self, table: &Table, place: usize) -> Value {
        if table.rowid_alias() == Some(place) {
            Value::Integer(self.rowid)
        } else {
            self.stored(table, place).to_value()
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// As the row of a slot.
    #[must_use]
    pub fn row(&self) -> Row<'_> {
        Record::new(&self.record).map_or_else(|_| Row::default(), |record| Row::page(record, self.rowid))
    }

    /// The same, to be kept.
    #[must_use]
    pub fn kept_row(&self) -> Row<'static> {
        Row::kept(Arc::new(self.record.to_vec()), self.rowid)
    }

    /// The key under which it is stored.
    pub(super) fn key(&self, table: &Table) -> StoredKey {
        match &table.key {
            TableKey::Rowid { .. } => StoredKey::Rowid(rowid_key(self.rowid)),
            TableKey::Primary { columns, .. } => {
                let mut key = Vec::new();
                for column in columns {
                    if let IndexPart::Column(place) = column.part {
                        let value = self.stored(table, place);
                        push_value(&mut key, value, &column.collation, column.direction);
                    }
                }
                StoredKey::Columns(key)
            }
        }
    }

    /// Whether it is stored under the same key as another row.
    pub(super) fn has_key_of(&self, table: &Table, other: &Image<'_>) -> bool {
        match &table.key {
            TableKey::Rowid { .. } => self.rowid == other.rowid,
            TableKey::Primary { .. } => *self.key(table) == *other.key(table),
        }
    }

    /// Whether it is the same as another row, byte for byte.
    pub(super) fn is_same(&self, other: &Image<'_>) -> bool {
        self.rowid == other.rowid && self.record == other.record
    }
}

/// Whether two values are the same to the last bit.
pub(super) fn is_same_value(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Real(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}
