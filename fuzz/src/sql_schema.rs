//! Random tables and indexes, and what the generators of queries and writes must know of them.

use crate::random::Random;
use crate::sql_tree::{Sql, brackets, commas, optional, seq, text};
use crate::sql_values::{self as values, Choose};

/// What a column converts its values to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// Nothing.
    Any,
    /// `INTEGER`
    Integer,
    /// `REAL`
    Real,
    /// `NUMERIC`
    Numeric,
    /// `TEXT`
    Text,
    /// Takes blobs alone.
    Blob,
}

/// A column of a table or of a query.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its affinity.
    pub affinity: Affinity,
    /// Whether values that are equal may look different (1 and 1.0; 'a' and 'A' where the case does not count), so that
    /// it is undetermined which of them stands for a group.
    pub wild: bool,
    /// Whether it is computed, so that nothing can be stored in it.
    pub generated: bool,
    /// Whether a row conflicts with another that has the same value in it.
    pub unique: bool,
    /// Whether it is the rowid.
    pub rowid: bool,
}

/// How rows are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// By a rowid without a name of its own.
    Rowid,
    /// By a column that is the rowid.
    Alias(String),
    /// By the columns of the primary key, in a table without rowid.
    Columns(Vec<String>),
}

/// A table or a view.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How rows are told apart.
    pub key: Key,
    /// Whether values must have the column's type.
    pub strict: bool,
    /// Whether it is a view, which cannot be written.
    pub view: bool,
    /// Sets of columns that are unique together and make a target of `ON CONFLICT`.
    pub unique: Vec<Vec<String>>,
}

impl Table {
    /// The columns that can be stored.
    pub fn stored(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.generated)
    }

    /// A column that holds a different value in each row and is never NULL.
    #[must_use]
    pub fn identity(&self) -> Option<&str> {
        match &self.key {
            _ if self.view => None,
            Key::Rowid => Some("rowid"),
            Key::Alias(name) => Some(name),
            Key::Columns(names) => match names.as_slice() {
                [name] => Some(name),
                _ => None,
            },
        }
    }

    /// All rows in an order that both sides must give, for comparing what is stored.
    #[must_use]
    pub fn dump(&self) -> String {
        match &self.key {
            _ if self.view => format!("SELECT * FROM {}", self.name),
            Key::Rowid => format!("SELECT rowid, * FROM {} ORDER BY rowid", self.name),
            _ => format!("SELECT * FROM {}", self.name),
        }
    }
}

/// Names of columns, shared by all tables so that natural joins find partners.
const NAMES: &[&str] = &["a", "b", "c", "d", "e", "f"];

