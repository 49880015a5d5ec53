//! Random writes: the part of [`Generator`] that makes `INSERT`, `UPDATE`, `DELETE` and transactions.
//!
//! Where the order in which rows are visited shows (an `UPDATE` of what is unique, a subquery that reads what is being
//! written), the statement says `NOT INDEXED`, so that both sides go by the key.

use crate::sql_expr::{Generator, Source};
use crate::sql_schema::{Affinity, Column, Key, Table, value_for};
use crate::sql_tree::{Sql, all, brackets, commas, optional, seq, text, value};
use crate::sql_values::Choose;

/// What follows a verb.
const OR: &[&str] = &["OR IGNORE", "OR REPLACE", "OR FAIL", "OR ABORT", "OR ROLLBACK"];

/// What `SET` is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Into {
    /// A row.
    Row,
    /// The row in the way of another.
    Conflict,
}

impl Generator<'_> {
    /// A statement that writes to a table, if there is one.
    pub fn write(&mut self) -> Option<Sql> {
        let tables: Vec<Table> = self.tables.iter().filter(|table| !table.view).cloned().collect();
        let table = self.random.choose(&tables)?.clone();
        Some(match self.random.below(10) {
            0..=4 => self.insert(&table),
            5..=7 => self.update(&table),
            _ => self.delete(&table),
        })
    }

    /// A statement about transactions.
    pub fn transaction(&mut self) -> Sql {
        text(self.random.one(&[
            "BEGIN",
            "BEGIN",
            "BEGIN IMMEDIATE",
            "COMMIT",
            "COMMIT",
            "END TRANSACTION",
            "ROLLBACK",
            "SAVEPOINT s1",
            "SAVEPOINT s2",
            "SAVEPOINT s1",
            "RELEASE s1",
            "RELEASE SAVEPOINT s2",
            "ROLLBACK TO s1",
            "ROLLBACK TO SAVEPOINT s2",
        ]))
    }

    /// Rows for a table at the start; those that break its rules are left out.
    pub fn fill(&mut self, table: &Table, rows: usize) -> Sql {
        let columns: Vec<Column> = table.stored().cloned().collect();
        if columns.is_empty() {
            return text(format!("INSERT INTO {} DEFAULT VALUES", table.name));
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let rows = (0..rows).map(|_| self.row(table, &columns)).collect();
        seq([
            text(format!("INSERT OR IGNORE INTO {}({}) VALUES", table.name, names.join(", "))),
            commas(rows),
        ])
    }

    fn row(&mut self, table: &Table, columns: &[Column]) -> Sql {
        brackets(all(columns
            .iter()
            .map(|column| value(text(value_for(self.random, table, column))))
            .collect()))
    }

    fn or(&mut self, percent: u64) -> Sql {
        if self.random.chance(percent) { optional(text(self.random.one(OR))) } else { text("") }
    }

    fn insert(&mut self, table: &Table) -> Sql {
        let verb = if self.random.chance(12) { text("REPLACE") } else { seq([text("INSERT"), self.or(35)]) };
        if self.random.chance(4) {
            let returning = self.returning(table);
            return seq([verb, text(format!("INTO {} DEFAULT VALUES", table.name)), returning]);
        }
        let mut columns: Vec<Column> = table.stored().cloned().collect();
        if self.random.chance(30) && columns.len() > 1 {
            let gone = self.random.between(0, columns.len() - 1);
            columns.remove(gone);
        }
        if columns.is_empty() {
            return text(format!("INSERT INTO {} DEFAULT VALUES", table.name));
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let head = text(format!("INTO {}({})", table.name, names.join(", ")));
        let rows = if self.random.chance(15) {
            self.rows_of_another(table, &columns)
        } else {
            let rows = (0..self.random.between(1, 4)).map(|_| self.row(table, &columns)).collect();
            seq([text("VALUES"), commas(rows)])
        };
        let upsert = if self.random.chance(20) { self.upsert(table) } else { text("") };
        let returning = self.returning(table);
        seq([verb, head, rows, upsert, returning])
    }

    /// A select in a determined order.
    fn rows_of_another(&mut self, table: &Table, columns: &[Column]) -> Sql {
        let others: Vec<Table> =
            self.tables.iter().filter(|table| table.identity().is_some()).cloned().collect();
        let Some(other) = self.random.choose(&others).cloned() else {
            return seq([text("VALUES"), self.row(table, columns)]);
        };
        let identity = other.identity().unwrap_or("rowid").to_string();
        self.scopes.push(vec![Source::of(&other, "o")]);
        let items = columns.iter().map(|column| self.new_value(table, column)).collect();
        let condition = optional(seq([text("WHERE"), self.predicate(1)]));
        self.scopes.pop();
        seq([
            text("SELECT"),
            all(items),
            text(format!("FROM {} AS o", other.name)),
            condition,
            text(format!("ORDER BY o.{identity} LIMIT 6")),
        ])
    }

    /// A value to store in a column, computed from the columns in reach.
    fn new_value(&mut self, table: &Table, column: &Column) -> Sql {
        if self.random.chance(40) {
            return value(text(value_for(self.random, table, column)));
        }
        if column.rowid {
            // Not the greatest there is: the next one would be chosen by chance.
            return self.summand();
        }
        let cast = match column.affinity {
            _ if column.wild && (!table.strict || column.affinity == Affinity::Any) => return self.expr(1),
            Affinity::Blob => return value(text(value_for(self.random, table, column))),
            Affinity::Any | Affinity::Integer | Affinity::Numeric => "INTEGER",
            Affinity::Real if table.strict => "REAL",
            Affinity::Real => return self.expr(1),
            Affinity::Text => "TEXT",
        };
        let expr = self.expr(1);
        match column.affinity {
            Affinity::Integer | Affinity::Numeric if !table.strict && self.random.chance(40) => expr,
            _ => seq([text("CAST("), expr, text(format!("AS {cast})"))]),
        }
    }

    fn upsert(&mut self, table: &Table) -> Sql {
        // A rowid among other columns of a constraint is no target that SQLite knows.
        let targets = table.unique.iter().filter(|columns| {
            columns.len() == 1 || !table.columns.iter().any(|of| of.rowid && columns.contains(&of.name))
        });
        let targets: Vec<Vec<String>> = targets.cloned().collect();
        let target = self.random.choose(&targets).cloned();
        let Some(target) = target.filter(|_| self.random.chance(85)) else {
            return optional(text("ON CONFLICT DO NOTHING"));
        };
        let target = format!("ON CONFLICT ({})", target.join(", "));
        if self.random.chance(25) {
            return optional(text(format!("{target} DO NOTHING")));
        }
        self.scopes.push(vec![Source::of(table, &table.name)]);
        let known = self.only_others(table);
        let set = self.assignments(table, Into::Conflict);
        let condition =
            if self.random.chance(30) { optional(seq([text("WHERE"), self.predicate(1)])) } else { text("") };
        self.tables = known;
        self.scopes.pop();
        optional(seq([text(target), text("DO UPDATE SET"), set, condition]))
    }

    /// Leaves queries only tables that are not written: which of them see the rows written before depends on the plan.
    /// Gives the tables there were.
    fn only_others(&mut self, table: &Table) -> Vec<Table> {
        let others = self.tables.iter().filter(|other| !other.view && other.name != table.name);
        let others = others.cloned().collect();
        std::mem::replace(&mut self.tables, others)
    }

    /// What follows `SET`.
    fn assignments(&mut self, table: &Table, into: Into) -> Sql {
        let columns: Vec<Column> = table.stored().cloned().collect();
        let mut chosen: Vec<Column> = Vec::new();
        for _ in 0..self.random.between(1, 2) {
            if let Some(column) = self.random.choose(&columns)
                && !chosen.iter().any(|other| other.name == column.name)
            {
                chosen.push(column.clone());
            }
        }
        let set = chosen.iter().map(|column| {
            // Elsewhere SQLite takes columns of the refused row as they were before they got their affinity.
            let new = match into {
                Into::Conflict if self.random.chance(40) => text(format!("excluded.{}", column.name)),
                _ => self.new_value(table, column),
            };
            seq([text(format!("{} =", column.name)), new])
        });
        commas(set.collect())
    }

    fn update(&mut self, table: &Table) -> Sql {
        if table.stored().next().is_none() {
            return self.delete(table);
        }
        let or = self.or(30);
        self.scopes.push(vec![Source::of(table, &table.name)]);
        let known = self.only_others(table);
        let set = self.assignments(table, Into::Row);
        let condition = match &table.key {
            Key::Columns(names) => self.one_row(table, &names.join(", ")),
            _ => self.condition(80),
        };
        self.tables = known;
        self.scopes.pop();
        let returning = self.returning(table);
        let head = text(format!("{} NOT INDEXED SET", table.name));
        seq([text("UPDATE"), or, head, set, condition, returning])
    }

    /// Which row of a table without rowid: its rows may be visited by any index, whatever the statement says.
    fn one_row(&mut self, table: &Table, key: &str) -> Sql {
        let (name, number) = (&table.name, self.random.between(0, 5));
        text(format!("WHERE ({key}) IN (SELECT {key} FROM {name} ORDER BY {key} LIMIT 1 OFFSET {number})"))
    }

    fn delete(&mut self, table: &Table) -> Sql {
        self.scopes.push(vec![Source::of(table, &table.name)]);
        self.nesting += 2;
        let condition = self.condition(97);
        self.nesting -= 2;
        self.scopes.pop();
        let returning = self.returning(table);
        seq([text(format!("DELETE FROM {} NOT INDEXED", table.name)), condition, returning])
    }

    fn condition(&mut self, percent: u64) -> Sql {
        if self.random.chance(percent) { optional(seq([text("WHERE"), self.predicate(2)])) } else { text("") }
    }

    fn returning(&mut self, table: &Table) -> Sql {
        if !self.random.chance(25) {
            return text("");
        }
        // Inside an expression of RETURNING SQLite shows integers in columns of reals as it stores them.
        let columns =
            table.columns.iter().filter(|column| column.affinity != Affinity::Real).cloned().collect();
        let columns = Source { alias: table.name.clone(), columns, rowid: false };
        if columns.columns.is_empty() || self.random.chance(40) {
            return optional(text("RETURNING *"));
        }
        self.scopes.push(vec![columns]);
        // Queries in it would see the rows written so far.
        self.nesting += 2;
        let items = (0..self.random.between(1, 3)).map(|_| self.expr(1)).collect();
        self.nesting -= 2;
        self.scopes.pop();
        optional(seq([text("RETURNING"), commas(items)]))
    }
}
