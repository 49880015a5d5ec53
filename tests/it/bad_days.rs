//! The shell on bad days: each time a message with the path and the way out, an exit code that is not zero, and nothing
//! lost that was acknowledged.
//!
//! What a real disk cannot be made to do here (a failed sync, a full disk without privileges) is in the shell's own
//! tests, on simulated files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use duramen::{Database, Durability, Options, TreeName};
use tempfile::TempDir;

use crate::program::{Ran, command, finish, kv, kv_with, read_line, run, run_with};

/// A database with a few entries.
fn filled() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("db");
    kv_with("a\t1\nb\t2\nc\t3\n", &db, "import").output();
    (dir, db)
}

fn says(message: &str, path: &Path, parts: &[&str]) {
    let path = path.to_str().expect("temporary paths are UTF-8");
    let missing: Vec<_> =
        [&[path, "\n  help: "], parts].concat().into_iter().filter(|part| !message.contains(part)).collect();
    assert!(missing.is_empty(), "{missing:?} not in: {message}");
}

#[test]
fn wrong_arguments() {
    let (_dir, db) = filled();
    for words in [
        "got a",
        "put a",
        "list --limit 0",
        "list --limit x",
        "list --start a --start-after b",
        "delete",
        "import --batch 0 x",
    ] {
        let ran = kv(&db, words);
        assert!(ran.code == 2 && !ran.err.is_empty() && ran.out.is_empty(), "{words}: {ran:?}");
    }
    assert!(kv(&db, "put a {").failure(2).contains("not JSON"));
    assert!(kv(&db, "put a word").failure(2).contains("double quotes"));
    assert!(run(&[]).code == 2);
}

#[test]
fn bad_input_makes_no_database() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("db");
    kv(&db, "put a {").failure(2);
    let missing = dir.path().join("missing.tsv");
    let message = kv(&db, &format!("import {}", missing.display())).failure(2);
    assert!(message.contains("missing.tsv"), "{message}");
    assert!(kv(&db, &format!("import {}", dir.path().display())).failure(2).contains("directory"));
    assert!(!db.exists());
}

#[test]
fn no_database() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let db = dir.path().join("db");
    for words in ["get a", "list", "export", "delete a"] {
        says(&kv(&db, words).failure(3), &db, &["put KEY JSON"]);
    }
    for command in ["info", "verify", "checkpoint", "compact"] {
        says(&run(&[&command, &db]).failure(3), &db, &["no database here"]);
    }
    assert!(!db.exists(), "a reading command made something");
}

#[test]
fn something_that_is_no_database() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let notes = dir.path().join("notes");
    fs::create_dir(&notes).expect("a temporary directory can be made");
    fs::write(notes.join("monday.txt"), "buy nails\n").expect("a temporary file can be written");
    for words in ["put a 1", "get a"] {
        says(&kv(&notes, words).failure(3), &notes, &[]);
    }
    assert_eq!(fs::read_dir(&notes).expect("it is a directory").count(), 1);

    let file = dir.path().join("file");
    fs::write(&file, "x").expect("a temporary file can be written");
    for words in ["put a 1", "get a"] {
        let ran = kv(&file, words);
        assert!(matches!(ran.code, 3 | 5), "{ran:?}");
        says(&ran.err, &file, &[]);
    }
    assert_eq!(fs::read(&file).expect("it is a file"), b"x");
}

#[test]
fn another_version() {
    let (_dir, db) = filled();
    let file = db.join("00000001.wal");
    let mut bytes = fs::read(&file).expect("it can be read");
    // As docs/format.md has it: the version after eight bytes of magic, the checksum at the end of the header, seeded
    // with what the header belongs to.
    bytes[8..12].copy_from_slice(&77_u32.to_le_bytes());
    let seed = crc32(0, &[&[3], &bytes[12..28], &bytes[28..32]].concat());
    let checksum = crc32(seed, &[&[0; 8], &bytes[..124]].concat());
    bytes[124..128].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&file, bytes).expect("it can be written");
    let message = run(&[&"info", &db]).failure(3);
    says(&message, &db, &["version 77"]);
}

/// CRC-32 (IEEE 802.3) of `bytes` after others whose checksum is `before`.
fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!before, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn locked_by_another_process() {
    let (_dir, db) = filled();
    let mut other = command(&[&"kv", &db]).spawn().expect("the program was built");
    let pipe = other.stdin.as_mut().expect("it is piped");
    pipe.write_all(b"put d 4\nget d\n").expect("the program reads");
    pipe.flush().expect("the program reads");
    assert_eq!(read_line(other.stdout.as_mut().expect("it is piped")), "4");

    for words in ["put a 2", "get a", "delete a"] {
        says(&kv(&db, words).failure(4), &db, &["other process"]);
    }
    says(&run_with("get a\n", &[&"kv", &db]).failure(4), &db, &[]);
    assert_eq!(finish(other, "quit\n").code, 0);
    assert_eq!(kv(&db, "export").output(), "a\t1\nb\t2\nc\t3\nd\t4\n");
}

/// Whether a command that only tries something out goes well.
fn can(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|done| done.status.success())
}

/// Says that a test could not test.
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;

    let (dir, db) = filled();
    let allow = |mode| {
        for path in files_of(&db).into_iter().chain([db.clone(), dir.path().to_path_buf()]) {
            let mode = if path.is_dir() { mode | 0o111 } else { mode };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("these files are ours");
        }
    };
    allow(0o444);
    if fs::write(dir.path().join("probe"), "").is_ok() {
        allow(0o644);
        return skipped("permissions do not bind this user");
    }
    assert_eq!(kv(&db, "get a").output(), "1\n");
    assert_eq!(run_with("get b\n", &[&"kv", &db]).output(), "2\n");
    says(&kv(&db, "put a 2").failure(5), &db, &["the right to read and write"]);
    let new = dir.path().join("new");
    says(&kv(&new, "put a 2").failure(5), &new, &["the right to read and write"]);
    allow(0o644);
    assert_eq!(kv(&db, "export").output(), "a\t1\nb\t2\nc\t3\n");
}

