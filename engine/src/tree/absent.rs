//! Which keys a tree surely does not have, known without looking into it.
//!
//! A lookup of a key that is not there goes down the tree like any other. A tree that meets many of them gets a **filter**:
//! a bit field in memory of [`BITS_A_KEY`] bits a key, in blocks of one cache line. Each key sets eight bits of one block,
//! so one line tells that a key is not there, and is mistaken about one absent key in some hundreds.
//!
//! Keys that are there are looked up in vain in a filter. So it is asked only while more than a third of the lookups are of
//! absent keys, which [`Tallies`] tell; from about there on it pays. While all keys are there nothing is written, and threads beside
//! each other share no line.
//!
//! Invariants:
//! 1. Every edit of a tree makes a **state** with a number of its own, among all trees that share a [`Watch`]. Clones of a
//!    tree are one state. Nobody else edits a tree that is [`Watched`] while its newest state gets a filter.
//! 2. A filter **covers** a state if it has all its keys: the one that it was made from, and those that come of covered
//!    ones, because edits add the keys that they put and nothing is taken out. It is asked by covered states alone.
//! 3. An edit of a state that the filter does not cover, or for which it has become too small, leaves it: the tree is
//!    watched anew.
//!
//! Bits that are set are seen by whoever sees the state: versions are published under a lock.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam::utils::CachePadded;

use crate::ids::to_u64;
use crate::page::meter::{Charge, Meter};
use crate::stripe::{STRIPES, stripe_of_thread};

/// How much of a filter there is for a key. With less it is mistaken more often, and is hardly faster.
const BITS_A_KEY: u64 = 16;
const BLOCK_BITS: u64 = 512;
/// A filter has room for this part more keys than there are.
const SPARE_PART: u64 = 4;
/// A tree that has become this part of what its filter has room for leaves it.
const SHRUNK_PART: u64 = 8;
/// A filter is wanted when a tally is this part of the entries. To make it takes as long as looking up about six times as many
/// absent keys.
const WANTED_PART: u64 = 16;
/// A filter is asked from this tally on,
const ASKED_FROM: u64 = 32;
/// and this is the most that a tally gets to.
const MOST: u64 = 2 * ASKED_FROM;

/// Tells somebody that a tree wants a filter.
#[derive(Clone, Default)]
pub(crate) struct Nudge(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

impl Nudge {
    /// Who is told from now on. The first one stays.
    pub(crate) fn set(&self, tell: impl Fn() + Send + Sync + 'static) {
        self.0.get_or_init(|| Box::new(tell));
    }
}

impl fmt::Debug for Nudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nudge").finish_non_exhaustive()
    }
}

/// How often absent keys were looked up lately, told apart for stripes of threads: each adds two to a tally, and each key that
/// was there takes one away. The first absent key makes them, for most trees meet none.
#[derive(Default)]
struct Tallies(OnceLock<Box<[CachePadded<AtomicU64>; STRIPES]>>);

impl Tallies {
    /// The tally of this thread, where there are any.
    #[inline]
    fn own(&self) -> Option<&AtomicU64> {
        self.0.get().map(|tallies| &*tallies[stripe_of_thread()])
    }

    /// What the tally of this thread has come to.
    #[inline]
    fn now(&self) -> u64 {
        self.own().map_or(0, |tally| tally.load(Ordering::Relaxed))
    }

    /// The tally of this thread, made where there is none.
    fn make(&self) -> &AtomicU64 {
        &self.0.get_or_init(Box::default)[stripe_of_thread()]
    }

    fn forget(&self) {
        for tally in self.0.get().into_iter().flat_map(|tallies| tallies.iter()) {
            tally.store(0, Ordering::Relaxed);
        }
    }
}

/// What the states of a tree share.
struct Watch {
    nudge: Nudge,
    /// A filter is neither wanted nor asked before a tally is this, however few entries there are.
    least: u64,
    /// The number of the newest state.
    newest: CachePadded<AtomicU64>,
    tallies: Tallies,
    wanted: AtomicBool,
    filter: OnceLock<Filter>,
}

