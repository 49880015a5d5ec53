//! Pragmas: settings of a connection, and rows that tell about the schema.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ambient::Ambient;
use crate::ast::Statement;
use crate::bind::Settings;
use crate::error::{Error, Result};
use crate::schema::{Index, IndexOrigin, IndexPart, Schema, Store, Table, TableKey, pragma_columns};
use crate::value::Value;

/// Rows that are known whole, and the names of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<Box<str>>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Settings that are taken and kept, and change nothing here yet, with their first values.
const KEPT: &[(&str, i64)] = &[
    ("foreign_keys", 0),
    ("recursive_triggers", 0),
    ("defer_foreign_keys", 0),
    ("ignore_check_constraints", 0),
    ("reverse_unordered_selects", 0),
    ("legacy_alter_table", 0),
    ("count_changes", 0),
    ("full_column_names", 0),
    ("short_column_names", 1),
    ("empty_result_callbacks", 0),
    ("automatic_index", 1),
    ("user_version", 0),
    ("application_id", 0),
    ("writable_schema", 0),
    ("cell_size_check", 0),
    ("secure_delete", 0),
    ("threads", 0),
    ("synchronous", 2),
    ("cache_size", -2000),
    ("auto_vacuum", 0),
    ("temp_store", 0),
    ("query_only", 0),
    ("page_size", 4096),
    ("read_uncommitted", 0),
    ("trusted_schema", 1),
];

/// The names of the columns of what `EXPLAIN QUERY PLAN` tells.
pub(crate) fn explain_columns() -> Vec<Box<str>> {
    ["id", "parent", "notused", "detail"].map(Box::from).to_vec()
}

/// The names of the columns of a statement that is no query and writes no rows.
pub(crate) fn columns_of(statement: &Statement) -> Vec<Box<str>> {
    let pragma = match statement {
        Statement::Pragma(pragma) => pragma,
        Statement::Explain { .. } => return explain_columns(),
        _ => return Vec::new(),
    };
    let name = pragma.name.text.to_ascii_lowercase();
    if let Some(columns) = pragma_columns(&name) {
        return columns.iter().map(|column| Box::from(*column)).collect();
    }
    let is_read = pragma.value.is_none() && KEPT.iter().any(|(known, _)| *known == name);
    if is_read || ["encoding", "journal_mode", "data_version"].contains(&&*name) {
        return vec![name.into()];
    }
    Vec::new()
}

/// The settings of a connection that were changed.
#[derive(Debug, Default)]
pub(crate) struct Pragmas {
    kept: HashMap<String, i64>,
}

impl Pragmas {
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.kept.get(name).is_some_and(|value| *value != 0)
    }

    /// Changes a setting.
    pub(crate) fn set(&mut self, name: &str, value: i64) {
        self.kept.insert(name.to_string(), value);
    }

    /// Forgets what holds for one transaction only.
    pub(crate) fn end_transaction(&mut self) {
        self.kept.remove("defer_foreign_keys");
    }

    /// Whether statements that write rows give their number back.
    pub(crate) fn counts_changes(&self) -> bool {
        self.is_on("count_changes")
    }

    /// What changes the meaning of statements.
    pub(crate) fn write_settings(&self) -> Settings {
        Settings {
            foreign_keys: self.is_on("foreign_keys"),
            recursive_triggers: self.is_on("recursive_triggers"),
            legacy_alter_table: self.is_on("legacy_alter_table"),
            ignore_checks: self.is_on("ignore_check_constraints"),
        }
    }

    /// A pragma that reads or changes a setting. Unknown ones do nothing, as in SQLite.
    pub(crate) fn apply(&mut self, ambient: &mut Ambient, name: &str, value: Option<&str>) -> Result<Answer> {
        let number = value.map(|value| match value.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" => 1,
            "off" | "no" | "false" => 0,
            text => text.parse().unwrap_or(0),
        });
        let one = |name: &str, value: Value| Answer { columns: vec![name.into()], rows: vec![vec![value]] };
        match name {
            "case_sensitive_like" => {
                ambient.case_sensitive_like = number.unwrap_or(0) != 0;
                Ok(Answer::default())
            }
            "encoding" if value.is_none() => Ok(one(name, Value::from("UTF-8"))),
            "journal_mode" => Ok(one(name, Value::from("wal"))),
            "writable_schema" if number.is_some_and(|number| number != 0) => Err(Error::statement(
                "writable_schema cannot be turned on: the schema is written by its statements",
            )),
            "data_version" => Ok(one(name, Value::Integer(1))),
            _ => {
                let Some((_, first)) = KEPT.iter().find(|(known, _)| *known == name) else {
                    return Ok(Answer::default());
                };
                match number {
                    Some(number) => {
                        self.set(name, number);
                        Ok(Answer::default())
                    }
                    None => {
                        let value = self.kept.get(name).copied().unwrap_or(*first);
                        Ok(one(name, Value::Integer(value)))
                    }
                }
            }
        }
    }
}

