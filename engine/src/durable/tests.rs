use std::io::ErrorKind;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::task::{Wake, Waker};
use std::thread;

use super::*;
use crate::error::Error;
use crate::format::wal::RecordKind;
use crate::ids::{CommitTime, DatabaseId};
use crate::io::sim::{Action, Fault, OpKind, SimFs};
use crate::io::{Fs, Io};
use crate::wal::{Log, LogSetup};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Woken>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn log() -> (Arc<SimFs>, Arc<Log>) {
    let fs = Arc::new(SimFs::new());
    fs.create_dir(Path::new("db")).expect("memory takes it");
    let io = Io { fs: fs.clone(), ..Io::memory(1) };
    let setup = LogSetup { io, dir: "db".into(), database: DatabaseId([1; 16]), segment_bytes: 4096 };
    (fs, Arc::new(Log::create(setup)))
}

fn append(log: &dyn LogSink) -> Lsn {
    log.reserve(3).expect("memory takes it");
    log.append(RecordKind::Commit, CommitTime::default(), b"abc")
}

fn poll(durable: &mut Durable, waker: &Arc<Woken>) -> Poll<Result<()>> {
    Pin::new(durable).poll(&mut Context::from_waker(&waker.clone().into()))
}

#[test]
fn a_future_is_woken_when_its_commit_is_durable() {
    let (_, log) = log();
    let (first, second) = (append(&*log), append(&*log));
    let waker = Arc::new(Woken::default());
    let mut durable = Durable::new(log.clone(), second);
    assert_eq!(durable.lsn(), second);
    assert!(poll(&mut durable, &waker).is_pending());
    assert!(poll(&mut durable, &waker).is_pending());
    assert!(!durable.is_durable());
    let third = append(&*log);
    let mut later = Durable::new(log.clone(), third);
    log.flush_to(first).expect("memory takes it");
    assert_eq!(waker.times(), 1, "woken once, however often it was polled");
    assert!(matches!(poll(&mut durable, &waker), Poll::Ready(Ok(()))));
    assert!(durable.is_durable());
    assert!(matches!(poll(&mut later, &waker), Poll::Ready(Ok(()))), "it was in the same group");
}

#[test]
fn waiting_syncs_what_nobody_else_does() {
    let (_, log) = log();
    let lsn = append(&*log);
    Durable::new(log.clone(), lsn).wait().expect("memory takes it");
    assert_eq!(log.durable_lsn(), lsn);
    Durable::new(log.clone(), Lsn::ZERO).wait().expect("the empty database is durable");
}

#[test]
fn one_that_was_dropped_is_not_woken() {
    let (_, log) = log();
    let lsn = append(&*log);
    let waker = Arc::new(Woken::default());
    let mut durable = Durable::new(log.clone(), lsn);
    assert!(poll(&mut durable, &waker).is_pending());
    assert_eq!(Arc::strong_count(&waker), 2, "the log keeps a waker");
    drop(durable);
    assert_eq!(Arc::strong_count(&waker), 1, "and gives it back");
    log.flush_to(lsn).expect("memory takes it");
    assert_eq!(waker.times(), 0);
}

#[test]
fn a_failure_wakes_everybody() {
    let (fs, log) = log();
    let first = append(&*log);
    log.flush_to(first).expect("memory takes it");
    let lsn = append(&*log);
    let wakers = [(); 3].map(|()| Arc::new(Woken::default()));
    let mut waiting = wakers.each_ref().map(|_| Durable::new(log.clone(), lsn));
    for (durable, waker) in waiting.iter_mut().zip(&wakers) {
        assert!(poll(durable, waker).is_pending());
    }
    fs.inject(Fault::once(0, Action::Fail(ErrorKind::Other)).on(&[OpKind::Sync]));
    log.flush_to(lsn).expect_err("the sync failed");
    for (durable, waker) in waiting.iter_mut().zip(&wakers) {
        assert_eq!(waker.times(), 1);
        assert!(matches!(poll(durable, waker), Poll::Ready(Err(Error::Poisoned { .. }))));
    }
    assert!(matches!(Durable::new(log.clone(), lsn).wait(), Err(Error::Poisoned { .. })));
    Durable::new(log.clone(), first).wait().expect("that one is on disk");
}

