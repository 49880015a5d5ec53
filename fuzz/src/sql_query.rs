//! Random queries: the part of [`Generator`] that makes `SELECT`.

use crate::sql_expr::{Generator, Source};
use crate::sql_schema::{Affinity, Column, Key, Table};
use crate::sql_tree::{Sql, all, brackets, commas, optional, seq, text};
use crate::sql_values::Choose;

/// How far the rows of a query are determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The rows, in any order.
    Any,
    /// Sorted by all columns: rows that compare as equal may change places.
    Sorted,
    /// The rows in their order.
    Exact,
    /// Of values that are equal any may stand for the others.
    Loose,
}

/// A query.
#[derive(Clone, Debug)]
pub struct Query {
    /// The text.
    pub sql: Sql,
    /// The columns of its result.
    pub columns: Vec<Column>,
    /// How far its rows are determined.
    pub rows: Rows,
}

/// What a `SELECT` is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Anything.
    Any,
    /// Only results whose equal values look the same.
    Tame,
}

fn column(name: String, wild: bool, affinity: Affinity) -> Column {
    Column { name, affinity, wild, generated: true, unique: false, rowid: false }
}

impl Generator<'_> {
    /// A whole query.
    pub fn query(&mut self) -> Query {
        if self.random.chance(15) {
            return self.with();
        }
        self.ordered_query()
    }

    fn ordered_query(&mut self) -> Query {
        let mut query = match self.random.below(20) {
            0..=2 => self.compound(),
            3 => self.values(),
            _ => self.select(Purpose::Any, None),
        };
        if query.rows == Rows::Any && self.random.chance(45) {
            query.rows = Rows::Sorted;
            let tail = self.order_and_limit(query.columns.len());
            query.sql = seq([query.sql, tail]);
        }
        query
    }

    /// `ORDER BY` all columns, and a limit at times.
    fn order_and_limit(&mut self, count: usize) -> Sql {
        let mut ordinals: Vec<usize> = (1..=count).collect();
        if self.random.chance(30) {
            ordinals.reverse();
        }
        let terms = ordinals.into_iter().map(|ordinal| {
            let order = self.random.one(&["", "", "DESC", "ASC NULLS LAST", "DESC NULLS FIRST"]);
            text(format!("{ordinal} COLLATE BINARY {order}").trim_end().to_string())
        });
        let terms = all(terms.collect());
        let limit = match self.random.below(4) {
            0 => format!("LIMIT {}", self.random.between(0, 5)),
            1 => format!("LIMIT {} OFFSET {}", self.random.between(0, 6), self.random.between(0, 4)),
            2 if self.random.chance(20) => format!("LIMIT -1 OFFSET {}", self.random.between(0, 4)),
            _ => String::new(),
        };
        seq([text("ORDER BY"), terms, optional(text(limit))])
    }

    /// `WITH` and a query that may use its tables.
    fn with(&mut self) -> Query {
        let known = self.tables.len();
        let mut tables = Vec::new();
        let mut recursive = "";
        for _ in 0..self.random.between(1, 2) {
            self.aliases += 1;
            let name = format!("w{}", self.aliases);
            let (definition, columns) = if self.random.chance(30) {
                recursive = "RECURSIVE";
                self.recursive(&name)
            } else {
                // Common tables of joins, joined a few times over, would take hours.
                let was_single = std::mem::replace(&mut self.single, true);
                let query = self.select(Purpose::Any, None);
                self.single = was_single;
                let hint = self.random.one(&["AS", "AS", "AS MATERIALIZED", "AS NOT MATERIALIZED"]);
                let names: Vec<&str> = query.columns.iter().map(|column| column.name.as_str()).collect();
                let head = format!("{name}({}) {hint}", names.join(", "));
                (seq([text(head), brackets(query.sql)]), query.columns)
            };
            tables.push(definition);
            self.tables.push(Table {
                name,
                columns,
                key: Key::Rowid,
                strict: false,
                view: true,
                unique: Vec::new(),
            });
        }
        let query = self.ordered_query();
        self.tables.truncate(known);
        Query { sql: seq([text(format!("WITH {recursive}")), all(tables), query.sql]), ..query }
    }

    /// A recursive table that ends.
    fn recursive(&mut self, name: &str) -> (Sql, Vec<Column>) {
        let union = self.random.one(&["UNION", "UNION ALL"]);
        let start = self.random.one(&["1, 'a'", "0, NULL", "3, 1", "-2, x'00'"]);
        let step = self.random.one(&["x || 'b'", "n", "x", "length(x) + n", "typeof(x)"]);
        let end = self.random.between(2, 8);
        let limit = if self.random.chance(20) { "LIMIT 5" } else { "" };
        let made = format!(
            "{name}(n, x) AS (SELECT {start} {union} SELECT n + 1, {step} FROM {name} WHERE n < {end} {limit})"
        );
        let columns = vec![column("n".into(), false, Affinity::Any), column("x".into(), true, Affinity::Any)];
        (text(made), columns)
    }

    fn values(&mut self) -> Query {
        let count = self.random.between(1, 3);
        let rows = (0..self.random.between(1, 4)).map(|_| {
            let row = (0..count).map(|_| if self.random.chance(70) { self.literal() } else { self.expr(1) });
            brackets(all(row.collect()))
        });
        let rows = rows.collect();
        let columns = (1..=count).map(|at| column(format!("column{at}"), true, Affinity::Any)).collect();
        Query { sql: seq([text("VALUES"), commas(rows)]), columns, rows: Rows::Any }
    }

    /// Selects with `UNION` and its like between them.
    fn compound(&mut self) -> Query {
        let count = self.random.between(1, 3);
        let first = self.select(Purpose::Tame, Some(count));
        let mut parts = vec![first.sql];
        let mut rows = Rows::Any;
        for _ in 0..self.random.between(1, 2) {
            let operator = self.random.one(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]);
            if operator != "UNION ALL" {
                rows = Rows::Loose;
            }
            let next = self.select(Purpose::Tame, Some(count));
            parts.push(optional(seq([text(operator), next.sql])));
        }
        let columns = first.columns.into_iter().map(|column| Column { wild: true, ..column }).collect();
        Query { sql: Sql::Seq(parts), columns, rows }
    }

    /// One `SELECT`, of so many columns if it is told how many.
    fn select(&mut self, purpose: Purpose, count: Option<usize>) -> Query {
        self.nesting += 1;
        let (from, scope) = self.from();
        let single = scope.len() == 1;
        let identity =
            scope.first().filter(|source| single && source.rowid).map(|source| source.alias.clone());
        self.scopes.push(scope);
        let count = count.unwrap_or_else(|| self.random.between(1, 4));
        let condition =
            if self.random.chance(65) { optional(seq([text("WHERE"), self.predicate(3)])) } else { text("") };
        let query = match (self.random.below(20), identity) {
            (0..=3, _) => self.grouped(from, condition, count),
            (4 | 5, _) => self.aggregated(from, condition, count),
            (7 | 8, Some(alias)) if purpose == Purpose::Any && self.windows => {
                self.over_windows(from, condition, &alias, count)
            }
            (6, Some(alias)) if purpose == Purpose::Any => self.extreme(from, condition, &alias, count),
            _ => self.plain(from, condition, purpose, count),
        };
        self.scopes.pop();
        self.nesting -= 1;
        query
    }

    fn plain(&mut self, from: Sql, condition: Sql, purpose: Purpose, count: usize) -> Query {
        let distinct = self.random.chance(15);
        let mut items = Vec::new();
        let mut columns = Vec::new();
        for at in 0..count {
            let (sql, wild, affinity) = if distinct || purpose == Purpose::Tame {
                (self.key(), false, Affinity::Any)
            } else {
                let item = self.item();
                (item.sql, item.wild, item.affinity)
            };
            items.push(seq([sql, text(format!("AS c{at}"))]));
            columns.push(column(format!("c{at}"), wild, affinity));
        }
        let head = if distinct { "SELECT DISTINCT" } else { "SELECT" };
        Query { sql: seq([text(head), all(items), from, condition]), columns, rows: Rows::Any }
    }

    fn grouped(&mut self, from: Sql, condition: Sql, count: usize) -> Query {
        let keys: Vec<Sql> = (0..self.random.between(1, 2)).map(|_| self.key()).collect();
        let mut items = Vec::new();
        let mut columns = Vec::new();
        for at in 0..count {
            let key = self.random.between(0, keys.len() - 1);
            let sql = match self.random.below(5) {
                0 | 1 => keys[key].clone(),
                2 => seq([text("coalesce("), self.aggregate(), text(","), keys[key].clone(), text(")")]),
                _ => self.aggregate(),
            };
            items.push(seq([sql, text(format!("AS c{at}"))]));
            columns.push(column(format!("c{at}"), true, Affinity::Any));
        }
        let having = match self.random.below(4) {
            0 => optional(seq([text("HAVING"), self.aggregate(), text("> 1")])),
            1 => optional(seq([text("HAVING"), keys[0].clone(), text("IS NOT NULL")])),
            _ => text(""),
        };
        let parts = [text("SELECT"), all(items), from, condition, text("GROUP BY"), all(keys), having];
        Query { sql: seq(parts), columns, rows: Rows::Any }
    }

    fn aggregated(&mut self, from: Sql, condition: Sql, count: usize) -> Query {
        let items = (0..count).map(|at| seq([self.aggregate(), text(format!("AS c{at}"))])).collect();
        let columns = (0..count).map(|at| column(format!("c{at}"), true, Affinity::Any)).collect();
        Query { sql: seq([text("SELECT"), all(items), from, condition]), columns, rows: Rows::Any }
    }

    /// Columns of the row in which the greatest or least rowid is found.
    fn extreme(&mut self, from: Sql, condition: Sql, alias: &str, count: usize) -> Query {
        let function = self.random.one(&["min", "max"]);
        let mut items = vec![text(format!("{function}({alias}.rowid) AS c0"))];
        let mut columns = vec![column("c0".into(), false, Affinity::Any)];
        for at in 1..count {
            let item = self.item();
            items.push(seq([item.sql, text(format!("AS c{at}"))]));
            columns.push(column(format!("c{at}"), true, item.affinity));
        }
        Query { sql: seq([text("SELECT"), all(items), from, condition]), columns, rows: Rows::Any }
    }

    /// Window functions over one table.
    fn over_windows(&mut self, from: Sql, condition: Sql, alias: &str, count: usize) -> Query {
        let mut items = Vec::new();
        for at in 0..count {
            let item = if at == 0 || self.random.chance(60) { self.windowed(alias) } else { self.item().sql };
            items.push(seq([item, text(format!("AS c{at}"))]));
        }
        let columns = (0..count).map(|at| column(format!("c{at}"), true, Affinity::Any)).collect();
        Query { sql: seq([text("SELECT"), all(items), from, condition]), columns, rows: Rows::Any }
    }

    /// `FROM` and what it makes available.
    pub fn from(&mut self) -> (Sql, Vec<Source>) {
        if self.tables.is_empty() || self.random.chance(3) {
            return (text(""), Vec::new());
        }
        let count = match self.random.below(10) {
            _ if self.single => 1,
            0..=4 => 1,
            5..=8 => 2,
            _ => 3,
        };
        let (first, source) = self.source();
        let mut scope = vec![source];
        let mut parts = vec![text("FROM"), first];
        for _ in 1..count {
            let (next, source) = self.source();
            let join = self.join(next, &source, &mut scope);
            parts.push(join);
        }
        (Sql::Seq(parts), scope)
    }

    /// A join of what is in the scope with one more source, which is put into it.
    fn join(&mut self, next: Sql, source: &Source, scope: &mut Vec<Source>) -> Sql {
        let kind = self.random.one(&[
            ",",
            "JOIN",
            "INNER JOIN",
            "CROSS JOIN",
            "LEFT JOIN",
            "LEFT OUTER JOIN",
            "LEFT JOIN",
            "RIGHT JOIN",
            "FULL JOIN",
        ]);
        let last = &scope[scope.len() - 1];
        let shared: Vec<&str> = last.columns.iter().map(|column| column.name.as_str()).collect();
        let shared: Vec<&str> = shared
            .into_iter()
            .filter(|name| source.columns.iter().any(|column| column.name == *name))
            .filter(|name| {
                scope.iter().filter(|other| other.columns.iter().any(|column| column.name == *name)).count()
                    == 1
            })
            .collect();
        let constraint = match self.random.below(10) {
            0 if kind != "," && kind != "CROSS JOIN" && scope.len() == 1 => {
                let natural = seq([text(format!("NATURAL {kind}")), next]);
                scope.push(source.clone());
                return natural;
            }
            1 | 2 if !shared.is_empty() && kind != "," => {
                let name = self.random.one(&shared);
                text(format!("USING ({name})"))
            }
            3 if matches!(kind, "JOIN" | "CROSS JOIN" | ",") => text(""),
            _ if kind == "," => text(""),
            _ => {
                scope.push(source.clone());
                self.scopes.push(std::mem::take(scope));
                let condition = if self.random.chance(70) { self.equality() } else { self.predicate(2) };
                *scope = self.scopes.pop().unwrap_or_default();
                return seq([text(kind), next, text("ON"), condition]);
            }
        };
        scope.push(source.clone());
        seq([text(kind), next, constraint])
    }

    /// Columns of two sources compared.
    fn equality(&mut self) -> Sql {
        let Some([.., left, right]) = self.scopes.last().map(Vec::as_slice) else {
            return self.predicate(1);
        };
        let left = self.random.choose(&left.columns).map(|column| format!("{}.{}", left.alias, column.name));
        let right =
            self.random.choose(&right.columns).map(|column| format!("{}.{}", right.alias, column.name));
        match (left, right) {
            (Some(left), Some(right)) => text(format!("{left} = {right}")),
            _ => text("1"),
        }
    }

    /// A table, a view or a query in `FROM`.
    fn source(&mut self) -> (Sql, Source) {
        self.aliases += 1;
        let alias = format!("t{}", self.aliases);
        if self.nesting < 3 && self.random.chance(15) {
            // A query in `FROM` does not see its neighbours.
            let scopes = std::mem::take(&mut self.scopes);
            let query = if self.random.chance(15) { self.unified() } else { self.subquery() };
            self.scopes = scopes;
            if query.rows != Rows::Loose {
                let source = Source { alias: alias.clone(), columns: query.columns, rowid: false };
                return (seq([brackets(query.sql), text(format!("AS {alias}"))]), source);
            }
        }
        let table = self.random.choose(&self.tables).cloned();
        match table {
            Some(table) => (text(format!("{} AS {alias}", table.name)), Source::of(&table, &alias)),
            None => {
                let columns = vec![column("a".into(), false, Affinity::Any)];
                (text(format!("(SELECT 1 AS a) AS {alias}")), Source { alias, columns, rowid: false })
            }
        }
    }

    /// A compound whose columns have no affinity: which of its members gives them theirs is not determined.
    fn unified(&mut self) -> Query {
        let query = self.compound();
        let columns = query.columns.iter().map(|column| text(format!("+{0} AS {0}", column.name)));
        let columns = all(columns.collect());
        Query { sql: seq([text("SELECT"), columns, text("FROM"), brackets(query.sql)]), ..query }
    }

    /// A select, limited at times; what is cut off is determined.
    fn subquery(&mut self) -> Query {
        if self.random.chance(80) {
            return self.select(Purpose::Any, None);
        }
        let count = self.random.between(1, 3);
        self.nesting += 1;
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let query = self.plain(from, text(""), Purpose::Tame, count);
        self.scopes.pop();
        self.nesting -= 1;
        let tail = self.order_and_limit(count);
        Query { sql: seq([query.sql, optional(tail)]), ..query }
    }

    /// A query for one value.
    pub fn scalar_subquery(&mut self) -> Sql {
        self.nesting += 1;
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let condition = optional(seq([text("WHERE"), self.predicate(1)]));
        let made = if self.random.chance(60) {
            seq([text("(SELECT"), self.aggregate(), from, condition, text(")")])
        } else {
            let (key, end) = (self.key(), self.random.one(&["", "DESC"]));
            let order = text(format!("ORDER BY 1 COLLATE BINARY {end} LIMIT 1)"));
            seq([text("(SELECT"), key, from, condition, order])
        };
        self.scopes.pop();
        self.nesting -= 1;
        made
    }

    /// `EXISTS` of a query.
    pub fn exists(&mut self) -> Sql {
        let not = self.random.one(&["EXISTS", "NOT EXISTS"]);
        let query = self.select(Purpose::Any, None);
        seq([text(not), brackets(query.sql)])
    }

    /// `IN` of a query, with one value or a row before it.
    pub fn in_subquery(&mut self, depth: usize) -> Sql {
        let not = self.random.one(&["IN", "NOT IN"]);
        let count = if self.random.chance(25) { 2 } else { 1 };
        let left = if count == 1 {
            self.expr(depth)
        } else {
            brackets(all((0..count).map(|_| self.expr(0)).collect()))
        };
        let query = self.select(Purpose::Any, Some(count));
        seq([left, text(not), brackets(query.sql)])
    }
}

/// A random view.
pub fn view(generator: &mut Generator<'_>, name: &str) -> (Table, Sql) {
    // Views of joins of views would give millions of rows.
    generator.single = true;
    let query = generator.select(Purpose::Any, None);
    generator.single = false;
    let made = seq([text(format!("CREATE VIEW {name} AS")), query.sql]);
    let table = Table {
        name: name.into(),
        columns: query.columns,
        key: Key::Rowid,
        strict: false,
        view: true,
        unique: Vec::new(),
    };
    (table, made)
}
