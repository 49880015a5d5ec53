//! [`Disk`]: what stays of an object between its sessions, and [`Object`]: one session of it, on which operations run.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;

use duramen::engine::Timestamp;
use duramen::io::{Io, ManualClock, MemFs};
use duramen::storage::{AlarmOnDelete, Backend, Profile, Storage, StorageOptions, Transaction};
use serde_json::{Value as Json, json};

use super::alarms::{self, Alarms};
use super::arguments::Call;
use super::case::Class;
use super::kv_ops::{self, Lists};
use super::scope::{end_of, inner, returned, thrown};
use super::sql_ops::{self, Cursors};
use super::stop::Stop;
use super::target::Target;
use super::thrown::Thrown;
use super::turns::{Turns, join};
use super::{async_ops, bookmark_ops, number, show, transaction_ops};

/// When every case begins: 2026-11-18T00:00:00Z.
const START_MS: i64 = 1_794_960_000_000;

/// What stays of an object between its sessions: its files, and time.
pub struct Disk {
    class: Class,
    io: Io,
    clock: Arc<ManualClock>,
    /// The event loop that the operations run on.
    pub turns: Turns,
}

impl Disk {
    /// A new object.
    #[must_use]
    pub fn new(class: Class) -> Disk {
        let clock = Arc::new(ManualClock::new(Timestamp(START_MS * 1000)));
        let io = Io { clock: clock.clone(), ..Io::repeatable(Arc::new(MemFs::new()), 1) };
        Disk { class, io, clock, turns: Turns::new(number::whole(START_MS.unsigned_abs())) }
    }

    /// Lets the clock show the time of the event loop.
    fn set_clock(&self) {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century")]
        let now_us = (self.turns.now_ms() * 1000.0) as i64;
        self.clock.set_wall(Timestamp(now_us));
    }
}

/// One session of an object.
pub struct Object<'d> {
    disk: &'d Disk,
    storage: Storage,
    cursors: RefCell<Cursors>,
    lists: RefCell<Lists>,
    log: RefCell<Vec<Json>>,
    /// The transactions that run, the innermost last.
    transactions: RefCell<Vec<Transaction>>,
    /// The newest transaction, also after its end.
    newest_transaction: RefCell<Option<Transaction>>,
    alarms: Alarms,
}

/// What an operation gives.
pub type Outcome = Result<Json, Stop>;

