//! The names in a database, and the statements that made what they name.

use duramen_sql::{Value, ValueRef};

use crate::failure::{Failure, Outcome};
use crate::world::World;

use super::session::Session;
use super::value_text::{quoted, shown};

/// The first column of each row, as text.
fn texts(session: &mut Session, sql: &str, parameters: &[Value]) -> Result<Vec<String>, Failure> {
    let rows = session.query(sql, parameters)?.rows;
    Ok(rows.iter().filter_map(|row| row.first()).map(text).collect())
}

/// A value that is a name or a statement.
pub(crate) fn text(value: &Value) -> String {
    shown(ValueRef::from(value), "").into_owned()
}

/// What a pattern that was not given means.
fn any(pattern: Option<&str>) -> [Value; 1] {
    [Value::from(pattern.unwrap_or("%"))]
}

/// The tables of what there is: that of the database, and that of temporary objects if there is one.
fn schemas(session: &mut Session) -> Result<Vec<&'static str>, Failure> {
    let temporary = "SELECT 1 FROM pragma_table_list WHERE name = 'sqlite_temp_schema'";
    Ok(match session.query(temporary, &[])?.rows.is_empty() {
        true => vec!["sqlite_schema"],
        false => vec!["sqlite_schema", "sqlite_temp_schema"],
    })
}

/// The tables and views whose names are `LIKE` the pattern.
pub(crate) fn tables(session: &mut Session, pattern: Option<&str>) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for schema in schemas(session)? {
        let sql = format!(
            "SELECT name FROM {schema} WHERE type IN ('table', 'view') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name LIKE ?1"
        );
        found.extend(texts(session, &sql, &any(pattern))?);
    }
    found.sort();
    Ok(found)
}

/// The indexes of the tables whose names are `LIKE` the pattern.
pub(crate) fn indexes(session: &mut Session, pattern: Option<&str>) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for schema in schemas(session)? {
        let sql = format!("SELECT name FROM {schema} WHERE type = 'index' AND tbl_name LIKE ?1");
        found.extend(texts(session, &sql, &any(pattern))?);
    }
    found.sort();
    Ok(found)
}

/// The statements that made what is, or belongs to, something whose name is `LIKE` the pattern.
pub(crate) fn schema(session: &mut Session, pattern: Option<&str>) -> Result<Vec<String>, Failure> {
    let mut statements = Vec::new();
    for schema in schemas(session)? {
        let sql = format!(
            "SELECT sql FROM {schema} WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND (name LIKE ?1 OR tbl_name LIKE ?1) ORDER BY rowid"
        );
        statements.extend(texts(session, &sql, &any(pattern))?);
    }
    Ok(statements)
}

/// The columns of a table or view; empty if there is none of that name.
pub(crate) fn columns(session: &mut Session, table: &str) -> Result<Vec<String>, Failure> {
    let rows = session.query(&format!("PRAGMA table_info({})", quoted(table, '"')), &[])?.rows;
    Ok(rows.iter().filter_map(|row| row.get(1)).map(text).collect())
}

/// Writes names: side by side on a terminal, else a line each.
pub(crate) fn write(session: &mut Session, names: &[String], world: &mut World<'_>) -> Outcome {
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) + 2;
    let a_line = session.place(world).width.map_or(1, |width| (usize::from(width) / widest).max(1));
    let rows = names.len().div_ceil(a_line);
    session.write(world, |out| {
        for row in 0..rows {
            let mut line = String::new();
            for name in names.iter().skip(row).step_by(rows.max(1)) {
                line.push_str(&format!("{name:widest$}"));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    })
}
