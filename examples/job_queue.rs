//! A queue of jobs, each due at its time: the alarm of the object is always that of the next one.
//!
//! `cargo run --example job_queue`

use std::sync::Arc;
use std::time::Duration;

use duramen::Storage;
use duramen::io::{Clock, Io, ManualClock, MemFs};
use duramen::storage::{AlarmOutcome, Result, StorageOptions};

struct Queue {
    storage: Storage,
}

impl Queue {
    fn new(storage: Storage) -> Result<Queue> {
        storage
            .sql()
            .exec("CREATE TABLE IF NOT EXISTS job (due INTEGER NOT NULL, name TEXT NOT NULL)", ())?;
        Ok(Queue { storage })
    }

    /// The job and the alarm are kept together or not at all.
    fn add(&self, due_ms: i64, name: &str) -> Result<()> {
        self.storage.sql().exec("INSERT INTO job VALUES (?, ?)", (due_ms, name))?;
        self.set_alarm()?;
        self.storage.end_turn()
    }

    fn set_alarm(&self) -> Result<()> {
        let next = self.storage.sql().exec("SELECT min(due) FROM job", ())?.one()?;
        match next.get::<_, Option<i64>>(0)? {
            Some(due_ms) => self.storage.set_alarm(due_ms).now(),
            None => self.storage.delete_alarm().now(),
        }
    }

    /// What the host calls when it is woken: the jobs that were due. A crash before the end runs them again.
    fn wake(&self) -> Result<Vec<String>> {
        let Some(due_ms) = self.storage.start_alarm()? else { return Ok(Vec::new()) };
        let done = self.storage.sql().exec("DELETE FROM job WHERE due <= ? RETURNING name", [due_ms])?;
        let done: Result<Vec<String>> = done.map(|job| Ok(job?.get(0)?)).collect();
        self.set_alarm()?;
        self.storage.finish_alarm(AlarmOutcome::Done)?;
        done
    }
}

/// A queue whose time passes only when it is told to, and that time in milliseconds.
fn queue() -> Result<(Queue, Arc<ManualClock>, i64)> {
    let clock = Arc::new(ManualClock::default());
    let now_ms = clock.wall().0 / 1000;
    let io = Io { clock: clock.clone(), ..Io::repeatable(Arc::new(MemFs::new()), 1) };
    let storage = Storage::open_with("queue", StorageOptions { io: Some(io), ..StorageOptions::default() })?;
    Ok((Queue::new(storage)?, clock, now_ms))
}

fn main() -> Result<()> {
    let (queue, clock, now_ms) = queue()?;
    queue.add(now_ms + 2000, "send the mail")?;
    queue.add(now_ms + 1000, "write the mail")?;
    for second in 0..3 {
        println!("after {second} s: {:?}", queue.wake()?);
        clock.advance(Duration::from_secs(1));
    }
    Ok(())
}

#[test]
fn jobs_run_when_they_are_due() -> Result<()> {
    let (queue, clock, now_ms) = queue()?;
    queue.add(now_ms + 2000, "second")?;
    queue.add(now_ms + 1000, "first")?;
    assert!(queue.wake()?.is_empty());
    clock.advance(Duration::from_secs(1));
    assert_eq!(queue.wake()?, ["first"]);
    assert_eq!(queue.storage.get_alarm().now()?, Some(now_ms + 2000));
    clock.advance(Duration::from_secs(1));
    assert_eq!(queue.wake()?, ["second"]);
    assert_eq!(queue.storage.get_alarm().now()?, None);
    main()
}
