//! What the past costs: the figures of docs/reports/pitr.md, each beside its goal.
//!
//! `cargo bench -p duramen-pitr` measures on a database of 200,000 entries; `-- --entries N` on another size,
//! `--commits N` with as many commits to look back over (200,000 unless told otherwise), `--dir DIR` in another place than
//! the system's for temporary files, `--only PART` one part alone: `cost`, `moments`, `views` (the first half of it),
//! `pauses`, `many` or `fork`. With `--keep` the databases of `moments` and `many` stay, and the next run with it goes on with
//! them instead of loading; the thousand restores, which let history go, are left out then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use duramen_engine::io::{Io, ManualClock};
use duramen_engine::{
    Database, Diff, Durability, Options, Retention, Timestamp, TreeId, View, Window, WriteTxn,
};
use duramen_pitr::{Bookmark, Pitr};

/// Bytes of a value.
const VALUE_BYTES: usize = 100;

/// Above this many entries, what costs as much as all of them is done once.
const MANY: u64 = 1_000_000;

struct Arguments {
    entries: u64,
    commits: u64,
    dir: PathBuf,
    only: Option<String>,
    keep: bool,
}

fn arguments() -> Arguments {
    let dir = std::env::temp_dir();
    let mut found = Arguments { entries: 200_000, commits: 200_000, dir, only: None, keep: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number");
        match word.as_str() {
            "--entries" => found.entries = number(),
            "--commits" => found.commits = number(),
            "--dir" => found.dir = words.next().expect("a directory").into(),
            "--only" => found.only = words.next(),
            "--keep" => found.keep = true,
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

fn window() -> Options {
    Options { retention: Retention::Window(Window::default()), ..Options::default() }
}

fn make_tree(db: &Database) -> TreeId {
    let mut txn = db.begin_write().expect("nobody else writes");
    let tree = txn.create_tree(b"t").expect("there is none");
    txn.commit(Durability::Immediate).expect("the disk has room");
    tree
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

/// Times some runs; what one gives is let go afterwards.
fn times<T>(runs: usize, mut run: impl FnMut(usize) -> T) -> Times {
    let mut times = Times::default();
    for n in 0..runs {
        let (began, before) = (Instant::now(), processor());
        let made = run(n);
        times.clock.push(began.elapsed());
        times.processor.extend(before.zip(processor()).map(|(before, after)| after.saturating_sub(before)));
        drop(made);
    }
    times.clock.sort_unstable();
    times.processor.sort_unstable();
    times
}

/// Prints what was measured beside its goal.
fn told(name: &str, goal: &str, times: &Times) {
    let at = |times: &[Duration], permille: usize| {
        times.get(times.len().saturating_sub(1) * permille / 1000).copied().unwrap_or_default()
    };
    let shown = |times: &[Duration]| format!("{:>9.1?} p99 {:>9.1?}", at(times, 500), at(times, 990));
    println!(
        "{name:<46} goal {goal:<12} {}; processor {}; of {}",
        shown(&times.clock),
        shown(&times.processor),
        times.clock.len()
    );
}

fn main() {
    let Arguments { entries, commits, dir, only, keep } = arguments();
    let dir = match keep {
        true => dir.join("duramen-past"),
        false => dir.join(format!("duramen-past-{}", std::process::id())),
    };
    std::fs::create_dir_all(&dir).expect("the directory can be written to");
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wanted("cost") {
        cost_of_history(&dir, entries);
    }
    if wanted("moments") || wanted("views") {
        let past = Past::new(&dir.join("moments"), entries, commits);
        views(&past);
        if wanted("moments") {
            changes(&dir, &past);
            if !keep {
                many_restores(&past);
            }
        }
    }
    if wanted("pauses") {
        pauses(&dir, entries, commits);
    }
    if wanted("many") {
        many_commits(&dir, commits);
    }
    if wanted("fork") {
        large_fork(&dir, entries);
    }
    if !keep {
        std::fs::remove_dir_all(&dir).expect("what was made can be removed");
    }
}

/// The same writes with history on and off: time, and bytes on disk.
fn cost_of_history(dir: &Path, entries: u64) {
    let written = entries * 2 * (8 + VALUE_BYTES as u64);
    let rounds = if entries > MANY { 1 } else { 3 };
    for round in 0..rounds {
        let [off, on] = [("off", Options::default()), ("on", window())].map(|(name, options)| {
            let path = dir.join(format!("cost-{name}-{round}"));
            let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000_000)));
            let io = Io { clock: clock.clone(), ..Io::os() };
            let db = Database::open_with(io, &path, options).expect("the directory can be written to");
            let tree = make_tree(&db);
            let (began, before) = (Instant::now(), processor());
            let keys = (0..entries * 2).map(|n| n * 7919 % entries);
            load(&db, tree, keys, 100, Durability::Deferred);
            let (passed, used) = (began.elapsed(), before.zip(processor()));
            for _ in 0..3 {
                db.checkpoint().expect("the disk has room");
            }
            let info = db.info().expect("it is sound");
            let past = || {
                let space = db.history().space().expect("it is sound");
                space.log_bytes + space.kept_page_bytes - space.live_page_bytes
            };
            let young = past();
            println!(
                "history {name:<3} {:>9.0} puts/s, {:.2?} of the writer's processor; {} roots; on disk {} of pages, {} of log",
                (entries * 2) as f64 / passed.as_secs_f64(),
                used.map(|(before, after)| after.saturating_sub(before)).unwrap_or_default(),
                info.roots,
                info.page_bytes,
                info.log_bytes,
            );
            // Two days later, with a commit or two since.
            clock.advance(Duration::from_secs(2 * 86_400));
            for n in 0..2 {
                load(&db, tree, n..n + 1, 1, Durability::Deferred);
                db.checkpoint().expect("the disk has room");
            }
            let old = past();
            drop(db);
            std::fs::remove_dir_all(&path).expect("what was made can be removed");
            [young, old]
        });
        let share = |bytes: u64| bytes as f64 / written as f64;
        let beyond = [0, 1].map(|age| share(on[age].saturating_sub(off[age])));
        println!(
            "history costs, of {written} bytes written            goal <= 1.15     {:.2} when young, {:.2} after two days; with what \
             recovery needs in any case {:.2} and {:.2}",
            beyond[0],
            beyond[1],
            share(on[0]),
            share(on[1])
        );
    }
}

/// A database with entries, and moments of it between kept roots.
struct Past {
    db: Database,
    pitr: Pitr,
    tree: TreeId,
    entries: u64,
    between: Vec<Bookmark>,
}

impl Past {
    fn new(path: &Path, entries: u64, commits: u64) -> Past {
        // In a small history so that there are kept roots besides the newest one, with less log than it would take otherwise.
        let spacing = if commits > MANY { Options::default().root_spacing_bytes } else { 16 << 20 };
        let db = open(path, Options { root_spacing_bytes: spacing, ..window() });
        let pitr = Pitr::new(db.clone());
        if let Some(tree) = db.begin_read().expect("it is sound").tree(b"t") {
            let texts = std::fs::read_to_string(path.with_extension("between")).expect("written by the load");
            let between = texts.lines().map(|text| text.parse().expect("a bookmark")).collect();
            return Past { db, pitr, tree, entries, between };
        }
        let tree = make_tree(&db);
        let began = Instant::now();
        load(&db, tree, 0..entries, 1000, Durability::Deferred);
        db.checkpoint().expect("the disk has room");
        let (loaded, began) = (began.elapsed(), Instant::now());
        let mut between: Vec<Bookmark> = Vec::new();
        for n in 0..commits {
            let mut txn = db.begin_write().expect("nobody else writes");
            txn.put(tree, &key(n * 31 % entries), &value(n)).expect("the disk has room");
            txn.commit(Durability::None).expect("the disk has room");
            if n % (commits / 100).max(1) == 0 {
                between.push(pitr.current_bookmark());
            }
        }
        db.checkpoint().expect("the disk has room");
        let texts: Vec<String> = between.iter().map(Bookmark::to_string).collect();
        std::fs::write(path.with_extension("between"), texts.join("\n")).expect("the disk has room");
        let (info, roots) = (db.info().expect("it is sound"), db.history().roots());
        let apart = roots.windows(2).map(|pair| pair[1].lsn.number - pair[0].lsn.number).max();
        println!(
            "{entries} entries, {} bytes of pages, in {loaded:.1?}; then {commits} commits of one put in {:.1?}; {} roots, at \
             most {} commits apart",
            info.page_bytes,
            began.elapsed(),
            info.roots,
            apart.unwrap_or_default()
        );
        Past { db, pitr, tree, entries, between }
    }

    /// A moment some way into the commits; the same for the same number.
    fn far(&self, n: usize) -> Bookmark {
        self.between[n * 7 % (self.between.len() - 1)]
    }

    /// A moment at a kept root.
    fn root(&self) -> Bookmark {
        Bookmark::new(self.db.id(), self.db.history().roots()[0].lsn)
    }
}

/// Bookmarks, times, views and reading in them.
fn views(past: &Past) {
    let began = Instant::now();
    for _ in 0..1_000_000 {
        std::hint::black_box(past.pitr.current_bookmark());
    }
    println!("{:<46} goal {:<12} {:?}", "current bookmark", "<= 1 us", began.elapsed() / 1_000_000);
    bookmarks_for_times(past);
    let root = past.root();
    told("view at a kept root", "<= 1 ms", &times(200, |_| past.pitr.as_of(&root).expect("it is kept")));
    told(
        "view between roots",
        "p99 250 ms",
        &times(100, |n| past.pitr.as_of(&past.far(n)).expect("it is kept")),
    );
    reads(past);
}

/// Differences, restores and forks.
fn changes(dir: &Path, past: &Past) {
    differences(past);
    restores(past);
    forks(dir, past);
}

fn bookmarks_for_times(past: &Past) {
    let time = |bookmark: &Bookmark| past.pitr.as_of(bookmark).expect("it is kept").time();
    let asked: Vec<Timestamp> = past.between.iter().step_by(9).map(time).collect();
    let ask = |n: usize| {
        std::hint::black_box(past.pitr.bookmark_for_time(asked[n % asked.len()]).expect("it is kept"));
    };
    told("bookmark for a time, asked first", "", &times(asked.len(), ask));
    told("bookmark for a time, later", "<= 100 us", &times(1000, ask));
}

fn reads(past: &Past) {
    let (view, live) = (
        past.pitr.as_of(&past.between[past.between.len() / 2]).expect("it is kept"),
        past.db.begin_read().expect("it is sound"),
    );
    // In short turns, so that what else is going on meets both alike, and with other keys, so that neither finds in the
    // processor's cache what the other one has read.
    let read = |from: &dyn View, turn: u64| {
        let began = Instant::now();
        for n in turn * 20_000..(turn + 1) * 20_000 {
            std::hint::black_box(from.get(past.tree, &key(n * 7 % past.entries)).expect("it is sound"));
        }
        began.elapsed()
    };
    for turn in 0..60 {
        read(&live, turn);
        read(&*view, turn);
    }
    let (mut ratios, mut live_ns, mut view_ns): (Vec<f64>, Vec<u128>, Vec<u128>) = Default::default();
    for turn in 0..60 {
        let of_live = read(&live, turn);
        let of_view = read(&*view, (turn + 30) % 60);
        ratios.push(of_view.as_secs_f64() / of_live.as_secs_f64());
        live_ns.push(of_live.as_nanos() / 20_000);
        view_ns.push(of_view.as_nanos() / 20_000);
    }
    ratios.sort_by(f64::total_cmp);
    live_ns.sort_unstable();
    view_ns.sort_unstable();
    println!(
        "{:<46} goal {:<12} {:.2} in the middle of {} turns, {:.2} to {:.2}; {} ns, live {} ns",
        "point reads in a view against live ones",
        "<= 1.10",
        ratios[ratios.len() / 2],
        ratios.len(),
        ratios[0],
        ratios[ratios.len() - 1],
        view_ns[view_ns.len() / 2],
        live_ns[live_ns.len() / 2]
    );
}

fn differences(past: &Past) {
    for changed in [1000, 100_000] {
        let changed = changed.min(past.entries);
        let before = past.db.begin_read().expect("it is sound");
        let keys = (0..changed).map(|n| n * (past.entries / changed));
        load(&past.db, past.tree, keys, 1000, Durability::Deferred);
        let after = past.db.begin_read().expect("it is sound");
        let found = times(5, |_| {
            let mut diff = Diff::new(&before, &after, past.tree).expect("there is the tree");
            let mut found = 0;
            while diff.next().expect("it is sound").is_some() {
                found += 1;
            }
            assert!(found > 0);
        });
        let goal = if changed == 1000 { "<= 20 ms" } else { "" };
        told(&format!("diff of about {changed} changed of {}", past.entries), goal, &found);
    }
}

fn restores(past: &Past) {
    let roots = past.db.history().roots();
    let [older, newer] = [roots.first(), roots.get(roots.len() / 2)]
        .map(|root| Bookmark::new(past.db.id(), root.expect("a checkpoint was made").lsn));
    let restore = |bookmark: &Bookmark| {
        past.pitr.restore(bookmark).expect("it is kept");
    };
    told(
        "restore at a kept root",
        "<= 10 ms",
        &times(50, |n| restore(if n % 2 == 0 { &older } else { &newer })),
    );
    told("restore between roots", "<= 300 ms", &times(20, |n| restore(&past.far(n))));
}

fn forks(dir: &Path, past: &Past) {
    let root = past.root();
    let mut own = 0;
    let forks = times(10, |n| {
        let path = dir.join(format!("fork{n}"));
        own = past.pitr.fork(&root, &path, &mut |_, _| {}).expect("the disk has room").own_bytes;
    });
    for n in 0..10 {
        std::fs::remove_dir_all(dir.join(format!("fork{n}"))).expect("it was made above");
    }
    told("fork at a kept root", "<= 10 ms", &forks);
    println!(
        "  {own} bytes of pages of its own, and a log and a list of under 1 KiB (goal 64 KiB); {} bytes of pages shared",
        past.db.info().expect("it is sound").page_bytes
    );
}

fn many_restores(past: &Past) {
    let root = past.root();
    let sizes = [0, 250, 750].map(|runs| {
        for _ in 0..runs {
            let undo = past.pitr.restore(&root).expect("it is kept");
            past.pitr.database_at(&undo).expect("it is kept");
        }
        past.db.history().release_before(past.db.last_lsn());
        for _ in 0..3 {
            past.db.checkpoint().expect("the disk has room");
        }
        past.db.info().expect("it is sound").page_bytes
    });
    println!(
        "bytes of pages before, after 250, and after 1,000 restores in a row (goal: leak nothing): {sizes:?}"
    );
}

/// How long commits of one put, and views at a kept root, wait while retention lets history go beside them; and the same with
/// nothing but checkpoints, to compare with.
fn pauses(dir: &Path, entries: u64, commits: u64) {
    let short = Window { bytes: 32 << 20, min_keep: Duration::ZERO, ..Window::default() };
    let short = Options { retention: Retention::Window(short), root_spacing_bytes: 8 << 20, ..window() };
    for (name, options) in [("history off", Options::default()), ("a window of 32 MiB", short)] {
        let path = dir.join("pauses");
        let db = open(&path, options);
        let (pitr, tree) = (Pitr::new(db.clone()), make_tree(&db));
        load(&db, tree, 0..entries, 1000, Durability::Deferred);
        let from = pitr.oldest_bookmark();
        let done = AtomicBool::new(false);
        let (waits, views) = std::thread::scope(|scope| {
            let looks = scope.spawn(|| {
                let mut views = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    // That moment may be let go before it is looked at.
                    let view = pitr.as_of(&pitr.oldest_bookmark());
                    views.push(began.elapsed());
                    drop(view);
                    std::thread::sleep(Duration::from_millis(1));
                }
                views
            });
            let commit = |n: u64| {
                let began = Instant::now();
                let mut txn = db.begin_write().expect("nobody else writes");
                txn.put(tree, &key(n * 31 % entries), &value(n)).expect("the disk has room");
                txn.commit(Durability::None).expect("the disk has room");
                began.elapsed()
            };
            let waits: Vec<Duration> = (0..commits).map(commit).collect();
            done.store(true, Ordering::Relaxed);
            (waits, looks.join().expect("views are there"))
        });
        println!("{name}: history let go up to {}, from {from}", pitr.oldest_bookmark());
        longest("commits of one put", waits);
        longest("views at the oldest root", views);
        drop((pitr, db));
        std::fs::remove_dir_all(&path).expect("what was made can be removed");
    }
}