#[test]
fn a_task_is_woken_from_another_thread() {
    let (_, log) = log();
    let lsn = append(&*log);
    thread::scope(|scope| {
        let task = scope.spawn(|| {
            let mut durable = pin!(Durable::new(log.clone(), lsn));
            let waker: Waker = Unparker(thread::current()).into_waker();
            loop {
                match durable.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(result) => return result,
                    Poll::Pending => thread::park(),
                }
            }
        });
        log.flush_to(lsn).expect("memory takes it");
        task.join().expect("no panic").expect("memory takes it");
    });
}

struct Unparker(thread::Thread);

impl Unparker {
    fn into_waker(self) -> Waker {
        Arc::new(self).into()
    }
}

impl Wake for Unparker {
    fn wake(self: Arc<Unparker>) {
        self.0.unpark();
    }
}

/// A journal that two databases share, as far as the seam needs one: one flush makes the commits of both durable.
#[derive(Debug, Default)]
struct Journal {
    state: Mutex<JournalState>,
}

#[derive(Debug, Default)]
struct JournalState {
    last: [u64; 2],
    durable: [u64; 2],
    flushes: usize,
    waiting: Vec<Waker>,
}

#[derive(Debug)]
struct Share {
    journal: Arc<Journal>,
    object: usize,
}

impl Share {
    fn state(&self) -> MutexGuard<'_, JournalState> {
        self.journal.state.lock().expect("nobody panics here")
    }
}

impl LogSink for Share {
    fn reserve(&self, _payload_len: usize) -> Result<()> {
        Ok(())
    }

    fn append(&self, _kind: RecordKind, _time: CommitTime, _payload: &[u8]) -> Lsn {
        let mut state = self.state();
        state.last[self.object] += 1;
        Lsn { epoch: 1, number: state.last[self.object] }
    }

    fn ready_to_publish(&self) -> Result<()> {
        Ok(())
    }

    fn flush_to(&self, lsn: Lsn) -> Result<()> {
        let mut state = self.state();
        if state.durable[self.object] < lsn.number {
            state.durable = state.last;
            state.flushes += 1;
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Ok(())
    }

    fn durable_lsn(&self) -> Lsn {
        Lsn { epoch: 1, number: self.state().durable[self.object] }
    }

    fn last_lsn(&self) -> Lsn {
        Lsn { epoch: 1, number: self.state().last[self.object] }
    }

    fn poll_durable(&self, lsn: Lsn, _waiter: &mut Option<WaiterId>, waker: &Waker) -> Poll<Result<()>> {
        if self.durable_lsn() >= lsn {
            return Poll::Ready(Ok(()));
        }
        self.state().waiting.push(waker.clone());
        Poll::Pending
    }

    fn forget(&self, _waiter: WaiterId) {}
}

#[test]
fn a_shared_journal_can_stand_behind_the_seam() {
    let journal = Arc::new(Journal::default());
    let [one, other] = [0, 1].map(|object| Arc::new(Share { journal: Arc::clone(&journal), object }));
    let waker = Arc::new(Woken::default());
    let (first, second) = (append(&*one), append(&*other));
    assert_eq!((one.last_lsn(), other.last_lsn()), (first, second), "each counts for itself");
    let mut durable = Durable::new(other.clone(), second);
    assert!(poll(&mut durable, &waker).is_pending());
    Durable::new(one.clone(), first).wait().expect("memory takes it");
    assert!(matches!(poll(&mut durable, &waker), Poll::Ready(Ok(()))));
    assert_eq!((waker.times(), journal.state.lock().expect("nobody panics here").flushes), (1, 1));
}
