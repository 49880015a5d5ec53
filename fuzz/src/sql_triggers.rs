//! Random triggers: the part of [`Generator`] that makes `CREATE TRIGGER`, and the table they write to.

use crate::sql_expr::{Generator, Source};
use crate::sql_schema::Table;
use crate::sql_tree::{Sql, optional, seq, text};
use crate::sql_values::Choose;

/// Makes the table that triggers write to.
pub const LOG: &str = "CREATE TABLE log(x, y, z)";

/// Reads it.
pub const READ_LOG: &str = "SELECT x, y, z FROM log";

impl Generator<'_> {
    /// A trigger on a table. It writes to the log, and at times refuses the row.
    pub fn trigger(&mut self, name: &str, table: &Table) -> Sql {
        let time = self.random.one(&["BEFORE", "AFTER", "AFTER", ""]);
        let event = self.random.one(&["INSERT", "UPDATE", "DELETE"]);
        let of = match table.stored().next() {
            Some(column) if event == "UPDATE" && self.random.chance(30) => format!("OF {}", column.name),
            _ => String::new(),
        };
        let rows: &[&str] = match event {
            "INSERT" => &["NEW"],
            "DELETE" => &["OLD"],
            _ => &["OLD", "NEW"],
        };
        let columns: Vec<_> = table.columns.iter().filter(|column| !column.rowid).cloned().collect();
        let row = |alias: &&str| {
            let mut columns = columns.clone();
            if *alias == "NEW" && event == "UPDATE" && time != "AFTER" {
                // SQLite computes them from what the statement has to do with, and NULL for all else.
                columns.retain(|column| !column.generated);
            }
            Source { alias: (*alias).into(), columns, rowid: false }
        };
        let scope: Vec<Source> = rows.iter().map(row).filter(|source| !source.columns.is_empty()).collect();
        self.scopes.push(scope);
        self.nesting += 2;
        let when =
            if self.random.chance(30) { optional(seq([text("WHEN"), self.predicate(1)])) } else { text("") };
        let body = match self.random.below(6) {
            0 => {
                let action = self.random.one(&["IGNORE", "ABORT, 'no'", "FAIL, 'no'", "ROLLBACK, 'no'"]);
                seq([text(format!("SELECT RAISE({action}) WHERE")), self.predicate(1)])
            }
            1 => seq([text("DELETE FROM log WHERE x IS"), self.expr(0)]),
            2 => seq([text("UPDATE log SET y ="), self.expr(1), text("WHERE x IS"), self.expr(0)]),
            _ => seq([
                text(format!("INSERT INTO log VALUES ('{name}',")),
                self.expr(1),
                text(","),
                self.expr(1),
                text(")"),
            ]),
        };
        self.nesting -= 2;
        self.scopes.pop();
        let head = format!("CREATE TRIGGER {name} {time} {event} {of} ON {} FOR EACH ROW", table.name);
        seq([text(head), when, text("BEGIN"), body, text("; END")])
    }
}
