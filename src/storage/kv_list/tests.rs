use duramen_kv::{ListOptions, Value};

use crate::storage::{Error, Result, Storage, StorageOptions};

/// A storage with the keys `k00` to `k99`.
fn storage() -> Result<Storage> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    for number in 0..100 {
        storage.kv().put_as(&format!("k{number:02}"), &number)?;
    }
    Ok(storage)
}

fn keys(list: impl Iterator<Item = Result<(String, Value)>>) -> Result<Vec<String>> {
    list.map(|entry| entry.map(|(key, _)| key)).collect()
}

#[test]
fn all_are_given_in_both_directions() -> Result<()> {
    let storage = storage()?;
    let mut forward = keys(storage.kv().list(&ListOptions::default())?)?;
    assert_eq!(forward.len(), 100);
    assert!(forward.is_sorted());
    let options = ListOptions { reverse: true, ..ListOptions::default() };
    let backward = keys(storage.kv().list(&options)?)?;
    forward.reverse();
    assert_eq!(backward, forward);
    Ok(())
}

#[test]
fn the_limit_counts_from_the_start() -> Result<()> {
    let storage = storage()?;
    let options = ListOptions { start_after: Some("k10"), limit: Some(70), ..ListOptions::default() };
    let found = keys(storage.kv().list(&options)?)?;
    assert_eq!(found.len(), 70);
    assert_eq!(found.first().map(String::as_str), Some("k11"));
    Ok(())
}

#[test]
fn what_is_written_ahead_is_seen() -> Result<()> {
    let storage = storage()?;
    let mut list = storage.kv().list(&ListOptions::default())?;
    list.next().transpose()?;
    storage.kv().delete("k01")?;
    storage.kv().put_as("k02a", &true)?;
    let rest = keys(list.take(3))?;
    assert_eq!(rest, ["k02", "k02a", "k03"]);
    Ok(())
}

#[test]
fn a_rollback_is_seen() -> Result<()> {
    let storage = storage()?;
    let mut list = storage.kv().list(&ListOptions::default())?;
    let undone = storage.transaction_sync(|storage| {
        storage.kv().delete("k01")?;
        assert_eq!(list.next().transpose()?.map(|(key, _)| key).as_deref(), Some("k00"));
        Err::<(), _>(Error::Reentrant)
    });
    assert!(undone.is_err());
    assert_eq!(list.next().transpose()?.map(|(key, _)| key).as_deref(), Some("k01"));
    Ok(())
}

#[test]
fn another_list_ends_it() -> Result<()> {
    let storage = storage()?;
    let mut first = storage.kv().list(&ListOptions::default())?;
    first.next().transpose()?;
    let mut second = storage.kv().list(&ListOptions::default())?;
    assert!(matches!(first.next(), Some(Err(Error::ListEnded))));
    assert!(first.next().is_none());
    second.next().transpose()?;
    storage.list(&ListOptions::default()).now()?;
    assert!(matches!(second.next(), Some(Err(Error::ListEnded))));
    Ok(())
}

#[test]
fn deleting_everything_ends_it() -> Result<()> {
    let storage = storage()?;
    let mut list = storage.kv().list(&ListOptions::default())?;
    storage.delete_all()?;
    assert!(matches!(list.next(), Some(Err(Error::ListDeleted))));
    Ok(())
}
