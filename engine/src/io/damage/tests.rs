use std::io::ErrorKind;
use std::path::Path;

use super::{copy_dir, read_file};
use crate::io::{Fs, MemFs, OsFs};

fn image() -> MemFs {
    let fs = MemFs::new();
    fs.replace(Path::new("a"), b"aaaa").expect("created");
    fs.replace(Path::new("b"), b"bb").expect("created");
    fs
}

fn content(fs: &dyn Fs, path: &str) -> Vec<u8> {
    read_file(fs, Path::new(path)).expect("read")
}

#[test]
fn damage_changes_what_it_says_and_nothing_else() {
    let (a, b) = (Path::new("a"), Path::new("b"));
    let fs = image();
    fs.flip_bits(a, 2, 0b11).expect("flipped");
    assert_eq!(content(&fs, "a"), [b'a', b'a', b'a' ^ 3, b'a']);
    assert_eq!(fs.flip_bits(a, 4, 1).expect_err("past the end").kind(), ErrorKind::UnexpectedEof);

    let fs = image();
    fs.zero_fill(a, 1..3).expect("zeroed");
    assert_eq!(content(&fs, "a"), b"a\0\0a");
    fs.zero_fill(b, 1..100).expect("zeroed as far as there is something");
    assert_eq!(content(&fs, "b"), b"b\0");
    fs.zero_fill(b, 50..100).expect("nothing there");
    assert_eq!(content(&fs, "b"), b"b\0");

    let fs = image();
    fs.truncate(a, 3).expect("cut");
    fs.truncate(b, 3).expect("short already");
    assert_eq!((content(&fs, "a").as_slice(), content(&fs, "b").as_slice()), (&b"aaa"[..], &b"bb"[..]));

    let fs = image();
    fs.swap_files(a, b).expect("swapped");
    assert_eq!((content(&fs, "a").as_slice(), content(&fs, "b").as_slice()), (&b"bb"[..], &b"aaaa"[..]));
    fs.replace(a, b"").expect("replaced");
    assert!(content(&fs, "a").is_empty());
}

#[test]
fn a_directory_is_copied_between_file_systems() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let dir = temporary.path().join("copy");
    copy_dir(&image(), Path::new(""), &OsFs, &dir).expect("copied");
    assert_eq!(OsFs.list(&dir).expect("listed"), ["a", "b"]);
    assert_eq!(read_file(&OsFs, &dir.join("a")).expect("read"), b"aaaa");
    let error = copy_dir(&image(), Path::new(""), &OsFs, &dir).expect_err("there already");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}
