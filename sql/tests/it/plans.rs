//! What plans give and how they read: rows of queries that the planner rewrites, and their `EXPLAIN QUERY PLAN`.

use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_engine::{Database, Durability, Options, View};
use duramen_sql::{Connection, Error, ValueRef};

fn connection(setup: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("a database in memory opens");
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
    let c = connection("CREATE TABLE t(a)");
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

/// The lines of `EXPLAIN QUERY PLAN`, indented by their depth, parted by ` / `.
fn plan(connection: &mut Connection, sql: &str) -> String {
    let result = connection
        .run(&format!("EXPLAIN QUERY PLAN {sql}"), &[])
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let lines: Vec<String> =
        result.rows.iter().map(|row| row.last().map_or(String::new(), |v| text(v.as_ref()))).collect();
    lines.join(" / ")
}

/// A table of 1,000 rows: `a` has ten values, `b` is different in each, `c` is NULL in every third.
fn numbers() -> Connection {
    connection(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c, d);
         INSERT INTO t SELECT value, value % 10, (value * 7) % 1000, iif(value % 3, value % 50, NULL), 'x' || value
           FROM generate_series(1, 1000);
         CREATE INDEX t_ab ON t(a, b DESC); CREATE INDEX t_c ON t(c);
         CREATE TABLE u(k INTEGER PRIMARY KEY, a, e); CREATE INDEX u_a ON u(a);
         INSERT INTO u SELECT value, value % 100, value FROM generate_series(1, 200);",
    )
}

#[test]
fn rows_come_in_the_order_of_rowids_and_indexes() {
    let mut c = numbers();
    let sorts = |c: &mut Connection, sql: &str| plan(c, sql).contains("TEMP B-TREE");
    assert!(!sorts(&mut c, "SELECT d FROM t ORDER BY id DESC LIMIT 3"));
    assert_eq!(rows(&mut c, "SELECT d FROM t ORDER BY id DESC LIMIT 3"), "x1000 x999 x998");
    let by_prefix = "SELECT b FROM t WHERE a = 3 ORDER BY b LIMIT 3";
    assert_eq!(plan(&mut c, by_prefix), "SEARCH t USING COVERING INDEX t_ab (a=?)");
    assert_eq!(rows(&mut c, by_prefix), "1 11 21");
    assert_eq!(rows(&mut c, "SELECT b FROM t WHERE a = 3 ORDER BY b DESC, id LIMIT 2"), "991 981");
    let mixed = "SELECT a, b FROM t ORDER BY a DESC, b LIMIT 3";
    assert!(!sorts(&mut c, mixed));
    assert_eq!(rows(&mut c, mixed), "9|3 9|13 9|23");
    assert!(sorts(&mut c, "SELECT a, b FROM t ORDER BY a, b LIMIT 3"), "the index has b the other way");
    assert!(!sorts(&mut c, "SELECT c, id FROM t ORDER BY c, id LIMIT 3"));
    assert_eq!(rows(&mut c, "SELECT c, id FROM t ORDER BY c, id LIMIT 3"), "NULL|3 NULL|6 NULL|9");
    assert_eq!(rows(&mut c, "SELECT c, id FROM t ORDER BY c DESC, id DESC LIMIT 2"), "49|949 49|899");
    assert!(sorts(&mut c, "SELECT c FROM t ORDER BY c NULLS LAST LIMIT 3"));
    assert_eq!(rows(&mut c, "SELECT c FROM t ORDER BY c NULLS LAST LIMIT 1"), "0");
    assert!(sorts(&mut c, "SELECT id FROM t ORDER BY random()"));
    let listed = "SELECT a, b FROM t WHERE a IN (7, 2) ORDER BY a, b DESC LIMIT 2";
    assert!(!sorts(&mut c, listed));
    assert_eq!(rows(&mut c, listed), "2|994 2|984");
    let joined = "SELECT t.id, u.k FROM t JOIN u ON u.a = t.id ORDER BY t.id DESC, u.k LIMIT 3";
    assert_eq!(rows(&mut c, joined), "99|99 99|199 98|98");
    assert_eq!(rows(&mut c, "SELECT a, count(*) FROM t GROUP BY a ORDER BY a LIMIT 2"), "0|100 1|100");
    assert!(!sorts(&mut c, "SELECT a, count(*) FROM t GROUP BY a ORDER BY a"));
}

