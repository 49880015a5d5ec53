use std::cell::Cell;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use duramen_kv::{ListOptions, Value};

use crate::storage::{Error, Result, Storage, StorageOptions, Transaction};

fn storage() -> Result<Storage> {
    Storage::in_memory(StorageOptions::default())
}

fn keys(storage: &Storage) -> Result<Vec<String>> {
    Ok(storage.list(&ListOptions::default()).now()?.into_iter().map(|(key, _)| key).collect())
}

fn put(storage: &Storage, key: &str) -> Result<()> {
    storage.put(key, &Value::from(true)).now()
}

/// Polls once.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future that has nothing to wait for.
fn run<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("there was nothing to wait for"),
    }
}

/// Is ready when it is polled for the second time.
async fn pause() {
    let polled = Cell::new(false);
    poll_fn(|_| if polled.replace(true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[test]
fn parts_that_fail_are_undone_by_themselves() -> Result<()> {
    let storage = storage()?;
    storage.transaction_sync(|storage| {
        put(storage, "a")?;
        let inner = storage.transaction_sync(|storage| {
            put(storage, "b")?;
            Err::<(), _>(Error::Reentrant)
        });
        assert!(inner.is_err());
        storage.transaction_sync(|storage| put(storage, "c"))?;
        put(storage, "d")
    })?;
    assert_eq!(keys(&storage)?, ["a", "c", "d"]);
    Ok(())
}

#[test]
fn a_panic_undoes_its_part() -> Result<()> {
    let storage = storage()?;
    put(&storage, "before")?;
    let panicked = std::panic::catch_unwind(|| {
        storage.transaction_sync(|storage| {
            put(storage, "in")?;
            panic!("on purpose");
            #[expect(unreachable_code, reason = "says the type of the error")]
            Ok::<(), Error>(())
        })
    });
    assert!(panicked.is_err());
    assert_eq!(keys(&storage)?, ["before"]);
    Ok(())
}

#[test]
fn a_statement_that_rolls_back_fails_the_parts_around_it() -> Result<()> {
    let storage = storage()?;
    storage.sql().exec("CREATE TABLE t (a UNIQUE)", ())?;
    storage.sql().exec("INSERT INTO t VALUES (1)", ())?;
    storage.end_turn()?;
    let result = storage.transaction_sync(|storage| {
        storage.sql().exec("INSERT OR ROLLBACK INTO t VALUES (1)", ()).expect_err("it is there already");
        put(storage, "after")
    });
    assert!(matches!(result, Err(Error::TurnRolledBack)));
    assert!(matches!(storage.end_turn(), Err(Error::TurnRolledBack)));
    Ok(())
}

#[test]
fn a_rollback_ends_queries_that_have_a_row_to_come() -> Result<()> {
    let storage = storage()?;
    storage.sql().exec("CREATE TABLE t (a)", ())?;
    storage.sql().exec("INSERT INTO t VALUES (1), (2), (3)", ())?;
    let mut cursor = storage.sql().exec("SELECT a FROM t", ())?;
    let undone = storage.transaction_sync(|_| Err::<(), _>(Error::Reentrant));
    assert!(undone.is_err());
    assert!(matches!(cursor.to_array(), Err(Error::Sql(duramen_sql::Error::RolledBack))));
    Ok(())
}

#[test]
fn what_was_written_before_is_not_undone() -> Result<()> {
    let storage = storage()?;
    put(&storage, "before")?;
    let failed: Result<()> = run(storage.transaction(async |transaction: Transaction| {
        assert!(transaction.get("before").await?.is_some());
        transaction.put("in", &Value::from(1)).await?;
        put(&storage, "beside")?;
        Err(Error::Reentrant)
    }));
    assert!(failed.is_err());
    assert_eq!(keys(&storage)?, ["before"]);
    Ok(())
}

#[test]
fn after_a_rollback_the_storage_goes_on() -> Result<()> {
    let storage = storage()?;
    run(storage.transaction(async |transaction: Transaction| {
        transaction.put("undone", &Value::from(1)).await?;
        transaction.rollback()?;
        let error = transaction.get("undone").await.expect_err("it is over");
        assert_eq!(error.to_string(), "Cannot get() on rolled back transaction");
        transaction.rollback()?;
        put(&storage, "kept")
    }))?;
    assert_eq!(keys(&storage)?, ["kept"]);
    Ok(())
}

#[test]
fn one_that_is_over_says_so() -> Result<()> {
    let storage = storage()?;
    let transaction = run(storage.transaction(async |transaction: Transaction| Ok::<_, Error>(transaction)))?;
    let text = "Cannot call put() on transaction that has already committed: did you move `txn` outside of the closure?";
    assert_eq!(transaction.put("k", &Value::from(1)).now().expect_err("it is over").to_string(), text);
    assert!(matches!(transaction.rollback(), Err(Error::Committed { method: "rollback" })));
    Ok(())
}

#[test]
fn inner_ones_are_undone_by_themselves() -> Result<()> {
    let storage = storage()?;
    run(storage.transaction(async |outer: Transaction| {
        outer.put("a", &Value::from(1)).await?;
        let inner: Result<()> = storage
            .transaction(async |inner: Transaction| {
                inner.put("b", &Value::from(1)).await?;
                assert!(matches!(outer.rollback(), Err(Error::InnerTransactionRuns)));
                Err(Error::Reentrant)
            })
            .await;
        assert!(inner.is_err());
        outer.put("c", &Value::from(1)).await
    }))?;
    assert_eq!(keys(&storage)?, ["a", "c"]);
    Ok(())
}

#[test]
fn one_that_panicked_inside_does_not_stand_before_the_next() -> Result<()> {
    let storage = storage()?;
    run(storage.transaction(async |outer: Transaction| {
        let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            run(storage.transaction(async |_: Transaction| {
                panic!("on purpose");
                #[expect(unreachable_code, reason = "says the type of the error")]
                Ok::<(), Error>(())
            }))
        }));
        assert!(panicked.is_err());
        storage.transaction(async |inner: Transaction| inner.put("k", &Value::from(1)).await).await?;
        assert!(outer.get("k").await?.is_some());
        Ok::<(), Error>(())
    }))
}