impl<'d> Object<'d> {
    /// Begins a session.
    ///
    /// # Errors
    /// Those of opening the storage.
    pub fn new(disk: &'d Disk) -> Result<Object<'d>, Stop> {
        let (backend, alarm_on_delete) = match disk.class {
            Class::WithoutSql => (Backend::KeyValue, AlarmOnDelete::Keep),
            Class::Sql | Class::WithoutAlarms => (Backend::Sql, AlarmOnDelete::Delete),
        };
        let io = Some(disk.io.clone());
        let profile = Profile::WorkerdLocal;
        let options = StorageOptions { profile, backend, alarm_on_delete, io, ..StorageOptions::default() };
        Ok(Object {
            disk,
            storage: Storage::open_with("object", options)?,
            cursors: RefCell::default(),
            lists: RefCell::default(),
            log: RefCell::default(),
            transactions: RefCell::default(),
            newest_transaction: RefCell::default(),
            alarms: Alarms::default(),
        })
    }

    /// Its storage.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// What kind of object it is.
    #[must_use]
    pub fn class(&self) -> Class {
        self.disk.class
    }

    /// The event loop it runs on.
    #[must_use]
    pub fn turns(&self) -> &Turns {
        &self.disk.turns
    }

    /// Its alarm as its host sees it.
    #[must_use]
    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Lets the clock show the time of the event loop.
    pub fn set_clock(&self) {
        self.disk.set_clock();
    }

    /// The methods of a transaction are called on this one from now on.
    pub fn enter_transaction(&self, transaction: Transaction) {
        *self.newest_transaction.borrow_mut() = Some(transaction.clone());
        self.transactions.borrow_mut().push(transaction);
    }

    /// The innermost transaction is over.
    pub fn leave_transaction(&self) {
        self.transactions.borrow_mut().pop();
    }

    /// Ends a turn of the event loop: what it wrote is committed.
    pub fn end_turn(&self) {
        // A commit that fails ends the session, which the next call tells.
        drop(self.storage.end_turn());
    }

    /// Runs the operations of a request: their results, and what its caller gets if not an answer.
    pub async fn request(&self, ops: &[Json]) -> (Vec<Json>, Option<Thrown>) {
        let mut results = Vec::new();
        let ended = self.run(ops, &mut results).await;
        let error = match ended {
            // The answer waits until what was written is committed.
            Ok(()) => self.storage.end_turn().err().map(Stop::from),
            Err(stop) => {
                results.push(json!({ "requestError": thrown(stop.clone()).to_json() }));
                results.resize(ops.len(), json!({ "skipped": true }));
                Some(stop)
            }
        };
        (results, error.map(thrown))
    }

    /// Runs operations one after the other, as a program that catches what they throw.
    ///
    /// # Errors
    /// What the program does not catch.
    pub async fn run(&self, ops: &[Json], results: &mut Vec<Json>) -> Result<(), Stop> {
        for op in ops {
            if op["op"] == "throw" {
                return Err(Thrown::error(op["message"].as_str().unwrap_or_default()).into());
            }
            results.push(match self.op(op).await {
                Err(Stop::Thrown(thrown)) if op["uncaught"] != true => json!({ "error": thrown.to_json() }),
                outcome => outcome?,
            });
        }
        Ok(())
    }

    /// Runs an operation.
    fn op<'o>(&'o self, op: &'o Json) -> Pin<Box<dyn Future<Output = Outcome> + 'o>> {
        self.set_clock();
        let name = op["op"].as_str().unwrap_or_default();
        let call = |method: &'o str, class| Call { op, method, class, now_ms: self.turns().now_ms() };
        Box::pin(async move {
            if let Some(method) = name.strip_prefix("kv.") {
                let method = method.trim_end_matches("open");
                let call = call(method, "SyncKvStorage");
                return kv_ops::op(&self.storage, &mut self.lists.borrow_mut(), &call);
            }
            if let Some(method) = name.strip_prefix("txn.") {
                let transaction = self.transactions.borrow().last().cloned();
                return transaction_ops::method(self, transaction, &call(method, "")).await;
            }
            if let Some(method) = name.strip_suffix('!') {
                // Nobody learns what became of it.
                drop(self.storage_call(&call(method, "DurableObjectStorage")).await);
                return Ok(json!({}));
            }
            match name {
                "sql" | "open" | "databaseSizeIsPositive" | "databaseSizePages" => self.sql(op),
                _ if sql_ops::is_cursor_op(name) => sql_ops::cursor_op(&mut self.cursors.borrow_mut(), op),
                "txSync" => transaction_ops::sync(self, op),
                "tx" => transaction_ops::asynchronous(self, op).await,
                "lastTxn" => {
                    let (inner, newest) = (&op["inner"], self.newest_transaction.borrow().clone());
                    let method = inner["op"].as_str().unwrap_or_default();
                    let call = Call { op: inner, ..call(method, "") };
                    transaction_ops::method(self, newest, &call).await
                }
                "alarmScript" => {
                    self.alarms.set_script(op);
                    Ok(json!({}))
                }
                "waitAlarms" => alarms::wait(self, op).await,
                "bcw" => self.block_concurrency(op).await,
                "parallel" => self.parallel(op).await,
                "props" => Ok(json!({ "value": show::members(&op["names"]) })),
                _ if bookmark_ops::is_op(name) => bookmark_ops::op(&self.storage, op),
                "sleep" | "microtask" | "log" | "getLog" | "abort" => self.runtime_op(op).await,
                method => self.storage_call(&call(method, "DurableObjectStorage")).await,
            }
        })
    }

    fn sql(&self, op: &Json) -> Outcome {
        let (storage, now_ms) = (&self.storage, self.turns().now_ms());
        let size = || storage.sql().database_size();
        match op["op"].as_str() {
            Some("sql") => sql_ops::sql(storage, op, now_ms),
            Some("open") => sql_ops::open(storage, &mut self.cursors.borrow_mut(), op, now_ms),
            Some("databaseSizePages") => Ok(json!({ "value": size()?.is_multiple_of(4096) })),
            _ => Ok(json!({ "value": size()? > 0 })),
        }
    }

    /// An asynchronous call on the storage itself.
    async fn storage_call(&self, call: &Call<'_>) -> Outcome {
        if call.method == "sync" {
            self.storage.sync().await?;
            return Ok(json!({ "value": show::undefined() }));
        }
        async_ops::op(&Target::Storage(self.storage.clone()), call, self.class()).await
    }

    /// What the runtime offers besides storage.
    async fn runtime_op(&self, op: &Json) -> Outcome {
        match op["op"].as_str() {
            Some("sleep") => self.turns().sleep(op["ms"].as_f64().unwrap_or(0.0)).await,
            Some("microtask") => self.turns().yield_now().await,
            Some("log") => self.log.borrow_mut().push(op["m"].clone()),
            Some("getLog") => return Ok(json!({ "log": *self.log.borrow() })),
            _ => {
                let reason = op["reason"].as_str();
                let reason = reason.unwrap_or("Application called abort() to reset Durable Object.");
                self.storage.abort(reason)?;
                return Err(Stop::Reset(Thrown::error(reason)));
            }
        }
        Ok(json!({}))
    }

    /// `blockConcurrencyWhile`: a failure resets the object.
    async fn block_concurrency(&self, op: &Json) -> Outcome {
        let mut results = Vec::new();
        self.turns().enter_section();
        // The program begins in a turn of its own.
        self.turns().sleep(0.0).await;
        let ended = self.run(inner(op), &mut results).await.and_then(|()| end_of(op));
        self.turns().leave_section();
        match ended {
            Ok(()) => Ok(json!({ "results": results, "value": returned(op, self.turns().now_ms())? })),
            Err(stop) => {
                let thrown = thrown(stop);
                // A session that is over already gives its own reason.
                drop(self.storage.abort(&thrown.message));
                Err(Stop::Reset(thrown))
            }
        }
    }

    /// `Promise.all` of programs: their results.
    async fn parallel(&self, op: &Json) -> Outcome {
        let lanes = op["lanes"].as_array().map_or(&[][..], Vec::as_slice);
        let lanes = lanes.iter().map(|lane| async {
            let mut results = Vec::new();
            self.run(lane.as_array().map_or(&[], Vec::as_slice), &mut results).await.map(|()| results)
        });
        let results: Result<Vec<_>, Stop> = join(lanes.collect()).await.into_iter().collect();
        Ok(json!({ "results": results? }))
    }
}