#[test]
fn ends_and_counts_come_from_the_tree() {
    let mut c = numbers();
    let first = |c: &mut Connection, sql: &str| (plan(c, sql), rows(c, sql));
    assert_eq!(first(&mut c, "SELECT max(id) FROM t"), ("SCAN t".into(), "1000".into()));
    let (plan_of, value) = first(&mut c, "SELECT min(c) FROM t");
    assert_eq!((plan_of.as_str(), value.as_str()), ("SCAN t USING COVERING INDEX t_c", "0"));
    assert_eq!(rows(&mut c, "SELECT max(b) FROM t WHERE a = 4"), "998");
    assert_eq!(rows(&mut c, "SELECT min(b), max(b) FROM t WHERE a = 4"), "8|998");
    assert_eq!(rows(&mut c, "SELECT max(id), d FROM t WHERE id < 500"), "499|x499");
    assert_eq!(rows(&mut c, "SELECT min(c) FROM t WHERE id < 0"), "NULL");
    assert_eq!(first(&mut c, "SELECT count(*) FROM t"), ("COUNT ENTRIES OF TABLE".into(), "1000".into()));
    let range = first(&mut c, "SELECT count(*) FROM t WHERE a = 3 AND b >= 500");
    assert_eq!(range.0, "COUNT ENTRIES, SEARCH t USING COVERING INDEX t_ab (a=? AND b>?)");
    assert_eq!(range.1, "50");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE id BETWEEN 10 AND 19"), "10");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE id > 990 AND d > 'x'"), "10");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE c IS NULL"), "333");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE id > 'x'"), "0");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE c < 3"), "41");
}

#[test]
fn an_or_is_read_by_an_index_for_each_arm() {
    let mut c = numbers();
    let both = "SELECT id FROM t WHERE (c = 7 AND a = 7) OR id = 5 OR (a = 1 AND b = 1) ORDER BY id";
    assert!(
        plan(&mut c, both).starts_with("MULTI-INDEX OR / INDEX 1 / SEARCH t USING INDEX"),
        "{}",
        plan(&mut c, both)
    );
    let slow = both.replace("c = 7", "+c = 7").replace("id = 5", "+id = 5").replace("a = 1", "+a = 1");
    assert_eq!(rows(&mut c, both), rows(&mut c, &slow));
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE c = 7 OR c = 7 OR id = 7"), "13");
}

#[test]
fn joins_follow_sizes_and_hints() {
    let mut c = numbers();
    let small = "SELECT count(*) FROM t, u WHERE t.id = u.e AND u.k = 9";
    assert_eq!(
        plan(&mut c, small),
        "SEARCH u USING INTEGER PRIMARY KEY (rowid=?) / SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"
    );
    assert_eq!(rows(&mut c, small), "1");
    let hashed = "SELECT count(*) FROM t, u WHERE t.d = 'x' || u.e";
    assert!(plan(&mut c, hashed).contains("HASH TABLE"), "{}", plan(&mut c, hashed));
    assert_eq!(rows(&mut c, hashed), "200");
    let crossed = plan(&mut c, "SELECT 1 FROM t CROSS JOIN u WHERE u.k = t.id");
    assert!(crossed.starts_with("SCAN t"), "{crossed}");
    assert!(plan(&mut c, "SELECT * FROM t NOT INDEXED WHERE a = 1").starts_with("SCAN t"));
    assert!(plan(&mut c, "SELECT * FROM t INDEXED BY t_c WHERE a = 1 AND c = 2").contains("t_c"));
    let error = c.run("SELECT * FROM t INDEXED BY t_c WHERE a = 1", &[]);
    assert!(error.is_ok() || error.is_err_and(|error| error.to_string() == "no query solution"));
    let many = (0..64).map(|n| format!("u u{n}")).collect::<Vec<_>>().join(", ");
    let same = (1..64).map(|n| format!("u{n}.k = u{}.k", n - 1)).collect::<Vec<_>>().join(" AND ");
    assert_eq!(rows(&mut c, &format!("SELECT count(*) FROM {many} WHERE {same} AND u0.k < 4")), "3");
    // A left join whose right side is a join: what depends on the row on the left is looked at for each of them.
    let nested = "SELECT x.k, y.k, z.k FROM u x LEFT JOIN (u y JOIN u z ON y.e = z.e + 1) ON z.e = x.e + 197 WHERE x.k < 3";
    assert_eq!(rows(&mut c, nested), "1|199|198 2|200|199");
}

