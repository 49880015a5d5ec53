//! Completion at the prompt: keywords, functions, the names in the database, and dot-commands.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::commands::COMMANDS;
use super::look::Mode;
use super::names;
use super::session::Session;
use super::value_text::quoted;

/// The keywords of the language.
const KEYWORDS: &[&str] = &[
    "ABORT",
    "ADD",
    "AFTER",
    "ALL",
    "ALTER",
    "ALWAYS",
    "ANALYZE",
    "AND",
    "AS",
    "ASC",
    "AUTOINCREMENT",
    "BEFORE",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CASCADE",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "COMMIT",
    "CONFLICT",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "DEFAULT",
    "DEFERRABLE",
    "DEFERRED",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DO",
    "DROP",
    "EACH",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXCLUSIVE",
    "EXISTS",
    "EXPLAIN",
    "FILTER",
    "FIRST",
    "FOLLOWING",
    "FOR",
    "FOREIGN",
    "FROM",
    "FULL",
    "GENERATED",
    "GLOB",
    "GROUP",
    "GROUPS",
    "HAVING",
    "IF",
    "IGNORE",
    "IMMEDIATE",
    "IN",
    "INDEX",
    "INDEXED",
    "INITIALLY",
    "INNER",
    "INSERT",
    "INSTEAD",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "KEY",
    "LAST",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MATCH",
    "MATERIALIZED",
    "NATURAL",
    "NO",
    "NOT",
    "NOTHING",
    "NOTNULL",
    "NULL",
    "NULLS",
    "OF",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OTHERS",
    "OUTER",
    "OVER",
    "PARTITION",
    "PLAN",
    "PRAGMA",
    "PRECEDING",
    "PRIMARY",
    "QUERY",
    "RAISE",
    "RANGE",
    "RECURSIVE",
    "REFERENCES",
    "REGEXP",
    "REINDEX",
    "RELEASE",
    "RENAME",
    "REPLACE",
    "RESTRICT",
    "RETURNING",
    "RIGHT",
    "ROLLBACK",
    "ROW",
    "ROWS",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "STRICT",
    "TABLE",
    "TEMP",
    "TEMPORARY",
    "THEN",
    "TIES",
    "TO",
    "TRANSACTION",
    "TRIGGER",
    "UNBOUNDED",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VACUUM",
    "VALUES",
    "VIEW",
    "VIRTUAL",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHOUT",
];

/// The keywords that a table follows.
const BEFORE_TABLES: &[&str] = &["FROM", "INTO", "JOIN", "TABLE", "UPDATE"];

/// Whether a word is a keyword.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// The words that can be completed to.
#[derive(Debug, Default)]
pub(crate) struct Words {
    tables: Vec<String>,
    columns: Vec<String>,
    functions: Vec<String>,
}

impl Words {
    /// Those of a database as it is now. What cannot be read is left out.
    pub(crate) fn of(session: &mut Session) -> Words {
        let tables = names::tables(session, None).unwrap_or_default();
        let mut columns = BTreeSet::new();
        for table in &tables {
            columns.extend(names::columns(session, table).unwrap_or_default());
        }
        let functions = session.connection().map(|connection| {
            let functions = connection.functions().unwrap_or_default();
            let names: BTreeSet<String> =
                functions.iter().map(|function| function.name.to_string()).collect();
            names.into_iter().filter(|name| name.starts_with(|c: char| c.is_alphabetic())).collect()
        });
        Words { tables, columns: columns.into_iter().collect(), functions: functions.unwrap_or_default() }
    }

    /// What the word before `at` may become, and where it starts.
    pub(crate) fn complete(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = &line[..at];
        if before.starts_with('.') {
            return self.complete_command(before);
        }
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let start = before.trim_end_matches(part).len();
        let word = &before[start..];
        let after_dot = before[..start].ends_with('.');
        let begins =
            |name: &&String| name.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
        let names =
            |names: &[String]| names.iter().filter(begins).map(|name| as_written(name)).collect::<Vec<_>>();
        if after_dot {
            return (start, names(&self.columns));
        }
        let word_before = before[..start].trim_end().rsplit(|c| !part(c)).next().unwrap_or_default();
        if word.is_empty() || BEFORE_TABLES.iter().any(|known| known.eq_ignore_ascii_case(word_before)) {
            return (start, names(&self.tables));
        }
        let lower = word.chars().all(|c| !c.is_uppercase());
        let keywords = KEYWORDS.iter().map(|keyword| match lower {
            true => keyword.to_ascii_lowercase(),
            false => (*keyword).to_owned(),
        });
        let mut found = names(&self.tables);
        found.extend(names(&self.columns));
        found.extend(keywords.filter(|keyword| begins(&keyword)));
        found.extend(self.functions.iter().filter(begins).map(|name| format!("{name}(")));
        found.dedup();
        (start, found)
    }

    fn complete_command(&self, before: &str) -> (usize, Vec<String>) {
        let start = before.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
        let word = &before[start..];
        let candidates: Vec<String> = match before.split_whitespace().next() {
            _ if start == 0 => COMMANDS.iter().map(|command| format!(".{}", command.name)).collect(),
            Some(".mode") => Mode::value_variants()
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .map(|mode| mode.get_name().to_owned())
                .collect(),
            Some(".help") => COMMANDS.iter().map(|command| command.name.to_owned()).collect(),
            Some(".schema" | ".indexes" | ".dump" | ".tables" | ".import") => self.tables.clone(),
            _ => Vec::new(),
        };
        (start, candidates.into_iter().filter(|candidate| candidate.starts_with(word)).collect())
    }
}

/// A name as it can stand in a statement.
fn as_written(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match name.starts_with(|c: char| !c.is_ascii_digit()) && name.chars().all(plain) && !is_keyword(name) {
        true => name.into(),
        false => quoted(name, '"'),
    }
}

#[cfg(test)]
mod tests;
