//! The shell on simulated files that fail as real disks do, which a test cannot make them do.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use duramen::io::sim::{Action, Fault, OpKind, SimFs, SyncFailure};
use duramen::io::{Fs, MemFs};
use duramen::pitr::Pitr;
use duramen::{Background, Database};

use super::*;

/// What one command left.
#[derive(Debug)]
struct Ran {
    code: u8,
    out: String,
    err: String,
}

/// Runs a command of the command line on simulated files.
fn run_on(fs: Arc<dyn Fs>, input: &str, words: &str) -> Ran {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut world = World {
        io: Io::repeatable(fs, 1),
        options: Options { background: Background::Inline, ..Options::default() },
        input: &mut input.as_bytes(),
        out: &mut out,
        notes: &mut notes,
        typed: false,
        watched: false,
        screen: None,
        colours: false,
        running: Running::default(),
    };
    let words: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
    let code = match run(&words, &mut world) {
        Ok(code) => code,
        Err(Stop::NobodyReads) => 0,
        Err(Stop::Failed(failure)) => {
            world.note(format_args!("{failure}"));
            failure.code as u8
        }
    };
    let text = |bytes| String::from_utf8(bytes).expect("the shell writes UTF-8");
    Ran { code, out: text(out), err: text(notes) }
}

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("key {n:06}\t\"some text that takes a little room on the disk\"\n")).collect()
}

/// The last total that an import said to be on disk.
fn committed(ran: &Ran) -> usize {
    let last = ran.out.lines().last().and_then(|line| line.strip_prefix("committed "));
    last.map_or(0, |total| total.parse().expect("it is a number"))
}

/// Asserts that the database is sound and holds the first lines of `input`, a whole number of batches; how many.
#[track_caller]
fn check(fs: Arc<dyn Fs>, input: &str, batch: usize, at_least: usize) -> usize {
    let exported = run_on(fs.clone(), "", "kv db export");
    if exported.code == 3 {
        assert_eq!(at_least, 0, "{exported:?}");
        return 0;
    }
    assert_eq!(exported.code, 0, "{exported:?}");
    let verified = run_on(fs, "", "verify db");
    assert_eq!(verified.code, 0, "{verified:?}");
    let found = exported.out.lines().count();
    assert!(
        found >= at_least && (found.is_multiple_of(batch) || found == input.lines().count()),
        "{found} of {at_least}"
    );
    assert!(exported.out.lines().eq(input.lines().take(found)), "other lines than were imported");
    found
}

#[test]
fn a_disk_fills_up_in_the_middle_of_an_import() {
    let input = lines(3000);
    for free_bytes in [0, 1_000, 40_000, 100_000, 150_000, 200_000] {
        let fs = Arc::new(SimFs::new());
        fs.set_free_space(Some(free_bytes));
        let ran = run_on(fs.clone(), &input, "kv db import --batch 100");
        let done = committed(&ran);
        assert_eq!(ran.code, 5, "{free_bytes}: {ran:?}");
        assert!(ran.err.contains("db") && ran.err.contains("make room"), "{ran:?}");
        // Of a disk that is full only when all is in the log, the close tells.
        assert!([0, 3000].contains(&done) || ran.err.contains(&format!("--skip {done}")), "{ran:?}");
        assert_eq!(check(fs.clone(), &input, 100, done), done, "what was refused was kept");

        fs.set_free_space(None);
        let ran = run_on(fs.clone(), &input, &format!("kv db import --batch 100 --skip {done}"));
        assert_eq!((ran.code, committed(&ran).max(done)), (0, 3000), "{ran:?}");
        assert_eq!(check(fs, &input, 100, 3000), 3000);
    }
}

#[test]
fn each_sync_fails_once() {
    const BATCH: usize = 40;
    let input = lines(400);
    let good = Arc::new(SimFs::new());
    assert_eq!(committed(&run_on(good.clone(), &input, "kv db import --batch 40")), 400);
    let syncs: Vec<u64> = (0..)
        .zip(good.trace())
        .filter(|(_, op)| matches!(op.kind, OpKind::Sync | OpKind::SyncDir))
        .map(|(index, _)| index)
        .collect();
    assert!(syncs.len() >= 400 / BATCH, "{syncs:?}");
    for at in syncs {
        for action in [
            Action::FailSync(SyncFailure::CacheKept),
            Action::FailSync(SyncFailure::CacheReverted),
            Action::Fail(ErrorKind::Other),
        ] {
            let fs = Arc::new(SimFs::new());
            fs.inject(Fault::once(at, action).on(&[OpKind::Sync, OpKind::SyncDir]));
            let ran = run_on(fs.clone(), &input, "kv db import --batch 40");
            let done = committed(&ran);
            if ran.code != 0 {
                assert!(
                    ran.code == 5 && ran.err.contains("db") && ran.err.contains("help: "),
                    "{at} {action:?}: {ran:?}"
                );
            } else {
                assert_eq!(done, 400, "{at} {action:?}: {ran:?}");
            }
            // The machine stops: what counts is what is on the medium.
            let medium: Arc<dyn Fs> = Arc::new(fs.durable());
            check(medium, &input, BATCH, done);
        }
    }
}