#[test]
fn constant_ranges_are_counted_exactly() {
    let mut c = numbers();
    // Few entries of t_c are below 1, many rowids are over 10.
    let few = plan(&mut c, "SELECT d FROM t WHERE c < 1 AND id > 10");
    assert!(few.contains("t_c"), "{few}");
    let many = plan(&mut c, "SELECT d FROM t WHERE c < 49 AND id > 990");
    assert!(many.contains("rowid>?"), "{many}");
}

#[test]
fn the_ends_of_a_range_may_be_computed() {
    let mut c = numbers();
    let few = plan(&mut c, "SELECT d FROM t WHERE c < abs(-3) - 2 AND id > 10");
    assert!(few.contains("t_c"), "{few}");
    let many = plan(&mut c, "SELECT d FROM t WHERE c < 7 * 7 AND id > 1000 - length('0123456789')");
    assert!(many.contains("rowid>?"), "{many}");
}

#[test]
fn what_an_index_holds_and_what_is_asked_for_are_computed_alike() {
    let mut c = connection(
        "CREATE TABLE t(a, b); CREATE INDEX te ON t(a + (1 + 1)); CREATE INDEX tp ON t(b) WHERE a > abs(-5);
         INSERT INTO t VALUES (1, 2), (7, 8)",
    );
    let by_value = "SELECT b FROM t INDEXED BY te WHERE a + (1 + 1) = 3";
    assert_eq!(rows(&mut c, by_value), "2");
    assert_eq!(rows(&mut c, "SELECT b FROM t INDEXED BY tp WHERE a > abs(-5) AND b > 0"), "8");
}

#[test]
fn a_constant_that_fails_fails_when_it_is_needed() {
    let mut c = connection("CREATE TABLE t(a)");
    assert_eq!(rows(&mut c, "SELECT abs(-9223372036854775808) + 1 FROM t"), "");
    c.run("INSERT INTO t VALUES (1)", &[]).expect("it inserts");
    c.run("SELECT abs(-9223372036854775808) + 1 FROM t", &[]).expect_err("the integer overflows");
}

#[test]
fn a_left_join_whose_empty_rows_are_refused_is_an_inner_one() {
    let mut c = numbers();
    let reduced = "SELECT t.id FROM t LEFT JOIN u ON u.e = t.id WHERE u.k = 5";
    assert!(
        plan(&mut c, reduced).starts_with("SEARCH u USING INTEGER PRIMARY KEY"),
        "{}",
        plan(&mut c, reduced)
    );
    assert_eq!(rows(&mut c, reduced), "5");
    let kept = [
        "u.k IS NULL",
        "coalesce(u.k, 5) = 5",
        "u.k = 5 OR t.id = 5",
        "u.k IS NOT 5",
        "NOT u.k IN (SELECT 1 WHERE 0)",
    ];
    for condition in kept {
        let sql = format!("SELECT count(*) FROM t LEFT JOIN u ON u.e = t.id WHERE {condition}");
        assert!(plan(&mut c, &sql).contains("LEFT-JOIN"), "{condition}");
    }
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t LEFT JOIN u ON u.e = t.id WHERE u.k IS NULL"), "800");
    let chain = "SELECT count(*) FROM t LEFT JOIN u x ON x.e = t.id LEFT JOIN u y ON y.k = x.k WHERE y.e < 4";
    assert!(!plan(&mut c, chain).contains("LEFT-JOIN"));
    assert_eq!(rows(&mut c, chain), "3");
    let full = "SELECT count(*) FROM t FULL JOIN u ON u.e = t.id + 900 WHERE t.id > 0";
    assert_eq!(rows(&mut c, full), "1000");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t RIGHT JOIN u ON u.e = t.id + 190 WHERE t.id > 0"), "10");
}

