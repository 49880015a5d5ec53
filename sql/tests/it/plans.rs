//! What plans give and how they read: rows of queries that the planner rewrites, and their `EXPLAIN QUERY PLAN`.

use duramen_sql::{Connection, ValueRef};

fn connection(setup: &str) -> Connection {
    let mut connection = Connection::open_in_memory().expect("a database in memory opens");
    connection.run(setup, &[]).expect("the set-up is right");
    connection
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".into(),
        ValueRef::Integer(integer) => integer.to_string(),
        ValueRef::Real(real) => format!("{real:?}"),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

/// The rows of a query: columns parted by `|`, rows by a space.
fn rows(connection: &mut Connection, sql: &str) -> String {
    let result = connection.run(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let row = |row: &Vec<duramen_sql::Value>| {
        row.iter().map(|value| text(value.as_ref())).collect::<Vec<_>>().join("|")
    };
    result.rows.iter().map(row).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_recursive_table_without_end_stops_at_the_limit() {
    let mut c = connection("CREATE TABLE t(a)");
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)";
    assert_eq!(rows(&mut c, &format!("{endless} SELECT x FROM c LIMIT 5")), "1 2 3 4 5");
    assert_eq!(rows(&mut c, &format!("{endless} SELECT x * 2 FROM c WHERE x % 2 LIMIT 2 OFFSET 1")), "6 10");
    assert_eq!(rows(&mut c, &format!("{endless} SELECT EXISTS (SELECT 1 FROM c WHERE x > 9)")), "1");
}

#[test]
fn a_pile_of_common_tables_is_refused_as_by_sqlite() {
    let mut c = connection("CREATE TABLE t(a)");
    let nine = "c, c, c, c, c, c, c, c, c";
    let sql = format!(
        "WITH c AS (WITH c AS (WITH c AS (SELECT 1 FROM (VALUES (0))) SELECT 1 FROM {nine}) SELECT 2 FROM {nine}) \
         SELECT 3 FROM {nine}"
    );
    let error = c.run(&sql, &[]).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("too many FROM clause terms, max: 200"));
}

#[test]
fn a_subquery_keeps_its_order_when_it_is_flattened() {
    let mut c = connection("CREATE TABLE t(a, b); INSERT INTO t VALUES (2, 1), (1, 2), (3, 0)");
    assert_eq!(rows(&mut c, "SELECT a FROM (SELECT * FROM t ORDER BY b)"), "3 2 1");
    assert_eq!(rows(&mut c, "SELECT group_concat(a) FROM (SELECT a FROM t ORDER BY b DESC)"), "1,2,3");
    assert_eq!(rows(&mut c, "SELECT a FROM (SELECT * FROM t ORDER BY b) ORDER BY a"), "1 2 3");
}

#[test]
fn a_flattened_right_side_is_null_where_nothing_fits() {
    let mut c = connection(
        "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3);
         CREATE TABLE u(a, b); INSERT INTO u VALUES (1, 10), (2, 20)",
    );
    let plain = "SELECT t.a, s.b FROM t LEFT JOIN (SELECT a, b FROM u WHERE b > 10) s ON s.a = t.a";
    assert_eq!(rows(&mut c, plain), "1|NULL 2|20 3|NULL");
    let constant = "SELECT t.a, s.c FROM t LEFT JOIN (SELECT a, 7 AS c FROM u) s ON s.a = t.a";
    assert_eq!(rows(&mut c, constant), "1|7 2|7 3|NULL");
}

#[test]
fn correlated_queries_see_each_outer_row() {
    let mut c = connection(
        "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3), (NULL);
         CREATE TABLE u(a, b); INSERT INTO u VALUES (1, 1), (2, 1), (2, 2), (3, NULL)",
    );
    // A join that keeps rows which depend on the outer row, one that does not, and a grouping.
    let depends =
        "SELECT a, (SELECT count(*) FROM u x JOIN (SELECT b FROM u WHERE u.a = t.a LIMIT 9) y ON x.b = y.b)
                   FROM t";
    assert_eq!(rows(&mut c, depends), "1|2 2|3 3|0 NULL|0");
    let apart = "SELECT a, (SELECT count(*) FROM u x JOIN u y ON x.b = y.b WHERE x.a = t.a) FROM t";
    assert_eq!(rows(&mut c, apart), "1|2 2|3 3|0 NULL|0");
    let outer = "SELECT a, (SELECT count(*) FROM u x FULL JOIN u y ON x.b = y.b AND x.a = t.a) FROM t";
    assert_eq!(rows(&mut c, outer), "1|7 2|6 3|8 NULL|8");
    let inside = "SELECT a, a IN (SELECT b FROM u WHERE u.a >= t.a), a NOT IN (SELECT b FROM u WHERE u.a = t.a) FROM t";
    assert_eq!(rows(&mut c, inside), "1|1|0 2|1|0 3|NULL|NULL NULL|0|1");
}
