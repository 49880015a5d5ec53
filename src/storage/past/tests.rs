use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_kv::Value;

use crate::storage::{Error, Profile, Result, Storage, StorageOptions};

fn open(io: &Io) -> Result<Storage> {
    open_at(io, "object")
}

fn open_at(io: &Io, path: &str) -> Result<Storage> {
    Storage::open_with(path, StorageOptions { io: Some(io.clone()), ..StorageOptions::default() })
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

/// How many rows the table of the test has.
fn count(storage: &Storage) -> Result<i64> {
    let mut cursor = storage.sql().exec("SELECT count(*) FROM visit", ())?;
    let row = cursor.one()?;
    Ok(row.get(0)?)
}

#[test]
fn another_object_starts_from_a_snapshot_without_its_alarm() -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let source = open_at(&io, "source")?;
    source
        .sql()
        .exec("CREATE TABLE visit (page TEXT UNIQUE); INSERT INTO visit VALUES ('/a'), ('/b')", ())?;
    source.kv().put("k", &Value::from(1))?;
    source.set_alarm(4_102_444_800_000).now()?;
    let earlier = source.get_current_bookmark()?;
    source.sql().exec("DELETE FROM visit", ())?;
    let (then, now) = (source.snapshot(Some(&earlier))?, source.snapshot(None)?);
    source.kv().put("k", &Value::from(2))?;
    source.end_turn()?;

    let target = open_at(&io, "target")?;
    target.kv().put("own", &Value::from(true))?;
    target.set_alarm(4_102_444_800_001).now()?;
    target.on_next_session_restore(&now)?;
    let undo = target.on_next_session_restore(&then)?;
    assert_eq!(target.kv().get("own")?, Some(Value::from(true)), "this session goes on");
    target.kv().put("own", &Value::from(false))?;
    target.end_turn()?;
    drop((target, source, then, now));

    let target = open_at(&io, "target")?;
    assert_eq!((count(&target)?, target.kv().get("k")?), (2, Some(Value::from(1))));
    assert_eq!((target.kv().get("own")?, target.get_alarm().now()?), (None, None));
    target.sql().exec("INSERT INTO visit VALUES ('/c')", ())?;
    assert!(target.sql().exec("INSERT INTO visit VALUES ('/c')", ()).is_err(), "its index came along");
    target.on_next_session_restore_bookmark(&undo)?;
    drop(target);
    let target = open_at(&io, "target")?;
    assert_eq!(target.kv().get("own")?, Some(Value::from(false)));
    assert_eq!(target.get_alarm().now()?, Some(4_102_444_800_001));
    let source = open_at(&io, "source")?;
    assert_eq!((count(&source)?, source.kv().get("k")?), (0, Some(Value::from(2))));
    Ok(())
}

#[test]
fn snapshots_are_of_what_was_written_and_not_taken_over_in_transactions() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    assert!(matches!(storage.snapshot(Some("garbage")), Err(Error::Pitr(_))));
    storage.kv().put("k", &Value::from(1))?;
    let snapshot = storage.snapshot(None)?;
    assert_eq!(snapshot.bookmark().to_string(), storage.get_current_bookmark()?);
    let refused = storage.transaction_sync(|storage| {
        storage.kv().put("k", &Value::from(2))?;
        storage.on_next_session_restore(&snapshot)
    });
    assert!(matches!(refused, Err(Error::RestoreInTransaction)));
    assert_eq!(storage.kv().get("k")?, Some(Value::from(1)));
    Ok(())
}

#[test]
fn one_table_is_restored_at_once() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    storage.sql().exec("CREATE TABLE visit (page TEXT); INSERT INTO visit VALUES ('/a'), ('/b')", ())?;
    storage.kv().put("k", &Value::from(1))?;
    let good = storage.get_current_bookmark()?;
    storage.sql().exec("DELETE FROM visit", ())?;
    storage.kv().put("k", &Value::from(2))?;
    let (undo, restored) = storage.restore_table(&good, "visit")?;
    assert_eq!((count(&storage)?, storage.kv().get("k")?), (2, Some(Value::from(2))));
    assert_eq!((restored.rows, restored.redefined), (2, false));
    storage.restore_table(&undo, "visit")?;
    assert_eq!(count(&storage)?, 0);
    assert!(storage.restore_table(&good, "nothing").is_err());
    storage.sql().exec("INSERT INTO visit VALUES ('/c')", ())?;
    assert_eq!(count(&storage)?, 1, "the session goes on");
    let refused = storage.transaction_sync(|storage| storage.restore_table(&good, "visit"));
    assert!(matches!(refused, Err(Error::RestoreInTransaction)));
    Ok(())
}