#[test]
fn a_constant_is_passed_on_by_an_equality() {
    let mut c = numbers();
    let sql = "SELECT count(*) FROM t, u WHERE t.a = u.a AND t.a = 3";
    assert!(plan(&mut c, sql).contains("u_a (a=?)"), "{}", plan(&mut c, sql));
    assert_eq!(rows(&mut c, sql), "200");
}

#[test]
fn of_columns_that_are_all_equal_any_two_join() {
    let mut c = connection(
        "CREATE TABLE land(id INTEGER PRIMARY KEY, name);
         INSERT INTO land SELECT value, 'land ' || value FROM generate_series(1, 50);
         CREATE TABLE buyer(id INTEGER PRIMARY KEY, land INTEGER); CREATE INDEX buyer_land ON buyer(land);
         INSERT INTO buyer SELECT value, value % 50 + 1 FROM generate_series(1, 2000);
         CREATE TABLE seller(id INTEGER PRIMARY KEY, land INTEGER); CREATE INDEX seller_land ON seller(land);
         INSERT INTO seller SELECT value, value % 50 + 1 FROM generate_series(1, 100);
         CREATE TABLE deal(buyer INTEGER, seller INTEGER); CREATE INDEX deal_buyer ON deal(buyer);
         INSERT INTO deal SELECT value % 2000 + 1, value % 97 + 1 FROM generate_series(1, 6000);",
    );
    let from = "SELECT count(*), sum(buyer.id) FROM buyer, deal, seller, land
                WHERE buyer.id = deal.buyer AND deal.seller = seller.id AND land.name = 'land 7'";
    let sql = format!("{from} AND buyer.land = seller.land AND seller.land = land.id");
    let of_land = "SCAN land / SEARCH buyer USING COVERING INDEX buyer_land (land=?) / SEARCH deal";
    assert!(plan(&mut c, &sql).starts_with(of_land), "{}", plan(&mut c, &sql));
    let apart = format!("{from} AND +buyer.land = +seller.land AND +seller.land = +land.id");
    assert_eq!(rows(&mut c, &sql), rows(&mut c, &apart));
    let left = "SELECT count(*) FROM land LEFT JOIN buyer ON buyer.land = land.id JOIN seller ON seller.land = land.id
                WHERE seller.land = buyer.land";
    assert_eq!(rows(&mut c, left), "4000");
}

#[test]
fn equality_is_passed_on_between_columns_that_compare_alike_only() {
    let mut c = connection(
        "CREATE TABLE a(n INTEGER); CREATE TABLE p(x); CREATE TABLE q(x); CREATE TABLE s(x TEXT); CREATE TABLE l(x COLLATE nocase);
         INSERT INTO a VALUES (5), (NULL); INSERT INTO p VALUES ('5'), (NULL); INSERT INTO q VALUES (5), (NULL);
         INSERT INTO s VALUES ('5'), ('A'), (NULL); INSERT INTO l VALUES ('a'), ('A'), (NULL);",
    );
    let count = |c: &mut Connection, rest: &str| rows(c, &format!("SELECT count(*) FROM {rest}"));
    // The integer equals both, by which neither equals the other.
    assert_eq!(count(&mut c, "a, p, q WHERE a.n = p.x AND a.n = q.x"), "1");
    assert_eq!(count(&mut c, "a, p, q WHERE a.n = p.x AND a.n = q.x AND p.x = q.x"), "0");
    assert_eq!(count(&mut c, "a, p, q WHERE p.x = q.x AND a.n = p.x AND a.n = q.x"), "0");
    assert_eq!(count(&mut c, "s, p, a WHERE s.x = p.x AND p.x = a.n"), "1");
    assert_eq!(count(&mut c, "s, l, l k WHERE l.x = s.x AND s.x = k.x"), "2");
    assert_eq!(count(&mut c, "s, l, l k WHERE l.x = s.x AND l.x = k.x"), "4");
    // NULL is equal to nothing, nor to itself.
    assert_eq!(count(&mut c, "q x, q y, q z WHERE x.x = y.x AND y.x = z.x AND z.x = x.x"), "1");
    assert_eq!(count(&mut c, "q x, q y WHERE x.x = x.x AND y.x = y.x"), "1");
    assert_eq!(count(&mut c, "q x, q y, q z WHERE x.x = y.x AND y.x = z.x AND z.x = 5 AND x.x = 6"), "0");
    assert_eq!(count(&mut c, "q x, q y, q z WHERE x.x = y.x AND y.x = z.x AND z.x = 5 AND x.x = 5"), "1");
}

