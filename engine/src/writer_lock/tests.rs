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
