use std::collections::BTreeSet;

use super::Connection;
use crate::error::Error;
use crate::row::Row;
use crate::rows::Rows;
use crate::statement::Statement;
use crate::value::Value;

fn connection(setup: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("a database in memory opens");
    connection.run(setup, &[]).expect("the set-up is right");
    connection
}

fn integers(connection: &Connection, sql: &str) -> Vec<Vec<i64>> {
    let result = connection.run(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let row = |row: &Vec<Value>| row.iter().map(|value| value.as_ref().to_integer()).collect();
    result.rows.iter().map(row).collect()
}

fn error(connection: &Connection, sql: &str) -> String {
    match connection.run(sql, &[]) {
        Ok(_) => panic!("{sql}: succeeded"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn rows_come_back_in_the_order_asked_for() {
    let c = connection("CREATE TABLE t(a, b); INSERT INTO t VALUES (3, 1), (1, 2), (2, 3)");
    assert_eq!(integers(&c, "SELECT a FROM t ORDER BY a DESC"), [[3], [2], [1]]);
    assert_eq!(integers(&c, "SELECT b FROM t ORDER BY a LIMIT 1 OFFSET 1"), [[3]]);
}

#[test]
fn a_subquery_of_an_update_sees_rows_updated_before() {
    let c = connection("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t(a) VALUES (1), (2), (3)");
    c.run("UPDATE t SET a = (SELECT sum(a) FROM t x WHERE x.id <= t.id)", &[]).expect("it runs");
    assert_eq!(integers(&c, "SELECT a FROM t ORDER BY id"), [[1], [3], [7]]);
}

#[test]
fn a_statement_that_fails_leaves_nothing_behind() {
    let c = connection("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1); BEGIN");
    assert_eq!(error(&c, "INSERT INTO t VALUES (2), (1)"), "UNIQUE constraint failed: t.a");
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[1]]);
    assert!(c.in_transaction());
}

#[test]
fn a_transaction_can_be_taken_back() {
    let c = connection(
        "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2)",
    );
    c.run("ROLLBACK TO s", &[]).expect("there is such a savepoint");
    assert_eq!(integers(&c, "SELECT a FROM t"), [[1]]);
    c.run("ROLLBACK", &[]).expect("there is a transaction");
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[0]]);
}

#[test]
fn a_plan_is_made_anew_when_the_schema_changes() {
    let c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    assert_eq!(integers(&c, "SELECT * FROM t"), [[1]]);
    c.run("DROP TABLE t; CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2)", &[]).expect("it runs");
    assert_eq!(integers(&c, "SELECT * FROM t"), [[1, 2]]);
}

#[test]
fn joins_keep_the_rows_they_must_keep() {
    let c = connection(
        "CREATE TABLE a(x); CREATE TABLE b(y); INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (2), (3)",
    );
    assert_eq!(integers(&c, "SELECT x, y FROM a JOIN b ON x = y"), [[2, 2]]);
    assert_eq!(integers(&c, "SELECT count(*), count(y) FROM a LEFT JOIN b ON x = y"), [[2, 1]]);
    assert_eq!(integers(&c, "SELECT count(*), count(x) FROM a RIGHT JOIN b ON x = y"), [[2, 1]]);
    assert_eq!(integers(&c, "SELECT count(*), count(x), count(y) FROM a FULL JOIN b ON x = y"), [[3, 2, 2]]);
}

#[test]
fn a_recursive_table_counts() {
    let c = connection("");
    let sql =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n";
    assert_eq!(integers(&c, sql), [[15]]);
}

#[test]
fn a_table_without_rowid_is_read_whole() {
    let c = connection(
        "CREATE TABLE t(a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1), ('w', 2)",
    );
    assert_eq!(integers(&c, "SELECT b FROM t"), [[2], [1]]);
}

#[test]
fn a_connection_and_its_statements_may_go_to_other_threads() {
    fn sent<T: Send>() {}
    fn shared<T: Sync>() {}
    sent::<Connection>();
    shared::<Connection>();
    sent::<Statement>();
    sent::<Rows<'_>>();
    sent::<Row<'_>>();
}

