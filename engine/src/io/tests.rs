//! What every file system promises, run over all of them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::sim::SimFs;
use super::{Advice, File, Fs, LockKind, MemFs, OpenMode, OsFs, read_exact_at, read_up_to_at, write_all_at};

/// Runs a test over an empty directory of each file system.
fn on_each(test: impl Fn(&dyn Fs, &Path)) {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    test(&OsFs, temporary.path());
    let dir = Path::new("/db");
    let (memory, simulated) = (MemFs::new(), SimFs::new());
    for fs in [&memory as &dyn Fs, &simulated] {
        fs.create_dir(dir).expect("made");
        test(fs, dir);
    }
}

fn create(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> Arc<dyn File> {
    let file = fs.open(path, OpenMode::CreateNew).expect("created");
    write_all_at(&*file, bytes, 0).expect("written");
    file
}

fn content(file: &dyn File) -> Vec<u8> {
    let mut bytes = vec![0xEE; usize::try_from(file.len().expect("a length")).expect("a small file")];
    read_exact_at(file, &mut bytes, 0).expect("read");
    bytes
}

fn content_at(fs: &dyn Fs, path: &Path) -> Vec<u8> {
    content(&*fs.open(path, OpenMode::Read).expect("opened"))
}

fn kind<T>(result: std::io::Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => error.kind(),
    }
}

#[test]
fn files_are_opened_only_as_the_mode_allows() {
    on_each(|fs, dir| {
        let path = dir.join("f");
        assert_eq!(kind(fs.open(&path, OpenMode::Read)), ErrorKind::NotFound);
        assert_eq!(kind(fs.open(&path, OpenMode::Write)), ErrorKind::NotFound);
        assert_eq!(kind(fs.open(&dir.join("no/f"), OpenMode::CreateNew)), ErrorKind::NotFound);
        create(fs, &path, b"abc");
        assert_eq!(kind(fs.open(&path, OpenMode::CreateNew)), ErrorKind::AlreadyExists);

        let reader = fs.open(&path, OpenMode::Read).expect("opened");
        assert!(reader.write_at(b"x", 0).is_err());
        assert!(reader.set_len(0).is_err());
        let writer = fs.open(&path, OpenMode::Write).expect("opened");
        write_all_at(&*writer, b"X", 1).expect("written");
        assert_eq!(content(&*reader), b"aXc");
    });
}

#[test]
fn bytes_are_read_where_they_were_written() {
    on_each(|fs, dir| {
        let file = create(fs, &dir.join("f"), b"head");
        assert!(!file.is_empty().expect("a length"));
        write_all_at(&*file, b"tail", 10_000).expect("written");
        assert_eq!(file.len().expect("a length"), 10_004);

        let mut hole = vec![0xEE; 9_996];
        read_exact_at(&*file, &mut hole, 4).expect("read");
        assert!(hole.iter().all(|byte| *byte == 0));
        let mut buf = [0xEE; 8];
        assert_eq!(read_up_to_at(&*file, &mut buf, 10_000).expect("read"), 4);
        assert_eq!(&buf, b"tail\xEE\xEE\xEE\xEE");
        assert_eq!(file.read_at(&mut buf, 10_004).expect("read"), 0);
        assert_eq!(file.read_at(&mut buf, 1 << 40).expect("read"), 0);
        assert_eq!(kind(read_exact_at(&*file, &mut buf, 10_000)), ErrorKind::UnexpectedEof);
        file.sync_data().expect("synced");
    });
}

#[test]
fn writing_nothing_changes_nothing() {
    on_each(|fs, dir| {
        let file = create(fs, &dir.join("f"), b"abc");
        assert_eq!(file.write_at(b"", 100).expect("written"), 0);
        assert_eq!(content(&*file), b"abc");
    });
}

#[test]
fn what_was_cut_off_does_not_come_back() {
    on_each(|fs, dir| {
        let file = create(fs, &dir.join("f"), &[7; 9_000]);
        file.set_len(5).expect("cut");
        file.set_len(9_000).expect("extended");
        let mut expected = vec![0; 9_000];
        expected[..5].fill(7);
        assert_eq!(content(&*file), expected);
    });
}

#[test]
fn renaming_replaces_and_keeps_open_files() {
    on_each(|fs, dir| {
        let (old, new) = (dir.join("old"), dir.join("new"));
        assert_eq!(kind(fs.rename(&new, &old)), ErrorKind::NotFound);
        let replaced = create(fs, &old, b"old content");
        let moved = create(fs, &new, b"new content");
        fs.rename(&new, &old).expect("renamed");
        assert_eq!(fs.list(dir).expect("listed"), ["old"]);
        assert_eq!(content_at(fs, &old), b"new content");
        assert_eq!(content(&*replaced), b"old content");
        write_all_at(&*moved, b"NEW", 0).expect("written");
        assert_eq!(content_at(fs, &old), b"NEW content");
        fs.rename(&old, &old).expect("nothing to do");
        fs.rename(&old, &new).expect("renamed back");
        assert_eq!(fs.list(dir).expect("listed"), ["new"]);
        fs.sync_dir(dir).expect("synced");
    });
}

