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
