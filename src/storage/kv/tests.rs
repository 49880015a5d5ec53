use duramen_kv::Value;

use crate::storage::{Result, Storage, StorageOptions};

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