#[test]
fn conditions_move_into_subqueries_and_views() {
    let mut c = numbers();
    c.run(
        "CREATE VIEW grouped AS SELECT a, count(*) AS n FROM t GROUP BY a;
         CREATE VIEW both AS SELECT id, a FROM t UNION ALL SELECT k, a FROM u",
        &[],
    )
    .expect("views are made");
    let by_key = "SELECT n FROM grouped WHERE a = 4";
    assert!(plan(&mut c, by_key).contains("t_ab (a=?)"), "{}", plan(&mut c, by_key));
    assert_eq!(rows(&mut c, by_key), "100");
    assert_eq!(rows(&mut c, "SELECT a FROM grouped WHERE n > 99 AND a > 7"), "8 9");
    let each = "SELECT id, a FROM both WHERE id = 7";
    assert_eq!(plan(&mut c, each).matches("(rowid=?)").count(), 2, "{}", plan(&mut c, each));
    assert_eq!(rows(&mut c, each), "7|7 7|7");
    let limited = "SELECT a FROM (SELECT a FROM t ORDER BY id LIMIT 5) WHERE a = 3";
    assert_eq!(rows(&mut c, limited), "3");
    let distinct = "SELECT * FROM (SELECT DISTINCT a, c % 2 FROM t) WHERE a = 3 ORDER BY 2";
    assert_eq!(rows(&mut c, distinct), "3|NULL 3|1");
    let joined = "SELECT u.k, s.n FROM u LEFT JOIN (SELECT a, count(*) AS n FROM t GROUP BY a) s ON s.a = u.k AND s.a > 8 \
                  WHERE u.k IN (8, 9)";
    assert_eq!(rows(&mut c, joined), "8|NULL 9|100");
}

#[test]
fn a_known_pattern_matches_as_one_that_is_not() {
    let mut c =
        connection("CREATE TABLE t(a, b); INSERT INTO t VALUES ('Abc', 1), (NULL, 2), (12, 3), (x'6162', 4)");
    for pattern in ["a%", "%B%", "12", "_bc", "%", "", "A*", "[a-z]b*"] {
        for op in ["LIKE", "GLOB", "NOT LIKE"] {
            let known = rows(&mut c, &format!("SELECT b, a {op} '{pattern}' FROM t WHERE b > 0"));
            let other =
                rows(&mut c, &format!("SELECT b, a {op} ('{pattern}' || substr(b, 9)) FROM t WHERE b > 0"));
            assert_eq!(known, other, "{op} {pattern}");
            let known = rows(&mut c, &format!("SELECT b FROM t WHERE a {op} '{pattern}'"));
            let other = rows(&mut c, &format!("SELECT b FROM t WHERE a {op} ('{pattern}' || substr(b, 9))"));
            assert_eq!(known, other, "{op} {pattern}");
        }
    }
}

