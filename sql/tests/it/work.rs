//! What statements are said to have done, what stops them, and which threads may have what.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duramen_sql::{
    Blob, CachedStatement, Connection, Error, InterruptHandle, Limits, Savepoint, Statement, Transaction,
    Value,
};

const fn is_send<T: Send>() {}
const fn is_sync<T: Sync>() {}

/// Stated in the documentation of the types. Rows and what borrows from them go where their statement goes.
const _: () = {
    is_send::<Connection>();
    is_sync::<Connection>();
    is_send::<InterruptHandle>();
    is_sync::<InterruptHandle>();
    is_send::<Value>();
    is_sync::<Value>();
    is_send::<Error>();
    is_sync::<Error>();
    is_send::<Limits>();
    is_sync::<Limits>();
    is_send::<Statement>();
    is_send::<CachedStatement>();
    is_send::<Transaction<'static>>();
    is_send::<Savepoint<'static>>();
    is_send::<Blob<'static>>();
};

/// A hundred rows with an index of one of two columns.
fn hundred() -> Connection {
    let connection = Connection::open_in_memory().expect("memory suffices");
    connection
        .execute_batch(
            "CREATE TABLE t(a, b); CREATE INDEX ta ON t(a);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
             INSERT INTO t SELECT i / 10, i FROM n",
        )
        .expect("it is well formed");
    connection
}

/// The rows read and written by a statement that is run to its end.
fn work(connection: &Connection, sql: &str) -> (u64, u64) {
    let mut statement = connection.prepare(sql).expect("it is well formed");
    let mut rows = statement.query(()).expect("it runs");
    while rows.next().expect("it runs").is_some() {}
    drop(rows);
    (statement.rows_read(), statement.rows_written())
}

#[test]
fn rows_that_hold_what_is_set_count_as_written() {
    let connection = hundred();
    assert_eq!(work(&connection, "UPDATE t SET a = 3 WHERE b < 40"), (100, 68));
    assert_eq!(connection.changes(), 39);
    assert_eq!(work(&connection, "UPDATE t SET a = 3 WHERE b < 40"), (100, 39));
    assert_eq!(connection.changes(), 39);
    // What has the same value in another type is not the same.
    assert_eq!(work(&connection, "UPDATE t SET a = '3' WHERE b < 40"), (100, 78));
    // A row that another one replaces is not there any more when its turn comes.
    connection
        .execute_batch(
            "CREATE TABLE u(x UNIQUE ON CONFLICT REPLACE, y);
             INSERT INTO u VALUES(1, 1), (2, 1); UPDATE u SET x = 2 WHERE y = 1",
        )
        .expect("it is well formed");
    assert_eq!(connection.changes(), 1);
    // A row that holds the value is checked all the same.
    connection
        .execute_batch(
            "CREATE TABLE v(x CHECK (x > 0)); PRAGMA ignore_check_constraints = ON;
             INSERT INTO v VALUES(0); PRAGMA ignore_check_constraints = OFF",
        )
        .expect("it is well formed");
    assert!(connection.execute("UPDATE v SET x = 0", ()).is_err());
}

#[test]
fn rows_read_are_entries_looked_at() {
    let connection = hundred();
    assert_eq!(work(&connection, "SELECT * FROM t"), (100, 0));
    assert_eq!(work(&connection, "SELECT * FROM t WHERE rowid = 5"), (1, 0));
    assert_eq!(work(&connection, "SELECT * FROM t WHERE rowid = 500"), (1, 0));
    // Ten hits, and the entry behind them.
    assert_eq!(work(&connection, "SELECT * FROM t WHERE a = 3"), (11, 0));
    assert_eq!(work(&connection, "SELECT count(*) FROM t"), (100, 0));
    // Sorted rows are read back.
    assert_eq!(work(&connection, "SELECT * FROM t ORDER BY b"), (200, 0));
    connection.execute_batch("CREATE TABLE empty(x)").expect("it is well formed");
    assert_eq!(work(&connection, "SELECT * FROM empty"), (1, 0));
}

#[test]
fn rows_read_grow_while_rows_are_taken() {
    let connection = hundred();
    let mut statement = connection.prepare("SELECT b FROM t").expect("it is well formed");
    let mut rows = statement.query(()).expect("it runs");
    for read in 1..=3 {
        rows.next().expect("it runs");
        assert_eq!(rows.rows_read(), read);
    }
    // Another statement in between does not count here.
    work(&connection, "SELECT * FROM t");
    rows.next().expect("it runs");
    assert_eq!(rows.rows_read(), 4);
}

