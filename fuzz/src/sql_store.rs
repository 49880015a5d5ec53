//! [`SqlStore`]: a connection to a database on a simulated file system, all that it holds, and whether that agrees with itself.

use duramen_engine::io::sim::SimFs;
use duramen_engine::{Database, Options};
use duramen_sql::{Connection, Error, Value};

use crate::compare::{Checked, Divergence, same};
use crate::duramen::{Duramen, failure, version_of};
use crate::engine::{Failure, FailureKind, Outcome, Version};
use crate::faults::After;
use crate::sql_history::CONNECTION;

/// What a database holds: the rows of each table by its name, the schema's among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    tables: Vec<(String, Vec<Vec<Value>>)>,
}

impl State {
    /// The names of the tables.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|(name, _)| &**name).filter(|name| *name != SCHEMA)
    }
}

const SCHEMA: &str = "sqlite_schema";

/// A connection that enforces foreign keys.
///
/// # Errors
/// Those of the connection.
pub fn connect(db: &Database) -> Outcome<Connection> {
    let connection = Connection::new(db.clone());
    connection.execute_batch(CONNECTION).map_err(sql_failure)?;
    Ok(connection)
}

/// What an error of SQL means.
#[must_use]
pub fn sql_failure(error: Error) -> Failure {
    match error {
        Error::Engine(error) => failure(error),
        Error::Malformed => Failure { kind: FailureKind::Corrupt, text: error.to_string() },
        error => Failure { kind: FailureKind::Refused, text: error.to_string() },
    }
}

/// Everything that statements of a connection see.
///
/// # Errors
/// Those of reading.
pub fn state_of(connection: &Connection) -> Outcome<State> {
    let rows = |sql: &str| Ok(connection.run(sql, &[]).map_err(sql_failure)?.rows);
    let schema: Vec<Vec<Value>> =
        rows("SELECT type, name, tbl_name, sql, sql LIKE '%WITHOUT ROWID%' FROM sqlite_schema")?;
    let mut state = State::default();
    for object in &schema {
        if let [Value::Text(kind), Value::Text(name), _, _, keyed] = &object[..]
            && **kind == *b"table"
        {
            let name = String::from_utf8_lossy(name).into_owned();
            let columns = if *keyed == Value::Integer(1) { "*" } else { "rowid, *" };
            let rows = rows(&format!("SELECT {columns} FROM \"{name}\""))?;
            state.tables.push((name, rows));
        }
    }
    state.tables.push((SCHEMA.into(), schema));
    state.tables.push(("user_version".into(), rows("PRAGMA user_version")?));
    Ok(state)
}

/// Whether tables keep their rules, indexes agree with them, rows have their parents, and all is as it must be.
///
/// # Errors
/// The first difference.
pub fn check_connection(connection: &Connection, expected: &State) -> Checked {
    let rows = |sql: &str| Ok::<_, Divergence>(connection.run(sql, &[]).map_err(sql_failure)?.rows);
    same("integrity_check", &rows("PRAGMA integrity_check")?, &vec![vec![Value::from("ok")]])?;
    same("foreign_key_check", &rows("PRAGMA foreign_key_check")?, &Vec::new())?;
    let found = state_of(connection)?;
    for (found, expected) in found.tables.iter().zip(&expected.tables) {
        same("table", &found.0, &expected.0)?;
        same(format_args!("rows of {}", found.0), &found.1, &expected.1)?;
    }
    same("how many tables", &found.tables.len(), &expected.tables.len())
}

/// Changes something in every table, and makes a new one.
///
/// # Errors
/// Where that does not work.
pub fn write_everywhere(connection: &Connection, state: &State) -> Outcome<()> {
    let run = |sql: &str| connection.execute_batch(sql).map_err(sql_failure);
    run("CREATE TABLE afterwards(x PRIMARY KEY, y UNIQUE)")?;
    run("INSERT INTO afterwards VALUES (1, 'a'), (2, 'b')")?;
    for table in state.tables().filter(|table| *table != "user_version") {
        run(&format!("DELETE FROM \"{table}\" LIMIT 2"))?;
    }
    Ok(())
}

/// A connection to a database on a simulated file system.
pub struct SqlStore {
    engine: Duramen,
    connection: Option<Connection>,
}

impl SqlStore {
    /// The database on `fs`, not opened yet. The seed gives its identities.
    #[must_use]
    pub fn closed(fs: SimFs, options: Options, seed: u64) -> SqlStore {
        SqlStore { engine: Duramen::closed(fs, options, seed), connection: None }
    }

    /// Opens or makes the database.
    ///
    /// # Errors
    /// What opening answers.
    pub fn start(&mut self) -> Outcome<()> {
        self.engine.start()?;
        self.connection = self.engine.database().map(connect).transpose()?;
        Ok(())
    }

    /// The file system.
    #[must_use]
    pub fn fs(&self) -> &SimFs {
        self.engine.fs()
    }

    /// The connection.
    ///
    /// # Errors
    /// If the last attempt to open failed.
    pub fn connection(&self) -> Outcome<&Connection> {
        self.connection.as_ref().ok_or_else(|| Failure {
            kind: FailureKind::MustReopen,
            text: "the last attempt to open it failed".into(),
        })
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::in_transaction)
    }

    /// The newest version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.engine.database().map_or(Version(0), |db| version_of(db.last_lsn()))
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// What it answers.
    pub fn run(&self, sql: &str) -> Outcome<u64> {
        Ok(self.connection()?.run(sql, &[]).map_err(sql_failure)?.changes)
    }

    /// Forgets everything in memory without any I/O, and what else is lost then.
    pub fn stop(&mut self, after: After) {
        self.fs().crash_at(0);
        self.connection = None;
        after.stop(&mut self.engine);
    }

    /// Closes it.
    ///
    /// # Errors
    /// What closing answers; it is closed all the same.
    pub fn close(&mut self) -> Outcome<()> {
        self.connection = None;
        self.engine.close()
    }

    /// Notes how many commits were acknowledged.
    pub fn promise(&mut self, promised: u64) {
        self.engine.promise(promised);
    }

    /// The open database.
    #[must_use]
    pub fn database(&self) -> Option<&Database> {
        self.engine.database()
    }
}
