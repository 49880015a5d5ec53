//! Random histories beside a model that keeps every version: bookmarks, times, views, restores and their undoing, wishes,
//! forks, snapshots, differences, feeds, pins, thinning and retention, over restarts, checkpoints, compaction and clocks that jump; and a loss of
//! power at every I/O of restores, forks, checkpoints and opens.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use duramen_engine::io::sim::{CrashModel, SimFs};
use duramen_engine::io::{Clock, Fs, Io, ManualClock, SeededEntropy};
use duramen_engine::{
    Change, Database, Diff, Durability, KeptRoot, Lsn, Options, Retention, Timestamp, TreeId, View, Window,
};
use duramen_pitr::{Bookmark, Error, Pitr};

use crate::support::{Map, Setup, content, entries, verify};

/// What retention keeps in the histories that have a window.
const KEPT: Duration = Duration::from_secs(2 * 86_400);

/// A small generator, so that a failure is repeated by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next(len as u64)).unwrap()
    }
}

/// A commit, and what there was after it.
#[derive(Clone)]
struct Version {
    lsn: Lsn,
    /// As the database tells it.
    time: Timestamp,
    /// When it was made, in truth.
    made: Duration,
    content: Map,
}

#[derive(Debug, Default)]
struct Counts {
    views: u64,
    restores: u64,
    times: u64,
    forks: u64,
    diffs: u64,
    feeds: u64,
    expired: u64,
    images: u64,
    snapshots: u64,
    /// Roots that were thinned out while the log they stood in was kept.
    thinned: u64,
}

struct Run {
    seed: u64,
    random: Random,
    fs: Arc<SimFs>,
    clock: Arc<ManualClock>,
    /// How far ahead of the truth the wall clock is, in microseconds.
    wrong: i64,
    /// Since when, and until when it was believed, having stood by it for a day: what was made before may rightly be gone.
    wrong_since: Duration,
    believed_until: Duration,
    options: Options,
    db: Option<Database>,
    tree: TreeId,
    versions: Vec<Version>,
    /// How many of them there were when the power could first be lost.
    before_crash: usize,
    pins: BTreeMap<String, usize>,
    forks: u64,
    counts: Counts,
}

fn io(fs: Arc<dyn Fs>, clock: &Arc<ManualClock>, seed: u64) -> Io {
    Io { fs, clock: clock.clone(), entropy: Arc::new(SeededEntropy::new(seed)) }
}

impl Run {
    fn begin(seed: u64) -> Run {
        let mut random = Random(seed);
        let mut options = Setup::new().options;
        options.retention = match random.next(3) {
            0 => Retention::All,
            _ => Retention::Window(Window { time: KEPT, ..Window::default() }),
        };
        options.checkpoint_log_bytes = [2 << 10, 8 << 10][random.index(2)];
        options.log_segment_bytes = 4 << 10;
        options.root_spacing_bytes = [1, 4 << 10, 16 << 10][random.index(3)];
        options.memory_budget_bytes = 64 << 10;
        let (fs, clock) = (Arc::new(SimFs::new()), Arc::new(ManualClock::default()));
        let db = Database::open_with(io(fs.clone(), &clock, seed), "db", options.clone()).unwrap();
        let mut txn = db.begin_write().unwrap();
        let tree = txn.create_tree(b"t").unwrap();
        txn.commit(Durability::Immediate).unwrap();
        let mut run = Run {
            seed,
            random,
            fs,
            clock,
            wrong: 0,
            wrong_since: Duration::ZERO,
            believed_until: Duration::ZERO,
            options,
            db: Some(db),
            tree,
            versions: Vec::new(),
            before_crash: 0,
            pins: BTreeMap::new(),
            forks: 0,
            counts: Counts::default(),
        };
        run.note(Map::new());
        run
    }

    fn db(&self) -> &Database {
        self.db.as_ref().expect("it is open between two steps")
    }

    fn pitr(&self) -> Pitr {
        Pitr::new(self.db().clone())
    }

