//! Transactions inside of the one that begins by itself: [`Storage::transaction_sync`] and [`Storage::transaction`].
//!
//! An asynchronous transaction that is begun by the body of another one is a part of it. One that is begun elsewhere waits
//! until that is over; which is the case shows in who is being polled. So does one that meets a part that another thread
//! runs: each is kept or undone by itself.
//!
//! [`Storage::transaction_sync`]: crate::Storage::transaction_sync
//! [`Storage::transaction`]: crate::Storage::transaction

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use duramen_kv::{ListOptions, Value};

use crate::storage::async_kv::{AsyncKv, CallOptions};
use crate::storage::error::{Error, Result};
use crate::storage::lock::this_thread;
use crate::storage::pending::Pending;
use crate::storage::session::{ScopeEnd, ScopeKind, Session, Shared};

/// A scope that is undone unless it is kept.
struct OpenScope {
    shared: Arc<Shared>,
    number: u64,
    fate: Arc<Fate>,
}

/// How far a transaction came.
#[derive(Debug)]
struct Fate(AtomicU8);

impl Fate {
    const RUNS: u8 = 0;
    const COMMITTED: u8 = 1;
    const ROLLED_BACK: u8 = 2;

    fn get(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self, fate: u8) {
        self.0.store(fate, Ordering::Release);
    }
}

impl OpenScope {
    /// Opens it in a session that is locked already, so that nothing comes between what its caller saw there and this.
    fn begin(shared: &Arc<Shared>, session: &mut Session, kind: ScopeKind) -> Result<OpenScope> {
        let number = session.open_scope(kind)?;
        Ok(OpenScope { shared: shared.clone(), number, fate: Arc::new(Fate(AtomicU8::new(Fate::RUNS))) })
    }

    /// Ends it, if it was not rolled back before.
    fn end(&self, end: ScopeEnd) -> Result<()> {
        if self.fate.get() != Fate::RUNS {
            return Ok(());
        }
        let fate = if end == ScopeEnd::Keep { Fate::COMMITTED } else { Fate::ROLLED_BACK };
        self.fate.set(fate);
        self.shared.lock()?.close_scope(self.number, end)
    }
}

impl Drop for OpenScope {
    fn drop(&mut self) {
        // A session that is over has nothing left to undo.
        drop(self.end(ScopeEnd::Undo));
    }
}

/// Runs a part of the transaction that is undone if it fails; see [`crate::Storage::transaction_sync`].
pub(crate) fn run_sync<T, E: From<Error>>(
    shared: &Arc<Shared>,
    run: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let kind = ScopeKind::Sync { thread: this_thread() };
    let scope = OpenScope::begin(shared, &mut *shared.lock()?, kind)?;
    let result = run();
    scope.end(if result.is_ok() { ScopeEnd::Keep } else { ScopeEnd::Undo })?;
    result
}

/// Runs a transaction of its own; see [`crate::Storage::transaction`].
pub(crate) async fn run_async<T, E: From<Error>>(
    shared: &Arc<Shared>,
    run: impl AsyncFnOnce(Transaction) -> Result<T, E>,
) -> Result<T, E> {
    let scope = begin_async(shared).await?;
    let transaction = Transaction { shared: shared.clone(), number: scope.number, fate: scope.fate.clone() };
    let body = pin!(run(transaction));
    let result = Polled { shared, number: scope.number, body }.await;
    scope.end(if result.is_ok() { ScopeEnd::Keep } else { ScopeEnd::Undo })?;
    shared.lock()?.commit_turn()?;
    result
}

/// Waits until the transaction may begin, and begins it.
async fn begin_async(shared: &Arc<Shared>) -> Result<OpenScope> {
    let polled = shared.lock()?.polled;
    let outer = polled.filter(|(thread, _)| *thread == this_thread()).map(|(_, number)| number);
    poll_fn(|context| {
        let mut session = shared.lock()?;
        if session.scope_around() != outer.filter(|outer| session.is_open(*outer)) {
            session.wake_after_scope(context.waker());
            return Poll::Pending;
        }
        session.commit_turn()?;
        Poll::Ready(OpenScope::begin(shared, &mut session, ScopeKind::Async))
    })
    .await
}

/// The body of a transaction, which the session knows of while it is polled.
struct Polled<'s, F> {
    shared: &'s Arc<Shared>,
    number: u64,
    body: Pin<&'s mut F>,
}

