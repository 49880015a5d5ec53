use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::flush_step;
use crate::durable::Durable;
use crate::error::Error;
use crate::handle::Handle;
use crate::io::Io;
use crate::options::{Background, Durability, Options};
use crate::recovery;
use crate::txn::WriteTxn;

/// A database whose page files failed while a commit was on its way to the disk, and the wait for that.
fn failed() -> (Arc<Handle>, Durable) {
    let options = Options { background: Background::Inline, ..Options::default() };
    let (shared, _) = recovery::open(Io::memory(1), Path::new("db"), options).unwrap();
    let handle = Arc::new(Handle::new(shared));
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
