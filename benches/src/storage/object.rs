//! [`Object`]: what the lines ask of the storage of an object.

/// What went wrong, in words.
pub type Failure = Box<dyn std::error::Error>;

/// How a commit is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It is not: after a crash it may be missing.
    No,
    /// Until it is on disk.
    Durable,
}

/// The storage of an object: entries `k00000000` and so on, with texts of [`VALUE_BYTES`] as values, and a counter as a value and
/// as a row.
pub trait Object {
    /// What it is.
    fn name(&self) -> String;

    /// The length of the value of a key, if there is one.
    ///
    /// # Errors
    /// What the storage answers; so for all of these.
    fn get(&mut self, key: &str) -> Result<Option<usize>, Failure>;

    /// How many of the entries from a key on there are, up to a number.
    ///
    /// # Errors
    /// As all of these.
    fn list(&mut self, start: &str, limit: usize) -> Result<usize, Failure>;

    /// Sets the values of keys, and commits.
    ///
    /// # Errors
    /// As all of these.
    fn put(&mut self, keys: &[String], value: &str, wait: Wait) -> Result<(), Failure>;

    /// Reads a counter that is a value, writes it one higher, and commits.
    ///
    /// # Errors
    /// As all of these.
    fn count_value(&mut self, wait: Wait) -> Result<i64, Failure>;

    /// The same with a counter that is a row; `None` where there are no rows.
    ///
    /// # Errors
    /// As all of these.
    fn count_row(&mut self, wait: Wait) -> Result<Option<i64>, Failure>;
}

/// How long the values are.
pub const VALUE_BYTES: usize = 100;

/// A value.
#[must_use]
pub fn value(number: u64) -> String {
    format!("{number:0VALUE_BYTES$}")
}

/// The key of an entry.
#[must_use]
pub fn key(number: u64) -> String {
    format!("k{number:08}")
}
