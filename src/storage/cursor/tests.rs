use crate::storage::{Error, Result, Storage, StorageOptions};

fn numbers() -> Result<Storage> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    storage
        .sql()
        .exec("CREATE TABLE n (v INTEGER PRIMARY KEY); INSERT INTO n VALUES (1), (2), (3), (4), (5)", ())?;
    Ok(storage)
}

/// The integers in the first column.
fn integers(rows: impl Iterator<Item = Result<duramen_sql::OwnedRow>>) -> Result<Vec<i64>> {
    rows.map(|row| Ok(row?.get(0)?)).collect()
}

#[test]
fn a_cursor_is_one_row_ahead() -> Result<()> {
    let storage = numbers()?;
    let mut rows = storage.sql().exec("SELECT v FROM n", ())?;
    assert_eq!(rows.rows_read()?, 1);
    assert_eq!(integers(rows.by_ref().take(2))?, [1, 2]);
    assert_eq!(rows.rows_read()?, 3);
    storage.sql().exec("DELETE FROM n WHERE v IN (3, 4)", ())?;
    assert_eq!(integers(rows.by_ref())?, [3, 5]);
    assert!(rows.to_array()?.is_empty());
    assert_eq!(rows.column_names(), ["v"]);
    Ok(())
}

#[test]
fn cursors_of_one_text_are_apart() -> Result<()> {
    let storage = numbers()?;
    let mut first = storage.sql().exec("SELECT v FROM n", ())?;
    assert_eq!(integers(first.by_ref().take(1))?, [1]);
    let second = storage.sql().exec("SELECT v FROM n", ())?;
    assert_eq!(integers(second)?, [1, 2, 3, 4, 5]);
    assert_eq!(integers(first)?, [2, 3, 4, 5]);
    Ok(())
}

#[test]
fn one_is_the_only_row_that_is_left() -> Result<()> {
    let storage = numbers()?;
    assert_eq!(storage.sql().exec("SELECT v FROM n WHERE v = 2", ())?.one()?.get::<_, i64>("V")?, 2);
    assert!(matches!(storage.sql().exec("SELECT v FROM n WHERE v = 9", ())?.one(), Err(Error::NoRow)));
    let mut rows = storage.sql().exec("SELECT v FROM n", ())?;
    assert!(matches!(rows.one(), Err(Error::SeveralRows)));
    assert!(rows.next().is_none());
    storage.sql().exec("DROP TABLE n", ())?;
    Ok(())
}

#[test]
fn changes_are_made_before_the_first_row() -> Result<()> {
    let storage = numbers()?;
    let rows = storage.sql().exec("INSERT INTO n VALUES (6), (7) RETURNING v", ())?;
    assert_eq!(storage.sql().exec("SELECT count(*) FROM n", ())?.one()?.get::<_, i64>(0)?, 7);
    assert_eq!(integers(rows)?, [6, 7]);
    Ok(())
}

#[test]
fn an_open_query_keeps_its_table() -> Result<()> {
    let storage = numbers()?;
    let rows = storage.sql().exec("SELECT v FROM n", ())?;
    let error = storage.sql().exec("DROP TABLE n", ()).map(drop).expect_err("it is read");
    assert_eq!(error.to_string(), "database table is locked: SQLITE_LOCKED");
    assert_eq!(integers(rows)?, [1, 2, 3, 4, 5]);
    storage.sql().exec("DROP TABLE n", ())?;
    Ok(())
}

#[test]
fn an_error_in_a_row_is_met_one_row_before() -> Result<()> {
    let storage = numbers()?;
    let mut rows =
        storage.sql().exec("SELECT abs(CASE v WHEN 3 THEN -9223372036854775808 ELSE v END) FROM n", ())?;
    assert_eq!(integers(rows.by_ref().take(1))?, [1]);
    let error = rows.next().expect("an error").expect_err("the row after it fails");
    assert_eq!(error.to_string(), "integer overflow: SQLITE_ERROR");
    assert!(rows.next().is_none());
    Ok(())
}
