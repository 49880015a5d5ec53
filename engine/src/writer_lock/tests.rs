use std::sync::mpsc;
use std::time::Duration;

use super::WriterLock;

#[test]
fn a_writer_waits_for_a_step_whatever_its_timeout() {
    for _ in 0..200 {
        let lock = WriterLock::default();
        assert!(lock.try_acquire_for_step());
        let (about_to_wait, waits) = mpsc::channel();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                about_to_wait.send(()).unwrap();
                lock.acquire(Duration::ZERO)
            });
            waits.recv().unwrap();
            lock.release();
            assert!(writer.join().unwrap());
        });
    }
}

#[test]
fn a_writer_does_not_wait_longer_than_it_will_for_another_one() {
    let lock = WriterLock::default();
    assert!(lock.acquire(Duration::ZERO));
    assert!(!lock.acquire(Duration::ZERO));
    assert!(!lock.try_acquire_for_step());
    lock.release();
    assert!(lock.acquire(Duration::ZERO));
}

#[test]
fn a_step_that_waits_comes_before_writers_who_wait() {
    for _ in 0..200 {
        let lock = WriterLock::default();
        assert!(lock.acquire(Duration::ZERO));
        std::thread::scope(|scope| {
            let step = scope.spawn(|| {
                let taken = lock.acquire_for_step(Duration::from_secs(600));
                assert!(lock.state().waiting > 0, "the writer that came first waits");
                lock.release();
                taken
            });
            while lock.state().steps_waiting == 0 {
                std::thread::yield_now();
            }
            let writer = scope.spawn(|| lock.acquire(Duration::from_secs(600)));
            while lock.state().waiting == 0 {
                std::thread::yield_now();
            }
            lock.release();
            assert!(step.join().unwrap() && writer.join().unwrap());
        });
    }
}

#[test]
fn a_step_that_gives_up_leaves_the_lock_to_writers() {
    let lock = WriterLock::default();
    assert!(lock.acquire(Duration::ZERO));
    assert!(!lock.acquire_for_step(Duration::from_nanos(1)));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| lock.acquire(Duration::from_secs(600)));
        lock.release();
        assert!(writer.join().unwrap());
    });
}