fn ints(rows: &mut Rows<'_>) -> Vec<i64> {
    let mut all = Vec::new();
    while let Some(row) = rows.next().expect("there are rows") {
        all.push(row.get(0).expect("an integer"));
    }
    all
}

#[test]
fn an_open_query_follows_what_its_connection_writes() {
    let c = connection("CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3), (5)");
    for transaction in [false, true] {
        if transaction {
            c.execute("BEGIN", ()).expect("it begins");
        }
        let mut statement = c.prepare("SELECT a FROM t").expect("it is right");
        let mut rows = statement.query(()).expect("it runs");
        assert!(rows.next().expect("it goes on").is_some());
        c.execute("DELETE FROM t WHERE a IN (1, 2)", ()).expect("it deletes");
        c.execute("INSERT INTO t VALUES (4)", ()).expect("it inserts");
        assert_eq!(ints(&mut rows), [3, 4, 5]);
        drop(rows);
        c.execute_batch("DELETE FROM t; INSERT INTO t VALUES (1), (2), (3), (5)").expect("it runs");
        if transaction {
            c.execute("COMMIT", ()).expect("it commits");
        }
    }
}

/// Reads `SELECT a FROM t ..` in the order of `a`, ascending or not. Every few rows the one that comes next is removed and
/// one before it is added: what follows must be what a look at the table at that moment would give.
fn follows_writes(c: &Connection, query: &str, ascending: bool) {
    c.execute_batch(
        "DELETE FROM t;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
         INSERT INTO t SELECT i * 10, i * 37 % 100 FROM n",
    )
    .expect("it is right");
    let mut there: BTreeSet<i64> = (1..=900).map(|i| i * 10).collect();
    let next_of = |there: &BTreeSet<i64>, at: Option<i64>| match (at, ascending) {
        (None, true) => there.first().copied(),
        (None, false) => there.last().copied(),
        (Some(at), true) => there.range(at + 1..).next().copied(),
        (Some(at), false) => there.range(..at).next_back().copied(),
    };
    let mut statement = c.prepare(query).expect("it is right");
    let mut rows = statement.query(()).expect("it runs");
    let mut at = None;
    let mut given = 0;
    while let Some(row) = rows.next().expect("it goes on") {
        let a: i64 = row.get(0).expect("an integer");
        assert_eq!(Some(a), next_of(&there, at), "{query}");
        (at, given) = (Some(a), given + 1);
        if given % 7 == 3
            && let Some(next) = next_of(&there, at)
        {
            let added = if ascending { next - 1 } else { next + 1 };
            c.execute(&format!("DELETE FROM t WHERE a = {next}"), ()).expect("it deletes");
            c.execute(&format!("INSERT INTO t VALUES ({added}, 0)"), ()).expect("it inserts");
            there.remove(&next);
            there.insert(added);
        }
    }
    assert_eq!(next_of(&there, at), None, "{query}");
    assert!(given > 800, "{query}");
}