#[test]
fn a_full_disk_in_the_middle_of_an_import() {
    if !can("unshare", &["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]) {
        return skipped("no right to mount a small file system; the shell's own tests fill a simulated one");
    }
    // In a mount namespace of its own: import until the small disk is full, then look, make room, and go on.
    let script = format!(
        "mount -t tmpfs -o size=160k none /mnt
         seq -f 'key %06.0f' 4000 | sed 's/$/\t\"some text that takes a little room on the disk\"/' > /tmp/lines.$$
         {duramen} kv /mnt/db import --batch 100 < /tmp/lines.$$
         echo \"code $?\"
         {duramen} kv /mnt/db export | wc -l
         {duramen} verify /mnt/db > /dev/null && echo sound
         mount -o remount,size=20m /mnt
         {duramen} kv /mnt/db import --batch 4000 < /tmp/lines.$$
         {duramen} kv /mnt/db export | wc -l
         rm /tmp/lines.$$",
        duramen = crate::program::PATH,
    );
    let done =
        Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().expect("it ran a moment ago");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let committed =
        out.lines().rev().find_map(|line| line.strip_prefix("committed ").filter(|n| *n != "4000"));
    let committed: usize = committed.and_then(|n| n.parse().ok()).unwrap_or(0);
    let tail: Vec<&str> =
        out.lines().filter(|line| !line.starts_with("committed ") || line.ends_with(" 4000")).collect();
    assert!(committed >= 100, "{out}{err}");
    assert_eq!(tail, ["code 5", &committed.to_string(), "sound", "committed 4000", "4000"], "{out}{err}");
    assert!(err.contains("make room") && err.contains(&format!("--skip {committed}")), "{err}");
}

/// The files of a database, sorted by name.
fn files_of(db: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(db).expect("the database is a directory");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    files
}

/// Copies a database's files.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a temporary directory can be made");
    for file in files_of(from) {
        let name = file.file_name().expect("files have names");
        fs::copy(&file, to.join(name)).expect("a temporary file can be copied");
    }
}

#[test]
fn a_flipped_byte_anywhere() {
    const FLIPS_A_FILE: u64 = 24;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let sound = dir.path().join("sound");
    let sample = include_str!("../../examples/packages.tsv");
    kv_with(sample, &sound, "import --batch 9").output();
    run(&[&"checkpoint", &sound]).output();
    kv(&sound, "put zebrano 1").output();
    let content = kv(&sound, "export").output();

    let mut seen = 0;
    for file in files_of(&sound) {
        let name = file.file_name().expect("files have names").to_owned();
        let len = fs::metadata(&file).expect("it is there").len();
        for flip in 0..FLIPS_A_FILE.min(len) {
            // Spread over the file, a little off any alignment.
            let at =
                usize::try_from((len - 1) * flip / FLIPS_A_FILE + flip % 7).expect("test files are small");
            let broken = dir.path().join(format!("broken-{flip}-{}", name.display()));
            copy(&sound, &broken);
            let mut bytes = fs::read(broken.join(&name)).expect("it can be read");
            let Some(byte) = bytes.get_mut(at) else { continue };
            *byte ^= 0x40;
            fs::write(broken.join(&name), bytes).expect("it can be written");

            let place = format!("{} at byte {at} of {len}", name.display());
            let verified = run(&[&"verify", &broken]);
            let exported = kv(&broken, "export");
            if exported.code == 0 {
                assert_eq!(exported.out, content, "a wrong answer after a flip in {place}");
            } else {
                says_where(&exported, &broken, &place);
                assert_ne!(verified.code, 0, "{place}: {verified:?}, but {exported:?}");
            }
            if verified.code != 0 {
                seen += 1;
                says_where(&verified, &broken, &place);
            }
            fs::remove_dir_all(&broken).expect("a temporary directory can be removed");
        }
    }
    assert!(seen >= 20, "only {seen} flips were noticed; the test flips bytes that nobody reads");
}

fn says_where(ran: &Ran, db: &Path, place: &str) {
    let path = db.to_str().expect("temporary paths are UTF-8");
    assert!(matches!(ran.code, 3 | 6), "{place}: {ran:?}");
    assert!(ran.err.contains(path) && ran.err.contains("help: "), "{place}: {ran:?}");
}

#[test]
fn trees_of_others() {
    let (_dir, path) = filled();
    let db = Database::open(&path, Options::default()).expect("it was just made");
    let mut txn = db.begin_write().expect("nobody else writes");
    let other: TreeName = TreeName::new("not of the shell");
    let tree = other.create(&mut txn).expect("a good name");
    tree.put(&mut txn, b"\xFF", b"\xFF").expect("the disk is sound");
    txn.commit(Durability::Immediate).expect("the disk is sound");
    db.close().expect("nothing else is open");
    // Other trees are none of the shell's business.
    assert_eq!(kv(&path, "export").output(), "a\t1\nb\t2\nc\t3\n");
}

#[test]
fn a_reader_that_has_had_enough() {
    let (_dir, db) = filled();
    let input: String =
        (0..5000).map(|n| format!("key {n}\t\"some text to fill the pipe with\"\n")).collect();
    kv_with(&input, &db, "import").output();
    let mut lister = command(&[&"kv", &db, &"list"]).spawn().expect("the program was built");
    drop(lister.stdout.take());
    let ran = finish(lister, "");
    assert!(ran.code == 0 && ran.err.is_empty(), "{ran:?}");
}
