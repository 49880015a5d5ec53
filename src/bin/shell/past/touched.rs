//! What trees hold, by the names that people know them by.

use std::collections::HashMap;

use duramen::engine::{Commit, Op};
use duramen::{Database, TreeId, View};
use duramen_sql::{Connection, Value};

/// The beginning of the names of trees that SQL keeps for itself.
const OF_SQL: &[u8] = b"sql/";

/// The names of trees in one version.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<TreeId, Named>);

/// What a tree holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// The rows of a table.
    Table(String),
    /// The schema of SQL.
    Schema,
    /// Indexes and what else follows from the rest.
    Derived,
    /// Entries under keys.
    Tree(String),
}

impl Named {
    fn of_tree(name: &[u8]) -> Named {
        match name {
            b"sql/schema" => Named::Schema,
            name if name.starts_with(OF_SQL) => Named::Derived,
            name => Named::Tree(String::from_utf8_lossy(name).into_owned()),
        }
    }
}

impl Names {
    /// The names that the trees of a database have now, in addition to those known.
    pub(crate) fn add(&mut self, db: &Database) {
        let Ok(view) = db.begin_read() else { return };
        for (name, tree) in view.trees() {
            self.0.entry(tree).or_insert_with(|| Named::of_tree(name));
        }
        let connection = Connection::new(db.clone());
        let Ok(schema) =
            connection.run("SELECT rootpage, type, name FROM sqlite_schema WHERE rootpage > 0", &[])
        else {
            return;
        };
        for row in schema.rows {
            if let [Value::Integer(tree), Value::Text(kind), Value::Text(name)] = &row[..]
                && let Ok(tree) = u32::try_from(*tree)
            {
                let named = match &kind[..] {
                    b"table" => Named::Table(String::from_utf8_lossy(name).into_owned()),
                    _ => Named::Derived,
                };
                self.0.insert(TreeId(tree), named);
            }
        }
    }

    /// The trees that a commit made. The present knows them better, if they are still there.
    pub(crate) fn add_made_by(&mut self, commit: &Commit) {
        for op in commit.operations() {
            if let Ok(Op::CreateTree { tree, name }) = op {
                self.0.entry(tree).or_insert_with(|| Named::of_tree(name));
            }
        }
    }

    /// What a tree holds; `None` for one that is not known.
    pub(crate) fn of(&self, tree: TreeId) -> Option<&Named> {
        self.0.get(&tree)
    }
}