/// The rows of a pragma that tells about the schema.
///
/// # Errors
/// Where its argument does not fit.
pub(crate) fn pragma_rows(
    main: &Schema,
    temp: &Schema,
    name: &str,
    argument: Option<&str>,
    schema: Option<&str>,
) -> Result<Vec<Vec<Value>>> {
    let stores = [(Store::Temp, temp), (Store::Main, main)];
    let looked_in = || {
        stores
            .iter()
            .filter(|(store, _)| schema.is_none_or(|schema| schema.eq_ignore_ascii_case(store.name())))
    };
    let table = argument.and_then(|name| looked_in().find_map(|(_, schema)| schema.table(name)));
    let text = |text: &str| Value::from(text);
    let number = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let flag = |flag: bool| Value::Integer(i64::from(flag));
    Ok(match name {
        "table_info" | "table_xinfo" => {
            let Some(table) = table else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            let mut shown = 0;
            for column in &table.columns {
                let hidden = match &column.generated {
                    None if column.hidden => 1,
                    None => 0,
                    Some(generated) if generated.stored => 3,
                    Some(_) => 2,
                };
                if name == "table_info" && hidden != 0 {
                    continue;
                }
                let mut row = vec![
                    number(shown),
                    text(&column.name),
                    text(&column.type_name),
                    flag(column.not_null.is_some()),
                    column.default.as_ref().map_or(Value::Null, |(_, default)| text(default)),
                    number(column.primary_key),
                ];
                if name == "table_xinfo" {
                    row.push(Value::Integer(hidden));
                }
                rows.push(row);
                shown += 1;
            }
            rows
        }
        "index_list" => {
            let Some(table) = table else { return Ok(Vec::new()) };
            let of_index = |index: &Arc<Index>| {
                let origin = match index.origin {
                    IndexOrigin::Statement => "c",
                    IndexOrigin::Unique => "u",
                    IndexOrigin::PrimaryKey => "pk",
                };
                vec![text(&index.name), flag(index.unique), text(origin), flag(index.filter.is_some())]
            };
            let mut rows: Vec<Vec<Value>> = table.indexes.iter().map(of_index).collect();
            if let TableKey::Primary { made_after, .. } = table.key {
                // What SQLite calls the index that such a table is.
                let name = format!("sqlite_autoindex_{}_{}", table.name, made_after + 1);
                rows.insert(made_after, vec![text(&name), flag(true), text("pk"), flag(false)]);
            }
            rows.reverse();
            rows.iter_mut().enumerate().for_each(|(place, row)| row.insert(0, number(place)));
            rows
        }
        "index_info" | "index_xinfo" => {
            let found = argument.and_then(|name| looked_in().find_map(|(_, schema)| schema.index(name)));
            let Some((index, table)) = found else {
                return Ok(table.map_or_else(Vec::new, |table| primary_key_rows(table, name)));
            };
            let mut rows = Vec::new();
            for (place, column) in index.columns.iter().chain(&index.suffix).enumerate() {
                let is_key = place < index.columns.len();
                if name == "index_info" && !is_key {
                    break;
                }
                let (cid, shown) = match column.part {
                    IndexPart::Column(at) if table.rowid_alias() == Some(at) => (
                        Value::Integer(-1),
                        if name == "index_info" { text(&table.columns[at].name) } else { Value::Null },
                    ),
                    IndexPart::Column(at) => (number(at), text(&table.columns[at].name)),
                    IndexPart::Expr(_) => (Value::Integer(-2), Value::Null),
                };
                let mut row = vec![number(place), cid, shown];
                if name == "index_xinfo" {
                    row.push(flag(column.direction == crate::codec::Direction::Descending));
                    row.push(text(column.collation.name()));
                    row.push(flag(is_key));
                }
                rows.push(row);
            }
            if name == "index_xinfo" && table.has_rowid() {
                let place = number(rows.len());
                rows.push(vec![
                    place,
                    Value::Integer(-1),
                    Value::Null,
                    flag(false),
                    text("BINARY"),
                    flag(false),
                ]);
            }
            rows
        }
        "table_list" => {
            let mut rows = Vec::new();
            for (store, schema) in looked_in() {
                for table in schema.tables() {
                    if argument.is_some_and(|name| !table.name.eq_ignore_ascii_case(name)) {
                        continue;
                    }
                    rows.push(table_list_row(*store, table));
                }
                for view in schema.views() {
                    if argument.is_none_or(|name| view.name.eq_ignore_ascii_case(name)) {
                        rows.push(vec![
                            text(store.name()),
                            text(&view.name),
                            text("view"),
                            number(view.columns.len()),
                            flag(false),
                            flag(false),
                        ]);
                    }
                }
            }
            rows
        }
        "foreign_key_list" => {
            let Some(table) = table else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            for (id, key) in table.foreign_keys.iter().rev().enumerate() {
                for (place, column) in key.columns.iter().enumerate() {
                    rows.push(vec![
                        number(id),
                        number(place),
                        text(&key.parent),
                        text(&table.columns[*column].name),
                        key.parent_columns.get(place).map_or(Value::Null, |name| text(name)),
                        text(action_name(key.on_update)),
                        text(action_name(key.on_delete)),
                        text("NONE"),
                    ]);
                }
            }
            rows
        }
        "database_list" => vec![vec![Value::Integer(0), text("main"), text("")]],
        "collation_list" => ["RTRIM", "NOCASE", "BINARY"]
            .iter()
            .enumerate()
            .map(|(place, name)| vec![number(place), text(name)])
            .collect(),
        "integrity_check" | "quick_check" | "foreign_key_check" => {
            let what = format!("pragma_{name} cannot be read as a table: run PRAGMA {name}");
            return Err(Error::statement(what));
        }
        "function_list" | "pragma_list" | "module_list" => Vec::new(),
        _ => return Err(Error::statement(format!("no such table: pragma_{name}"))),
    })
}

