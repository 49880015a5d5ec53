//! Constraints of tables: in which order they are looked at, and what becomes of equal ones.

use crate::answers::{connection, ok, refused};

#[test]
fn the_constraint_made_last_is_looked_at_first_also_if_it_is_the_key() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a TEXT UNIQUE, b TEXT UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID");
    ok(&c, "INSERT INTO t VALUES ('1', '2')");
    assert_eq!(refused(&c, "INSERT INTO t VALUES ('1', '2')"), "UNIQUE constraint failed: t.a, t.b");
    ok(
        &c,
        "CREATE TABLE u(a TEXT PRIMARY KEY, b TEXT UNIQUE) WITHOUT ROWID; INSERT INTO u VALUES ('1', '2')",
    );
    assert_eq!(refused(&c, "INSERT INTO u VALUES ('1', '2')"), "UNIQUE constraint failed: u.b");
    ok(&c, "CREATE UNIQUE INDEX i ON t(b)");
    assert_eq!(refused(&c, "INSERT INTO t VALUES ('1', '2')"), "UNIQUE constraint failed: t.b");
}

#[test]
fn an_integer_key_of_a_table_without_rowid_is_made_last() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE) WITHOUT ROWID; INSERT INTO t VALUES (1, 2)");
    assert_eq!(refused(&c, "INSERT INTO t VALUES (1, 2)"), "UNIQUE constraint failed: t.a");
    assert_eq!(ok(&c, "PRAGMA index_list(t)"), "0|sqlite_autoindex_t_2|1|pk|0 1|sqlite_autoindex_t_1|1|u|0");
    ok(&c, "CREATE TABLE d(a INTEGER PRIMARY KEY DESC, b UNIQUE) WITHOUT ROWID; INSERT INTO d VALUES (1, 2)");
    assert_eq!(refused(&c, "INSERT INTO d VALUES (1, 2)"), "UNIQUE constraint failed: d.b");
}

#[test]
fn equal_keys_are_one_with_what_either_says_of_conflicts() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b, UNIQUE (a, b) ON CONFLICT IGNORE, PRIMARY KEY (a DESC, b)) WITHOUT ROWID");
    ok(&c, "INSERT INTO t VALUES (1, 2), (3, 4), (1, 2)");
    assert_eq!(ok(&c, "SELECT * FROM t"), "1|2 3|4");
    assert_eq!(ok(&c, "PRAGMA index_list(t)"), "0|sqlite_autoindex_t_1|1|pk|0");
    ok(&c, "CREATE TABLE u(a UNIQUE ON CONFLICT REPLACE, b, PRIMARY KEY (a))");
    ok(&c, "INSERT INTO u VALUES (1, 2), (1, 3)");
    assert_eq!(ok(&c, "SELECT * FROM u"), "1|3");
    assert_eq!(
        refused(&c, "CREATE TABLE v(a, UNIQUE (a) ON CONFLICT FAIL, PRIMARY KEY (a) ON CONFLICT ABORT)"),
        "conflicting ON CONFLICT clauses specified"
    );
}

#[test]
fn defaults_in_place_of_null_are_there_when_columns_are_computed() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a TEXT NOT NULL DEFAULT 'x', b TEXT NOT NULL AS (a || a) STORED, d AS (b || a))");
    assert_eq!(ok(&c, "INSERT OR REPLACE INTO t(a) VALUES (NULL) RETURNING a, b, d"), "x|xx|xxx");
    assert_eq!(refused(&c, "INSERT OR ABORT INTO t(a) VALUES (NULL)"), "NOT NULL constraint failed: t.a");
    ok(&c, "CREATE TABLE u(a, b NOT NULL AS (a))");
    assert_eq!(refused(&c, "INSERT OR REPLACE INTO u VALUES (NULL)"), "NOT NULL constraint failed: u.b");
    assert_eq!(ok(&c, "INSERT OR IGNORE INTO u VALUES (NULL), (2) RETURNING b"), "2");
}

#[test]
fn a_statement_that_fails_and_keeps_its_rows_does_not_count_up() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (7)");
    assert_eq!(refused(&c, "INSERT OR FAIL INTO t VALUES (NULL), (7)"), "UNIQUE constraint failed: t.a");
    assert_eq!(ok(&c, "SELECT seq, (SELECT max(a) FROM t) FROM sqlite_sequence"), "7|8");
    ok(&c, "INSERT OR IGNORE INTO t VALUES (NULL), (9), (NULL)");
    assert_eq!(ok(&c, "SELECT seq, (SELECT max(a) FROM t) FROM sqlite_sequence"), "10|10");
    ok(&c, "ALTER TABLE t RENAME TO u; DELETE FROM u; INSERT INTO u VALUES (NULL)");
    assert_eq!(ok(&c, "SELECT name, seq FROM sqlite_sequence"), "u|11");
    ok(&c, "DROP TABLE u");
    assert_eq!(ok(&c, "SELECT count(*) FROM sqlite_sequence"), "0");
}

