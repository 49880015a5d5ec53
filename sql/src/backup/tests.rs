use crate::connection::Connection;

#[test]
fn a_backup_holds_what_the_connection_saw() {
    let directory = tempfile::tempdir().expect("there is room");
    let path = directory.path().join("copy");
    let c = Connection::open_in_memory().expect("memory does not fail");
    c.execute_batch(
        "CREATE TABLE gone(x); CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE); CREATE INDEX i ON t(b, a);
         DROP TABLE gone; INSERT INTO t VALUES (1, 'x'), (2, 'y')",
    )
    .expect("it is right");
    c.backup(&path).expect("there is room");
    c.execute("DELETE FROM t", ()).expect("it goes on");
    let copy = Connection::open(&path).expect("it is a database");
    let text: String =
        copy.query_row("SELECT b FROM t WHERE a = 2", (), |row| row.get(0)).expect("it is there");
    assert_eq!(text, "y");
    let number: i64 =
        copy.query_row("SELECT a FROM t WHERE b = 'x'", (), |row| row.get(0)).expect("it is there");
    assert_eq!(number, 1);
    copy.execute("INSERT INTO t VALUES (3, 'z')", ()).expect("it can be written");
    assert!(c.backup(&path).is_err());
}

#[test]
fn vacuum_into_makes_a_new_database_and_vacuum_keeps_what_there_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("copy").to_str().expect("a path of text").to_string();
    let connection = Connection::open_in_memory().expect("memory suffices");
    connection
        .execute_batch(
            "CREATE TABLE t(a PRIMARY KEY); INSERT INTO t VALUES (1), (2); DELETE FROM t WHERE a = 1; VACUUM",
        )
        .expect("it is well formed");
    connection.execute("VACUUM INTO ?1", [&path]).expect("there is nothing yet");
    let copy = Connection::open(&path).expect("it is a database");
    let found = copy.run("SELECT a FROM t", &[]).expect("it has the table");
    assert_eq!(found.rows, connection.run("SELECT a FROM t", &[]).expect("a query").rows);
    drop(copy);
    let refused = |sql: &str| connection.execute_batch(sql).expect_err("it is refused").to_string();
    assert_eq!(refused(&format!("VACUUM INTO '{path}'")), "output file already exists");
    assert_eq!(refused("VACUUM INTO 12"), "non-text filename");
    assert_eq!(refused("BEGIN; VACUUM INTO 'x'"), "cannot VACUUM from within a transaction");
}
