//! Window functions.
//!
//! Rows are read once, sorted by partition and order, and given in that order. What a function needs of its frame
//! moves along with the row that is given, so that nothing is computed before it is asked for.

mod partition;

mod bounds;

mod function;

mod rows;

pub(super) use rows::WindowRows;

#[cfg(test)]
mod tests;
