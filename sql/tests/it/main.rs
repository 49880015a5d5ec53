//! Tests of the SQL layer from outside.

mod parse_corpora;
mod plans;
mod spill;
