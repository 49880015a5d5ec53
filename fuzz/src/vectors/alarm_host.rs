//! The host of an object's alarm: wakes it when the alarm is due, and again after a failure.

use std::future::poll_fn;
use std::task::Poll;

use duramen::storage::AlarmOutcome;
use serde_json::{Value as Json, json};

use super::alarms::Retry;
use super::object::Object;

/// The most often a handler is run again.
const MOST_RETRIES: u32 = 6;

/// How long after a failure the handler is run again, at first; each time twice as long.
const FIRST_RETRY_MS: f64 = 2000.0;

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