#[test]
fn an_open_query_follows_writes_though_it_reads_ahead() {
    let by_rowid = connection("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    follows_writes(&by_rowid, "SELECT a FROM t", true);
    follows_writes(&by_rowid, "SELECT a FROM t ORDER BY a DESC", false);
    let by_index = connection("CREATE TABLE t(a, b); CREATE INDEX ta ON t(a)");
    follows_writes(&by_index, "SELECT a, b FROM t INDEXED BY ta WHERE a > 0", true);
    follows_writes(&by_index, "SELECT a, b FROM t INDEXED BY ta WHERE a > 0 ORDER BY a DESC", false);
}

#[test]
fn an_open_join_follows_writes_though_it_looks_rows_up_together() {
    let c = connection(
        "CREATE TABLE t(a INTEGER PRIMARY KEY, k INTEGER); CREATE TABLE u(k INTEGER PRIMARY KEY, v INTEGER);
         INSERT INTO t SELECT value, value * 7 % 50 FROM generate_series(1, 900);
         INSERT INTO u SELECT value, 0 FROM generate_series(0, 4999)",
    );
    // So many rows are not hashed.
    let mut values: Vec<Option<i64>> = vec![Some(0); 50];
    let key = |a: i64| usize::try_from(a * 7 % 50).expect("it is small");
    let mut statement = c.prepare("SELECT t.a, u.v FROM t CROSS JOIN u ON u.k = t.k").expect("it is right");
    let mut rows = statement.query(()).expect("it runs");
    let (mut at, mut given) = (0, 0);
    while let Some(row) = rows.next().expect("it goes on") {
        at = (at + 1..).find(|a| values[key(*a)].is_some()).expect("there is a next one");
        let found: (i64, i64) = (row.get(0).expect("an integer"), row.get(1).expect("an integer"));
        assert_eq!(found, (at, values[key(at)].unwrap_or(-1)));
        given += 1;
        let next = key(at + 1);
        if given % 60 == 0 {
            c.execute(&format!("DELETE FROM u WHERE k = {next}"), ()).expect("it deletes");
            values[next] = None;
        } else if given % 7 == 3 {
            c.execute(&format!("REPLACE INTO u VALUES ({next}, {given})"), ()).expect("it replaces");
            values[next] = Some(given);
        }
    }
    assert!((at + 1..=900).all(|a| values[key(a)].is_none()));
    assert!(given > 700, "{given}");
}

#[test]
fn an_open_query_does_not_see_what_others_commit() {
    let c = connection("CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    let other = Connection::new(c.database().expect("it is free"));
    let mut statement = c.prepare("SELECT a FROM t").expect("it is right");
    let mut rows = statement.query(()).expect("it runs");
    assert!(rows.next().expect("it goes on").is_some());
    other.execute("INSERT INTO t VALUES (3)", ()).expect("it inserts");
    assert_eq!(ints(&mut rows), [2]);
    drop(rows);
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[3]]);
}

#[test]
fn rollback_ends_open_queries() {
    let c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2); BEGIN; INSERT INTO t VALUES (3)");
    let mut statement = c.prepare("SELECT a FROM t").expect("it is right");
    let mut rows = statement.query(()).expect("it runs");
    assert!(rows.next().expect("it goes on").is_some());
    c.execute("ROLLBACK", ()).expect("it rolls back");
    let error = rows.next().expect_err("the query is over");
    assert!(matches!(error, Error::RolledBack));
    assert_eq!((error.code(), error.to_string()), (516, "abort due to ROLLBACK".into()));
    assert!(rows.next().expect("it is over").is_none());
    drop(rows);
    assert_eq!(ints(&mut statement.query(()).expect("it runs again")), [1, 2]);
}

#[test]
fn a_table_is_not_dropped_under_an_open_query() {
    let c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    let mut statement = c.prepare("SELECT a FROM t").expect("it is right");
    let mut rows = statement.query(()).expect("it runs");
    assert!(rows.next().expect("it goes on").is_some());
    assert_eq!(error(&c, "DROP TABLE t"), "database table is locked");
    drop(rows);
    c.execute("DROP TABLE t", ()).expect("it is free now");
    let error = statement.query(()).expect_err("the table is gone").to_string();
    assert_eq!(error, "no such table: t");
}

#[test]
fn a_statement_prepares_itself_anew() {
    let c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    let mut statement = c.prepare("SELECT * FROM t").expect("it is right");
    assert_eq!(statement.column_names(), ["a"]);
    c.execute_batch("DROP TABLE t; CREATE TABLE t(x, y); INSERT INTO t VALUES (1, 2)").expect("it runs");
    let y: i64 = statement.query_row((), |row| row.get("y")).expect("there is a row");
    assert_eq!((y, statement.column_names()), (2, vec!["x", "y"]));
}

#[test]
fn a_deferred_transaction_takes_the_writer_when_it_first_writes() {
    let c = connection("CREATE TABLE t(a)");
    let other = Connection::new(c.database().expect("it is free"));
    c.execute("BEGIN", ()).expect("it begins");
    other.execute("INSERT INTO t VALUES (1)", ()).expect("nobody else writes");
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[1]]);
    other.execute("INSERT INTO t VALUES (2)", ()).expect("nobody else writes");
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[1]]);
    let error = c.execute("INSERT INTO t VALUES (3)", ()).expect_err("what was read is out of date");
    assert_eq!(error.code(), 517);
    c.execute("ROLLBACK", ()).expect("it rolls back");
    c.execute_batch("BEGIN; INSERT INTO t VALUES (3); COMMIT").expect("nothing was read before");
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[3]]);
}

