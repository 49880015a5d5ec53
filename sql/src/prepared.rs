//! [`Prepared`]: a statement that is ready to run, and [`Plans`]: those that a connection remembers by their text.
//!
//! Invariants:
//! 1. A plan is run only in the schemas it was made for, with the functions, collations and settings it was
//!    made with.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::{Parameters, Statement};
use crate::exec::{Finder, Lookup, Stream};
use crate::plan::{DeletePlan, InsertPlan, ReturningPlan, SelectPlan, UpdatePlan};
use crate::store::Identity;
use crate::value::Value;

/// The identities of the schemas of both stores.
pub(crate) type Identities = (Identity, Identity);

/// A statement that is ready to run.
pub(crate) struct Prepared {
    pub(crate) sql: Box<str>,
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
    /// Nothing: the program's authorizer wants the statement ignored.
    Nothing,
}

impl Plan {
    /// What comes back of the rows that it writes.
    pub(crate) fn returning(&self) -> Option<&ReturningPlan> {
        let returning = match self {
            Plan::Insert(plan) => &plan.returning,
            Plan::Update(plan) => &plan.returning,
            Plan::Delete(plan) => &plan.returning,
            Plan::Select(_) | Plan::Other(_) | Plan::Nothing => return None,
        };
        (!returning.values.is_empty()).then_some(returning)
    }

    /// What the number of rows that it writes is called where that is given back: `PRAGMA count_changes`.
    pub(crate) fn count_column(&self) -> Vec<Box<str>> {
        let name = match self {
            Plan::Insert(_) => "rows inserted",
            Plan::Update(_) => "rows updated",
            Plan::Delete(_) => "rows deleted",
            Plan::Select(_) | Plan::Other(_) | Plan::Nothing => return Vec::new(),
        };
        vec![name.into()]
    }

    /// Whether it is done anew each time, and not remembered.
    pub(crate) fn is_command(&self) -> bool {
        matches!(self, Plan::Other(_) | Plan::Nothing)
    }

    /// Whether it changes no rows and no schema by itself.
    pub(crate) fn is_readonly(&self) -> bool {
        match self {
            Plan::Select(_) | Plan::Nothing => true,
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

/// What a statement has for running that is used again the next time.
#[derive(Default)]
pub(crate) struct Means {
    pub(crate) parameters: Vec<Value>,
    /// The direct way, if the statement goes it.
    pub(crate) lookup: Option<Lookup>,
    /// The operators of a query.
    pub(crate) stream: Option<Stream>,
    /// Those that find what a statement writes.
    pub(crate) finder: Finder,
}

impl Means {
    pub(crate) fn of(plan: &Plan) -> Means {
        let lookup = if let Plan::Select(plan) = plan { Lookup::of(plan) } else { None };
        Means { parameters: Vec::new(), lookup, stream: None, finder: Finder::default() }
    }
}

/// A statement that is ready, and what one of its text left for running.
pub(crate) type Ready = (Arc<Prepared>, Option<Box<Means>>);

/// The statements that a connection remembers by their text.
pub(crate) struct Plans {
    by_text: HashMap<Box<str>, Remembered, foldhash::fast::RandomState>,
    most: usize,
}

/// A statement that is remembered.
pub(crate) struct Remembered {
    pub(crate) prepared: Arc<Prepared>,
    /// Left by one that ran before.
    pub(crate) means: Option<Box<Means>>,
}

/// How many statements are remembered unless the connection is told otherwise.
const MOST_PLANS: usize = 512;

impl Plans {
    pub(crate) fn new() -> Plans {
        Plans { by_text: HashMap::default(), most: MOST_PLANS }
    }

    pub(crate) fn get(&mut self, sql: &str) -> Option<&mut Remembered> {
        self.by_text.get_mut(sql)
    }

    pub(crate) fn insert(&mut self, prepared: &Arc<Prepared>) {
        if self.by_text.len() >= self.most {
            self.by_text.clear();
        }
        if self.most > 0 {
            let remembered = Remembered { prepared: prepared.clone(), means: None };
            self.by_text.insert(prepared.sql.clone(), remembered);
        }
    }

    /// Keeps what a statement had for running, for the next one of the same text.
    pub(crate) fn give_back(&mut self, prepared: &Arc<Prepared>, means: Box<Means>) {
        if let Some(remembered) = self.by_text.get_mut(&*prepared.sql)
            && Arc::ptr_eq(&remembered.prepared, prepared)
        {
            remembered.means = Some(means);
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
