use super::*;
use crate::storage::{Result, Storage, StorageOptions};

fn storage() -> Result<Storage> {
    Storage::in_memory(StorageOptions::default())
}

fn failure(storage: &Storage, text: &str) -> String {
    storage.sql().exec(text, ()).map(drop).expect_err(text).to_string()
}

fn count(storage: &Storage, table: &str) -> Result<i64> {
    Ok(storage.sql().exec(&format!("SELECT count(*) FROM {table}"), ())?.one()?.get(0)?)
}

#[test]
fn statements_run_one_after_the_other() -> Result<()> {
    let storage = storage()?;
    let mut rows =
        storage.sql().exec("CREATE TABLE t (a); INSERT INTO t VALUES (7); SELECT a + ? FROM t; \n", [1])?;
    assert_eq!(rows.one()?.get::<_, i64>(0)?, 8);
    Ok(())
}

#[test]
fn what_came_before_a_failure_stays() -> Result<()> {
    let storage = storage()?;
    let text =
        "CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO u VALUES (1); INSERT INTO t VALUES (2)";
    assert_eq!(failure(&storage, text), "no such table: u: SQLITE_ERROR");
    assert_eq!(count(&storage, "t")?, 1);
    let text = "INSERT INTO t VALUES (2); INSERT INTO t VALUES (?); SELECT 1";
    assert!(matches!(storage.sql().exec(text, [3]), Err(Error::ParametersBeforeLast)));
    assert_eq!(count(&storage, "t")?, 2);
    Ok(())
}

#[test]
fn an_empty_statement_is_none() -> Result<()> {
    let storage = storage()?;
    for text in
        ["", " ", ";", ";;", "-- x", "/* x */ ;", "SELECT 1; -- x", "SELECT 1;; SELECT 2", "SELECT 1; /* "]
    {
        assert_eq!(failure(&storage, text), "SQL code did not contain a statement.", "{text:?}");
    }
    for text in ["SELECT 1 -- x", "SELECT 1 /* x */; ", "-- x\nSELECT 1", "/* ; */ SELECT 1;\u{b}\u{c}"] {
        storage.sql().exec(text, ())?;
    }
    Ok(())
}

#[test]
fn as_many_parameters_as_the_highest_number() -> Result<()> {
    let storage = storage()?;
    assert!(matches!(storage.sql().exec("SELECT ?3", [1, 2]), Err(Error::WrongParameterCount)));
    assert!(matches!(storage.sql().exec("SELECT 1", [1]), Err(Error::WrongParameterCount)));
    assert_eq!(storage.sql().exec("SELECT ?3", [1, 2, 3])?.one()?.get::<_, i64>(0)?, 3);
    Ok(())
}

#[test]
fn errors_name_place_and_codes() -> Result<()> {
    let storage = storage()?;
    assert_eq!(failure(&storage, "SELECT unknown(1)"), "no such function: unknown at offset 7: SQLITE_ERROR");
    storage.sql().exec("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)", ())?;
    assert_eq!(
        failure(&storage, "INSERT INTO t VALUES (1)"),
        "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    );
    Ok(())
}

#[test]
fn an_empty_object_takes_a_page() -> Result<()> {
    let size = storage()?.sql().database_size()?;
    assert!(size > 0 && size.is_multiple_of(4096));
    Ok(())
}