    fn newest(&self) -> &Version {
        self.versions.last().expect("there is one from the start")
    }

    fn bookmark(&self, at: usize) -> Bookmark {
        Bookmark::new(self.db().id(), self.versions[at].lsn)
    }

    /// Takes the newest version of the database into the model.
    fn note(&mut self, expected: Map) {
        let view = self.db().begin_read().unwrap();
        let version =
            Version { lsn: view.lsn(), time: view.time(), made: self.clock.monotonic(), content: expected };
        assert_eq!(content(self.db()), version.content);
        self.versions.push(version);
    }

    /// A version that may be gone, with more odds for the younger ones.
    fn choose(&mut self) -> usize {
        let len = self.versions.len();
        let from = if self.random.next(2) == 0 { len.saturating_sub(20) } else { 0 };
        from + self.random.index(len - from)
    }

    fn step(&mut self) {
        let before = self.db().history().roots();
        self.change_or_look();
        let (oldest, after) = (self.db().history().oldest(), self.db().history().roots());
        let thinned = |root: &&KeptRoot| root.lsn > oldest && !after.iter().any(|kept| kept.lsn == root.lsn);
        self.counts.thinned += before.iter().filter(thinned).count() as u64;
    }

    fn change_or_look(&mut self) {
        match self.random.next(22) {
            0..=6 => self.commit(),
            7 => assert!(self.db().checkpoint().is_ok()),
            8 => self.reopen(),
            9 => self.jump(),
            10 => self.restore(),
            11 => self.wish(),
            12 => self.pin(),
            13 => self.fork(),
            14 => self.diff(),
            15 => self.feed(),
            16 => self.part(),
            20 => self.adopt(),
            21 => self.adopt_next_session(),
            17 if self.random.next(4) == 0 => drop(self.db().compact(&mut |_, _| {}).unwrap()),
            _ => (0..4).for_each(|_| self.look_back()),
        }
    }

    fn commit(&mut self) {
        for _ in 0..=self.random.next(6) {
            self.clock.advance(Duration::from_secs([0, 60, 3 * 3600][self.random.index(3)]));
            let mut expected = self.newest().content.clone();
            let mut txn = self.db().begin_write().unwrap();
            let large = self.random.next(25) == 0;
            for _ in 0..=self.random.next(if large { 60 } else { 4 }) {
                let key = u32::try_from(self.random.next(200)).unwrap().to_be_bytes().to_vec();
                if self.random.next(4) == 0 {
                    assert_eq!(txn.delete(self.tree, &key).unwrap(), expected.remove(&key).is_some());
                } else {
                    let len = if large { 1500 } else { self.random.index(90) };
                    let value = vec![u8::try_from(self.random.next(256)).unwrap(); len];
                    txn.put(self.tree, &key, &value).unwrap();
                    expected.insert(key, value);
                }
            }
            if self.random.next(20) == 0 {
                txn.clear(self.tree).unwrap();
                expected.clear();
            }
            txn.commit(Durability::Immediate).unwrap();
            if self.db().last_lsn() > self.newest().lsn {
                self.note(expected);
            }
        }
    }

    fn reopen(&mut self) {
        let db = self.db.take().unwrap();
        if self.random.next(2) == 0 {
            db.close().unwrap();
            self.clock.advance(Duration::from_secs([10, 3000, 30 * 3600][self.random.index(3)]));
        } else {
            self.fs.crash_at(self.fs.operations());
            drop(db);
            self.fs = Arc::new(SimFs::on(&self.fs.crashed(&CrashModel::default())));
        }
        self.open();
        assert_eq!(self.db().last_lsn(), self.newest().lsn);
    }

    fn open(&mut self) {
        let seed = self.random.next(u64::MAX);
        let io = io(self.fs.clone(), &self.clock, seed);
        self.db = Some(Database::open_with(io, "db", self.options.clone()).unwrap());
    }

