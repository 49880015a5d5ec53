//! Duramen's own side.

use std::path::Path;

use duramen_engine::{Database, Options};
use duramen_sql::{Connection, Value};

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
        self.connection.run("ANALYZE", &[])?;
        Ok(())
    }

    fn with_session(
        &mut self,
        statements: &[&str],
        work: &mut dyn FnMut(&mut dyn Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for statement in statements.iter().filter(|statement| statement.starts_with("CREATE")) {
            self.connection.run(statement, &[])?;
        }
        work(&mut Prepared { connection: &mut self.connection, statements })
    }
}

struct Prepared<'c> {
    connection: &'c mut Connection,
    statements: &'c [&'c str],
}

fn run(connection: &mut Connection, sql: &str, params: &[Param<'_>], look: Look) -> Result<Digest, Failure> {
    let values: Vec<Value> = params
        .iter()
        .map(|param| match param {
            Param::Int(int) => Value::Integer(*int),
            Param::Real(real) => Value::Real(*real),
            Param::Text(text) => Value::from(*text),
        })
        .collect();
    let result = connection.run(sql, &values)?;
    let mut digest = Digest::default();
    for row in &result.rows {
        for value in row {
            digest.cell(
                look,
                match value {
                    Value::Null => Cell::Null,
                    Value::Integer(int) => Cell::Int(*int),
                    Value::Real(real) => Cell::Real(*real),
                    Value::Text(bytes) | Value::Blob(bytes) => Cell::Bytes(bytes),
                },
            );
        }
        digest.end_row();
    }
    Ok(digest)
}

impl Session for Prepared<'_> {
    fn run(&mut self, statement: usize, params: &[Param<'_>], look: Look) -> Result<Digest, Failure> {
        run(self.connection, self.statements[statement], params, look)
    }

    fn run_fresh(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Digest, Failure> {
        run(self.connection, sql, params, Look::Read)
    }
}
