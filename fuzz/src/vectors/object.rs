//! [`Disk`]: what stays of an object between its sessions, and [`Object`]: one session of it, on which operations run.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;

use duramen::engine::Timestamp;
use duramen::io::{Io, ManualClock, MemFs};
use duramen::storage::{Profile, Storage, StorageOptions};
use serde_json::{Value as Json, json};

use super::kv_ops;
use super::number;
use super::scope::{end_of, inner, returned, thrown};
use super::sql_ops::{self, Cursors};
use super::stop::Stop;
use super::thrown::Thrown;
use super::turns::Turns;

/// When every case begins: 2026-11-18T00:00:00Z.
const START_MS: i64 = 1_794_960_000_000;

/// What stays of an object between its sessions: its files, and time.
pub struct Disk {
    io: Io,
    clock: Arc<ManualClock>,
    /// The event loop that the operations run on.
    pub turns: Turns,
}

impl Disk {
    /// A new object.
    #[must_use]
    pub fn new() -> Disk {
        let clock = Arc::new(ManualClock::new(Timestamp(START_MS * 1000)));
        let io = Io { clock: clock.clone(), ..Io::repeatable(Arc::new(MemFs::new()), 1) };
        Disk { io, clock, turns: Turns::new(number::whole(START_MS.unsigned_abs())) }
    }

    /// Lets the clock show the time of the event loop.
    fn set_clock(&self, now_ms: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century")]
        let now_us = (now_ms * 1000.0) as i64;
        self.clock.set_wall(Timestamp(now_us));
    }
}

impl Default for Disk {
    fn default() -> Disk {
        Disk::new()
    }
}

/// One session of an object.
pub struct Object<'d> {
    disk: &'d Disk,
    storage: Storage,
    cursors: RefCell<Cursors>,
    log: RefCell<Vec<Json>>,
}

/// What an operation gives.
pub type Outcome = Result<Json, Stop>;

impl<'d> Object<'d> {
    /// Begins a session.
    ///
    /// # Errors
    /// Those of opening the storage.
    pub fn new(disk: &'d Disk) -> Result<Object<'d>, Stop> {
        let options = StorageOptions {
            profile: Profile::WorkerdLocal,
            io: Some(disk.io.clone()),
            ..StorageOptions::default()
        };
        let storage = Storage::open_with("object", options)?;
        Ok(Object { disk, storage, cursors: RefCell::default(), log: RefCell::default() })
    }

    /// Ends a turn of the event loop: what it wrote is committed.
    pub fn end_turn(&self, now_ms: f64) {
        self.disk.set_clock(now_ms);
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
                let thrown = thrown(stop.clone());
                results.push(json!({ "requestError": thrown.to_json() }));
                results.resize(ops.len(), json!({ "skipped": true }));
                Some(stop)
            }
        };
        (results, error.map(thrown))
    }

    /// Runs operations one after the other, as a program that catches what they throw.
    async fn run(&self, ops: &[Json], results: &mut Vec<Json>) -> Result<(), Stop> {
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
        Box::pin(async move {
            let name = op["op"].as_str().unwrap_or_default();
            let now_ms = self.disk.turns.now_ms();
            let storage = &self.storage;
            match name {
                "sql" => sql_ops::sql(storage, op, now_ms),
                "open" => sql_ops::open(storage, &mut self.cursors.borrow_mut(), op, now_ms),
                _ if sql_ops::is_cursor_op(name) => sql_ops::cursor_op(&mut self.cursors.borrow_mut(), op),
                "databaseSizeIsPositive" => Ok(json!({ "value": storage.sql().database_size()? > 0 })),
                "databaseSizePages" => {
                    Ok(json!({ "value": storage.sql().database_size()?.is_multiple_of(4096) }))
                }
                "sleep" => {
                    self.disk.turns.sleep(op["ms"].as_f64().unwrap_or(0.0)).await;
                    Ok(json!({}))
                }
                "microtask" => {
                    self.disk.turns.yield_now().await;
                    Ok(json!({}))
                }
                "log" => {
                    self.log.borrow_mut().push(op["m"].clone());
                    Ok(json!({}))
                }
                "getLog" => Ok(json!({ "log": *self.log.borrow() })),
                "abort" => {
                    let reason = op["reason"].as_str();
                    let reason = reason.unwrap_or("Application called abort() to reset Durable Object.");
                    storage.abort(reason)?;
                    Err(Stop::Reset(Thrown::error(reason)))
                }
                "bcw" => self.block_concurrency(op).await,
                _ => kv_ops::op(storage, op, now_ms),
            }
        })
    }

    /// `blockConcurrencyWhile`: a failure resets the object.
    async fn block_concurrency(&self, op: &Json) -> Outcome {
        let mut results = Vec::new();
        self.disk.turns.enter_section();
        let ended = self.run(inner(op), &mut results).await.and_then(|()| end_of(op));
        self.disk.turns.leave_section();
        match ended {
            Ok(()) => Ok(json!({ "results": results, "value": returned(op, self.disk.turns.now_ms())? })),
            Err(stop) => {
                let thrown = thrown(stop);
                drop(self.storage.abort(&thrown.message));
                Err(Stop::Reset(thrown))
            }
        }
    }
}
