//! [`Generator`]: random expressions over the columns in reach.
//!
//! Whatever it makes has one answer. Left out, since SQLite itself may answer in several ways:
//! - functions of the present, of chance, of the connection: nothing to compare;
//! - functions that raise errors (`abs` of the least integer, `zeroblob` of much): whether a row is looked at depends on the plan.
//!   `fuzz/src/sql_functions.rs` calls them without rows;
//! - sums of reals and of what may overflow: the order of the rows shows in the last digits, or in an error;
//! - the rowid behind the greatest one there is: it is chosen by chance;
//! - groups of values that are equal and look different, where one must stand for the group ([`Generator::key`]).

use crate::random::Random;
use crate::sql_schema::{Affinity, Column, Key, Table};
use crate::sql_tree::{Sql, all, brackets, commas, seq, text, value};
use crate::sql_values::{self as values, Choose};

/// Something in `FROM`, by the name it is known by.
#[derive(Clone, Debug)]
pub struct Source {
    /// The alias.
    pub alias: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// Whether it has a rowid.
    pub rowid: bool,
}

impl Source {
    /// A table under an alias.
    #[must_use]
    pub fn of(table: &Table, alias: &str) -> Source {
        let rowid = !table.view && !matches!(table.key, Key::Columns(_));
        Source { alias: alias.into(), columns: table.columns.clone(), rowid }
    }
}

/// Makes random expressions and queries; `fuzz/src/sql_query.rs` has the queries.
pub struct Generator<'t> {
    /// Its choices.
    pub random: &'t mut Random,
    /// Tables and views that `FROM` may name.
    pub tables: Vec<Table>,
    /// What columns are in reach: those of the innermost query last.
    pub scopes: Vec<Vec<Source>>,
    /// How many aliases were given out.
    pub aliases: usize,
    /// How many queries are around what is made.
    pub nesting: usize,
    /// Whether each query has at most one table.
    pub single: bool,
    /// Whether to make window functions.
    pub windows: bool,
}

/// A column or an expression in a list of results.
pub struct Item {
    /// The expression.
    pub sql: Sql,
    /// See [`Column::wild`].
    pub wild: bool,
    /// Its affinity.
    pub affinity: Affinity,
}

/// Operators between values.
const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>"];

/// Comparisons.
pub const COMPARISONS: &[&str] = &[
    "=",
    "==",
    "<",
    "<=",
    ">",
    ">=",
    "<>",
    "!=",
    "IS",
    "IS NOT",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
];

