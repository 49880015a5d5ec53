use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use duramen_kv::Value;

use crate::storage::{Result, Storage, StorageOptions};

/// Notes that it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn an_answer_is_there_at_once_while_there_is_room() -> Result<()> {
    let storage = Storage::in_memory(StorageOptions::default())?;
    let mut put = pin!(storage.put("k", &Value::from("v")));
    assert!(put.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    Ok(())
}

#[test]
fn without_room_what_was_written_is_made_durable_first() -> Result<()> {
    let options = StorageOptions { write_buffer_bytes: 10, ..StorageOptions::default() };
    let storage = Storage::in_memory(options)?;
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut put = pin!(storage.put("key", &Value::from("a longer value")));
    loop {
        match put.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => break answer?,
            Poll::Pending => {
                while !woken.0.swap(false, Ordering::AcqRel) {
                    std::thread::yield_now();
                }
            }
        }
    }
    storage.abort("nothing is left to lose")?;
    Ok(())
}