    /// Sets the wall clock wrong or right; while it is open, or while it is closed.
    fn jump(&mut self) {
        let wrong =
            [0, -1_000, -3_600_000_000, -30 * 86_400_000_000, 3_600_000_000, 10 * 365 * 86_400_000_000];
        let to = wrong[self.random.index(wrong.len())];
        let closed = self.random.next(2) == 0;
        if closed {
            self.db.take().unwrap().close().unwrap();
        }
        self.clock.set_wall(Timestamp(self.clock.wall().0 - self.wrong + to));
        self.note_belief();
        if to != self.wrong {
            (self.wrong, self.wrong_since) = (to, self.clock.monotonic());
        }
        if closed {
            self.open();
        }
    }

    /// A clock that is far ahead is believed once it has stood by that for a day. What passed while the database was closed
    /// under a clock that was behind is seen when that is put right, and counts as having passed then.
    fn note_belief(&mut self) {
        let now = self.clock.monotonic();
        let stood = now - self.wrong_since >= Duration::from_secs(86_400);
        if self.wrong < -1_000_000 || (self.wrong > 3_600_000_000 && stood) {
            self.believed_until = now;
        }
    }

    /// A view of a version and its time; or the right refusal.
    fn look_back(&mut self) {
        let at = self.choose();
        let (bookmark, version) = (self.bookmark(at), self.versions[at].clone());
        let pitr = self.pitr();
        match pitr.as_of(&bookmark) {
            Ok(view) => {
                assert_eq!(entries(&*view, self.tree), version.content, "seed {}", self.seed);
                assert_eq!(view.time(), version.time);
                self.counts.views += 1;
            }
            Err(error) => return self.may_be_gone(at, &error),
        }
        let time = Timestamp(version.time.0 + i64::try_from(self.random.next(3)).unwrap() - 1);
        let found = match pitr.bookmark_for_time(time) {
            Ok(found) => found,
            Err(Error::TooEarly { .. }) => return,
            Err(error) => panic!("seed {}: {error}", self.seed),
        };
        let after = self.versions.partition_point(|version| version.time <= time);
        if let Some(before) = after.checked_sub(1) {
            let next = self.versions.get(after).map(|version| version.time);
            let expected = (self.bookmark(before), self.versions[before].time, next);
            assert_eq!((found.bookmark, found.time, found.next), expected, "seed {}", self.seed);
            self.counts.times += 1;
        }
    }

    /// A version is gone, which is right only if it is older than what is kept.
    fn may_be_gone(&mut self, at: usize, error: &Error) {
        self.note_belief();
        let (seed, version) = (self.seed, &self.versions[at]);
        assert!(matches!(error, Error::Unavailable { .. }), "seed {seed}: {error}");
        let age = self.clock.monotonic().checked_sub(version.made).unwrap();
        let believed = version.made <= self.believed_until;
        assert!(age >= KEPT || believed, "seed {seed}: {} is gone after {age:?}: {error}", version.lsn);
        assert!(self.options.retention != Retention::All, "seed {seed}");
        assert!(self.pins.values().all(|pinned| *pinned > at), "seed {seed}: a pin went");
        self.counts.expired += 1;
    }

    fn restore(&mut self) {
        let at = self.choose();
        let (bookmark, expected) = (self.bookmark(at), self.versions[at].content.clone());
        let undone = (self.bookmark(self.versions.len() - 1), self.newest().content.clone());
        self.begin_crash();
        match self.pitr().restore(&bookmark) {
            Ok(undo) => assert_eq!(undo, undone.0),
            Err(error) => return self.may_be_gone(at, &error),
        }
        self.note(expected);
        self.check_crashes();
        self.counts.restores += 1;
        if self.random.next(2) == 0 {
            self.pitr().restore(&undone.0).unwrap();
            self.note(undone.1);
            self.counts.restores += 1;
        }
    }

