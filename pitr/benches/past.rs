//! What the past costs: the figures of docs/reports/pitr.md.
//!
//! `cargo bench -p duramen-pitr` measures on a database of 200,000 entries; `-- --entries N` on another size, `--dir DIR`
//! in another place than the system's for temporary files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duramen_engine::{Database, Diff, Durability, Options, Retention, TreeId, View, Window, WriteTxn};
use duramen_pitr::{Bookmark, Pitr};

/// Bytes of a value.
const VALUE_BYTES: usize = 100;

struct Arguments {
    entries: u64,
    dir: PathBuf,
}

fn arguments() -> Arguments {
    let mut found = Arguments { entries: 200_000, dir: std::env::temp_dir() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match (word.as_str(), words.next()) {
            ("--entries", Some(n)) => found.entries = n.parse().expect("a number"),
            ("--dir", Some(dir)) => found.dir = dir.into(),
            _ => {}
        }
    }
    found
}

fn key(n: u64) -> [u8; 8] {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
}

fn value(n: u64) -> [u8; VALUE_BYTES] {
    [u8::try_from(n % 251).expect("below 256"); VALUE_BYTES]
}

fn open(dir: &Path, options: Options) -> Database {
    Database::open(dir, options).expect("the directory can be written to")
}

fn options(retention: Retention) -> Options {
    Options { retention, ..Options::default() }
}

/// Commits puts of some entries in transactions of `batch`.
fn load(db: &Database, tree: TreeId, keys: impl Iterator<Item = u64>, batch: usize, durability: Durability) {
    let commit = |txn: WriteTxn| txn.commit(durability).expect("the disk has room");
    let mut txn = db.begin_write().expect("nobody else writes");
    for (i, n) in keys.enumerate() {
        txn.put(tree, &key(n), &value(n + 1)).expect("the disk has room");
        if i % batch == batch - 1 {
            commit(txn);
            txn = db.begin_write().expect("nobody else writes");
        }
    }
    commit(txn);
    db.sync().expect("the disk has room");
}

/// Processor time of this thread, which other work on the machine does not add to; none where the system does not say.
fn processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// Times of some runs, sorted: by the clock, and of the processor.
#[derive(Default)]
struct Times {
    clock: Vec<Duration>,
    processor: Vec<Duration>,
}

fn times(runs: usize, mut run: impl FnMut(usize)) -> Times {
    let mut times = Times::default();
    for n in 0..runs {
        let (began, before) = (Instant::now(), processor());
        run(n);
        times.clock.push(began.elapsed());
        times.processor.extend(before.zip(processor()).map(|(before, after)| after.saturating_sub(before)));
    }
    times.clock.sort_unstable();
    times.processor.sort_unstable();
    times
}

fn told(name: &str, times: &Times) {
    let at = |times: &[Duration], permille: usize| {
        times.get(times.len().saturating_sub(1) * permille / 1000).copied().unwrap_or_default()
    };
    let shown = |times: &[Duration]| format!("{:>9.1?} p99 {:>9.1?}", at(times, 500), at(times, 990));
    println!(
        "{name:<46} {}; processor {}; of {}",
        shown(&times.clock),
        shown(&times.processor),
        times.clock.len()
    );
}

