//! What an authorizer is asked, and what its answers do.

use std::sync::{Arc, Mutex};

use duramen_sql::{AuthAction, AuthContext, Authorization, Connection, Error, Value};

/// A connection with two tables, a view, a trigger and a foreign key.
fn sample() -> Connection {
    let connection = Connection::open_in_memory().expect("memory suffices");
    connection
        .execute_batch(
            "PRAGMA foreign_keys = 1;
             CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT);
             CREATE TABLE child(id INTEGER PRIMARY KEY, of REFERENCES parent ON DELETE CASCADE, CHECK (abs(id) > 0));
             CREATE TABLE log(text);
             CREATE VIEW names AS SELECT name FROM parent;
             CREATE TRIGGER told AFTER INSERT ON child BEGIN INSERT INTO log SELECT new.of || name FROM names; END;
             INSERT INTO parent VALUES (1, 'one'), (2, 'two')",
        )
        .expect("it is well formed");
    connection
}

/// What is asked while a statement is prepared, each thing once, in order.
fn asked(connection: &Connection, sql: &str) -> Vec<String> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = asked.clone();
    let hook = move |context: AuthContext<'_>| {
        let mut note = format!("{:?}", context.action);
        if let Some(accessor) = context.accessor {
            note.push_str(&format!(" by {accessor}"));
        }
        let mut notes = notes.lock().expect("nothing panics while it is held");
        if !notes.contains(&note) {
            notes.push(note);
        }
        Authorization::Allow
    };
    connection.authorizer(Some(hook)).expect("the connection is not in use");
    connection.prepare(sql).expect("it is well formed");
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).expect("it is not in use");
    let asked = asked.lock().expect("nothing panics while it is held");
    asked.clone()
}

#[test]
fn a_query_asks_for_its_columns() {
    let connection = sample();
    assert_eq!(
        asked(&connection, "SELECT upper(name) FROM parent WHERE rowid = 1"),
        [
            "Select",
            "Function { function_name: \"upper\" }",
            "Read { table_name: \"parent\", column_name: \"name\" }",
            "Read { table_name: \"parent\", column_name: \"id\" }",
        ]
    );
    assert_eq!(
        asked(&connection, "SELECT count(*) FROM log"),
        [
            "Select",
            "Function { function_name: \"count\" }",
            "Read { table_name: \"log\", column_name: \"\" }",
        ]
    );
}

#[test]
fn what_views_and_triggers_do_is_asked_on_their_behalf() {
    let connection = sample();
    assert_eq!(
        asked(&connection, "INSERT INTO child VALUES (1, 1)"),
        [
            "Insert { table_name: \"child\" }",
            "Read { table_name: \"parent\", column_name: \"id\" }",
            "Insert { table_name: \"log\" } by told",
            "Select by told",
            "Select by names",
            "Read { table_name: \"parent\", column_name: \"name\" } by names",
            "Read { table_name: \"child\", column_name: \"of\" } by told",
            "Read { table_name: \"names\", column_name: \"name\" } by told",
        ]
    );
}

#[test]
fn foreign_keys_and_their_actions_are_asked_for() {
    let connection = sample();
    assert_eq!(
        asked(&connection, "DELETE FROM parent"),
        [
            "Delete { table_name: \"parent\" }",
            "Read { table_name: \"child\", column_name: \"of\" }",
            "Delete { table_name: \"child\" }",
            "Read { table_name: \"parent\", column_name: \"id\" }",
        ]
    );
}

#[test]
fn commands_are_asked_for() {
    let connection = sample();
    let cases = [
        ("BEGIN", "Transaction { operation: Begin }"),
        ("ROLLBACK TO here", "Savepoint { operation: Rollback, savepoint_name: \"here\" }"),
        (
            "PRAGMA main.table_info('log')",
            "Pragma { pragma_name: \"table_info\", pragma_value: Some(\"log\") }",
        ),
        ("ALTER TABLE log ADD COLUMN more", "AlterTable { database_name: \"main\", table_name: \"log\" }"),
        ("ATTACH 'file' AS other", "Attach { filename: \"file\" }"),
        ("ANALYZE log", "Analyze { table_name: \"log\" }"),
    ];
    for (sql, wanted) in cases {
        assert_eq!(asked(&connection, sql), [wanted], "{sql}");
    }
    assert_eq!(
        asked(&connection, "CREATE INDEX by_name ON parent(name)"),
        [
            "Insert { table_name: \"sqlite_master\" }",
            "CreateIndex { index_name: \"by_name\", table_name: \"parent\" }",
            "Reindex { index_name: \"by_name\" }",
        ]
    );
}