/// A random table of this name, and the statement that makes it. Columns may refer to the parents.
pub fn table(random: &mut Random, name: &str, parents: &[Table]) -> (Table, Sql) {
    let strict = random.chance(12);
    let count = random.between(1, NAMES.len());
    let mut columns: Vec<Column> = Vec::new();
    let mut definitions: Vec<Sql> = Vec::new();
    let mut unique = Vec::new();
    let kind = random.below(10);
    let mut key = Key::Rowid;
    let mut after = Vec::new();
    let start = random.between(0, NAMES.len() - count);
    // All or none: SQLite counts a deferred key of a row that another key refuses.
    let deferral = random.one(&["", "", " DEFERRABLE INITIALLY DEFERRED"]);
    for (at, column_name) in NAMES[start..start + count].iter().enumerate() {
        if at == 0 && kind < 4 {
            let auto = if random.chance(20) { " AUTOINCREMENT" } else { "" };
            let conflict = conflict_clause(random, 10);
            definitions.push(text(format!("{column_name} INTEGER PRIMARY KEY{conflict}{auto}")));
            columns.push(Column {
                name: (*column_name).into(),
                affinity: Affinity::Integer,
                wild: false,
                generated: false,
                unique: true,
                rowid: true,
            });
            key = Key::Alias((*column_name).into());
            unique.push(vec![(*column_name).into()]);
            continue;
        }
        let generated = at > 0 && random.chance(8);
        let (column, definition) = if generated {
            generated_column(random, column_name, &columns, strict)
        } else {
            let (column, definition) = plain_column(random, column_name, strict);
            let reference = reference(random, column.affinity, parents, deferral);
            (column, seq([definition, reference]))
        };
        if column.unique {
            unique.push(vec![column.name.clone()]);
        }
        columns.push(column);
        definitions.push(definition);
    }
    let stored: Vec<String> = columns.iter().filter(|c| !c.generated).map(|c| c.name.clone()).collect();
    let mut options = Vec::new();
    if (4..6).contains(&kind) && !stored.is_empty() {
        let parts = random.between(1, stored.len().min(2));
        let names: Vec<String> = stored.iter().take(parts).cloned().collect();
        let conflict = conflict_clause(random, 15);
        let desc = if random.chance(15) { " DESC" } else { "" };
        after.push(text(format!("PRIMARY KEY ({}{desc}){conflict}", names.join(", "))));
        if let [single] = names.as_slice() {
            columns.iter_mut().filter(|c| c.name == *single).for_each(|c| c.unique = true);
        }
        unique.push(names.clone());
        if random.chance(70) {
            options.push("WITHOUT ROWID");
            key = Key::Columns(names);
        } else if let [single] = names.as_slice()
            && let Some(place) = columns.iter().position(|column| column.name == *single)
            && definitions[place].to_string().starts_with(&format!("{single} INTEGER"))
        {
            columns[place].rowid = true;
            key = Key::Alias(single.clone());
        }
    }
    if stored.len() > 1 && random.chance(15) {
        let names = stored[stored.len() - 2..].to_vec();
        let conflict = conflict_clause(random, 20);
        after.push(optional(text(format!("UNIQUE ({}){conflict}", names.join(", ")))));
        unique.push(names);
    }
    if random.chance(15) {
        after.push(optional(text(format!("CHECK ({})", check(random, &columns)))));
    }
    if strict {
        options.push("STRICT");
    }
    definitions.extend(after);
    let options = options.join(", ");
    let made = seq([
        text(format!("CREATE TABLE {name}")),
        brackets(Sql::List { least: columns.len(), items: definitions, separator: ", " }),
        text(options),
    ]);
    (Table { name: name.into(), columns, key, strict, view: false, unique }, made)
}

fn conflict_clause(random: &mut Random, percent: u64) -> &'static str {
    if !random.chance(percent) {
        return "";
    }
    random.one(&[
        " ON CONFLICT IGNORE",
        " ON CONFLICT REPLACE",
        " ON CONFLICT FAIL",
        " ON CONFLICT ABORT",
        " ON CONFLICT ROLLBACK",
    ])
}

/// What makes a column refer to a unique one of a parent, at times.
fn reference(random: &mut Random, affinity: Affinity, parents: &[Table], deferral: &str) -> Sql {
    let Some(parent) = random.choose(parents).cloned() else { return text("") };
    // SQLite finds a parent by its affinity, and children by theirs.
    let fits = |name: &str| {
        let same = |column: &Column| column.name == name && kind_of(column.affinity) == kind_of(affinity);
        parent.columns.iter().any(same)
    };
    let single = parent.unique.iter().filter_map(|columns| match columns.as_slice() {
        [name] if fits(name) => Some(name),
        _ => None,
    });
    let keys: Vec<&String> = single.collect();
    let Some(key) = random.choose(&keys) else { return text("") };
    if random.chance(40) {
        return text("");
    }
    let actions = &["", "", "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"];
    let on = |event: &str, action: &str| match action {
        "" => String::new(),
        action => format!(" ON {event} {action}"),
    };
    let (delete, update) = (random.one(actions), random.one(actions));
    let (delete, update) = (on("DELETE", delete), on("UPDATE", update));
    optional(text(format!("REFERENCES {}({key}){delete}{update}{deferral}", parent.name)))
}

