//! Names resolved: from syntax trees to bound statements, with SQLite's rules and SQLite's words for what is wrong.
//!
//! One [`Binder`] binds one statement. Expressions contain queries and queries expressions, so its methods are spread
//! over the files of this module.

mod common;
mod programs;
mod scope;

mod mentions;

mod authority;

mod binder;

mod permission;

mod command;

mod aggregate;
mod arguments;
mod call;
mod column;
mod compare;
mod expr;
mod from;
mod function;
mod query;
mod select;
mod view;
mod window;
mod with;

mod foreign;
mod trigger;

mod write;

pub use binder::{Binder, Catalog, ColumnNames, Settings};
pub use mentions::Mentions;