#[test]
fn a_savepoint_made_before_the_first_write_can_be_gone_back_to() {
    let c = connection("CREATE TABLE t(a); SAVEPOINT s; INSERT INTO t VALUES (1); ROLLBACK TO s");
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[0]]);
    c.execute_batch("INSERT INTO t VALUES (2); RELEASE s").expect("it runs");
    assert!(c.is_autocommit());
    assert_eq!(integers(&c, "SELECT a FROM t"), [[2]]);
}

#[test]
fn several_connections_read_while_one_writes() {
    let c =
        connection("CREATE TABLE t(a); INSERT INTO t VALUES (1); BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
    let database = c.database().expect("it is free");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let other = Connection::new(database.clone());
            scope.spawn(move || assert_eq!(integers(&other, "SELECT count(*) FROM t"), [[1]]));
        }
    });
    c.execute("COMMIT", ()).expect("it commits");
    assert_eq!(integers(&Connection::new(database), "SELECT count(*) FROM t"), [[2]]);
}

#[test]
fn schemas_that_other_connections_change_are_noticed() {
    let c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    let other = Connection::new(c.database().expect("it is free"));
    assert_eq!(integers(&c, "SELECT * FROM t"), [[1]]);
    other.execute_batch("DROP TABLE t; CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2)").expect("it runs");
    assert_eq!(integers(&c, "SELECT * FROM t"), [[1, 2]]);
    c.execute("INSERT INTO t VALUES (3, 4)", ()).expect("it has two columns");
    // A definition that is taken back is forgotten.
    c.execute_batch("BEGIN; CREATE TABLE u(x); INSERT INTO u VALUES (1); ROLLBACK").expect("it runs");
    assert_eq!(error(&c, "SELECT * FROM u"), "no such table: u");
}

#[test]
fn replace_puts_the_default_where_null_may_not_be() {
    let c = connection("CREATE TABLE t(a NOT NULL DEFAULT 7, b)");
    c.run("REPLACE INTO t VALUES (NULL, 1); UPDATE OR REPLACE t SET a = NULL", &[]).expect("it is replaced");
    assert_eq!(integers(&c, "SELECT a FROM t"), [[7]]);
}

#[test]
fn nothing_is_computed_where_a_join_found_no_row() {
    let c =
        connection("CREATE TABLE t(a, g AS (coalesce(a, 5))); CREATE TABLE u(b); INSERT INTO u VALUES (1)");
    assert_eq!(integers(&c, "SELECT g IS NULL FROM u LEFT JOIN t ON a = b"), [[1]]);
}

#[test]
fn the_newest_index_refuses_first_and_types_come_behind_not_null() {
    let c = connection("CREATE TABLE t(a UNIQUE, b UNIQUE); INSERT INTO t VALUES (1, 1)");
    assert_eq!(error(&c, "INSERT INTO t VALUES (1, 1)"), "UNIQUE constraint failed: t.b");
    let c = connection("CREATE TABLE t(a INT PRIMARY KEY, b REAL) STRICT");
    assert_eq!(error(&c, "INSERT INTO t VALUES (NULL, 'x')"), "NOT NULL constraint failed: t.a");
    assert_eq!(error(&c, "INSERT INTO t VALUES (1, 'x')"), "cannot store TEXT value in REAL column t.b");
    assert_eq!(error(&c, "INSERT INTO t VALUES (1.5, 1)"), "cannot store REAL value in INT column t.a");
}

#[test]
fn a_rowid_follows_the_greatest_and_has_no_default() {
    let c =
        connection("CREATE TABLE t(a INTEGER DEFAULT 9, b, PRIMARY KEY (a)); INSERT INTO t VALUES (-3, 0)");
    c.run("INSERT INTO t(b) VALUES (1); INSERT INTO t DEFAULT VALUES", &[]).expect("both are free");
    assert_eq!(integers(&c, "SELECT a FROM t ORDER BY a"), [[-3], [-2], [-1]]);
    c.run("CREATE TABLE s(a INTEGER PRIMARY KEY AUTOINCREMENT, b NOT NULL)", &[]).expect("it is made");
    c.run("INSERT OR IGNORE INTO s(b) VALUES (NULL), (1)", &[]).expect("one is left out");
    assert_eq!(integers(&c, "SELECT a FROM s"), [[2]]);
}