/// One of the affinities that convert alike.
fn kind_of(affinity: Affinity) -> Affinity {
    match affinity {
        Affinity::Integer | Affinity::Real => Affinity::Numeric,
        Affinity::Blob => Affinity::Any,
        other => other,
    }
}

/// The name of a type, and what affinity it gives.
pub fn type_name(random: &mut Random, strict: bool) -> (&'static str, Affinity) {
    if strict {
        return match random.below(6) {
            0 | 1 => (random.one(&["INT", "INTEGER"]), Affinity::Integer),
            2 => ("REAL", Affinity::Real),
            3 => ("TEXT", Affinity::Text),
            4 => ("BLOB", Affinity::Blob),
            _ => ("ANY", Affinity::Any),
        };
    }
    match random.below(7) {
        0 | 1 => (random.one(&["INT", "INTEGER", "BIGINT", "TINYINT UNSIGNED"]), Affinity::Integer),
        2 | 3 => (random.one(&["TEXT", "VARCHAR(10)", "CLOB", "CHARACTER VARYING(255)"]), Affinity::Text),
        4 => (random.one(&["REAL", "DOUBLE PRECISION", "FLOAT"]), Affinity::Real),
        5 => (random.one(&["NUMERIC", "DECIMAL(10,5)", "BOOLEAN", "DATE"]), Affinity::Numeric),
        _ => (random.one(&["", "BLOB"]), Affinity::Any),
    }
}

fn plain_column(random: &mut Random, name: &str, strict: bool) -> (Column, Sql) {
    let (type_name, affinity) = type_name(random, strict);
    let mut clauses = Vec::new();
    let collation = if random.chance(20) { random.one(&["NOCASE", "RTRIM", "BINARY"]) } else { "BINARY" };
    if collation != "BINARY" {
        clauses.push(optional(text(format!("COLLATE {collation}"))));
    }
    let unique = random.chance(12);
    if unique {
        clauses.push(optional(text(format!("UNIQUE{}", conflict_clause(random, 20)))));
    }
    if random.chance(15) {
        clauses.push(optional(text(format!("NOT NULL{}", conflict_clause(random, 30)))));
    }
    if random.chance(20) {
        let default = literal_for(random, affinity, strict && type_name != "ANY", true);
        let default = if default.starts_with('-') { format!("({default})") } else { default };
        clauses.push(optional(text(format!("DEFAULT {default}"))));
    }
    if random.chance(8) {
        let condition =
            random.one(&["IS NULL OR {} <> 5", "<> 'zz'", "IS NOT 'b'", "NOT BETWEEN 200 AND 300"]);
        clauses.push(optional(text(format!("CHECK ({name} {})", condition.replace("{}", name)))));
    }
    let wild = collation != "BINARY"
        || (affinity == Affinity::Any && random.chance(25))
        || affinity == Affinity::Real;
    let definition = seq([text(format!("{name} {type_name}").trim_end().to_string()), Sql::Seq(clauses)]);
    (Column { name: name.into(), affinity, wild, generated: false, unique, rowid: false }, definition)
}

/// A column that is computed from others.
pub fn generated_column(random: &mut Random, name: &str, before: &[Column], strict: bool) -> (Column, Sql) {
    let source = random.choose(before).map_or("NULL", |column| column.name.as_str());
    let other = random.choose(before).map_or("NULL", |column| column.name.as_str());
    let expression = match random.below(6) {
        0 => format!("{source} + 1"),
        1 => format!("lower({source})"),
        2 => format!("{source} || {other}"),
        3 => format!("length({source}) * 2"),
        4 => format!("CASE WHEN {source} > {other} THEN {source} ELSE {other} END"),
        _ => format!("coalesce({source}, {other}, 0)"),
    };
    let kind = random.one(&["STORED", "VIRTUAL", ""]);
    let (type_name, affinity) = match strict {
        true => ("ANY", Affinity::Any),
        false => type_name(random, false),
    };
    let definition = text(format!("{name} {type_name} AS ({expression}) {kind}").trim_end().to_string());
    (
        Column { name: name.into(), affinity, wild: true, generated: true, unique: false, rowid: false },
        definition,
    )
}

