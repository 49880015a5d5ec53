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
        let too_deep =
            ["Expression tree is too large (maximum depth 1000)", "Recursion limit"].contains(&&*result);
        let start: String = sql.chars().take(60).collect();
        assert!(too_deep || result.starts_with("Some(") || result == "None", "{start}: {result}");
    }
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
        assert!(result.starts_with("Some(") || result == "None", "{start}: {result}");
    }
}
