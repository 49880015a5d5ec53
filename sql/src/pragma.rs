//! The settings of a connection, and the pragmas that read and change them.

use std::collections::HashMap;

use crate::ambient::Ambient;
use crate::ast::Statement;
use crate::bind::{ColumnNames, Settings};
use crate::error::{Error, Result};
use crate::schema::{SETTINGS, pragma_columns, pragma_value};
use crate::value::Value;

/// Rows that are known whole, and the names of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<Box<str>>,
    pub(crate) rows: Vec<Vec<Value>>,
}

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
    let is_told = pragma.value.is_none() || ["encoding", "journal_mode", "data_version"].contains(&&*name);
    pragma_value(&name).filter(|_| is_told).into_iter().map(Box::from).collect()
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
            column_names: self.column_names(),
        }
    }

    fn column_names(&self) -> ColumnNames {
        let is_short = self.kept.get("short_column_names").is_none_or(|value| *value != 0);
        match (self.is_on("full_column_names"), is_short) {
            (true, true) => ColumnNames::Full,
            (true, false) => ColumnNames::AllFull,
            (false, true) => ColumnNames::Short,
            (false, false) => ColumnNames::AsWritten,
        }
    }

    /// What a setting is; `None` if there is none of this name.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "encoding" => Value::from("UTF-8"),
            "journal_mode" => Value::from("wal"),
            "data_version" => Value::Integer(1),
            _ => {
                let (_, first) = SETTINGS.iter().find(|(known, _)| *known == name)?;
                Value::Integer(self.kept.get(name).copied().unwrap_or(*first))
            }
        })
    }

    /// A pragma that reads or changes a setting. Unknown ones do nothing, as in SQLite.
    pub(crate) fn apply(&mut self, ambient: &mut Ambient, name: &str, value: Option<&str>) -> Result<Answer> {
        let number = value.map(|value| match value.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" => 1,
            "off" | "no" | "false" => 0,
            text => text.parse().unwrap_or(0),
        });
        match (name, number) {
            ("case_sensitive_like", Some(number)) => ambient.case_sensitive_like = number != 0,
            ("encoding", Some(_)) => {}
            ("writable_schema", Some(1..)) => {
                return Err(Error::statement(
                    "writable_schema cannot be turned on: the schema is written by its statements",
                ));
            }
            (_, Some(number)) if SETTINGS.iter().any(|(known, _)| *known == name) => self.set(name, number),
            _ => {
                let told = self.value(name).map(|value| (vec![name.into()], vec![vec![value]]));
                return Ok(told.map_or_else(Answer::default, |(columns, rows)| Answer { columns, rows }));
            }
        }
        Ok(Answer::default())
    }
}
