use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel;

use super::{Wish, flush_step, in_order_and_when_idle};
use crate::durable::Durable;
use crate::error::Error;
use crate::handle::Handle;
use crate::io::Io;
use crate::options::{Background, Durability, Options};
use crate::recovery;
use crate::txn::WriteTxn;

/// A database in memory, whose background work is left to the test.
fn opened(seed: u64) -> Arc<Handle> {
    let options = Options { background: Background::Inline, ..Options::default() };
    let (shared, _) = recovery::open(Io::memory(seed), Path::new("db"), options).unwrap();
    Arc::new(Handle::new(shared))
}

/// A database whose page files failed while a commit was on its way to the disk, and the wait for that.
fn failed() -> (Arc<Handle>, Durable) {
    let handle = opened(1);
    for durability in [Durability::Immediate, Durability::None] {
        let mut txn = WriteTxn::begin(handle.clone()).unwrap();
        let tree = txn.open_tree(b"t").unwrap();
        txn.put(tree, b"k", &[1]).unwrap();
        txn.commit(durability).unwrap();
    }
    let log = handle.log.clone().unwrap();
    let durable = Durable::new(log, handle.versions.current().lsn);
    assert!(!durable.is_durable());
    drop(handle.poison(Error::InvalidArgument("a sync that failed".into())));
    (handle, durable)
}

fn is_over(durable: Durable) -> bool {
    matches!(pin!(durable).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(())))
}

#[test]
fn a_commit_becomes_durable_though_page_files_failed() {
    let (handle, durable) = failed();
    flush_step(&handle);
    assert!(is_over(durable));
}

#[test]
fn closing_makes_it_durable_too() {
    let (handle, durable) = failed();
    assert!(matches!(handle.close(), Err(Error::Poisoned { .. })));
    assert!(is_over(durable));
}

#[test]
fn an_idle_database_rests_however_much_others_ask_for() {
    let (idle, busy) = (opened(1), opened(2));
    let (requests, wishes) = channel::unbounded();
    let thread = thread::spawn(move || in_order_and_when_idle(&wishes, Duration::from_millis(20)));
    idle.requested.rest.store(true, Ordering::Release);
    requests.send((Arc::downgrade(idle.shared()), Wish::Rest)).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while idle.requested.rest.load(Ordering::Acquire) {
        assert!(Instant::now() < patience, "it was not looked at");
        requests.send((Arc::downgrade(busy.shared()), Wish::Swap)).unwrap();
        thread::sleep(Duration::from_millis(1));
    }
    drop(requests);
    thread.join().unwrap();
}