/// The columns of the primary key of a table without rowid, and the others behind them.
fn primary_key_rows(table: &Table, pragma: &str) -> Vec<Vec<Value>> {
    let TableKey::Primary { columns, .. } = &table.key else { return Vec::new() };
    let mut parts: Vec<(usize, bool, &str, bool)> = Vec::new();
    for column in columns {
        if let IndexPart::Column(place) = column.part {
            let is_descending = column.direction == crate::codec::Direction::Descending;
            parts.push((place, is_descending, column.collation.name(), true));
        }
    }
    if pragma == "index_xinfo" {
        for (place, column) in table.columns.iter().enumerate() {
            if !parts.iter().any(|part| part.0 == place) && column.generated.is_none() {
                parts.push((place, false, "BINARY", false));
            }
        }
    }
    let number = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let mut rows = Vec::new();
    for (at, (place, is_descending, collation, is_key)) in parts.into_iter().enumerate() {
        let mut row = vec![number(at), number(place), Value::from(&*table.columns[place].name)];
        if pragma == "index_xinfo" {
            row.push(Value::Integer(is_descending.into()));
            row.push(Value::from(collation));
            row.push(Value::Integer(is_key.into()));
        }
        rows.push(row);
    }
    rows
}

fn table_list_row(store: Store, table: &Table) -> Vec<Value> {
    let columns = i64::try_from(table.columns.len()).unwrap_or(i64::MAX);
    vec![
        Value::from(store.name()),
        Value::from(&*table.name),
        Value::from("table"),
        Value::Integer(columns),
        Value::Integer(i64::from(matches!(table.key, TableKey::Primary { .. }))),
        Value::Integer(i64::from(table.strict)),
    ]
}

fn action_name(action: crate::ast::ForeignAction) -> &'static str {
    match action {
        crate::ast::ForeignAction::NoAction => "NO ACTION",
        crate::ast::ForeignAction::Restrict => "RESTRICT",
        crate::ast::ForeignAction::SetNull => "SET NULL",
        crate::ast::ForeignAction::SetDefault => "SET DEFAULT",
        crate::ast::ForeignAction::Cascade => "CASCADE",
    }
}
