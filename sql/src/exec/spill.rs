//! [`SpillSorter`]: a sorter for any number of rows. What memory has no room for goes to scratch files, in runs that
//! are sorted each and merged at the end.
//!
//! Invariants:
//! 1. Rows with equal keys come out in the order in which they were put in: later runs hold later rows, and of equal
//!    keys the one of the earliest run comes first.
//! 2. There are never more than [`MOST_RUNS`] runs; so many are merged to one, which becomes the first.

use duramen_engine::Scratch;

use super::frame::Ctx;
use super::sorter::{Found, LOOKED_AHEAD, Sorter};
use crate::error::{Error, Result};

/// How many runs are merged at once.
const MOST_RUNS: usize = 64;
/// How much of a run is read at once, and written.
const PART_BYTES: usize = 1 << 16;
/// An entry in a file starts with the lengths of key and row.
const LENGTHS_BYTES: usize = 16;

/// Sorts rows by their keys, in memory and then in files.
#[derive(Default)]
pub(super) struct SpillSorter {
    sorter: Sorter,
    runs: Vec<Run>,
    file: Option<Scratch>,
    /// The next row of what lies in memory, and where it lies with those behind it.
    at: usize,
    ahead: Vec<Found>,
    merge: Option<Merge>,
}

/// Where a run lies in the file.
#[derive(Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

impl SpillSorter {
    /// Forgets all rows, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.sorter.clear();
        self.runs.clear();
        self.file = None;
        self.at = 0;
        self.merge = None;
    }

    /// The rows that are in memory.
    pub(super) fn in_memory(&mut self) -> &mut Sorter {
        &mut self.sorter
    }

    /// Adds a row that `write` appends.
    #[inline]
    pub(super) fn push(
        &mut self,
        key: &[u8],
        ctx: &Ctx<'_, '_>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        self.sorter.push(key, write)?;
        if self.sorter.held_bytes() > ctx.memory_bytes() {
            self.spill(ctx)?;
        }
        Ok(())
    }

    /// Writes what is in memory as a run.
    fn spill(&mut self, ctx: &Ctx<'_, '_>) -> Result<()> {
        self.sorter.sort(&|| ctx.check())?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(ctx.stores.main.scratch()?),
        };
        let mut run = RunWriter::new(file);
        for place in 0..self.sorter.len() {
            if let Some((key, row)) = self.sorter.entry(place) {
                run.push(key, row)?;
            }
        }
        self.runs.push(run.end()?);
        self.sorter.clear();
        if self.runs.len() < MOST_RUNS {
            return Ok(());
        }
        let Some(file) = self.file.take() else { return Ok(()) };
        let mut into = ctx.stores.main.scratch()?;
        let mut run = RunWriter::new(&mut into);
        let mut merge = Merge::new(&file, &self.runs)?;
        while merge.next(&file)? {
            ctx.check()?;
            let (key, row) = merge.entry();
            run.push(key, row)?;
        }
        self.runs = vec![run.end()?];
        self.file = Some(into);
        Ok(())
    }

    /// Puts the rows in order. From then on [`next`](SpillSorter::next) gives them.
    pub(super) fn finish(&mut self, ctx: &Ctx<'_, '_>) -> Result<()> {
        self.at = 0;
        if self.runs.is_empty() {
            return self.sorter.sort(&|| ctx.check());
        }
        if self.sorter.len() > 0 {
            self.spill(ctx)?;
        }
        self.rewind()
    }

    /// Goes before the first row again, once they are in order.
    pub(super) fn rewind(&mut self) -> Result<()> {
        self.at = 0;
        self.merge = match &self.file {
            Some(file) => Some(Merge::new(file, &self.runs)?),
            None => None,
        };
        Ok(())
    }

    /// The next row with its key.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if let (Some(merge), Some(file)) = (&mut self.merge, &self.file) {
            return Ok(if merge.next(file)? { Some(merge.entry()) } else { None });
        }
        let offset = self.at % LOOKED_AHEAD;
        if offset == 0 {
            self.sorter.look_ahead(self.at, &mut self.ahead);
        }
        self.at += 1;
        Ok(self.ahead.get(offset).map(|found| self.sorter.found(*found)))
    }
}

