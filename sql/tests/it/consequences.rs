//! Triggers, foreign keys, `ALTER TABLE` and the checks of stored tables, through a connection.

use crate::answers::{connection, ok, refused};

#[test]
fn triggers_run_around_a_write_and_see_the_row() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b); CREATE TABLE log(what, x, y)");
    ok(&c, "CREATE TRIGGER bi BEFORE INSERT ON t BEGIN INSERT INTO log VALUES('bi', new.rowid, new.a); END");
    ok(
        &c,
        "CREATE TRIGGER ai AFTER INSERT ON t WHEN new.a > 1 BEGIN INSERT INTO log VALUES('ai', new.rowid, new.a); END",
    );
    ok(&c, "CREATE TRIGGER bu BEFORE UPDATE OF b ON t BEGIN INSERT INTO log VALUES('bu', old.b, new.b); END");
    ok(&c, "CREATE TRIGGER ad AFTER DELETE ON t BEGIN INSERT INTO log VALUES('ad', old.a, old.b); END");
    ok(&c, "INSERT INTO t VALUES(1, 2), (3, 4)");
    assert_eq!(ok(&c, "SELECT * FROM log"), "bi|-1|1 bi|-1|3 ai|2|3");
    ok(&c, "DELETE FROM log; UPDATE t SET a = 5 WHERE a = 1; UPDATE t SET b = 6 WHERE a = 5; DELETE FROM t");
    assert_eq!(ok(&c, "SELECT * FROM log"), "bu|2|6 ad|5|6 ad|3|4");
    ok(&c, "DROP TABLE t");
    assert_eq!(ok(&c, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), "0");
}

#[test]
fn raise_gives_up_a_row_or_the_statement() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a)");
    ok(
        &c,
        "CREATE TRIGGER r BEFORE INSERT ON t BEGIN
              SELECT CASE new.a WHEN 2 THEN raise(IGNORE) WHEN 4 THEN raise(ABORT, 'four')
                                WHEN 5 THEN raise(FAIL, 'five') WHEN 6 THEN raise(ROLLBACK, 'six') END; END",
    );
    ok(&c, "INSERT INTO t VALUES(1), (2), (3)");
    assert_eq!(ok(&c, "SELECT a FROM t"), "1 3");
    assert_eq!(refused(&c, "INSERT INTO t VALUES(7), (4)"), "four");
    assert_eq!(refused(&c, "INSERT INTO t VALUES(8), (5), (9)"), "five");
    assert_eq!(ok(&c, "SELECT a FROM t"), "1 3 8");
    ok(&c, "BEGIN; INSERT INTO t VALUES(10)");
    assert_eq!(refused(&c, "INSERT INTO t VALUES(6)"), "six");
    assert_eq!(refused(&c, "COMMIT"), "cannot commit - no transaction is active");
    assert_eq!(ok(&c, "SELECT a FROM t"), "1 3 8");
}

#[test]
fn triggers_a_thousand_levels_deep_need_no_stack() {
    let c = connection();
    ok(&c, "PRAGMA recursive_triggers = on; CREATE TABLE t(a)");
    ok(&c, "CREATE TRIGGER r AFTER INSERT ON t WHEN new.a > 0 BEGIN INSERT INTO t VALUES(new.a - 1); END");
    ok(&c, "INSERT INTO t VALUES(999)");
    assert_eq!(ok(&c, "SELECT count(*), changes() FROM t"), "1000|1");
    assert_eq!(refused(&c, "INSERT INTO t VALUES(1000)"), "too many levels of trigger recursion");
    assert_eq!(ok(&c, "SELECT count(*) FROM t"), "1000");
    ok(&c, "PRAGMA recursive_triggers = off; INSERT INTO t VALUES(5)");
    assert_eq!(ok(&c, "SELECT count(*) FROM t"), "1002");
}

#[test]
fn a_view_can_be_written_where_triggers_say_how() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a, b * 2 AS c FROM t");
    assert_eq!(refused(&c, "INSERT INTO v VALUES(1, 2)"), "cannot modify v because it is a view");
    ok(&c, "CREATE TRIGGER vi INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES(new.a, new.c / 2); END");
    ok(&c, "CREATE TRIGGER vu INSTEAD OF UPDATE ON v BEGIN UPDATE t SET b = new.c / 2 WHERE a = old.a; END");
    ok(&c, "CREATE TRIGGER vd INSTEAD OF DELETE ON v BEGIN DELETE FROM t WHERE a = old.a; END");
    ok(
        &c,
        "INSERT INTO v VALUES(1, 10), (2, 20); UPDATE v SET c = 30 WHERE a = 1; DELETE FROM v WHERE c = 20",
    );
    assert_eq!(ok(&c, "SELECT * FROM t"), "1|15");
}

