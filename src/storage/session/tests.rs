use duramen_kv::Value;

use crate::storage::{Error, Result, Storage, StorageOptions};

fn storage() -> Result<Storage> {
    Storage::in_memory(StorageOptions::default())
}

#[test]
fn sql_and_values_are_committed_together() -> Result<()> {
    let storage = storage()?;
    storage.sql().exec("CREATE TABLE t (a)", ())?;
    storage.kv().put("k", &Value::from("v"))?;
    storage.end_turn()?;
    assert!(storage.sql().exec("SELECT * FROM t", ())?.to_array()?.is_empty());
    assert_eq!(storage.kv().get("k")?, Some(Value::from("v")));
    Ok(())
}

#[test]
fn a_violated_foreign_key_that_was_put_off_ends_the_session() -> Result<()> {
    let storage = storage()?;
    storage.sql().exec("CREATE TABLE p (a PRIMARY KEY)", ())?;
    storage.sql().exec("CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)", ())?;
    storage.end_turn()?;
    storage.sql().exec("INSERT INTO c VALUES (1)", ())?;
    assert!(matches!(storage.end_turn(), Err(Error::ConstraintsViolated(_))));
    assert!(matches!(storage.kv().get("k"), Err(Error::ConstraintsViolated(_))));
    Ok(())
}

#[test]
fn a_statement_that_rolls_back_loses_the_turn() -> Result<()> {
    let storage = storage()?;
    storage.sql().exec("CREATE TABLE t (a UNIQUE)", ())?;
    storage.end_turn()?;
    storage.sql().exec("INSERT INTO t VALUES (1)", ())?;
    storage.sql().exec("INSERT OR ROLLBACK INTO t VALUES (1)", ()).expect_err("it is there already");
    assert!(storage.sql().exec("SELECT * FROM t", ())?.to_array()?.is_empty());
    assert!(matches!(storage.end_turn(), Err(Error::TurnRolledBack)));
    assert!(matches!(storage.end_turn(), Err(Error::TurnRolledBack)));
    Ok(())
}

#[test]
fn a_new_object_can_be_read_after_its_first_write_was_undone() -> Result<()> {
    let storage = storage()?;
    let undone = storage.transaction_sync(|storage| {
        storage.kv().put("k", &Value::from("v"))?;
        Err::<(), _>(Error::Reentrant)
    });
    assert!(undone.is_err());
    assert!(storage.sql().exec("SELECT name FROM sqlite_master", ())?.to_array()?.is_empty());
    Ok(())
}