/// Writes the entries of a run.
struct RunWriter<'f> {
    file: &'f mut Scratch,
    start: u64,
    part: Vec<u8>,
}

impl<'f> RunWriter<'f> {
    fn new(file: &'f mut Scratch) -> RunWriter<'f> {
        RunWriter { start: file.len(), file, part: Vec::with_capacity(PART_BYTES) }
    }

    fn push(&mut self, key: &[u8], row: &[u8]) -> Result<()> {
        for len in [key.len(), row.len()] {
            self.part.extend_from_slice(&u64::try_from(len).unwrap_or(u64::MAX).to_le_bytes());
        }
        self.part.extend_from_slice(key);
        self.part.extend_from_slice(row);
        if self.part.len() >= PART_BYTES {
            self.file.append(&self.part)?;
            self.part.clear();
        }
        Ok(())
    }

    fn end(self) -> Result<Run> {
        self.file.append(&self.part)?;
        Ok(Run { start: self.start, end: self.file.len() })
    }
}

/// Runs read side by side, the smallest key first.
struct Merge {
    runs: Vec<RunReader>,
    /// Which run the current entry is of; none before the first.
    current: Option<usize>,
}

impl Merge {
    fn new(file: &Scratch, runs: &[Run]) -> Result<Merge> {
        let mut readers = Vec::with_capacity(runs.len());
        for run in runs {
            let mut reader = RunReader { rest: *run, part: Vec::new(), at: 0, row: 0, end: 0 };
            if reader.next(file)? {
                readers.push(reader);
            }
        }
        Ok(Merge { runs: readers, current: None })
    }

    fn next(&mut self, file: &Scratch) -> Result<bool> {
        if let Some(current) = self.current
            && !self.runs[current].next(file)?
        {
            self.runs.remove(current);
        }
        // Of equal keys `min_by` gives the first one.
        let smallest = self.runs.iter().enumerate().min_by(|a, b| a.1.key().cmp(b.1.key()));
        self.current = smallest.map(|(place, _)| place);
        Ok(self.current.is_some())
    }

    /// The key and the row it is at.
    fn entry(&self) -> (&[u8], &[u8]) {
        self.current.map_or((&[], &[]), |current| (self.runs[current].key(), self.runs[current].row()))
    }
}

/// The entries of a run, one after the other.
struct RunReader {
    /// What was not read yet.
    rest: Run,
    part: Vec<u8>,
    /// Where key, row and next entry start in what was read.
    at: usize,
    row: usize,
    end: usize,
}

impl RunReader {
    fn key(&self) -> &[u8] {
        &self.part[self.at..self.row]
    }

    fn row(&self) -> &[u8] {
        &self.part[self.row..self.end]
    }

    fn next(&mut self, file: &Scratch) -> Result<bool> {
        if self.end == self.part.len() && self.rest.start == self.rest.end {
            return Ok(false);
        }
        self.part.drain(..self.end);
        self.end = 0;
        self.fill(file, LENGTHS_BYTES)?;
        let len = |at: usize| {
            let bytes = self.part.get(at..).and_then(<[u8]>::first_chunk).ok_or(Error::Malformed)?;
            usize::try_from(u64::from_le_bytes(*bytes)).map_err(|_| Error::Malformed)
        };
        let (key, row) = (len(0)?, len(8)?);
        self.at = LENGTHS_BYTES;
        self.row = self.at + key;
        self.end = self.row + row;
        self.fill(file, self.end).map(|()| true)
    }

    /// Reads on until so many bytes are there.
    fn fill(&mut self, file: &Scratch, wanted: usize) -> Result<()> {
        let Some(missing) = wanted.checked_sub(self.part.len()).filter(|missing| *missing > 0) else {
            return Ok(());
        };
        let left = usize::try_from(self.rest.end - self.rest.start).map_err(|_| Error::Malformed)?;
        let len = missing.max(PART_BYTES).min(left);
        let from = self.part.len();
        self.part.resize(from + len, 0);
        file.read_at(self.rest.start, &mut self.part[from..])?;
        self.rest.start += u64::try_from(len).unwrap_or(0);
        Ok(())
    }
}
