//! Makes a database, writes to it, reads it, closes it and opens it again.
//!
//! `cargo run --release --example first_steps [DIRECTORY]`; without a directory it uses one under the system's
//! temporary files and removes it at the end.

use std::path::PathBuf;

use duramen::{Database, Durability, Options, TreeName, View};

/// Articles in stock by shelf and name. Keys sort by shelf first.
const STOCK: TreeName<(&str, &str), u64> = TreeName::new("stock");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let dir = given
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("duramen-first-steps-{}", std::process::id())));

    // Make it.
    let db = Database::open(&dir, Options::default())?;
    println!("opened   {}", dir.display());

    // Write: all of a transaction, or nothing.
    let mut txn = db.begin_write()?;
    let stock = STOCK.create(&mut txn)?;
    for (shelf, article, number) in
        [("a", "nails", 4_000), ("a", "screws", 2_500), ("b", "glue", 12), ("b", "saws", 7)]
    {
        stock.put(&mut txn, (shelf, article), number)?;
    }
    let before = txn.savepoint();
    stock.delete_range(&mut txn, ("a", "")..("b", ""))?;
    txn.rollback_to(before)?;
    let commit = txn.commit(Durability::Immediate)?;
    println!("written  4 articles, on disk as commit {commit}");

    // Read: a view stays as it is, whatever is written meanwhile.
    let view = db.begin_read()?;
    let mut txn = db.begin_write()?;
    stock.put(&mut txn, ("a", "nails"), 3_999)?;
    txn.commit(Durability::Immediate)?;
    println!("read     {:?} nails in the view", stock.get(&view, ("a", "nails"))?);
    println!("counted  {} articles on shelf b", stock.count(&view, ("b", "")..("c", ""))?);
    drop(view);
    db.close()?;

    // Open it again.
    let db = Database::open(&dir, Options::default())?;
    let view = db.begin_read()?;
    let stock = STOCK.open(&view)?;
    println!("reopened at commit {}; the stock backwards:", view.lsn());
    for entry in stock.iter(&view)?.rev() {
        let ((shelf, article), number) = entry?;
        println!("         {shelf} {article:8} {number:5}");
    }
    drop(view);
    db.close()?;

    if given.is_none() {
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(())
}
