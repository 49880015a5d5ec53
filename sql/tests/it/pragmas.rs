//! Pragmas as statements and as tables.

use crate::answers::{connection, ok, refused};

#[test]
fn checks_can_be_read_as_tables() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(x REFERENCES p, y CHECK (y > 0)); INSERT INTO c VALUES(1, 2)",
    );
    assert_eq!(ok(&c, "SELECT * FROM pragma_integrity_check"), "ok");
    assert_eq!(ok(&c, "SELECT * FROM pragma_quick_check('c')"), "ok");
    assert_eq!(ok(&c, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), "0");
    assert_eq!(refused(&c, "SELECT * FROM pragma_integrity_check('none')"), "no such table: none");
    assert_eq!(ok(&c, "SELECT * FROM pragma_foreign_key_check"), "c|1|p|0");
    assert_eq!(ok(&c, "SELECT count(*) FROM pragma_foreign_key_check('p')"), "0");
    assert_eq!(
        ok(
            &c,
            "SELECT s.name, f.rowid FROM sqlite_schema s, pragma_foreign_key_check(s.name) f WHERE s.type = 'table'"
        ),
        "c|1"
    );
    assert_eq!(refused(&c, "SELECT * FROM pragma_foreign_key_check('none')"), "no such table: none");
    ok(
        &c,
        "PRAGMA ignore_check_constraints = ON; INSERT INTO c VALUES(NULL, -1); PRAGMA ignore_check_constraints = OFF",
    );
    assert_eq!(ok(&c, "SELECT * FROM pragma_integrity_check('c')"), "CHECK constraint failed in c");
}

#[test]
fn columns_of_views_are_told() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE t(a, b text, c int); CREATE VIEW v AS SELECT a, b, c + 1 AS d, c AS e, cast(a AS REAL) f FROM t",
    );
    let columns = "0|a|BLOB 1|b|TEXT 2|d| 3|e|INT 4|f|REAL";
    assert_eq!(ok(&c, "SELECT cid, name, type FROM pragma_table_info('v')"), columns);
    assert_eq!(ok(&c, "SELECT cid, name, type FROM pragma_table_xinfo('v', 'main')"), columns);
    assert_eq!(ok(&c, "SELECT name, ncol FROM pragma_table_list('v')"), "v|5");
    assert_eq!(
        ok(
            &c,
            "SELECT v.name, p.name FROM sqlite_schema v JOIN pragma_table_info(v.name) p ON p.type = 'REAL'"
        ),
        "v|f"
    );
}

#[test]
fn settings_can_be_read_as_tables() {
    let c = connection();
    ok(&c, "PRAGMA user_version = 7; PRAGMA foreign_keys = ON");
    assert_eq!(
        ok(&c, "SELECT user_version, foreign_keys FROM pragma_user_version, pragma_foreign_keys()"),
        "7|1"
    );
    assert_eq!(ok(&c, "SELECT * FROM pragma_encoding"), "UTF-8");
    assert_eq!(
        refused(&c, "SELECT * FROM pragma_encoding(1)"),
        "too many arguments on pragma_encoding() - max 0"
    );
    assert_eq!(
        refused(&c, "UPDATE pragma_encoding SET encoding = 1"),
        "table pragma_encoding may not be modified"
    );
    assert_eq!(refused(&c, "SELECT * FROM pragma_none"), "no such table: pragma_none");
    assert_eq!(
        ok(&c, "SELECT count(*) FROM pragma_pragma_list WHERE name IN ('table_info', 'encoding')"),
        "2"
    );
    assert_eq!(ok(&c, "SELECT * FROM pragma_function_list WHERE name = 'abs'"), "abs|1|s|utf8|1|2099200");
}

#[test]
fn temporary_objects_can_be_asked_for_before_there_are_any() {
    let c = connection();
    assert_eq!(ok(&c, "SELECT count(*) FROM sqlite_temp_master"), "0");
    assert_eq!(ok(&c, "SELECT count(*) FROM temp.sqlite_schema"), "0");
    ok(&c, "BEGIN; SAVEPOINT s; CREATE TEMP TABLE t(a)");
    assert_eq!(ok(&c, "SELECT name FROM sqlite_temp_master"), "t");
    ok(&c, "ROLLBACK TO s");
    assert_eq!(ok(&c, "SELECT count(*) FROM sqlite_temp_schema"), "0");
    assert_eq!(refused(&c, "DELETE FROM sqlite_temp_master"), "table sqlite_temp_master may not be modified");
}

