use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use super::{Pressure, Run};

const BUDGET: u64 = 64 << 20;

fn allowed(pressure: &Pressure) -> u64 {
    pressure.state().run.as_ref().map_or(u64::MAX, Run::allowed)
}

#[test]
fn room_is_given_as_the_checkpoint_goes_on() {
    let pressure = Pressure::default();
    let running = pressure.begin(32 << 20, BUDGET);
    assert_eq!(allowed(&pressure), 40 << 20);
    running.advance(16 << 20);
    assert_eq!(allowed(&pressure), 50 << 20);
    running.advance(16 << 20);
    assert_eq!(allowed(&pressure), 60 << 20);
    running.advance(16 << 20);
    assert_eq!(allowed(&pressure), 60 << 20, "more was written than was supposed");
    drop(running);
    assert!(!pressure.has_run());
    // The last one wrote half as much again as was held.
    let running = pressure.begin(32 << 20, BUDGET);
    running.advance(24 << 20);
    assert_eq!(allowed(&pressure), 50 << 20);
}

#[test]
fn memory_that_readers_keep_leaves_some_room() {
    let pressure = Pressure::default();
    let _running = pressure.begin(2 * BUDGET, BUDGET);
    assert_eq!(allowed(&pressure), 2 * BUDGET + BUDGET / 64);
    pressure.hold_back(|| 2 * BUDGET + BUDGET / 64);
}

#[test]
fn who_is_above_the_limit_waits_for_the_end() {
    let pressure = Pressure::default();
    let held = AtomicU64::new(BUDGET + 1);
    let (asked, asks) = mpsc::channel();
    let running = pressure.begin(BUDGET / 2, BUDGET);
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| {
            pressure.hold_back(|| {
                let _ = asked.send(());
                held.load(Ordering::Relaxed)
            });
            held.load(Ordering::Relaxed)
        });
        asks.recv().unwrap();
        running.advance(1);
        assert!(!commit.is_finished());
        held.store(0, Ordering::Relaxed);
        drop(running);
        assert_eq!(commit.join().unwrap(), 0);
    });
}

#[test]
fn without_a_checkpoint_nobody_waits() {
    Pressure::default().hold_back(|| u64::MAX);
}
