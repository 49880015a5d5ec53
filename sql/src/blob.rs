//! [`Blob`]: one text or blob of a row, read and written in parts.
//!
//! A part that is read is copied from the page and nothing else. What is written is collected as long as it is contiguous,
//! and becomes part of the row at once when the blob is flushed, read, moved or closed: a row is stored as a whole.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use crate::codec::Record;
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::exec::Image;
use crate::schema::{IndexPart, Store, Table};
use crate::session::{Session, Steps};
use crate::value::ValueRef;

/// One text or blob of a row, open for reading and writing in parts. Its length stays what it is; `zeroblob(n)` makes room.
///
/// ```
/// use std::io::{Read, Seek, SeekFrom, Write};
///
/// use duramen_sql::Connection;
///
/// let connection = Connection::open_in_memory()?;
/// connection.execute_batch("CREATE TABLE file (content); INSERT INTO file VALUES (zeroblob(10))")?;
/// let mut blob = connection.blob_open("main", "file", "content", connection.last_insert_rowid(), false)?;
/// blob.seek(SeekFrom::Start(2))?;
/// blob.write_all(b"hello")?;
/// blob.close()?;
/// let content: Vec<u8> = connection.query_row("SELECT content FROM file", (), |row| row.get(0))?;
/// assert_eq!(content, b"\0\0hello\0\0\0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It sees what its connection sees: a transaction that is rolled back takes what was written with it. If the row is removed
/// or its value replaced by one of another length or class, all calls fail until [`Blob::reopen`].
///
/// Like SQLite's it writes beside constraints and triggers. It is flushed when it is dropped; only [`Blob::close`] and
/// [`Write::flush`] tell whether that worked.
pub struct Blob<'c> {
    connection: &'c Connection,
    schema: Box<str>,
    table: Box<str>,
    column: Box<str>,
    rowid: i64,
    read_only: bool,
    len: usize,
    position: usize,
    /// What was written and is not in the row yet, and where it goes.
    pending: Vec<u8>,
    pending_at: usize,
}

/// The place of a value: its table, and the column there.
struct Place {
    store: Store,
    table: Arc<Table>,
    column: usize,
}

fn expired() -> Error {
    Error::statement("query aborted")
}

impl Connection {
    /// Opens one text or blob for reading and writing in parts: of a schema (`main` or `temp`), a table, a column, and the
    /// row with a rowid.
    ///
    /// # Errors
    /// If there is no such value, or it is neither text nor blob; for writing, also if the column is part of an index or a
    /// foreign key.
    pub fn blob_open(
        &self,
        schema: &str,
        table: &str,
        column: &str,
        rowid: i64,
        read_only: bool,
    ) -> Result<Blob<'_>> {
        let mut blob = Blob {
            connection: self,
            schema: schema.into(),
            table: table.into(),
            column: column.into(),
            rowid,
            read_only,
            len: 0,
            position: 0,
            pending: Vec::new(),
            pending_at: 0,
        };
        blob.open_row()?;
        Ok(blob)
    }
}

