//! [`Sql`]: the statements of an object.

use std::sync::Arc;

use duramen_sql::Params;

use crate::storage::cursor::SqlCursor;
use crate::storage::error::Result;
use crate::storage::session::Shared;

/// The statements of an object.
#[derive(Clone, Copy, Debug)]
pub struct Sql<'s> {
    shared: &'s Arc<Shared>,
}

impl<'s> Sql<'s> {
    pub(crate) fn new(shared: &'s Arc<Shared>) -> Sql<'s> {
        Sql { shared }
    }

    /// Runs a statement; its rows are read from the cursor.
    ///
    /// # Errors
    /// Those of the statement, and of a session that is over.
    pub fn exec(&self, query: &str, params: impl Params) -> Result<SqlCursor> {
        let mut session = self.shared.lock()?;
        let statement = session.connection().prepare_cached(query)?;
        if !statement.readonly() {
            session.before_write()?;
        }
        let rows = statement.into_rows(params).map_err(|error| session.failed(error))?;
        Ok(SqlCursor::new(self.shared.clone(), rows))
    }
}
