//! Going over all rows of a table: to fill an index, to look whether a column can be added.

use duramen_engine::Cursor;

use super::clash::{Clash, clash_message};
use super::entries::{Entry, NewEntries};
use super::image::Image;
use super::sorter::Sorter;
use super::write::{Writing, fits};
use crate::codec::rowid_of;
use crate::error::{Error, Result};
use crate::plan::{RowPlan, TablePlan};
use crate::value::ArenaBuffer;

/// How much memory entries may take before they are written in the order of their keys, in bytes.
const SORTED_AT_A_TIME: usize = 32 << 20;

/// A row, and the key it is stored under.
pub(super) type KeyedRow = (Vec<u8>, Image<'static>);

impl Writing<'_, '_> {
    /// At most this many rows of a table from a key on, with their keys; and the key to go on from, if there is more.
    pub(super) fn rows_from(
        &self,
        target: &TablePlan,
        from: &[u8],
        count: usize,
    ) -> Result<(Vec<KeyedRow>, Option<Vec<u8>>)> {
        let stores = self.writers.stores();
        let mut cursor = stores.cursor(target.store, target.table.tree)?;
        let mut rows = Vec::new();
        let mut more = cursor.seek(from)?;
        while more {
            if rows.len() == count {
                return Ok((rows, Some(cursor.key().to_vec())));
            }
            rows.push((cursor.key().to_vec(), image_at(&cursor, target)?.into_owned()));
            more = cursor.next()?;
        }
        Ok((rows, None))
    }

    /// Looks whether a row can have the column that was added last.
    ///
    /// # Errors
    /// Where it breaks a constraint.
    pub(super) fn test_new_column(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        image: &Image<'_>,
    ) -> Result<()> {
        // Not told from other failures: SQLite has no code of its own for them.
        let refused = |message: &str| Err(Error::Evaluation(message.to_string()));
        for scalar in &target.checks {
            let holds = self.with_rows(plan, [(target.row, image.row())], |env| {
                Ok(scalar.eval(env).to_bool() != Some(false))
            })?;
            if !holds {
                return refused("CHECK constraint failed");
            }
        }
        let place = target.table.columns.len() - 1;
        let column = &target.table.columns[place];
        let value = self.value(plan, target, image, place)?;
        if value.is_null() {
            return match column.not_null {
                Some(_) => refused("NOT NULL constraint failed"),
                None => Ok(()),
            };
        }
        let mut buffer = ArenaBuffer::new();
        let value = column.affinity.apply(value.as_ref(), &buffer.arena());
        match fits(&target.table, column, value) {
            Err(_) if target.table.strict => refused("type mismatch on DEFAULT"),
            _ => Ok(()),
        }
    }

    /// Fills an index from the rows of its table.
    ///
    /// # Errors
    /// If two rows are equal that may not be, and those of the engine.
    pub fn fill_index(&mut self, plan: &RowPlan, target: &TablePlan, number: usize) -> Result<()> {
        let count = self.writers.stores().len(target.store, target.table.tree)?;
        self.given.pace.read(count.max(1));
        let mut sorter = Sorter::default();
        let mut from = Some(Vec::new());
        while let Some(start) = from {
            from = self.gather_entries(plan, target, number, &start, &mut sorter)?;
            self.put_sorted(target, number, &mut sorter)?;
        }
        Ok(())
    }

    /// Gathers the entries of rows from a key on, as many as are sorted at a time; the key to go on from, if there are
    /// more rows.
    fn gather_entries(
        &self,
        plan: &RowPlan,
        target: &TablePlan,
        number: usize,
        from: &[u8],
        sorter: &mut Sorter,
    ) -> Result<Option<Vec<u8>>> {
        let mut cursor = self.writers.stores().cursor(target.store, target.table.tree)?;
        let mut entries = NewEntries::default();
        let mut more = cursor.seek(from)?;
        while more {
            if sorter.held_bytes() > SORTED_AT_A_TIME {
                return Ok(Some(cursor.key().to_vec()));
            }
            let image = image_at(&cursor, target)?;
            entries.clear();
            self.with_rows(plan, [(target.row, image.row())], |env| {
                entries.add(env, target, number, &image)
            })?;
            if let Some(entry) = entries.of(number) {
                sorter.push(entry.key, |out| entry.append_rest(out))?;
            }
            more = cursor.next()?;
        }
        Ok(None)
    }

    /// Puts entries into an index in the order of their keys.
    fn put_sorted(&mut self, target: &TablePlan, number: usize, sorter: &mut Sorter) -> Result<()> {
        let index = &target.indexes[number].index;
        sorter.sort(&|| self.given.pace.step())?;
        if index.unique {
            self.refuse_equal(target, number, sorter)?;
        }
        let mut batch = self.writers.batch(target.store, index.tree)?;
        for (key, rest) in (0..sorter.len()).filter_map(|place| sorter.entry(place)) {
            let (_, originals) = Entry::split_rest(key, rest)?;
            batch.put(key, originals)?;
        }
        batch.apply()?;
        let entries = u64::try_from(sorter.len()).unwrap_or(u64::MAX);
        // What was sorted is read back; behind the first entry the end of the index is looked for.
        self.given.pace.read(entries + u64::from(entries > 1));
        self.given.pace.wrote(entries);
        sorter.clear();
        Ok(())
    }

    /// Refuses sorted entries of a unique index of which one is equal to another, or to one that the index has.
    fn refuse_equal(&self, target: &TablePlan, number: usize, sorter: &Sorter) -> Result<()> {
        let stores = self.writers.stores();
        let tree = target.indexes[number].index.tree;
        let is_first = stores.len(target.store, tree)? == 0;
        let mut before: &[u8] = &[];
        for (key, rest) in (0..sorter.len()).filter_map(|place| sorter.entry(place)) {
            if let (Some(prefix), _) = Entry::split_rest(key, rest)?
                && (before.starts_with(prefix)
                    || (!is_first && stores.first_with(target.store, tree, prefix)?.is_some()))
            {
                let (kind, message) = clash_message(target, &Clash::Index(number));
                return Err(Error::Constraint { kind, message });
            }
            before = key;
        }
        Ok(())
    }
}

/// The row of a table that a cursor is at.
fn image_at<'v>(cursor: &Cursor<'v>, target: &TablePlan) -> Result<Image<'v>> {
    let rowid = match target.table.has_rowid() {
        true => rowid_of(cursor.key()).map_err(|_| Error::Malformed)?,
        false => 0,
    };
    Image::decode(cursor.value()?, rowid)
}
