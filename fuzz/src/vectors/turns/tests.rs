use super::*;

/// What tasks wrote down.
#[derive(Default)]
struct Log(RefCell<Vec<&'static str>>);

impl Log {
    fn write(&self, word: &'static str) {
        self.0.borrow_mut().push(word);
    }
}

#[test]
fn time_jumps_between_turns() {
    let (turns, log) = (Turns::new(1000.0), Log::default());
    let slow: Task<'_> = Box::pin(async {
        log.write("slow begins");
        turns.sleep(200.0).await;
        log.write("slow ends");
    });
    let quick: Task<'_> = Box::pin(async {
        turns.sleep(50.0).await;
        log.write("quick");
    });
    let mut ends = Vec::new();
    assert!(turns.run(vec![slow, quick], None, || ends.push(turns.now_ms())));
    assert_eq!(*log.0.borrow(), ["slow begins", "quick", "slow ends"]);
    assert_eq!(ends, [1000.0, 1050.0, 1200.0]);
}

#[test]
fn a_turn_goes_on_while_a_task_can() {
    let turns = Turns::new(0.0);
    let mut ends = 0;
    let task: Task<'_> = Box::pin(async {
        turns.yield_now().await;
        turns.yield_now().await;
    });
    assert!(turns.run(vec![task], None, || ends += 1));
    assert_eq!(ends, 1);
}

#[test]
fn a_critical_section_keeps_others_waiting() {
    let (turns, log) = (Turns::new(0.0), Log::default());
    let holder: Task<'_> = Box::pin(async {
        turns.enter_section();
        turns.sleep(100.0).await;
        log.write("holder");
        turns.leave_section();
    });
    let other: Task<'_> = Box::pin(async { log.write("other") });
    assert!(turns.run(vec![holder, other], None, || {}));
    assert_eq!(*log.0.borrow(), ["holder", "other"]);
}

#[test]
fn what_runs_beside_is_not_waited_for() {
    let (turns, log) = (Turns::new(0.0), Log::default());
    let beside: Task<'_> = Box::pin(async {
        loop {
            turns.sleep(30.0).await;
            log.write("beside");
        }
    });
    let task: Task<'_> = Box::pin(async {
        let lanes = vec![turns.sleep(100.0), turns.sleep(50.0)];
        assert_eq!(join(lanes).await.len(), 2);
    });
    assert!(turns.run(vec![task], Some(beside), || {}));
    assert_eq!(*log.0.borrow(), ["beside"; 3]);
}
