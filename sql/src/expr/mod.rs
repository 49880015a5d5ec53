//! Bound expressions compiled to closures: once for a plan, then run for every row.
//!
//! A file imports only from those listed above it.

pub mod pattern;

mod row;

mod env;

mod scalar;

mod affinity;

mod compile;
mod inside;
mod matching;
mod test;

mod fold;

pub use affinity::{NUMBERS, TEXTS, affinity_of, classes_of, collation_of};
pub use compile::{Compiler, Location, Names};
pub use env::{Env, ErrorSlot, NoSubqueries, Scope, Shared, Subqueries, SubqueryNumber};
pub use fold::{fold, fold_part};
pub use row::{Cells, Row};
pub use scalar::{Constants, Eval, Scalar, Test};
