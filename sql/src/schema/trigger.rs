//! Triggers: statements that run when rows are written.

use std::sync::Arc;

use crate::ast;

/// A trigger.
#[derive(Debug)]
pub struct Trigger {
    /// Its name.
    pub name: Box<str>,
    /// The table or view it belongs to.
    pub table: Box<str>,
    /// Where it stands among the others: those made later have larger numbers.
    pub number: i64,
    /// The statement it was made by.
    pub statement: Arc<ast::CreateTrigger>,
}