#[test]
fn a_row_with_a_null_is_compared_by_the_affinity_of_its_columns() {
    let c = connection("CREATE TABLE t(a INTEGER); CREATE TABLE u(b TEXT); INSERT INTO t VALUES (1)");
    c.run("INSERT INTO u VALUES ('1')", &[]).expect("it is inserted");
    assert_eq!(integers(&c, "SELECT ((a, NULL) IN (SELECT b, NULL FROM u)) IS NULL FROM t"), [[1]]);
}

#[test]
fn true_with_a_collation_is_still_a_test() {
    let c = connection("");
    assert_eq!(integers(&c, "SELECT 5 IS TRUE COLLATE NOCASE"), [[1]]);
}

#[test]
fn columns_are_named_as_in_sqlite() {
    let c = connection("CREATE TABLE t(a INTEGER COLLATE NOCASE, b, PRIMARY KEY (a))");
    let result =
        c.run("INSERT INTO t VALUES (1, 2) RETURNING b COLLATE NOCASE, rowid", &[]).expect("it runs");
    assert_eq!(result.columns, ["b COLLATE NOCASE".into(), Box::<str>::from("a")]);
}

#[test]
fn triggers_compare_old_and_new_values_without_affinity() {
    let c = connection("CREATE TABLE t(c, d NUMERIC, id INTEGER PRIMARY KEY); CREATE TABLE log(x, y)");
    let trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.c > new.d, new.c < new.id); END";
    c.run(trigger, &[]).expect("it is made");
    c.run("INSERT INTO t VALUES ('1e2', 2147483647, 300)", &[]).expect("it is inserted");
    assert_eq!(integers(&c, "SELECT x, y FROM log"), [[1, 1]]);
}

#[test]
fn hooks_are_told_of_rows_and_of_how_transactions_end() {
    use crate::exec::Action;
    use std::sync::{Arc, Mutex};
    let c = connection("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let tell = |text: &str| {
        let (told, text) = (told.clone(), text.to_string());
        move || told.lock().expect("nobody panics").push(text.clone())
    };
    let rows = told.clone();
    c.update_hook(Some(move |action: Action, schema: &str, table: &str, rowid: i64| {
        rows.lock().expect("nobody panics").push(format!("{action:?} {schema}.{table} {rowid}"));
    }))
    .expect("it is free");
    let asked = tell("commit");
    c.commit_hook(Some(move || {
        asked();
        false
    }))
    .expect("it is free");
    c.rollback_hook(Some(tell("rollback"))).expect("it is free");
    c.execute_batch("BEGIN; INSERT INTO t VALUES (1, 1), (2, 2); UPDATE t SET b = 3 WHERE a = 2")
        .expect("it runs");
    c.execute_batch("DELETE FROM t WHERE a = 1; COMMIT").expect("it runs");
    c.execute_batch("BEGIN; INSERT INTO t VALUES (7, 7); ROLLBACK; BEGIN; COMMIT").expect("it runs");
    let told = std::mem::take(&mut *told.lock().expect("nobody panics"));
    let wanted = [
        "Insert main.t 1",
        "Insert main.t 2",
        "Update main.t 2",
        "Delete main.t 1",
        "commit",
        "Insert main.t 7",
        "rollback",
    ];
    assert_eq!(told, wanted);
    c.commit_hook(Some(|| true)).expect("it is free");
    let refused = c.execute("INSERT INTO t VALUES (9, 9)", ()).expect_err("the hook refuses");
    assert_eq!(
        (refused.code(), refused.primary_code(), refused.to_string()),
        (531, 19, "constraint failed".into())
    );
    assert_eq!(integers(&c, "SELECT a FROM t"), [[2]]);
}

