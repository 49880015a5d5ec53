//! Makes tables, writes to them and asks them, in SQL.
//!
//! `cargo run --release --example sql [DIRECTORY]`; without a directory the database is in memory.

use duramen::sql::{Connection, params};
use duramen::{Database, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = match std::env::args_os().nth(1) {
        Some(dir) => Database::open(dir, Options::default())?,
        None => Database::in_memory(Options::default())?,
    };
    let connection = Connection::new(db.clone());

    // A statement is a transaction of its own, on disk when the call returns; BEGIN and COMMIT make one of several.
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS shelf(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
         CREATE TABLE IF NOT EXISTS stock(article TEXT PRIMARY KEY, shelf INTEGER REFERENCES shelf, number INTEGER);
         BEGIN;
         INSERT OR IGNORE INTO shelf(name) VALUES ('left'), ('right');
         COMMIT;",
    )?;
    let mut put = connection.prepare(
        "INSERT INTO stock SELECT ?1, id, ?3 FROM shelf WHERE name = ?2
         ON CONFLICT (article) DO UPDATE SET number = number + excluded.number",
    )?;
    for (article, shelf, number) in
        [("nails", "left", 4_000), ("screws", "left", 2_500), ("glue", "right", 12)]
    {
        put.execute(params![article, shelf, number])?;
    }

    // Rows come one at a time; text is borrowed from the row.
    let mut stock = connection.prepare(
        "SELECT name, count(*), sum(number) FROM stock JOIN shelf ON shelf.id = stock.shelf GROUP BY name ORDER BY name",
    )?;
    let mut rows = stock.query(())?;
    while let Some(row) = rows.next()? {
        let (name, articles, pieces): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        println!("{name:5}  {articles} articles, {pieces} pieces");
    }
    drop(rows);
    drop((stock, put, connection));
    db.close()?;
    Ok(())
}
