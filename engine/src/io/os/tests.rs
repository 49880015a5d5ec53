use std::collections::BTreeSet;
use std::path::Path;

use super::{Advice, Clock, Entropy, Fs, Io, LockKind, OpenMode, OsClock, OsEntropy, OsFs};
use crate::ids::Timestamp;

#[cfg(unix)]
#[test]
fn a_mapping_sees_what_is_appended_after_it_was_made() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = OsFs.open(&dir.path().join("f"), OpenMode::CreateNew).expect("created");
    assert_eq!(file.write_at(b"one", 0).expect("written"), 3);
    let mapping = file.map(1 << 20, Advice::Random).expect("mapped").expect("Unix maps");
    assert_eq!(mapping.len(), 1 << 20);
    assert_eq!(&mapping[..3], b"one");
    assert_eq!(file.write_at(b"two", 3).expect("written"), 3);
    OsFs.remove(&dir.path().join("f")).expect("removed");
    drop(file);
    assert_eq!(&mapping[..6], b"onetwo");
}

#[test]
fn nothing_is_mapped_for_no_capacity() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = OsFs.open(&dir.path().join("f"), OpenMode::CreateNew).expect("created");
    assert!(file.map(0, Advice::Normal).expect("no error").is_none());
}

#[test]
fn a_file_is_not_locked_as_a_directory() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("f");
    OsFs.open(&path, OpenMode::CreateNew).expect("created");
    let error = OsFs.lock_dir(&path, LockKind::Exclusive).expect_err("no directory");
    assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
}

#[test]
fn a_relative_directory_is_created_under_the_current_one() {
    // Both exist already, so that nothing is left behind in the current directory.
    OsFs.create_dir(Path::new("")).expect("there");
    OsFs.create_dir(Path::new("src")).expect("there");
}

#[test]
fn clocks_go_forward() {
    let clock = OsClock::default();
    let before = clock.monotonic();
    assert!(clock.monotonic() >= before);
    assert!(clock.wall() > Timestamp(1_577_836_800_000_000), "later than 2020");
}

#[test]
fn random_numbers_do_not_repeat() {
    let numbers: BTreeSet<u64> = (0..1_000).map(|_| OsEntropy.next_u64()).collect();
    assert_eq!(numbers.len(), 1_000);
    assert_ne!(Io::os().entropy.next_u64(), Io::os().entropy.next_u64());
}
