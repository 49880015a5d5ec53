//! The schema of one moment, and the rows of one table that differ between two, as literals of SQL.

use std::collections::BTreeMap;

use duramen::engine::{Diff, ReadView};
use duramen::{Database, TreeId};
use duramen_sql::codec::rowid_of;
use duramen_sql::{Connection, Error, Value};

use crate::failure::Failure;

use super::moment::Past;

/// A row: how it is found, and its columns as literals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) rowid: Option<i64>,
    pub(crate) columns: Vec<String>,
}

/// A row before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowChange {
    pub(crate) before: Option<Row>,
    pub(crate) after: Option<Row>,
}

/// An object of the schema that a statement has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The table or view that it belongs to; its own name if it is one.
    pub(crate) table: String,
    /// That of a table.
    pub(crate) tree: Option<TreeId>,
    pub(crate) sql: String,
}

/// One side of a comparison.
pub(crate) struct Side<'p> {
    past: &'p Past,
    pub(crate) db: Database,
    connection: Connection,
}

impl<'p> Side<'p> {
    pub(crate) fn new(past: &'p Past, db: Database) -> Side<'p> {
        Side { past, connection: Connection::new(db.clone()), db }
    }

    fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>, Failure> {
        let result = self.connection.run(sql, parameters);
        Ok(result.map_err(|error| self.past.sql_failed(&error))?.rows)
    }

    /// A view of all trees.
    pub(crate) fn view(&self) -> Result<ReadView, Failure> {
        self.db.begin_read().map_err(|error| Failure::of_engine(&self.past.path, &error))
    }

    /// What statements have made, in that order; not what the engine makes by itself.
    pub(crate) fn objects(&self) -> Result<Vec<Object>, Failure> {
        let sql = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema \
                   WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
        let object = |row: &Vec<Value>| Object {
            kind: text(&row[0]),
            name: text(&row[1]),
            table: text(&row[2]),
            tree: tree(&row[3]).filter(|_| text(&row[0]) == "table"),
            sql: text(&row[4]),
        };
        Ok(self.query(sql, &[])?.iter().map(object).collect())
    }

    /// The tables with their trees, those of the engine too.
    pub(crate) fn tables(&self) -> Result<Vec<(String, Option<TreeId>)>, Failure> {
        let sql =
            "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name";
        Ok(self.query(sql, &[])?.iter().map(|row| (text(&row[0]), tree(&row[1]))).collect())
    }

    /// The columns of a table that can be written.
    pub(crate) fn columns(&self, table: &str) -> Result<Vec<String>, Failure> {
        let rows = self.query(&format!("PRAGMA table_info({})", quoted(table)), &[])?;
        Ok(rows.iter().map(|row| text(&row[1])).collect())
    }

    /// Whether two rows of a table may be refused for what columns hold besides the rowid.
    pub(crate) fn has_unique_index(&self, table: &str) -> Result<bool, Failure> {
        let rows = self.query(&format!("PRAGMA index_list({})", quoted(table)), &[])?;
        Ok(rows.iter().any(|row| row[2] == Value::Integer(1)))
    }

    /// A name of the rowid that is no other column's, if the table has rowids.
    pub(crate) fn rowid(&self, table: &str) -> Result<Option<&'static str>, Failure> {
        let columns = self.query(&format!("PRAGMA table_xinfo({})", quoted(table)), &[])?;
        let is_free = |name: &&str| !columns.iter().any(|row| text(&row[1]).eq_ignore_ascii_case(name));
        let is_there =
            |name: &&str| self.connection.prepare(&format!("SELECT {name} FROM {}", quoted(table))).is_ok();
        Ok(["rowid", "_rowid_", "oid"].into_iter().filter(is_free).find(is_there))
    }

    /// The rows of a table, all or the one of a rowid; with their rowids, if they have any.
    pub(crate) fn rows(&self, table: &str, only: Option<i64>) -> Result<Vec<Row>, Failure> {
        let rowid = self.rowid(table)?;
        let literals: Vec<String> =
            self.columns(table)?.iter().map(|column| format!("quote({})", quoted(column))).collect();
        let condition = match (only, rowid) {
            (Some(only), Some(rowid)) => format!(" WHERE {rowid} = {only}"),
            _ => String::new(),
        };
        let (literals, rowid) = (literals.join(", "), rowid.unwrap_or("NULL"));
        let sql = format!("SELECT {rowid}, {literals} FROM {}{condition}", quoted(table));
        let row = |row: &Vec<Value>| Row {
            rowid: match row[0] {
                Value::Integer(rowid) => Some(rowid),
                _ => None,
            },
            columns: row[1..].iter().map(text).collect(),
        };
        Ok(self.query(&sql, &[])?.iter().map(row).collect())
    }
}

/// The rows of a table that differ, given the tree that it has on each side. With rowids, parts that both sides share are
/// not read; without them, or in trees that have nothing to do with each other, both are read as wholes.
pub(crate) fn changes(
    sides: [&Side<'_>; 2],
    table: &str,
    trees: [Option<TreeId>; 2],
) -> Result<Vec<RowChange>, Failure> {
    match trees {
        [Some(then), Some(now)] if then == now => {
            let [before, after] = sides;
            match (before.rowid(table)?, after.rowid(table)?) {
                (Some(_), Some(_)) => by_rowid(before, after, table, then),
                _ => as_wholes(sides, table, trees),
            }
        }
        _ => as_wholes(sides, table, trees),
    }
}

fn by_rowid(
    before: &Side<'_>,
    after: &Side<'_>,
    table: &str,
    tree: TreeId,
) -> Result<Vec<RowChange>, Failure> {
    let failed = |error| Failure::of_engine(&before.past.path, &error);
    let (then, now) = (before.view()?, after.view()?);
    let mut diff = Diff::new(&then, &now, tree).map_err(failed)?;
    let mut changes = Vec::new();
    while let Some(change) = diff.next().map_err(failed)? {
        let rowid = rowid_of(change.key).map_err(|_| before.past.sql_failed(&Error::Malformed))?;
        let row = |side: &Side<'_>, there: Option<&[u8]>| match there {
            Some(_) => Ok::<_, Failure>(side.rows(table, Some(rowid))?.pop()),
            None => Ok(None),
        };
        changes.push(RowChange { before: row(before, change.before)?, after: row(after, change.after)? });
    }
    Ok(changes)
}

/// Rows count as often as they are there. What rowid they have doesn't matter.
fn as_wholes(
    sides: [&Side<'_>; 2],
    table: &str,
    trees: [Option<TreeId>; 2],
) -> Result<Vec<RowChange>, Failure> {
    let mut counts: BTreeMap<Vec<String>, [usize; 2]> = BTreeMap::new();
    for (n, side) in sides.into_iter().enumerate().filter(|(n, _)| trees[*n].is_some()) {
        for row in side.rows(table, None)? {
            counts.entry(row.columns).or_default()[n] += 1;
        }
    }
    let mut changes = Vec::new();
    for (columns, [then, now]) in counts {
        let row = Some(Row { rowid: None, columns });
        let gone = RowChange { before: row.clone(), after: None };
        changes.extend(std::iter::repeat_n(gone, then.saturating_sub(now)));
        let added = RowChange { before: None, after: row };
        changes.extend(std::iter::repeat_n(added, now.saturating_sub(then)));
    }
    Ok(changes)
}

/// A name as SQL takes it, whatever it is.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

/// The tree that a root page stands for.
fn tree(rootpage: &Value) -> Option<TreeId> {
    match rootpage {
        Value::Integer(tree) => u32::try_from(*tree).ok().map(TreeId),
        _ => None,
    }
}
