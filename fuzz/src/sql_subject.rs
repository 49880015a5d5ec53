//! [`Subject`]: a database of this project that generated statements run on, with small pages, checkpoints and restarts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_engine::{Database, Options};
use duramen_sql::{Connection, Value};

use crate::duramen::{DIR, options_for};
use crate::sql_answer::{Answer, Class, Difference, Outcome, PANIC, show_value};

/// A database and a connection to it.
pub struct Subject {
    io: Io,
    options: Options,
    open: Option<(Database, Connection)>,
}

impl Subject {
    /// A new database. The seed chooses its options.
    ///
    /// # Errors
    /// What opening answers.
    pub fn new(seed: u64) -> Result<Subject, String> {
        // Most cases get options for use, since tiny pages take their time.
        let options = if seed.is_multiple_of(4) {
            Options { memory_budget_bytes: 16 << 20, ..options_for(seed / 4) }
        } else {
            Options { background: duramen_engine::Background::Inline, ..Options::default() }
        };
        let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
        let mut subject = Subject { io, options, open: None };
        subject.reopen()?;
        Ok(subject)
    }

    /// Closes the database and opens it again.
    ///
    /// # Errors
    /// What closing and opening answer.
    pub fn reopen(&mut self) -> Result<(), String> {
        if let Some((database, connection)) = self.open.take() {
            drop(connection);
            database.close().map_err(|error| error.to_string())?;
        }
        let database = Database::open_with(self.io.clone(), DIR, self.options.clone())
            .map_err(|error| error.to_string())?;
        let connection = Connection::new(database.clone());
        self.open = Some((database, connection));
        Ok(())
    }

    /// Writes a checkpoint.
    ///
    /// # Errors
    /// What it answers.
    pub fn checkpoint(&mut self) -> Result<(), String> {
        match &self.open {
            Some((database, _)) => database.checkpoint().map(drop).map_err(|error| error.to_string()),
            None => Err("not open".into()),
        }
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.open.as_ref().is_some_and(|(_, connection)| connection.in_transaction())
    }

    /// What is wrong with what is stored, if anything is.
    pub fn damage(&mut self) -> Option<Difference> {
        let answer = self.run("PRAGMA integrity_check");
        let text = match &answer {
            Ok(Answer { rows, .. }) if *rows == [[Value::from("ok")]] => return None,
            Ok(answer) => answer.rows.iter().flatten().map(show_value).collect::<Vec<_>>().join("\n"),
            Err(error) => error.clone(),
        };
        Some(Difference { class: Class::Damage, text, mark: String::new() })
    }

    /// Runs a statement. A panic is an error that starts with [`PANIC`].
    pub fn run(&mut self, sql: &str) -> Outcome {
        let Some((_, connection)) = &mut self.open else { return Err("not open".into()) };
        let ran = catch_unwind(AssertUnwindSafe(|| connection.run(sql, &[])));
        let result = ran.map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            format!("{PANIC}{text}")
        })?;
        let result = result.map_err(|error| error.to_string())?;
        Ok(Answer {
            columns: result.columns.iter().map(|name| name.to_string()).collect(),
            rows: result.rows,
            changes: changes_rows(sql).then(|| connection.changes()),
        })
    }
}

/// Whether a statement is of those that count what they change.
#[must_use]
pub fn changes_rows(sql: &str) -> bool {
    ["INSERT", "REPLACE", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb))
}
