//! What statements answer, as text.

use duramen_sql::{Connection, Value};

/// Runs statements; gives the rows of the last one, values joined by `|`, rows by blanks.
pub(crate) fn run(connection: &Connection, sql: &str) -> Result<String, String> {
    let result = connection.run(sql, &[]).map_err(|error| error.to_string())?;
    let text = |value: &Value| match value {
        Value::Null => "NULL".to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        value => value.as_ref().bytes().map_or(String::new(), |b| String::from_utf8_lossy(b).into_owned()),
    };
    let rows = result.rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|"));
    Ok(rows.collect::<Vec<_>>().join(" "))
}

pub(crate) fn connection() -> Connection {
    Connection::open_in_memory().expect("a database in memory can always be opened")
}

/// Runs statements that must work.
pub(crate) fn ok(connection: &Connection, sql: &str) -> String {
    run(connection, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Runs statements that must fail; what was said.
pub(crate) fn refused(connection: &Connection, sql: &str) -> String {
    match run(connection, sql) {
        Err(error) => error,
        Ok(rows) => panic!("{sql}: succeeded with {rows}"),
    }
}