/// One state of a tree that is watched for lookups of absent keys.
#[derive(Clone)]
pub(crate) struct Watched {
    state: u64,
    watch: Arc<Watch>,
}

impl Watched {
    pub(crate) fn new(nudge: &Nudge, least: u64) -> Watched {
        let watch = Watch {
            nudge: nudge.clone(),
            least,
            newest: CachePadded::default(),
            tallies: Tallies::default(),
            wanted: AtomicBool::new(false),
            filter: OnceLock::new(),
        };
        Watched { state: 0, watch: Arc::new(watch) }
    }

    /// Makes this the state of an edit of so many entries, which is about to be made.
    pub(crate) fn edit(&mut self, entries: u64) {
        let watch = &self.watch;
        if watch.filter.get().is_some_and(|filter| !filter.covers(self.state) || filter.misfits(entries)) {
            *self = Watched::new(&watch.nudge, watch.least);
        } else {
            self.state = watch.newest.fetch_add(1, Ordering::Relaxed) + 1;
        }
    }

    /// Notes a key that this state is about to get.
    pub(crate) fn add(&self, key: &[u8]) {
        if let Some(filter) = self.watch.filter.get() {
            filter.add(key);
        }
    }

    /// Whether the tree surely does not have a key. Only to be asked before [`Watched::note`] is told of the key.
    #[inline]
    pub(crate) fn lacks(&self, key: &[u8]) -> bool {
        let watch = &*self.watch;
        watch.filter.get().is_some_and(|filter| {
            watch.tallies.now() >= watch.least.min(ASKED_FROM)
                && filter.answers(self.state)
                && filter.lacks(key)
        })
    }

    /// Notes whether a key that was looked up is in the tree, which has so many entries.
    #[inline]
    pub(crate) fn note(&self, is_there: bool, entries: u64) {
        if !is_there {
            self.note_absent(entries);
        } else if let Some(tally) = self.watch.tallies.own()
            && let before = tally.load(Ordering::Relaxed)
            && before > 0
        {
            tally.store(before - 1, Ordering::Relaxed);
        }
    }

    fn note_absent(&self, entries: u64) {
        let watch = &*self.watch;
        let tally = watch.tallies.make();
        let before = tally.load(Ordering::Relaxed);
        let has_filter = watch.filter.get().is_some();
        let most = if has_filter { MOST } else { (entries / WANTED_PART).max(watch.least) };
        let after = (before + 2).min(most);
        if after != before {
            tally.store(after, Ordering::Relaxed);
        }
        if after == most
            && !has_filter
            && !watch.wanted.load(Ordering::Relaxed)
            && !watch.wanted.swap(true, Ordering::Relaxed)
            && let Some(tell) = watch.nudge.0.get()
        {
            tell();
        }
    }

    /// Whether the tree wants a filter and has none.
    pub(crate) fn wants_filter(&self) -> bool {
        self.watch.wanted.load(Ordering::Relaxed) && self.watch.filter.get().is_none()
    }

    /// Lets the tree want a filter again after it met as many absent keys once more.
    pub(crate) fn put_off(&self) {
        self.watch.tallies.forget();
        self.watch.wanted.store(false, Ordering::Relaxed);
    }

    /// Begins a filter for this state. From now on it gets the keys of edits, and it is to be given those there are.
    pub(crate) fn begin_filter(&self, entries: u64, meter: &Meter) {
        self.watch.filter.get_or_init(|| {
            let newest = self.watch.newest.load(Ordering::Relaxed);
            Filter::new(entries, (self.state, newest), meter)
        });
    }

    /// Has the filter asked, which was given all keys of the state it was begun for.
    pub(crate) fn finish_filter(&self) {
        if let Some(filter) = self.watch.filter.get() {
            filter.is_complete.store(true, Ordering::Release);
        }
    }