#[test]
fn rows_that_a_failing_statement_keeps_must_have_their_parents() {
    let c = connection();
    ok(&c, "PRAGMA foreign_keys = ON; CREATE TABLE p(a INTEGER PRIMARY KEY)");
    ok(&c, "CREATE TABLE t(a UNIQUE ON CONFLICT FAIL, b REFERENCES p(a))");
    assert_eq!(refused(&c, "INSERT INTO t VALUES (1, 5), (1, 6)"), "FOREIGN KEY constraint failed");
    ok(&c, "BEGIN");
    assert_eq!(refused(&c, "INSERT INTO t VALUES (1, 5), (1, 6)"), "FOREIGN KEY constraint failed");
    assert_eq!(ok(&c, "COMMIT; SELECT count(*) FROM t"), "0");
    ok(
        &c,
        "CREATE TABLE d(a UNIQUE ON CONFLICT FAIL, b REFERENCES p(a) DEFERRABLE INITIALLY DEFERRED); BEGIN",
    );
    assert_eq!(refused(&c, "INSERT INTO d VALUES (1, 5), (1, 6)"), "UNIQUE constraint failed: d.a");
    assert_eq!(refused(&c, "COMMIT"), "FOREIGN KEY constraint failed");
    ok(&c, "INSERT INTO p VALUES (5); COMMIT");
    assert_eq!(ok(&c, "SELECT * FROM d"), "1|5");
}

#[test]
fn a_parent_is_found_without_rounding() {
    let c = connection();
    ok(
        &c,
        "PRAGMA foreign_keys = ON; CREATE TABLE p(a REAL UNIQUE); CREATE TABLE t(a INTEGER REFERENCES p(a))",
    );
    ok(&c, "INSERT INTO p VALUES (-9223372036854775808), (2); INSERT INTO t VALUES (2)");
    assert_eq!(refused(&c, "INSERT INTO t VALUES (-9223372036854775807)"), "FOREIGN KEY constraint failed");
}

#[test]
fn an_upsert_is_about_the_index_made_last_that_fits() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b, UNIQUE (a, b)); INSERT INTO t VALUES (1, 2)");
    ok(&c, "CREATE UNIQUE INDEX i ON t(b, b COLLATE nocase)");
    ok(&c, "INSERT INTO t VALUES (3, 2) ON CONFLICT (a, b) DO UPDATE SET a = 4");
    assert_eq!(ok(&c, "SELECT a, b FROM t"), "4|2");
}

#[test]
fn checks_may_be_left_out_for_a_while() {
    let connection = connection();
    connection
        .execute_batch(
            "CREATE TABLE t(a CHECK (a > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1);
             PRAGMA ignore_check_constraints = OFF",
        )
        .expect("nothing is looked at");
    assert!(connection.run("INSERT INTO t VALUES (-1)", &[]).is_err());
    let found = connection.run("PRAGMA integrity_check", &[]).expect("a pragma");
    assert_eq!(found.rows, [[duramen_sql::Value::from("CHECK constraint failed in t")]]);
}

#[test]
fn an_index_follows_what_it_depends_on() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE t(k INTEGER PRIMARY KEY, a REAL, b TEXT COLLATE NOCASE, v AS (a + 1) VIRTUAL, s AS (b || 'x') STORED);
         CREATE INDEX i1 ON t(v); CREATE UNIQUE INDEX i2 ON t(s); CREATE INDEX i3 ON t(b) WHERE a > 5;
         CREATE INDEX i4 ON t(abs(a)); CREATE INDEX i5 ON t(b);
         INSERT INTO t(k, a, b) VALUES (1, 1.0, 'a'), (2, 0.0, 'b'), (3, 7, 'c')",
    );
    let updates = [
        "UPDATE t SET a = a + 10 WHERE k = 1",
        "UPDATE t SET a = -0.0 WHERE k = 2",
        "UPDATE t SET b = 'C' WHERE k = 3",
        "UPDATE t SET a = a, b = b",
        "UPDATE t SET k = k + 10",
        "UPDATE t SET a = NULL WHERE k = 11",
        "INSERT INTO t(k, a, b) VALUES (12, 5, 'q') ON CONFLICT(k) DO UPDATE SET b = excluded.b",
    ];
    for update in updates {
        ok(&c, update);
        assert_eq!(ok(&c, "PRAGMA integrity_check"), "ok", "{update}");
    }
    assert_eq!(ok(&c, "SELECT k FROM t INDEXED BY i1 WHERE v > 7.5"), "13");
    assert_eq!(refused(&c, "UPDATE t SET b = 'a' WHERE k = 12"), "UNIQUE constraint failed: t.s");
    assert_eq!(ok(&c, "SELECT k, a, b, v, s FROM t"), "11|NULL|a|NULL|ax 12|0.0|q|1.0|qx 13|7.0|C|8.0|Cx");
}

