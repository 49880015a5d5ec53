//! Random changes of tables: `ALTER TABLE`, and what the generators must know of a table from there on.
//!
//! They go on as if a change had succeeded. Where it did not, both sides refuse what follows from it.

use crate::random::Random;
use crate::sql_schema::{Affinity, Column, Key, Table, generated_column, literal_for, type_name};
use crate::sql_tree::{Sql, optional, seq, text};
use crate::sql_values::Choose;

/// Changes one of the tables. New names end in the number.
pub fn alter(random: &mut Random, tables: &mut [Table], number: usize) -> Option<Sql> {
    let places: Vec<usize> = (0..tables.len()).filter(|at| !tables[*at].view).collect();
    let table = &mut tables[*random.choose(&places)?];
    let head = format!("ALTER TABLE {}", table.name);
    let change = match random.below(13) {
        0 | 1 => {
            table.name = format!("q{number}");
            text(format!("RENAME TO {}", table.name))
        }
        2..=4 => {
            let old = random.choose(&table.columns)?.name.clone();
            let new = format!("k{number}");
            rename_column(table, &old, &new);
            let word = random.one(&["RENAME COLUMN", "RENAME"]);
            text(format!("{word} {old} TO {new}"))
        }
        5..=7 => {
            let (column, definition) = new_column(random, table, &format!("n{number}"));
            table.columns.push(column);
            seq([text("ADD COLUMN"), definition])
        }
        8 => refused_column(random, number),
        9..=11 => changed_constraint(random, table)?,
        _ => {
            let column = random.choose(&table.columns)?.name.clone();
            drop_column(table, &column);
            text(format!("DROP COLUMN {column}"))
        }
    };
    Some(seq([text(head), change]))
}

fn rename_column(table: &mut Table, old: &str, new: &str) {
    let rename = |name: &mut String| {
        if name == old {
            *name = new.into();
        }
    };
    table.columns.iter_mut().for_each(|column| rename(&mut column.name));
    table.unique.iter_mut().flatten().for_each(rename);
    match &mut table.key {
        Key::Rowid => {}
        Key::Alias(name) => rename(name),
        Key::Columns(names) => names.iter_mut().for_each(rename),
    }
}

/// Forgets a column, unless it is part of a key and so cannot be dropped.
fn drop_column(table: &mut Table, name: &str) {
    let in_key = match &table.key {
        Key::Rowid => false,
        Key::Alias(alias) => alias == name,
        Key::Columns(names) => names.iter().any(|of| of == name),
    };
    if !in_key && !table.unique.iter().flatten().any(|of| of == name) && table.stored().count() > 1 {
        table.columns.retain(|column| column.name != name);
    }
}

/// A column that a table with rows can get.
fn new_column(random: &mut Random, table: &Table, name: &str) -> (Column, Sql) {
    if random.chance(15) {
        let (column, definition) = generated_column(random, name, &table.columns, table.strict);
        // Columns that are stored cannot be added.
        let definition = definition.to_string().replace(" STORED", "");
        return (column, text(definition));
    }
    let (type_name, affinity) = type_name(random, table.strict);
    let mut clauses = Vec::new();
    if random.chance(60) {
        // SQLite takes a number that is the default of texts letter by letter, and only in rows that are there already.
        let same = table.strict && type_name != "ANY" || affinity == Affinity::Text;
        let default = literal_for(random, affinity, same, true);
        let not_null = if default != "NULL" && random.chance(30) { "NOT NULL " } else { "" };
        clauses.push(optional(text(format!("{not_null}DEFAULT {default}"))));
    }
    let collation = random.one(&["", "", "", "", "COLLATE NOCASE", "COLLATE RTRIM"]);
    clauses.push(optional(text(collation)));
    if random.chance(10) {
        clauses.push(optional(text(format!("CHECK ({name} IS NOT 'zz' OR {name} < 5)"))));
    }
    let wild = !collation.is_empty() || matches!(affinity, Affinity::Any | Affinity::Real);
    let definition = seq([text(format!("{name} {type_name}").trim_end().to_string()), Sql::Seq(clauses)]);
    (Column { name: name.into(), affinity, wild, generated: false, unique: false, rowid: false }, definition)
}

/// A constraint that comes or goes. There are few names, so that some are found again.
fn changed_constraint(random: &mut Random, table: &Table) -> Option<Sql> {
    let column = &random.choose(&table.columns)?.name;
    let name = random.one(&["y1", "y2", "y3"]);
    let conflict = random.one(&["", "", "", " ON CONFLICT IGNORE"]);
    Some(text(match random.below(8) {
        0 | 1 => format!("ALTER COLUMN {column} SET NOT NULL{conflict}"),
        2 => format!("ALTER {column} DROP NOT NULL"),
        3 | 4 => format!("ADD CONSTRAINT {name} CHECK ({column} IS NOT 'zz')"),
        5 => format!("ADD CHECK ({column} < 5 OR typeof({column}) <> 'integer')"),
        _ => format!("DROP CONSTRAINT {name}"),
    }))
}

/// A column that no table with rows can get, or none at all.
fn refused_column(random: &mut Random, number: usize) -> Sql {
    text(
        random
            .one(&[
                "ADD COLUMN z{} UNIQUE",
                "ADD COLUMN z{} PRIMARY KEY",
                "ADD COLUMN z{} NOT NULL",
                "ADD COLUMN z{} DEFAULT (1 + 1)",
                "ADD COLUMN z{} DEFAULT CURRENT_TIME",
                "ADD COLUMN z{} AS (1) STORED",
                "ADD COLUMN z{} INT CHECK (z{} IS NOT NULL)",
                "ADD COLUMN a",
            ])
            .replace("{}", &number.to_string()),
    )
}