fn columns(c: &duramen_sql::Connection, sql: &str) -> String {
    c.run(sql, &[]).expect("the statement is sound").columns.join(",")
}

#[test]
fn columns_are_named_as_the_settings_say() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a, b FROM t");
    let all = "SELECT a, T.a, *, rowid, +a, a AS q, a COLLATE nocase FROM t z";
    let all = all.replace("T.", "Z.");
    assert_eq!(columns(&c, &all), "a,a,a,b,rowid,+a,q,a COLLATE nocase");
    ok(&c, "PRAGMA short_column_names = OFF");
    assert_eq!(columns(&c, &all), "a,Z.a,a,b,rowid,+a,q,a COLLATE nocase");
    ok(&c, "PRAGMA full_column_names = ON");
    assert_eq!(columns(&c, &all), "t.a,t.a,z.a,z.b,t.rowid,+a,q,a COLLATE nocase");
    assert_eq!(columns(&c, "SELECT a, * FROM v"), "v.a,v.a,v.b");
    assert_eq!(columns(&c, "INSERT INTO t VALUES (1, 2) RETURNING a, *"), "t.a,t.a,t.b");
    ok(&c, "PRAGMA short_column_names = ON");
    assert_eq!(columns(&c, &all), "t.a,t.a,a,b,t.rowid,+a,q,a COLLATE nocase");
}

#[test]
fn a_column_with_a_collation_keeps_its_name_inside() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a); INSERT INTO t VALUES ('x')");
    assert_eq!(columns(&c, "SELECT a COLLATE nocase FROM t"), "a COLLATE nocase");
    assert_eq!(columns(&c, "SELECT * FROM (SELECT a COLLATE nocase FROM t)"), "a");
    assert_eq!(ok(&c, "SELECT a FROM (SELECT a COLLATE nocase FROM t) WHERE a = 'X'"), "x");
    assert_eq!(ok(&c, "SELECT * FROM (SELECT a COLLATE nocase FROM t) JOIN t USING (a)"), "x");
    ok(&c, "CREATE TABLE u AS SELECT a COLLATE nocase FROM t");
    assert_eq!(ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'u'"), "CREATE TABLE u(a)");
}

#[test]
fn conditions_on_hidden_columns_are_arguments() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b); CREATE TABLE u(c)");
    assert_eq!(ok(&c, "SELECT name FROM pragma_table_info WHERE arg = 't'"), "a b");
    assert_eq!(
        ok(&c, "SELECT name FROM pragma_table_info WHERE 'main' = schema AND 't' = arg AND cid > 0"),
        "b"
    );
    assert_eq!(ok(&c, "SELECT name FROM pragma_table_info('t') WHERE schema = 'main'"), "a b");
    assert_eq!(ok(&c, "SELECT name FROM pragma_table_info WHERE schema = 'main'"), "");
    assert_eq!(ok(&c, "SELECT count(*) FROM pragma_table_info('t') WHERE arg = 'u'"), "0");
    let pairs = "t|a t|b u|c";
    for join in [
        "sqlite_schema s, pragma_table_info p WHERE p.arg = s.name",
        "sqlite_schema s JOIN pragma_table_info p ON s.name = p.arg",
        "sqlite_schema s LEFT JOIN pragma_table_info p ON p.arg = s.name",
    ] {
        assert_eq!(ok(&c, &format!("SELECT s.name, p.name FROM {join}")), pairs, "{join}");
    }
    assert_eq!(
        ok(
            &c,
            "SELECT s.name FROM sqlite_schema s WHERE EXISTS (SELECT 1 FROM pragma_table_info WHERE arg = s.name AND name = 'c')"
        ),
        "u"
    );
    assert_eq!(ok(&c, "SELECT value FROM generate_series WHERE start = 2 AND stop = 3"), "2 3");
}
