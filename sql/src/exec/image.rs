//! [`Image`]: a row of a table as it is stored, and the key it is stored under.
//!
//! Invariant: every column of the record can be read; whoever makes an image has seen to that.

use std::sync::Arc;

use crate::codec::{Record, encode_record, push_value};
use crate::error::{Error, Result};
use crate::expr::Row;
use crate::schema::{IndexPart, Table, TableKey};
use crate::store::rowid_key;
use crate::value::{Value, ValueRef};

/// A row of a table; see the head of the file.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its rowid; 0 in a table without.
    pub rowid: i64,
    record: Arc<Vec<u8>>,
}

impl Image {
    /// A row from its stored bytes.
    ///
    /// # Errors
    /// If they are malformed.
    pub fn decode(bytes: &[u8], rowid: i64) -> Result<Image> {
        let record = Record::new(bytes).map_err(|_| Error::Malformed)?;
        for column in record.columns() {
            column.map_err(|_| Error::Malformed)?;
        }
        Ok(Image { rowid, record: Arc::new(bytes.to_vec()) })
    }

    /// A row of these values.
    ///
    /// # Errors
    /// If it is too big.
    pub fn new(table: &Table, columns: &[ValueRef<'_>], rowid: i64) -> Result<Image> {
        let at_least =
            table.columns.iter().rposition(|column| !column.missing.is_null()).map_or(0, |last| last + 1);
        let bytes = columns.iter().filter_map(|column| column.bytes()).map(<[u8]>::len).sum::<usize>();
        let mut record = Vec::with_capacity(bytes + columns.len() * (3 + size_of::<i64>()));
        encode_record(&mut record, columns, at_least).map_err(|_| Error::TooBig("string or blob too big"))?;
        Ok(Image { rowid, record: Arc::new(record) })
    }

    /// The same row with another value in a column.
    ///
    /// # Errors
    /// If it is too big.
    pub fn with(&self, table: &Table, place: usize, value: ValueRef<'_>) -> Result<Image> {
        let mut columns = self.columns(table);
        columns[place] = value;
        Image::new(table, &columns, self.rowid)
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
        (0..table.columns.len()).map(|place| self.stored(table, place)).collect()
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
    pub fn row<'v>(&self) -> Row<'v> {
        Row::kept(self.record.clone(), self.rowid)
    }

    /// The key under which it is stored.
    pub(super) fn key(&self, table: &Table) -> Vec<u8> {
        match &table.key {
            TableKey::Rowid { .. } => rowid_key(self.rowid),
            TableKey::Primary { columns, .. } => {
                let mut key = Vec::new();
                for column in columns {
                    if let IndexPart::Column(place) = column.part {
                        let value = self.stored(table, place);
                        push_value(&mut key, value, &column.collation, column.direction);
                    }
                }
                key
            }
        }
    }

    /// Whether it is stored under the same key as another row.
    pub(super) fn has_key_of(&self, table: &Table, other: &Image) -> bool {
        match &table.key {
            TableKey::Rowid { .. } => self.rowid == other.rowid,
            TableKey::Primary { .. } => self.key(table) == other.key(table),
        }
    }

    /// Whether it is the same as another row, byte for byte.
    pub(super) fn is_same(&self, other: &Image) -> bool {
        self.rowid == other.rowid && self.record == other.record
    }
}