/// Prints how long the longest of some waits were.
fn longest(name: &str, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let at = |part: usize| waits[(waits.len() - 1) * part / 10_000];
    let long = waits.iter().filter(|wait| **wait > Duration::from_millis(10)).count();
    println!(
        "  {name:<44} goal <= 10 ms     {:.1?}, p99.9 {:.1?}, p99.99 {:.1?}, the longest {:.1?}; {long} of {} over 10 ms",
        at(5000),
        at(9990),
        at(9999),
        waits[waits.len() - 1],
        waits.len()
    );
}

/// Times and views over a long history of small commits, on few entries.
fn many_commits(dir: &Path, commits: u64) {
    let past = Past::new(&dir.join("many"), 100_000, commits);
    bookmarks_for_times(&past);
    told(
        "view between roots",
        "p99 250 ms",
        &times(100, |n| past.pitr.as_of(&past.far(n)).expect("it is kept")),
    );
}

/// Forks of a database of so many entries of a kilobyte, loaded in key order.
fn large_fork(dir: &Path, entries: u64) {
    let db = open(&dir.join("large"), window());
    let (pitr, tree, began) = (Pitr::new(db.clone()), make_tree(&db), Instant::now());
    let value = [7; 1000];
    let batch = 50_000;
    for from in (0..entries).step_by(batch) {
        let mut txn = db.begin_write().expect("nobody else writes");
        for n in from..(from + batch as u64).min(entries) {
            txn.put(tree, &n.to_be_bytes(), &value).expect("the disk has room");
        }
        txn.commit(Durability::Deferred).expect("the disk has room");
        // The log of what is in pages is not what this is about.
        db.history().release_before(db.last_lsn());
    }
    for _ in 0..3 {
        db.checkpoint().expect("the disk has room");
    }
    let bytes = db.info().expect("it is sound").page_bytes;
    println!("{entries} entries of 1,000 bytes, {bytes} bytes of pages, in {:.1?}", began.elapsed());
    let now = pitr.current_bookmark();
    let mut own = 0;
    let forks = times(20, |n| {
        let path = dir.join(format!("large-fork{n}"));
        own = pitr.fork(&now, &path, &mut |_, _| {}).expect("the disk has room").own_bytes;
    });
    told("fork at a kept root", "<= 10 ms", &forks);
    println!("  {own} bytes of pages of its own, and a log and a list of under 1 KiB (goal 64 KiB)");
    told("view at a kept root", "<= 1 ms", &times(200, |_| pitr.as_of(&now).expect("it is kept")));
}
