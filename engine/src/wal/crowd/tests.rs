use super::Crowd;
use crate::ids::Lsn;

fn lsn(number: u64) -> Lsn {
    Lsn { epoch: 1, number }
}

#[test]
fn two_groups_that_would_take_turns_become_one() {
    let mut crowd = Crowd::default();
    (1..=4).for_each(|number| crowd.join(lsn(number)));
    assert!(crowd.is_whole(), "nobody is known who might come");
    crowd.begin_sync(lsn(5));
    // One had its commit in time and waits only now; three come too late.
    (5..=8).for_each(|number| crowd.join(lsn(number)));
    crowd.end_sync();
    assert!(!crowd.is_whole(), "those five are about to come again");
    (9..=12).for_each(|number| crowd.join(lsn(number)));
    assert!(!crowd.is_whole());
    crowd.join(lsn(13));
    assert!(crowd.is_whole());
}

#[test]
fn who_does_not_come_is_not_expected_again() {
    let mut crowd = Crowd::default();
    (1..=3).for_each(|number| crowd.join(lsn(number)));
    crowd.begin_sync(lsn(3));
    crowd.end_sync();
    crowd.join(lsn(4));
    assert!(!crowd.is_whole());
    crowd.expect_no_more();
    assert!(crowd.is_whole());
    crowd.begin_sync(lsn(4));
    crowd.end_sync();
    crowd.join(lsn(5));
    assert!(crowd.is_whole(), "one alone waits for nobody");
}
