//! Tests of the SQL layer from outside.

mod answers;
mod authorizer;
mod consequences;
mod constraints;
mod crashes;
mod depth;
mod interrupts;
mod parse_corpora;
mod plans;
mod pragmas;
mod same_answers;
mod spill;
mod work;
