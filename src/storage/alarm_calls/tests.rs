use std::sync::{Arc, Mutex, PoisonError};

use duramen_engine::{Database, Durability, Options};

use crate::storage::alarm::Alarm;
use crate::storage::{AlarmHook, AlarmOnDelete, AlarmOutcome, Error, Result, Storage, StorageOptions};

/// A time in a future that is far away, and the one after it.
const FUTURE: i64 = 4_102_444_800_000;
const LATER: i64 = FUTURE + 1;

/// What a hook was told.
#[derive(Default)]
struct Told(Mutex<Vec<Option<i64>>>);

impl AlarmHook for Told {
    fn alarm_at(&self, time_ms: Option<i64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(time_ms);
    }
}

impl Told {
    fn take(&self) -> Vec<Option<i64>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn storage() -> Result<Storage> {
    Storage::in_memory(StorageOptions::default())
}

#[test]
fn times_that_cannot_be_are_refused() -> Result<()> {
    let storage = storage()?;
    assert!(matches!(storage.set_alarm(0).now(), Err(Error::AlarmTimeNotPositive)));
    assert!(matches!(storage.set_alarm(9_223_372_036_855).now(), Err(Error::AlarmTimeTooLate)));
    storage.set_alarm(9_223_372_036_854).now()?;
    assert_eq!(storage.get_alarm().now()?, Some(9_223_372_036_854));
    storage.delete_alarm().now()?;
    assert_eq!(storage.get_alarm().now()?, None);
    Ok(())
}

#[test]
fn a_part_that_is_undone_leaves_the_alarm_as_it_was() -> Result<()> {
    let storage = storage()?;
    let undone = storage.transaction_sync(|storage| {
        storage.set_alarm(FUTURE).now()?;
        Err::<(), _>(Error::Reentrant)
    });
    assert!(undone.is_err());
    assert_eq!(storage.get_alarm().now()?, None);
    Ok(())
}

#[test]
fn the_hook_learns_of_what_is_committed() -> Result<()> {
    let told = Arc::new(Told::default());
    let storage =
        Storage::in_memory(StorageOptions { alarm_hook: Some(told.clone()), ..StorageOptions::default() })?;
    storage.set_alarm(LATER).now()?;
    assert!(told.take().is_empty());
    storage.end_turn()?;
    assert_eq!(told.take(), [Some(LATER)]);
    storage.set_alarm(LATER).now()?;
    storage.set_alarm(FUTURE).now()?;
    storage.end_turn()?;
    assert_eq!(told.take(), [Some(FUTURE)]);
    storage.delete_alarm().now()?;
    storage.end_turn()?;
    assert_eq!(told.take(), [None]);
    Ok(())
}

#[test]
fn a_run_that_went_well_removes_the_alarm() -> Result<()> {
    let storage = storage()?;
    storage.set_alarm(1).now()?;
    storage.end_turn()?;
    assert!(storage.start_alarm()?.is_some());
    assert_eq!(storage.get_alarm().now()?, None);
    storage.finish_alarm(AlarmOutcome::Done)?;
    assert_eq!(storage.start_alarm()?, None);
    Ok(())
}

#[test]
fn a_run_that_failed_leaves_the_alarm_set() -> Result<()> {
    let storage = storage()?;
    storage.set_alarm(1).now()?;
    let time = storage.start_alarm()?;
    assert!(time.is_some());
    storage.finish_alarm(AlarmOutcome::Retry)?;
    assert_eq!(storage.get_alarm().now()?, time);
    Ok(())
}

#[test]
fn an_alarm_that_is_set_by_the_handler_stays() -> Result<()> {
    let storage = storage()?;
    storage.set_alarm(1).now()?;
    assert!(storage.start_alarm()?.is_some());
    let undone = storage.transaction_sync(|storage| {
        storage.set_alarm(FUTURE).now()?;
        Err::<(), _>(Error::Reentrant)
    });
    assert!(undone.is_err());
    assert_eq!(storage.get_alarm().now()?, None);
    storage.set_alarm(FUTURE).now()?;
    storage.finish_alarm(AlarmOutcome::Done)?;
    assert_eq!(storage.get_alarm().now()?, Some(FUTURE));
    assert_eq!(storage.start_alarm()?, None);
    Ok(())
}

#[test]
fn an_alarm_that_the_handler_deletes_is_not_run_again() -> Result<()> {
    let storage = storage()?;
    storage.set_alarm(1).now()?;
    assert!(storage.start_alarm()?.is_some());
    storage.delete_alarm().now()?;
    storage.finish_alarm(AlarmOutcome::Retry)?;
    assert_eq!(storage.get_alarm().now()?, None);
    Ok(())
}

#[test]
fn deleting_everything_deletes_the_alarm_unless_it_is_kept() -> Result<()> {
    for (alarm_on_delete, left) in [(AlarmOnDelete::Delete, None), (AlarmOnDelete::Keep, Some(FUTURE))] {
        let storage = Storage::in_memory(StorageOptions { alarm_on_delete, ..StorageOptions::default() })?;
        storage.set_alarm(FUTURE).now()?;
        storage.delete_all()?;
        assert_eq!(storage.get_alarm().now()?, left);
    }
    Ok(())
}

#[test]
fn an_alarm_with_any_number_may_be_set_again_by_its_handler() -> Result<()> {
    let database = Database::in_memory(Options::default())?;
    let mut txn = database.begin_write()?;
    Alarm { time_ms: 1, number: u64::MAX }.write(&mut txn)?;
    txn.commit(Durability::Immediate)?;
    let storage = Storage::on(database, StorageOptions::default())?;
    assert_eq!(storage.start_alarm()?, Some(1));
    storage.set_alarm(FUTURE).now()?;
    storage.finish_alarm(AlarmOutcome::Done)?;
    assert_eq!(storage.get_alarm().now()?, Some(FUTURE));
    Ok(())
}