fn check(random: &mut Random, columns: &[Column]) -> String {
    let a = random.choose(columns).map_or("1", |column| column.name.as_str());
    let b = random.choose(columns).map_or("1", |column| column.name.as_str());
    match random.below(4) {
        0 => format!("{a} IS NULL OR {b} IS NULL OR {a} <> {b} OR {a} < 4"),
        1 => format!("coalesce(length({a}), 0) < 15"),
        2 => format!("typeof({a}) <> 'blob' OR {b} IS NOT NULL"),
        _ => format!("{a} > -5 OR {a} < -2147483000 OR {b} IN (1, 2, 'a')"),
    }
}

/// A literal for a column: mostly of its own kind.
pub fn literal_for(random: &mut Random, affinity: Affinity, strict: bool, tame: bool) -> String {
    let literal = match affinity {
        Affinity::Integer if strict || random.chance(70) => values::integer(random),
        Affinity::Real if strict || random.chance(70) => values::number(random),
        Affinity::Numeric if random.chance(70) => values::number(random),
        Affinity::Text if strict || random.chance(70) => values::any_text(random),
        Affinity::Blob => values::blob(random),
        _ if tame => values::tame_literal(random),
        _ => values::any_literal(random),
    };
    literal.into()
}

/// A random value for a column.
pub fn value_for(random: &mut Random, table: &Table, column: &Column) -> String {
    if column.rowid {
        return match random.below(12) {
            0 => values::rowid(random).into(),
            1 => "NULL".into(),
            2 if random.chance(20) => {
                random.one(&["'a'", "'3'", "' 7'", "'2.0'", "'1e1'", "'5x'", "''"]).into()
            }
            _ => (1 + random.below(30)).to_string(),
        };
    }
    if random.chance(7) {
        return "NULL".into();
    }
    // A row of the wrong type undoes its statement here, and only itself inside a transaction of SQLite.
    let strict = table.strict && column.affinity != Affinity::Any;
    literal_for(random, column.affinity, strict, !column.wild)
}

/// A random index over a table.
pub fn index(random: &mut Random, name: &str, table: &Table) -> Sql {
    let count = random.between(1, 3.min(table.columns.len()));
    let parts = (0..count)
        .map(|_| {
            let column = random.choose(&table.columns).map_or("a", |column| column.name.as_str());
            let other = random.choose(&table.columns).map_or("a", |column| column.name.as_str());
            let part = match random.below(12) {
                0 => format!("lower({column})"),
                1 => format!("{column} + {other}"),
                2 => format!("length({column})"),
                3 => format!("{column} || {other}"),
                _ => column.to_string(),
            };
            let collation = if random.chance(12) {
                random.one(&[" COLLATE NOCASE", " COLLATE RTRIM", " COLLATE BINARY"])
            } else {
                ""
            };
            let order = if random.chance(25) { " DESC" } else { "" };
            text(format!("{part}{collation}{order}"))
        })
        .collect();
    let unique = if random.chance(10) { "UNIQUE " } else { "" };
    let condition = if random.chance(25) { partial(random, table) } else { text("") };
    seq([
        text(format!("CREATE {unique}INDEX {name} ON {}", table.name)),
        brackets(commas(parts)),
        optional(condition),
    ])
}

fn partial(random: &mut Random, table: &Table) -> Sql {
    let column = random.choose(&table.columns).map_or("a", |column| column.name.as_str());
    let condition = match random.below(5) {
        0 => format!("{column} IS NOT NULL"),
        1 => format!("{column} > {}", values::small_integer(random)),
        2 => format!("{column} = {}", values::small_integer(random)),
        3 => format!("{column} > 'a' AND {column} IS NOT NULL"),
        _ => format!("{column} IN (1, 2, 'a', 'b')"),
    };
    text(format!("WHERE {condition}"))
}
