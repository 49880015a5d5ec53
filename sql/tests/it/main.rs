//! Tests of the SQL layer from outside.

mod consequences;
mod crashes;
mod parse_corpora;
mod plans;
mod spill;