#[test]
fn the_outer_conflict_clause_goes_before_those_in_triggers() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a); CREATE TABLE u(x UNIQUE, y)");
    ok(&c, "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT OR IGNORE INTO u VALUES(new.a, 'new'); END");
    ok(&c, "INSERT INTO u VALUES(1, 'old'); INSERT INTO t VALUES(1)");
    assert_eq!(ok(&c, "SELECT * FROM u"), "1|old");
    ok(&c, "INSERT OR REPLACE INTO t VALUES(1)");
    assert_eq!(ok(&c, "SELECT * FROM u"), "1|new");
    assert_eq!(refused(&c, "INSERT OR ABORT INTO t VALUES(1)"), "UNIQUE constraint failed: u.x");
}

#[test]
fn foreign_keys_are_enforced_where_they_are_on() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE p(id INTEGER PRIMARY KEY, k TEXT UNIQUE);
            CREATE TABLE c(x REFERENCES p(k) ON DELETE CASCADE ON UPDATE CASCADE,
                           y REFERENCES p ON DELETE SET NULL, z REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
    );
    ok(&c, "INSERT INTO c VALUES('nobody', 1, 1); DELETE FROM c; PRAGMA foreign_keys = on");
    assert_eq!(refused(&c, "INSERT INTO c(x) VALUES('nobody')"), "FOREIGN KEY constraint failed");
    ok(
        &c,
        "INSERT INTO p VALUES(1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO c VALUES('a', 2, NULL), ('b', 1, NULL)",
    );
    ok(&c, "UPDATE p SET k = 'A' WHERE id = 1");
    assert_eq!(ok(&c, "SELECT x, y FROM c"), "A|2 b|1");
    ok(&c, "DELETE FROM p WHERE id = 2");
    assert_eq!(ok(&c, "SELECT x, y, changes() FROM c"), "A|NULL|1");
    ok(&c, "BEGIN; INSERT INTO c(z) VALUES(9)");
    assert_eq!(refused(&c, "COMMIT"), "FOREIGN KEY constraint failed");
    ok(&c, "SAVEPOINT s; INSERT INTO c(z) VALUES(8); ROLLBACK TO s; INSERT INTO p VALUES(9, 'i'); COMMIT");
    assert_eq!(refused(&c, "INSERT INTO c(z) VALUES(10)"), "FOREIGN KEY constraint failed");
    assert_eq!(ok(&c, "PRAGMA foreign_key_check"), "");
    ok(&c, "PRAGMA foreign_keys = off; DELETE FROM p WHERE id = 9");
    assert_eq!(ok(&c, "PRAGMA foreign_key_check"), "c|2|p|0");
}

#[test]
fn a_table_that_others_need_is_not_dropped() {
    let c = connection();
    ok(&c, "PRAGMA foreign_keys = on; CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(b REFERENCES p)");
    ok(&c, "INSERT INTO p VALUES(1); INSERT INTO c VALUES(1)");
    assert_eq!(refused(&c, "DROP TABLE p"), "FOREIGN KEY constraint failed");
    ok(&c, "DELETE FROM c; DROP TABLE p");
    assert_eq!(refused(&c, "INSERT INTO c VALUES(1)"), "no such table: main.p");
}

#[test]
fn renaming_changes_names_and_nothing_else() {
    let c = connection();
    ok(&c, "CREATE TABLE t (a /* first */, b CHECK (t.b > 0), \"a b\" TEXT DEFAULT 'a')");
    ok(&c, "CREATE INDEX i ON t(a, b) WHERE a > 1; CREATE TABLE u(x REFERENCES t(a))");
    ok(&c, "CREATE VIEW v AS SELECT t.a, 'a' AS s, x.a AS q FROM t, t AS x");
    ok(&c, "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN UPDATE t SET a = new.a WHERE a = old.a; END");
    ok(&c, "ALTER TABLE t RENAME COLUMN a TO c");
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 't'"),
        "CREATE TABLE t (c /* first */, b CHECK (t.b > 0), \"a b\" TEXT DEFAULT 'a')"
    );
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'i'"),
        "CREATE INDEX i ON t(c, b) WHERE c > 1"
    );
    assert_eq!(ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'u'"), "CREATE TABLE u(x REFERENCES t(c))");
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'v'"),
        "CREATE VIEW v AS SELECT t.c, 'a' AS s, x.c AS q FROM t, t AS x"
    );
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'g'"),
        "CREATE TRIGGER g AFTER UPDATE OF c ON t BEGIN UPDATE t SET c = new.c WHERE c = old.c; END"
    );
    ok(&c, "ALTER TABLE t RENAME TO n");
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'v'"),
        "CREATE VIEW v AS SELECT \"n\".c, 'a' AS s, x.c AS q FROM \"n\", \"n\" AS x"
    );
    assert_eq!(ok(&c, "SELECT tbl_name FROM sqlite_schema WHERE name IN ('i', 'g')"), "n n");
    ok(&c, "CREATE VIEW w AS SELECT nothing1 FROM n");
    assert_eq!(refused(&c, "ALTER TABLE n RENAME TO m"), "error in view w: no such column: nothing1");
}

