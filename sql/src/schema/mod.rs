//! What exists in a database: tables, indexes, views and triggers, made from the text that `sqlite_schema` keeps.
//!
//! Nothing here touches the engine; who reads the stored texts hands them in. A file imports only from those listed
//! above it.

mod index;

mod table;

mod trigger;
mod view;

mod objects;

mod pragma;

mod build;

pub use build::{Builder, constant, refuse_nulls};
pub use index::{Index, IndexColumn, IndexOrigin, IndexPart};
pub use objects::{Schema, SchemaId, Store};
pub use pragma::{SETTINGS, is_pragma_table, pragma_columns, pragma_names, pragma_value};
pub use table::{Check, Column, ForeignKey, Generated, Table, TableKey, TableKind};
pub use trigger::Trigger;
pub use view::View;
