//! Sorting, grouping, `DISTINCT` and compounds with no memory to speak of: the same rows as with plenty.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::sim::{Action, Fault, OpKind, SimFs};
use duramen_engine::io::{Fs, Io};
use duramen_engine::{Database, Options};
use duramen_sql::{Connection, Error, Limits};

const ROWS: &str = "
    CREATE TABLE t(id INTEGER PRIMARY KEY, a, b TEXT, c REAL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO t SELECT i, i * 7919 % 1009, 'text ' || (i * 31 % 97), i / 8.0 FROM n;
    UPDATE t SET a = NULL WHERE id % 50 = 0;
    CREATE TABLE u(a PRIMARY KEY, d) WITHOUT ROWID;
    INSERT INTO u SELECT DISTINCT a, b FROM t WHERE a < 400 GROUP BY a;";

const QUERIES: &[&str] = &[
    "SELECT id, b FROM t ORDER BY b, a DESC",
    "SELECT * FROM t ORDER BY a DESC NULLS LAST, c LIMIT 700 OFFSET 90",
    "SELECT a, count(*), sum(c), min(b), max(id) FROM t GROUP BY a",
    "SELECT a, b, group_concat(id) FROM t GROUP BY a, b HAVING count(*) > 0",
    "SELECT b, max(c), id FROM t GROUP BY b",
    "SELECT count(*), sum(c) FROM t WHERE id < 0",
    "SELECT DISTINCT a, b FROM t",
    "SELECT DISTINCT b FROM t WHERE a > 5 ORDER BY id",
    "SELECT a FROM t UNION SELECT d FROM u",
    "SELECT a FROM t WHERE id < 2000 INTERSECT SELECT a FROM t WHERE id > 1500",
    "SELECT a FROM t EXCEPT SELECT a FROM u ORDER BY 1 LIMIT 30",
    "SELECT count(*) FROM (SELECT DISTINCT a FROM t) x, (SELECT a FROM u ORDER BY d LIMIT 40) y WHERE x.a < y.a",
    "SELECT u.a, (SELECT count(*) FROM (SELECT DISTINCT b FROM t WHERE t.a < u.a)) FROM u WHERE u.a < 20",
    "SELECT t.id, u.d FROM t JOIN u ON u.d = t.b WHERE t.id < 300 ORDER BY u.d, t.id",
];

fn with_memory(connection: &Connection, memory_bytes: usize) {
    connection.set_limits(Limits { memory_bytes, ..Limits::default() }).expect("not in a call");
}

#[test]
fn results_do_not_depend_on_the_memory() {
    let connection = Connection::open_in_memory().expect("opens");
    connection.execute_batch(ROWS).expect("the set-up is right");
    for query in QUERIES {
        let run = |memory_bytes| {
            with_memory(&connection, memory_bytes);
            connection.run(query, &[]).unwrap_or_else(|error| panic!("{query}: {error}"))
        };
        let plenty = run(64 << 20);
        assert!(!plenty.rows.is_empty(), "{query}");
        for memory_bytes in [0, 100, 5_000, 40_000] {
            assert_eq!(run(memory_bytes), plenty, "{query} with {memory_bytes} bytes");
        }
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    let fs = Arc::new(SimFs::new());
    let io = Io { fs: fs.clone(), ..Io::os() };
    let database = Database::open_with(io, "db", Options::default()).expect("opens");
    let connection = Connection::new(database);
    connection.execute_batch(ROWS).expect("the set-up is right");
    let before = fs.list(Path::new("db")).expect("a directory");
    fs.inject(Fault::always(0, Action::Fail(ErrorKind::StorageFull)).on(&[OpKind::Write]));
    with_memory(&connection, 1_000);
    for query in QUERIES.iter().filter(|query| !query.contains("id < 0")) {
        let error = connection.run(query, &[]).expect_err("no room anywhere");
        assert!(matches!(error, Error::Engine(_)), "{query}: {error}");
    }
    assert_eq!(fs.list(Path::new("db")).expect("a directory"), before);
    with_memory(&connection, 64 << 20);
    connection.run(QUERIES[0], &[]).expect("the connection works on");
}