#[test]
fn a_query_is_interrupted() {
    let c = connection("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)");
    let mut statement = c.prepare("SELECT a FROM t").expect("it is right");
    let mut rows = statement.query(()).expect("it runs");
    assert!(rows.next().expect("it goes on").is_some());
    c.interrupt_handle().interrupt();
    assert!(matches!(rows.next(), Err(Error::Interrupted)));
    drop(rows);
    c.interrupt_handle().interrupt();
    assert_eq!(integers(&c, "SELECT count(*) FROM t"), [[3]]);
}

#[test]
fn a_long_statement_is_interrupted_from_another_thread() {
    let c = connection("");
    let handle = c.interrupt_handle();
    std::thread::scope(|scope| {
        let runs = scope.spawn(|| {
            let sql =
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n";
            c.query_row(sql, (), |row| row.get::<_, i64>(0))
        });
        while !runs.is_finished() {
            handle.interrupt();
            std::thread::yield_now();
        }
        assert!(matches!(runs.join().expect("it does not panic"), Err(Error::Interrupted)));
    });
}

#[test]
fn parameters_are_counted_and_named() {
    let c = connection("CREATE TABLE t(a, b)");
    let wrong = |result: crate::Result<usize>| result.expect_err("it is wrong");
    let insert = "INSERT INTO t VALUES (:a, ?5)";
    assert!(matches!(wrong(c.execute(insert, [1])), Error::InvalidParameterCount(1, 5)));
    assert!(matches!(
        wrong(c.execute(insert, crate::named_params! { ":x": 1 })),
        Error::InvalidParameterName(_)
    ));
    c.execute(insert, crate::named_params! { ":a": 1, "?5": "x" }).expect("they are there");
    c.execute("INSERT INTO t VALUES (?, ?)", (2, "y")).expect("there are two");
    c.execute("INSERT INTO t VALUES (?, ?)", crate::params![3, None::<i64>]).expect("there are two");
    assert!(matches!(wrong(c.execute("SELECT 1", ())), Error::ExecuteReturnedResults));
    assert!(matches!(wrong(c.execute("DELETE FROM t; DELETE FROM t", ())), Error::MultipleStatement));
    let mut statement = c.prepare("SELECT a, b FROM t WHERE a >= $least ORDER BY a").expect("it is right");
    assert_eq!((statement.parameter_count(), statement.parameter_index("$least")), (1, Some(1)));
    assert!(statement.readonly());
    let texts = |row: &Row<'_>| Ok((row.get(0)?, row.get("B")?));
    let all: Vec<(i64, Option<String>)> =
        statement.query_map([2], texts).expect("it runs").collect::<crate::Result<_>>().expect("they fit");
    assert_eq!(all, [(2, Some("y".into())), (3, None)]);
    let row_error = |place: usize| {
        c.query_row("SELECT 'x' AS n, 300", (), |row| row.get::<_, u8>(place)).expect_err("it does not fit")
    };
    assert!(matches!(row_error(0), Error::InvalidColumnType(0, name, _) if name == "n"));
    assert!(matches!(row_error(1), Error::IntegralValueOutOfRange(1, 300)));
    assert!(matches!(row_error(2), Error::InvalidColumnIndex(2)));
    assert!(matches!(
        c.query_row("SELECT 1 WHERE 0", (), |row| row.get::<_, i64>(0)),
        Err(Error::QueryReturnedNoRows)
    ));
}

#[test]
fn nothing_of_a_parameter_is_left_for_the_next_run() {
    let c = connection("CREATE TABLE t(a, b)");
    let mut insert = c.prepare("INSERT INTO t VALUES (:a, :b) RETURNING a").expect("it is right");
    let mut given = Vec::new();
    for text in ["abc", "xyz", "long one", ""] {
        let returned = insert.query_row([text, "b"], |row| row.get::<_, Value>(0)).expect("it runs");
        given.push(returned);
    }
    assert_eq!(given, ["abc", "xyz", "long one", ""].map(|text| Value::Text(text.as_bytes().into())));
    assert!(insert.query_row(["too few"], |row| row.get::<_, Value>(0)).is_err());
    let named = crate::named_params! { ":b": b"xyz".as_slice() };
    let unnamed = insert.query_row(named, |row| row.get::<_, Value>(0)).expect("it runs");
    assert_eq!(unnamed, Value::Null);
    let stored = "SELECT group_concat(coalesce(a, 'NULL') || typeof(b), ' ') FROM t";
    let stored = c.query_row(stored, (), |row| row.get::<_, String>(0)).expect("it runs");
    assert_eq!(stored, "abctext xyztext long onetext text NULLblob");
}

