//! Operations on SQL: statements, and cursors by their names.

use duramen::sql::OwnedRow;
use duramen::storage::{SqlCursor, Storage};
use serde_json::{Map, Value as Json, json};

use super::convert::{to_sql, to_text, to_utf8};
use super::js::Js;
use super::show;
use super::stop::Stop;
use super::thrown::Thrown;

/// The cursors of an object by their names.
pub type Cursors = std::collections::HashMap<String, SqlCursor>;

/// `sql.exec(q, ...args)`
///
/// # Errors
/// Those of the conversion of the arguments and of the statement.
pub fn exec(storage: &Storage, op: &Json, now_ms: f64) -> Result<SqlCursor, Stop> {
    let query = match op.get("q") {
        Some(query) => Js::read(query, now_ms)?,
        None => Js::Undefined,
    };
    let query = to_utf8(&to_text(&query)?);
    let arguments = match op.get("args").map(|arguments| Js::read(arguments, now_ms)).transpose()? {
        Some(Js::Array(arguments)) => arguments,
        _ => Vec::new(),
    };
    let parameters: Result<Vec<_>, Thrown> =
        arguments.iter().map(|argument| to_sql(argument.as_ref().unwrap_or(&Js::Undefined))).collect();
    Ok(storage.sql().exec(&query, duramen::sql::params_from_iter(parameters?))?)
}

/// `sql`: a statement and what its mode reads of it.
///
/// # Errors
/// As [`exec`]; those of the rows.
pub fn sql(storage: &Storage, op: &Json, now_ms: f64) -> Result<Json, Stop> {
    let mut cursor = exec(storage, op, now_ms)?;
    let mut result = match op["mode"].as_str().unwrap_or("raw") {
        "raw" => {
            let columns = cursor.column_names().into_iter().map(Json::from).collect::<Vec<Json>>();
            fields(json!({ "columns": columns, "rows": rows(&mut cursor, &raw)? }))
        }
        "toArray" | "iter" => fields(json!({ "rows": rows(&mut cursor, &object)? })),
        "one" => fields(json!({ "row": object(&cursor.one()?) })),
        "next" => fields(json!({ "next": next(&mut cursor, &object)? })),
        "none" => Map::new(),
        mode => return Err(format!("the mode {mode:?}").into()),
    };
    result.extend(counts(&cursor)?);
    Ok(Json::Object(result))
}

/// Whether an operation is one on a cursor with a name.
#[must_use]
pub fn is_cursor_op(name: &str) -> bool {
    matches!(name, "next" | "toArray" | "one" | "columns" | "counts" | "rawopen" | "rawnext")
}

/// `open`: a statement whose cursor gets a name.
///
/// # Errors
/// As [`exec`].
pub fn open(storage: &Storage, cursors: &mut Cursors, op: &Json, now_ms: f64) -> Result<Json, Stop> {
    let cursor = exec(storage, op, now_ms)?;
    let mut result = fields(json!({ "columns": cursor.column_names() }));
    result.extend(counts(&cursor)?);
    cursors.insert(op["name"].as_str().unwrap_or_default().into(), cursor);
    Ok(Json::Object(result))
}

/// An operation on a cursor with a name.
///
/// # Errors
/// Those of the rows; that there is no such cursor.
pub fn cursor_op(cursors: &mut Cursors, op: &Json) -> Result<Json, Stop> {
    let name = op["name"].as_str().unwrap_or_default();
    let Some(cursor) = cursors.get_mut(name) else { return Err(format!("the cursor {name:?}").into()) };
    Ok(match op["op"].as_str().unwrap_or_default() {
        "next" => json!({ "next": next(cursor, &object)? }),
        "rawnext" => json!({ "next": next(cursor, &raw)? }),
        "toArray" => json!({ "rows": rows(cursor, &object)? }),
        "one" => json!({ "row": object(&cursor.one()?) }),
        "columns" => json!({ "columns": cursor.column_names() }),
        "counts" => Json::Object(counts(cursor)?),
        _ => json!({}),
    })
}

fn fields(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn counts(cursor: &SqlCursor) -> Result<Map<String, Json>, Stop> {
    let (read, written) = (cursor.rows_read()?, cursor.rows_written()?);
    Ok(fields(json!({ "rowsRead": show::count(read), "rowsWritten": show::count(written) })))
}

/// How a row is shown.
type Form = dyn Fn(&OwnedRow) -> Json;

fn rows(cursor: &mut SqlCursor, form: &Form) -> Result<Vec<Json>, Stop> {
    Ok(cursor.to_array()?.iter().map(form).collect())
}

fn next(cursor: &mut SqlCursor, form: &Form) -> Result<Json, Stop> {
    Ok(show::next(cursor.next().transpose()?.as_ref().map(form)))
}

fn values(row: &OwnedRow) -> impl Iterator<Item = Json> {
    row.values().iter().map(|value| show::sql_value(value.as_ref()))
}

fn raw(row: &OwnedRow) -> Json {
    Json::Array(values(row).collect())
}

fn object(row: &OwnedRow) -> Json {
    let names = row.column_names().iter().map(|name| (&**name).into());
    show::object(names.zip(values(row)).collect())
}