#[test]
fn what_all_arms_of_an_or_ask_for_chooses_the_index() {
    let mut c = connection(
        "CREATE TABLE t(a, b, c); CREATE INDEX i ON t(a);
         INSERT INTO t VALUES (1, 1, 1), (1, 2, 2), (1, 3, NULL), (2, 1, 2), (NULL, 1, 1);
         INSERT INTO t SELECT value, value, value FROM generate_series(100, 199)",
    );
    let either = "SELECT b FROM t WHERE (a = 1 AND b = 1) OR (c = 2 AND a = 1)";
    assert_eq!(rows(&mut c, either), "1 2");
    let plan = rows(&mut c, &format!("EXPLAIN QUERY PLAN {either}"));
    assert!(plan.contains("SEARCH t USING INDEX i (a=?)"), "{plan}");
    // Nothing is left of an arm: it is the common condition.
    assert_eq!(rows(&mut c, "SELECT b FROM t WHERE a = 1 OR (a = 1 AND c = 7)"), "1 2 3");
    assert_eq!(
        rows(&mut c, "SELECT count(*) FROM t WHERE NOT ((a = 1 AND b = 1) OR (a = 1 AND c = 2))"),
        "101"
    );
}

#[test]
fn different_values_come_out_of_an_index_as_out_of_a_hash_table() {
    let mut c = connection(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, s TEXT COLLATE NOCASE, d);
         CREATE TABLE w(k, l, v, PRIMARY KEY(k, l)) WITHOUT ROWID;
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
         INSERT INTO t SELECT i, nullif(i * i % 7, 4), i % 3, char(65 + i % 40), i / 300 FROM n;
         INSERT INTO w SELECT a, id, b FROM t WHERE a IS NOT NULL;
         CREATE INDEX t_ab ON t(a DESC, b);
         CREATE INDEX t_s ON t(s, b);
         CREATE INDEX t_d ON t(d)",
    );
    let queries = [
        ("a", "t"),
        ("a, b", "t"),
        ("b, a", "t"),
        ("a", "t WHERE b = 1"),
        ("b", "t WHERE a = 2"),
        ("a, b", "t WHERE a IN (1, 2) AND b > 0"),
        ("a", "t WHERE id % 100 = 99"),
        ("a", "t WHERE a > 0 AND (SELECT count(*) FROM w WHERE k = t.a AND l > 990) > 0"),
        ("lower(s)", "t"),
        ("s", "t WHERE s < 'c'"),
        ("d", "t INDEXED BY t_d"),
        ("d, 1 + 0", "t WHERE d IN (0, 2, 3)"),
        ("k", "w"),
        ("k, l", "w WHERE l < 30"),
        ("k", "w WHERE v = 2 AND k > 0"),
        ("1 + 0", "t"),
        ("t.a", "t, w WHERE w.l = t.id"),
    ];
    for (values, from) in queries {
        let grouped = format!("SELECT {values} FROM {from} GROUP BY {values}");
        let sorted = |sql: &str, c: &mut Connection| {
            let mut rows: Vec<String> = rows(c, sql).to_lowercase().split(' ').map(String::from).collect();
            rows.sort();
            rows
        };
        let distinct = format!("SELECT DISTINCT {values} FROM {from}");
        assert_eq!(sorted(&distinct, &mut c), sorted(&grouped, &mut c), "{distinct}");
    }
}

#[test]
fn what_an_or_says_of_one_table_chooses_how_that_is_read() {
    let mut c = numbers();
    let either = "SELECT count(*), sum(t.id) FROM t, u
        WHERE (t.a = u.a AND t.c = 7 AND u.e > 3) OR (t.a = u.a AND t.c = 14 AND u.k < 150)";
    let without = either.replace("FROM t, u", "FROM u CROSS JOIN t NOT INDEXED");
    assert_eq!(rows(&mut c, either), rows(&mut c, &without));
    assert_eq!(plan(&mut c, either).matches("t_c (c=?)").count(), 2, "{}", plan(&mut c, either));
    // What names a table and another one, or changes from row to row, says nothing of that table alone.
    let other =
        "SELECT count(*) FROM t, u WHERE (t.b = 7 AND t.a = u.a) OR (t.a > u.a AND random() AND t.id < 3)";
    assert!(plan(&mut c, other).contains("SCAN"), "{}", plan(&mut c, other));
}