fn main() {
    let Arguments { entries, dir } = arguments();
    let dir = dir.join(format!("duramen-past-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("the directory can be written to");
    cost_of_history(&dir, entries);
    moments(&dir, entries);
    std::fs::remove_dir_all(&dir).expect("what was made can be removed");
}

/// The same writes with history on and off: time, and bytes on disk.
fn cost_of_history(dir: &Path, entries: u64) {
    let window = Retention::Window(Window::default());
    for round in 0..3 {
        for (name, retention) in [("off", Retention::Needed), ("on", window)] {
            let path = dir.join(format!("cost-{name}-{round}"));
            let db = open(&path, options(retention));
            let mut txn = db.begin_write().expect("nobody else writes");
            let tree = txn.create_tree(b"t").expect("there is none");
            txn.commit(Durability::Immediate).expect("the disk has room");
            let (began, before) = (Instant::now(), processor());
            let keys = (0..entries * 2).map(|n| n * 7919 % entries);
            load(&db, tree, keys, 100, Durability::Deferred);
            let rate = (entries * 2) as f64 / began.elapsed().as_secs_f64();
            let used = before.zip(processor()).map(|(before, after)| after.saturating_sub(before));
            for _ in 0..3 {
                db.checkpoint().expect("the disk has room");
            }
            let info = db.info().expect("it is sound");
            let space = db.history().space().expect("it is sound");
            let written = entries * 2 * (8 + VALUE_BYTES as u64);
            println!(
                "history {name:<3} {rate:>9.0} puts/s, {:.2?} of the writer's processor; on disk {} of pages, {} of log; for the past alone {:.2} of the {written} \
                 bytes written",
                used.unwrap_or_default(),
                info.page_bytes,
                info.log_bytes,
                (space.log_bytes + space.kept_page_bytes - space.live_page_bytes) as f64 / written as f64
            );
            drop(db);
            std::fs::remove_dir_all(&path).expect("what was made can be removed");
        }
    }
}

/// Bookmarks, times, views, restores, forks and differences.
fn moments(dir: &Path, entries: u64) {
    let path = dir.join("moments");
    // So that there are kept roots besides the newest one, with less log than it would take otherwise.
    let spaced = Options { root_spacing_bytes: 16 << 20, ..options(Retention::Window(Window::default())) };
    let db = open(&path, spaced);
    let pitr = Pitr::new(db.clone());
    let mut txn = db.begin_write().expect("nobody else writes");
    let tree = txn.create_tree(b"t").expect("there is none");
    txn.commit(Durability::Immediate).expect("the disk has room");
    load(&db, tree, 0..entries, 1000, Durability::Deferred);
    db.checkpoint().expect("the disk has room");
    let mut between: Vec<Bookmark> = Vec::new();
    for n in 0..200_000u64 {
        let mut txn = db.begin_write().expect("nobody else writes");
        txn.put(tree, &key(n * 31 % entries), &value(n)).expect("the disk has room");
        txn.commit(Durability::None).expect("the disk has room");
        if n % 2000 == 0 {
            between.push(pitr.current_bookmark());
        }
    }
    db.checkpoint().expect("the disk has room");
    let root = Bookmark::new(db.id(), db.history().roots()[0].lsn);
    let info = db.info().expect("it is sound");
    println!("{entries} entries, {} bytes of pages; then 200,000 commits of one put", info.page_bytes);

    let began = Instant::now();
    for _ in 0..1_000_000 {
        std::hint::black_box(pitr.current_bookmark());
    }
    println!("current bookmark: {:?}", began.elapsed() / 1_000_000);
    let time = |bookmark: &Bookmark| pitr.as_of(bookmark).expect("it is kept").time();
    let asked: Vec<_> = between.iter().step_by(9).map(time).collect();
    told(
        "bookmark for a time, asked first",
        &times(1, |_| drop(pitr.bookmark_for_time(asked[asked.len() - 1]))),
    );
    told(
        "bookmark for a time, later",
        &times(1000, |n| drop(pitr.bookmark_for_time(asked[n % asked.len()]))),
    );

    told("as of a kept root", &times(200, |_| drop(pitr.as_of(&root).expect("it is kept"))));
    let last = between.len() - 1;
    let far = |n: usize| between[n % last];
    told("as of between roots, 0 to 200,000 commits on", &times(20, |n| drop(pitr.as_of(&far(n * 7)))));
    let (view, live) =
        (pitr.as_of(&between[last / 2]).expect("it is kept"), db.begin_read().expect("it is sound"));
    for round in 0..3 {
        let began = Instant::now();
        for n in 0..200_000 {
            std::hint::black_box(live.get(tree, &key(n % entries)).expect("it is sound"));
        }
        let of_live = began.elapsed();
        let began = Instant::now();
        for n in 0..200_000 {
            std::hint::black_box(view.get(tree, &key(n % entries)).expect("it is sound"));
        }
        let ratio = began.elapsed().as_secs_f64() / of_live.as_secs_f64();
        println!("reads, round {round}: live {:?}, in a view {ratio:.2} of that", of_live / 200_000);
    }
    drop((view, live));

    for share in [1000, 100_000] {
        let (before, after) = (db.begin_read().expect("it is sound"), {
            let keys = (0..share).map(|n| n * (entries / share).max(1));
            load(&db, tree, keys, 1000, Durability::Deferred);
            db.begin_read().expect("it is sound")
        });
        let found = times(5, |_| {
            let mut diff = Diff::new(&before, &after, tree).expect("there is the tree");
            let mut found = 0;
            while diff.next().expect("it is sound").is_some() {
                found += 1;
            }
            assert!(found > 0);
        });
        told(&format!("diff of about {share} changed of {entries}"), &found);
    }
    told(
        "restore at a kept root",
        &times(50, |n| restore(&pitr, if n % 2 == 0 { &root } else { &between[0] })),
    );
    told("restore between roots", &times(8, |n| restore(&pitr, &far(n * 7))));
    let mut forked = 0;
    let forks = times(10, |n| {
        let report =
            pitr.fork(&root, &dir.join(format!("fork{n}")), &mut |_, _| {}).expect("the disk has room");
        forked = report.own_bytes;
    });
    told("fork at a kept root", &forks);
    println!("  {forked} bytes of pages of its own, and a log and a list of under 1 KiB");

    let sizes = [0, 250, 750].map(|runs| {
        for _ in 0..runs {
            let undo = pitr.restore(&root).expect("it is kept");
            pitr.database_at(&undo).expect("it is kept");
        }
        db.history().release_before(db.last_lsn());
        for _ in 0..3 {
            db.checkpoint().expect("the disk has room");
        }
        db.info().expect("it is sound").page_bytes
    });
    println!("bytes of pages before, after 250, and after 1,000 restores in a row: {sizes:?}");
}

fn restore(pitr: &Pitr, bookmark: &Bookmark) {
    pitr.restore(bookmark).expect("it is kept");
}
