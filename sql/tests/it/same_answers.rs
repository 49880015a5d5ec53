//! Queries whose answer must not depend on how they are planned, kept or stopped; and those that are too large.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duramen_sql::func::{Arity, Volatility};
use duramen_sql::{Arguments, Limits};

use crate::answers::{connection, ok, run};

#[test]
fn functions_of_other_tables_are_called_for_each_row() {
    let connection = connection();
    ok(&connection, "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE q(name, up REFERENCES p(id))");
    let parents = "SELECT m.name FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f ON f.\"table\" = 'p' || ''";
    assert_eq!(ok(&connection, parents), "q");
    ok(&connection, "CREATE TABLE a(x, y); INSERT INTO a VALUES (1, 1), (3, 3), (5, 2)");
    let joined = "SELECT a.x, g.value FROM a JOIN generate_series(1, a.x) g ON g.value = a.y ORDER BY a.x";
    assert_eq!(ok(&connection, joined), "1|1 3|3 5|2");
    let left = "SELECT a.x, g.value FROM a LEFT JOIN generate_series(2, a.x) g ON g.value = a.y ORDER BY a.x";
    assert_eq!(ok(&connection, left), "1|NULL 3|3 5|2");
}

#[test]
fn equal_columns_of_a_row_do_not_put_it_in_order() {
    let connection = connection();
    ok(
        &connection,
        "CREATE TABLE t(a INTEGER, b INTEGER, c INTEGER); CREATE INDEX i ON t(c) WHERE a = b;
         INSERT INTO t VALUES (3, 3, 1), (1, 1, 2), (3, 3, 3);
         INSERT INTO t SELECT value, value + 1, value FROM generate_series(1, 1000)",
    );
    assert_eq!(ok(&connection, "SELECT a FROM t WHERE a = b ORDER BY a"), "1 3 3");
    assert_eq!(ok(&connection, "SELECT min(a) FROM t WHERE a = b"), "1");
    assert_eq!(ok(&connection, "SELECT count(*) FROM (SELECT DISTINCT a FROM t WHERE a = b)"), "2");
}

#[test]
fn tables_of_pragmas_show_the_schema_that_is_there() {
    let connection = connection();
    let columns = "SELECT name FROM pragma_table_info('t')";
    ok(&connection, "CREATE TABLE t(a)");
    assert_eq!(ok(&connection, columns), "a");
    ok(&connection, "BEGIN; ALTER TABLE t ADD COLUMN b; ROLLBACK");
    assert_eq!(ok(&connection, columns), "a");
    ok(&connection, "BEGIN; SAVEPOINT s; ALTER TABLE t ADD COLUMN b; ROLLBACK TO s");
    assert_eq!(ok(&connection, columns), "a");
    ok(&connection, "COMMIT");
    assert_eq!(ok(&connection, columns), "a");
}

#[test]
fn explicit_collations_count_on_both_sides_of_in() {
    let connection = connection();
    ok(
        &connection,
        "CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('ABC');
         CREATE TABLE u(b TEXT, c TEXT COLLATE NOCASE); INSERT INTO u VALUES ('abc', 'abc')",
    );
    for (condition, expected) in [
        ("a IN (SELECT b COLLATE NOCASE FROM u)", "1"),
        ("a IN (SELECT c FROM u)", "0"),
        ("a || '' IN (SELECT c FROM u)", "1"),
        ("a IN (SELECT b FROM u UNION ALL SELECT b COLLATE NOCASE FROM u)", "1"),
        ("a IN (SELECT b COLLATE NOCASE FROM u UNION ALL SELECT b FROM u)", "0"),
        ("a COLLATE BINARY IN (SELECT b COLLATE NOCASE FROM u)", "0"),
        ("(a, 1) IN (SELECT b COLLATE NOCASE, 1 FROM u)", "1"),
        ("a IN ('abc' COLLATE NOCASE)", "1"),
        ("a NOT IN ('abc' COLLATE NOCASE)", "0"),
        ("a IN ('abc' COLLATE NOCASE, 'x')", "0"),
    ] {
        assert_eq!(ok(&connection, &format!("SELECT {condition} FROM t")), expected, "{condition}");
    }
}