    fn wish(&mut self) {
        let at = self.choose();
        let (bookmark, expected) = (self.bookmark(at), self.versions[at].content.clone());
        let undo = match self.pitr().on_next_session_restore(&bookmark) {
            Ok(undo) => undo,
            Err(error) => return self.may_be_gone(at, &error),
        };
        self.commit();
        let last = self.newest().clone();
        self.db.take().unwrap().close().unwrap();
        self.begin_crash();
        self.open();
        self.note(expected);
        assert_eq!(self.pitr().pending_restore(), None);
        self.check_crashes();
        assert_eq!(entries(&*self.pitr().as_of(&undo).unwrap(), self.tree), last.content);
        self.counts.restores += 1;
    }

    fn pin(&mut self) {
        let name = format!("pin {}", self.random.next(2));
        let at = self.choose();
        if self.random.next(2) == 0 {
            assert_eq!(self.pitr().unpin(&name).unwrap(), self.pins.remove(&name).is_some());
            return;
        }
        match self.pitr().pin(&name, &self.bookmark(at)) {
            Ok(()) => drop(self.pins.insert(name, at)),
            Err(error) => self.may_be_gone(at, &error),
        }
    }

    fn fork(&mut self) {
        let at = self.choose();
        let (bookmark, expected) = (self.bookmark(at), self.versions[at].content.clone());
        self.forks += 1;
        let dir = format!("fork{}", self.forks);
        let dir = Path::new(&dir);
        self.begin_crash();
        if let Err(error) = self.pitr().fork(&bookmark, dir, &mut |_, _| {}) {
            return self.may_be_gone(at, &error);
        }
        self.fs.mark(self.versions.len() as u64);
        self.check_crashes();
        self.check_forks(dir, &expected);
        let io = io(self.fs.clone(), &self.clock, self.seed + 1);
        let fork = Database::open_with(io, dir, self.options.clone()).unwrap();
        assert_eq!(content(&fork), expected, "seed {}", self.seed);
        verify(&fork);
        let mut txn = fork.begin_write().unwrap();
        txn.put(self.tree, b"only in the fork", &[7; 300]).unwrap();
        txn.delete_range(self.tree, (Bound::Unbounded, Bound::Excluded(&[0, 0, 0, 100]))).unwrap();
        txn.commit(Durability::Immediate).unwrap();
        self.check_past_of_fork(&fork, dir, &expected);
        fork.compact(&mut |_, _| {}).unwrap();
        verify(&fork);
        fork.close().unwrap();
        verify(self.db());
        self.counts.forks += 1;
    }

    /// A fork has a past of its own, from its beginning on, and survives a loss of power as any database does.
    fn check_past_of_fork(&self, fork: &Database, dir: &Path, begun: &Map) {
        let pitr = Pitr::new(fork.clone());
        let oldest = pitr.oldest_bookmark();
        assert_eq!(&entries(&*pitr.as_of(&oldest).unwrap(), self.tree), begun, "seed {}", self.seed);
        assert_eq!(pitr.changes_since(&oldest).unwrap().count(), 1);
        let after_crash = Arc::new(self.fs.crashed(&CrashModel::default()));
        for _ in 0..2 {
            let io = io(after_crash.clone(), &self.clock, self.seed + 2);
            let recovered = Database::open_with(io, dir, self.options.clone()).unwrap();
            assert_eq!(content(&recovered), content(fork), "seed {}", self.seed);
            let pitr = Pitr::new(recovered.clone());
            assert_eq!(&entries(&*pitr.as_of(&oldest).unwrap(), self.tree), begun, "seed {}", self.seed);
            verify(&recovered);
        }
    }

    /// What a loss of power while a fork is made leaves is the whole fork or no database.
    fn check_forks(&mut self, dir: &Path, expected: &Map) {
        let model = CrashModel { images_per_moment: 2, seed: self.seed, ..CrashModel::default() };
        for image in self.fs.crash_images(&model) {
            let promised = image.mark == self.versions.len() as u64;
            let io = io(Arc::new(image.fs.clone()), &self.clock, 9);
            let options = Options { access: duramen_engine::Access::OpenExisting, ..self.options.clone() };
            match Database::open_with(io, dir, options) {
                Ok(fork) => {
                    assert_eq!(&content(&fork), expected, "seed {}, {image}", self.seed);
                    verify(&fork);
                }
                Err(duramen_engine::Error::NotFound(_)) if !promised => {}
                Err(error) => panic!("seed {}, {image}: {error}", self.seed),
            }
            self.counts.images += 1;
        }
    }

