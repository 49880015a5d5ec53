//! Statements as deep as they may be run on a thread with a small stack.

use duramen_sql::Connection;

/// What a thread has unless it asks for more.
const STACK_BYTES: usize = 2 << 20;

/// Runs statements on a thread with a small stack, and gives what each came to: its first value or its error.
fn run(statements: Vec<String>) -> Vec<String> {
    let run = move || {
        let connection = Connection::open_in_memory().expect("a database in memory opens");
        connection.run("CREATE TABLE t(a); INSERT INTO t VALUES (1)", &[]).expect("the set-up is right");
        let mut results = Vec::new();
        for sql in statements {
            results.push(match connection.run(&sql, &[]) {
                Ok(result) => format!("{:?}", result.rows.first().and_then(|row| row.first())),
                Err(error) => error.to_string(),
            });
        }
        results
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    thread.expect("a thread starts").join().expect("the statements ran")
}

/// `before`, `inside` nested in `open` and `close` this many times, `after`.
fn nested(before: &str, open: &str, close: &str, inside: &str, depth: usize, after: &str) -> String {
    format!("{before}{}{inside}{}{after}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn the_deepest_expressions_run() {
    let shapes = [
        ("1 + (", ")"),
        ("(", ") + 1"),
        ("- (", ")"),
        ("NOT (", ")"),
        ("a = (", ")"),
        ("a AND (a OR (", "))"),
        ("abs(", ")"),
        ("coalesce(a, ", ")"),
        ("CASE WHEN a THEN ", " ELSE 0 END"),
        ("a BETWEEN 0 AND (", ")"),
        ("a IN (1, ", ")"),
        ("CAST(", " AS INT)"),
        ("(", ") COLLATE nocase"),
        ("(", ") IS NULL"),
        ("(", ") IS TRUE"),
        ("(", ") LIKE 'a'"),
        ("(", ") IN (1, 2)"),
        ("CASE a WHEN ", " THEN 1 END"),
        ("CASE ", " WHEN 1 THEN 1 END"),
        ("iif(", ", 1, 2)"),
        ("printf('%d', ", ")"),
        ("(", ", 1) = (1, 2)"),
        ("(", ", 1) < (1, 2)"),
        ("(", ", 1) IN ((1, 2), (3, 4))"),
    ];
    let mut statements = Vec::new();
    for (open, close) in shapes {
        let levels = if open.contains("OR") { 2 } else { 1 };
        for depth in [990 / levels, 1_100] {
            statements.push(nested("SELECT ", open, close, "a", depth, " FROM t"));
            statements.push(nested("SELECT 1 FROM t WHERE ", open, close, "a", depth, " ORDER BY a"));
        }
    }
    for (sql, result) in statements.iter().zip(run(statements.clone())) {
        let start: String = sql.chars().take(60).collect();
        assert!(is_refused(&result) || is_answer(&result), "{start}: {result}");
    }
}

fn is_answer(result: &str) -> bool {
    result.starts_with("Some(") || result == "None"
}

fn is_refused(result: &str) -> bool {
    let bounds = [
        "Expression tree is too large (maximum depth 1000)",
        "Recursion limit",
        "too many FROM clause terms, max: 200",
    ];
    bounds.contains(&result)
}

#[test]
fn the_widest_statements_run() {
    let union = vec!["SELECT a FROM t"; 500].join(" UNION ALL ");
    let except = vec!["SELECT a FROM t"; 500].join(" EXCEPT ");
    let chain = vec!["a"; 999].join(" AND ");
    let sum = vec!["a"; 999].join(" + ");
    let froms = nested("SELECT * FROM ", "(SELECT * FROM ", ")", "t", 60, "");
    let limits = nested("SELECT * FROM ", "(SELECT * FROM ", " LIMIT 1)", "t", 60, "");
    let inside = nested("SELECT ", "(SELECT ", ")", "a FROM t", 60, "");
    let statements = vec![
        union,
        except,
        format!("SELECT {chain} FROM t"),
        format!("SELECT {sum} FROM t"),
        froms,
        limits,
        inside,
    ];
    for (sql, result) in statements.iter().zip(run(statements.clone())) {
        let start: String = sql.chars().take(60).collect();
        assert!(is_answer(&result), "{start}: {result}");
    }
}

/// `first`, then so many objects that each name the one before, then what is asked of the last one.
fn chain(first: &str, link: impl Fn(usize) -> String, length: usize, last: &str) -> Vec<String> {
    let links = (1..length).map(link);
    std::iter::once(first.to_owned()).chain(links).chain([last.to_owned()]).collect()
}

#[test]
fn what_is_made_of_what_is_made_of_others_runs() {
    let deep = nested("", "abs(", ")", "a", 990, "");
    let view = |value: &str| {
        let value = value.to_owned();
        move |place: usize| format!("CREATE VIEW v{place} AS SELECT {value} AS a FROM v{}", place - 1)
    };
    let first_view = "CREATE VIEW v0 AS SELECT a FROM t";
    let trigger = |place: usize| {
        format!(
            "CREATE TABLE r{place}(a); CREATE TRIGGER g{place} AFTER INSERT ON r{place} BEGIN \
             INSERT INTO r{} VALUES (new.a); END",
            place - 1
        )
    };
    let scripts = [
        chain(first_view, view("a"), 100, "SELECT a FROM v99 WHERE a = 1"),
        chain(first_view, view("a + a"), 60, "SELECT a FROM v59 WHERE a > 1"),
        chain(first_view, view(&deep), 60, "SELECT a FROM v59 WHERE a = 1"),
        chain("CREATE TABLE r0(a)", trigger, 300, "INSERT INTO r299 VALUES (1) RETURNING a"),
        vec![
            format!("CREATE TABLE c(a, b AS ({deep}), CHECK ({deep}))"),
            format!("CREATE INDEX i ON c({deep}) WHERE {deep}"),
            format!("CREATE VIEW w AS SELECT {deep} AS x FROM c WHERE {deep}"),
            "INSERT INTO c VALUES (1) RETURNING b".to_owned(),
            "ALTER TABLE c RENAME COLUMN a TO z".to_owned(),
            "SELECT x FROM w ORDER BY x".to_owned(),
            "EXPLAIN QUERY PLAN SELECT x FROM w ORDER BY x".to_owned(),
            "UPDATE c SET z = 2 WHERE b = 1 RETURNING b".to_owned(),
        ],
    ];
    for script in scripts {
        for (sql, result) in script.iter().zip(run(script.clone())) {
            let start: String = sql.chars().take(60).collect();
            assert!(is_answer(&result), "{start}: {result}");
        }
    }
}

#[test]
fn what_grows_without_bound_is_refused() {
    let generated: Vec<String> =
        (1..60).map(|place| format!("g{place} AS (g{0} + g{0})", place - 1)).collect();
    let tables: Vec<String> = (1..60)
        .map(|place| format!("c{place} AS (SELECT x.a FROM c{0} x, c{0} y LIMIT 1)", place - 1))
        .collect();
    let long: Vec<String> =
        (1..900).map(|place| format!("c{place} AS (SELECT a FROM c{} LIMIT 1)", place - 1)).collect();
    let row = vec!["a"; 1_900].join(", ");
    let statements = vec![
        format!("CREATE TABLE c(g0, {})", generated.join(", ")),
        format!("WITH c0 AS (SELECT a FROM t), {} SELECT a FROM c59", tables.join(", ")),
        format!("WITH c0 AS (SELECT a FROM t), {} SELECT a FROM c899", long.join(", ")),
        format!("SELECT ({row}) < ({row}) FROM t"),
        nested("SELECT ", "(", ", 1) < (1, 2)", "a", 400, " FROM t"),
    ];
    for (sql, result) in statements.iter().zip(run(statements.clone())) {
        let start: String = sql.chars().take(60).collect();
        assert!(is_refused(&result), "{start}: {result}");
    }
}
