//! `.dump`: a database as SQL that makes the same again, here or in SQLite.
//!
//! Tables come first, each with its rows, in the order in which they were made; then what hangs on them. So loading
//! builds each index from all rows at once, and no trigger fires.

use duramen_sql::{Error, Value, ValueRef};

use crate::failure::{Code, Failure, Outcome};
use crate::world::World;

use super::names::text;
use super::report;
use super::session::Session;
use super::value_text::{literal, quoted};

/// What to dump.
#[derive(Debug, Default)]
pub(crate) struct What {
    /// Patterns of `LIKE` for names; everything without any.
    pub(crate) patterns: Vec<String>,
    /// Whether rows keep their rowids where no column holds them.
    pub(crate) rowids: bool,
}

/// Writes the dump.
pub(crate) fn dump(session: &mut Session, what: &What, world: &mut World<'_>) -> Outcome {
    session.text("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", world)?;
    let (mut found, mut has_sequences) = (0, false);
    let schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY type <> 'table', rowid";
    for row in session.query(schema, &[])?.rows {
        let [kind, name, sql] = &row[..] else { continue };
        let (kind, name) = (text(kind), text(name));
        if !what.patterns.is_empty() && !is_wanted(session, &what.patterns, &name)? {
            continue;
        }
        found += 1;
        match (&*kind, &*name) {
            ("table", "sqlite_sequence") => has_sequences = true,
            // What the engine makes by itself: indexes of constraints, statistics.
            (_, internal) if internal.starts_with("sqlite_") => {}
            ("table", _) => {
                session.line(format_args!("{};", text(sql)), world)?;
                rows(session, &name, what.rowids, world)?;
            }
            _ => session.line(format_args!("{};", text(sql)), world)?,
        }
    }
    if has_sequences {
        sequences(session, world)?;
    }
    session.text("COMMIT;\n", world)?;
    if found == 0 && !what.patterns.is_empty() {
        let failure = Failure::new(Code::Refused, format!("nothing is named {}", what.patterns.join(" or ")));
        return Err(failure.help("`.tables` lists the tables and views").into());
    }
    Ok(())
}

fn is_wanted(session: &mut Session, patterns: &[String], name: &str) -> Result<bool, Failure> {
    for pattern in patterns {
        let parameters = [Value::from(name), Value::from(&**pattern)];
        let rows = session.query("SELECT ?1 LIKE ?2", &parameters)?.rows;
        if rows.first().and_then(|row| row.first()) == Some(&Value::Integer(1)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The last rowids of tables with `AUTOINCREMENT`, in place of those that loading gave.
fn sequences(session: &mut Session, world: &mut World<'_>) -> Outcome {
    session.text("DELETE FROM sqlite_sequence;\n", world)?;
    let found = session.query("SELECT name, seq FROM sqlite_sequence ORDER BY rowid", &[])?;
    for row in &found.rows {
        let row: Vec<_> = row.iter().map(Value::as_ref).collect();
        inserted(session, "INSERT INTO sqlite_sequence VALUES", &row, world)?;
    }
    Ok(())
}

/// The rows of a table as `INSERT`s.
fn rows(session: &mut Session, table: &str, with_rowids: bool, world: &mut World<'_>) -> Outcome {
    let columns = Columns::of(session, table)?;
    let table = quoted(table, '"');
    let mut names: Vec<String> = columns.stored.iter().map(|name| quoted(name, '"')).collect();
    let mut named = columns.has_others;
    if let Some(rowid) = columns.rowid.filter(|_| with_rowids) {
        names.insert(0, rowid.into());
        named = true;
    }
    let list = names.join(",");
    let start = match named {
        true => format!("INSERT INTO {table}({list}) VALUES"),
        false => format!("INSERT INTO {table} VALUES"),
    };
    let mut select = session.prepare(&format!("SELECT {list} FROM {table}"))?;
    let path = session.path().to_owned();
    let failed = |error: Error| report::plain(&path, &error);
    let mut rows = select.query(()).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let values: Result<Vec<_>, _> = (0..names.len()).map(|place| row.get_ref(place)).collect();
        inserted(session, &start, &values.map_err(failed)?, world)?;
    }
    Ok(())
}

fn inserted(session: &mut Session, start: &str, row: &[ValueRef<'_>], world: &mut World<'_>) -> Outcome {
    let literals: Vec<String> = row.iter().map(|value| literal(*value)).collect();
    session.line(format_args!("{start}({});", literals.join(",")), world)
}

/// The columns of a table.
struct Columns {
    /// Those whose values are stored as given.
    stored: Vec<String>,
    /// Whether there are others: generated ones.
    has_others: bool,
    /// A name of the rowid that is no column's, if the table has rowids and no column that holds them.
    rowid: Option<&'static str>,
}

impl Columns {
    fn of(session: &mut Session, table: &str) -> Result<Columns, Failure> {
        let rows = session.query(&format!("PRAGMA table_xinfo({})", quoted(table, '"')), &[])?.rows;
        let is_zero = |value: Option<&Value>| value == Some(&Value::Integer(0));
        let name = |row: &Vec<Value>| row.get(1).map(text).unwrap_or_default();
        let stored: Vec<String> = rows.iter().filter(|row| is_zero(row.get(6))).map(name).collect();
        let keys: Vec<&Vec<Value>> = rows.iter().filter(|row| !is_zero(row.get(5))).collect();
        let holds_rowid =
            |row: &&Vec<Value>| row.get(2).is_some_and(|kind| text(kind).eq_ignore_ascii_case("INTEGER"));
        let alias = matches!(&keys[..], [only] if holds_rowid(only));
        let is_free = |rowid: &&str| !rows.iter().any(|row| name(row).eq_ignore_ascii_case(rowid));
        let list = session.query(&format!("PRAGMA table_list({})", quoted(table, '"')), &[])?.rows;
        let has_rowid = list.first().is_some_and(|row| is_zero(row.get(4)));
        let rowid = ["rowid", "_rowid_", "oid"].into_iter().find(is_free).filter(|_| has_rowid && !alias);
        Ok(Columns { has_others: stored.len() < rows.len(), stored, rowid })
    }
}