#[test]
fn a_recursion_that_is_stopped_makes_no_row_more() {
    let connection = connection();
    let overflows = "SELECT 1 UNION ALL SELECT abs(-9223372036854775807 - x) FROM c";
    assert_eq!(
        ok(&connection, &format!("WITH RECURSIVE c(x) AS ({overflows} LIMIT 1) SELECT * FROM c")),
        "1"
    );
    assert_eq!(
        ok(&connection, &format!("WITH RECURSIVE c(x) AS ({overflows}) SELECT * FROM c LIMIT 1")),
        "1"
    );
    assert!(run(&connection, &format!("WITH RECURSIVE c(x) AS ({overflows}) SELECT * FROM c")).is_err());
    let sorted =
        "WITH RECURSIVE c(x) AS (SELECT 4 UNION SELECT x - 1 FROM c WHERE x > 0 ORDER BY 1 LIMIT 3 OFFSET 1)
                  SELECT x, row_number() OVER (ORDER BY x DESC) FROM c";
    assert_eq!(ok(&connection, sorted), "3|1 2|2 1|3");
}

#[test]
fn asking_for_a_setting_does_not_change_it() {
    let connection = connection();
    ok(&connection, "PRAGMA case_sensitive_like = 1; PRAGMA case_sensitive_like");
    assert_eq!(ok(&connection, "SELECT 'a' LIKE 'A'"), "0");
}

#[test]
fn more_tables_than_can_be_ordered_are_refused() {
    let connection = connection();
    connection.set_limits(Limits { joined_tables: 1_000, ..Limits::default() }).expect("nothing runs");
    ok(&connection, "CREATE TABLE t(a)");
    let tables = |n: usize| (0..n).map(|i| format!("t t{i}")).collect::<Vec<_>>().join(", ");
    assert_eq!(ok(&connection, &format!("SELECT count(*) FROM {}", tables(64))), "0");
    let refusal = run(&connection, &format!("SELECT count(*) FROM {}", tables(65)));
    assert!(refusal.is_err_and(|error| error.contains("at most 64 tables in a join")));
}

#[test]
fn clauses_have_no_more_terms_than_tables_have_columns() {
    let connection = connection();
    ok(&connection, "CREATE TABLE t(a)");
    connection.set_limits(Limits { columns: 3, ..Limits::default() }).expect("nothing runs");
    for (statement, refusal) in [
        ("CREATE INDEX i ON t(a, a + 1, a + 2, a + 3)", "too many columns in index"),
        ("SELECT a FROM t GROUP BY a, 1, 1, 1", "too many terms in GROUP BY clause"),
        ("SELECT a FROM t ORDER BY a, 1, 1, 1", "too many terms in ORDER BY clause"),
        ("SELECT a FROM t UNION SELECT a FROM t ORDER BY a, 1, 1, 1", "too many terms in ORDER BY clause"),
    ] {
        let said = run(&connection, statement).expect_err(statement);
        assert!(said.contains(refusal), "{statement}: {said}");
    }
    ok(&connection, "SELECT a FROM t GROUP BY a, 1, 1 ORDER BY a, 1, 1");
}

#[test]
fn numbers_that_are_equal_stay_what_they_are_in_a_range_of_an_index() {
    let connection = connection();
    ok(
        &connection,
        "CREATE TABLE t(a); CREATE INDEX ta ON t(a); INSERT INTO t VALUES(1), (1.0), (1), (2), (1.0)",
    );
    let types = "SELECT rowid, typeof(a) FROM t INDEXED BY ta WHERE a = 1";
    assert_eq!(ok(&connection, types), "1|integer 2|real 3|integer 5|real");
    let of_each =
        "SELECT u.a, typeof(t.a) FROM (SELECT 2 AS a UNION ALL SELECT 1) u CROSS JOIN t WHERE t.a = u.a";
    assert_eq!(ok(&connection, of_each), "2|integer 1|integer 1|real 1|integer 1|real");
}

/// A value that is another one at each call puts rows in no order if it is not the one that is compared.
#[test]
fn a_sort_key_is_computed_once_a_row() {
    let connection = connection();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    connection
        .create_scalar_function("calls", Arity::Exactly(0), Volatility::Volatile, move |_: Arguments<'_>| {
            // Downwards, so that each row is before all others: none is cut off early.
            Ok(-counted.fetch_add(1, Ordering::Relaxed).cast_signed())
        })
        .unwrap();
    for sign in ["", "-"] {
        calls.store(0, Ordering::Relaxed);
        let query = format!("SELECT value FROM generate_series(1, 1000) ORDER BY {sign}calls() LIMIT 2");
        assert_eq!(ok(&connection, &query), if sign == "-" { "1 2" } else { "1000 999" });
        assert_eq!(calls.load(Ordering::Relaxed), 1000, "{query}");
    }
}
