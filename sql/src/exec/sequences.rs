//! [`Sequences`]: what `AUTOINCREMENT` knows of the rowids that were given.
//!
//! They are counted in memory and written when the statement has succeeded: one that fails and keeps its rows (`OR FAIL`)
//! leaves `sqlite_sequence` as it was, as in SQLite.

use std::sync::Arc;

use crate::error::Result;
use crate::schema::{Store, Table};
use crate::store::{Stores, Writers, put_sequence_row, sequence_rows};
use crate::value::{Value, ValueRef};

/// The sequences of the tables that a statement inserts into.
#[derive(Default)]
pub(super) struct Sequences(Vec<Sequence>);

struct Sequence {
    store: Store,
    table: Arc<Table>,
    /// Its row, and what that says.
    written: Option<(i64, i64)>,
    /// The greatest rowid that was given or inserted.
    greatest: i64,
}

impl Sequences {
    /// Notes what is written of a table, if it has `AUTOINCREMENT`.
    pub(super) fn begin(&mut self, stores: Stores<'_>, store: Store, table: &Arc<Table>) -> Result<()> {
        if !table.autoincrement || self.of(table).is_some() {
            return Ok(());
        }
        let first = sequence_rows(stores, store, &table.name)?.into_iter().next();
        let written = first.map(|(rowid, value): (i64, Value)| (rowid, value.as_ref().to_integer()));
        let greatest = written.map_or(0, |(_, value)| value);
        self.0.push(Sequence { store, table: table.clone(), written, greatest });
        Ok(())
    }

    fn of(&mut self, table: &Arc<Table>) -> Option<&mut Sequence> {
        self.0.iter_mut().find(|sequence| Arc::ptr_eq(&sequence.table, table))
    }

    /// The greatest rowid that a table ever had; `None` if it does not count.
    pub(super) fn greatest(&self, table: &Arc<Table>) -> Option<i64> {
        self.0.iter().find(|sequence| Arc::ptr_eq(&sequence.table, table)).map(|sequence| sequence.greatest)
    }

    /// Notes that a rowid was given or inserted.
    pub(super) fn note(&mut self, table: &Arc<Table>, rowid: i64) {
        if let Some(sequence) = self.of(table) {
            sequence.greatest = sequence.greatest.max(rowid);
        }
    }

    /// Writes what has changed, at the end of a statement that succeeded. How many tables have one: SQLite writes them all.
    pub(super) fn end(&mut self, writers: &mut Writers<'_>) -> Result<u64> {
        let mut count = 0;
        for Sequence { store, table, written, greatest } in self.0.drain(..) {
            count += 1;
            if written.is_some_and(|(_, value)| value >= greatest) {
                continue;
            }
            let rowid = written.map(|(rowid, _)| rowid);
            put_sequence_row(writers, store, rowid, &table.name, ValueRef::Integer(greatest))?;
        }
        Ok(count)
    }
}
