use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_kv::Value;

use crate::storage::{Result, Storage, StorageOptions};

fn integer(storage: &Storage, query: &str) -> Result<i64> {
    Ok(storage.sql().exec(query, ())?.one()?.get(0)?)
}

#[test]
fn nothing_is_left_and_what_follows_is_kept() -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let open =
        || Storage::open_with("object", StorageOptions { io: Some(io.clone()), ..StorageOptions::default() });
    let storage = open()?;
    storage.sql().exec("CREATE TABLE t (v)", ())?;
    storage.sql().exec("CREATE TABLE u (v)", ())?;
    storage.sql().exec("INSERT INTO t VALUES (1)", ())?;
    storage.sql().exec("PRAGMA case_sensitive_like = ON", ())?;
    storage.kv().put("k", &Value::from(1))?;
    storage.end_turn()?;
    let cursor = storage.sql().exec("SELECT v FROM t", ())?;
    storage.delete_all()?;
    assert!(storage.sql().exec("SELECT name FROM sqlite_master", ())?.to_array()?.is_empty());
    assert_eq!(storage.kv().get("k")?, None);
    assert!(storage.sql().exec("SELECT v FROM t", ()).is_err());
    assert_eq!(integer(&storage, "SELECT 'a' LIKE 'A'")?, 1);
    drop(cursor);
    storage.sql().exec("CREATE TABLE t (w)", ())?;
    storage.sql().exec("INSERT INTO t VALUES (9)", ())?;
    storage.kv().put("l", &Value::from(2))?;
    storage.sync().wait()?;
    drop(storage);
    let storage = open()?;
    assert_eq!(integer(&storage, "SELECT w FROM t")?, 9);
    assert!(storage.sql().exec("SELECT * FROM u", ()).is_err());
    assert_eq!(storage.kv().get("k")?, None);
    assert_eq!(storage.kv().get("l")?, Some(Value::from(2)));
    Ok(())
}

#[test]
fn it_is_undone_with_its_turn() -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let open =
        || Storage::open_with("object", StorageOptions { io: Some(io.clone()), ..StorageOptions::default() });
    let storage = open()?;
    storage.kv().put("k", &Value::from(1))?;
    storage.sync().wait()?;
    storage.delete_all()?;
    storage.abort("enough")?;
    drop(storage);
    assert_eq!(open()?.kv().get("k")?, Some(Value::from(1)));
    Ok(())
}
