//! Views: a name for a query.

use std::sync::Arc;

use crate::ast;

/// A view.
#[derive(Debug)]
pub struct View {
    /// Its name.
    pub name: Box<str>,
    /// The names of its columns; empty to take them from the query.
    pub columns: Vec<Box<str>>,
    /// Its rows.
    pub select: Arc<ast::Select>,
    /// The text of its statement.
    pub sql: Arc<str>,
}
