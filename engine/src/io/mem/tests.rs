use std::path::Path;

use super::{Fs, Io, LockKind, MemFs, OpenMode};

fn write(fs: &MemFs, path: &str, bytes: &[u8]) {
    let path = Path::new(path);
    let file =
        fs.open(path, OpenMode::Write).or_else(|_| fs.open(path, OpenMode::CreateNew)).expect("opened");
    file.write_at(bytes, 0).expect("written");
}

fn read(fs: &MemFs, path: &str) -> Vec<u8> {
    let file = fs.open(Path::new(path), OpenMode::Read).expect("opened");
    let mut bytes = vec![0; usize::try_from(file.len().expect("a length")).expect("small")];
    file.read_at(&mut bytes, 0).expect("read");
    bytes
}

#[test]
fn a_clone_and_its_original_go_separate_ways() {
    let original = MemFs::new();
    write(&original, "kept", b"same");
    write(&original, "changed", b"before");
    let copy = original.clone();
    assert_eq!(copy.digest(), original.digest());

    write(&copy, "changed", b"after!");
    write(&copy, "new", b"");
    original.remove(Path::new("kept")).expect("removed");
    assert_eq!(read(&original, "changed"), b"before");
    assert_eq!(original.list(Path::new("")).expect("listed"), ["changed"]);
    assert_eq!(read(&copy, "changed"), b"after!");
    assert_eq!(read(&copy, "kept"), b"same");
    assert_ne!(copy.digest(), original.digest());
}

#[test]
fn handles_and_locks_stay_with_the_original() {
    let original = MemFs::new();
    let file = original.open(Path::new("f"), OpenMode::CreateNew).expect("created");
    let _lock = original.lock_dir(Path::new(""), LockKind::Exclusive).expect("free");
    let copy = original.clone();
    file.write_at(b"late", 0).expect("written");
    assert!(read(&copy, "f").is_empty());
    copy.lock_dir(Path::new(""), LockKind::Exclusive).expect("free in the copy");
}

#[test]
fn memory_of_a_removed_file_is_given_back_with_its_last_handle() {
    let fs = MemFs::new();
    write(&fs, "f", &[1; 10_000]);
    let handle = fs.open(Path::new("f"), OpenMode::Read).expect("opened");
    fs.remove(Path::new("f")).expect("removed");
    assert_eq!(fs.total_bytes(), 10_000);
    drop(handle);
    assert_eq!(fs.total_bytes(), 0);
}

#[test]
fn names_do_not_move_between_directories() {
    let fs = MemFs::new();
    write(&fs, "f", b"");
    fs.create_dir(Path::new("d")).expect("made");
    let error = fs.rename(Path::new("f"), Path::new("d/f")).expect_err("refused");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn a_length_from_nowhere_is_an_error_and_no_allocation() {
    let fs = MemFs::new();
    let file = fs.open(Path::new("f"), OpenMode::CreateNew).expect("created");
    assert!(file.set_len(u64::MAX).is_err());
    assert!(file.write_at(b"x", u64::MAX).is_err());
    assert_eq!(file.len().expect("a length"), 0);
}

#[test]
fn everything_of_a_seed_repeats() {
    let (one, other) = (Io::memory(7), Io::memory(7));
    assert_eq!(one.entropy.next_u64(), other.entropy.next_u64());
    assert_eq!(one.clock.wall(), other.clock.wall());
    assert_ne!(Io::memory(8).entropy.next_u64(), Io::memory(7).entropy.next_u64());
}
