use duramen_kv::{ListOptions, Value};

use crate::storage::{Backend, Error, Result, Storage, StorageOptions};

fn names(storage: &Storage) -> Result<Vec<String>> {
    let rows = storage.sql().exec("SELECT name FROM sqlite_master", ())?;
    rows.map(|row| Ok(row?.get(0)?)).collect()
}

#[test]
fn a_value_is_there_until_it_is_removed() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    let kv = storage.kv();
    assert_eq!(kv.get("k")?, None);
    kv.put("k", &Value::from("v"))?;
    assert_eq!(kv.get("k")?, Some(Value::from("v")));
    assert!(kv.delete("k")?);
    assert!(!kv.delete("k")?);
    assert_eq!(kv.get("k")?, None);
    Ok(())
}

#[test]
fn types_go_in_and_out() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    storage.kv().put_as("k", &("Turing", 1912))?;
    assert_eq!(storage.kv().get_as("k")?, Some(("Turing".to_owned(), 1912)));
    assert_eq!(storage.kv().count(&ListOptions::default())?, 1);
    Ok(())
}

#[test]
fn the_first_write_makes_the_table_that_stands_for_the_values() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    storage.kv().get("k")?;
    assert!(names(&storage)?.is_empty());
    let undone = storage.transaction_sync(|storage| {
        storage.kv().put("k", &Value::from("v"))?;
        assert_eq!(names(storage)?, ["_cf_KV"]);
        Err::<(), _>(Error::Reentrant)
    });
    assert!(undone.is_err());
    assert!(names(&storage)?.is_empty());
    storage.kv().delete("k")?;
    assert_eq!(names(&storage)?, ["_cf_KV"]);
    Ok(())
}

#[test]
fn an_object_of_the_older_kind_has_no_plain_calls() -> Result<()> {
    let options = StorageOptions { backend: Backend::KeyValue, ..StorageOptions::default() };
    let storage = Storage::in_memory(options)?;
    assert!(matches!(storage.kv().get("k"), Err(Error::NotSqlBacked(_))));
    Ok(())
}