/// The sample, with an answer for everything.
fn answering(answer: impl Fn(AuthContext<'_>) -> Authorization + Send + 'static) -> Connection {
    let connection = sample();
    connection.authorizer(Some(answer)).expect("the connection is not in use");
    connection
}

#[test]
fn refusals_have_the_words_of_sqlite() {
    let connection = answering(|context| match context.action {
        AuthAction::Read { table_name: "parent", column_name: "name" | "" } => Authorization::Deny,
        AuthAction::Function { function_name: "upper" | "like" } => Authorization::Deny,
        AuthAction::Insert { table_name: "log" } => Authorization::Deny,
        AuthAction::Transaction { .. } => Authorization::Refuse("not like this".into()),
        AuthAction::Pragma { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    });
    let cases = [
        ("SELECT name FROM parent", "access to parent.name is prohibited", None, "SQLITE_AUTH"),
        ("SELECT * FROM names", "access to parent.name is prohibited", None, "SQLITE_AUTH"),
        ("SELECT count(*) FROM parent", "not authorized", None, "SQLITE_AUTH"),
        ("SELECT UPPER('a')", "not authorized to use function: UPPER", Some(7), "SQLITE_ERROR"),
        ("INSERT INTO child VALUES (5, 1)", "not authorized", None, "SQLITE_AUTH"),
        (
            "CREATE TABLE t(a CHECK (upper(a) = a))",
            "not authorized to use function: upper",
            Some(24),
            "SQLITE_ERROR",
        ),
        ("SELECT * FROM pragma_table_list", "not authorized", None, "SQLITE_AUTH"),
        ("BEGIN", "not like this", None, "SQLITE_AUTH"),
    ];
    for (sql, message, offset, code) in cases {
        let error = connection.run(sql, &[]).expect_err(sql);
        assert_eq!(
            (error.to_string().as_str(), error.offset(), error.code_name()),
            (message, offset, code),
            "{sql}"
        );
        assert_eq!(matches!(error, Error::Refused(_)), sql == "BEGIN");
    }
}

#[test]
fn what_is_ignored_is_left_out() {
    let connection = answering(|context| match context.action {
        AuthAction::Read { column_name: "name", .. }
        | AuthAction::Function { function_name: "lower" }
        | AuthAction::Update { column_name: "name", .. }
        | AuthAction::DropTable { .. }
        | AuthAction::Pragma { .. } => Authorization::Ignore,
        _ => Authorization::Allow,
    });
    let rows = connection.run("SELECT name, lower('A'), id FROM parent", &[]).expect("it is allowed").rows;
    assert_eq!(rows[0], [Value::Null, Value::Null, Value::Integer(1)]);
    connection.run("UPDATE parent SET name = 'x', id = id + 10", &[]).expect("it is allowed");
    connection.run("DROP TABLE log", &[]).expect("nothing happens");
    connection.run("PRAGMA foreign_keys = 0", &[]).expect("nothing happens");
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).expect("it is not in use");
    let rows = connection.run("SELECT id, name FROM parent", &[]).expect("it is well formed").rows;
    assert_eq!(rows[0], [Value::Integer(11), Value::from("one")]);
    assert!(connection.run("SELECT * FROM log", &[]).is_ok());
    let on = connection.run("PRAGMA foreign_keys", &[]).expect("it is well formed").rows;
    assert_eq!(on, [[Value::Integer(1)]]);
}

#[test]
fn statements_are_prepared_anew_for_another_authorizer() {
    let connection = sample();
    let mut kept = connection.prepare("SELECT name FROM parent").expect("it is well formed");
    let mut begin = connection.prepare("BEGIN").expect("it is well formed");
    connection.authorizer(Some(|_: AuthContext<'_>| Authorization::Deny)).expect("it is not in use");
    assert!(matches!(kept.query_row((), |row| row.get::<_, String>(0)), Err(Error::NotAuthorized(_))));
    assert!(matches!(begin.execute(()), Err(Error::NotAuthorized(_))));
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).expect("it is not in use");
    assert_eq!(kept.query_row((), |row| row.get::<_, String>(0)).ok().as_deref(), Some("one"));
}

#[test]
fn stored_definitions_are_asked_about_once() {
    let connection = answering(|context| match context.action {
        AuthAction::Function { function_name: "abs" } => Authorization::Deny,
        _ => Authorization::Allow,
    });
    connection.run("INSERT INTO child VALUES (1, 1)", &[]).expect("the check was allowed when it was made");
}

#[test]
fn the_authorizer_is_asked_again_after_a_panic_in_what_it_was_not_asked_for() {
    let connection = sample();
    connection
        .authorizer(Some(|_: AuthContext<'_>| Authorization::Deny))
        .expect("the connection is not in use");
    let panics = || connection.unasked(|_| -> Result<(), Error> { panic!("in between") });
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
    assert!(connection.prepare("SELECT 1").is_err());
}
