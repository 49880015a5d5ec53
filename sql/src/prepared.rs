//! [`Prepared`]: a statement that is ready to run, and [`Plans`]: those that a connection remembers by their text.
//!
//! Invariants:
//! 1. A plan is run only in the schemas it was made for, with the functions, collations and settings it was
//!    made with.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::{Parameters, Statement};
use crate::plan::{DeletePlan, InsertPlan, ReturningPlan, SelectPlan, UpdatePlan};
use crate::store::Identity;

/// The identities of the schemas of both stores.
pub(crate) type Identities = (Identity, Identity);

/// A statement that is ready to run.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// The schemas it was made for.
    pub(crate) schema: Identities,
    /// The state of the connection's functions, collations and settings it was made for.
    pub(crate) definitions: u64,
    pub(crate) parameters: Parameters,
    /// The names of the columns of its rows; none for a statement without rows.
    pub(crate) columns: Arc<[Box<str>]>,
}

/// The plan of a statement.
pub(crate) enum Plan {
    Select(SelectPlan),
    Insert(Box<InsertPlan>),
    Update(Box<UpdatePlan>),
    Delete(Box<DeletePlan>),
    /// Anything that is done anew each time.
    Other(Box<Statement>),
}

impl Plan {
    /// What comes back of the rows that it writes.
    pub(crate) fn returning(&self) -> Option<&ReturningPlan> {
        let returning = match self {
            Plan::Insert(plan) => &plan.returning,
            Plan::Update(plan) => &plan.returning,
            Plan::Delete(plan) => &plan.returning,
            Plan::Select(_) | Plan::Other(_) => return None,
        };
        (!returning.values.is_empty()).then_some(returning)
    }

    /// Whether it changes no rows and no schema by itself.
    pub(crate) fn is_readonly(&self) -> bool {
        match self {
            Plan::Select(_) => true,
            Plan::Insert(_) | Plan::Update(_) | Plan::Delete(_) => false,
            Plan::Other(statement) => matches!(
                **statement,
                Statement::Begin(_)
                    | Statement::Commit
                    | Statement::Rollback
                    | Statement::Savepoint(_)
                    | Statement::Release(_)
                    | Statement::RollbackTo(_)
                    | Statement::Explain { .. }
                    | Statement::Pragma(_)
            ),
        }
    }
}

/// The statements that a connection remembers by their text.
pub(crate) struct Plans {
    by_text: HashMap<Box<str>, Arc<Prepared>, foldhash::fast::RandomState>,
    most: usize,
}

/// How many statements are remembered unless the connection is told otherwise.
const MOST_PLANS: usize = 512;

impl Plans {
    pub(crate) fn new() -> Plans {
        Plans { by_text: HashMap::default(), most: MOST_PLANS }
    }

    pub(crate) fn get(&self, sql: &str) -> Option<&Arc<Prepared>> {
        self.by_text.get(sql)
    }

    pub(crate) fn insert(&mut self, sql: &str, prepared: Arc<Prepared>) {
        if self.by_text.len() >= self.most {
            self.by_text.clear();
        }
        if self.most > 0 {
            self.by_text.insert(sql.into(), prepared);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.by_text.clear();
    }

    /// From `most` statements on they are forgotten.
    pub(crate) fn set_capacity(&mut self, most: usize) {
        self.most = most;
        if self.by_text.len() > most {
            self.by_text.clear();
        }
    }
}
