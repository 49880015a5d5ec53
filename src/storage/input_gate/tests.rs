use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use duramen_kv::Value;

use crate::storage::{CallOptions, Result, Storage, StorageOptions};

/// Notes that it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

fn small_buffer() -> Result<Storage> {
    Storage::in_memory(StorageOptions { write_buffer_bytes: 10, ..StorageOptions::default() })
}

#[test]
fn calls_that_are_ready_hold_nothing_back() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    let put = storage.put("k", &Value::from("v"));
    let get = storage.get("k");
    assert!(storage.input_gate().is_open());
    put.now()?;
    get.now()?;
    Ok(())
}

#[test]
fn a_call_that_is_pending_holds_events_back_unless_it_says_otherwise() -> Result<()> {
    let storage = small_buffer()?;
    let concurrent = CallOptions { allow_concurrency: true, ..CallOptions::default() };
    let other = storage.with(concurrent).put("k", &Value::from("a longer value"));
    assert!(storage.input_gate().is_open());
    let put = storage.put("k", &Value::from("a longer value"));
    assert!(!storage.input_gate().is_open());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut gate = pin!(storage.input_gate());
    assert!(gate.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(put);
    assert!(woken.0.load(Ordering::Acquire), "whoever waits is woken");
    assert_eq!(gate.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(()));
    drop(other);
    Ok(())
}

#[test]
fn the_gate_opens_when_there_is_room() -> Result<()> {
    let storage = small_buffer()?;
    let put = storage.put("k", &Value::from("a longer value"));
    assert!(!storage.input_gate().is_open());
    pollster::block_on(put)?;
    assert!(storage.input_gate().is_open());
    Ok(())
}
