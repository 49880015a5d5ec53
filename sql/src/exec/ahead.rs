//! [`Ahead`]: the next rows of a scan, read together.
//!
//! Rows that lie next to each other in a table are handed on in a loop that does nothing else. Rows that are found through
//! an index lie anywhere: looked up in the order of their rowids they share most of the way down, and are given in the
//! order of the index. So are rows that a join looks up by their rowids, which rows of another scan name that has read ahead
//! itself.
//!
//! Invariant: nothing shows that rows were read before they were asked for. What is counted is counted when they are
//! given, and where the tree changes in between, those that were not given yet are read anew.

use super::pace::Pace;
use super::place::Place;
use super::rowids::exact_rowid;
use crate::codec::{Record, push_rowid, rowid_of, split_rowid_suffix};
use crate::error::{Error, Result};

/// How many rows are read at once at first.
const FIRST: usize = 4;
/// How many at most: as many as a leaf has, about, or so many that rows named by an index lie close together.
const MOST_IN_ORDER: usize = 64;
const MOST_BY_INDEX: usize = 256;

/// Rows that were read and not given yet; see the head of the file.
#[derive(Default)]
pub struct Ahead<'v> {
    rows: Vec<Fetched<'v>>,
    /// The keys of the entries of an index, one behind the other.
    keys: Vec<u8>,
    /// Rowids in order, and whose they are.
    order: Vec<(i64, usize)>,
    key: Vec<u8>,
    /// How many rows were given.
    given: usize,
    /// How many were wanted last.
    wanted: usize,
    /// Whether the entries end behind these, and how many were read to learn that.
    end: Option<u64>,
    /// How often rows were read together.
    batch: u64,
    /// Where rows of another scan name these: those of which batch of it, how many of them could ask, and how many did.
    of_batch: u64,
    named: usize,
    asked: usize,
}

/// A row, and where the key of its entry in an index ends. Without a row the record is empty, as none is.
struct Fetched<'v> {
    rowid: i64,
    record: &'v [u8],
    key_end: usize,
}

/// What comes next.
pub enum Next<'v> {
    /// A row: its rowid and its record.
    Row(i64, &'v [u8]),
    /// No more rows.
    End,
    /// That is not known before more are fetched.
    Unknown,
}

impl<'v> Ahead<'v> {
    /// Forgets all, at the start of a range.
    pub fn clear(&mut self) {
        self.forget();
        self.wanted = 0;
    }

    fn forget(&mut self) {
        self.rows.clear();
        self.keys.clear();
        (self.given, self.end) = (0, None);
    }

