//! [`Alarms`]: the alarm of an object as its host sees it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;

use serde_json::{Value as Json, json};

use super::number;
use super::stop::Outcome;
use super::turns::Turns;

/// The alarm of an object as its host sees it, and what its handler is to do.
#[derive(Debug, Default)]
pub struct Alarms {
    /// The operations of each run of the handler; the last one is repeated.
    pub(super) script: RefCell<Vec<Vec<Json>>>,
    /// What the runs gave.
    pub(super) runs: RefCell<Vec<Json>>,
    pub(super) is_running: Cell<bool>,
    pub(super) retry: Cell<Option<Retry>>,
}

/// A run that is to be made again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    /// The time that the alarm was set for.
    pub(super) time_ms: i64,
    pub(super) count: u32,
    pub(super) not_before_ms: f64,
}

impl Alarms {
    /// `alarmScript`
    pub fn set_script(&self, op: &Json) {
        let runs = op["runs"].as_array().map_or(&[][..], Vec::as_slice);
        *self.script.borrow_mut() = runs.iter().filter_map(Json::as_array).cloned().collect();
    }

    pub(super) fn program(&self) -> Vec<Json> {
        let (script, number) = (self.script.borrow(), self.runs.borrow().len());
        script.get(number).or(script.last()).cloned().unwrap_or_default()
    }

    /// When the handler is to be run for an alarm of this time.
    pub(super) fn due_ms(&self, time_ms: i64) -> f64 {
        let time = number::whole(time_ms.unsigned_abs());
        match self.retry.get() {
            Some(retry) if retry.time_ms == time_ms => retry.not_before_ms.max(time),
            _ => time,
        }
    }

    /// `waitAlarms`: waits until so many runs have begun, or for a time, and tells of all runs.
    ///
    /// # Errors
    /// None.
    pub async fn wait(&self, turns: &Turns, op: &Json) -> Outcome {
        const PATIENCE_MS: f64 = 20_000.0;
        const SETTLE_MS: f64 = 50.0;
        let until_ms = turns.now_ms() + op["ms"].as_f64().unwrap_or(PATIENCE_MS);
        let wanted = op["n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        poll_fn(|_| {
            let has_come = self.runs.borrow().len() >= wanted && !self.is_running.get();
            if has_come || turns.now_ms() >= until_ms {
                return Poll::Ready(());
            }
            turns.wake_at(until_ms);
            Poll::Pending
        })
        .await;
        turns.sleep(op["settle"].as_f64().unwrap_or(SETTLE_MS)).await;
        Ok(json!({ "runs": *self.runs.borrow() }))
    }
}