impl Blob<'_> {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Goes to the same column of another row.
    ///
    /// # Errors
    /// As [`Connection::blob_open`]; those of flushing.
    pub fn reopen(&mut self, rowid: i64) -> Result<()> {
        self.write_pending()?;
        self.rowid = rowid;
        self.open_row()
    }

    /// Flushes and closes it.
    ///
    /// # Errors
    /// Those of the engine; if the value is not there any more.
    pub fn close(mut self) -> Result<()> {
        self.write_pending()
    }

    /// Fills `bytes` from a place on; how many there were.
    ///
    /// # Errors
    /// Those of the engine; if the value is not there any more.
    pub fn read_at(&mut self, bytes: &mut [u8], at: usize) -> Result<usize> {
        self.write_pending()?;
        self.with_value(|value| {
            let rest = value.get(at..).unwrap_or_default();
            let count = rest.len().min(bytes.len());
            bytes[..count].copy_from_slice(&rest[..count]);
            count
        })
    }

    /// Writes `bytes` at a place, all of them.
    ///
    /// # Errors
    /// If they reach beyond the end, or it was opened for reading; those of flushing.
    pub fn write_at(&mut self, bytes: &[u8], at: usize) -> Result<()> {
        if self.read_only {
            return Err(Error::statement("attempt to write a readonly database"));
        }
        if at.checked_add(bytes.len()).is_none_or(|end| end > self.len) {
            return Err(Error::statement("SQL logic error"));
        }
        if self.pending_at + self.pending.len() != at {
            self.write_pending()?;
            self.pending_at = at;
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// Finds the value of the present row and its length.
    fn open_row(&mut self) -> Result<()> {
        self.position = 0;
        let mut session = self.connection.lock()?;
        let place = self.find(&mut session)?;
        let rowid = self.rowid;
        self.len = session.txn.read(|stores| {
            let row = stores.row(place.store, place.table.tree, rowid)?;
            let row = row.ok_or_else(|| Error::statement(format!("no such rowid: {rowid}")))?;
            with_column(row, &place, |value| match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes.len()),
                value => {
                    let class = value.class().name().to_ascii_lowercase();
                    Err(Error::statement(format!("cannot open value of type {class}")))
                }
            })
        })?;
        Ok(())
    }

    /// The place of the value in the schema as it is now.
    fn find(&self, session: &mut Session) -> Result<Place> {
        let refused = |what: &str, name: &str| Err(Error::statement(format!("cannot open {what}: {name}")));
        let (main, temp) = session.schemas()?;
        let (store, schema) = match &*self.schema.to_ascii_lowercase() {
            "main" => (Store::Main, main),
            "temp" => (Store::Temp, temp),
            _ => return Err(Error::statement(format!("no such table: {}.{}", self.schema, self.table))),
        };
        let Some(table) = schema.table(&self.table).cloned() else {
            if schema.view(&self.table).is_some() {
                return refused("view", &self.table);
            }
            return Err(Error::statement(format!("no such table: {}.{}", self.schema, self.table)));
        };
        if !table.has_rowid() {
            return refused("table without rowid", &self.table);
        }
        if table.columns.iter().any(|column| column.generated.is_some()) {
            return refused("table with generated columns", &self.table);
        }
        let column = table.column(&self.column);
        let column =
            column.ok_or_else(|| Error::statement(format!("no such column: \"{}\"", self.column)))?;
        if !self.read_only {
            if table.foreign_keys.iter().any(|key| key.columns.contains(&column)) {
                return Err(Error::statement("cannot open foreign key column for writing"));
            }
            let is_key = |index: &Arc<crate::schema::Index>| {
                index.filter.is_some()
                    || index.columns.iter().any(|part| match part.part {
                        IndexPart::Column(place) => place == column,
                        IndexPart::Expr(_) => true,
                    })
            };
            if table.indexes.iter().any(is_key) {
                return Err(Error::statement("cannot open indexed column for writing"));
            }
        }
        Ok(Place { store, table, column })
    }

    /// Runs something on the bytes as they are stored now.
    fn with_value<T>(&self, run: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let mut session = self.connection.lock()?;
        let place = self.find(&mut session)?;
        session.txn.read(|stores| {
            let row = stores.row(place.store, place.table.tree, self.rowid)?.ok_or_else(expired)?;
            with_column(row, &place, |value| match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() == self.len => Ok(run(bytes)),
                _ => Err(expired()),
            })
        })
    }

    /// Makes what was written part of the row.
    fn write_pending(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let at = self.pending_at;
        let mut session = self.connection.lock()?;
        session.txn.start_writing()?;
        let result = self.find(&mut session).and_then(|place| {
            session.write(Steps::Many, &[], |writing| {
                let Place { store, table, column } = &place;
                let row = writing.writers.stores().row(*store, table.tree, self.rowid)?;
                let image = Image::decode(row.ok_or_else(expired)?, self.rowid)?;
                let stored = image.stored(table, *column);
                let mut changed = stored.bytes().map(<[u8]>::to_vec).unwrap_or_default();
                if changed.len() != self.len {
                    return Err(expired());
                }
                changed[at..at + pending.len()].copy_from_slice(&pending);
                let image = match stored {
                    ValueRef::Text(_) => image.with(table, *column, ValueRef::Text(&changed))?,
                    ValueRef::Blob(_) => image.with(table, *column, ValueRef::Blob(&changed))?,
                    _ => return Err(expired()),
                };
                writing.writers.put_row(*store, table.tree, self.rowid, image.record())
            })
        });
        if result.is_err() && session.txn.is_of_statement() {
            session.abandon();
        }
        result.map(drop)
    }
}

/// Runs something on a column of a stored row.
fn with_column<T>(row: &[u8], place: &Place, run: impl FnOnce(ValueRef<'_>) -> Result<T>) -> Result<T> {
    let record = Record::new(row).map_err(|_| Error::Malformed)?;
    match place.column < record.len() {
        true => run(record.column(place.column).map_err(|_| Error::Malformed)?),
        false => run(place.table.columns[place.column].missing.as_ref()),
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.read_at(bytes, self.position).map_err(io::Error::other)?;
        self.position += count;
        Ok(count)
    }
}

/// Writing stops at the end: the value does not grow.
impl Write for Blob<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.len.saturating_sub(self.position));
        self.write_at(&bytes[..count], self.position).map_err(io::Error::other)?;
        self.position += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_pending().map_err(io::Error::other)
    }
}

/// A place beyond the end is refused.
impl Seek for Blob<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let from = |start: usize, offset: i64| {
            usize::try_from(offset.unsigned_abs()).ok().and_then(|by| match offset < 0 {
                true => start.checked_sub(by),
                false => start.checked_add(by),
            })
        };
        let place = match to {
            SeekFrom::Start(place) => usize::try_from(place).ok(),
            SeekFrom::End(offset) => from(self.len, offset),
            SeekFrom::Current(offset) => from(self.position, offset),
        };
        let place = place.filter(|place| *place <= self.len);
        self.position =
            place.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a place outside the value"))?;
        Ok(u64::try_from(self.position).unwrap_or(u64::MAX))
    }
}

impl Drop for Blob<'_> {
    fn drop(&mut self) {
        self.write_pending().unwrap_or_default();
    }
}

impl std::fmt::Debug for Blob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob")
            .field("table", &self.table)
            .field("column", &self.column)
            .field("rowid", &self.rowid)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