    /// The next row.
    #[inline]
    pub fn next(&mut self, pace: &Pace) -> Next<'v> {
        if let Some(row) = self.rows.get(self.given) {
            self.given += 1;
            pace.read(1);
            return Next::Row(row.rowid, row.record);
        }
        match self.end {
            Some(read) => {
                pace.read(read);
                Next::End
            }
            None => Next::Unknown,
        }
    }

    /// Reads the next rows of a table. `step` moves to the next one of the range, and says whether there is one and how many
    /// entries it read.
    pub fn fill(
        &mut self,
        table: &mut Place<'v>,
        mut step: impl FnMut(&mut Place<'v>) -> Result<(bool, u64)>,
    ) -> Result<()> {
        self.forget();
        self.batch += 1;
        self.wanted = (self.wanted * 2).clamp(FIRST, MOST_IN_ORDER);
        while self.rows.len() < self.wanted {
            let (found, read) = step(table)?;
            if !found {
                self.end = Some(read);
                break;
            }
            let rowid = rowid_of(table.key()).map_err(|_| Error::Malformed)?;
            self.rows.push(Fetched { rowid, record: table.value()?, key_end: 0 });
        }
        Ok(())
    }

    /// Reads the rows that the next entries of an index name.
    pub fn fill_by_index(
        &mut self,
        index: &mut Place<'v>,
        table: &mut Place<'v>,
        mut step: impl FnMut(&mut Place<'v>) -> Result<(bool, u64)>,
    ) -> Result<()> {
        self.forget();
        self.batch += 1;
        self.wanted = (self.wanted * 2).clamp(FIRST, MOST_BY_INDEX);
        while self.rows.len() < self.wanted {
            let (found, read) = step(index)?;
            if !found {
                self.end = Some(read);
                break;
            }
            let (_, rowid) = split_rowid_suffix(index.key()).map_err(|_| Error::Malformed)?;
            self.order.push((rowid, self.rows.len()));
            self.keys.extend_from_slice(index.key());
            self.rows.push(Fetched { rowid, record: &[], key_end: self.keys.len() });
        }
        self.look_up(table)
    }

    /// Whether it has given a row.
    pub fn has_given(&self) -> bool {
        self.given > 0
    }

    /// The row of a rowid that the row given last by another scan names in this column, or in its rowid. It was looked up
    /// together with those that the next rows of that scan name; nothing if it was not, or is not there.
    pub fn named(
        &mut self,
        source: &Ahead<'v>,
        place: Option<usize>,
        rowid: i64,
        table: &mut Place<'v>,
    ) -> Result<Option<&'v [u8]>> {
        let Some(at) = source.given.checked_sub(1) else { return Ok(None) };
        self.given = source.given;
        if self.of_batch != source.batch {
            let are_asked_for = self.asked * 2 >= self.named;
            self.rows.clear();
            self.batch += 1;
            (self.of_batch, self.named, self.asked) = (source.batch, source.rows.len().saturating_sub(at), 0);
            if are_asked_for && self.named > 1 {
                self.fill_by_names(source, at, place, table)?;
            }
        }
        self.asked += 1;
        let row = self.rows.get(at).filter(|row| row.rowid == rowid && !row.record.is_empty());
        Ok(row.map(|row| row.record))
    }

    /// Looks up the rows that those of another scan name, from one on.
    fn fill_by_names(
        &mut self,
        source: &Ahead<'v>,
        from: usize,
        place: Option<usize>,
        table: &mut Place<'v>,
    ) -> Result<()> {
        for (number, row) in source.rows.iter().enumerate() {
            let rowid = match place {
                _ if number < from || row.record.is_empty() => None,
                None => Some(row.rowid),
                Some(place) => {
                    let record = Record::new(row.record).map_err(|_| Error::Malformed)?;
                    record.column(place).ok().and_then(exact_rowid)
                }
            };
            self.order.extend(rowid.map(|rowid| (rowid, number)));
            self.rows.push(Fetched { rowid: rowid.unwrap_or(0), record: &[], key_end: 0 });
        }
        self.look_up(table)
    }

    /// Looks up rows in the order of their rowids.
    fn look_up(&mut self, table: &mut Place<'v>) -> Result<()> {
        self.order.sort_unstable();
        for &(rowid, number) in &self.order {
            self.key.clear();
            push_rowid(&mut self.key, rowid);
            self.rows[number].record = table.get(&self.key)?.unwrap_or_default();
        }
        self.order.clear();
        Ok(())
    }

    /// The key in its table of the row that was given last, if it was read from there.
    pub fn last_of_table(&self) -> Option<Vec<u8>> {
        let last = self.given.checked_sub(1).filter(|_| self.keys.is_empty())?;
        let mut key = Vec::new();
        push_rowid(&mut key, self.rows.get(last)?.rowid);
        Some(key)
    }

    /// The key of the entry of an index that named the row that was given last.
    pub fn last_of_index(&self) -> Option<Vec<u8>> {
        let last = self.given.checked_sub(1).filter(|_| !self.keys.is_empty())?;
        let start = last.checked_sub(1).map_or(0, |before| self.rows[before].key_end);
        Some(self.keys[start..self.rows[last].key_end].to_vec())
    }
}
