//! Trees, texts and errors of the parser. What SQLite makes of the same texts was looked up in SQLite.

use super::{Parsed, parse_expr, parse_next};
use crate::ast::{
    ColumnLabel, Expr, ExprKind, Literal, Quote, ResultColumn, SelectBody, Statement, TableBody,
};
use crate::error::Error;
use crate::limits::Limits;

fn parsed(sql: &str) -> Parsed {
    match parse_next(sql, 0, &Limits::default()) {
        Ok(Some(parsed)) => parsed,
        other => panic!("{sql}: {other:?}"),
    }
}

/// The error of a text, and the offset it names.
fn refused(sql: &str) -> (String, Option<usize>) {
    match parse_next(sql, 0, &Limits::default()) {
        Err(error) => (error.to_string(), error.offset()),
        other => panic!("{sql}: {other:?}"),
    }
}

fn expr(text: &str) -> Expr {
    parse_expr(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Asserts that each expression prints with these parentheses, and that the print parses to itself.
fn expressions(table: &[(&str, &str)]) {
    for &(text, tree) in table {
        assert_eq!(expr(text).to_string(), tree, "{text}");
        assert_eq!(expr(tree).to_string(), tree, "the print of {text}");
    }
}

/// The same for statements.
fn statements(table: &[(&str, &str)]) {
    for &(text, print) in table {
        assert_eq!(parsed(text).statement.to_string(), print, "{text}");
        assert_eq!(parsed(print).statement.to_string(), print, "the print of {text}");
    }
}

/// Asserts that each statement parses, and prints as it was written.
fn same(texts: &[&str]) {
    let table: Vec<(&str, &str)> = texts.iter().map(|&text| (text, text)).collect();
    statements(&table);
}

/// The labels of the result columns.
fn labels(sql: &str) -> Vec<String> {
    let Statement::Select(select) = parsed(sql).statement else { panic!("{sql} is a query") };
    let SelectBody::Query(query) = select.body else { panic!("{sql} has columns") };
    let label = |column: &ResultColumn| match column {
        ResultColumn::Expr { label: ColumnLabel::Source(text), .. } => text.to_string(),
        ResultColumn::Expr { label: ColumnLabel::Alias(name), .. } => format!("AS {}", name.text),
        star => star.to_string(),
    };
    query.columns.iter().map(label).collect()
}

// Expressions.

#[test]
fn operators_bind_as_in_sqlite() {
    expressions(&[
        ("a OR b AND c", "(a OR (b AND c))"),
        ("a AND b OR c AND d OR e", "((a AND b) OR (c AND d) OR e)"),
        ("a AND b AND c", "(a AND b AND c)"),
        ("a AND (b AND c)", "(a AND (b AND c))"),
        ("NOT a = b", "(NOT (a = b))"),
        ("NOT a AND b", "((NOT a) AND b)"),
        ("a = NOT b = c", "(a = (NOT (b = c)))"),
        ("a = b < c", "(a = (b < c))"),
        ("12 = 5 < 3", "(12 = (5 < 3))"),
        ("a < b & c", "(a < (b & c))"),
        ("1 | 0 & -12", "((1 | 0) & (-12))"),
        ("a & b << c | d >> e", "((((a & b) << c) | d) >> e)"),
        ("a << b + c", "(a << (b + c))"),
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("5 / 5 || -2", "(5 / (5 || (-2)))"),
        ("a || b -> c ->> d", "(((a || b) -> c) ->> d)"),
        ("a || b COLLATE nocase", "(a || (b COLLATE nocase))"),
        ("- a COLLATE nocase", "((-a) COLLATE nocase)"),
        ("a COLLATE x COLLATE y", "((a COLLATE x) COLLATE y)"),
        ("~ 2 / 3", "((~2) / 3)"),
        ("- - a", "(-(-a))"),
        ("- ~ - a", "(-(~(-a)))"),
        ("+~~a", "(+(~(~a)))"),
        ("a< -~~e", "(a < (-(~(~e))))"),
        ("NOT NOT a", "(NOT (NOT a))"),
        ("a IS b IS c", "((a IS b) IS c)"),
        ("1 GLOB 5 = 0", "((1 GLOB 5) = 0)"),
        ("a LIKE b = c", "((a LIKE b) = c)"),
        ("a LIKE b || c", "(a LIKE (b || c))"),
        ("a == b != c <> d", "(((a = b) <> c) <> d)"),
        ("a <= b >= c", "((a <= b) >= c)"),
    ]);
}

#[test]
fn a_sign_takes_the_place_of_a_plus() {
    expressions(&[("- + a", "(-a)"), ("+ + a", "(+a)"), ("- (+a)", "(-a)"), ("~ + a", "(~(+a))")]);
}

#[test]
fn tests_for_null_and_truth() {
    expressions(&[
        ("a ISNULL", "(a ISNULL)"),
        ("a NOTNULL", "(a NOTNULL)"),
        ("a NOT NULL", "(a NOTNULL)"),
        ("a IS NULL", "(a ISNULL)"),
        ("a IS (NULL)", "(a ISNULL)"),
        ("a IS NOT NULL", "(a NOTNULL)"),
        ("1 IS NOT NULL > 1", "(1 IS NOT (NULL > 1))"),
        ("a IS NULL AND b", "((a ISNULL) AND b)"),
        ("NOT a NOT NULL", "(NOT (a NOTNULL))"),
        ("a = b ISNULL", "((a = b) ISNULL)"),
        ("a < b NOT NULL", "((a < b) NOTNULL)"),
        ("a IS NOT b", "(a IS NOT b)"),
        ("a IS NOT NOT b", "(a IS NOT (NOT b))"),
        ("a IS DISTINCT FROM b", "(a IS NOT b)"),
        ("a IS NOT DISTINCT FROM b", "(a IS b)"),
        ("a IS NOT DISTINCT FROM NULL", "(a ISNULL)"),
        ("a IS TRUE COLLATE x", "(a IS (TRUE COLLATE x))"),
        ("(a,b) IS NOT (1,2)", "((a, b) IS NOT (1, 2))"),
    ]);
}

#[test]
fn between_takes_the_next_and() {
    expressions(&[
        ("a BETWEEN 1 AND 2 AND b", "((a BETWEEN 1 AND 2) AND b)"),
        ("a NOT BETWEEN 1 AND 2 OR b", "((a NOT BETWEEN 1 AND 2) OR b)"),
        ("a BETWEEN b = c AND d = e", "((a BETWEEN (b = c) AND d) = e)"),
        ("a BETWEEN NOT b AND c", "(a BETWEEN (NOT b) AND c)"),
        ("a BETWEEN b BETWEEN c AND d AND e", "(a BETWEEN (b BETWEEN c AND d) AND e)"),
        ("a BETWEEN 1 AND 2 < 3", "(a BETWEEN 1 AND (2 < 3))"),
    ]);
    // An OR in the lower end takes the AND, and none is left.
    assert_eq!(refused("SELECT 1 BETWEEN 0 OR 1 AND 2").0, "incomplete input");
    assert_eq!(refused("SELECT 1 BETWEEN 2, 3"), ("near \",\": syntax error".into(), Some(18)));
}

#[test]
fn like_and_its_kin() {
    expressions(&[
        ("a LIKE b ESCAPE c", "(a LIKE b ESCAPE c)"),
        ("a NOT LIKE b || c ESCAPE d || e", "(a NOT LIKE (b || c) ESCAPE (d || e))"),
        ("a LIKE b < c ESCAPE d", "(a LIKE (b < c) ESCAPE d)"),
        ("a LIKE NOT b ESCAPE c", "(a LIKE (NOT b) ESCAPE c)"),
        ("a LIKE b LIKE c ESCAPE d", "((a LIKE b) LIKE c ESCAPE d)"),
        ("a LIKE b ESCAPE c = d", "((a LIKE b ESCAPE c) = d)"),
        ("a NOT GLOB b", "(a NOT GLOB b)"),
        ("a MATCH b AND a NOT MATCH c", "((a MATCH b) AND (a NOT MATCH c))"),
        ("a REGEXP b OR a NOT REGEXP c", "((a REGEXP b) OR (a NOT REGEXP c))"),
        ("like(a, b)", "like(a, b)"),
        ("glob + 1", "(glob + 1)"),
    ]);
    assert_eq!(refused("SELECT a < b ESCAPE c"), ("near \"ESCAPE\": syntax error".into(), Some(13)));
}

#[test]
fn membership() {
    expressions(&[
        ("a IN ()", "(a IN ())"),
        ("a IN (1, 2)", "(a IN (1, 2))"),
        ("a NOT IN (1)", "(a NOT IN (1))"),
        ("a = b IN (1)", "((a = b) IN (1))"),
        ("a IN (1) IN (2)", "((a IN (1)) IN (2))"),
        ("a IN t", "(a IN t)"),
        ("a IN t AND b", "((a IN t) AND b)"),
        ("a NOT IN main.t", "(a NOT IN main.t)"),
        ("a IN json_each('[1]')", "(a IN json_each('[1]'))"),
        ("a IN json_each()", "(a IN json_each())"),
        ("a IN (SELECT 1)", "(a IN (SELECT 1))"),
        ("a IN (VALUES (1), (2))", "(a IN (VALUES (1), (2)))"),
        ("a IN ((SELECT 1), 2)", "(a IN ((SELECT 1), 2))"),
        ("(a, b) IN (SELECT 1, 2)", "((a, b) IN (SELECT 1, 2))"),
    ]);
}

#[test]
fn brackets_of_all_kinds() {
    expressions(&[
        ("((a))", "a"),
        ("(a, (b, c), d)", "(a, (b, c), d)"),
        ("(SELECT 1)", "(SELECT 1)"),
        ("((SELECT 1))", "(SELECT 1)"),
        ("EXISTS (SELECT 1)", "EXISTS (SELECT 1)"),
        ("NOT EXISTS (SELECT 1)", "(NOT EXISTS (SELECT 1))"),
        ("CASE WHEN a THEN b END", "CASE WHEN a THEN b END"),
        ("CASE a WHEN b THEN c WHEN d THEN e ELSE f END", "CASE a WHEN b THEN c WHEN d THEN e ELSE f END"),
        (
            "CASE a OR b WHEN c AND d THEN 1 + 2 END + 1",
            "(CASE (a OR b) WHEN (c AND d) THEN (1 + 2) END + 1)",
        ),
        ("CAST(a AS INTEGER)", "CAST(a AS INTEGER)"),
        ("CAST(a AS UNSIGNED BIG INT)", "CAST(a AS UNSIGNED BIG INT)"),
        ("CAST(a + 1 AS DECIMAL(10, -2))", "CAST((a + 1) AS DECIMAL(10, -2))"),
        ("CAST(a AS)", "CAST(a AS )"),
        ("coalesce(a, b + 1, c)", "coalesce(a, (b + 1), c)"),
        ("count(*)", "count(*)"),
        ("count()", "count()"),
        ("count(DISTINCT a)", "count(DISTINCT a)"),
        ("count(ALL a)", "count(a)"),
        ("count(DISTINCT)", "count(DISTINCT )"),
        ("count(ORDER BY a)", "count( ORDER BY a)"),
        (
            "group_concat(a, ',' ORDER BY b DESC, c NULLS LAST)",
            "group_concat(a, ',' ORDER BY b DESC, c NULLS LAST)",
        ),
        ("replace(a, b, c)", "replace(a, b, c)"),
        ("\"max\"(1, 2)", "\"max\"(1, 2)"),
        ("left(a, 1)", "left(a, 1)"),
        ("RAISE(IGNORE)", "RAISE(IGNORE)"),
        ("RAISE(ABORT, 'a' || b)", "RAISE(ABORT, ('a' || b))"),
    ]);
}

#[test]
fn windows() {
    expressions(&[
        ("sum(a) OVER w", "sum(a) OVER w"),
        ("sum(a) OVER ()", "sum(a) OVER ()"),
        ("sum(a) OVER (w)", "sum(a) OVER (w)"),
        (
            "sum(a) FILTER (WHERE b > 1) OVER (PARTITION BY c, d ORDER BY e)",
            "sum(a) FILTER (WHERE (b > 1)) OVER (PARTITION BY c, d ORDER BY e)",
        ),
        ("count(*) FILTER (WHERE a)", "count(*) FILTER (WHERE a)"),
        ("sum(a) OVER (ROWS 1 PRECEDING)", "sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"),
        (
            "sum(a) OVER (w ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
            "sum(a) OVER (w ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        ),
        (
            "sum(a) OVER (GROUPS BETWEEN 1 + 1 FOLLOWING AND 3 FOLLOWING EXCLUDE TIES)",
            "sum(a) OVER (GROUPS BETWEEN (1 + 1) FOLLOWING AND 3 FOLLOWING EXCLUDE TIES)",
        ),
        (
            "sum(a) OVER (ROWS 3 PRECEDING EXCLUDE NO OTHERS)",
            "sum(a) OVER (ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)",
        ),
        (
            "sum(a) OVER (ROWS CURRENT ROW EXCLUDE GROUP) + sum(b) OVER (ROWS CURRENT ROW EXCLUDE CURRENT ROW)",
            "(sum(a) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW EXCLUDE GROUP) + sum(b) OVER (ROWS BETWEEN CURRENT ROW \
             AND CURRENT ROW EXCLUDE CURRENT ROW))",
        ),
    ]);
    let refusal = refused("SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING)");
    assert_eq!(refusal.0, "unsupported frame specification");
    same(&["SELECT sum(a) OVER w, sum(b) OVER x FROM t WINDOW w AS (ORDER BY a), x AS (w)"]);
}

#[test]
fn window_words_are_names_elsewhere() {
    same(&[
        "SELECT window, over, filter FROM window AS over",
        "CREATE TABLE window(over, filter)",
        "SELECT count(*) AS over FROM t",
    ]);
    assert_eq!(labels("SELECT count(*) over FROM t"), ["AS over"]);
    assert_eq!(labels("SELECT a filter, b window FROM t"), ["AS filter", "AS window"]);
}

// Constants and names.

fn literal(text: &str) -> Literal {
    match expr(text).kind {
        ExprKind::Literal(literal) => literal,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn numbers() {
    for (text, value) in [
        ("0", 0),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("- + 9223372036854775808", i64::MIN),
        ("-(09223372036854775808)", i64::MIN),
        ("0x1F", 31),
        ("0X1f", 31),
        ("0x0", 0),
        ("0xffffffffffffffff", -1),
        ("0x00000000000000000001", 1),
        ("1_000", 1000),
        ("0x1_F", 31),
    ] {
        assert_eq!(literal(text), Literal::Integer(value), "{text}");
    }
    for (text, value) in [
        ("9223372036854775808", 9_223_372_036_854_775_808.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("1.e2", 100.0),
        ("1_0.2_5", 10.25),
        ("9e999", f64::INFINITY),
    ] {
        assert_eq!(literal(text), Literal::Real(value), "{text}");
    }
    expressions(&[
        ("-5", "(-5)"),
        ("- 1.5", "(-1.5)"),
        ("5 - -9223372036854775808", "(5 - (-9223372036854775808))"),
    ]);
    for text in ["1a", "1_", "1__0", "0x_1", "1_e5", "1e5_", "1._5"] {
        assert!(parse_expr(text, &Limits::default()).is_err(), "{text}");
    }
    assert_eq!(refused("SELECT 1abc"), ("unrecognized token: \"1abc\"".into(), Some(7)));
    assert_eq!(refused("SELECT 0x1g"), ("unrecognized token: \"0x1g\"".into(), Some(7)));
    assert_eq!(refused("SELECT 1L"), ("unrecognized token: \"1L\"".into(), Some(7)));
    assert_eq!(refused("SELECT 0x10000000000000000").0, "hex literal too big: 0x10000000000000000");
    assert_eq!(refused("SELECT -0x8000000000000000").0, "hex literal too big: -0x8000000000000000");
}

#[test]
fn other_constants() {
    assert_eq!(literal("'it''s'"), Literal::Text("it's".into()));
    assert_eq!(literal("'a\\b'"), Literal::Text("a\\b".into()));
    assert_eq!(literal("''"), Literal::Text("".into()));
    assert_eq!(literal("x'1F'"), Literal::Blob([0x1f].into()));
    assert_eq!(literal("X''"), Literal::Blob([].into()));
    assert_eq!(literal("NULL"), Literal::Null);
    assert_eq!(literal("current_time"), Literal::CurrentTime);
    assert_eq!(literal("CURRENT_DATE"), Literal::CurrentDate);
    assert_eq!(literal("CURRENT_TIMESTAMP"), Literal::CurrentTimestamp);
    assert_eq!(refused("SELECT x'1'"), ("unrecognized token: \"x'1'\"".into(), Some(7)));
    assert_eq!(refused("SELECT x'1g' + 1"), ("unrecognized token: \"x'1g'\"".into(), Some(7)));
    assert_eq!(refused("SELECT 'abc"), ("unrecognized token: \"'abc\"".into(), Some(7)));
    // The letters that make other kinds of text elsewhere are names here, and the text is their alias.
    assert_eq!(
        labels("SELECT N'a', e'b', u 'c', b'd', r'e' FROM t"),
        ["AS a", "AS b", "AS c", "AS d", "AS e"]
    );
}

#[test]
fn names_keep_their_quotes() {
    let quote = |text: &str| match expr(text).kind {
        ExprKind::Column(column) => (column.column.text.to_string(), column.column.quote),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(quote("a$b"), ("a$b".into(), Quote::None));
    assert_eq!(quote("\"a\"\"b\""), ("a\"b".into(), Quote::Double));
    assert_eq!(quote("`a``b`"), ("a`b".into(), Quote::Backtick));
    assert_eq!(quote("[a\"b]"), ("a\"b".into(), Quote::Bracket));
    assert_eq!(quote("é\u{a0}ü"), ("é\u{a0}ü".into(), Quote::None));
    assert_eq!(quote("'t'.'a'"), ("a".into(), Quote::Single));
    expressions(&[
        ("t.a", "t.a"),
        ("main.t.a", "main.t.a"),
        ("'t'.\"a\"", "'t'.\"a\""),
        ("\"t\"._a", "\"t\"._a"),
        ("'t'._a", "'t'._a"),
        ("t ._a", "t._a"),
        ("true", "true"),
    ]);
    same(&[
        "CREATE TABLE 't'('a' INT, \"b\" \"my type\", [c], `d`)",
        "SELECT date, time, interval, position, key, desc, rowid FROM t",
        "INSERT INTO 't'('a') VALUES ('b')",
        "SELECT * FROM t AS 'u'",
    ]);
    assert_eq!(refused("SELECT [a"), ("unrecognized token: \"[a\"".into(), Some(7)));
}

#[test]
fn parameters_are_numbered() {
    let parsed = parsed("SELECT ?, ?3, :a, ?, @b, $c, :a, $ns::d(x), ?4");
    assert_eq!(parsed.statement.to_string(), "SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?4, ?8, ?4");
    let parameters = parsed.parameters;
    assert_eq!(parameters.count(), 8);
    let names: Vec<Option<&str>> = (0..10).map(|number| parameters.name(number)).collect();
    let expected =
        [None, None, None, Some("?3"), Some(":a"), None, Some("@b"), Some("$c"), Some("$ns::d(x)"), None];
    assert_eq!(names, expected);
    assert_eq!(parameters.number(":a"), Some(4));
    assert_eq!(parameters.number("a"), None);
    let out_of_range = "variable number must be between ?1 and ?32766";
    assert_eq!(refused("SELECT ?0"), (out_of_range.into(), Some(7)));
    assert_eq!(refused("SELECT ?32767"), (out_of_range.into(), Some(7)));
    assert_eq!(refused("SELECT ?32766, ?"), ("too many SQL variables".into(), Some(15)));
    assert_eq!(refused("SELECT #1"), ("near \"#1\": syntax error".into(), Some(7)));
    assert_eq!(refused("SELECT $"), ("unrecognized token: \"$\"".into(), Some(7)));
    assert_eq!(refused("SELECT 1 WHERE a<@p OR a=:q b").0, "near \"b\": syntax error");
}

// Queries.

#[test]
fn queries() {
    statements(&[
        ("select a, b as x from t", "SELECT a, b AS x FROM t"),
        ("SELECT ALL a FROM t", "SELECT a FROM t"),
        ("SELECT a FROM t LIMIT 1, 2", "SELECT a FROM t LIMIT 2 OFFSET 1"),
        ("SELECT 1 WHERE 2 GROUP BY 3, 4 HAVING 5", "SELECT 1 WHERE 2 GROUP BY 3, 4 HAVING 5"),
        (
            "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 UNION ALL VALUES (4), (5) EXCEPT SELECT 6 ORDER BY 1 LIMIT 2",
            "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 UNION ALL VALUES (4), (5) EXCEPT SELECT 6 ORDER BY 1 LIMIT 2",
        ),
    ]);
    same(&[
        "SELECT *, t.*, a FROM t",
        "SELECT DISTINCT a FROM t ORDER BY a DESC, b ASC NULLS FIRST LIMIT 1 OFFSET 2",
        "VALUES (1, 2), (3, 4)",
        "SELECT * FROM (VALUES (1))",
        "WITH a AS (SELECT 1), b(x, y) AS MATERIALIZED (SELECT 2, 3) SELECT * FROM a",
        "WITH RECURSIVE a(n) AS NOT MATERIALIZED (SELECT 1 UNION ALL SELECT (n + 1) FROM a) SELECT * FROM a",
        "SELECT (WITH a AS (SELECT 1) SELECT * FROM a)",
    ]);
    for op in ["UNION", "UNION ALL", "INTERSECT", "EXCEPT"] {
        let message = format!("ORDER BY clause should come after {op} not before");
        assert_eq!(refused(&format!("SELECT 1 ORDER BY 1 {op} SELECT 2")).0, message);
        let message = format!("LIMIT clause should come after {op} not before");
        assert_eq!(refused(&format!("SELECT 1 LIMIT 1 {op} SELECT 2")).0, message);
    }
    assert_eq!(refused("VALUES (1) ORDER BY 1"), ("near \"ORDER\": syntax error".into(), Some(11)));
    assert_eq!(refused("WITH a AS (SELECT 1), A AS (SELECT 2) SELECT 3").0, "duplicate WITH table name: A");
}

#[test]
fn tables_and_joins() {
    statements(&[
        ("SELECT * FROM t u", "SELECT * FROM t AS u"),
        ("SELECT * FROM a LEFT OUTER JOIN b ON c", "SELECT * FROM a LEFT JOIN b ON c"),
        ("SELECT * FROM a OUTER LEFT JOIN b", "SELECT * FROM a LEFT JOIN b"),
        ("SELECT * FROM a LEFT RIGHT JOIN b", "SELECT * FROM a FULL JOIN b"),
        ("SELECT * FROM a INNER JOIN b", "SELECT * FROM a JOIN b"),
        ("SELECT * FROM a LEFT NATURAL JOIN b", "SELECT * FROM a NATURAL LEFT JOIN b"),
        ("SELECT * FROM (t)", "SELECT * FROM t"),
        ("SELECT * FROM ((t)) AS x", "SELECT * FROM t AS x"),
        ("SELECT * FROM (json_each(a)) AS x", "SELECT * FROM json_each(a) AS x"),
        ("SELECT * FROM (a, b), c", "SELECT * FROM a, b, c"),
        ("SELECT * FROM (a JOIN b) JOIN (c JOIN d)", "SELECT * FROM a JOIN b JOIN (c JOIN d)"),
        ("SELECT * FROM (a JOIN b) AS x", "SELECT * FROM (a JOIN b) AS x"),
    ]);
    same(&[
        "SELECT * FROM a, b JOIN c USING (x, y) CROSS JOIN d NATURAL JOIN e FULL JOIN f ON g RIGHT JOIN h",
        "SELECT * FROM a, b ON c, d USING (e)",
        "SELECT * FROM a CROSS JOIN b ON c",
        "SELECT * FROM main.t AS u INDEXED BY i, v NOT INDEXED",
        "SELECT * FROM json_each(t.a, '$') AS j, main.f()",
        "SELECT * FROM (SELECT 1) AS x, (SELECT 2)",
        "SELECT left FROM t AS left",
    ]);
    let message = "unknown join type: LEFT BOGUS".to_string();
    assert_eq!(refused("SELECT * FROM a LEFT BOGUS JOIN b"), (message, Some(16)));
    assert_eq!(refused("SELECT * FROM a OUTER JOIN b").0, "unknown join type: OUTER");
    assert_eq!(refused("SELECT * FROM a INNER LEFT JOIN b").0, "unknown join type: INNER LEFT");
    assert_eq!(refused("SELECT * FROM a ON b").0, "a JOIN clause is required before ON");
    assert_eq!(refused("SELECT * FROM a USING (b), c").0, "a JOIN clause is required before USING");
    // What does not fit the grammar is the error, if it comes right after.
    assert_eq!(refused("SELECT * FROM a ON b USING (c)").0, "near \"USING\": syntax error");
}

#[test]
fn columns_are_called_by_their_text() {
    assert_eq!(
        labels("SELECT min(f1,f2), a  +  b /*c*/ , /* d */ (a)-- e\n , 'x' FROM t"),
        ["min(f1,f2)", "a  +  b /*c*/", "(a)-- e", "'x'"]
    );
    assert_eq!(
        labels("SELECT a AS b, c d, e 'f', \"g\" \"h\", t.*"),
        ["AS b", "AS d", "AS f", "AS h", "t.*"]
    );
    assert_eq!(labels("SELECT a+1 /* b */ ; SELECT 2"), ["a+1 /* b */"]);
    assert_eq!(labels("SELECT a+1 \t\n"), ["a+1"]);
    assert_eq!(labels("SELECT 1 offset, 2 asc, 3 end FROM t"), ["AS offset", "AS asc", "AS end"]);
}

// Writes.

#[test]
fn writes() {
    same(&[
        "INSERT INTO t VALUES (1, 2), (3, 4)",
        "INSERT OR IGNORE INTO main.t AS x(a, b) SELECT * FROM u WHERE true ON CONFLICT (a, ((b + 1) COLLATE nocase)) WHERE c DO NOTHING \
         ON CONFLICT (b DESC) DO UPDATE SET a = excluded.a, (b, c) = (1, 2) WHERE d ON CONFLICT DO NOTHING RETURNING *, a AS y",
        "INSERT INTO t DEFAULT VALUES RETURNING a",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
        "UPDATE OR REPLACE t AS u INDEXED BY i SET a = 1, (b, c) = (SELECT 1, 2) FROM v, w WHERE x RETURNING y ORDER BY z LIMIT 1 OFFSET 2",
        "WITH x AS (SELECT 1) UPDATE t SET a = 1",
        "DELETE FROM main.t AS u NOT INDEXED WHERE a RETURNING b ORDER BY c LIMIT 1",
        "WITH x AS (SELECT 1) DELETE FROM t",
    ]);
    statements(&[
        ("REPLACE INTO t VALUES (1)", "INSERT OR REPLACE INTO t VALUES (1)"),
        (
            "WITH x AS (SELECT 1) REPLACE INTO t VALUES (1)",
            "WITH x AS (SELECT 1) INSERT OR REPLACE INTO t VALUES (1)",
        ),
        ("UPDATE t SET (a) = 1", "UPDATE t SET a = 1"),
    ]);
    // The ON belongs to the table.
    let refusal = refused("INSERT INTO t SELECT * FROM u ON CONFLICT DO NOTHING");
    assert_eq!(refusal.0, "near \"DO\": syntax error");
}

// Definitions.

#[test]
fn tables() {
    statements(&[
        (
            "CREATE TABLE IF NOT EXISTS main.t (a INTEGER PRIMARY KEY DESC ON CONFLICT FAIL AUTOINCREMENT, b VARCHAR ( 10 ) NOT NULL ON \
             CONFLICT ABORT UNIQUE ON CONFLICT IGNORE COLLATE nocase, c CHECK (c > 1) DEFAULT -1, d NULL DEFAULT (1 + 2))",
            "CREATE TABLE IF NOT EXISTS main.t(a INTEGER PRIMARY KEY DESC ON CONFLICT FAIL AUTOINCREMENT, b VARCHAR ( 10 ) NOT NULL ON \
             CONFLICT ABORT UNIQUE ON CONFLICT IGNORE COLLATE nocase, c CHECK ((c > 1)) DEFAULT ((-1)), d NULL DEFAULT ((1 + 2)))",
        ),
        (
            "CREATE TABLE t(a, CHECK(a) FOREIGN KEY(a) REFERENCES u, UNIQUE(a) ON CONFLICT FAIL)",
            "CREATE TABLE t(a, CHECK (a), FOREIGN KEY (a) REFERENCES u, UNIQUE (a) ON CONFLICT FAIL)",
        ),
        (
            "CREATE TABLE t(a REFERENCES u(b) ON DELETE SET NULL ON UPDATE CASCADE MATCH FULL NOT DEFERRABLE NOT NULL, b REFERENCES v ON DELETE \
             NO ACTION DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TABLE t(a REFERENCES u(b) ON DELETE SET NULL ON UPDATE CASCADE NOT DEFERRABLE NOT NULL, b REFERENCES v DEFERRABLE INITIALLY \
             DEFERRED)",
        ),
        (
            "CREATE TABLE t(a, b INT GENERATED ALWAYS AS (a + 1) STORED, c AS (a) VIRTUAL, d GENERATED ALWAYS AS (1))",
            "CREATE TABLE t(a, b INT GENERATED ALWAYS AS ((a + 1)) STORED, c GENERATED ALWAYS AS (a) VIRTUAL, d GENERATED ALWAYS AS (1))",
        ),
        ("CREATE TABLE t(a) WITHOUT ROWID, STRICT", "CREATE TABLE t(a) STRICT, WITHOUT ROWID"),
    ]);
    same(&[
        "CREATE TEMP TABLE t(a)",
        "CREATE TABLE t(a UNSIGNED BIG INT, b foo(-1,+2), c ARRAY, d LONG VARCHAR(10) UNIQUE)",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TABLE t(a CONSTRAINT x NOT NULL, CONSTRAINT y PRIMARY KEY (a DESC, (b COLLATE nocase) AUTOINCREMENT) ON CONFLICT ABORT)",
    ]);
    let table = parsed(
        "CREATE TABLE t(a DEFAULT word, b DEFAULT TRUE, c DEFAULT ( 1 + 2 ), d DEFAULT +5, e CHECK( e>0 ))",
    );
    let print = "CREATE TABLE t(a DEFAULT ('word'), b DEFAULT (1), c DEFAULT ((1 + 2)), d DEFAULT ((+5)), e CHECK ((e > 0)))";
    assert_eq!(table.statement.to_string(), print);
    let text = format!("{:?}", table.statement);
    for part in ["text: \"word\"", "text: \"TRUE\"", "text: \"1 + 2\"", "text: \"+5\"", "text: \"e>0\""] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(refused("CREATE TABLE t(a) WITHOUT foo").0, "unknown table option: foo");
    assert_eq!(
        refused("CREATE TABLE t(a, FOREIGN KEY (a COLLATE b) REFERENCES u)").0,
        "syntax error after column name \"a\""
    );
}

/// The text that the schema keeps.
fn kept(sql: &str) -> String {
    match parsed(sql).statement {
        Statement::CreateTable(table) => match table.body {
            TableBody::Columns(table) => table.sql.into(),
            TableBody::Select(_) => panic!("{sql} keeps no text of its own"),
        },
        Statement::CreateIndex(index) => index.sql.into(),
        Statement::CreateView(view) => view.sql.into(),
        Statement::CreateTrigger(trigger) => trigger.sql.into(),
        Statement::CreateVirtualTable(table) => table.sql.into(),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn the_schema_keeps_what_was_written() {
    for (sql, text) in [
        ("create temp table if not exists main.\"x\"(a  , b) /* c */ ;", "CREATE TABLE \"x\"(a  , b)"),
        ("create table x(a) strict /* b */ ; ", "CREATE TABLE x(a) strict /* b */ "),
        ("create table x(a) strict /* b */ ", "CREATE TABLE x(a) strict /* b */ "),
        ("create index if not exists i on t( a )  /* x */ ;", "CREATE INDEX i on t( a )  /* x */ "),
        ("CREATE  UNIQUE  INDEX main.i ON t(a) WHERE b", "CREATE UNIQUE INDEX i ON t(a) WHERE b"),
        ("create view v(a) as select 1 /* x */ \n;", "CREATE VIEW v(a) as select 1 /* x */"),
        (
            "create trigger if not exists tr insert on t begin select 1; end /* x */;",
            "CREATE TRIGGER tr insert on t begin select 1; end",
        ),
        ("create virtual table if not exists f using fts5( a ) ;", "CREATE VIRTUAL TABLE f using fts5( a )"),
        ("create virtual table f using fts5 ;", "CREATE VIRTUAL TABLE f using fts5"),
    ] {
        assert_eq!(kept(sql), text);
    }
}

#[test]
fn other_definitions() {
    same(&[
        "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (a DESC, (b + 1), (c COLLATE nocase) ASC) WHERE (d > 1)",
        "CREATE TEMP VIEW IF NOT EXISTS v(a, b) AS SELECT 1, 2",
        "CREATE TEMP TRIGGER IF NOT EXISTS tr INSTEAD OF UPDATE OF a, b ON v WHEN (new.a > 1) BEGIN INSERT INTO t VALUES (1); UPDATE t SET a = 1; \
         DELETE FROM t; SELECT RAISE(IGNORE); WITH x AS (SELECT 1) SELECT 1; END",
        "DROP TABLE IF EXISTS main.t",
        "DROP INDEX i",
        "DROP VIEW v",
        "DROP TRIGGER IF EXISTS tr",
        "ALTER TABLE main.t RENAME TO u",
        "ALTER TABLE t RENAME COLUMN a TO b",
        "ALTER TABLE t ADD COLUMN a INT DEFAULT (1)",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE t ADD CONSTRAINT c CHECK ((a > 1))",
        "ALTER TABLE t DROP CONSTRAINT c",
    ]);
    statements(&[
        (
            "CREATE TRIGGER tr AFTER DELETE ON t FOR EACH ROW BEGIN REPLACE INTO t VALUES (1); END",
            "CREATE TRIGGER tr AFTER DELETE ON t BEGIN INSERT OR REPLACE INTO t VALUES (1); END",
        ),
        (
            "CREATE TRIGGER tr INSERT ON t BEGIN SELECT 1; END",
            "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT 1; END",
        ),
        ("ALTER TABLE t RENAME a TO b", "ALTER TABLE t RENAME COLUMN a TO b"),
        ("ALTER TABLE t ADD a /* b */ ;", "ALTER TABLE t ADD COLUMN a"),
        (
            "CREATE VIRTUAL TABLE v USING fts5(a, content='t', prefix='2 3', b UNINDEXED, f(x, y) )",
            "CREATE VIRTUAL TABLE v USING fts5(a, content='t', prefix='2 3', b UNINDEXED, f(x, y))",
        ),
        ("CREATE VIRTUAL TABLE v USING m", "CREATE VIRTUAL TABLE v USING m()"),
        ("CREATE VIRTUAL TABLE v USING m( , a ,, ; )", "CREATE VIRTUAL TABLE v USING m(a, ;)"),
    ]);
    let prefix = "CREATE TRIGGER tr INSERT ON t BEGIN ";
    for (step, message) in [
        (
            "INSERT INTO main.t VALUES (1);",
            "qualified table names are not allowed on INSERT, UPDATE, and DELETE statements within triggers",
        ),
        (
            "UPDATE t INDEXED BY i SET a = 1;",
            "the INDEXED BY clause is not allowed on UPDATE or DELETE statements within triggers",
        ),
        (
            "DELETE FROM t NOT INDEXED;",
            "the NOT INDEXED clause is not allowed on UPDATE or DELETE statements within triggers",
        ),
        ("INSERT INTO t DEFAULT VALUES;", "near \"DEFAULT\": syntax error"),
        ("DELETE FROM t RETURNING a;", "near \"RETURNING\": syntax error"),
        ("DELETE FROM t LIMIT 1;", "near \"LIMIT\": syntax error"),
        ("WITH x AS (SELECT 1) DELETE FROM t;", "near \"DELETE\": syntax error"),
        ("", "near \"END\": syntax error"),
        ("SELECT 1", "incomplete input"),
    ] {
        assert_eq!(refused(&format!("{prefix}{step} END")).0, message, "{step}");
    }
}

// Everything else.

#[test]
fn short_statements() {
    same(&[
        "BEGIN",
        "BEGIN IMMEDIATE",
        "BEGIN EXCLUSIVE",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE a",
        "ROLLBACK TO 'a'",
        "PRAGMA main.a",
        "PRAGMA a = -5",
        "PRAGMA a = 'b'",
        "ANALYZE",
        "ANALYZE main.t",
        "REINDEX",
        "REINDEX nocase",
        "VACUUM",
        "VACUUM main INTO ('a' || 'b')",
        "ATTACH 'a' AS 'b' KEY 'c'",
        "DETACH 'a'",
        "EXPLAIN SELECT 1",
        "EXPLAIN QUERY PLAN DELETE FROM t",
    ]);
    statements(&[
        ("BEGIN DEFERRED TRANSACTION x", "BEGIN"),
        ("END TRANSACTION 'x'", "COMMIT"),
        ("ROLLBACK TRANSACTION TO SAVEPOINT a", "ROLLBACK TO a"),
        ("RELEASE SAVEPOINT a", "RELEASE a"),
        ("PRAGMA a(b)", "PRAGMA a = 'b'"),
        ("PRAGMA a = ON", "PRAGMA a = 'ON'"),
        ("PRAGMA a(0x10002)", "PRAGMA a = 0x10002"),
        ("PRAGMA a = - 1.5", "PRAGMA a = -1.5"),
        ("PRAGMA a = + 1", "PRAGMA a = 1"),
        ("PRAGMA a = \"b c\"", "PRAGMA a = 'b c'"),
        ("ATTACH DATABASE a AS b", "ATTACH 'a' AS 'b'"),
        ("ATTACH ? AS \"b\"", "ATTACH ?1 AS 'b'"),
        ("DETACH DATABASE a", "DETACH 'a'"),
    ]);
}

#[test]
fn statements_follow_each_other() {
    let sql = " ; ;SELECT 1; -- one\n/* two */ SELECT 'a;b', \"c;d\", [e;f], `g;h` /* ; */ ;;\nSELECT é; 'unfinished";
    let limits = Limits::default();
    let (mut at, mut texts) = (0, Vec::new());
    let error = loop {
        match parse_next(sql, at, &limits) {
            Ok(Some(parsed)) => {
                texts.push(&sql[parsed.range.clone()]);
                at = parsed.next;
            }
            Ok(None) => panic!("the last statement is no good"),
            Err(error) => break error,
        }
    };
    assert_eq!(texts, ["SELECT 1", "SELECT 'a;b', \"c;d\", [e;f], `g;h`", "SELECT é"]);
    assert_eq!(error.to_string(), "unrecognized token: \"'unfinished\"");
    // Places count from where parsing began.
    assert_eq!(error.offset(), Some(1));
    assert_eq!(at, sql.len() - " 'unfinished".len());

    for nothing in ["", " \t\r\n\u{c}", ";", " ; -- a", "/* a", "-- a", "/**/;", "\u{feff}"] {
        assert!(matches!(parse_next(nothing, 0, &limits), Ok(None)), "{nothing:?}");
    }
    assert_eq!(parsed("\u{feff}SELECT 1 /* not ended").statement.to_string(), "SELECT 1");
}

#[test]
fn statements_are_found_in_pieces_of_any_size() {
    // More text than one piece, with a place in every line where the tokenizer and SQLite disagree.
    let line = "SELECT ~~a, N'b', 0x1F, 't'._c, :d, $e::f(g), 'é', \"h\"\"i\", x'00', 1.e1, -+-1 -- é\n";
    let mut sql = String::new();
    for _ in 0..300 {
        sql.push_str(line);
        sql.push_str("UNION ALL\n");
    }
    sql.push_str(line);
    let print = parsed(&sql).statement.to_string();
    let one = "SELECT (~(~a)), N AS 'b', 31, 't'._c, ?1, ?2, 'é', \"h\"\"i\", x'00', 10.0, (-(-1))";
    assert_eq!(print, vec![one; 301].join(" UNION ALL "));
}

#[test]
fn errors_name_the_token_that_does_not_fit() {
    for (sql, message, offset) in [
        ("SELEC 1", "near \"SELEC\": syntax error", Some(0)),
        ("SELECT 1 FORM t", "near \"t\": syntax error", Some(14)),
        ("SELECT FROM t", "near \"FROM\": syntax error", Some(7)),
        ("SELECT a,, b", "near \",\": syntax error", Some(9)),
        ("SELECT (1", "incomplete input", None),
        ("SELECT (1;", "near \";\": syntax error", Some(9)),
        ("SELECT 1)", "near \")\": syntax error", Some(8)),
        ("SELECT", "incomplete input", None),
        ("SELECT 1 +", "incomplete input", None),
        ("SELECT é ü ö", "near \"ö\": syntax error", Some(13)),
        ("SELECT a NOT 5", "near \"5\": syntax error", Some(13)),
        ("SELECT CASE WHEN THEN", "near \"THEN\": syntax error", Some(17)),
        ("INSERT INTO t (SELECT 1)", "near \"SELECT\": syntax error", Some(15)),
        ("CREATE TABLE t()", "near \")\": syntax error", Some(15)),
        ("CREATE TABLE t(a PRIMARY)", "near \")\": syntax error", Some(24)),
        ("CREATE TABLE table(a)", "near \"table\": syntax error", Some(13)),
        ("UPDATE t SET t.a = 1", "near \".\": syntax error", Some(14)),
        ("EXPLAIN", "incomplete input", None),
        ("SELECT \\", "unrecognized token: \"\\\"", Some(7)),
        ("SELECT a ! b", "unrecognized token: \"!\"", Some(9)),
        ("SELECT a && b", "near \"&\": syntax error", Some(10)),
        ("SELECT a => b", "near \">\": syntax error", Some(10)),
        ("SELECT {fn x()}", "unrecognized token: \"{\"", Some(7)),
        ("SELECT ^ 1", "unrecognized token: \"^\"", Some(7)),
        ("SELECT 1\u{0}", "unrecognized token: \"\0\"", Some(8)),
    ] {
        let refusal = refused(sql);
        assert_eq!(refusal.0, message, "{sql}");
        assert!(offset.is_none() || refusal.1 == offset, "{sql}: {refusal:?}");
    }
}

#[test]
fn what_other_systems_know_is_no_sql_here() {
    for sql in [
        "SELECT 1::int",
        "SELECT TOP 5 a FROM t",
        "SELECT a XOR b FROM t",
        "SELECT a ILIKE b",
        "SELECT DATE '2020-01-01' + 1",
        "SELECT INTERVAL '1' DAY",
        "SELECT ARRAY[1, 2] [3]",
        "SELECT a DIV b c",
        "SELECT * FROM t QUALIFY a",
        "SELECT * FROM a, LATERAL (SELECT 1)",
        "SELECT a FROM t FETCH FIRST 1 ROWS ONLY",
        "SELECT EXTRACT(YEAR FROM a)",
        "SELECT POSITION('a' IN 'b' c)",
        "SELECT TRIM(LEADING 'a' FROM b)",
        "(SELECT 1) UNION SELECT 2",
        "SELECT * FROM t FOR UPDATE",
        "MERGE INTO t USING u",
    ] {
        let (message, _) = refused(sql);
        let is_expected = ["syntax error", "unrecognized token", "unknown join type"];
        assert!(is_expected.iter().any(|part| message.contains(part)), "{sql}: {message}");
    }
}

// Bounds.

#[test]
fn depth_is_bounded_as_in_sqlite() {
    let too_large = "Expression tree is too large (maximum depth 1000)";
    let nested = |open: &str, depth: usize, close: &str| {
        format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in
        [("NOT ", ""), ("abs(", ")"), ("CASE WHEN 1 THEN ", " END"), ("1 + (", ")"), ("CAST(", " AS INT)")]
    {
        assert_eq!(parsed(&nested(open, 999, close)).parameters.count(), 0);
        assert_eq!(refused(&nested(open, 1000, close)).0, too_large, "{open}");
        assert_eq!(refused(&nested(open, 100_000, close)).0, "Recursion limit", "{open}");
    }
    for chain in [" AND 1", " OR 1", " || 1", " + 1", " ISNULL"] {
        assert_eq!(parsed(&nested("", 1, &chain.repeat(999))).parameters.count(), 0);
        assert_eq!(refused(&nested("", 1, &chain.repeat(1000))).0, too_large, "{chain}");
        assert_eq!(refused(&nested("", 1, &chain.repeat(10_000))).0, too_large, "{chain}");
    }
    // Parentheses have no height.
    assert_eq!(parsed(&nested("(", 2_000, ")")).statement.to_string(), "SELECT 1");
    assert_eq!(refused(&nested("(", 1_000_000, ")")).0, "Recursion limit");
}

#[test]
fn queries_nest_to_a_bounded_depth() {
    for (open, close) in [
        ("(SELECT ", ")"),
        ("1 IN (SELECT ", ")"),
        ("EXISTS (SELECT ", ")"),
        ("sum(1) OVER (ORDER BY ", ")"),
        ("sum(1) FILTER (WHERE ", ")"),
        ("sum(1 ORDER BY ", ")"),
        ("(SELECT 1 FROM (SELECT ", "))"),
    ] {
        let nested = |depth: usize| format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(parsed(&nested(30)).parameters.count(), 0);
        for depth in [100, 100_000] {
            assert_eq!(refused(&nested(depth)).0, "Recursion limit", "{open}");
        }
    }
    for (open, close) in [("(", ")"), ("(a JOIN ", ")"), ("(SELECT * FROM ", ")")] {
        let nested = |depth: usize| format!("SELECT * FROM {}t{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(parsed(&nested(60)).parameters.count(), 0);
        assert_eq!(refused(&nested(100_000)).0, "Recursion limit", "{open}");
    }
    let with =
        |depth: usize| format!("{}SELECT 1{}", "WITH x AS (".repeat(depth), ") SELECT 1".repeat(depth));
    assert_eq!(parsed(&with(60)).parameters.count(), 0);
    assert_eq!(refused(&with(100_000)).0, "Recursion limit");
}

#[test]
fn long_statements_are_no_deep_ones() {
    let many = |item: &str, count: usize| vec![item; count].join(", ");
    assert_eq!(parsed(&format!("SELECT {}", many("1", 20_000))).parameters.count(), 0);
    assert_eq!(parsed(&format!("INSERT INTO t VALUES {}", many("(1, 'a')", 20_000))).parameters.count(), 0);
    assert_eq!(parsed(&format!("SELECT 1 IN ({})", many("1", 20_000))).parameters.count(), 0);
    assert_eq!(parsed(&vec!["SELECT 1"; 500].join(" UNION ALL ")).parameters.count(), 0);
    assert_eq!(refused(&vec!["SELECT 1"; 501].join(" UNION ALL ")).0, "too many terms in compound SELECT");
    let refusal = refused(&format!("SELECT max({})", many("1", 1_001)));
    assert_eq!(refusal, ("too many arguments on function max".into(), Some(7)));
}

#[test]
fn the_length_of_a_statement_is_bounded() {
    let limits = Limits { sql_length_bytes: 20, ..Limits::default() };
    let sql = "SELECT 1; SELECT 2 /* long, very long */; SELECT 3";
    let first = parse_next(sql, 0, &limits).expect("a short statement").expect("a statement");
    assert!(matches!(parse_next(sql, first.next, &limits), Err(Error::TooBig("statement too long"))));
    assert!(matches!(parse_expr("1 + 2 + 3 + 4 + 5 + 6", &limits), Err(Error::TooBig(_))));
}

#[test]
fn lower_limits_hold() {
    let limits = Limits { expression_depth: 100, parameters: 100, compound_selects: 5, ..Limits::default() };
    let message = |sql: &str| parse_next(sql, 0, &limits).map(drop).map_err(|error| error.to_string());
    assert_eq!(message(&format!("SELECT {}1", "NOT ".repeat(99))), Ok(()));
    let too_large = "Expression tree is too large (maximum depth 100)";
    assert_eq!(message(&format!("SELECT {}1", "NOT ".repeat(100))), Err(too_large.into()));
    assert_eq!(message("SELECT ?101"), Err("variable number must be between ?1 and ?100".into()));
    let compound = ["SELECT 1"; 6].join(" UNION ");
    assert_eq!(message(&compound), Err("too many terms in compound SELECT".into()));
}

#[test]
fn spans_are_places_in_the_text() {
    let text = "( a ) + f( b , 'é' ) COLLATE nocase";
    let whole = expr(text);
    assert_eq!(&text[whole.span.range()], text);
    let ExprKind::Binary(_, left, right) = &whole.kind else { panic!("{whole}") };
    assert_eq!(&text[left.span.range()], "a");
    assert_eq!(&text[right.span.range()], "f( b , 'é' ) COLLATE nocase");
    let ExprKind::Collate { operand, collation } = &right.kind else { panic!("{right}") };
    assert_eq!(&text[operand.span.range()], "f( b , 'é' )");
    assert_eq!(&text[collation.span.range()], "nocase");
    let ands = expr("(a) AND b AND (c)");
    assert_eq!((ands.span.start, ands.span.end), (0, 17));
}