impl<F: Future> Future for Polled<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let within = Some((this_thread(), self.number));
        let outer = match self.shared.lock_any() {
            Ok(mut session) => std::mem::replace(&mut session.polled, within),
            Err(_) => None,
        };
        let _outer = PolledAgain { shared: self.shared, outer };
        self.body.as_mut().poll(context)
    }
}

/// Puts back who was polled before, also where the body panics.
struct PolledAgain<'s> {
    shared: &'s Shared,
    outer: Option<(usize, u64)>,
}

impl Drop for PolledAgain<'_> {
    fn drop(&mut self) {
        if let Ok(mut session) = self.shared.lock_any() {
            session.polled = self.outer;
        }
    }
}

/// An asynchronous transaction that runs. Its calls are those of the storage, which are part of it too; they tell when it
/// is over.
#[derive(Clone, Debug)]
pub struct Transaction {
    shared: Arc<Shared>,
    number: u64,
    fate: Arc<Fate>,
}

impl Transaction {
    /// What the calls go to, or how they fail.
    fn call<T>(&self, method: &'static str, call: impl FnOnce(AsyncKv<'_>) -> Pending<T>) -> Pending<T> {
        match self.fate.get() {
            Fate::RUNS => call(AsyncKv::new(&self.shared, CallOptions::default())),
            Fate::COMMITTED => Pending::read(Err(Error::Committed { method })),
            _ => Pending::read(Err(Error::RolledBack { method })),
        }
    }

    /// Undoes what the transaction did so far, and ends it: what its body does afterwards on the storage is no part of it.
    /// Once more does nothing.
    ///
    /// # Errors
    /// [`Error::Committed`]; [`Error::InnerTransactionRuns`].
    pub fn rollback(&self) -> Result<()> {
        match self.fate.get() {
            Fate::ROLLED_BACK => return Ok(()),
            Fate::COMMITTED => return Err(Error::Committed { method: "rollback" }),
            _ => {}
        }
        let mut session = self.shared.lock()?;
        if session.has_inner_scope(self.number) {
            return Err(Error::InnerTransactionRuns);
        }
        self.fate.set(Fate::ROLLED_BACK);
        session.close_scope(self.number, ScopeEnd::Undo)
    }

    /// As [`AsyncKv::get`].
    pub fn get(&self, key: &str) -> Pending<Option<Value>> {
        self.call("get", |kv| kv.get(key))
    }

    /// As [`AsyncKv::get_many`].
    pub fn get_many<K: AsRef<str>>(&self, keys: &[K]) -> Pending<std::collections::BTreeMap<String, Value>> {
        self.call("get", |kv| kv.get_many(keys))
    }

    /// As [`AsyncKv::list`].
    pub fn list(&self, options: &ListOptions<'_>) -> Pending<Vec<(String, Value)>> {
        self.call("list", |kv| kv.list(options))
    }

    /// As [`AsyncKv::put`].
    pub fn put(&self, key: &str, value: &Value) -> Pending<()> {
        self.call("put", |kv| kv.put(key, value))
    }

    /// As [`AsyncKv::put_many`].
    pub fn put_many<K: AsRef<str>>(&self, entries: &[(K, Value)]) -> Pending<()> {
        self.call("put", |kv| kv.put_many(entries))
    }

    /// As [`AsyncKv::delete`].
    pub fn delete(&self, key: &str) -> Pending<bool> {
        self.call("delete", |kv| kv.delete(key))
    }

    /// As [`AsyncKv::delete_many`].
    pub fn delete_many<K: AsRef<str>>(&self, keys: &[K]) -> Pending<usize> {
        self.call("delete", |kv| kv.delete_many(keys))
    }

    /// As [`AsyncKv::get_alarm`].
    pub fn get_alarm(&self) -> Pending<Option<i64>> {
        self.call("getAlarm", |kv| kv.get_alarm())
    }

    /// As [`AsyncKv::set_alarm`].
    pub fn set_alarm(&self, time_ms: i64) -> Pending<()> {
        self.call("setAlarm", |kv| kv.set_alarm(time_ms))
    }

    /// As [`AsyncKv::delete_alarm`].
    pub fn delete_alarm(&self) -> Pending<()> {
        self.call("deleteAlarm", |kv| kv.delete_alarm())
    }

    /// Refused: everything cannot be deleted from inside a transaction.
    ///
    /// # Errors
    /// [`Error::DeleteAllInTransaction`], and those of a transaction that is over.
    pub fn delete_all(&self) -> Result<()> {
        self.call("deleteAll", |_| Pending::read(Err(Error::DeleteAllInTransaction))).now()
    }
}

#[cfg(test)]
mod tests;
