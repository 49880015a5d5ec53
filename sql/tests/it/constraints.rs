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
