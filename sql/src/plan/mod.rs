//! From bound statements to plans: which rows are read how, and in which order tables are joined.
//!
//! A file imports only from those listed above it.

mod access;
mod volatile;

pub mod physical;

mod equal;
mod factor;
mod flatten;
mod groups;
mod imply;
mod push;
mod reduce;
mod wanted;

mod planner;

mod path;

mod scan;

mod order;
mod region;

mod join_order;

mod join;

mod select;

mod revisits;
mod write;

mod explain;

pub use explain::{Line, explain_select};
pub use physical::*;
pub use planner::Planner;
pub use write::*;