    /// How much memory the filter takes, in bytes.
    pub(crate) fn filter_bytes(&self) -> u64 {
        self.watch.filter.get().map_or(0, |filter| to_u64(filter.charge.bytes()))
    }
}

/// How much memory a filter for so many entries takes, in bytes.
pub(crate) fn bytes_for(entries: u64) -> u64 {
    blocks_for(entries).saturating_mul(BLOCK_BITS / 8)
}

fn blocks_for(entries: u64) -> u64 {
    let room = entries.saturating_add(entries / SPARE_PART);
    room.saturating_mul(BITS_A_KEY).div_ceil(BLOCK_BITS).max(1)
}

/// One cache line of a filter.
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

struct Filter {
    lines: Box<[Line]>,
    charge: Charge,
    /// How many keys there is room for.
    room: u64,
    /// How many it was given.
    added: CachePadded<AtomicU64>,
    /// The state that it was begun for.
    of: u64,
    /// The newest state then. Later ones are covered, because uncovered ones make no later ones.
    newest: u64,
    /// Whether it has the keys of that state.
    is_complete: AtomicBool,
}

impl Filter {
    fn new(entries: u64, (of, newest): (u64, u64), meter: &Meter) -> Filter {
        let lines: Box<[Line]> = (0..blocks_for(entries)).map(|_| Line::default()).collect();
        Filter {
            charge: meter.charge(size_of_val(&*lines)),
            lines,
            room: entries + entries / SPARE_PART,
            added: CachePadded::default(),
            of,
            newest,
            is_complete: AtomicBool::new(false),
        }
    }

    fn covers(&self, state: u64) -> bool {
        state == self.of || state > self.newest
    }

    #[inline]
    fn answers(&self, state: u64) -> bool {
        self.is_complete.load(Ordering::Acquire) && self.covers(state)
    }

    /// Whether it is too small, or much too large for so many entries.
    fn misfits(&self, entries: u64) -> bool {
        self.added.load(Ordering::Relaxed) > self.room || entries < self.room / SHRUNK_PART
    }

    fn add(&self, key: &[u8]) {
        let hash = hash(key);
        let mut is_new = false;
        for (word, bit) in self.line(hash).0.iter().zip(bits(hash)) {
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
                is_new = true;
            }
        }
        if is_new {
            self.added.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[inline]
    fn lacks(&self, key: &[u8]) -> bool {
        let hash = hash(key);
        let words = self.line(hash).0.iter();
        words.zip(bits(hash)).fold(0, |missing, (word, bit)| missing | bit & !word.load(Ordering::Relaxed))
            != 0
    }

    #[inline]
    fn line(&self, hash: u64) -> &Line {
        let (_, at) = wide_product(hash, to_u64(self.lines.len()));
        &self.lines[usize::try_from(at).unwrap_or(0)]
    }
}

/// The bit of each word of a line that belongs to a hash.
#[inline]
fn bits(hash: u64) -> [u64; 8] {
    let mixed = hash.wrapping_mul(0x9fb2_1c65_1e98_df25);
    [16, 22, 28, 34, 40, 46, 52, 58].map(|shift| 1 << (mixed >> shift & 63))
}

/// A hash whose bits depend on all bytes of the key.
#[inline]
fn hash(key: &[u8]) -> u64 {
    const SEED: u64 = 0x2d35_8dcc_aa6c_78a5;
    const FACTOR: u64 = 0x8bb8_4b93_962e_acc9;
    let (words, rest) = key.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut hash = SEED ^ to_u64(key.len());
    for word in words.iter().chain([&last]) {
        let (low, high) = wide_product(hash ^ u64::from_le_bytes(*word), FACTOR);
        hash = low ^ high.rotate_left(23);
    }
    let (low, high) = wide_product(hash ^ FACTOR, SEED);
    low ^ high
}

/// The lower and the upper half of a product.
#[inline]
fn wide_product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (a.wrapping_mul(b), u64::try_from(product >> 64).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