#[test]
fn rows_that_were_read_ahead_count_when_they_are_given() {
    let connection = hundred();
    for query in [
        "SELECT b FROM t",
        "SELECT b FROM t ORDER BY rowid DESC",
        "SELECT b FROM t INDEXED BY ta WHERE a >= 0",
        "SELECT b FROM t INDEXED BY ta WHERE a >= 0 ORDER BY a DESC",
    ] {
        let mut statement = connection.prepare(query).expect("it is well formed");
        let mut rows = statement.query(()).expect("it runs");
        for read in 1..=100 {
            assert!(rows.next().expect("it runs").is_some(), "{query}");
            assert_eq!(rows.rows_read(), read, "{query}");
        }
        assert!(rows.next().expect("it runs").is_none(), "{query}");
        assert_eq!(rows.rows_read(), 100, "{query}");
        assert_eq!(work(&connection, &format!("{query} LIMIT 40")), (40, 0), "{query}");
    }
    // The entry behind the range is read when the range is found to have ended.
    assert_eq!(work(&connection, "SELECT b FROM t INDEXED BY ta WHERE a BETWEEN 2 AND 4"), (31, 0));
    assert_eq!(work(&connection, "SELECT b FROM t INDEXED BY ta WHERE a BETWEEN 2 AND 4 LIMIT 30"), (30, 0));
    assert_eq!(work(&connection, "SELECT b FROM t WHERE rowid BETWEEN 11 AND 20"), (11, 0));
}

#[test]
fn rows_written_are_rows_and_entries_of_indexes() {
    let connection = hundred();
    assert_eq!(work(&connection, "INSERT INTO t VALUES (1, 2), (3, 4)").1, 4);
    assert_eq!(work(&connection, "UPDATE t SET b = 0 WHERE rowid = 1").1, 1);
    assert_eq!(work(&connection, "UPDATE t SET a = 77 WHERE rowid = 1").1, 2);
    assert_eq!(work(&connection, "DELETE FROM t WHERE rowid <= 2").1, 2);
    connection
        .execute_batch(
            "CREATE TABLE log(x); CREATE TRIGGER d AFTER DELETE ON t BEGIN INSERT INTO log VALUES (1); END",
        )
        .expect("it is well formed");
    assert_eq!(work(&connection, "DELETE FROM t WHERE rowid = 3").1, 2);
    connection.execute_batch("DROP TRIGGER d").expect("it is well formed");
    assert_eq!(work(&connection, "DELETE FROM t").1, 99);
}

#[test]
fn the_progress_hook_is_asked_and_stops() {
    let connection = hundred();
    let asked = Arc::new(AtomicU64::new(0));
    let counter = asked.clone();
    let hook = move || counter.fetch_add(1, Ordering::Relaxed) >= 3;
    connection.progress_handler(10, Some(hook)).expect("the connection is free");
    let error = connection.execute("UPDATE t SET b = b + 1", ()).expect_err("it takes more than 30 steps");
    assert!(matches!(error, Error::Interrupted));
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    let sum: i64 = connection.query_row("SELECT b FROM t", (), |row| row.get(0)).expect("a query");
    assert_eq!(sum, 1, "what it wrote is undone");
    connection.progress_handler(10, None::<fn() -> bool>).expect("the connection is free");
    connection.execute("UPDATE t SET b = b + 1", ()).expect("nothing stops it");
}

#[test]
fn steps_and_bytes_of_a_result_are_limited() {
    let connection = hundred();
    let limits = connection.limits().expect("the connection is free");
    connection.set_limits(Limits { steps: 50, ..limits.clone() }).expect("the connection is free");
    let error = connection.run("SELECT sum(b) FROM t", &[]).expect_err("it has 100 rows");
    assert!(matches!(error, Error::TooBig("statement takes too many steps")));
    connection.run("SELECT sum(b) FROM t WHERE a = 2", &[]).expect("it looks at ten");
    connection.set_limits(Limits { result_bytes: 100, ..limits }).expect("the connection is free");
    connection.run("SELECT b FROM t LIMIT 12", &[]).expect("96 bytes");
    let error = connection.run("SELECT b FROM t LIMIT 13", &[]).expect_err("104 bytes");
    assert!(matches!(error, Error::TooBig("result too big")));
    connection.run("SELECT length(zeroblob(1000))", &[]).expect("values on the way do not count");
    assert!(connection.run("SELECT zeroblob(101)", &[]).is_err());
}
