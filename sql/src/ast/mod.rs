//! The syntax tree of SQL in SQLite's dialect.
//!
//! The tree says what was written and nothing about what it means: names are not resolved, no type is known. It owns
//! all its text, so it outlives the text it was parsed from.
//!
//! 1. The tree is SQLite's: operators group as SQLite groups them, and parentheses are gone once they have done so.
//! 2. A [`Span`] counts bytes from the place where parsing of the statement began (leading blanks and comments
//!    belong to it), so a cached tree does not depend on what stood before it.
//! 3. No expression is higher than [`Limits::expression_depth`](crate::Limits::expression_depth) and no query nested
//!    deeper than [`Limits::select_depth`](crate::Limits::select_depth), so a walk by recursion is safe.
//! 4. `Display` prints a statement with parentheses around every operator; parsing that again gives the same tree, but
//!    for spans, the texts kept from the source and the names of parameters.

mod ddl;
mod name;
mod print;
mod query;
mod statement;
mod write;

pub use ddl::*;
pub use name::*;
pub use query::*;
pub use statement::*;
pub use write::*;
