//! Duramen's own side.

use std::path::Path;

use duramen_engine::{Database, Options};
use duramen_sql::{Connection, Statement, ToSql, ToSqlOutput, ValueRef, params_from_iter};

use super::engine::{Cell, Digest, Engine, Failure, Look, Param, Session};

/// A database in a directory.
pub struct Duramen {
    connection: Connection,
}

impl Duramen {
    /// A new one.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn new(dir: &Path) -> Result<Duramen, Failure> {
        Ok(Duramen { connection: Connection::new(Database::open(dir, Options::default())?) })
    }
}

impl Engine for Duramen {
    fn name(&self) -> String {
        format!("duramen {}", env!("CARGO_PKG_VERSION"))
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.connection.execute_batch("ANALYZE")?;
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

impl ToSql for Param<'_> {
    fn to_sql(&self) -> duramen_sql::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Param::Int(int) => ValueRef::Integer(*int),
            Param::Real(real) => ValueRef::Real(*real),
            Param::Text(text) => ValueRef::text(text),
        }))
    }
}

struct Prepared<'c> {
    connection: &'c Connection,
    statements: Vec<Statement>,
}

fn run(statement: &mut Statement, params: &[Param<'_>], look: Look) -> Result<Digest, Failure> {
    let columns = statement.column_count();
    let mut digest = Digest::default();
    let mut rows = statement.query(params_from_iter(params))?;
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
