//! [`Sql`]: the statements of an object.
//!
//! A text may hold several of them. Each is prepared after those before it were run; all but the last are run for one
//! step. What was done before one that fails stays: it is a part of the session's transaction, which goes on.

use std::sync::Arc;

use duramen_sql::{CachedStatement, Params};

use crate::storage::cursor::SqlCursor;
use crate::storage::error::{Error, Interface, Result};
use crate::storage::session::{Session, Shared};

/// The statements of an object.
#[derive(Clone, Copy, Debug)]
pub struct Sql<'s> {
    shared: &'s Arc<Shared>,
}

impl<'s> Sql<'s> {
    pub(crate) fn new(shared: &'s Arc<Shared>) -> Sql<'s> {
        Sql { shared }
    }

    /// Runs the statements of a text; the rows of the last one are read from the cursor. The parameters are those of the
    /// last statement, as many as it has.
    ///
    /// What the statements write is done when this returns, and is part of the session's transaction. What a query finds
    /// is looked for as the cursor is read; its first row is looked for at once.
    ///
    /// ```
    /// use duramen::storage::{Storage, StorageOptions};
    ///
    /// let storage = Storage::in_memory(StorageOptions::default())?;
    /// let sql = storage.sql();
    /// sql.exec("CREATE TABLE visit (page TEXT, at INTEGER); INSERT INTO visit VALUES (?1, ?2)", ("/about", 20_412))?;
    /// for visit in sql.exec("SELECT page, at FROM visit WHERE at > ?1", [20_000])? {
    ///     let visit = visit?;
    ///     let (page, at): (String, i64) = (visit.get("page")?, visit.get("at")?);
    ///     assert_eq!((page.as_str(), at), ("/about", 20_412));
    /// }
    /// # Ok::<(), duramen::storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the first statement that fails, up to its first row; [`Error::WrongParameterCount`],
    /// [`Error::ParametersBeforeLast`], [`Error::NoStatement`]; the one that ended the session.
    pub fn exec(&self, text: &str, params: impl Params) -> Result<SqlCursor> {
        let mut session = self.shared.lock()?;
        session.check_backend(Interface::Sql)?;
        let (mut statement, mut rest) = next_statement(&mut session, text)?;
        while !rest.trim_start_matches(BLANKS).is_empty() {
            if statement.parameter_count() > 0 {
                return Err(Error::ParametersBeforeLast);
            }
            SqlCursor::start(self.shared, &mut session, statement, ())?;
            (statement, rest) = next_statement(&mut session, rest)?;
        }
        SqlCursor::start(self.shared, &mut session, statement, params)
    }

    /// How much room the object takes, in bytes: whole pages of 4,096 bytes, and not 0 even for an empty one.
    ///
    /// # Errors
    /// Those of the engine; the one that ended the session.
    pub fn database_size(&self) -> Result<u64> {
        const PAGE_BYTES: u64 = 4096;
        let session = self.shared.lock()?;
        session.check_backend(Interface::Sql)?;
        let info = session.database().info()?;
        let bytes = info.page_bytes.saturating_add(info.log_bytes).saturating_add(info.dirty_bytes);
        Ok(bytes.div_ceil(PAGE_BYTES).max(1).saturating_mul(PAGE_BYTES))
    }
}

/// What may follow the last semicolon.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\u{b}', '\u{c}'];

/// The first statement of a text, and the text behind it.
fn next_statement<'t>(session: &mut Session, text: &'t str) -> Result<(CachedStatement, &'t str)> {
    if begins_empty(text) {
        return Err(Error::NoStatement);
    }
    let prepared = session.connection().prepare_next(text).map_err(|error| session.failed(error))?;
    prepared.ok_or(Error::NoStatement)
}

/// Whether the first statement of a text is nothing but blanks and comments.
fn begins_empty(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(BLANKS);
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return rest.is_empty() || rest.starts_with(';');
        };
    }
}

#[cfg(test)]
mod tests;
