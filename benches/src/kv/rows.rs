//! Rows: writing, reading and comparing them, as all workloads do.

use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use super::engine::{Commit, Done, Failure, Reader, Store, Writer};
use super::options::Options;
use crate::keys::{KeyShape, key, value_of};

/// What rows look like.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// How their keys are spread.
    pub shape: KeyShape,
    /// Bytes of a value.
    pub value_bytes: usize,
}

impl Rows {
    /// Rows as the options have them.
    #[must_use]
    pub fn of(options: &Options, shape: KeyShape) -> Rows {
        Rows { shape, value_bytes: options.value_bytes }
    }

    /// Puts row `i` as of round `round`.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn put(self, writer: &mut dyn Writer, i: u64, round: u64) -> Done {
        writer.put(&key(self.shape, i), &value_of(i, round, self.value_bytes))
    }

    /// Puts all rows below `rows` in one transaction.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn load(self, store: &dyn Store, rows: u64) -> Done {
        self.put_all(store, Commit::Durable, 0, &mut (0..rows))
    }

    /// Puts rows in one transaction.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn put_all(
        self,
        store: &dyn Store,
        commit: Commit,
        round: u64,
        mut rows: &mut dyn Iterator<Item = u64>,
    ) -> Done {
        store.write(commit, &mut |writer| (&mut rows).try_for_each(|i| self.put(writer, i, round)))
    }

    /// Gets a row that is there.
    ///
    /// # Errors
    /// What the engine answers, or that it is not there.
    pub fn get(self, reader: &mut dyn Reader, i: u64) -> Result<u64, Failure> {
        let mut first = 0;
        let found = reader.get(&key(self.shape, i), &mut |value| first = u64::from(value[0]))?;
        if found { Ok(first) } else { Err(format!("row {i} is not there").into()) }
    }
}

/// Reads everything, and only touches it; how many rows there are.
///
/// # Errors
/// What the engine answers.
pub fn touch_all(store: &dyn Store) -> Result<u64, Failure> {
    let (mut rows, mut bytes) = (0, 0);
    store.read(&mut |reader| {
        reader.scan(&[], usize::MAX, &mut |key, value| {
            rows += 1;
            bytes += key.len() + value.len();
        })
    })?;
    Ok(rows + u64::from(bytes == 0))
}

/// A number that two databases share only if they hold the same.
///
/// # Errors
/// What the engine answers.
pub fn digest(store: &dyn Store) -> Result<u64, Failure> {
    let mut hasher = FoldHasher::with_seed(0x5eed, SharedSeed::global_fixed());
    store.read(&mut |reader| {
        reader.scan(&[], usize::MAX, &mut |key, value| {
            hasher.write(key);
            hasher.write(value);
        })
    })?;
    Ok(hasher.finish())
}
