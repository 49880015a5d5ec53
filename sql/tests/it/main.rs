//! Tests of the SQL layer from outside.

mod consequences;
mod parse_corpora;
mod plans;
mod spill;