#[test]
fn columns_come_and_go() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b, UNIQUE(a)); INSERT INTO t VALUES(1, 2), (3, 4)");
    ok(&c, "ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 7; ALTER TABLE t ADD d AS (a + c)");
    assert_eq!(ok(&c, "SELECT * FROM t"), "1|2|7|8 3|4|7|10");
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 't'"),
        "CREATE TABLE t(a, b, c INTEGER NOT NULL DEFAULT 7, d AS (a + c), UNIQUE(a))"
    );
    assert_eq!(
        refused(&c, "ALTER TABLE t ADD e NOT NULL"),
        "Cannot add a NOT NULL column with default value NULL"
    );
    assert_eq!(
        refused(&c, "ALTER TABLE t ADD e DEFAULT (1 + 1)"),
        "Cannot add a column with non-constant default"
    );
    assert_eq!(refused(&c, "ALTER TABLE t ADD e CHECK (a < 2)"), "CHECK constraint failed");
    let said = refused(&c, "ALTER TABLE t DROP c");
    assert_eq!(said, "error in table t after drop column: no such column: c");
    ok(&c, "ALTER TABLE t DROP COLUMN b");
    assert_eq!(ok(&c, "SELECT * FROM t; PRAGMA integrity_check"), "ok");
    assert_eq!(ok(&c, "SELECT * FROM t WHERE a = 3"), "3|7|10");
}

#[test]
fn a_generated_column_may_not_be_null_where_it_must_not() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a, b AS (a + 1) NOT NULL, c AS (a * 2) STORED NOT NULL)");
    ok(&c, "INSERT INTO t VALUES(1)");
    assert_eq!(refused(&c, "INSERT INTO t VALUES(NULL)"), "NOT NULL constraint failed: t.b");
}

#[test]
fn an_index_made_anew_agrees_with_its_table() {
    let c = connection();
    ok(
        &c,
        "CREATE TABLE t(a UNIQUE, b COLLATE NOCASE); CREATE INDEX i ON t(b); INSERT INTO t VALUES(1, 'x'), (2, 'Y')",
    );
    ok(&c, "REINDEX t; REINDEX i; REINDEX nocase; REINDEX");
    assert_eq!(ok(&c, "PRAGMA integrity_check"), "ok");
    assert_eq!(ok(&c, "SELECT a FROM t WHERE b = 'y'"), "2");
    assert_eq!(refused(&c, "REINDEX nothing1"), "unable to identify the object to be reindexed");
}

#[test]
fn a_rowid_that_is_named_so_follows_its_column() {
    let c = connection();
    ok(&c, "CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE VIEW v AS SELECT t.rowid, b FROM t");
    ok(&c, "ALTER TABLE t RENAME a TO k");
    assert_eq!(
        ok(&c, "SELECT sql FROM sqlite_schema WHERE name = 'v'"),
        "CREATE VIEW v AS SELECT t.k, b FROM t"
    );
}

#[test]
fn foreign_keys_of_generated_columns_are_kept() {
    let c = connection();
    ok(&c, "PRAGMA foreign_keys = ON; CREATE TABLE p(a INTEGER PRIMARY KEY); INSERT INTO p VALUES (2), (3)");
    ok(&c, "CREATE TABLE c(x, y AS (x + 1) REFERENCES p(a), z AS (y))");
    ok(&c, "INSERT INTO c(x) VALUES (1), (NULL)");
    assert_eq!(refused(&c, "INSERT INTO c(x) VALUES (5)"), "FOREIGN KEY constraint failed");
    assert_eq!(refused(&c, "UPDATE c SET x = 9 WHERE x = 1"), "FOREIGN KEY constraint failed");
    ok(&c, "UPDATE c SET x = 2 WHERE x = 1; DELETE FROM p WHERE a = 2");
    assert_eq!(refused(&c, "DELETE FROM p WHERE a = 3"), "FOREIGN KEY constraint failed");
    ok(&c, "PRAGMA foreign_keys = OFF; INSERT INTO c(x) VALUES (70); PRAGMA foreign_keys = ON");
    assert_eq!(ok(&c, "PRAGMA foreign_key_check"), "c|3|p|0");
    ok(&c, "CREATE TABLE d(x, y AS (x + 1) REFERENCES p(a) ON DELETE CASCADE); INSERT INTO p VALUES (10)");
    ok(&c, "INSERT INTO d VALUES (9); DELETE FROM p WHERE a = 10");
    assert_eq!(ok(&c, "SELECT count(*) FROM d"), "0");
    ok(&c, "CREATE TABLE e(x, y AS (x + 1) REFERENCES p(a) ON DELETE SET NULL)");
    assert_eq!(refused(&c, "DELETE FROM p WHERE a = 10"), "cannot UPDATE generated column \"y\"");
}

