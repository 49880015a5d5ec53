//! SQLite's side, through rusqlite: WAL, synchronous FULL, a cache of 64 MB, prepared statements.

use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use super::engine::{Cell, Digest, Engine, Failure, Look, Param, Session};

/// A database in a directory.
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// A new one.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn new(dir: &Path) -> Result<Sqlite, Failure> {
        std::fs::create_dir_all(dir)?;
        let connection = Connection::open(dir.join("shop.sqlite"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA cache_size = -65536;
             PRAGMA mmap_size = 1073741824; PRAGMA temp_store = memory;",
        )?;
        Ok(Sqlite { connection })
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Param::Int(int) => ValueRef::Integer(*int),
            Param::Real(real) => ValueRef::Real(*real),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Engine for Sqlite {
    fn name(&self) -> String {
        format!("SQLite {}", rusqlite::version())
    }

    /// Without `sqlite_stat4`, for which statements would be prepared anew whenever a parameter changes.
    fn settle(&mut self) -> Result<(), Failure> {
        self.connection.execute_batch(
            "ANALYZE; DROP TABLE IF EXISTS sqlite_stat4; ANALYZE sqlite_schema;
             PRAGMA wal_checkpoint(truncate);",
        )?;
        Ok(())
    }

    fn with_session(
        &mut self,
        statements: &[&str],
        work: &mut dyn FnMut(&mut dyn Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut prepared = Vec::new();
        for statement in statements {
            if statement.starts_with("CREATE") {
                self.connection.execute_batch(statement)?;
            } else {
                prepared.push(self.connection.prepare(statement)?);
            }
        }
        work(&mut Prepared { connection: &self.connection, statements: prepared })
    }
}

struct Prepared<'c> {
    connection: &'c Connection,
    statements: Vec<Statement<'c>>,
}

fn run(statement: &mut Statement<'_>, params: &[Param<'_>], look: Look) -> Result<Digest, Failure> {
    let columns = statement.column_count();
    for (number, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(number + 1, param)?;
    }
    let mut digest = Digest::default();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            digest.cell(
                look,
                match row.get_ref(column)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(int) => Cell::Int(int),
                    ValueRef::Real(real) => Cell::Real(real),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cell::Bytes(bytes),
                },
            );
        }
        digest.end_row();
    }
    Ok(digest)
}

impl Session for Prepared<'_> {
    fn run(&mut self, statement: usize, params: &[Param<'_>], look: Look) -> Result<Digest, Failure> {
        run(&mut self.statements[statement], params, look)
    }

    fn run_fresh(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Digest, Failure> {
        run(&mut self.connection.prepare(sql)?, params, Look::Read)
    }
}
