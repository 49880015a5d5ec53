//! Programs: operations that run on an object one after the other, also inside transactions and sections of programs.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use duramen::storage::Transaction;
use serde_json::{Value as Json, json};

use super::arguments::Call;
use super::object::Object;
use super::scope::{end_of, inner, returned, thrown};
use super::stop::{Outcome, Stop};
use super::target::Target;
use super::thrown::Thrown;
use super::turns::join;
use super::{async_ops, bookmark_ops, kv_ops, show, sql_ops, transaction_ops};

impl Object<'_> {
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
                "txSync" => sync(self, op),
                "tx" => asynchronous(self, op).await,
                "lastTxn" => {
                    let (inner, newest) = (&op["inner"], self.newest_transaction.borrow().clone());
                    let method = inner["op"].as_str().unwrap_or_default();
                    let call = Call { op: inner, ..call(method, "") };
                    transaction_ops::method(self, newest, &call).await
                }
                "alarmScript" => {
                    self.alarms().set_script(op);
                    Ok(json!({}))
                }
                "waitAlarms" => self.alarms().wait(self.turns(), op).await,
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

/// `transactionSync`: nothing in it can wait.
///
/// # Errors
/// What ends the session, and what is thrown and not to be caught.
fn sync(object: &Object<'_>, op: &Json) -> Outcome {
    let mut results = Vec::new();
    let ended = object.storage().transaction_sync(|_| {
        let program = pin!(object.run(inner(op), &mut results));
        match program.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => ended.and_then(|()| end_of(op)),
            Poll::Pending => Err(Stop::Unknown("how to wait in a synchronous transaction".into())),
        }
    });
    concluded(object, op, results, ended)
}

/// `transaction`
///
/// # Errors
/// As [`sync`].
async fn asynchronous(object: &Object<'_>, op: &Json) -> Outcome {
    let mut results = Vec::new();
    object.turns().enter_section();
    let ended = object
        .storage()
        .transaction(async |transaction: Transaction| -> Result<(), Stop> {
            object.enter_transaction(transaction);
            let ended = object.run(inner(op), &mut results).await;
            object.leave_transaction();
            ended.and_then(|()| end_of(op))
        })
        .await;
    object.turns().leave_section();
    concluded(object, op, results, ended)
}

/// What a transaction gives to a program that catches what it throws.
fn concluded(object: &Object<'_>, op: &Json, results: Vec<Json>, ended: Result<(), Stop>) -> Outcome {
    match ended {
        Ok(()) => Ok(json!({ "results": results, "value": returned(op, object.turns().now_ms())? })),
        Err(Stop::Thrown(thrown)) if op["uncaught"] != true => {
            Ok(json!({ "results": results, "error": thrown.to_json() }))
        }
        Err(stop) => Err(stop),
    }
}