#[test]
fn rows_are_found_directly_by_rowid() {
    let c = connection(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 'x', 2), (2, 'y', 3)",
    );
    c.execute("INSERT INTO t VALUES (3, ?, 4)", [vec![7_u8; 100_000]]).expect("it fits");
    let sql = "SELECT a, b + 1, id FROM t WHERE id = ?";
    let mut statement = c.prepare(sql).expect("it is right");
    let found = statement
        .query_row([2], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)));
    assert_eq!(found.expect("it is there"), ("y".into(), 4, 2));
    let length = statement.query_row([3], |row| Ok(row.get_ref(0)?.as_blob().map_or(0, <[u8]>::len)));
    assert_eq!(length.expect("it is there"), 100_000);
    assert!(!statement.exists([4]).expect("it runs"));
    assert!(!statement.exists([None::<i64>]).expect("it runs"));
    assert!(statement.exists(["1"]).expect("it runs"));
    c.execute("BEGIN", ()).expect("it begins");
    c.execute("UPDATE t SET b = 8 WHERE id = 1", ()).expect("it updates");
    assert_eq!(c.query_row(sql, [1], |row| row.get::<_, i64>(1)).expect("it is there"), 9);
    c.execute("ROLLBACK", ()).expect("it ends");
    assert_eq!(c.query_row(sql, [1], |row| row.get::<_, i64>(1)).expect("it is there"), 3);
}

#[test]
fn an_insert_that_fails_leaves_a_transaction_as_it_was() {
    let c = connection("CREATE TABLE t(a UNIQUE, b NOT NULL); BEGIN; INSERT INTO t VALUES (1, 1)");
    let mut insert = c.prepare("INSERT INTO t VALUES (?, ?)").expect("it is right");
    assert_eq!(insert.execute((1, 2)).expect_err("there is a 1").code(), 2067);
    assert_eq!(insert.execute((2, None::<i64>)).expect_err("it is NULL").code(), 1299);
    insert.execute((2, 2)).expect("it is free");
    c.execute("COMMIT", ()).expect("it commits");
    assert_eq!(integers(&c, "SELECT a FROM t ORDER BY a"), [[1], [2]]);
}

#[test]
fn only_a_minus_before_a_number_makes_zero_negative() {
    let c = connection("");
    let result = c.run("SELECT -0.0, - -0.0, - - -0.0, - - -5.0", &[]).expect("it runs");
    assert_eq!(format!("{:?}", result.rows[0]), "[Real(-0.0), Real(0.0), Real(0.0), Real(-5.0)]");
}

#[test]
fn in_converts_alike_whether_its_query_is_run_once_or_for_each_row() {
    let c = connection(
        "CREATE TABLE t(a INTEGER, r REAL); INSERT INTO t VALUES (9007199254740993, 9007199254740992)",
    );
    let sql = "SELECT r IN (SELECT quote(a) FROM t), r IN (SELECT quote(o.a)), r IN (SELECT quote(o.a) FROM t) FROM t AS o";
    assert_eq!(integers(&c, sql), [[1, 1, 1]]);
}

#[test]
fn using_means_one_column_on_the_left_where_a_join_keeps_its_right_side() {
    let c = connection("CREATE TABLE a(x, y); CREATE TABLE b(x, y); CREATE TABLE d(y)");
    let using = "ON a.x = b.x JOIN d USING (y)";
    assert_eq!(
        error(&c, &format!("SELECT 1 FROM a FULL JOIN b {using}")),
        "ambiguous reference to y in USING()"
    );
    assert_eq!(integers(&c, &format!("SELECT count(*) FROM a LEFT JOIN b {using}")), [[0]]);
    assert_eq!(integers(&c, "SELECT count(*) FROM a FULL JOIN b USING (x, y) JOIN d USING (y)"), [[0]]);
}