#[test]
fn a_linked_file_has_two_names() {
    on_each(|fs, dir| {
        let (one, two) = (dir.join("one"), dir.join("two"));
        fs.create_dir(&dir.join("fork")).expect("made");
        let file = create(fs, &one, b"shared");
        assert_eq!(kind(fs.hard_link(&two, &dir.join("three"))), ErrorKind::NotFound);
        fs.hard_link(&one, &two).expect("linked");
        fs.hard_link(&one, &dir.join("fork/three")).expect("linked into another directory");
        assert_eq!(kind(fs.hard_link(&one, &two)), ErrorKind::AlreadyExists);
        fs.rename(&one, &two).expect("nothing to do");
        fs.remove(&one).expect("still there, and removed");
        write_all_at(&*file, b"S", 0).expect("written");
        assert_eq!(content_at(fs, &two), b"Shared");
        assert_eq!(content_at(fs, &dir.join("fork/three")), b"Shared");
    });
}

#[test]
fn a_removed_file_stays_readable_for_who_has_it_open() {
    on_each(|fs, dir| {
        let path = dir.join("f");
        let file = create(fs, &path, b"abc");
        fs.remove(&path).expect("removed");
        assert_eq!(kind(fs.remove(&path)), ErrorKind::NotFound);
        assert_eq!(kind(fs.open(&path, OpenMode::Read)), ErrorKind::NotFound);
        assert_eq!(content(&*file), b"abc");
        let other = create(fs, &path, b"another file");
        assert_eq!(content(&*file), b"abc");
        assert_eq!(content(&*other), b"another file");
    });
}

#[test]
fn a_directory_lists_its_files_in_order() {
    on_each(|fs, dir| {
        assert!(fs.list(dir).expect("listed").is_empty());
        fs.create_dir(&dir.join("below")).expect("made");
        for name in ["b", "a", "c10", "c9"] {
            create(fs, &dir.join(name), b"");
        }
        create(fs, &dir.join("below/d"), b"");
        assert_eq!(fs.list(dir).expect("listed"), ["a", "b", "c10", "c9"]);
        assert_eq!(fs.list(&dir.join("below")).expect("listed"), ["d"]);
        assert_eq!(kind(fs.list(&dir.join("none"))), ErrorKind::NotFound);
        assert_eq!(kind(fs.sync_dir(&dir.join("none"))), ErrorKind::NotFound);
    });
}

#[test]
fn directories_are_made_with_those_above_them() {
    on_each(|fs, dir| {
        let deep: PathBuf = dir.join("x/y/z");
        fs.create_dir(&deep).expect("made");
        fs.create_dir(&deep).expect("there already");
        create(fs, &deep.join("f"), b"");
        assert!(fs.list(&dir.join("x")).expect("listed").is_empty());
        assert_eq!(kind(fs.open(&dir.join("x"), OpenMode::CreateNew)), ErrorKind::AlreadyExists);
        assert!(fs.create_dir(&deep.join("f")).is_err());
        assert!(fs.create_dir(&deep.join("f/g")).is_err());
    });
}

#[test]
fn locks_exclude_each_other_also_within_a_process() {
    on_each(|fs, dir| {
        use LockKind::{Exclusive, Shared};
        let blocked = |kind| match fs.lock_dir(dir, kind) {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                true
            }
        };
        let exclusive = fs.lock_dir(dir, Exclusive).expect("free");
        assert!(blocked(Exclusive) && blocked(Shared));
        drop(exclusive);

        let (one, two) = (fs.lock_dir(dir, Shared).expect("free"), fs.lock_dir(dir, Shared).expect("shared"));
        assert!(blocked(Exclusive));
        drop(one);
        assert!(blocked(Exclusive));
        drop(two);
        assert!(!blocked(Exclusive));

        let below = dir.join("below");
        assert_eq!(kind(fs.lock_dir(&below, Shared)), ErrorKind::NotFound);
        fs.create_dir(&below).expect("made");
        let _other = fs.lock_dir(&below, Exclusive).expect("another directory, another lock");
        assert!(!blocked(Exclusive));
    });
}

#[test]
fn a_lock_does_not_show_in_the_list() {
    on_each(|fs, dir| {
        let _lock = fs.lock_dir(dir, LockKind::Exclusive).expect("free");
        assert!(fs.list(dir).expect("listed").is_empty());
    });
}

#[cfg(not(miri))]
#[test]
fn a_part_of_a_mapping_can_be_fetched_and_reads_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let file = OsFs.open(&dir.path().join("file"), OpenMode::CreateNew).unwrap();
    let bytes: Vec<u8> = (0..40_000u32).map(|n| n.to_le_bytes()[0]).collect();
    write_all_at(&*file, &bytes, 0).unwrap();
    // Longer than the file, as for a file that is going to grow.
    let mapping = file.map(1 << 20, Advice::Random).unwrap().unwrap();
    for part in [0..0, 5..9_000, 30_000..40_000, 39_999..1 << 20, 1 << 20..1 << 21] {
        mapping.fetch(part);
        assert_eq!(mapping[..bytes.len()], bytes);
    }
}
