//! Plans run: operators that move rows, one at a time.
//!
//! A file imports only from those listed above it.

mod pace;
mod place;
mod rowids;

mod ahead;

mod frame;

mod keys;

mod radix;

mod sorter;

mod key_table;

mod chunk;

mod spill;
mod whole;

mod operator;

mod any;
mod each;
mod filter;
mod join;
mod scan;
mod values;

mod sort;

mod aggregate;

mod distinct;

mod rows;

mod compound;
mod recursive;
mod window;

mod open;

mod subquery;

mod query;

mod output;

mod lookup;
mod stream;

mod counters;
mod orphans;
mod sequences;

mod image;

mod entries;

mod write;

mod clash;

mod agenda;
mod fill;
mod foreign;

mod insert;
mod update;

mod program;

mod check;
mod foreign_check;

mod ddl;

mod define_trigger;

mod edit;

mod alter;
mod alter_column;
mod alter_constraint;
mod reindex;

pub use check::{Checker, Depth};
pub use ddl::Definer;
pub use foreign_check::foreign_key_check;
pub use frame::{Ctx, Frame, FunctionTables, PragmaCall};
pub use image::Image;
pub use lookup::{Looked, Lookup};
pub use operator::Operator;
pub use orphans::{Orphans, violation};
pub use pace::{Pace, ProgressHook, Work};
pub use query::{Action, Finder, Given, Running, Watch, run_select};
pub use stream::{Stream, Views};
pub use subquery::{Memory, Runtime};
pub use write::{Undo, Writing};