#[test]
fn an_index_without_rowid_follows_the_key() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE t(a TEXT COLLATE NOCASE, b INTEGER, c, PRIMARY KEY (a, b)) WITHOUT ROWID;
         CREATE INDEX i ON t(c); INSERT INTO t VALUES ('a', 1, 10), ('b', 2, 20)",
    );
    for update in ["UPDATE t SET a = 'A' WHERE b = 1", "UPDATE t SET b = b + 1", "UPDATE t SET c = 20"] {
        ok(&c, update);
        assert_eq!(ok(&c, "PRAGMA integrity_check"), "ok", "{update}");
    }
    assert_eq!(ok(&c, "SELECT a, b FROM t INDEXED BY i WHERE c = 20"), "A|2 b|3");
}

#[test]
fn statements_that_fail_halfway_leave_the_transaction_as_it_was() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE t(k INTEGER PRIMARY KEY, a UNIQUE, b); CREATE INDEX i ON t(abs(b));
         INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3); BEGIN",
    );
    for statement in [
        "REPLACE INTO t VALUES (1, 2, -9223372036854775808)",
        "UPDATE OR REPLACE t SET a = 3, b = -9223372036854775808 WHERE k = 1",
        "UPDATE t SET b = CASE k WHEN 3 THEN -9223372036854775808 ELSE b + 1 END",
        "INSERT INTO t VALUES (4, 4, 4), (5, 1, 5)",
        "INSERT INTO t VALUES (1, 7, 4) ON CONFLICT(k) DO UPDATE SET a = 2",
        "INSERT INTO t VALUES (6, 6, 6) RETURNING abs(a - 6 - 9223372036854775807 - 1)",
    ] {
        refused(&c, statement);
        assert_eq!(ok(&c, "SELECT * FROM t"), "1|1|1 2|2|2 3|3|3", "{statement}");
        assert_eq!(ok(&c, "PRAGMA integrity_check"), "ok", "{statement}");
    }
    ok(&c, "INSERT OR FAIL INTO t VALUES (8, 8, 8)");
    refused(&c, "INSERT OR FAIL INTO t VALUES (9, 9, 9), (10, 1, 5)");
    ok(&c, "COMMIT");
    assert_eq!(ok(&c, "SELECT k FROM t"), "1 2 3 8 9");
}

#[test]
fn table_info_tells_the_columns_of_a_view() {
    let connection = connection();
    ok(&connection, "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR(10) NOT NULL)");
    ok(&connection, "CREATE VIEW v AS SELECT b, a AS n, a + 1 AS c FROM t");
    ok(&connection, "CREATE VIEW named(x) AS SELECT b FROM t");
    let columns = "VALUES (0, 'b', 'VARCHAR(10)', 0, NULL, 0), (1, 'n', 'INTEGER', 0, NULL, 0), (2, 'c', '', 0, NULL, 0)";
    assert_eq!(ok(&connection, "PRAGMA table_info(v)"), ok(&connection, columns));
    let columns = "VALUES (0, 'x', 'VARCHAR(10)', 0, NULL, 0, 0)";
    assert_eq!(ok(&connection, "PRAGMA main.table_xinfo = named"), ok(&connection, columns));
}

#[test]
fn of_a_column_named_twice_the_first_value_counts_of_the_rowid_the_last() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b); INSERT INTO t(a, rowid, a, b, rowid) VALUES (1, 20, 3, 4, 50)");
    assert_eq!(ok(&c, "SELECT rowid, * FROM t"), "50|1|4");
}

#[test]
fn values_may_be_computed_over_windows_and_aggregates() {
    let c = connection();
    assert_eq!(ok(&c, "VALUES (count(*))"), "1");
    assert_eq!(ok(&c, "VALUES (2), (3), (count(*) OVER ()), (4)"), "2 3 1 4");
    assert_eq!(ok(&c, "SELECT column1 FROM (VALUES (row_number() OVER ()), (7))"), "1 7");
    assert_eq!(refused(&c, "VALUES (count(*)), (2)"), "misuse of aggregate: count()");
    assert_eq!(
        refused(&c, "VALUES (1, 2), (row_number() OVER ())"),
        "all VALUES must have the same number of terms"
    );
    ok(&c, "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2), (3, row_number() OVER ()), (5, 6)");
    assert_eq!(ok(&c, "SELECT * FROM t"), "1|2 3|1 5|6");
    assert_eq!(ok(&c, "SELECT a, (VALUES (sum(b))) FROM t"), "1|9");
    ok(&c, "CREATE VIEW v AS VALUES (count(*) OVER ()), (5); ALTER TABLE t RENAME TO u");
    assert_eq!(ok(&c, "SELECT column1 FROM v"), "1 5");
}

#[test]
fn what_alter_table_adds_has_no_extended_code() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a); INSERT INTO t VALUES (NULL)");
    for (sql, message, code) in [
        ("ALTER TABLE t ADD COLUMN b CHECK (a > 0 IS TRUE)", "CHECK constraint failed", 1),
        ("ALTER TABLE t ADD COLUMN b NOT NULL AS (a)", "NOT NULL constraint failed", 1),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "constraint failed", 19),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL)", "constraint failed", 19),
    ] {
        let error = c.execute_batch(sql).expect_err("there is a row that breaks it");
        assert_eq!((error.to_string().as_str(), error.code()), (message, code), "{sql}");
    }
}
