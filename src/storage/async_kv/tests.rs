use duramen_kv::{ListOptions, Value};

use crate::storage::{Backend, Error, Result, Storage, StorageOptions};

#[test]
fn calls_act_when_they_are_made() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    drop(storage.put("a", &Value::from(1)));
    drop(storage.put_many(&[("b", Value::from(2)), ("c", Value::from(3))]));
    assert_eq!(storage.get("a").now()?, Some(Value::from(1)));
    assert_eq!(storage.get_many(&["c", "x", "b", "c"]).now()?.len(), 2);
    assert!(storage.delete("a").now()?);
    assert_eq!(storage.delete_many(&["b", "b", "x"]).now()?, 1);
    assert_eq!(storage.list(&ListOptions::default()).now()?, [("c".to_owned(), Value::from(3))]);
    Ok(())
}

#[test]
fn of_several_entries_all_or_none_are_put() -> Result<()> {
    let options = StorageOptions { backend: Backend::KeyValue, ..StorageOptions::default() };
    let storage = Storage::in_memory(options)?;
    let long = Value::from("x".repeat(200_000).as_str());
    let error = storage.put_many(&[("a", Value::from(1)), ("b", long)]).now().expect_err("it is too long");
    assert_eq!(
        error.to_string(),
        "Values cannot be larger than 131072 bytes. A value of size 200006 was provided."
    );
    assert!(storage.list(&ListOptions::default()).now()?.is_empty());
    let many: Vec<String> = (0..129).map(|number| number.to_string()).collect();
    assert!(matches!(storage.delete_many(&many).now(), Err(Error::Kv(_))));
    Ok(())
}

#[test]
fn an_object_of_the_older_kind_is_made_one_of_the_other() -> Result<()> {
    let options = StorageOptions { backend: Backend::KeyValue, ..StorageOptions::default() };
    let storage = Storage::in_memory(options)?;
    storage.put("k", &Value::from("v")).now()?;
    storage.set_alarm(4_102_444_800_000).now()?;
    storage.migrate_to_sql()?;
    assert_eq!(storage.backend()?, Backend::Sql);
    assert_eq!(storage.kv().get("k")?, Some(Value::from("v")));
    assert_eq!(storage.get_alarm().now()?, Some(4_102_444_800_000));
    let mut names = storage.sql().exec("SELECT name FROM sqlite_master", ())?;
    assert_eq!(names.one()?.get::<_, String>(0)?, "_cf_KV");
    Ok(())
}