    fn diff(&mut self) {
        let (a, b) = (self.choose(), self.choose());
        let pitr = self.pitr();
        let (before, after) = match (pitr.as_of(&self.bookmark(a)), pitr.as_of(&self.bookmark(b))) {
            (Ok(before), Ok(after)) => (before, after),
            _ => return,
        };
        let (then, now) = (&self.versions[a].content, &self.versions[b].content);
        let mut patched = then.clone();
        let mut diff = Diff::new(&*before, &*after, self.tree).unwrap();
        while let Some(Change { key, before, after }) = diff.next().unwrap() {
            assert_ne!(before, after);
            assert_eq!(patched.get(key).map(Vec::as_slice), before);
            match after {
                Some(value) => drop(patched.insert(key.to_vec(), value.to_vec())),
                None => drop(patched.remove(key)),
            }
        }
        assert_eq!(&patched, now, "seed {}", self.seed);
        self.counts.diffs += 1;
    }

    fn feed(&mut self) {
        let at = self.choose();
        let feed = match self.pitr().changes_since(&self.bookmark(at)) {
            Ok(feed) => feed,
            Err(error) => return self.may_be_gone(at, &error),
        };
        let mut followed = self.versions[at].content.clone();
        let mut expected = self.versions[at + 1..].iter();
        for commit in feed {
            let commit = commit.unwrap();
            for change in commit.changes {
                match change.value {
                    Some(value) => drop(followed.insert(change.key, value)),
                    None => drop(followed.remove(&change.key)),
                }
            }
            let version = expected.next().expect("a commit of the model");
            assert_eq!((commit.bookmark.lsn(), commit.time), (version.lsn, version.time));
            assert_eq!(followed, version.content, "seed {}", self.seed);
        }
        assert!(expected.next().is_none());
        self.counts.feeds += 1;
    }

    /// Restores a range of keys.
    fn part(&mut self) {
        let at = self.choose();
        let (from, to) = ([0, 0, 0, 40], [0, 0, 0, 120]);
        let range = (Bound::Included(&from[..]), Bound::Excluded(&to[..]));
        let before = self.newest().lsn;
        if let Err(error) = self.pitr().restore_range(&self.bookmark(at), b"t", range) {
            return self.may_be_gone(at, &error);
        }
        let within = |key: &[u8]| key >= &from[..] && key < &to[..];
        let mut expected = self.newest().content.clone();
        expected.retain(|key, _| !within(key));
        let part = self.versions[at].content.iter().filter(|(key, _)| within(key));
        expected.extend(part.map(|(key, value)| (key.clone(), value.clone())));
        if self.db().last_lsn() > before {
            self.note(expected);
        } else {
            assert_eq!(expected, self.newest().content);
        }
        self.counts.restores += 1;
    }

    /// Takes over a snapshot, at once.
    fn adopt(&mut self) {
        let at = self.choose();
        let expected = self.versions[at].content.clone();
        let snapshot = match self.pitr().snapshot(Some(&self.bookmark(at))) {
            Ok(snapshot) => snapshot,
            Err(error) => return self.may_be_gone(at, &error),
        };
        self.begin_crash();
        let undo = self.pitr().adopt(&snapshot, &mut |_, _| {}).unwrap();
        assert_eq!(undo, self.bookmark(self.versions.len() - 1));
        self.note(expected);
        self.check_crashes();
        self.counts.snapshots += 1;
    }

