//! Asynchronous histories of one object: lanes that run transactions, inside of one another too, are polled, dropped and
//! aborted in a random order, and what the object holds is compared with a model after each step. Then the same lanes on two
//! executors of others.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use duramen::io::{Io, MemFs};
use duramen::kv::{ListOptions, Value};
use duramen::storage::{Error, Result, Storage, StorageOptions, Transaction};

type Values = BTreeMap<String, Value>;

/// What the object holds, and what it goes back to.
#[derive(Debug, Default)]
struct Model {
    now: Values,
    committed: Values,
    /// How many transactions are open.
    open: usize,
}

/// A lane of the object.
#[derive(Clone)]
struct Lane {
    storage: Storage,
    model: Rc<RefCell<Model>>,
    random: Rc<RefCell<Random>>,
}

/// Small numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A transaction in the model, undone unless it is kept.
struct Part {
    model: Rc<RefCell<Model>>,
    before: Option<Values>,
}

impl Part {
    fn begin(model: &Rc<RefCell<Model>>) -> Part {
        let mut open = model.borrow_mut();
        if open.open == 0 {
            open.committed = open.now.clone();
        }
        open.open += 1;
        Part { model: model.clone(), before: Some(open.now.clone()) }
    }

    fn keep(mut self) {
        self.before = None;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut model = self.model.borrow_mut();
        model.open -= 1;
        if let Some(before) = self.before.take() {
            model.now = before;
        }
    }
}

/// Is ready when it is polled for the second time.
async fn pause() {
    let mut polled = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Lane {
    fn below(&self, bound: u64) -> u64 {
        self.random.borrow_mut().below(bound)
    }

    async fn change(&self) -> Result<()> {
        let key = format!("key {}", self.below(6));
        if self.below(4) == 0 {
            let existed = self.storage.delete(&key).now()?;
            assert_eq!(existed, self.model.borrow_mut().now.remove(&key).is_some());
            return Ok(());
        }
        let value = Value::from(self.below(1000).to_string().as_str());
        let put = self.storage.put(&key, &value);
        self.model.borrow_mut().now.insert(key, value);
        put.await
    }

    /// A transaction: changes, pauses, others inside; kept or undone.
    async fn transaction(&self, depth: u64) -> Result<()> {
        let fails = self.below(3) == 0;
        let result = self
            .storage
            .transaction(async |_: Transaction| {
                let part = Part::begin(&self.model);
                for _ in 0..self.below(5) {
                    match self.below(4) {
                        0 => pause().await,
                        1 if depth > 0 => Box::pin(self.transaction(depth - 1)).await?,
                        _ => self.change().await?,
                    }
                }
                if fails {
                    return Err(Error::TransactionOver);
                }
                part.keep();
                Ok(())
            })
            .await;
        let mut model = self.model.borrow_mut();
        if model.open == 0 && !matches!(result, Err(Error::Aborted(_))) {
            model.committed = model.now.clone();
        }
        if fails && matches!(result, Err(Error::TransactionOver)) { Ok(()) } else { result }
    }

    async fn run(self, steps: usize) -> Result<()> {
        for _ in 0..steps {
            match self.below(5) {
                0 => pause().await,
                1 => {
                    let synced = self.storage.sync();
                    if self.model.borrow().open == 0 {
                        let mut model = self.model.borrow_mut();
                        model.committed = model.now.clone();
                    }
                    synced.await?;
                }
                2 => self.change().await?,
                _ => self.transaction(2).await?,
            }
        }
        Ok(())
    }
}

fn open(io: &Io, write_buffer_bytes: u64) -> Result<Storage> {
    let options = StorageOptions { io: Some(io.clone()), write_buffer_bytes, ..StorageOptions::default() };
    Storage::open_with("object", options)
}

fn values(storage: &Storage) -> Result<Values> {
    Ok(storage.list(&ListOptions::default()).now()?.into_iter().collect())
}

fn lanes(storage: &Storage, model: &Rc<RefCell<Model>>, seed: u64) -> [Lane; 3] {
    [1, 2, 3].map(|lane| Lane {
        storage: storage.clone(),
        model: model.clone(),
        random: Rc::new(RefCell::new(Random((seed * 4 + lane).wrapping_mul(0x9e37_79b9_7f4a_7c15)))),
    })
}

type Running = Pin<Box<dyn Future<Output = Result<()>>>>;

/// Polls three lanes in a random order, drops some of them, and aborts the object in the end, in some histories.
fn history(seed: u64) -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let storage = open(&io, 1 << 20)?;
    let model = Rc::new(RefCell::new(Model::default()));
    let mut random = Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut running: Vec<Running> =
        lanes(&storage, &model, seed).into_iter().map(|lane| Box::pin(lane.run(6)) as Running).collect();
    for _ in 0..1000 {
        let Some(count) = u64::try_from(running.len()).ok().filter(|count| *count > 0) else { break };
        let chosen = usize::try_from(random.below(count)).expect("a small number");
        if random.below(30) == 0 {
            drop(running.swap_remove(chosen));
        } else if let Poll::Ready(ended) =
            running[chosen].as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            ended?;
            drop(running.swap_remove(chosen));
        }
        assert_eq!(values(&storage)?, model.borrow().now, "seed {seed}");
    }
    if random.below(2) == 0 {
        storage.abort("enough")?;
        assert!(matches!(storage.get("key 0").now(), Err(Error::Aborted(_))));
    } else {
        drop(running);
        storage.end_turn()?;
        let mut model = model.borrow_mut();
        model.committed = model.now.clone();
        running = Vec::new();
    }
    drop(running);
    drop(storage);
    assert_eq!(values(&open(&io, 1 << 20)?)?, model.borrow().committed, "seed {seed}");
    Ok(())
}

#[test]
fn lanes_that_are_polled_dropped_and_aborted_do_what_the_model_does() -> Result<()> {
    (0..400).try_for_each(history)
}

/// Runs three lanes with a write buffer so small that each write waits, on an executor.
fn on_executor(run: impl FnOnce(Running)) -> Result<()> {
    let io = Io { fs: Arc::new(MemFs::new()), ..Io::os() };
    let storage = open(&io, 1)?;
    let model = Rc::new(RefCell::new(Model::default()));
    let mut running: Vec<Running> =
        lanes(&storage, &model, 7).into_iter().map(|lane| Box::pin(lane.run(20)) as Running).collect();
    run(Box::pin(poll_fn(move |context| {
        running.retain_mut(|lane| match lane.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(ended) => {
                ended.expect("nothing aborts a lane");
                false
            }
        });
        if running.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })));
    assert_eq!(values(&storage)?, model.borrow().now);
    Ok(())
}

#[test]
fn they_run_on_the_smallest_executor() -> Result<()> {
    on_executor(|lanes| pollster::block_on(lanes).expect("nothing aborts them"))
}

#[test]
fn they_run_on_a_pool_of_futures() -> Result<()> {
    on_executor(|lanes| {
        let mut pool = futures_executor::LocalPool::new();
        pool.run_until(lanes).expect("nothing aborts them");
    })
}
