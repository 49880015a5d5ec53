//! SQLite itself, and cases run on both.

use duramen_sql::Value;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

use crate::sql_answer::{Answer, Class, Difference, Outcome, difference};
use crate::sql_case::{After, Statement, shrink};
use crate::sql_subject::{Subject, changes_rows};

/// A database of SQLite in memory.
pub struct Oracle(Connection);

impl Oracle {
    /// A new database.
    ///
    /// # Errors
    /// What opening answers.
    pub fn new() -> Result<Oracle, String> {
        let connection = Connection::open_in_memory().map_err(|error| error.to_string())?;
        // This build turns it on by itself.
        connection.execute_batch("PRAGMA foreign_keys = OFF").map_err(|error| error.to_string())?;
        Ok(Oracle(connection))
    }

    /// Runs a statement.
    pub fn run(&mut self, sql: &str) -> Outcome {
        let answer = self.rows(sql).map_err(text_of);
        if answer.is_err() && sql.starts_with("ALTER") {
            // Inside a transaction it would go on as if the table had been altered, until it reads the schema again.
            self.0.execute_batch("PRAGMA writable_schema = RESET").map_err(text_of)?;
        }
        let mut answer = answer?;
        if changes_rows(sql) {
            answer.changes = i64::try_from(self.0.changes()).ok();
        }
        Ok(answer)
    }

    fn rows(&self, sql: &str) -> Result<Answer, Error> {
        let mut statement = self.0.prepare(sql)?;
        let mut found = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let count = row.as_ref().column_count();
            found.push((0..count).map(|at| row.get_ref(at).map(value_of)).collect::<Result<_, _>>()?);
        }
        drop(rows);
        // Only what has run is sure to be prepared for the schema there is. ALTER TABLE shows columns of a query inside of it.
        let columns = match sql.starts_with("ALTER") {
            true => Vec::new(),
            false => statement.column_names().map(String::from).collect(),
        };
        Ok(Answer { columns, rows: found, changes: None })
    }
}

fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(text.into()),
        ValueRef::Blob(blob) => Value::Blob(blob.into()),
    }
}

/// What SQLite said.
fn text_of(error: Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(message)) | Error::SqlInputError { msg: message, .. } => message,
        other => other.to_string(),
    }
}

/// What SQLite says of functions that it was built without.
const NOT_IN_THIS_BUILD: &str = "no such function: ";

/// A statement after which both differ.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which statement.
    pub at: usize,
    /// In what they differ.
    pub difference: Difference,
}

/// Runs statements on both, and gives all differences up to one after which both hold something else.
///
/// # Errors
/// What opening answers.
pub fn run(seed: u64, statements: &[Statement]) -> Result<(usize, Vec<Found>), String> {
    let (mut subject, mut oracle) = (Subject::new(seed)?, Oracle::new()?);
    let mut found = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let sql = statement.sql.to_string();
        let theirs = oracle.run(&sql);
        if theirs.as_ref().is_err_and(|error| error.starts_with(NOT_IN_THIS_BUILD)) {
            continue;
        }
        let ours = subject.run(&sql);
        if let Some(difference) = difference(statement.kind, &ours, &theirs) {
            let over = statement.kind.writes() && difference.class != Class::ErrorText
                || difference.class == Class::Panic;
            found.push(Found { at, difference });
            if over {
                return Ok((at + 1, found));
            }
        }
        if !subject.in_transaction() {
            match statement.after {
                After::Nothing => {}
                After::Checkpoint => subject.checkpoint()?,
                After::Reopen => subject.reopen()?,
            }
        }
    }
    found.extend(subject.damage().map(|difference| Found { at: statements.len() - 1, difference }));
    Ok((statements.len(), found))
}

/// The smallest statements found that show the same.
#[must_use]
pub fn smallest(seed: u64, statements: &[Statement], found: &Found) -> (Vec<Statement>, Difference) {
    let mut last = found.difference.clone();
    let smallest = shrink(&statements[..=found.at], &mut |candidate| {
        let Ok((_, again)) = run(seed, candidate) else { return false };
        let same = again.into_iter().find(|again| {
            again.at + 1 == candidate.len()
                && again.difference.class == found.difference.class
                && again.difference.mark == found.difference.mark
        });
        match same {
            Some(same) => {
                last = same.difference;
                true
            }
            None => false,
        }
    });
    (smallest, last)
}