#[test]
fn one_that_is_begun_elsewhere_waits() -> Result<()> {
    let storage = storage()?;
    let mut first = pin!(storage.transaction(async |transaction: Transaction| {
        transaction.put("first", &Value::from(1)).await?;
        pause().await;
        Err::<(), _>(Error::Reentrant)
    }));
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(
        storage
            .transaction(async |transaction: Transaction| transaction.put("second", &Value::from(1)).await)
    );
    assert!(poll(second.as_mut()).is_pending());
    assert!(matches!(poll(first.as_mut()), Poll::Ready(Err(Error::Reentrant))));
    assert!(matches!(poll(second.as_mut()), Poll::Ready(Ok(()))));
    assert_eq!(keys(&storage)?, ["second"]);
    Ok(())
}

/// Uses the storage as soon as it is woken.
struct Eager {
    storage: Storage,
    found: Mutex<Vec<Result<Vec<String>>>>,
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        let found = keys(&self.storage);
        self.found.lock().expect("nobody panicked").push(found);
    }
}

#[test]
fn whoever_is_woken_may_use_the_storage_at_once() -> Result<()> {
    let storage = storage()?;
    let mut first = pin!(storage.transaction(async |transaction: Transaction| {
        transaction.put("first", &Value::from(1)).await?;
        pause().await;
        Ok::<(), Error>(())
    }));
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(storage.transaction(async |_: Transaction| Ok::<(), Error>(())));
    let eager = Arc::new(Eager { storage: storage.clone(), found: Mutex::default() });
    let waker = Waker::from(eager.clone());
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(matches!(poll(first.as_mut()), Poll::Ready(Ok(()))));
    let found = std::mem::take(&mut *eager.found.lock().expect("nobody panicked"));
    assert!(matches!(&found[..], [Ok(keys)] if keys == &["first"]), "{found:?}");
    Ok(())
}

#[test]
fn one_that_is_begun_beside_a_part_of_another_thread_waits() -> Result<()> {
    let storage = storage()?;
    let mut beside =
        pin!(storage.transaction(async |transaction: Transaction| {
            transaction.put("beside", &Value::from(1)).await
        }));
    let failed = storage.transaction_sync(|storage| {
        put(storage, "part")?;
        let waits = std::thread::scope(|scope| scope.spawn(|| poll(beside.as_mut()).is_pending()).join());
        assert!(waits.expect("it does not panic"));
        Err::<(), _>(Error::Reentrant)
    });
    assert!(failed.is_err());
    assert!(matches!(poll(beside.as_mut()), Poll::Ready(Ok(()))));
    assert_eq!(keys(&storage)?, ["beside"]);
    Ok(())
}

#[test]
fn one_that_is_begun_by_a_part_of_the_same_thread_nests() -> Result<()> {
    let storage = storage()?;
    storage.transaction_sync(|storage| {
        put(storage, "part")?;
        run(storage
            .transaction(async |transaction: Transaction| transaction.put("in", &Value::from(1)).await))
    })?;
    assert_eq!(keys(&storage)?, ["in", "part"]);
    Ok(())
}

#[test]
fn one_that_is_dropped_is_undone() -> Result<()> {
    let storage = storage()?;
    {
        let mut dropped = pin!(storage.transaction(async |transaction: Transaction| {
            transaction.put("k", &Value::from(1)).await?;
            pause().await;
            Ok::<(), Error>(())
        }));
        assert!(poll(dropped.as_mut()).is_pending());
        assert_eq!(keys(&storage)?, ["k"]);
    }
    assert!(keys(&storage)?.is_empty());
    put(&storage, "after")?;
    storage.end_turn()
}

#[test]
fn everything_cannot_be_deleted_from_inside() -> Result<()> {
    let storage = storage()?;
    run(storage.transaction(async |transaction: Transaction| {
        assert!(matches!(transaction.delete_all(), Err(Error::DeleteAllInTransaction)));
        assert!(matches!(storage.delete_all(), Err(Error::DeleteAllInTransaction)));
        Ok::<(), Error>(())
    }))
}

#[test]
fn a_sync_inside_does_not_commit() -> Result<()> {
    let storage = storage()?;
    let failed: Result<()> = run(storage.transaction(async |transaction: Transaction| {
        transaction.put("k", &Value::from(1)).await?;
        storage.sync().wait()?;
        Err(Error::Reentrant)
    }));
    assert!(failed.is_err());
    assert!(keys(&storage)?.is_empty());
    Ok(())
}
