//! Statements whose names are resolved: what the binder makes of a syntax tree and the planner turns into a plan.
//!
//! A *slot* is a place for a row: every table in `FROM`, and every row that a step makes (a group, a sorted row, the
//! row of a subquery), has one of its own. Slots are numbered through the whole statement, so an expression names a
//! column of a row anywhere by its slot and place, whatever query it stands in.

mod query;
mod walk;

mod size;

mod write;

pub use query::*;
pub use size::Size;
pub use walk::*;
pub use write::*;
