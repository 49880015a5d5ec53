//! Imports lines in batches: each batch is taken as a whole or not at all, and where it stopped is kept with it.
//!
//! `cargo run --example batch_import`

use duramen::storage::Result;
use duramen::{Storage, StorageOptions};

const BATCH: usize = 100;

/// Imports the lines behind those that were imported before; how many there are now.
fn import(storage: &Storage, lines: &[&str]) -> Result<usize> {
    storage.sql().exec(
        "CREATE TABLE IF NOT EXISTS line (number INTEGER PRIMARY KEY, text TEXT CHECK (text <> ''))",
        (),
    )?;
    let mut done = storage.kv().get_as::<usize>("lines imported")?.unwrap_or(0);
    while done < lines.len() {
        let batch = &lines[done..lines.len().min(done + BATCH)];
        storage.transaction_sync(|storage| -> Result<()> {
            for (number, line) in (done..).zip(batch) {
                let number = i64::try_from(number).unwrap_or(i64::MAX);
                storage.sql().exec("INSERT INTO line VALUES (?, ?)", (number, *line))?;
            }
            storage.kv().put_as("lines imported", &(done + batch.len()))
        })?;
        storage.end_turn()?; // one commit for each batch
        done += batch.len();
    }
    storage.sync().wait()?;
    Ok(done)
}

fn main() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    println!("{} lines", import(&storage, &["a line"; 250])?);
    Ok(())
}

#[test]
fn an_import_goes_on_where_it_stopped() -> Result<()> {
    use duramen::storage::Error;

    let storage = Storage::in_memory(StorageOptions::default())?;
    let mut lines = ["a line"; 250];
    lines[230] = "";
    assert!(matches!(import(&storage, &lines), Err(Error::Sql(_))));
    let count = |storage: &Storage| -> Result<i64> {
        Ok(storage.sql().exec("SELECT count(*) FROM line", ())?.one()?.get(0)?)
    };
    assert_eq!(count(&storage)?, 200);
    lines[230] = "mended";
    assert_eq!(import(&storage, &lines)?, 250);
    assert_eq!(count(&storage)?, 250);
    main()
}
