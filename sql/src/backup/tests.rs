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