#[test]
fn rows_compared_in_order_are_a_range_of_an_index() {
    let mut c = connection(
        "CREATE TABLE t(a, b, c); CREATE INDEX t_ab ON t(a, b);
         INSERT INTO t SELECT value / 10, value % 10, value FROM generate_series(0, 999);",
    );
    let next = "SELECT c FROM t WHERE (a, b) > (50, 7) ORDER BY a, b LIMIT 4";
    assert_eq!(plan(&mut c, next), "SEARCH t USING INDEX t_ab (a>?)");
    assert_eq!(rows(&mut c, next), "508 509 510 511");
    assert_eq!(
        rows(&mut c, "SELECT c FROM t WHERE (a, b) <= (1, 2) ORDER BY a DESC, b DESC LIMIT 3"),
        "12 11 10"
    );
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE (a, b, c) >= (99, 9, 999)"), "1");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE (a, b) < (NULL, 1) OR (a, b) < (0, NULL)"), "0");
}

#[test]
fn patterns_with_a_beginning_are_a_range_of_an_index() {
    let mut c = connection(
        "CREATE TABLE t(n TEXT COLLATE NOCASE, g TEXT, x); CREATE INDEX t_n ON t(n); CREATE INDEX t_g ON t(g); CREATE INDEX t_x ON t(x);
         INSERT INTO t SELECT 'row' || value, 'row' || value, 'row' || value FROM generate_series(1, 500);
         INSERT INTO t VALUES ('Sun', 'Sun', 1), ('sunny', 'sunny', 2), ('SUO', 'suo', 3), (x'73756e', x'73756e', 4), (NULL, NULL, 5), ('', '', 6), ('su', 's[n', 7);",
    );
    let like = "SELECT quote(n) FROM t WHERE n LIKE 'sUn%' ORDER BY x";
    assert!(plan(&mut c, like).contains("SEARCH t USING INDEX t_n (n>? AND n<?)"), "{}", plan(&mut c, like));
    assert_eq!(rows(&mut c, like), "'Sun' 'sunny' X'73756E'");
    let glob = "SELECT quote(g) FROM t WHERE g GLOB 'sun*' ORDER BY x";
    assert!(plan(&mut c, glob).contains("SEARCH t USING INDEX t_g (g>? AND g<?)"), "{}", plan(&mut c, glob));
    assert_eq!(rows(&mut c, glob), "'sunny' X'73756E'");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE n LIKE 'row1_'"), "10");
    assert_eq!(rows(&mut c, "SELECT x FROM t WHERE n LIKE ''"), "6");
    assert_eq!(rows(&mut c, "SELECT x FROM t WHERE g GLOB 's[[]n'"), "7");
    // The index compares otherwise than the pattern, or the column has numbers.
    for other in ["g LIKE 'sun%'", "n GLOB 'sun*'", "x LIKE 'row1%'", "n LIKE '%n'", "n NOT LIKE 's%'"] {
        let plan = plan(&mut c, &format!("SELECT quote(n) FROM t WHERE {other}"));
        assert!(plan.starts_with("SCAN t"), "{other}: {plan}");
    }
    c.run("PRAGMA case_sensitive_like = 1", &[]).expect("it can be set");
    assert_eq!(rows(&mut c, like), "");
    assert_eq!(rows(&mut c, "SELECT quote(n) FROM t WHERE n LIKE 'sun%' ORDER BY x"), "'sunny' X'73756E'");
}

#[test]
fn groups_nobody_wants_are_not_collected() {
    let mut c = numbers();
    let wanted = "SELECT a, count(*) FROM t GROUP BY a HAVING a = 3 AND count(*) > 1";
    assert!(
        plan(&mut c, wanted).contains("SEARCH t USING COVERING INDEX t_ab (a=?)"),
        "{}",
        plan(&mut c, wanted)
    );
    assert_eq!(rows(&mut c, wanted), "3|100");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t HAVING 0"), "");
    assert_eq!(rows(&mut c, "SELECT count(*) FROM t WHERE 0 HAVING count(*) = 0"), "0");
    assert_eq!(rows(&mut c, "SELECT a + 1, max(b) FROM t GROUP BY a + 1 HAVING a + 1 IN (2, 20)"), "2|997");
    let folded = "SELECT x, count(*) FROM (SELECT 'a' AS x UNION ALL SELECT 'A') GROUP BY x COLLATE NOCASE HAVING x = 'a'";
    assert_eq!(rows(&mut c, folded), "a|2");
}

