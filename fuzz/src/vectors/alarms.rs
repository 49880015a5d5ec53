//! The host of an object's alarm: wakes it when the alarm is due, and again after a failure.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;

use duramen::storage::AlarmOutcome;
use serde_json::{Value as Json, json};

use super::number;
use super::object::{Object, Outcome};

/// The most often a handler is run again.
const MOST_RETRIES: u32 = 6;

/// How long after a failure the handler is run again, at first; each time twice as long.
const FIRST_RETRY_MS: f64 = 2000.0;

/// The alarm of an object as its host sees it, and what its handler is to do.
#[derive(Debug, Default)]
pub struct Alarms {
    /// The operations of each run of the handler; the last one is repeated.
    script: RefCell<Vec<Vec<Json>>>,
    /// What the runs gave.
    runs: RefCell<Vec<Json>>,
    is_running: Cell<bool>,
    retry: Cell<Option<Retry>>,
}

/// A run that is to be made again.
#[derive(Clone, Copy, Debug)]
struct Retry {
    /// The time that the alarm was set for.
    time_ms: i64,
    count: u32,
    not_before_ms: f64,
}

impl Alarms {
    /// `alarmScript`
    pub fn set_script(&self, op: &Json) {
        let runs = op["runs"].as_array().map_or(&[][..], Vec::as_slice);
        *self.script.borrow_mut() = runs.iter().filter_map(Json::as_array).cloned().collect();
    }

    fn program(&self) -> Vec<Json> {
        let (script, number) = (self.script.borrow(), self.runs.borrow().len());
        script.get(number).or(script.last()).cloned().unwrap_or_default()
    }

    /// When the handler is to be run for an alarm of this time.
    fn due_ms(&self, time_ms: i64) -> f64 {
        let time = number::whole(time_ms.unsigned_abs());
        match self.retry.get() {
            Some(retry) if retry.time_ms == time_ms => retry.not_before_ms.max(time),
            _ => time,
        }
    }
}

/// Runs the handler of an object's alarm whenever it is due, without end.
pub async fn drive(object: &Object<'_>) {
    let (alarms, turns) = (object.alarms(), object.turns());
    loop {
        poll_fn(|_| match object.storage().get_alarm().now() {
            Ok(Some(time_ms)) if alarms.due_ms(time_ms) <= turns.now_ms() => Poll::Ready(()),
            Ok(Some(time_ms)) => {
                turns.wake_at(alarms.due_ms(time_ms));
                Poll::Pending
            }
            _ => Poll::Pending,
        })
        .await;
        alarms.is_running.set(true);
        run_handler(object).await;
        alarms.is_running.set(false);
        // Who waits for the run learns of it before time goes on.
        turns.yield_now().await;
    }
}

async fn run_handler(object: &Object<'_>) {
    object.set_clock();
    let alarms = object.alarms();
    let Ok(Some(time_ms)) = object.storage().start_alarm() else { return };
    let count = alarms.retry.take().filter(|retry| retry.time_ms == time_ms).map_or(0, |retry| retry.count);
    let (program, number) = (alarms.program(), alarms.runs.borrow().len());
    let run = |results: &[Json]| json!({ "retryCount": count, "isRetry": count > 0, "results": results });
    alarms.runs.borrow_mut().push(run(&[]));
    let mut results = Vec::new();
    let ended = object.run(&program, &mut results).await;
    alarms.runs.borrow_mut()[number] = run(&results);
    let has_new = matches!(object.storage().get_alarm().now(), Ok(Some(_)));
    let outcome = if ended.is_ok() || has_new || count == MOST_RETRIES {
        AlarmOutcome::Done
    } else {
        let wait_ms = FIRST_RETRY_MS * f64::from(1u32 << count);
        let not_before_ms = object.turns().now_ms() + wait_ms;
        alarms.retry.set(Some(Retry { time_ms, count: count + 1, not_before_ms }));
        AlarmOutcome::Retry
    };
    // A commit that fails ends the session, which the next call tells.
    drop(object.storage().finish_alarm(outcome));
}

/// `waitAlarms`: waits until so many runs have begun, or for a time, and tells of all runs.
///
/// # Errors
/// None.
pub async fn wait(object: &Object<'_>, op: &Json) -> Outcome {
    const PATIENCE_MS: f64 = 20_000.0;
    const SETTLE_MS: f64 = 50.0;
    let (alarms, turns) = (object.alarms(), object.turns());
    let until_ms = turns.now_ms() + op["ms"].as_f64().unwrap_or(PATIENCE_MS);
    let wanted = op["n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    poll_fn(|_| {
        let has_come = alarms.runs.borrow().len() >= wanted && !alarms.is_running.get();
        if has_come || turns.now_ms() >= until_ms {
            return Poll::Ready(());
        }
        turns.wake_at(until_ms);
        Poll::Pending
    })
    .await;
    turns.sleep(op["settle"].as_f64().unwrap_or(SETTLE_MS)).await;
    Ok(json!({ "runs": *alarms.runs.borrow() }))
}
