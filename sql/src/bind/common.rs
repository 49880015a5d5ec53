//! [`CommonTables`]: the tables of a `WITH` while its statement is bound, and what happens to each just now.

use std::sync::Arc;

use crate::ast;
use crate::bound::{RecursionId, ResultColumn};

/// The common tables of one `WITH`.
#[derive(Clone)]
pub(super) struct CommonTables {
    pub(super) tables: Vec<(Arc<ast::CommonTable>, State)>,
    /// How many scopes are around the `WITH`.
    pub(super) depth: usize,
}

/// What happens to a common table just now.
#[derive(Clone)]
pub(super) enum State {
    Idle,
    /// It is being bound, so it cannot be named.
    Busy,
    /// Its recursive part is being bound, which names it.
    Recursing(RecursionId, Vec<ResultColumn>),
}
