//! A copy of a database in a directory of its own, made of one version of it.

use std::path::Path;

use duramen_engine::{Access, Database, Durability, Options, ReadView, View};

use crate::error::Result;

/// Makes a new database of a version. When this returns the copy is durable; if it fails, what there is of it is no
/// database with any table.
///
/// # Errors
/// If there is something in that directory, and those of the engine.
pub fn copy_database(view: &ReadView, path: &Path) -> Result<()> {
    let options = Options { access: Access::CreateNew, ..Options::default() };
    let copy = Database::open(path, options)?;
    copy_trees(view, &copy)?;
    Ok(copy.close()?)
}

/// Copies all trees in one transaction. A tree keeps its number, because the schema refers to tables by it.
fn copy_trees(view: &ReadView, copy: &Database) -> Result<()> {
    let mut trees = view.trees();
    trees.sort_by_key(|(_, tree)| tree.0);
    let mut txn = copy.begin_write()?;
    for (name, tree) in trees {
        // Numbers are given in turn and not twice.
        while txn.create_tree(name)? != tree {
            txn.drop_tree(txn.tree(name).unwrap_or(tree))?;
        }
        let mut cursor = view.cursor(tree)?;
        let mut more = cursor.first()?;
        while more {
            txn.put(tree, cursor.key(), cursor.value()?)?;
            more = cursor.next()?;
        }
    }
    txn.commit(Durability::Immediate)?;
    Ok(())
}
