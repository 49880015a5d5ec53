//! One SQL table brought back from the past, in one commit.

use duramen_pitr::{Bookmark, Pitr};
use duramen_sql::{Connection, RestoredTable, TransactionBehavior};

use crate::error::Result;

/// What came of bringing back a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRestore {
    /// The moment before, to which [`Pitr::restore`] undoes this, or this call again for the one table.
    pub undo: Bookmark,
    /// What changed.
    pub table: RestoredTable,
}

/// Makes one table of a database what it was at a moment, as one commit: its rows, indexes, triggers and their definitions,
/// also if they were changed since or the table was dropped. Everything else stays as it is.
///
/// No trigger fires and no foreign key acts or is checked: other tables may refer to rows that are gone again, which
/// `PRAGMA foreign_key_check` lists. A table with `AUTOINCREMENT` does not give a rowid again that it has given since.
///
/// Cost: a view of the moment, and the rows that differ. If the table was dropped since, all of its rows are written.
///
/// ```
/// use duramen::pitr::Pitr;
/// use duramen::sql::Connection;
/// use duramen::{Database, Options, Retention, restore_table};
///
/// let database = Database::in_memory(Options { retention: Retention::All, ..Options::default() })?;
/// let (connection, pitr) = (Connection::new(database.clone()), Pitr::new(database));
/// connection.execute_batch("CREATE TABLE fruit (name TEXT); INSERT INTO fruit VALUES ('fig'), ('plum')")?;
/// let good = pitr.current_bookmark();
/// connection.execute_batch("DROP TABLE fruit; CREATE TABLE tree (name TEXT)")?;
///
/// let restored = restore_table(&connection, &pitr, &good, "fruit")?;
/// assert_eq!(restored.table.rows, 2);
/// assert_eq!(connection.run("SELECT * FROM fruit, tree", &[])?.rows.len(), 0);
/// # Ok::<(), duramen::Error>(())
/// ```
///
/// # Errors
/// If the connection has a transaction open; if there was no such table at the moment, or the name of it or of its indexes and
/// triggers is that of something else by now; those of [`Pitr::as_of`] and of the commit. After each the database is as it
/// was.
pub fn restore_table(
    connection: &Connection,
    pitr: &Pitr,
    bookmark: &Bookmark,
    table: &str,
) -> Result<TableRestore> {
    let past = pitr.as_of(bookmark)?;
    connection.begin(TransactionBehavior::Immediate)?;
    let undo = pitr.current_bookmark();
    let restored =
        connection.restore_table(&past, table).and_then(|table| connection.commit().map(|_| table));
    match restored {
        Ok(table) => Ok(TableRestore { undo, table }),
        Err(error) => {
            if connection.in_transaction() {
                connection.rollback()?;
            }
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests;
