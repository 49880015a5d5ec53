use super::*;

fn connection(sql: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("memory suffices");
    connection.execute_batch(sql).expect("it is well formed");
    connection
}

fn content(connection: &Connection, sql: &str) -> Vec<u8> {
    connection.query_row(sql, (), |row| row.get(0)).expect("there is a row")
}

#[test]
fn parts_are_read_and_written_in_any_order() {
    let connection = connection("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, zeroblob(1000000))");
    let mut blob = connection.blob_open("main", "T", "B", 1, false).expect("it is there");
    assert_eq!(blob.len(), 1_000_000);
    for (place, byte) in [(999_999, 7_u8), (0, 1), (500_000, 3)] {
        blob.seek(SeekFrom::Start(place)).expect("inside");
        blob.write_all(&[byte]).expect("it fits");
    }
    let mut bytes = Vec::new();
    blob.rewind().expect("inside");
    assert_eq!(blob.read_to_end(&mut bytes).expect("it is read"), 1_000_000);
    assert_eq!((bytes[0], bytes[1], bytes[500_000], bytes[999_999]), (1, 0, 3, 7));
    assert_eq!(blob.seek(SeekFrom::End(-1)).expect("inside"), 999_999);
    assert!(blob.write_all(&[1, 2]).is_err(), "the value does not grow");
    assert!(blob.seek(SeekFrom::Current(10)).is_err());
    blob.close().expect("it is written");
    let sum = content(&connection, "SELECT CAST(length(b) || hex(substr(b, -1)) AS BLOB) FROM t");
    assert_eq!(sum, b"100000001");
}

#[test]
fn a_transaction_takes_what_was_written_with_it() {
    let connection = connection("CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('hello')");
    let transaction = connection.transaction().expect("none is open");
    let mut blob = connection.blob_open("main", "t", "a", 1, false).expect("it is there");
    blob.write_all(b"J").expect("it fits");
    blob.flush().expect("it is written");
    assert_eq!(content(&connection, "SELECT CAST(a AS BLOB) FROM t"), b"Jello");
    transaction.rollback().expect("it is open");
    assert_eq!(content(&connection, "SELECT CAST(a AS BLOB) FROM t"), b"hello");
    blob.rewind().expect("inside");
    let mut text = String::new();
    blob.read_to_string(&mut text).expect("it is UTF-8");
    assert_eq!(text, "hello");
}

#[test]
fn a_value_that_is_replaced_or_gone_is_noticed() {
    let connection = connection("CREATE TABLE t(a); INSERT INTO t VALUES ('one'), ('three')");
    let mut blob = connection.blob_open("main", "t", "a", 1, false).expect("it is there");
    blob.write_at(b"x", 0).expect("it fits");
    connection.execute_batch("UPDATE t SET a = 'longer' WHERE rowid = 1").expect("it runs");
    assert!(blob.flush().is_err());
    blob.reopen(2).expect("it is there");
    assert_eq!(blob.len(), 5);
    connection.execute_batch("DELETE FROM t").expect("it runs");
    assert!(blob.read_at(&mut [0], 0).is_err());
}

#[test]
fn what_cannot_be_opened_is_refused_in_the_words_of_sqlite() {
    let connection = connection(
        "CREATE TABLE t(a, b UNIQUE, c REFERENCES p, n); CREATE TABLE p(x PRIMARY KEY) WITHOUT ROWID;
         CREATE TABLE g(a, b AS (a)); CREATE VIEW v AS SELECT 1; INSERT INTO t VALUES ('a', 'b', 'c', NULL)",
    );
    let refused = |table: &str, column: &str, rowid: i64| {
        let blob = connection.blob_open("main", table, column, rowid, false);
        blob.expect_err("it is refused").to_string()
    };
    assert_eq!(refused("q", "a", 1), "no such table: main.q");
    assert_eq!(refused("v", "a", 1), "cannot open view: v");
    assert_eq!(refused("p", "x", 1), "cannot open table without rowid: p");
    assert_eq!(refused("g", "a", 1), "cannot open table with generated columns: g");
    assert_eq!(refused("t", "z", 1), "no such column: \"z\"");
    assert_eq!(refused("t", "a", 2), "no such rowid: 2");
    assert_eq!(refused("t", "n", 1), "cannot open value of type null");
    assert_eq!(refused("t", "b", 1), "cannot open indexed column for writing");
    assert_eq!(refused("t", "c", 1), "cannot open foreign key column for writing");
    let mut blob = connection.blob_open("main", "t", "b", 1, true).expect("reading is allowed");
    assert!(blob.write_all(b"x").is_err());
}
