use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_kv::Value;

use crate::storage::{CallOptions, Result, Storage, StorageOptions};

fn open(io: &Io) -> Result<Storage> {
    Storage::open_with(
        Path::new("object"),
        StorageOptions { io: Some(io.clone()), ..StorageOptions::default() },
    )
}

#[test]
fn what_is_not_committed_is_gone_with_the_session() -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let storage = open(&io)?;
    storage.kv().put("first", &Value::from(1))?;
    storage.sync().wait()?;
    storage.kv().put("second", &Value::from(2))?;
    storage.abort("enough")?;
    assert!(storage.sync().wait().is_err());
    drop(storage);
    let storage = open(&io)?;
    assert_eq!(storage.kv().get("first")?, Some(Value::from(1)));
    assert_eq!(storage.kv().get("second")?, None);
    Ok(())
}

#[test]
fn replies_do_not_wait_for_what_is_unconfirmed() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    let options = CallOptions { allow_unconfirmed: true, ..CallOptions::default() };
    storage.with(options).put("k", &Value::from(1)).now()?;
    assert!(matches!(storage.gate().state, Ok(None)));
    storage.with(options).put("k", &Value::from(2)).now()?;
    storage.put("l", &Value::from(2)).now()?;
    storage.gate().wait()
}
