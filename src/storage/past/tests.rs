use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_kv::Value;

use crate::storage::{Error, Profile, Result, Storage, StorageOptions};

fn open(io: &Io) -> Result<Storage> {
    Storage::open_with("object", StorageOptions { io: Some(io.clone()), ..StorageOptions::default() })
}

#[test]
fn the_next_session_starts_from_the_bookmark_and_that_can_be_undone() -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let storage = open(&io)?;
    storage.kv().put("k", &Value::from(1))?;
    let first = storage.get_current_bookmark()?;
    storage.kv().put("k", &Value::from(2))?;
    assert!(storage.get_current_bookmark()? > first);
    let undo = storage.on_next_session_restore_bookmark(&first)?;
    assert_eq!(storage.kv().get("k")?, Some(Value::from(2)));
    drop(storage);

    let storage = open(&io)?;
    assert_eq!(storage.kv().get("k")?, Some(Value::from(1)));
    storage.on_next_session_restore_bookmark(&undo)?;
    drop(storage);

    let storage = open(&io)?;
    assert_eq!(storage.kv().get("k")?, Some(Value::from(2)));
    drop(storage);
    assert_eq!(open(&io)?.kv().get("k")?, Some(Value::from(2)));
    Ok(())
}

#[test]
fn what_is_no_bookmark_is_refused() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    assert!(matches!(storage.on_next_session_restore_bookmark("garbage"), Err(Error::Pitr(_))));
    Ok(())
}

#[test]
fn the_local_runtime_counts() -> Result<()> {
    let storage =
        Storage::in_memory(StorageOptions { profile: Profile::WorkerdLocal, ..StorageOptions::default() })?;
    let zero = "00000000-00000000-00000000-00000000000000000000000000000000";
    assert_eq!(storage.get_current_bookmark()?, zero);
    assert_eq!(storage.get_current_bookmark()?, zero.replacen("-00000000-", "-00000001-", 1));
    storage.delete_all()?;
    assert_eq!(storage.get_current_bookmark()?, zero);
    Ok(())
}
