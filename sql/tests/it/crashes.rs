//! A crash at any operation of the file system in the middle of statements with consequences: indexes agree with their
//! tables, foreign keys have their parents, and every statement is there whole or not at all.

use std::sync::Arc;

use duramen_engine::io::sim::{CrashModel, SimFs};
use duramen_engine::io::{Io, ManualClock, SeededEntropy};
use duramen_engine::{Background, Database, Options};
use duramen_sql::{Connection, Value};

/// Definitions, writes to several indexes, triggers, cascades, and savepoints.
const HISTORY: &[&str] = &[
    "PRAGMA foreign_keys = on",
    "CREATE TABLE p(id INTEGER PRIMARY KEY, k TEXT UNIQUE)",
    "CREATE TABLE c(a REFERENCES p(k) ON DELETE CASCADE ON UPDATE CASCADE, b, UNIQUE(a, b))",
    "CREATE INDEX ci ON c(b)",
    "CREATE TABLE log(number, what)",
    "CREATE TRIGGER ti AFTER INSERT ON c BEGIN INSERT INTO log VALUES(new.rowid, new.b); END",
    "INSERT INTO p VALUES(1, 'a'), (2, 'b'), (3, 'c')",
    "INSERT INTO c VALUES('a', 1), ('a', 2), ('b', 3), ('c', 4)",
    "UPDATE p SET k = k || '!'",
    "BEGIN",
    "SAVEPOINT s",
    "DELETE FROM p WHERE id = 1",
    "ROLLBACK TO s",
    "DELETE FROM p WHERE id = 2",
    "COMMIT",
    "ALTER TABLE c RENAME COLUMN b TO d",
    "ALTER TABLE c ADD COLUMN e DEFAULT 5",
    "REPLACE INTO p VALUES(1, 'z')",
    "DROP TRIGGER ti",
    "ALTER TABLE log DROP COLUMN what",
    "DROP TABLE log",
];

fn open(fs: SimFs) -> Option<(Arc<SimFs>, Connection)> {
    let fs = Arc::new(fs);
    let io = Io {
        fs: fs.clone(),
        clock: Arc::new(ManualClock::default()),
        entropy: Arc::new(SeededEntropy::new(1)),
    };
    let options = Options { background: Background::Inline, ..Options::default() };
    let database = Database::open_with(io, "db", options).ok()?;
    Some((fs, Connection::new(database)))
}

#[test]
fn whatever_a_crash_leaves_agrees_with_itself() {
    let mut images = 0;
    // Without a crash all of it works, in so many operations.
    let (fs, connection) = open(SimFs::new()).expect("nothing goes wrong");
    for sql in HISTORY {
        connection.run(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let operations = fs.operations();
    drop(connection);
    for operation in 0..operations {
        let fs = SimFs::new();
        fs.crash_at(operation);
        let Some((fs, connection)) = open(fs) else { continue };
        let _ = HISTORY.iter().try_for_each(|sql| connection.run(sql, &[]).map(drop));
        for seed in 0..4 {
            let image = fs.crashed(&CrashModel { seed, ..CrashModel::default() });
            let Some((_, connection)) = open(SimFs::on(&image)) else { continue };
            images += 1;
            let found = connection.run("PRAGMA integrity_check", &[]).expect("a recovered database is read");
            assert_eq!(found.rows, [[Value::from("ok")]], "operation {operation}, seed {seed}");
            let found =
                connection.run("PRAGMA foreign_key_check", &[]).expect("a recovered database is read");
            assert!(found.rows.is_empty(), "operation {operation}, seed {seed}: {:?}", found.rows);
        }
    }
    assert!(images > operations, "too few images: {images} of {operations} operations");
}