    /// Has the next session begin with a snapshot, and begins it.
    fn adopt_next_session(&mut self) {
        let at = self.choose();
        let (expected, before) = (self.versions[at].content.clone(), self.newest().clone());
        let snapshot = match self.pitr().snapshot(Some(&self.bookmark(at))) {
            Ok(snapshot) => snapshot,
            Err(error) => return self.may_be_gone(at, &error),
        };
        self.begin_crash();
        let undo = self.pitr().on_next_session_adopt(&snapshot, |_| Ok(())).unwrap();
        drop(snapshot);
        // The snapshot as a version of the history, and the way back from it.
        for commit in self.db().history().log_from(before.lsn).unwrap() {
            let (commit, made) = (commit.unwrap(), self.clock.monotonic());
            let content = if self.newest().lsn == before.lsn { &expected } else { &before.content };
            let content = content.clone();
            self.versions.push(Version { lsn: commit.lsn(), time: commit.time(), made, content });
        }
        assert!(content(self.db()) == before.content, "seed {}", self.seed);
        self.check_crashes_with_wish(&expected);
        self.commit();
        let last = self.newest().content.clone();
        self.db.take().unwrap().close().unwrap();
        self.begin_crash();
        self.open();
        self.note(expected);
        self.check_crashes();
        assert_eq!(entries(&*self.pitr().as_of(&undo).unwrap(), self.tree), last);
        self.counts.snapshots += 1;
    }

    /// From here on each I/O is one at which the power may be lost.
    fn begin_crash(&mut self) {
        self.before_crash = self.versions.len();
        self.fs.restart_trace();
        self.fs.mark(self.versions.len() as u64 - 1);
    }

    /// Opens what every loss of power since [`Run::begin_crash`] leaves: the version before the step or after it, with
    /// its past.
    fn check_crashes(&mut self) {
        self.check_crashes_with_wish(&self.newest().content.clone());
    }

    /// As [`Run::check_crashes`], where a wish may be carried out whose content is this.
    fn check_crashes_with_wish(&mut self, wished: &Map) {
        let model = CrashModel { images_per_moment: 1, seed: self.seed, ..CrashModel::default() };
        for image in self.fs.crash_images(&model) {
            let io = io(Arc::new(image.fs.clone()), &self.clock, 8);
            let db = Database::open_with(io, "db", self.options.clone()).unwrap();
            let (found, lsn) = (content(&db), db.last_lsn());
            let known = self.versions.iter().rev().find(|version| version.lsn == lsn);
            // A wish is carried out in another epoch after a crash.
            let expected = known.map_or(wished, |known| &known.content);
            assert!(&found == expected, "seed {}, {image}: other content at {lsn}", self.seed);
            verify(&db);
            let at = self.choose();
            let pitr = Pitr::new(db);
            match pitr.as_of(&self.bookmark(at)) {
                Ok(view) => assert!(entries(&*view, self.tree) == self.versions[at].content, "{image}"),
                // The step's own versions are not there yet, or in another epoch where they were made after the crash.
                Err(error) if at >= self.before_crash => drop(error),
                Err(error) => self.may_be_gone(at, &error),
            }
            self.counts.images += 1;
        }
    }
}

#[test]
fn every_moment_is_what_it_was() {
    let histories: u64 = std::env::var("HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(36);
    let first: u64 = std::env::var("SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut total = Counts::default();
    for seed in first..first + histories {
        let mut run = Run::begin(seed);
        (0..130).for_each(|_| run.step());
        verify(run.db());
        let Counts { views, restores, times, forks, diffs, feeds, expired, images, snapshots, thinned } =
            run.counts;
        total.views += views;
        total.restores += restores;
        total.times += times;
        total.forks += forks;
        total.diffs += diffs;
        total.feeds += feeds;
        total.expired += expired;
        total.images += images;
        total.snapshots += snapshots;
        total.thinned += thinned;
    }
    println!("{histories} histories: {total:?}");
    if histories >= 36 {
        assert!(total.views + total.restores >= 2500, "{total:?}");
        assert!(total.snapshots >= 150 && total.thinned >= 50, "{total:?}");
        assert!(total.forks >= 50 && total.expired >= 50 && total.images >= 4000, "{total:?}");
    }
}