#[test]
fn a_directory_that_may_only_be_read() {
    let fs = Arc::new(SimFs::new());
    assert_eq!(run_on(fs.clone(), "a\t1\n", "kv db import").code, 0);
    let changes = [
        OpKind::Create,
        OpKind::Write,
        OpKind::SetLen,
        OpKind::Rename,
        OpKind::Link,
        OpKind::Remove,
        OpKind::CreateDir,
    ];
    for (kind, way_out) in [
        (ErrorKind::PermissionDenied, "the right to read and write"),
        (ErrorKind::ReadOnlyFilesystem, "mounted read-only"),
    ] {
        fs.inject(Fault::always(0, Action::Fail(kind)).on(&changes));
        for words in ["kv db put a 2", "kv db delete a", "kv db import", "kv new put a 1"] {
            let ran = run_on(fs.clone(), "a\t2\n", words);
            assert!(ran.code == 5 && ran.err.contains(way_out), "{words}: {ran:?}");
        }
        assert_eq!(run_on(fs.clone(), "", "kv db get a").out, "1\n");
        assert_eq!(run_on(fs.clone(), "get a\n", "kv db").out, "1\n");
        assert_eq!(run_on(fs.clone(), "put a 2\n", "kv db").code, 5);
        fs.clear_faults();
    }
    assert_eq!(run_on(fs, "", "kv db export").out, "a\t1\n");
}

#[test]
fn a_disk_that_cannot_be_read() {
    let fs = Arc::new(SimFs::new());
    assert_eq!(run_on(fs.clone(), &lines(500), "kv db import").code, 0);
    assert_eq!(run_on(fs.clone(), "", "checkpoint db").code, 0);
    fs.inject(Fault::always(0, Action::Fail(ErrorKind::Other)).on(&[OpKind::Read]));
    for words in ["kv db get a", "kv db export", "info db", "verify db"] {
        let ran = run_on(fs.clone(), "", words);
        assert!(ran.code == 5 && ran.err.contains("db") && ran.err.contains("help: "), "{words}: {ran:?}");
    }
}

#[test]
fn output_that_nobody_takes() {
    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let mut world = World {
        io: Io::repeatable(fs.clone(), 1),
        options: Options { background: Background::Inline, ..Options::default() },
        input: &mut "a\t1\nb\t2\n".as_bytes(),
        out: &mut Closed,
        notes: &mut io::sink(),
        typed: false,
        watched: false,
        screen: None,
        colours: false,
        running: Running::default(),
    };
    let words = ["kv", "db", "import", "--batch", "1"].map(OsString::from);
    let Err(Stop::Failed(failure)) = run(&words, &mut world) else { panic!("an import must be heard") };
    assert!(failure.message.contains("stopped after 1 records"), "{failure}");
    assert_eq!(run_on(fs, "", "kv db export").out, "a\t1\n");
}

#[test]
fn a_path_is_shown_as_it_must_be_typed() {
    let ran = run_on(Arc::new(SimFs::new()), "", "kv it's get a");
    assert!(ran.err.contains(r"duramen kv 'it'\''s' put"), "{ran:?}");
    assert!(Path::new("it's").is_relative());
}

/// A database that goes back at the next open, and its bookmark of before; `spoil` may then damage it.
fn with_a_pending_restore(spoil: impl FnOnce(&MemFs)) -> (Arc<SimFs>, String) {
    let fs = Arc::new(SimFs::new());
    assert_eq!(run_on(fs.clone(), &lines(30), "kv db import").code, 0);
    let good = run_on(fs.clone(), "", "bookmark db").out.trim_end().to_owned();
    assert_eq!(run_on(fs.clone(), "", "kv db put later 1").code, 0);
    let options = Options { background: Background::Inline, ..Options::default() };
    let db = Database::open_with(Io::repeatable(fs.clone(), 1), "db", options).expect("it opens");
    let pitr = Pitr::new(db);
    let to = good.parse().expect("it is a bookmark");
    pitr.on_next_session_restore(&to).expect("the disk is sound");
    drop(pitr);
    let image = fs.cached();
    spoil(&image);
    (Arc::new(SimFs::on(&image)), good)
}

#[test]
fn a_pending_restore_is_shown_and_taken_back() {
    let (fs, good) = with_a_pending_restore(|_| {});
    let history = run_on(fs.clone(), "", "history db").out;
    assert!(history.contains(&format!("pending  {good}")), "{history}");
    let cancelled = run_on(fs.clone(), "", "restore db --cancel");
    assert!(cancelled.code == 0 && cancelled.out.trim_end() == good, "{cancelled:?}");
    let again = run_on(fs.clone(), "", "restore db --cancel");
    assert!(again.code == 1 && again.err.contains("no restore was put off"), "{again:?}");
    assert_eq!(run_on(fs.clone(), "", "kv db put more 1").code, 0);
    assert_eq!(run_on(fs, "", "kv db get later").out, "1\n");
}

#[test]
fn a_pending_restore_that_fails_has_a_way_out() {
    let (fs, _) = with_a_pending_restore(|image| {
        let log = Path::new("db/00000001.wal");
        image.zero_fill(log, 200..300).expect("it is there");
    });
    for words in ["kv db put more 1", "checkpoint db", "restore db now"] {
        let ran = run_on(fs.clone(), "", words);
        assert!(
            ran.code == 6 && ran.err.contains("help: take the restore back: duramen restore db --cancel"),
            "{ran:?}"
        );
    }
    assert_eq!(run_on(fs.clone(), "", "kv db get later").out, "1\n");
    assert_eq!(run_on(fs.clone(), "", "restore db --cancel").code, 0);
    assert_eq!(run_on(fs.clone(), "", "kv db put more 1").code, 0);
    assert_eq!(run_on(fs, "", "kv db get later").out, "1\n");
}
