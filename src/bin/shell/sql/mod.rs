//! SQL: statements and dot-commands from arguments, scripts and a prompt.
//!
//! 1. Statements are run one at a time, as soon as they are whole.
//! 2. Only the SQL layer's own interface is used: the shell knows no more of a database than any other program.
//!
//! A file imports only from those listed above it.

mod split;
mod words;

mod look;
mod value_text;

mod rows;

mod plan_tree;
mod report;

mod session;

mod names;

mod dump;
mod import_csv;

mod commands;

mod script;

mod complete;
mod prompt;

pub(crate) use look::{Look, Mode, Switch};
pub(crate) use prompt::talk;
pub(crate) use script::{arguments, input};
pub(crate) use session::{Session, Start};
