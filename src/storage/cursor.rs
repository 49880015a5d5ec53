//! [`SqlCursor`]: the rows of a statement, read one by one.

use std::sync::Arc;

use duramen_sql::{OwnedRows, Value};

use crate::storage::error::Result;
use crate::storage::session::Shared;

/// The rows of a statement, read one by one. It may outlive the handle that it came from.
#[derive(Debug)]
pub struct SqlCursor {
    shared: Arc<Shared>,
    rows: OwnedRows,
}

impl SqlCursor {
    pub(crate) fn new(shared: Arc<Shared>, rows: OwnedRows) -> SqlCursor {
        SqlCursor { shared, rows }
    }

    /// The rows that are left.
    ///
    /// # Errors
    /// Those of the statement, and of a session that is over.
    pub fn to_array(mut self) -> Result<Vec<Vec<Value>>> {
        let mut session = self.shared.lock()?;
        let mut rows = Vec::new();
        loop {
            match self.rows.next() {
                Ok(Some(row)) => {
                    let values = (0..row.column_count()).map(|place| row.get::<_, Value>(place));
                    rows.push(values.collect::<Result<_, _>>().map_err(|error| session.failed(error))?);
                }
                Ok(None) => return Ok(rows),
                Err(error) => return Err(session.failed(error)),
            }
        }
    }
}
