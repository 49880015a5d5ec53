use crate::storage::{Profile, Storage, StorageOptions};

fn storage(profile: Profile) -> Storage {
    let options = StorageOptions { profile, ..StorageOptions::default() };
    Storage::in_memory(options).expect("memory suffices")
}

/// The first value of a row, as text.
fn shown(row: &duramen_sql::OwnedRow) -> String {
    match row.get::<_, duramen_sql::Value>(0) {
        Ok(duramen_sql::Value::Text(text)) => String::from_utf8_lossy(text.as_ref()).into_owned(),
        Ok(duramen_sql::Value::Integer(integer)) => integer.to_string(),
        other => format!("{other:?}"),
    }
}

/// The first value of the answer, or the message of the error.
fn outcome(storage: &Storage, sql: &str) -> String {
    let mut cursor = match storage.sql().exec(sql, ()) {
        Ok(cursor) => cursor,
        Err(error) => return error.to_string(),
    };
    match cursor.next() {
        Some(Ok(row)) => shown(&row),
        Some(Err(error)) => error.to_string(),
        None => String::new(),
    }
}

#[test]
fn a_durable_object_may_do_what_its_lists_say() {
    let storage = storage(Profile::DurableObject);
    let cases = [
        ("SELECT upper('a')", "A"),
        ("SELECT power(2, 3)", "not authorized to use function: power at offset 7: SQLITE_ERROR"),
        ("SELECT 1, fts5(1)", "not authorized to use function: fts5 at offset 10: SQLITE_ERROR"),
        ("SELECT median(1)", "no such function: median at offset 7: SQLITE_ERROR"),
        ("SELECT soundex(1)", "no such function: soundex at offset 7: SQLITE_ERROR"),
        ("SELECT load_extension('x')", "not authorized: SQLITE_ERROR"),
        ("PRAGMA user_version", "not authorized: SQLITE_AUTH"),
        ("SELECT * FROM pragma_function_list", "not authorized: SQLITE_AUTH"),
        ("SELECT * FROM pragma_compile_options", "not authorized: SQLITE_AUTH"),
        ("ATTACH 'x' AS y", "not authorized: SQLITE_AUTH"),
        ("CREATE TEMP TABLE t(a)", "not authorized: SQLITE_AUTH"),
        ("CREATE TABLE _cf_t(a)", "not authorized: SQLITE_AUTH"),
        ("VACUUM", "cannot VACUUM from within a transaction: SQLITE_ERROR"),
        ("CREATE TABLE sqlite_t(a)", "object name reserved for internal use: sqlite_t: SQLITE_ERROR"),
    ];
    for (sql, wanted) in cases {
        assert_eq!(outcome(&storage, sql), wanted, "{sql}");
    }
    let refused = outcome(&storage, "BEGIN");
    assert!(refused.starts_with("To execute a transaction, please use") && refused.ends_with("coalescing."));
}

#[test]
fn limits_are_those_of_the_profile() {
    let long = "SELECT length(zeroblob(3000000))";
    assert_eq!(outcome(&storage(Profile::DurableObject), long), "string or blob too big: SQLITE_TOOBIG");
    assert_eq!(outcome(&storage(Profile::WorkerdLocal), long), "3000000");
    let wide = "SELECT length(printf('%.*c', 4000000, 'x'))";
    assert_eq!(outcome(&storage(Profile::WorkerdLocal), wide), "100000");
    assert_eq!(outcome(&storage(Profile::Open), wide), "4000000");
}

#[test]
fn nothing_is_refused_in_the_open_profile() {
    let storage = storage(Profile::Open);
    for sql in ["SELECT power(2, 3), median(1)", "CREATE TEMP TABLE t(a)", "PRAGMA user_version"] {
        assert!(storage.sql().exec(sql, ()).is_ok(), "{sql}");
    }
}

#[test]
fn series_are_not_known_but_in_the_open_profile() {
    let storage = storage(Profile::DurableObject);
    for sql in [
        "SELECT * FROM generate_series(1, 3)",
        "SELECT 1 IN generate_series(1)",
        "SELECT * FROM generate_series",
    ] {
        assert_eq!(outcome(&storage, sql), "no such table: generate_series: SQLITE_ERROR", "{sql}");
    }
    assert_eq!(outcome(&storage, "SELECT * FROM nosuch(1)"), "no such table: nosuch: SQLITE_ERROR");
}

#[test]
fn the_series_is_known_in_the_open_profile() {
    assert_eq!(outcome(&storage(Profile::Open), "SELECT sum(value) FROM generate_series(1, 3)"), "6");
}
