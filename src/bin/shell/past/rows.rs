//! The rows of one table that differ between two moments, as literals of SQL.

use std::collections::BTreeSet;

use duramen::engine::Diff;
use duramen::{Database, TreeId};
use duramen_sql::codec::rowid_of;
use duramen_sql::{Connection, Error, Value};

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

/// One side of a comparison.
pub(crate) struct Side {
    pub(crate) db: Database,
    connection: Connection,
}

impl Side {
    pub(crate) fn new(db: Database) -> Side {
        Side { connection: Connection::new(db.clone()), db }
    }

    /// Kind, name and statement of each object of the schema that has one.
    pub(crate) fn schema(&self) -> Result<BTreeSet<(String, String, String)>, Error> {
        let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
        let rows = self.connection.run(sql, &[])?.rows;
        Ok(rows.into_iter().map(|row| (text(&row[0]), text(&row[1]), text(&row[2]))).collect())
    }

    /// The tables with their trees.
    pub(crate) fn tables(&self) -> Result<Vec<(String, TreeId)>, Error> {
        let sql =
            "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name";
        let rows = self.connection.run(sql, &[])?.rows;
        let tree = |value: &Value| match value {
            Value::Integer(tree) => u32::try_from(*tree).unwrap_or(0),
            _ => 0,
        };
        Ok(rows.iter().map(|row| (text(&row[0]), TreeId(tree(&row[1])))).collect())
    }

    /// The columns of a table that can be written.
    pub(crate) fn columns(&self, table: &str) -> Result<Vec<String>, Error> {
        let rows = self.connection.run(&format!("PRAGMA table_info({})", quoted(table)), &[])?.rows;
        Ok(rows.iter().map(|row| text(&row[1])).collect())
    }

    fn has_rowid(&self, table: &str) -> bool {
        self.connection.prepare(&format!("SELECT rowid FROM {}", quoted(table))).is_ok()
    }

    fn literals(&self, table: &str) -> Result<String, Error> {
        let columns: Vec<String> =
            self.columns(table)?.iter().map(|column| format!("quote({})", quoted(column))).collect();
        Ok(columns.join(", "))
    }

    fn row(&self, table: &str, rowid: i64) -> Result<Option<Row>, Error> {
        let sql = format!("SELECT {} FROM {} WHERE rowid = ?1", self.literals(table)?, quoted(table));
        let rows = self.connection.run(&sql, &[Value::Integer(rowid)])?.rows;
        Ok(rows.first().map(|row| Row { rowid: Some(rowid), columns: row.iter().map(text).collect() }))
    }

    fn all(&self, table: &str) -> Result<BTreeSet<Row>, Error> {
        let sql = format!("SELECT {} FROM {}", self.literals(table)?, quoted(table));
        let rows = self.connection.run(&sql, &[])?.rows;
        Ok(rows.iter().map(|row| Row { rowid: None, columns: row.iter().map(text).collect() }).collect())
    }
}

/// The rows of a table that differ, given the tree that it has on each side. With rowids, parts that both sides share are
/// not read; without them both are read as wholes where they differ at all.
pub(crate) fn changes(
    sides: [&Side; 2],
    table: &str,
    trees: [Option<TreeId>; 2],
    each: &mut dyn FnMut(RowChange),
) -> Result<(), Error> {
    let [before, after] = sides;
    match trees {
        [Some(then), Some(now)] if then == now && before.has_rowid(table) && after.has_rowid(table) => {
            let (then, now) = (before.db.begin_read()?, after.db.begin_read()?);
            let mut diff = Diff::new(&then, &now, trees[0].unwrap_or_default())?;
            while let Some(change) = diff.next()? {
                let rowid = rowid_of(change.key).map_err(|_| Error::Malformed)?;
                let row = |side: &Side, there: bool| if there { side.row(table, rowid) } else { Ok(None) };
                each(RowChange {
                    before: row(before, change.before.is_some())?,
                    after: row(after, change.after.is_some())?,
                });
            }
        }
        [then, now] => {
            let rows = |side: &Side, tree: Option<TreeId>| match tree {
                Some(_) => side.all(table),
                None => Ok(BTreeSet::new()),
            };
            let (then, now) = (rows(before, then)?, rows(after, now)?);
            then.difference(&now).for_each(|row| each(RowChange { before: Some(row.clone()), after: None }));
            now.difference(&then).for_each(|row| each(RowChange { before: None, after: Some(row.clone()) }));
        }
    }
    Ok(())
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