#[test]
fn nothing_is_hashed_for_a_first_side_without_rows() {
    let c = numbers();
    c.run("CREATE TABLE none(a); CREATE TABLE many(a, b); INSERT INTO many SELECT value, value FROM generate_series(1, 500)", &[])
        .expect("tables are made");
    let mut statement = c.prepare("SELECT count(*) FROM none LEFT JOIN many USING (a)").expect("it is right");
    statement.query_row((), |_| Ok(())).expect("it has a row");
    assert!(statement.rows_read() < 10, "{}", statement.rows_read());
}

#[test]
fn tables_of_which_a_key_is_known_are_read_first() {
    let mut c = numbers();
    let chain =
        "SELECT t.b, u.e, o.b FROM t AS o JOIN u ON u.a = o.id CROSS JOIN t ON t.id = u.a + 1 WHERE u.k = 7";
    let wanted = "SEARCH u USING INTEGER PRIMARY KEY (rowid=?) / SEARCH o USING INTEGER PRIMARY KEY (rowid=?) / SEARCH t USING INTEGER PRIMARY KEY (rowid=?)";
    assert_eq!(plan(&mut c, chain), wanted);
    assert_eq!(rows(&mut c, chain), "56|7|49");
    let fixed = "SELECT count(*) FROM u CROSS JOIN t WHERE t.id = 7";
    assert!(plan(&mut c, fixed).starts_with("SCAN u"), "{}", plan(&mut c, fixed));
    let ordered = "SELECT u.k FROM u, t AS o WHERE o.id = 3 AND u.k > o.id ORDER BY u.k DESC LIMIT 3";
    assert!(!plan(&mut c, ordered).contains("TEMP B-TREE"), "{}", plan(&mut c, ordered));
    assert_eq!(rows(&mut c, ordered), "200 199 198");
}

#[test]
fn a_condition_on_a_group_stays_outside_where_other_values_are_equal() {
    let setup = "CREATE TABLE t(a TEXT COLLATE NOCASE); INSERT INTO t VALUES ('x'), ('X'), ('y')";
    let mut c = connection(setup);
    let groups = "SELECT k, n FROM (SELECT a AS k, count(*) AS n FROM t GROUP BY a)";
    // SQLite shows the first of what is equal, and so of both.
    assert_eq!(rows(&mut c, &format!("{groups} WHERE k || '' = 'X'")), "");
    assert_eq!(rows(&mut c, &format!("{groups} WHERE k || '' = 'x'")), "x|2");
    assert_eq!(rows(&mut c, &format!("{groups} WHERE k = 'X'")), "x|2");
}

#[test]
fn an_entry_of_an_index_without_its_row_is_damage() {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let database = Database::open_with(io, "db", Options::default()).expect("memory takes it");
    let connection = Connection::new(database.clone());
    connection
        .execute_batch(
            "CREATE TABLE t(a, b); CREATE INDEX i ON t(a); INSERT INTO t VALUES (1, 2), (1, 3), (1, 4)",
        )
        .expect("the set-up is right");
    let mut txn = database.begin_write().expect("nobody writes");
    let trees: Vec<_> = txn.trees().into_iter().map(|(_, tree)| tree).collect();
    // Of those with three entries the table was made first.
    let table = trees.into_iter().filter(|tree| txn.len(*tree).expect("it is there") == 3).min();
    let table = table.expect("the table and its index have three entries");
    let mut cursor = txn.cursor(table).expect("it is there");
    assert!(cursor.first().expect("memory reads"));
    let key = cursor.key().to_vec();
    drop(cursor);
    txn.delete(table, &key).expect("memory takes it");
    txn.commit(Durability::Immediate).expect("memory takes it");
    // The second needs the row, but of this entry reads nothing in it.
    for query in
        ["SELECT b FROM t WHERE a = 1", "SELECT CASE a WHEN 2 THEN b END FROM t INDEXED BY i WHERE a = 1"]
    {
        let error = connection.run(query, &[]).expect_err(query);
        assert!(matches!(error, Error::Malformed), "{query}: {error}");
    }
}
