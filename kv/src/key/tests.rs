use super::Limits;
use crate::error::Error;
use crate::value::{ArrayBuffer, Value};

#[test]
fn the_older_store() {
    let limits = Limits::KEY_VALUE_BACKED;
    limits.check_key(&"k".repeat(2048)).unwrap();
    assert!(matches!(limits.check_key(&"é".repeat(1025)), Err(Error::KeyTooLarge { len: 2050, max: 2048 })));
    // What is said to fit does: the stored form of 128 KiB is a little longer.
    let longest = Value::from(ArrayBuffer::from(vec![0; 128 << 10])).to_bytes().unwrap();
    limits.check_entry(&"k".repeat(2048), longest.len()).unwrap();
    limits.check_entry("k", 131_072 + 34).unwrap();
    assert!(matches!(
        limits.check_entry("k", 131_072 + 35),
        Err(Error::ValueTooLarge { len: 131_107, max: 131_072 })
    ));
    assert!(matches!(limits.check_entry(&"k".repeat(2049), 0), Err(Error::KeyTooLarge { .. })));
    limits.check_batch(128).unwrap();
    assert!(matches!(limits.check_batch(129), Err(Error::TooManyKeys { count: 129, max: 128 })));
}

#[test]
fn backed_by_sql() {
    let limits = Limits::default();
    limits.check_entry("", 2 << 20).unwrap();
    assert!(matches!(limits.check_entry("k", 2 << 20), Err(Error::EntryTooLarge { .. })));
    limits.check_entry(&"k".repeat(1 << 20), 1 << 20).unwrap();
    limits.check_batch(1_000_000).unwrap();
}

#[test]
fn the_engine_limits_hold_always() {
    let limits = Limits::UNLIMITED;
    limits.check_entry(&"k".repeat(5000), 1 << 30).unwrap();
    assert!(matches!(limits.check_entry("k", (1 << 30) + 1), Err(Error::ValueTooLarge { .. })));
    assert!(matches!(limits.check_key(&"k".repeat((16 << 20) + 1)), Err(Error::KeyTooLarge { .. })));
}
