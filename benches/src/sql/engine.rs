//! What a workload needs of an SQL engine, and the digest by which results of different engines are compared.

use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

/// What went wrong, in words.
pub type Failure = Box<dyn std::error::Error>;

/// A bound parameter.
#[derive(Clone, Copy, Debug)]
pub enum Param<'p> {
    /// An integer.
    Int(i64),
    /// A real.
    Real(f64),
    /// Text.
    Text(&'p str),
}

/// How closely results are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every value is read, as a program would: what is measured.
    Read,
    /// Every value is hashed, so that results can be compared.
    Compare,
}

/// A value of a result.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'c> {
    /// NULL.
    Null,
    /// An integer.
    Int(i64),
    /// A real.
    Real(f64),
    /// Text or a blob.
    Bytes(&'c [u8]),
}

/// What rows amounted to. Rows may come in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many rows there were.
    pub rows: u64,
    sum: u64,
    row: u64,
}

const SEED: u64 = 0x5eed;

impl Digest {
    /// Takes a value in.
    #[inline]
    pub fn cell(&mut self, look: Look, cell: Cell<'_>) {
        let word = match (look, cell) {
            (_, Cell::Null) => 7,
            (Look::Read, Cell::Int(int)) => int.cast_unsigned(),
            (Look::Read, Cell::Real(real)) => real.to_bits(),
            (Look::Read, Cell::Bytes(bytes)) => u64::try_from(bytes.len()).unwrap_or(0),
            (Look::Compare, cell) => comparable(cell),
        };
        self.row = self.row.rotate_left(5).wrapping_add(word);
    }

    /// Ends a row.
    #[inline]
    pub fn end_row(&mut self) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(self.row.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.row = 0;
    }

    /// Takes another result in.
    pub fn add(&mut self, other: Digest) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_mul(31).wrapping_add(other.sum);
    }
}

/// Sums of reals depend on the order of the rows in their last digits, so these do not count.
fn comparable(cell: Cell<'_>) -> u64 {
    let mut hasher = FoldHasher::with_seed(SEED, SharedSeed::global_fixed());
    match cell {
        Cell::Null => hasher.write_u8(0),
        Cell::Int(int) => hasher.write_i64(int),
        Cell::Real(real) => hasher.write(format!("{real:.9e}").as_bytes()),
        Cell::Bytes(bytes) => hasher.write(bytes),
    }
    hasher.finish()
}

/// Statements that are prepared on an engine and can be run.
pub trait Session {
    /// Runs a statement by its number and reads all of its rows.
    ///
    /// # Errors
    /// What the engine answers.
    fn run(&mut self, statement: usize, params: &[Param<'_>], look: Look) -> Result<Digest, Failure>;

    /// Runs a text that the engine has not seen.
    ///
    /// # Errors
    /// What the engine answers.
    fn run_fresh(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Digest, Failure>;
}

/// An engine with the data of the workloads in it.
pub trait Engine {
    /// Its name and version.
    fn name(&self) -> String;

    /// Collects statistics, once the data is there.
    ///
    /// # Errors
    /// What the engine answers.
    fn settle(&mut self) -> Result<(), Failure>;

    /// Prepares statements and hands them to `work`.
    ///
    /// # Errors
    /// What the engine or `work` answers.
    fn with_session(
        &mut self,
        statements: &[&str],
        work: &mut dyn FnMut(&mut dyn Session) -> Result<(), Failure>,
    ) -> Result<(), Failure>;
}
