use super::Connection;
use crate::value::Value;

fn connection(setup: &str) -> Connection {
    let mut connection = Connection::open_in_memory().expect("a database in memory opens");
    connection.run(setup, &[]).expect("the set-up is right");
    connection
}

fn integers(connection: &mut Connection, sql: &str) -> Vec<Vec<i64>> {
    let result = connection.run(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let row = |row: &Vec<Value>| row.iter().map(|value| value.as_ref().to_integer()).collect();
    result.rows.iter().map(row).collect()
}

fn error(connection: &mut Connection, sql: &str) -> String {
    match connection.run(sql, &[]) {
        Ok(_) => panic!("{sql}: succeeded"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn rows_come_back_in_the_order_asked_for() {
    let mut c = connection("CREATE TABLE t(a, b); INSERT INTO t VALUES (3, 1), (1, 2), (2, 3)");
    assert_eq!(integers(&mut c, "SELECT a FROM t ORDER BY a DESC"), [[3], [2], [1]]);
    assert_eq!(integers(&mut c, "SELECT b FROM t ORDER BY a LIMIT 1 OFFSET 1"), [[3]]);
}

#[test]
fn a_subquery_of_an_update_sees_rows_updated_before() {
    let mut c =
        connection("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t(a) VALUES (1), (2), (3)");
    c.run("UPDATE t SET a = (SELECT sum(a) FROM t x WHERE x.id <= t.id)", &[]).expect("it runs");
    assert_eq!(integers(&mut c, "SELECT a FROM t ORDER BY id"), [[1], [3], [7]]);
}

#[test]
fn a_statement_that_fails_leaves_nothing_behind() {
    let mut c = connection("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1); BEGIN");
    assert_eq!(error(&mut c, "INSERT INTO t VALUES (2), (1)"), "UNIQUE constraint failed: t.a");
    assert_eq!(integers(&mut c, "SELECT count(*) FROM t"), [[1]]);
    assert!(c.in_transaction());
}

#[test]
fn a_transaction_can_be_taken_back() {
    let mut c = connection(
        "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2)",
    );
    c.run("ROLLBACK TO s", &[]).expect("there is such a savepoint");
    assert_eq!(integers(&mut c, "SELECT a FROM t"), [[1]]);
    c.run("ROLLBACK", &[]).expect("there is a transaction");
    assert_eq!(integers(&mut c, "SELECT count(*) FROM t"), [[0]]);
}

#[test]
fn a_plan_is_made_anew_when_the_schema_changes() {
    let mut c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    assert_eq!(integers(&mut c, "SELECT * FROM t"), [[1]]);
    c.run("DROP TABLE t; CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2)", &[]).expect("it runs");
    assert_eq!(integers(&mut c, "SELECT * FROM t"), [[1, 2]]);
}

#[test]
fn joins_keep_the_rows_they_must_keep() {
    let mut c = connection(
        "CREATE TABLE a(x); CREATE TABLE b(y); INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (2), (3)",
    );
    assert_eq!(integers(&mut c, "SELECT x, y FROM a JOIN b ON x = y"), [[2, 2]]);
    assert_eq!(integers(&mut c, "SELECT count(*), count(y) FROM a LEFT JOIN b ON x = y"), [[2, 1]]);
    assert_eq!(integers(&mut c, "SELECT count(*), count(x) FROM a RIGHT JOIN b ON x = y"), [[2, 1]]);
    assert_eq!(
        integers(&mut c, "SELECT count(*), count(x), count(y) FROM a FULL JOIN b ON x = y"),
        [[3, 2, 2]]
    );
}

#[test]
fn a_recursive_table_counts() {
    let mut c = connection("");
    let sql =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n";
    assert_eq!(integers(&mut c, sql), [[15]]);
}

#[test]
fn a_table_without_rowid_is_read_whole() {
    let mut c = connection(
        "CREATE TABLE t(a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1), ('w', 2)",
    );
    assert_eq!(integers(&mut c, "SELECT b FROM t"), [[2], [1]]);
}
