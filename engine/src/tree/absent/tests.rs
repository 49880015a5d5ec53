use super::*;

fn key(n: u64) -> Vec<u8> {
    format!("key/{n}").into_bytes()
}

/// A filter of so many keys from 0 on, complete.
fn filled(watched: &Watched, entries: u64) {
    watched.begin_filter(entries, &Meter::new());
    (0..entries).for_each(|n| watched.add(&key(n)));
    watched.finish_filter();
}

#[test]
fn a_filter_has_what_it_was_given_and_little_else() {
    let watched = Watched::new(&Nudge::default(), 0);
    filled(&watched, 20_000);
    assert!((0..20_000).all(|n| !watched.lacks(&key(n))));
    let mistaken = (20_000..120_000).filter(|n| !watched.lacks(&key(*n))).count();
    assert!(mistaken < 1000, "{mistaken} of 100,000");
}

#[test]
fn keys_of_all_lengths_have_hashes_of_their_own() {
    let zeros = [0; 100];
    let mut hashes: Vec<u64> = (0..=zeros.len()).map(|len| hash(&zeros[..len])).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), zeros.len() + 1);
}

#[test]
fn only_covered_states_ask() {
    let mut now = Watched::new(&Nudge::default(), 0);
    now.edit(10);
    let before = now.clone();
    now.edit(10);
    let same = now.clone();
    // A state that was given up, as by a transaction that did not commit.
    let mut aside = now.clone();
    aside.edit(10);
    now.begin_filter(10, &Meter::new());
    assert!(!now.lacks(b"absent"));
    now.finish_filter();
    assert!(now.lacks(b"absent") && same.lacks(b"absent"));
    assert!(!before.lacks(b"absent") && !aside.lacks(b"absent"));
    let mut later = same.clone();
    later.edit(10);
    later.add(b"put");
    assert!(later.lacks(b"absent") && !later.lacks(b"put"));
    for mut branch in [before, aside] {
        branch.edit(10);
        assert!(!branch.lacks(b"absent"));
        assert_eq!(branch.filter_bytes(), 0);
    }
}

#[test]
fn a_filter_that_became_too_small_is_left_by_the_next_edit() {
    let mut now = Watched::new(&Nudge::default(), 0);
    filled(&now, 1000);
    let mut n = 1000;
    while now.filter_bytes() > 0 {
        now.edit(n);
        now.add(&key(n));
        n += 1;
    }
    assert!((1250..1400).contains(&n), "{n} keys");
    assert!(!now.lacks(b"absent"));
}

#[test]
fn a_filter_that_became_much_too_large_is_left_by_the_next_edit() {
    let meter = Meter::new();
    let mut now = Watched::new(&Nudge::default(), 0);
    now.begin_filter(1000, &meter);
    assert_eq!(now.filter_bytes(), to_u64(meter.held_bytes()));
    now.edit(200);
    assert!(now.filter_bytes() > 0);
    now.edit(100);
    assert_eq!((now.filter_bytes(), meter.held_bytes()), (0, 0));
}

#[test]
fn a_tree_wants_a_filter_once_and_again_after_it_was_put_off() {
    let told = Arc::new(AtomicU64::new(0));
    let nudge = Nudge::default();
    let teller = told.clone();
    nudge.set(move || {
        teller.fetch_add(1, Ordering::Relaxed);
    });
    let watched = Watched::new(&nudge, 20);
    note(&watched, 9, 0);
    assert!(!watched.wants_filter());
    note(&watched, 5, 0);
    assert!(watched.wants_filter());
    watched.put_off();
    assert!(!watched.wants_filter());
    note(&watched, 9, 0);
    assert!(!watched.wants_filter());
    note(&watched, 1, 0);
    assert!(watched.wants_filter());
    assert_eq!(told.load(Ordering::Relaxed), 2);
}

#[test]
fn keys_that_are_there_make_no_tallies() {
    let watched = Watched::new(&Nudge::default(), 1000);
    note(&watched, 0, 100);
    watched.put_off();
    assert!(watched.watch.tallies.0.get().is_none());
    note(&watched, 1, 0);
    assert!(watched.watch.tallies.0.get().is_some());
}

#[test]
fn a_filter_is_neither_wanted_nor_asked_while_few_lookups_are_of_absent_keys() {
    let watched = Watched::new(&Nudge::default(), 1000);
    (0..10_000).for_each(|_| note(&watched, 1, 2));
    assert!(!watched.wants_filter());
    (0..1001).for_each(|_| note(&watched, 2, 3));
    assert!(watched.wants_filter());
    filled(&watched, 100);
    assert!(watched.lacks(b"absent"));
    note(&watched, 1, 2000);
    assert!(!watched.lacks(b"absent"));
    note(&watched, 15, 0);
    assert!(!watched.lacks(b"absent"));
    note(&watched, 1, 0);
    assert!(watched.lacks(b"absent"));
    (0..10_000).for_each(|_| note(&watched, 5, 5));
    assert!(watched.lacks(b"absent"));
}

/// Lookups of so many keys that are absent, then of some that are there, in a tree of few entries.
fn note(watched: &Watched, absent: u64, there: u64) {
    (0..absent).for_each(|_| watched.note(false, 100));
    (0..there).for_each(|_| watched.note(true, 100));
}
