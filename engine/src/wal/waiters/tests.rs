use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Count>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn lsn(number: u64) -> Lsn {
    Lsn { epoch: 1, number }
}

fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

#[test]
fn those_are_woken_whose_commit_is_durable() {
    let counts: [Arc<Count>; 4] = Default::default();
    let mut waiters = Waiters::default();
    let mut ids: [Option<WaiterId>; 4] = Default::default();
    for (i, number) in [3, 1, 2, 2].into_iter().enumerate() {
        waiters.wait(lsn(number), &mut ids[i], &counts[i].clone().into());
    }
    let woken = |counts: &[Arc<Count>; 4]| counts.each_ref().map(|count| count.0.load(Ordering::Relaxed));
    wake(waiters.take_up_to(lsn(2)));
    assert_eq!(woken(&counts), [0, 1, 1, 1]);
    wake(waiters.take_up_to(lsn(2)));
    assert_eq!(woken(&counts), [0, 1, 1, 1], "nobody is woken twice");
    wake(waiters.take_all());
    assert_eq!(woken(&counts), [1, 1, 1, 1]);
}

#[test]
fn one_who_polls_again_keeps_its_place_with_its_new_waker() {
    let counts: [Arc<Count>; 2] = Default::default();
    let mut waiters = Waiters::default();
    let mut id = None;
    waiters.wait(lsn(1), &mut id, &counts[0].clone().into());
    waiters.wait(lsn(1), &mut id, &counts[1].clone().into());
    assert_eq!(waiters.waiting.len(), 1);
    wake(waiters.take_all());
    assert_eq!(counts.each_ref().map(|count| count.0.load(Ordering::Relaxed)), [0, 1]);
    waiters.wait(lsn(1), &mut id, &counts[0].clone().into());
    assert_eq!(waiters.waiting.len(), 1, "one who was woken can wait again");
    waiters.forget(&id.expect("it waits"));
    assert!(waiters.waiting.is_empty());
}