impl<'t> Generator<'t> {
    /// Over these tables.
    pub fn new(random: &'t mut Random, tables: &[Table]) -> Generator<'t> {
        Generator {
            random,
            tables: tables.to_vec(),
            scopes: Vec::new(),
            aliases: 0,
            nesting: 0,
            windows: false,
            single: false,
        }
    }

    /// A literal, in brackets where a sign could meet what stands before it.
    pub fn literal(&mut self) -> Sql {
        let literal = values::any_literal(self.random);
        if literal.starts_with('-') { text(format!("({literal})")) } else { text(literal) }
    }

    /// A column in reach: how it is written, and what it is.
    fn find_column(&mut self) -> Option<(String, Column)> {
        let inner = self.scopes.len().checked_sub(1)?;
        let scope =
            if inner > 0 && self.random.chance(20) { self.random.between(0, inner - 1) } else { inner };
        let source = self.random.choose(&self.scopes[scope])?;
        if source.rowid && self.random.chance(6) {
            let rowid = Column {
                name: "rowid".into(),
                affinity: Affinity::Integer,
                wild: false,
                generated: true,
                unique: true,
                rowid: true,
            };
            return Some((format!("{}.rowid", source.alias), rowid));
        }
        let column = self.random.choose(&source.columns)?.clone();
        Some((format!("{}.{}", source.alias, column.name), column))
    }

    /// A column, or a literal where none is in reach.
    pub fn column(&mut self) -> Sql {
        match self.find_column() {
            Some((name, _)) => value(text(name)),
            None => value(self.literal()),
        }
    }

    /// An expression of at most so many levels.
    pub fn expr(&mut self, depth: usize) -> Sql {
        if depth == 0 || self.random.chance(25) {
            return if self.random.chance(70) { self.column() } else { value(self.literal()) };
        }
        let made = match self.random.below(20) {
            0..=3 => {
                let (left, right) = (self.expr(depth - 1), self.expr(depth - 1));
                brackets(seq([left, text(self.random.one(ARITHMETIC)), right]))
            }
            4 => {
                let operator = self.random.one(&["-", "+", "~", "NOT"]);
                brackets(seq([text(operator), self.expr(depth - 1)]))
            }
            5..=7 => brackets(self.predicate(depth)),
            8 | 9 => self.case(depth),
            10 | 11 => {
                let kind = self.random.one(&["INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC"]);
                seq([text("CAST("), self.expr(depth - 1), text(format!("AS {kind})"))])
            }
            12..=16 => self.call(depth),
            17 => brackets(seq([self.expr(depth - 1), text(self.collate())])),
            _ => match self.nesting < 2 {
                true => self.scalar_subquery(),
                false => self.call(depth),
            },
        };
        value(made)
    }

    fn collate(&mut self) -> String {
        format!("COLLATE {}", self.random.one(&["BINARY", "NOCASE", "RTRIM"]))
    }

    fn case(&mut self, depth: usize) -> Sql {
        let mut parts = vec![text("CASE")];
        let base = self.random.chance(40);
        if base {
            parts.push(self.expr(depth - 1));
        }
        for _ in 0..self.random.between(1, 2) {
            let when = if base { self.expr(depth - 1) } else { self.predicate(depth - 1) };
            parts.extend([text("WHEN"), when, text("THEN"), self.expr(depth - 1)]);
        }
        if self.random.chance(60) {
            parts.extend([text("ELSE"), self.expr(depth - 1)]);
        }
        parts.push(text("END"));
        Sql::Seq(parts)
    }

    /// A call of a function that raises no errors.
    fn call(&mut self, depth: usize) -> Sql {
        const CALLS: &[(&str, usize)] = &[
            ("coalesce", 2),
            ("coalesce", 3),
            ("ifnull", 2),
            ("nullif", 2),
            ("iif", 3),
            ("length", 1),
            ("octet_length", 1),
            ("lower", 1),
            ("upper", 1),
            ("typeof", 1),
            ("quote", 1),
            ("hex", 1),
            ("substr", 2),
            ("substr", 3),
            ("trim", 1),
            ("trim", 2),
            ("ltrim", 2),
            ("rtrim", 1),
            ("instr", 2),
            ("replace", 3),
            ("unicode", 1),
            ("min", 2),
            ("max", 2),
            ("max", 3),
            ("round", 1),
            ("round", 2),
            ("sign", 1),
            ("concat", 2),
            ("concat_ws", 3),
            ("likely", 1),
            ("unhex", 1),
            ("soundex", 1),
            ("date", 1),
            ("julianday", 1),
            ("sqrt", 1),
            ("floor", 1),
            ("ceil", 1),
            ("trunc", 1),
            ("pow", 2),
            ("mod", 2),
            ("exp", 1),
            ("ln", 1),
            ("log", 2),
            ("atan2", 2),
            ("cos", 1),
            ("degrees", 1),
        ];
        let (name, count) = self.random.choose(CALLS).copied().unwrap_or(("typeof", 1));
        let arguments = (0..count).map(|_| self.expr(depth - 1)).collect();
        seq([text(format!("{name}(")), all(arguments), text(")")])
    }

    /// A condition of at most so many levels.
    pub fn predicate(&mut self, depth: usize) -> Sql {
        let lower = depth.saturating_sub(1);
        let made = match self.random.below(20) {
            0..=6 => {
                let (left, right) = (self.operand(lower), self.operand(lower));
                let collate = if self.random.chance(10) { self.collate() } else { String::new() };
                seq([left, text(self.random.one(COMPARISONS)), right, text(collate)])
            }
            7 => {
                let not = self.random.one(&["", "NOT"]);
                let parts =
                    [self.operand(lower), text(not), text("BETWEEN"), self.operand(lower), text("AND")];
                seq([Sql::Seq(parts.into()), self.operand(lower)])
            }
            8 | 9 => {
                // The empty list would be the word TRUE or FALSE to SQLite: `x IS (y NOT IN ())` is a test of truth.
                let count = self.random.between(1, 4);
                let items: Vec<Sql> = (0..count).map(|_| self.operand(0)).collect();
                let not = self.random.one(&["IN", "NOT IN"]);
                seq([self.operand(lower), text(not), brackets(commas(items))])
            }
            10 => self.like(lower),
            11 => {
                let test = self.random.one(&[
                    "IS NULL",
                    "IS NOT NULL",
                    "ISNULL",
                    "NOTNULL",
                    "NOT NULL",
                    "IS TRUE",
                    "IS NOT FALSE",
                ]);
                seq([self.operand(lower), text(test)])
            }
            12 | 13 if depth > 0 => {
                let operator = self.random.one(&["AND", "OR"]);
                let (left, right) = (self.predicate(lower), self.predicate(lower));
                brackets(seq([left, text(operator), right]))
            }
            14 if depth > 0 => brackets(seq([text("NOT"), brackets(self.predicate(lower))])),
            15 => self.rows(lower),
            16 if self.nesting < 2 && depth > 0 => self.exists(),
            17 | 18 if self.nesting < 2 && depth > 0 => self.in_subquery(lower),
            _ => seq([self.column(), text(self.random.one(COMPARISONS)), self.operand(0)]),
        };
        value(made)
    }

    /// One side of a comparison: mostly a column or a literal, so that indexes are of use.
    fn operand(&mut self, depth: usize) -> Sql {
        match self.random.below(10) {
            0..=4 => self.column(),
            5..=7 => value(self.literal()),
            _ => self.expr(depth),
        }
    }

    fn like(&mut self, depth: usize) -> Sql {
        let operator = self.random.one(&["LIKE", "NOT LIKE", "GLOB", "NOT GLOB"]);
        let pattern = match operator.ends_with("GLOB") {
            true => self.random.one(&["'*'", "'a*'", "'?'", "'[a-c]*'", "'*b'", "'[^a]*'", "'A*'", "'1*'"]),
            false => self
                .random
                .one(&["'%'", "'a%'", "'_'", "'%b'", "'A%'", "'a_'", "'1%'", "'%''%'", "'ä%'", "''"]),
        };
        let escape = if operator.ends_with("LIKE") && self.random.chance(20) {
            self.random.one(&["ESCAPE '!'", "ESCAPE 'a'", "ESCAPE '%'", "ESCAPE '_'"])
        } else {
            ""
        };
        let left = if self.random.chance(70) { self.column() } else { self.expr(depth) };
        seq([left, text(operator), text(pattern), text(escape)])
    }

    /// Row values compared.
    fn rows(&mut self, depth: usize) -> Sql {
        let count = self.random.between(2, 3);
        let row =
            |generator: &mut Self| brackets(all((0..count).map(|_| generator.operand(depth)).collect()));
        let left = row(self);
        if self.random.chance(25) {
            // The affinity of several rows together is not determined.
            return seq([left, text("IN (VALUES"), row(self), text(")")]);
        }
        let right = row(self);
        seq([left, text(self.random.one(COMPARISONS)), right])
    }

    /// An expression whose equal values all look the same: fit to group by, to select distinct, to sort by.
    pub fn key(&mut self) -> Sql {
        if self.random.chance(60)
            && let Some((name, column)) = self.find_column()
        {
            return text(if column.wild { format!("quote({name})") } else { name });
        }
        let expr = self.expr(1);
        let (before, after) = match self.random.below(6) {
            0 => ("typeof(", ")"),
            1 => ("length(", ")"),
            2 => ("CAST(", "AS INTEGER)"),
            // A constant condition in brackets is a number, and that the number of a column.
            3 => return seq([text("coalesce("), self.predicate(1), text(", '?')")]),
            _ => ("quote(", ")"),
        };
        seq([text(before), expr, text(after)])
    }

    /// A column or an expression for a list of results.
    pub fn item(&mut self) -> Item {
        match self.random.below(10) {
            0..=4 => match self.find_column() {
                Some((name, column)) => {
                    Item { sql: value(text(name)), wild: column.wild, affinity: column.affinity }
                }
                None => Item { sql: self.literal(), wild: true, affinity: Affinity::Any },
            },
            5 => Item { sql: self.key(), wild: false, affinity: Affinity::Any },
            _ => Item { sql: self.expr(2), wild: true, affinity: Affinity::Any },
        }
    }

    /// An integer so small that sums of it never overflow.
    pub fn summand(&mut self) -> Sql {
        let expr = self.expr(1);
        brackets(seq([text("CAST("), expr, text("AS INTEGER) % 1000")]))
    }

    /// An aggregate that takes the rows in the order of their numbers.
    pub fn percentile(&mut self) -> Sql {
        let (name, share) = self
            .random
            .choose(&[
                ("median(", ")"),
                ("percentile(", ", 50)"),
                ("percentile(", ", 12.5)"),
                ("percentile_cont(", ", 0.75)"),
                ("percentile_disc(", ", 0.3)"),
            ])
            .copied()
            .unwrap_or_default();
        seq([text(name), self.summand(), text(share)])
    }

    /// An aggregate whose result does not depend on the order of the rows. Its arguments are of the innermost query: one that
    /// names columns of outer queries alone belongs to those, where SQLite finds out late, or never, whether it may stand there.
    pub fn aggregate(&mut self) -> Sql {
        let outer = match self.scopes.len() {
            0 => Vec::new(),
            inner => self.scopes.drain(..inner - 1).collect(),
        };
        let made = self.aggregate_here();
        self.scopes.splice(0..0, outer);
        made
    }

    fn aggregate_here(&mut self) -> Sql {
        let call = match self.random.below(13) {
            0 | 1 => text("count(*)"),
            2 => seq([text("count("), self.expr(1), text(")")]),
            3 => seq([text("count(DISTINCT"), self.key(), text(")")]),
            4 => seq([text("sum("), self.summand(), text(")")]),
            5 => seq([text("sum(DISTINCT"), self.summand(), text(")")]),
            6 => seq([text(self.random.one(&["avg(", "total("])), self.summand(), text(")")]),
            7 | 8 => seq([text(self.random.one(&["min(", "max("])), self.key(), text(")")]),
            9 => {
                let key = self.key();
                let order = self.random.one(&["", "DESC", "ASC NULLS LAST", "DESC NULLS FIRST"]);
                let separator = self.random.one(&["", ", '-'", ", ''"]);
                let parts = [text("group_concat("), key.clone(), text(separator), text("ORDER BY"), key];
                seq([Sql::Seq(parts.into()), text(format!("COLLATE BINARY {order})"))])
            }
            10 => self.percentile(),
            _ => seq([text("max(typeof("), self.expr(1), text("))")]),
        };
        if self.random.chance(15) {
            return seq([call, text("FILTER (WHERE"), self.predicate(1), text(")")]);
        }
        call
    }
}