#[test]
fn keys_that_are_generated_take_children_along() {
    let c = connection();
    ok(&c, "PRAGMA foreign_keys = ON; CREATE TABLE p(g AS (h * 2) STORED UNIQUE, h)");
    ok(
        &c,
        "CREATE TABLE c(x REFERENCES p(g) ON UPDATE CASCADE); INSERT INTO p(h) VALUES (4); INSERT INTO c VALUES (8)",
    );
    ok(&c, "UPDATE p SET h = 5");
    assert_eq!(ok(&c, "SELECT x FROM c"), "10");
    assert_eq!(refused(&c, "DELETE FROM p"), "FOREIGN KEY constraint failed");
}

#[test]
fn constraints_come_and_go() {
    let c = connection();
    let shown = |table: &str| ok(&c, &format!("SELECT sql FROM sqlite_schema WHERE name = '{table}'"));
    ok(&c, "CREATE TABLE t(a, b int NOT NULL DEFAULT 3, c CONSTRAINT k UNIQUE, CONSTRAINT p CHECK (b > 0))");
    ok(&c, "INSERT INTO t VALUES (1, 2, 3)");
    ok(
        &c,
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL; ALTER TABLE t ALTER b DROP NOT NULL; ALTER TABLE t ALTER c DROP NOT NULL",
    );
    ok(&c, "ALTER TABLE t DROP CONSTRAINT p; ALTER TABLE t ADD CONSTRAINT q CHECK (a < 9)");
    let sql =
        "CREATE TABLE t(a NOT NULL, b int DEFAULT 3, c CONSTRAINT k UNIQUE, CONSTRAINT q CHECK (a < 9))";
    assert_eq!(shown("t"), sql);
    assert_eq!(refused(&c, "INSERT INTO t(c) VALUES (1)"), "NOT NULL constraint failed: t.a");
    assert_eq!(refused(&c, "INSERT INTO t(a) VALUES (10)"), "CHECK constraint failed: q");
    ok(&c, "INSERT INTO t(a, b) VALUES (5, NULL)");
    assert_eq!(refused(&c, "ALTER TABLE t ALTER b SET NOT NULL"), "constraint failed");
    assert_eq!(refused(&c, "ALTER TABLE t ADD CHECK (a < 5)"), "constraint failed");
    assert_eq!(refused(&c, "ALTER TABLE t ADD CONSTRAINT q CHECK (a)"), "constraint q already exists");
    assert_eq!(refused(&c, "ALTER TABLE t ADD CHECK (z)"), "no such column: z");
    assert_eq!(
        refused(&c, "ALTER TABLE t ADD CHECK ((SELECT 1))"),
        "subqueries prohibited in CHECK constraints"
    );
    assert_eq!(refused(&c, "ALTER TABLE t DROP CONSTRAINT k"), "constraint may not be dropped: k");
    assert_eq!(refused(&c, "ALTER TABLE t DROP CONSTRAINT none"), "no such constraint: none");
    assert_eq!(refused(&c, "ALTER TABLE t ALTER none SET NOT NULL"), "no such column: none");
    assert_eq!(shown("t"), sql);
    ok(&c, "CREATE VIEW v AS SELECT a FROM t");
    assert_eq!(refused(&c, "ALTER TABLE v ALTER a SET NOT NULL"), "cannot edit constraints of view \"v\"");
    ok(&c, "CREATE TABLE u(a, b AS (a + 1) /* c */ , -- d\n c -- e\n)");
    ok(
        &c,
        "ALTER TABLE u ALTER b SET NOT NULL; ALTER TABLE u ALTER c SET NOT NULL; ALTER TABLE u ADD CHECK (c)",
    );
    assert_eq!(
        shown("u"),
        "CREATE TABLE u(a, b AS (a + 1) /* c */  NOT NULL, -- d\n c -- e\n NOT NULL, CHECK (c))"
    );
    assert_eq!(refused(&c, "INSERT INTO u VALUES (NULL, 1)"), "NOT NULL constraint failed: u.b");
    ok(&c, "BEGIN; INSERT INTO u VALUES (1, 1); ALTER TABLE u ALTER b DROP NOT NULL; ROLLBACK");
    assert_eq!(refused(&c, "INSERT INTO u VALUES (NULL, 1)"), "NOT NULL constraint failed: u.b");
    assert_eq!(ok(&c, "PRAGMA integrity_check"), "ok");
}
