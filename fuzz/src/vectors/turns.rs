//! [`Turns`]: an event loop with time of its own.
//!
//! A turn lasts as long as some task can go on. Then it ends, which is told, and time jumps to the first moment that a task
//! waits for. While a critical section is open only the task that opened it goes on.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A task of the loop.
pub type Task<'t> = Pin<Box<dyn Future<Output = ()> + 't>>;

/// What the loop waits at most for something outside of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event loop; see the head of the file.
#[derive(Debug, Default)]
pub struct Turns {
    now_ms: Cell<f64>,
    /// The moments that tasks wait for.
    due: RefCell<Vec<f64>>,
    /// The task that is polled.
    current: Cell<usize>,
    /// The task that opened a critical section, and how many of them are open.
    section: Cell<Option<(usize, usize)>>,
}

/// What wakes the loop.
struct Bell {
    is_rung: AtomicBool,
    sleeper: Thread,
}

impl Bell {
    /// Waits until somebody rings; false if nobody does. A thread may wake up without that.
    fn wait(&self) -> bool {
        let patient_until = Instant::now() + PATIENCE;
        while !self.is_rung.load(Ordering::Acquire) && Instant::now() < patient_until {
            std::thread::park_timeout(PATIENCE);
        }
        self.is_rung.load(Ordering::Acquire)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.is_rung.store(true, Ordering::Release);
        self.sleeper.unpark();
    }
}

impl Turns {
    /// A loop that begins at this moment, in milliseconds.
    #[must_use]
    pub fn new(now_ms: f64) -> Turns {
        Turns { now_ms: Cell::new(now_ms), ..Turns::default() }
    }

    /// The present moment, in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> f64 {
        self.now_ms.get()
    }

    /// Gives up the turn for a time.
    pub async fn sleep(&self, ms: f64) {
        let due = self.now_ms.get() + ms;
        // A timer never fires in the turn that sets it.
        let mut is_set = false;
        poll_fn(|_| {
            if is_set && self.now_ms.get() >= due {
                return Poll::Ready(());
            }
            is_set = true;
            self.wake_at(due);
            Poll::Pending
        })
        .await;
    }

    /// The task that is polled goes on at this moment at the latest. It asks again each time it is polled.
    pub fn wake_at(&self, ms: f64) {
        self.due.borrow_mut().push(ms);
    }

    /// Lets other tasks go on, in the same turn.
    pub async fn yield_now(&self) {
        let mut is_first = true;
        poll_fn(|context| {
            if !std::mem::take(&mut is_first) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// From now on only the present task goes on.
    pub fn enter_section(&self) {
        let (task, depth) = self.section.get().unwrap_or((self.current.get(), 0));
        self.section.set(Some((task, depth + 1)));
    }

    /// The other tasks go on again, if this was the outermost section.
    pub fn leave_section(&self) {
        let outside = self.section.get().filter(|(_, depth)| *depth > 1);
        self.section.set(outside.map(|(task, depth)| (task, depth - 1)));
    }

    /// Runs tasks to their ends, and `beside` as long as that takes; false if they cannot go on. `end_turn` is called between
    /// turns.
    pub fn run(&self, tasks: Vec<Task<'_>>, beside: Option<Task<'_>>, mut end_turn: impl FnMut()) -> bool {
        let bell = Arc::new(Bell { is_rung: AtomicBool::new(true), sleeper: std::thread::current() });
        let waker = Waker::from(bell.clone());
        let mut tasks: Vec<Option<Task<'_>>> = tasks.into_iter().map(Some).collect();
        let foreground = tasks.len();
        tasks.push(beside);
        loop {
            while bell.is_rung.swap(false, Ordering::Acquire) {
                self.due.borrow_mut().clear();
                self.poll_all(&mut tasks, &mut Context::from_waker(&waker));
            }
            end_turn();
            if tasks[..foreground].iter().all(Option::is_none) {
                return true;
            }
            if bell.is_rung.load(Ordering::Acquire) {
                continue;
            }
            let next = self.due.borrow().iter().copied().reduce(f64::min);
            match next {
                Some(next) => {
                    self.now_ms.set(next.max(self.now_ms.get()));
                    bell.is_rung.store(true, Ordering::Release);
                }
                None if !bell.wait() => return false,
                None => {}
            }
        }
    }

    fn poll_all(&self, tasks: &mut [Option<Task<'_>>], context: &mut Context<'_>) {
        for (number, place) in tasks.iter_mut().enumerate() {
            if self.section.get().is_some_and(|(holder, _)| holder != number) {
                continue;
            }
            self.current.set(number);
            let is_over = place.as_mut().is_some_and(|task| task.as_mut().poll(context).is_ready());
            if is_over {
                *place = None;
                // What waited for the end of a critical section goes on.
                context.waker().wake_by_ref();
            }
        }
    }
}

/// Runs futures beside each other until the last of them ends; what they gave, in their order.
pub async fn join<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut ended: Vec<Option<T>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, place) in running.iter_mut().zip(&mut ended) {
            if place.is_none()
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                *place = Some(output);
            }
        }
        if ended.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
